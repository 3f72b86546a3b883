"""Looking inside a model: weights and explain."""

import json

import pytest
from pyarrow import parquet


def test_weights_as_json_are_objects_with_word_and_weight(small_run, sentiment):
    found = json.loads(sentiment("weights", small_run.path, "--top", 3, "--json").stdout)
    assert len(found) == 6
    weights = [word["weight"] for word in found]
    assert weights[:3] == sorted(weights[:3], reverse=True)
    assert weights[3:] == sorted(weights[3:])
    assert min(weights[:3]) > 0 > max(weights[3:])
    for word in found:
        assert set(word) == {"word", "weight", "document_frequency", "negative", "positive"}
        assert word["document_frequency"] == word["negative"] + word["positive"]


def test_words_are_looked_up_in_the_order_they_are_named(small_run, sentiment):
    names = ["Superb", "zzz", "don\u2019t miss", "the film"]
    args = [item for name in names for item in ("--word", name)]
    found = json.loads(sentiment("weights", small_run.path, *args, "--json").stdout)
    assert [word["word"] for word in found] == ["superb", "zzz", "don't miss", "the film"]
    assert [word["weight"] is None for word in found] == [False, True, False, False]
    assert found[0]["weight"] > 0
    shown = sentiment("weights", small_run.path, *args).stdout
    for word in found:
        assert word["word"] in shown
    assert f"{found[0]['weight']:+.3f}" in shown
    assert "zzz not in the vocabulary" in shown


def test_the_tsv_that_is_printed_is_the_one_of_the_report(small_run, sentiment):
    printed = sentiment("weights", small_run.path, "--tsv").stdout.splitlines()
    saved = (small_run.path / "report" / "weights.tsv").read_text().splitlines()
    assert printed[0] == saved[0] == "word\tweight\tdocument_frequency\tnegative\tpositive"
    assert len(printed) == len(saved)
    for one, other in zip(printed[1:], saved[1:], strict=True):
        (word, weight, *counts), (word_, weight_, *counts_) = one.split("\t"), other.split("\t")
        assert (word, float(weight), counts) == (word_, float(weight_), counts_)


@pytest.mark.parametrize("columns", ["20", "40", "80", "200"])
def test_no_width_of_the_terminal_loses_words_or_figures(small_run, sentiment, columns):
    environment = {"COLUMNS": columns}
    shown = sentiment("weights", small_run.path, "--top", 8, env=environment).stdout
    found = json.loads(sentiment("weights", small_run.path, "--top", 8, "--json").stdout)
    assert len(found) == 16
    for word in found:
        row = next(li for li in shown.splitlines() if f"{word['weight']:+.3f}" in li)
        figures = (word["document_frequency"], word["negative"], word["positive"])
        cells = [f"{word['weight']:+.3f}", *map(str, figures)]
        assert " ".join(cells) in " ".join(row.split())
        assert all(part in shown for part in word["word"].split())
    explained = sentiment("explain", small_run.path, "superb but boring", env=environment).stdout
    assert {"superb", "boring", "(intercept)", "log-odds"} <= set(explained.split())
    metrics = sentiment("eval", small_run.config, "--run", small_run.path, env=environment).stdout
    assert "\u2026" not in shown + explained + metrics


def test_a_model_folder_alone_shows_its_words_without_classes(small_run, sentiment):
    found = json.loads(sentiment("weights", small_run.path / "model", "--json").stdout)
    assert {word["positive"] for word in found} == {None}
    header = sentiment("weights", small_run.path / "model", "--tsv").stdout.splitlines()[0]
    assert header == "word\tweight\tdocument_frequency"
    assert sentiment("weights", small_run.path / "model").exit_code == 0


def test_an_explanation_shows_each_word_and_the_sum(small_run, sentiment):
    args = ("explain", small_run.path, "Superb, but not zzz")
    found = json.loads(sentiment(*args, "--json").stdout)
    total = found["intercept"] + sum(c["contribution"] for c in found["contributions"])
    assert total == pytest.approx(found["log_odds"], abs=1e-9)
    assert set(found["contributions"][0]) == {"word", "count", "weight", "contribution"}
    shown = sentiment(*args).stdout
    for contribution in found["contributions"]:
        row = next(li for li in shown.splitlines() if li.split()[:1] == [contribution["word"]])
        assert f"{contribution['contribution']:+.3f}" in row
    assert f"{found['log_odds']:+.3f}" in shown
    assert f"{found['label']}: probability {found['probability']:.3f}" in shown
    unknown, tokens = found["n_unknown"], found["n_tokens"]
    assert f"unknown tokens: {unknown} of {tokens}" in shown


def test_an_explanation_spells_the_text_and_says_which_words_decide(small_run, sentiment):
    text = "DREADFUL\u2014 and boring"
    found = json.loads(sentiment("explain", small_run.path, text, "--json").stdout)
    assert "".join(piece["text"] for piece in found["pieces"]) == found["text"] == text
    shown = sentiment("explain", small_run.path, text).stdout
    assert shown.startswith(text)
    assert f"without {', '.join(found['flip'])} it would be positive" in shown


def test_without_a_text_standard_input_is_explained(small_run, sentiment):
    args = ("explain", small_run.path, "--json")
    assert sentiment(*args, input="a superb\nfilm").output == (
        sentiment(*args, "a superb\nfilm").output
    )


def test_a_test_review_is_explained_by_its_row(small_run, sentiment):
    predicted = parquet.read_table(small_run.path / "eval" / "predictions.parquet").to_pylist()
    for row in (0, 17):
        args = ("explain", small_run.path, "--row", row)
        found = json.loads(sentiment(*args, "--json").stdout)
        assert found["row"] == row
        assert found["true_label"] == ("negative", "positive")[predicted[row]["label"]]
        assert found["log_odds"] == pytest.approx(predicted[row]["log_odds"], abs=1e-9)
        shown = sentiment(*args).stdout
        assert shown.startswith(f"test review {row}, true label {found['true_label']}\n")
        assert found["text"] in shown


def test_the_worst_are_the_most_wrong_first(small_run, sentiment):
    predicted = parquet.read_table(small_run.path / "eval" / "predictions.parquet").to_pylist()
    missed = [row for row in predicted if row["label"] != row["predicted"]]
    missed.sort(key=lambda row: abs(row["log_odds"]), reverse=True)
    found = json.loads(sentiment("explain", small_run.path, "--worst", 3, "--json").stdout)
    assert [each["row"] for each in found] == [row["row"] for row in missed[:3]]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--row", 40], "--row: expected a row of the test set, 0 to 39, got 40"),
        (["--row", 1, "--worst", 1], "expected one of TEXT, --row and --worst"),
    ],
)
def test_a_review_that_is_not_there_is_refused(small_run, sentiment, args, said):
    result = sentiment("explain", small_run.path, *args)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_model_folder_alone_has_no_test_reviews(small_run, sentiment):
    result = sentiment("explain", small_run.path / "model", "--row", 1)
    assert result.exit_code == 2
    assert "no test set here" in result.stderr


def test_a_text_cannot_move_the_cursor(small_run, sentiment):
    assert "\x1b" not in sentiment("explain", small_run.path, "superb \x1b[2J\x9b1A").stdout


@pytest.mark.parametrize("text", ["[bold]superb[/bold] [/]", "", "  ", "-", "\u200b"])
def test_any_text_can_be_explained(small_run, sentiment, text):
    assert sentiment("explain", small_run.path, "--", text).exit_code == 0


@pytest.mark.parametrize(
    "text", ["-5 stars", "-5", "- dull", "--- a waste", "--row is bad", "-h\nx"]
)
def test_a_text_may_begin_with_a_dash(small_run, sentiment, text):
    for args in ((text, "--json"), ("--json", text)):
        found = json.loads(sentiment("explain", small_run.path, *args).stdout)
        assert found["text"] == text


def test_a_misspelt_option_is_not_taken_for_a_text(small_run, sentiment):
    for args in (("--rwo", 1), ("--row", "-1")):
        assert sentiment("explain", small_run.path, *args).exit_code == 2


@pytest.mark.parametrize("command", ["weights", "predict", "explain"])
def test_a_folder_without_a_model_is_named(refused, tmp_path, command):
    more = ["a text"] if command == "explain" else []
    assert refused(command, tmp_path, *more).startswith(f"{tmp_path}: no model here")
