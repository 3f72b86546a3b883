"""Score of a model of more than two classes: labels, slices and what is shown."""

import csv
import json

import numpy as np
import pytest

import pipeline
from pipeline.config.loading import load_config
from pipeline.errors import ConfigError, CorpusError
from pipeline.evaluation.accuracy import wilson_interval
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run
from pipeline.studies.score import score_file

ROWS = [
    ("awful dull", "bad", "a"),
    ("so-so", "fair", "a"),
    ("fun", "good", "a"),
    ("superb", "fair", "b"),
    ("waste", "good", "b"),
]


def written(path, rows, columns=("text", "label", "shop")):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return str(path)


@pytest.fixture
def file(tmp_path):
    return written(tmp_path / "other.csv", ROWS)


def test_the_test_file_of_a_run_gives_what_its_evaluation_gives(three_run):
    found = score_file(three_run, str(three_run.parent / "test.jsonl"))
    saved = json.loads((three_run / "eval" / "metrics.json").read_text())["test"]
    ours = json.loads(json.dumps(found.metrics.to_dict()))
    for name in ("n", "classes", "accuracy", "of_class", "confusion", "roc_auc_of_class"):
        assert ours[name] == saved[name]
    for name in ("log_loss", "brier", "ece"):  # of scores that are summed in another order
        assert ours[name] == pytest.approx(saved[name], abs=1e-12)
    assert found.is_of_run


def test_slices_have_the_shares_of_each_class(three_run, file):
    found = score_file(three_run, file, by="shop")
    predicted = TextClassifier.load(three_run).scores([row[0] for row in ROWS]).predictions(0.5)
    labels = np.array([["bad", "fair", "good"].index(row[1]) for row in ROWS])
    a, b = found.slices
    assert (a.value, a.n, a.accuracy) == ("a", 3, (predicted == labels)[:3].mean())
    assert (b.low, b.high) == wilson_interval(int((predicted == labels)[3:].sum()), 2)
    assert b.shares == {"bad": 0, "fair": 0.5, "good": 0.5}
    assert b.predicted_shares == {
        name: (predicted[3:] == k).mean() for k, name in enumerate(("bad", "fair", "good"))
    }
    assert b.to_dict()["shares"] == b.shares


def test_labels_may_be_others_than_those_of_the_run(three_run, tmp_path, file):
    stars = {"bad": "1", "fair": "3", "good": "5"}
    other = written(tmp_path / "stars.csv", [(t, stars[label], s) for t, label, s in ROWS])
    with pytest.raises(CorpusError, match=r"label '1' is of no class \(bad: bad; fair: fair"):
        score_file(three_run, other)
    classes = {"bad": ["1", "2"], "good": [4, 5], "fair": "3"}
    found = score_file(three_run, other, keys={"classes": classes})
    assert found.metrics == score_file(three_run, file).metrics


def test_a_class_that_is_not_named_keeps_its_labels(three_run, tmp_path, file):
    other = written(
        tmp_path / "x.csv", [(t, label.replace("good", "5"), s) for t, label, s in ROWS]
    )
    found = score_file(three_run, other, keys={"classes": {"good": 5}})
    assert found.metrics == score_file(three_run, file).metrics


def test_a_label_without_a_class_is_left_out_on_request(three_run, tmp_path):
    other = written(tmp_path / "x.csv", [*ROWS, ("odd", "mixed", "b")])
    with pytest.raises(CorpusError, match="row 6: label 'mixed' is of no class"):
        score_file(three_run, other)
    found = score_file(three_run, other, keys={"ignore": "mixed"})
    assert (found.metrics.n, found.rows.left_out.total()) == (5, 1)


def test_the_labels_of_a_model_alone_are_its_classes(tmp_path):
    texts, labels = ["abysmal", "fair", "awesome"] * 4, [1, 3, 5] * 4
    pipeline.SentimentClassifier(epochs=20).fit(texts, labels).save(tmp_path / "model")
    file = written(
        tmp_path / "r.csv", [("awesome", 5), ("fair", "3.0"), ("fair", 1)], ("text", "label")
    )
    found = score_file(tmp_path / "model", file)
    assert found.metrics.accuracy == pytest.approx(2 / 3)
    assert found.metrics.ratings.mean_absolute_error == pytest.approx(2 / 3)


@pytest.mark.parametrize("classes", ['"found"', '{ "=1+1" = "fine", bad = "foul" }'])
def test_two_classes_by_name_are_read_by_name_or_as_negative_and_positive(tmp_path, classes):
    columns = ("text", "label")
    rows = [("fine film", "fine"), ("foul film", "foul")] * 10
    file = written(tmp_path / "r.csv", rows, columns)
    (tmp_path / "c.toml").write_text(
        f'[corpus]\nsource = "files"\ntrain = "{file}"\nclasses = {classes}\n'
    )
    run_stages(load_config(tmp_path / "c.toml"), Run(tmp_path / "run"), "train", SILENT)
    first, second = TextClassifier.load(tmp_path / "run").classes
    assert score_file(tmp_path / "run", file).metrics.accuracy == 1
    other = written(tmp_path / "s.csv", [("fine film", 1), ("foul film", 0)] * 10, columns)
    for keys in ({"classes": {first: 1, second: 0}}, {"negative": 1, "positive": 0}):
        assert score_file(tmp_path / "run", other, keys=keys).metrics.accuracy == 1


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"positive": 1}, r"corpus\.positive: expected none with corpus\.classes"),
        ({"negative_to": 2.0}, r"corpus\.negative_to: expected none with corpus\.classes"),
        (
            {"classes": {"great": 5}},
            r"corpus\.classes: expected one of bad, fair, good, got 'great'",
        ),
    ],
)
def test_what_does_not_go_with_the_classes_is_refused(three_run, file, keys, said):
    with pytest.raises(ConfigError, match=said):
        score_file(three_run, file, keys=keys)


def test_what_is_left_if_the_model_abstains_is_that_of_the_evaluation(of_three, sentiment):
    path = of_three("unsure", "train.validation=0.2", "train.abstain={max_unsure=0.4}")
    file = path.parent / "test.jsonl"
    saved = json.loads((path / "eval" / "metrics.json").read_text())["test"]["abstain"]
    found = json.loads(sentiment("score", path, file, "--json").stdout)["metrics"]["abstain"]
    assert found == pytest.approx(saved)
    assert 0 < found["n_unsure"] < found["n"]
    shown = sentiment("score", path, file).stdout
    assert shown.count(f": {found['n_unsure']} of {found['n']} reviews") == 1


class TestShown:
    def test_metrics_and_slices_name_each_class(self, three_run, sentiment, file):
        shown = sentiment("score", three_run, file, "--by", "shop").stdout
        assert "true class, and predicted:" in shown
        (line,) = (line for line in shown.splitlines() if line.startswith(" b "))
        found = json.loads(sentiment("score", three_run, file, "--by", "shop", "--json").stdout)
        b = found["slices"][1]
        pairs = zip(b["shares"].values(), b["predicted_shares"].values(), strict=True)
        assert [f"{x:.0%}, {y:.0%}" for x, y in pairs] == [
            cell.strip() for cell in line.split("  ") if "%, " in cell
        ]
        assert "the share of a class by label, and by the model" in shown

    def test_a_class_is_an_option(self, three_run, sentiment, tmp_path):
        other = written(
            tmp_path / "x.csv", [("fun", "5", "a"), ("dull", "1", "a"), ("dull", "2", "a")]
        )
        options = ("--class", "good=5", "--class", "bad=1", "--class", "bad=2")
        assert "3 rows, 3 scored" in sentiment("score", three_run, other, *options).stdout

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--class", "good"), "--class: expected NAME=LABEL, got 'good'"),
            (("--class", "great=5"), "--class: expected one of bad, fair, good, got 'great'"),
            (("--class", "good=fair"), "label fair is listed both in --class fair (fair)"),
            (("--positive", "good"), "--positive: expected none with --class"),
            (("--label", "shop"), "set --ignore a --ignore b, or give them to a class in --class"),
        ],
    )
    def test_what_helps_is_said_with_the_names_of_options(
        self, three_run, sentiment, file, options, said
    ):
        result = sentiment("score", three_run, file, *options)
        assert result.exit_code == 2
        assert said in result.stderr
        assert "corpus." not in result.stderr
        assert len(result.stderr.splitlines()) == 1
