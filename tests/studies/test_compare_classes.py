"""Claims about comparing two runs of more than two classes; their predictions are the judge."""

import json
import math

import numpy as np
import pytest
from pyarrow import parquet
from scipy.stats import binomtest

from pipeline.errors import RunError
from pipeline.evaluation.classes import ClassScores, evaluate_classes
from pipeline.inspection.class_weights import against_others
from pipeline.inspection.moved_words import moved_words
from pipeline.model.text_classifier import TextClassifier
from pipeline.studies.compare import compare

NAMES = ("bad", "fair", "good")


@pytest.fixture(scope="module")
def other(of_three):
    """A run that learned from labels of which many are wrong."""
    return of_three("other", train="noisy")


@pytest.fixture(scope="module")
def comparison(three_run, other):
    return compare(three_run, other)


def predictions(path):
    return parquet.read_table(path / "eval" / "predictions.parquet").to_pydict()


def test_counts_are_those_of_a_loop_over_the_predictions(three_run, other, comparison):
    a, b = predictions(three_run), predictions(other)
    found = dict.fromkeys(("both", "only_a", "only_b", "same", "different"), 0)
    for label, p, q in zip(a["label"], a["predicted"], b["predicted"], strict=True):
        wrong = "same" if p == q else "different"
        right = "both" if p == q else "only_a" if p == label else "only_b"
        found[right if label in (p, q) else wrong] += 1
    c = comparison
    assert (c.both_right, c.only_a_right, c.only_b_right) == tuple(found.values())[:3]
    assert c.neither_right == found["same"] + found["different"]
    assert c.both_wrong_differently == found["different"]
    assert min(found.values()) > 0  # else this would test little
    assert len(c.flipped) == found["only_a"] + found["only_b"] + found["different"]
    assert sum(found.values()) == c.n
    only_a, only_b = c.only_a_right, c.only_b_right
    assert c.p_value == pytest.approx(binomtest(only_a, only_a + only_b).pvalue, rel=1e-9)


def test_differences_are_bs_metrics_minus_as_accuracy_first(three_run, other, comparison):
    results = []
    for path in (three_run, other):
        found = predictions(path)
        of_model = ClassScores(np.array(found["scores"]), NAMES)
        results.append(evaluate_classes(np.array(found["label"]), of_model, resamples=0))
    a, b = results
    found = comparison.differences
    assert next(iter(found)) == "accuracy"
    assert (found["accuracy"].a, found["accuracy"].b) == (a.accuracy, b.accuracy)
    assert found["fair.f1"].difference == b.of_class["fair"].f1 - a.of_class["fair"].f1
    assert found["log_loss"].difference == b.log_loss - a.log_loss
    assert math.isnan(found["roc_auc"].low)
    del found["roc_auc"]
    for each in found.values():
        assert each.low <= each.difference <= each.high


def test_flipped_reviews_come_by_how_far_apart_their_probabilities_are(
    three_run, other, comparison
):
    a, b = predictions(three_run), predictions(other)
    apart = np.abs(np.array(a["probabilities"]) - np.array(b["probabilities"])).sum(axis=1) / 2
    rows = [flip.row for flip in comparison.flipped]
    assert rows == sorted(rows, key=lambda row: (-apart[row], row))
    for flip in comparison.flipped:
        of_a, of_b = a["probabilities"][flip.row], b["probabilities"][flip.row]
        assert (flip.probability_a, flip.probability_b) == (max(of_a), max(of_b))
        assert (flip.predicted_a, flip.predicted_b) == (np.argmax(of_a), np.argmax(of_b))


def test_a_run_does_not_differ_from_itself(three_run):
    found = compare(three_run, three_run)
    assert (found.p_value, found.flipped, found.both_wrong_differently) == (1, (), 0)
    for name, each in found.differences.items():
        assert each.difference == 0
        assert name == "roc_auc" or each.low == each.high == 0


def test_other_names_permute_the_result(of_three, comparison):
    order, names = (2, 0, 1), ("x", "y", "z")
    a = of_three("turned", names=names, order=order)
    b = of_three("turned_other", train="noisy", names=names, order=order)
    found = compare(a, b)
    assert found.classes == ("z", "x", "y")
    for field in ("both_right", "only_a_right", "only_b_right", "both_wrong_differently"):
        assert getattr(found, field) == getattr(comparison, field)
    assert found.p_value == comparison.p_value
    for old, new in zip(NAMES, names, strict=True):
        expected = comparison.differences[f"{old}.f1"].difference
        assert found.differences[f"{new}.f1"].difference == pytest.approx(expected)


def test_moved_words_are_those_of_each_class_against_the_others(three_run, other):
    a, b = (TextClassifier.load(path) for path in (three_run, other))
    of_a, of_b = (
        [dict(zip(m.vocabulary.words.to_pylist(), row.tolist(), strict=True)) for row in rows]
        for m, rows in ((a, against_others(a)), (b, against_others(b)))
    )
    found = moved_words(a, b, 7)
    assert tuple(found) == NAMES
    for k, words in enumerate(found.values()):
        every = of_a[k] | of_b[k]
        moved = {word: of_b[k].get(word, 0) - of_a[k].get(word, 0) for word in every}
        assert [abs(w.difference) for w in words] == pytest.approx(
            sorted(map(abs, moved.values()), reverse=True)[:7]
        )
        for word in words:
            assert (word.a, word.b) == (of_a[k].get(word.word), of_b[k].get(word.word))


@pytest.mark.parametrize(
    ("changed", "listed"),
    [
        ({"names": ("bad", "okay", "good")}, "bad, okay, good"),
        ({"order": (2, 1, 0)}, "good, fair, bad"),
    ],
)
def test_runs_of_other_classes_are_refused_and_both_lists_named(
    of_three, three_run, changed, listed
):
    path = of_three("classes" + str(len(listed)) + listed[0], **changed)
    with pytest.raises(RunError) as error:
        compare(three_run, path)
    assert str(error.value) == (
        f"{three_run} and {path}: expected the same classes in the same order, "
        f"got bad, fair, good and {listed}"
    )


def test_a_run_of_two_classes_is_refused(three_run, small_run):
    with pytest.raises(RunError, match=r"got bad, fair, good and negative, positive$"):
        compare(three_run, small_run.path)


def test_a_file_that_is_not_what_was_written_is_refused(of_three, three_run):
    damaged = of_three("damaged")
    file = damaged / "eval" / "predictions.parquet"
    file.write_bytes(b"{}".ljust(file.stat().st_size))
    with pytest.raises(RunError, match="eval"):
        compare(three_run, damaged)


class TestShown:
    def test_what_both_get_wrong_is_counted_and_classes_are_named(
        self, three_run, other, comparison, sentiment
    ):
        shown = sentiment("compare", three_run, other, "--flipped", 1).stdout
        different = comparison.both_wrong_differently
        assert (
            f"neither {comparison.neither_right} (of these {different} in different ways)" in shown
        )
        flip = comparison.flipped[0]
        a, b = (
            f"{NAMES[k]} {p:.3f}"
            for k, p in (
                (flip.predicted_a, flip.probability_a),
                (flip.predicted_b, flip.probability_b),
            )
        )
        assert f"row {flip.row}, {NAMES[flip.label]}: a {a}, b {b}" in shown
        (line,) = (line for line in shown.splitlines() if line.startswith(" ROC-AUC"))
        assert len(line.split()) == 4  # no interval

    def test_the_dict_is_json_without_thresholds(self, comparison):
        values = comparison.to_dict()
        assert json.loads(json.dumps(values, allow_nan=False))["classes"] == list(NAMES)
        assert not {"threshold_a", "threshold_b"} & values.keys()

    def test_names_of_classes_act_nowhere(self, of_three, sentiment, tmp_path):
        names = ("<script>alert(1)</script>", "=1+1", "جيد" * 60)
        a = of_three("hostile", names=names)
        b = of_three("hostile_other", train="noisy", names=names)
        page = tmp_path / "page.html"
        shown = sentiment("compare", a, b, "--html", page).stdout
        assert "=1+1 F1" in shown
        written = page.read_text()
        assert "<script>alert" not in written
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in written
        assert written.count("<h3>For <bdi>") == 3
