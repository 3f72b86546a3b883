"""Claims about comparing two runs: what their own files say is the judge."""

import json
import math
import operator
import shutil

import numpy as np
import pytest
from pyarrow import parquet
from scipy.stats import binomtest

from pipeline.config.loading import load_config
from pipeline.errors import RunError
from pipeline.evaluation.metrics import evaluate
from pipeline.evaluation.uncertainty import METRICS, Scored, paired_differences
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.storage.files import read_table
from pipeline.storage.run import Run
from pipeline.studies.compare import compare
from pipeline.studies.compare_page import write_comparison_page


def run(config, path, *overrides, last="eval"):
    run_stages(load_config(config, overrides), Run(path), last, SILENT)
    return path


@pytest.fixture(scope="module")
def other_run(small_run, tmp_path_factory):
    """A run on the same reviews that knows few words and predicts more reviews positive."""
    path = tmp_path_factory.mktemp("other") / "run"
    return run(small_run.config, path, "features.max_features=20", "train.threshold=0.45")


@pytest.fixture(scope="module")
def comparison(small_run, other_run):
    return compare(small_run.path, other_run)


def predictions(path):
    return parquet.read_table(path / "eval" / "predictions.parquet").to_pydict()


def metrics(path):
    return json.loads((path / "eval" / "metrics.json").read_text())["test"]


def test_accuracies_and_thresholds_are_those_of_the_runs(small_run, other_run, comparison):
    a, b = metrics(small_run.path), metrics(other_run)
    assert (comparison.a, comparison.b) == (str(small_run.path), str(other_run))
    assert (comparison.n, comparison.confidence) == (a["n"], 0.95)
    assert (comparison.accuracy_a, comparison.accuracy_b) == (a["accuracy"], b["accuracy"])
    assert (comparison.threshold_a, comparison.threshold_b) == (0.5, 0.45)


def test_counts_are_those_of_a_loop_over_the_predictions(small_run, other_run, comparison):
    a, b = predictions(small_run.path), predictions(other_run)
    right = [
        (p == label, q == label)
        for label, p, q in zip(a["label"], a["predicted"], b["predicted"], strict=True)
    ]
    found = comparison.both_right, comparison.only_a_right
    assert found == (right.count((True, True)), right.count((True, False)))
    found = comparison.only_b_right, comparison.neither_right
    assert found == (right.count((False, True)), right.count((False, False)))
    only_a, only_b = comparison.only_a_right, comparison.only_b_right
    assert only_a > 0  # else this would test nothing
    expected = binomtest(only_a, only_a + only_b).pvalue
    assert comparison.p_value == pytest.approx(expected, rel=1e-9)


def test_differences_are_bs_metrics_minus_as_accuracy_first(small_run, other_run, comparison):
    a, b = predictions(small_run.path), predictions(other_run)
    y = np.array(a["label"], np.int8)
    model_a = Scored(np.array(a["log_odds"]), 0.5)
    model_b = Scored(np.array(b["log_odds"]), 0.45)
    results = [evaluate(y, model) for model in (model_a, model_b)]
    ends = paired_differences(y, model_a, model_b)
    assert list(comparison.differences) == list(METRICS)
    assert next(iter(comparison.differences)) == "accuracy"
    for name, found in comparison.differences.items():
        of_a, of_b = map(operator.attrgetter(name), results)
        values = found.a, found.b, found.difference, found.low, found.high
        np.testing.assert_array_equal(values, (of_a, of_b, of_b - of_a, *ends[name]))
    accuracy = comparison.differences["accuracy"]
    assert accuracy.low <= accuracy.difference <= accuracy.high


def test_flipped_reviews_are_those_classified_differently(small_run, other_run, comparison):
    a, b = predictions(small_run.path), predictions(other_run)
    texts = read_table(small_run.path / "corpus" / "test.arrow")["text"].to_pylist()
    differing = [row for row in a["row"] if a["predicted"][row] != b["predicted"][row]]
    assert sorted(flip.row for flip in comparison.flipped) == differing
    assert len(differing) >= comparison.only_a_right + comparison.only_b_right > 1
    for flip in comparison.flipped:
        row = flip.row
        assert (flip.text, flip.label) == (texts[row], a["label"][row])
        assert (flip.predicted_a, flip.predicted_b) == (a["predicted"][row], b["predicted"][row])
        assert (flip.probability_a, flip.probability_b) == (
            a["probability"][row],
            b["probability"][row],
        )


def test_flipped_reviews_come_by_how_far_apart_they_are_then_by_row(comparison):
    keys = [(-abs(f.probability_a - f.probability_b), f.row) for f in comparison.flipped]
    assert keys == sorted(keys)


def test_the_runs_change_places(small_run, other_run, comparison):
    back = compare(other_run, small_run.path)
    assert (back.only_a_right, back.only_b_right) == (
        comparison.only_b_right,
        comparison.only_a_right,
    )
    assert back.p_value == comparison.p_value
    there = comparison.differences["log_loss"].difference
    assert back.differences["log_loss"].difference == -there


def test_a_run_does_not_differ_from_itself(small_run):
    found = compare(small_run.path, small_run.path)
    assert found.p_value == 1
    assert found.flipped == ()
    assert found.only_a_right == found.only_b_right == 0
    for each in found.differences.values():
        assert each.difference == each.low == each.high == 0


def test_settings_reach_the_resamples(small_run, other_run, comparison):
    ends = [
        compare(small_run.path, other_run, *settings).differences["log_loss"].low
        for settings in ((0.95,), (0.5,), (0.95, 100), (0.95, 1000, 1))
    ]
    assert ends[0] == comparison.differences["log_loss"].low
    assert len(set(ends)) == 4


def test_the_dict_is_json_also_without_intervals(small_run, other_run):
    found = compare(small_run.path, other_run, resamples=0)
    assert math.isnan(found.differences["accuracy"].low)
    values = found.to_dict()
    assert values["differences"]["accuracy"]["low"] is None
    assert json.loads(json.dumps(values, allow_nan=False)) == values


# What is refused


def refusal(*paths):
    with pytest.raises(RunError) as error:
        compare(*paths)
    (line,) = str(error.value).splitlines()
    return line


def test_runs_on_other_test_reviews_are_refused(small_run, tmp_path):
    rows = (small_run.config.parent / "test.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "test.jsonl").write_text("".join(rows[:-1]))
    other = run(
        small_run.config,
        tmp_path / "run",
        f"corpus.test={json.dumps(str(tmp_path / 'test.jsonl'))}",
    )
    assert refusal(small_run.path, other) == (
        f"{small_run.path} and {other}: expected the same test reviews in both; give both "
        "configs the same [corpus] and run `sentiment eval CONFIG` for each"
    )


def test_a_run_without_evaluation_is_refused(small_run, tmp_path):
    trained = run(small_run.config, tmp_path / "run", last="train")
    expected = f"{trained}: not evaluated yet; run `sentiment eval CONFIG` first"
    assert refusal(small_run.path, trained) == expected
    assert refusal(trained, small_run.path) == expected


def test_a_run_that_was_trained_again_since_is_refused(small_run, copied_run):
    run(copied_run.config, copied_run.path, "train.l2=0.1", last="train")
    assert refusal(small_run.path, copied_run.path) == (
        f"{copied_run.path}: the evaluation is out of date; `sentiment eval CONFIG` updates it"
    )


def test_a_run_without_its_texts_is_refused(small_run, copied_run):
    (copied_run.path / "corpus" / "test.arrow").unlink()
    assert "`sentiment eval CONFIG` updates it" in refusal(small_run.path, copied_run.path)


def test_what_is_no_run_folder_is_refused(small_run, tmp_path):
    for path in (tmp_path / "nowhere", small_run.path / "model", small_run.config):
        line = refusal(small_run.path, path)
        assert line.startswith(f"{path}: expected a run folder")
        assert "`sentiment eval CONFIG`" in line


@pytest.mark.parametrize("name", ["predictions.parquet", "metrics.json"])
def test_a_file_that_is_not_what_was_written_is_refused(small_run, copied_run, name):
    file = copied_run.path / "eval" / name
    file.write_bytes(b"{}".ljust(file.stat().st_size))
    assert str(copied_run.path / "eval") in refusal(small_run.path, copied_run.path)


def test_comparing_changes_nothing(copied_run, other_run):
    shutil.copytree(copied_run.path, copied_run.path.with_name("before"))
    compare(copied_run.path, other_run)
    for file in copied_run.path.rglob("*"):
        if file.is_file():
            before = copied_run.path.with_name("before") / file.relative_to(copied_run.path)
            assert file.read_bytes() == before.read_bytes()


def test_a_page_lies_beside_the_runs_or_where_it_is_wanted(small_run, copied_run, tmp_path):
    other = copied_run.path.rename(tmp_path / "other")
    comparison = compare(small_run.path, other)
    beside = write_comparison_page(comparison)
    assert beside == tmp_path / "run-vs-other.html"
    elsewhere = write_comparison_page(comparison, tmp_path / "page.html")
    assert elsewhere.read_text() == beside.read_text()
    with pytest.raises(RunError, match=r"nowhere/page\.html: cannot write the page"):
        write_comparison_page(comparison, tmp_path / "nowhere" / "page.html")
