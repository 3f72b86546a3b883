"""`sentiment trace`: the worked example, a review of a run, the check of a gradient."""

import json
import re

import click
import pytest

from pipeline.training.certificate import Objective


def number(text, label):
    """Return the last number of the line that begins with a label."""
    (line,) = [line for line in text.splitlines() if line.startswith(label)]
    return float(re.findall(r"[+-]?\d+\.\d+", line)[-1])


def test_without_a_run_it_shows_the_textbooks_example(sentiment):
    shown = sentiment("trace").stdout
    rows = {" ".join(line.split()) for line in shown.splitlines()}
    assert {
        "positive words -1.50 +0.00 +0.15",
        "negative words -1.00 +0.00 +0.10",
        "(intercept) -0.50 +0.00 +0.05",
        "z +0.00",
    } <= rows
    assert number(shown, "probability") == 0.5
    assert number(shown, "loss") == 0.6931
    assert max(map(len, shown.splitlines())) <= 80


def test_the_example_takes_another_label_and_another_learning_rate(sentiment):
    found = json.loads(
        sentiment("trace", "--label", "negative", "--learning-rate", "1", "--json").stdout
    )
    assert [term["new_weight"] for term in found["terms"]] == [-1.5, -1.0]
    assert (found["new_intercept"], found["y"]) == (-0.5, 0)
    assert found["rule"] == {"learning_rate": 1.0, "l2": 0.0}
    assert found["before"]["probability"] == 0.5


def test_a_text_goes_through_a_step_of_the_run(small_run, sentiment):
    args = ("trace", small_run.path, "Superb, but boring zzz", "--label", "negative")
    found = json.loads(sentiment(*args, "--json").stdout)
    assert found["tokens"] == ["superb", "but", "boring", "zzz"]
    assert found["label"] == "negative"
    history = json.loads((small_run.path / "model" / "history.json").read_text())
    rate = history["steps"]["learning_rate"]  # which "auto" stood for
    assert found["step"]["rule"] == {"learning_rate": rate, "l2": 1e-4}
    explained = json.loads(
        sentiment("explain", small_run.path, "Superb, but boring zzz", "--json").stdout
    )
    assert found["step"]["before"]["score"] == pytest.approx(explained["log_odds"])
    assert found["step"]["after"]["loss"] < found["step"]["before"]["loss"]
    shown = sentiment(*args).stdout
    assert number(shown, "probability") == pytest.approx(explained["probability"], abs=5e-5)
    assert number(shown, "error") == pytest.approx(found["step"]["error"], abs=5e-5)


def test_terms_that_are_not_shown_are_counted_and_summed(small_run, sentiment):
    args = ("trace", small_run.path, "--row", 3)
    step = json.loads(sentiment(*args, "--json").stdout)["step"]
    shown = sentiment(*args, "--top", 2).stdout
    rest = step["terms"][2:]
    total = sum(term["product"] for term in rest)
    (row,) = re.findall(rf"\({len(rest)} other features\) +([+-][\d.]+)", shown)
    assert float(row) == pytest.approx(total, abs=1e-6)
    table = shown.partition("score")[2].partition("probability")[0]
    names = [term["feature"] in table for term in step["terms"][:2]]
    assert names == [True, True]
    assert f"\n {step['terms'][2]['feature']}  " not in table


def test_a_text_of_unknown_words_moves_the_intercept_alone(small_run, sentiment):
    shown = sentiment("trace", small_run.path, "qqqq", "--label", "positive").stdout
    assert "1 tokens, 1 unknown to the model" in shown
    assert "x             0 of" in shown
    assert number(shown, "with these") < 0


def test_a_test_review_brings_its_text_and_its_label(small_run, sentiment):
    found = json.loads(sentiment("trace", small_run.path, "--row", 0, "--json").stdout)
    explained = json.loads(sentiment("explain", small_run.path, "--row", 0, "--json").stdout)
    assert (found["text"], found["label"]) == (explained["text"], explained["true_label"])


def test_a_text_may_come_from_standard_input(small_run, sentiment):
    args = ("trace", small_run.path, "--label", "positive", "--json")
    found = json.loads(sentiment(*args, input="superb").stdout)
    assert found["tokens"] == ["superb"]


def test_a_model_alone_takes_the_textbooks_learning_rate_and_no_penalty(small_run, sentiment):
    args = ("trace", small_run.path / "model", "superb", "--label", "positive", "--json")
    assert json.loads(sentiment(*args).stdout)["step"]["rule"] == {"learning_rate": 0.1, "l2": 0}


def test_the_run_is_not_changed(copied_run, sentiment):
    before = {path: path.read_bytes() for path in copied_run.path.rglob("*") if path.is_file()}
    sentiment("trace", copied_run.path, "superb", "--label", "negative")
    sentiment("trace", copied_run.path, "--check")
    after = {path: path.read_bytes() for path in copied_run.path.rglob("*") if path.is_file()}
    assert before == after


def test_no_line_is_longer_than_80_columns(small_run, sentiment):
    long_text = " ".join(["superb film, but extraordinarily-long-winded"] * 30)
    shown = sentiment("trace", small_run.path, long_text, "--label", "positive").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert max(map(len, sentiment("trace", small_run.path, "--check").stdout.splitlines())) <= 80


def test_the_gradient_of_a_run_is_checked(small_run, sentiment):
    result = sentiment("trace", small_run.path, "--check", "--coordinates", 15)
    assert result.exit_code == 0
    assert "15 of " in result.stdout
    assert "within 1e-05" in result.stdout
    found = json.loads(sentiment("trace", small_run.path, "--check", "--json").stdout)
    assert (found["holds"], found["bound"]) == (True, 1e-5)
    assert len(found["coordinates"]) == 21
    assert [each["feature"] for each in found["coordinates"]].count(None) == 1


def test_a_gradient_above_the_bound_is_exit_code_1(small_run, sentiment, monkeypatch):
    right = Objective.gradient
    monkeypatch.setattr(Objective, "gradient", lambda *args: (-right(*args)[0], 0.0))
    result = sentiment("trace", small_run.path, "--check")
    assert result.exit_code == 1
    assert "ABOVE 1e-05" in result.stdout


def test_a_text_without_a_label_is_refused(small_run, refused):
    said = "--label: expected the true label, negative or positive, got "
    assert refused("trace", small_run.path, "superb") == said + "nothing"
    assert refused("trace", small_run.path, "superb", "--label", "good") == said + "'good'"


def test_a_row_that_is_not_there_is_refused(small_run, refused):
    assert refused("trace", small_run.path, "--row", 99) == (
        "--row: expected a row of the test set, 0 to 39, got 99"
    )


@pytest.mark.parametrize(
    "options",
    [("--check",), ("--row", 1)],
    ids=["check", "row"],
)
def test_what_needs_a_run_says_so(sentiment, options):
    result = sentiment("trace", *options)
    assert (result.exit_code, "expected a RUN" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "options",
    [("--check", "--row", 1), ("text", "--row", 1), ("--row", 1, "--label", "positive")],
    ids=str,
)
def test_options_that_do_not_go_together_are_refused(small_run, sentiment, options):
    result = sentiment("trace", small_run.path, *options)
    assert result.exit_code == click.UsageError.exit_code
