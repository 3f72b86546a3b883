"""Looking inside a model: weights, predict, explain."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from pipeline.model.text_classifier import TextClassifier

PIPELINE = [sys.executable, "-m", "pipeline"]
TEXTS = ["a superb, moving film", "dreadful and boring", "", "caf\u00e9 \u2019n\u2019 \U0001f600"]


@pytest.fixture(scope="module")
def answers(small_run) -> list[tuple[str, float]]:
    """Return the label and probability of each of the texts, by the model itself."""
    probabilities = TextClassifier.load(small_run.path).probabilities(TEXTS).tolist()
    return [("positive" if p > 0.5 else "negative", p) for p in probabilities]


@pytest.fixture
def lines_of(answers) -> list[str]:
    return [f"{label}\t{probability:.6f}" for label, probability in answers]


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


@pytest.mark.parametrize("args", [[], ["-"]])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_of_standard_input_get_label_and_probability(
    small_run, sentiment, lines_of, args, newline
):
    result = sentiment("predict", small_run.path, *args, input=newline.join(TEXTS) + newline)
    assert result.stdout.splitlines() == lines_of


def test_nothing_to_read_is_nothing_to_say(small_run, sentiment):
    result = sentiment("predict", small_run.path, input="")
    assert (result.exit_code, result.output) == (0, "")


def test_predictions_as_json_are_an_object_a_line(small_run, sentiment, answers):
    result = sentiment("predict", small_run.path, "--json", input="\n".join(TEXTS))
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert found == [{"label": label, "probability": p} for label, p in answers]


@pytest.mark.parametrize("extension", ["txt", "csv", "tsv", "jsonl", "parquet", "CSV", "md", ""])
def test_a_file_is_read_by_its_extension(small_run, sentiment, lines_of, tmp_path, extension):
    path = tmp_path / f"reviews.{extension}".removesuffix(".")
    match extension.lower():
        case "csv":
            path.write_text("n,text\n" + "".join(f'1,"{text}"\n' for text in TEXTS))
        case "tsv":
            path.write_text("text\tn\n" + "".join(f'"{text}"\t1\n' for text in TEXTS))
        case "jsonl":
            path.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
        case "parquet":
            parquet.write_table(pa.table({"text": TEXTS}), path)
        case _:
            path.write_text("\n".join(TEXTS))
    assert sentiment("predict", small_run.path, path).stdout.splitlines() == lines_of


def test_the_text_column_can_be_named(small_run, sentiment, lines_of, tmp_path):
    path = tmp_path / "reviews.jsonl"
    path.write_text("".join(json.dumps({"review": t, "text": "superb"}) + "\n" for t in TEXTS))
    result = sentiment("predict", small_run.path, path, "--text", "review")
    assert result.stdout.splitlines() == lines_of


def test_a_line_is_answered_before_the_input_ends(small_run, lines_of):
    command = [*PIPELINE, "predict", small_run.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for text, expected in zip(TEXTS, lines_of, strict=True):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().decode() == f"{expected}\n"
        process.stdin.close()
        assert process.wait(timeout=300) == 0


def test_a_reader_that_has_seen_enough_is_no_error(small_run, tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("a superb film\n" * 100_000)
    command = [*PIPELINE, "predict", small_run.path, path]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stdout.readline().startswith(b"positive\t")
        process.stdout.close()
        assert process.stderr.read() == b""


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


def test_a_model_that_was_tampered_with_is_named(copied_run, refused):
    path = copied_run.path / "model" / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    line = refused("predict", copied_run.path, input="superb\n")
    assert line == f"{path}: missing, or changed since it was saved"


@pytest.mark.parametrize("name", ["no.txt", "no.csv", "."])
def test_a_file_to_predict_that_cannot_be_read_is_named(small_run, refused, tmp_path, name):
    line = refused("predict", small_run.path, tmp_path / name)
    assert line.startswith(f"{tmp_path / name}: cannot read the file")


def test_a_file_to_predict_without_the_column_is_named(small_run, refused, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("review\nfine\n")
    assert refused("predict", small_run.path, path).startswith(f"{path}: no column 'text'")


@pytest.mark.parametrize("where", ["-", "a.txt"])
def test_a_line_that_is_not_utf8_is_named_by_its_number(small_run, sentiment, tmp_path, where):
    content = b"superb\nboring\nb\xffd\n"
    if where != "-":
        where = str(tmp_path / where)
        Path(where).write_bytes(content)
    result = sentiment("predict", small_run.path, where, input=content)
    assert result.exit_code == 2
    name = "standard input" if where == "-" else where
    assert result.stderr == f"sentiment: {name}, line 3: not valid UTF-8; expected UTF-8 text\n"
