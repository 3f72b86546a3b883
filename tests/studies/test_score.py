"""Score: the metrics of a saved model on another file, and on slices of a column."""

import json
import math
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.dialect import Dialect
from pipeline.errors import ConfigError, CorpusError, RunError
from pipeline.evaluation.accuracy import accuracy_interval, wilson_interval
from pipeline.model.text_classifier import TextClassifier
from pipeline.studies.score import FileScore, score_file
from pipeline.studies.slices import FEW, Predicted, slices_of

ROWS = [
    {"text": "superb and moving", "label": 1, "shop": "a", "film": 1},
    {"text": "dreadful, boring", "label": 0, "shop": "a", "film": 1},
    {"text": "superb", "label": 0, "shop": "b", "film": 2},
    {"text": "boring quux", "label": 0, "shop": None, "film": 3},
    {"text": "a joy, funny", "label": 1, "shop": "a", "film": 3},
]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "other.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return str(path)


def flat(value, path=()):
    """Return the numbers of nested dictionaries and lists by their place."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {k: v for key, inner in items for k, v in flat(inner, (*path, key)).items()}
    return {path: math.nan if value is None else value}


def test_the_test_file_of_a_run_gives_what_its_evaluation_gives(small_run):
    found = score_file(small_run.path, str(small_run.config.parent / "test.jsonl"))
    saved = json.loads((small_run.path / "eval" / "metrics.json").read_text())["test"]
    # A file is scored in the order of its texts, a run's test set in the order of the columns.
    assert flat(found.metrics.to_dict()) == pytest.approx(flat(saved), abs=1e-12, nan_ok=True)
    assert found.share_unknown == found.usual_unknown
    assert found.warnings() == [
        "The corpus of the run was read from this file: the model may know it."
    ]


def test_nothing_is_recorded_as_a_use_of_the_test_set(copied_run, file):
    def state():
        return {path: path.read_bytes() for path in copied_run.path.rglob("*") if path.is_file()}

    before = state()
    score_file(copied_run.path, file)
    assert state() == before


def test_slices_are_those_of_the_column_the_largest_first(small_run, file):
    found = score_file(small_run.path, file, by="shop")
    assert [(each.value, each.n) for each in found.slices] == [("a", 3), ("b", 1), (None, 1)]
    z = TextClassifier.load(small_run.path).decision_function([row["text"] for row in ROWS])
    right = (z > 0) == [row["label"] == 1 for row in ROWS]
    first = found.slices[0]
    assert first.accuracy == right[[0, 1, 4]].mean()
    assert (first.low, first.high) == wilson_interval(int(right[[0, 1, 4]].sum()), 3)
    assert first.shares == pytest.approx({"negative": 1 / 3, "positive": 2 / 3})
    assert first.predicted_shares["positive"] == (z > 0)[[0, 1, 4]].mean()
    shares = {"share_positive": 2 / 3, "share_predicted_positive": (z > 0)[[0, 1, 4]].mean()}
    assert (
        first.to_dict()
        == {"value": "a", "n": 3, "accuracy": first.accuracy, "low": first.low, "high": first.high}
        | shares
    )
    assert first.is_small


@given(st.lists(st.tuples(st.sampled_from(["x", "y", "", None]), st.booleans()), min_size=1))
def test_every_review_is_in_one_slice(drawn):
    import pyarrow as pa

    column = pa.chunked_array([pa.array([value for value, _ in drawn], pa.large_string())])
    labels = np.array([label for _, label in drawn], np.int8)
    predicted = (np.linspace(-1, 1, len(drawn)) > 0).astype(np.int64)
    found = slices_of(column, Predicted(labels, predicted, ("negative", "positive")), 0.95)
    assert {each.value for each in found} == {value for value, _ in drawn}
    assert sum(each.n for each in found) == len(drawn)
    right = predicted == labels
    assert sum(each.n * each.accuracy for each in found) == pytest.approx(right.sum())
    sizes = [each.n for each in found]
    assert sizes == sorted(sizes, reverse=True)
    assert all(each.is_small == (each.n < FEW) for each in found)


def test_a_column_may_be_that_of_the_labels(small_run, file):
    found = score_file(small_run.path, file, by="label")
    assert [(s.value, s.shares["positive"]) for s in found.slices] == [("0", 0), ("1", 1)]


def test_intervals_with_groups_are_those_of_groups(small_run, file):
    found = score_file(small_run.path, file, by="shop", group="film")
    assert found.metrics.n_groups == 3
    z = TextClassifier.load(small_run.path).decision_function([row["text"] for row in ROWS])
    right = (z > 0) == [row["label"] == 1 for row in ROWS]
    groups = np.array([row["film"] for row in ROWS])
    ends = (found.metrics.accuracy_low, found.metrics.accuracy_high)
    assert ends == accuracy_interval(right, groups=groups)
    rows = [0, 1, 4]
    ends = (found.slices[0].low, found.slices[0].high)
    assert ends == accuracy_interval(right[rows], groups=groups[rows])


def test_what_is_not_stated_is_as_in_the_config_of_the_run(small_run, tmp_path):
    config = small_run.config.read_text()
    run = shutil.copytree(small_run.path, tmp_path / "run")
    keys = 'text = "review"\nlabel = "stars"\npositive_from = 4\nnegative_to = 2\n'
    (run / "config.toml").write_text(config.replace("[features]", f"{keys}[features]"))
    file = tmp_path / "stars.csv"
    file.write_text("review,stars,mark\nsuperb,5,1\nboring,1,0\nsuperb,3,1\n")
    found = score_file(run, str(file))
    assert found.metrics.n == 2
    assert (found.rows.n_rows, found.rows.left_out.total()) == (3, 1)
    again = score_file(run, str(file), keys={"label": "mark", "positive": 1, "negative": 0})
    assert again.metrics.n == 3


def test_a_model_alone_is_scored_with_the_labels_that_it_was_given(tmp_path):
    import pipeline

    model = pipeline.SentimentClassifier(epochs=20).fit(["fine", "foul"] * 4, ["good", "bad"] * 4)
    model.save(tmp_path / "model")
    (tmp_path / "reviews.csv").write_text("text,label\nfine,good\nfoul,bad\nfine,bad\n")
    found = score_file(tmp_path / "model", str(tmp_path / "reviews.csv"))
    assert found.metrics.accuracy == pytest.approx(2 / 3)
    assert found.usual_unknown is None
    assert not found.is_of_run


def test_tokens_that_the_model_does_not_know_are_counted(small_run, file):
    found = score_file(small_run.path, file)
    assert found.n_tokens == sum(len(row["text"].replace(",", "").split()) for row in ROWS)
    assert found.n_tokens - found.n_known == 1  # quux


@pytest.mark.parametrize(
    ("n_known", "usual", "warned"),
    [(80, None, False), (60, None, True), (89, 0.06, False), (80, 0.06, True), (80, 0.15, False)],
)
def test_a_warning_depends_on_what_is_usual_for_the_model(small_run, file, n_known, usual, warned):
    found = score_file(small_run.path, file)
    found = FileScore(found.metrics, None, (), found.rows, 100, n_known, usual)
    assert ("unknown to the model" in " ".join(found.warnings())) == warned


def test_a_dialect_is_taken(small_run, tmp_path):
    (tmp_path / "odd.txt").write_bytes("caf\xe9 superb;1\nboring;0\n".encode("latin-1"))
    dialect = Dialect("csv", "latin-1", ";", ("text", "label"))
    found = score_file(small_run.path, str(tmp_path / "odd.txt"), dialect=dialect)
    assert found.metrics.n == 2


def test_what_cannot_be_scored_is_refused(small_run, tmp_path, file):
    with pytest.raises(RunError, match="no model here"):
        score_file(tmp_path, file)
    with pytest.raises(CorpusError, match="nothing"):
        score_file(small_run.path, file, by="nothing")
    with pytest.raises(CorpusError, match="all 5 rows are left out; expected some to score"):
        score_file(small_run.path, file, keys={"ignore": [0, 1], "positive": 2, "negative": 3})
    with pytest.raises(ConfigError, match=r"corpus\.negative_to: expected positive_from with it"):
        score_file(small_run.path, file, keys={"negative_to": 1.0})
