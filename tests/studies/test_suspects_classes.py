"""Suspects of three classes: planted wrong labels are found, and the true class suggested."""

import json

import numpy as np
import pytest
from small_corpus import write_jsonl

from pipeline.config.loading import load_config
from pipeline.evaluation.label_errors import find_label_errors
from pipeline.inspection.explanation import explain
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.listener import SILENT
from pipeline.stages.read_run import read_labels, read_reviews
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run
from pipeline.studies.execution import Execution, Reuse
from pipeline.studies.suspects import find_suspects, suspects_file

NAMES = ("bad", "fair", "good")
N_WRONG = 20


@pytest.fixture(scope="module")
def wrong(three, tmp_path_factory):
    """Return a run with some labels moved to another class, those rows, and the true labels."""
    folder = tmp_path_factory.mktemp("wrong")
    clean = three("clean", last="corpus")
    texts = read_reviews(clean, "train").texts.to_pylist()
    true = read_labels(Run(clean), "train").copy()
    draw = np.random.default_rng(1)
    rows = draw.choice(len(true), N_WRONG, replace=False)
    labels = true.copy()
    labels[rows] = (labels[rows] + draw.integers(1, 3, N_WRONG)) % 3
    write_jsonl(folder / "train.jsonl", texts, [NAMES[k] for k in labels])
    # So small a rate learns few of the wrong labels by heart.
    changed = [f'corpus.train="{folder}/train.jsonl"', "train.learning_rate=0.05"]
    config = load_config(clean / "config.toml", changed)
    run_stages(config, Run(folder / "run"), "corpus", SILENT)
    return folder / "run", rows, true


@pytest.fixture(scope="module")
def result(wrong):
    return find_suspects(wrong[0])


def test_most_wrong_labels_are_suspect_and_the_true_class_is_suggested(wrong, result):
    _, rows, true = wrong
    found = dict(zip(result.found.rows.tolist(), result.found.suggested.tolist(), strict=True))
    planted = sorted(set(rows.tolist()) & found.keys())
    assert len(planted) >= 0.75 * N_WRONG
    # One review in seven says the word of another class, and twice.
    assert len(planted) >= 0.6 * len(found)
    assert np.mean([found[row] == true[row] for row in planted]) >= 0.9


def test_scores_are_those_of_models_of_the_other_folds(wrong, result):
    texts = result.texts.to_pylist()
    assert result.scores.shape == (len(texts), 3)
    for row, text in enumerate(texts[:30]):
        model = TextClassifier.load(wrong[0] / "suspects" / f"fold-{result.fold_of[row] + 1}")
        assert model.classes == NAMES
        assert model.decision_function([text])[0] == pytest.approx(result.scores[row])
    assert (result.found.rows == find_label_errors(result.labels, result.scores).rows).all()


def test_a_suspect_is_explained_by_why_it_is_suggested_and_not_its_label(wrong, result):
    for suspect in result.top(3):
        explanation = suspect.highlight.explanation
        assert explanation.classes == (suspect.label, suspect.suggested)
        z = result.scores[suspect.row]
        own, other = (z[NAMES.index(name)] for name in explanation.classes)
        assert explanation.log_odds == pytest.approx(other - own)
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        assert suspect.probability == pytest.approx(p[NAMES.index(suspect.label)])
        assert suspect.suggested_probability == pytest.approx(p[NAMES.index(suspect.suggested)])


def test_an_explanation_between_two_classes_is_that_of_their_weights(wrong, result):
    model, text = TextClassifier.load(wrong[0] / "suspects" / "fold-1"), result.texts[0].as_py()
    for first, second in ((0, 1), (2, 0)):
        found = explain(model, text, (first, second))
        assert found.classes == (NAMES[first], NAMES[second])
        w, known = model.weights[second] - model.weights[first], model.vocabulary.words
        weights = dict(zip(known.to_pylist(), w.tolist(), strict=True))
        assert all(c.weight == weights[c.word] for c in found.contributions)


def test_the_table_names_the_label_and_the_suggested_class(wrong, result):
    header, *lines = suspects_file(wrong[0]).read_text("utf-8").splitlines()
    columns = header.split("\t")
    assert columns == "row label suggested probability suggested_probability text".split()
    rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]
    assert [int(row["row"]) for row in rows] == result.found.rows.tolist()
    for row, suggested in zip(rows, result.found.suggested, strict=True):
        assert row["label"] == NAMES[result.labels[int(row["row"])]]
        assert row["suggested"] == NAMES[suggested]
        assert float(row["probability"]) < float(row["suggested_probability"])


def test_an_interrupted_search_resumes_and_ends_alike(of_three, steps):
    path = of_three("suspicious", train="noisy", last="corpus")
    with pytest.raises(KeyboardInterrupt):
        find_suspects(path, execution=Execution(listener=steps(2)))
    resumed = find_suspects(path)
    again = find_suspects(path, execution=Execution(Reuse.NOTHING))
    assert (resumed.scores == again.scores).all()


def test_other_names_in_another_order_permute_the_result(of_three):
    plain = find_suspects(of_three("plain", train="noisy", last="corpus"), 3)
    order = (2, 0, 1)
    names = ("x", "y", "z")
    path = of_three("turned", train="noisy", names=names, order=order, last="corpus")
    turned = find_suspects(path, 3)
    assert turned.classes == ("z", "x", "y")
    # Folds are drawn class by class, so that other reviews are in them: the result is alike.
    n, n_turned = len(plain.found.rows), len(turned.found.rows)
    assert abs(n - n_turned) < 0.2 * n
    common = set(plain.found.rows.tolist()) & set(turned.found.rows.tolist())
    assert len(common) > 0.7 * n


def test_names_of_classes_stay_on_their_line(of_three, sentiment):
    names = ("so\tso", "a\nb\x1b[31m", "=1+1")
    path = of_three("lines", train="noisy", names=names, last="corpus")
    shown = sentiment("suspects", path, "--folds", 3).stdout
    assert r"a\nb\x1b[31m" in shown
    assert "\x1b" not in shown
    lines = suspects_file(path).read_text("utf-8").splitlines()
    assert {line.count("\t") for line in lines} == {5}
    assert {line.split("\t")[1] for line in lines[1:]} == {r"so\tso", r"a\nb\x1b[31m", "'=1+1"}


def test_an_error_names_a_class_as_it_is_written(of_three, sentiment):
    path = of_three(
        "arabic", names=("bad", "\u0633\u064a\u0626", "\u062c\u064a\u062f"), last="corpus"
    )
    result = sentiment("suspects", path, "--folds", 1000)
    assert result.exit_code == 2
    assert "103 \u2068\u062c\u064a\u062f\u2069 ones; got 1,000" in result.stderr
    assert r"\u2068" not in result.stderr


class TestShown:
    def test_the_suggested_class_and_the_joint_of_each_class(self, wrong, result, sentiment):
        shown = sentiment("suspects", wrong[0], "--top", 1).stdout
        (first,) = result.top(1)
        assert (
            f"row {first.row}, label {first.label}, probability {first.probability:.3f}; "
            f"suggested {first.suggested}, {first.suggested_probability:.3f}"
        ) in shown
        assert f"{first.suggested} above {first.label}: " in shown
        assert "confidently of another class" in shown
        lines = [line.split() for line in shown.splitlines() if line.startswith(" label ")]
        assert [line[1] for line in lines] == list(NAMES)
        assert [[int(n) for n in line[2:5]] for line in lines] == list(
            map(list, result.found.joint)
        )

    def test_the_same_is_json(self, wrong, result, sentiment):
        found = json.loads(sentiment("suspects", wrong[0], "--top", 2, "--json").stdout)
        assert list(found["thresholds"]) == list(NAMES)
        assert [each["suggested"] for each in found["suspects"]] == [
            NAMES[k] for k in result.found.suggested[:2]
        ]
