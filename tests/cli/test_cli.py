"""The command: what it prints, what it refuses and how, and what it does not wait for."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pyarrow as pa
import pytest
from pyarrow import parquet

import pipeline
from pipeline.cli import main
from pipeline.errors import PipelineError
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage.run import Run

COMMANDS = ["corpus", "tokens", "features", "train", "eval", "report", "weights", "predict"]
STUDIES = ["crossval", "tune", "baselines", "certify", "stability", "compare"]
TEXTS = ["a superb, moving film", "dreadful and boring", "", "caf\u00e9 \u2019n\u2019 \U0001f600"]


def python(*args: object) -> list[str]:
    """Return a command line of this interpreter."""
    return [sys.executable, *map(str, args)]


def tree(path: Path) -> dict[str, bytes]:
    return {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}


@pytest.fixture(scope="module")
def answers(small_run) -> list[tuple[str, float]]:
    """Return the label and probability of each of the texts, by the model itself."""
    probabilities = TextClassifier.load(small_run.path).probabilities(TEXTS).tolist()
    return [("positive" if p > 0.5 else "negative", p) for p in probabilities]


@pytest.fixture
def lines_of(answers) -> list[str]:
    return [f"{label}\t{probability:.6f}" for label, probability in answers]


# Help


def test_help_lists_the_commands_in_the_order_data_flows(sentiment):
    result = sentiment("--help")
    assert result.exit_code == 0
    listed = re.findall(r"^  (\w+)  +[A-Z]", result.output.split("Commands:")[1], re.MULTILINE)
    assert listed == [*COMMANDS[:6], "compile", *STUDIES, *COMMANDS[6:], "explain"]


@pytest.mark.parametrize("command", [*COMMANDS, "compile", *STUDIES, "explain"])
def test_every_command_has_help_with_a_sentence_for_each_option(sentiment, command):
    result = sentiment(command, "-h")
    assert result.exit_code == 0
    shown = "".join(result.output.split())
    options = [p for p in main.commands[command].params if isinstance(p, click.Option)]
    for option in options:
        assert re.fullmatch(r"[A-Z].*\.", option.help or ""), option.name
        assert "".join(option.help.split()) in shown


def test_the_version_is_that_of_the_package(sentiment):
    assert sentiment("--version").output == f"sentiment, version {pipeline.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--version"], 0, pipeline.__version__),
        (["train", "nowhere.toml"], 2, "nowhere.toml"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_the_process_ends_with_the_code_of_the_command_and_all_that_it_said(arguments, code, said):
    """Though it ends before the interpreter has put everything away."""
    result = subprocess.run(
        python("-m", "pipeline", *arguments), capture_output=True, text=True, timeout=60
    )
    assert result.returncode == code
    assert said in result.stdout + result.stderr


def test_a_reader_that_has_gone_is_no_traceback():
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        python("-m", "pipeline", "--help"), stdout=writing, stderr=subprocess.PIPE, timeout=60
    )
    os.close(writing)
    assert result.returncode == 1
    assert result.stderr == b""


def test_help_does_not_wait_for_numpy():
    script = (
        "import sys; from pipeline.cli import main\n"
        "try: main(['train', '--help'])\n"
        "except SystemExit: print(*{'numpy', 'rich', 'pydantic', 'pyarrow'} & {*sys.modules})"
    )
    result = subprocess.run(
        python("-c", script), check=True, capture_output=True, text=True, timeout=60
    )
    assert result.stdout.startswith("Usage: ")
    assert result.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize("args", [["--help"], ["train", "--help"]])
def test_python_m_pipeline_is_the_same_command(sentiment, args):
    command = python("-m", "pipeline", *args)
    output = subprocess.check_output(command, text=True, timeout=60)
    assert output.splitlines()[1:] == sentiment(*args).output.splitlines()[1:]


# Stages


def test_a_stage_says_what_it_came_to_and_what_is_fresh(copied_run, sentiment):
    args = ("report", copied_run.config, "--run", copied_run.path)
    (copied_run.path / "report" / "summary.md").unlink()
    lines = sentiment(*args).stderr.splitlines()
    assert [line.split()[0] for line in lines] == COMMANDS[:6]
    assert [line.endswith("(fresh)") for line in lines] == [True] * 5 + [False]
    assert lines[0].startswith("corpus    110 train (50.0% positive), 40 test (50.0% positive)")


def test_results_go_to_standard_output_and_progress_does_not(small_run, sentiment):
    for stage, shown in (
        ("corpus", "card.json"),
        ("features", "vocabulary.txt"),
        ("train", "most positive"),
        ("eval", "accuracy"),
        ("report", "index.html"),
    ):
        result = sentiment(stage, small_run.config, "--run", small_run.path)
        assert shown in result.stdout
        assert "(fresh)" in result.stderr
        assert "(fresh)" not in result.stdout


def test_quiet_says_nothing_where_nothing_is_wrong(small_run, sentiment):
    result = sentiment("train", small_run.config, "--run", small_run.path, "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_a_run_folder_stands_for_its_config(small_run, sentiment):
    result = sentiment("report", small_run.path)
    assert result.exit_code == 0
    assert {line.split()[-1] for line in result.stderr.splitlines()} == {"(fresh)"}


@pytest.mark.parametrize(
    ("stage", "key"),
    [
        *[("corpus", "n_overlap"), ("tokens", "seconds"), ("features", "outputs")],
        *[("train", "epochs"), ("eval", "test"), ("report", "most_wrong")],
    ],
)
@pytest.mark.parametrize("options", [["--json"], ["--json", "-q"]], ids=" ".join)
def test_what_a_stage_came_to_can_be_read_by_a_program(small_run, sentiment, stage, key, options):
    result = sentiment(stage, small_run.path, *options)
    assert key in json.loads(result.stdout)


def test_verbose_says_what_memory_a_stage_took(small_run, sentiment):
    lines = sentiment("train", small_run.path, "-v").stderr.splitlines()
    assert all(re.search(r"\(fresh, peak memory [\d,]+ MB\)$", line) for line in lines)


def test_no_colour_where_it_is_not_wanted(small_run):
    command = python("-m", "pipeline", "explain", small_run.path, "a superb film")
    environment = os.environ | {"FORCE_COLOR": "1"}
    for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        output = subprocess.check_output(command, env=environment | extra, text=True, timeout=60)
        assert ("\x1b[32" in output or "\x1b[1;32" in output) == coloured


def test_a_run_is_named_after_its_config_unless_it_is_told(
    make_corpus, tmp_path, sentiment, monkeypatch
):
    config = make_corpus(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert sentiment("corpus", config.name, "-q").exit_code == 0
    assert (tmp_path / "runs" / "small" / "corpus" / "train.arrow").is_file()


def test_an_override_reaches_the_run(copied_run, sentiment):
    args = ("train", copied_run.config, "--run", copied_run.path)
    result = sentiment(*args, "--set", "train.l2=0.001", "--set", "train.schedule=constant")
    assert result.exit_code == 0
    config = (copied_run.path / "config.toml").read_text()
    assert "l2 = 0.001\n" in config
    assert 'schedule = "constant"\n' in config


def test_the_accuracy_that_is_shown_is_the_one_that_is_saved(small_run, sentiment):
    metrics = json.loads((small_run.path / "eval" / "metrics.json").read_text())["test"]
    output = sentiment("eval", small_run.config, "--run", small_run.path).stdout
    assert f"accuracy {metrics['accuracy']:.2%} (95% interval" in output


@pytest.mark.parametrize("columns", ["20", "52", "80"])
def test_metrics_are_shown_with_the_intervals_that_are_saved(small_run, sentiment, columns):
    metrics = json.loads((small_run.path / "eval" / "metrics.json").read_text())["test"]
    args = ("eval", small_run.config, "--run", small_run.path)
    lines = sentiment(*args, env={"COLUMNS": columns}).stdout.splitlines()
    low, high = metrics["intervals"]["roc_auc"]
    row = next(line for line in lines if "ROC-AUC" in line)
    assert row.split()[1:] == [f"{metrics['roc_auc']:.4f}", f"{low:.4f}", "to", f"{high:.4f}"]
    row = next(line for line in lines if "calibration error" in line)
    assert row.split()[2:] == [f"{metrics['ece']:.4f}"]
    assert max(map(len, lines)) <= max(52, int(columns))


def test_without_resamples_metrics_are_shown_without_intervals(copied_run, sentiment):
    args = ("eval", copied_run.config, "--run", copied_run.path, "--set", "eval.resamples=0")
    lines = sentiment(*args).stdout.splitlines()
    row = next(line for line in lines if "ROC-AUC" in line)
    assert len(row.split()) == 2


# Weights


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


# Predict


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
    command = python("-m", "pipeline", "predict", small_run.path)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for text, expected in zip(TEXTS, lines_of, strict=True):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().decode() == f"{expected}\n"
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_a_reader_that_has_seen_enough_is_no_error(small_run, tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("a superb film\n" * 100_000)
    command = python("-m", "pipeline", "predict", small_run.path, path)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stdout.readline().startswith(b"positive\t")
        process.stdout.close()
        assert process.stderr.read() == b""


# Explain


def test_an_explanation_shows_each_word_and_the_sum(small_run, sentiment):
    args = ("explain", small_run.path, "Superb, but not zzz")
    facts = json.loads(sentiment(*args, "--json").stdout)
    total = facts["intercept"] + sum(c["contribution"] for c in facts["contributions"])
    assert total == pytest.approx(facts["log_odds"], abs=1e-9)
    assert set(facts["contributions"][0]) == {"word", "count", "weight", "contribution"}
    shown = sentiment(*args).stdout
    for contribution in facts["contributions"]:
        row = next(li for li in shown.splitlines() if li.split()[:1] == [contribution["word"]])
        assert f"{contribution['contribution']:+.3f}" in row
    assert f"{facts['log_odds']:+.3f}" in shown
    assert f"{facts['label']}: probability {facts['probability']:.3f}" in shown
    unknown, tokens = facts["n_unknown"], facts["n_tokens"]
    assert f"{unknown} of {tokens} tokens are in no known word" in shown


def test_an_explanation_spells_the_text_and_says_which_words_decide(small_run, sentiment):
    text = "DREADFUL\u2014 and boring"
    facts = json.loads(sentiment("explain", small_run.path, text, "--json").stdout)
    assert "".join(piece["text"] for piece in facts["pieces"]) == facts["text"] == text
    shown = sentiment("explain", small_run.path, text).stdout
    assert shown.startswith(text)
    assert f"without {', '.join(facts['flip'])} it would be positive" in shown


def test_without_a_text_standard_input_is_explained(small_run, sentiment):
    args = ("explain", small_run.path, "--json")
    assert sentiment(*args, input="a superb\nfilm").output == (
        sentiment(*args, "a superb\nfilm").output
    )


def test_a_test_review_is_explained_by_its_row(small_run, sentiment):
    predicted = parquet.read_table(small_run.path / "eval" / "predictions.parquet").to_pylist()
    for row in (0, 17):
        args = ("explain", small_run.path, "--row", row)
        facts = json.loads(sentiment(*args, "--json").stdout)
        assert facts["row"] == row
        assert facts["true_label"] == ("negative", "positive")[predicted[row]["label"]]
        assert facts["log_odds"] == pytest.approx(predicted[row]["log_odds"], abs=1e-9)
        shown = sentiment(*args).stdout
        assert shown.startswith(f"test review {row}, which is {facts['true_label']}\n")
        assert facts["text"] in shown


def test_the_worst_are_the_most_wrong_first(small_run, sentiment):
    predicted = parquet.read_table(small_run.path / "eval" / "predictions.parquet").to_pylist()
    missed = [row for row in predicted if row["label"] != row["predicted"]]
    missed.sort(key=lambda row: abs(row["log_odds"]), reverse=True)
    found = json.loads(sentiment("explain", small_run.path, "--worst", 3, "--json").stdout)
    assert [facts["row"] for facts in found] == [row["row"] for row in missed[:3]]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--row", 40], "--row: expected a row of the test part, 0 to 39, got 40"),
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
    assert "no test part here" in result.stderr


def test_a_text_cannot_move_the_cursor(small_run, sentiment):
    assert "\x1b" not in sentiment("explain", small_run.path, "superb \x1b[2J\x9b1A").stdout


@pytest.mark.parametrize("text", ["[bold]superb[/bold] [/]", "", "  ", "-", "\u200b"])
def test_any_text_can_be_explained(small_run, sentiment, text):
    assert sentiment("explain", small_run.path, "--", text).exit_code == 0


# Bad input: one line, exit code 2, and nothing is lost


def jsonl(rows: list[object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


GOOD = [{"text": f"review {n}", "label": n % 2} for n in range(40)]
CORPUS = '[corpus]\nsource = "files"\ntrain = "{file}"\n'
# The file's name, its content, more of the config, and what the error says.
BAD_CORPORA = {
    "missing file": ("a.csv", None, "", "{file}: no such file"),
    "missing column": ("a.csv", "review,label\nfine,1\n", "", "{file}: no column 'text'"),
    "missing column of JSON": ("a.jsonl", '{"text": "fine"}\n', "", "{file}: no column 'label'"),
    "empty file": ("a.csv", "", "", "{file}: the file is empty"),
    "no rows": ("a.csv", "text,label\n", "", "{file}: the file has no rows"),
    "one class": ("a.jsonl", jsonl(GOOD[1::2]), "", "corpus: all 20 training reviews are positive"),
    "unknown label": ("a.csv", "text,label\na,1\nb,2\n", "", "{file}, row 2: label '2' is neither"),
    "a value the mapping misses": (
        "a.jsonl",
        jsonl([*GOOD, {"text": "so so", "label": 3}]),
        'positive = [1, "good"]\n',
        "{file}, row 41: label 3 is neither",
    ),
    "null text": (
        "a.jsonl",
        jsonl([*GOOD, {"text": None, "label": 1}]),
        "",
        "{file}, row 41: the text is missing",
    ),
    "invalid UTF-8": (
        "a.csv",
        b"text,label\ngood,1\nb\xffd,0\n",
        "",
        "{file}, line 3: not valid UTF-8",
    ),
    "malformed JSON": ("a.jsonl", jsonl(GOOD) + '{"text": "a", \n', "", "{file}, line 41: "),
    "no extension": ("a", "fine\n", "", "{file}: expected an extension of .csv"),
}


@pytest.fixture
def refused(sentiment) -> Callable[..., str]:
    """Return a function that runs a command and returns the one line of its refusal."""

    def refused(*args: object, **options: object) -> str:
        result = sentiment(*args, **options)
        assert result.exit_code == 2
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("sentiment: ")
        with pytest.raises(PipelineError):
            sentiment("--debug", *args, **options)
        return line.removeprefix("sentiment: ")

    return refused


@pytest.mark.parametrize("case", BAD_CORPORA)
def test_a_bad_corpus_is_named_and_the_run_stays_as_it_was(copied_run, refused, tmp_path, case):
    name, content, more, expected = BAD_CORPORA[case]
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    config = tmp_path / "bad.toml"
    config.write_text(CORPUS.format(file=file) + more)
    before = tree(copied_run.path)
    line = refused("report", config, "--run", copied_run.path, "-q")
    assert line.startswith(expected.format(file=file))
    assert tree(copied_run.path) == before


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("train.l2=-0.1", "train.l2: expected a number >= 0, got -0.1 ("),
        ("train.lr=1", "train.lr: unknown key; "),
        ("model.l2=1", "model: unknown section; "),
        ("train.l2=big", "train.l2: expected a number, got 'big' ("),
        ("train.batch_size=99999999999999999999", "train.batch_size: expected a number <= "),
        ('"a\nb".c=1', '"a b": unknown section; '),
        ("train.learning_rate=1e200", "training diverged: "),
        ("features.min_df=100000", "features: no n-gram occurs in "),
        ("l2=1", "--set l2=1: expected section.key=value"),
    ],
)
def test_a_bad_setting_is_named_and_the_run_stays_as_it_was(
    copied_run, refused, override, expected
):
    before = tree(copied_run.path)
    args = ("report", copied_run.config, "--run", copied_run.path, "-q", "--set", override)
    assert refused(*args).startswith(expected)
    assert tree(copied_run.path) == before


@pytest.mark.parametrize("content", [None, "[train\n", "[train]\nl2 = 1\nl2 = 2\n"])
def test_a_config_that_cannot_be_read_is_named(refused, tmp_path, content):
    config = tmp_path / "x.toml"
    if content is not None:
        config.write_text(content)
    assert refused("train", config, "--run", tmp_path / "run").startswith(f"{config}: ")
    assert not (tmp_path / "run").exists()


def test_a_run_folder_that_cannot_be_written_is_named(small_run, refused, tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        line = refused("train", small_run.config, "--run", path, "-q")
        assert line.startswith(f"{tmp_path / 'file'}")
        assert "cannot write the run" in line
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_of_another_format_version_is_named_and_stays_as_it_was(copied_run, refused):
    for file in ("manifest.json", "model/model.json"):
        path = copied_run.path / file
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 99}))
    before = tree(copied_run.path)
    expected = "expected format version 1, got 99; "
    for args in (["report", copied_run.config, "-q", "--run"], ["weights"], ["predict"]):
        assert expected in refused(*args, copied_run.path)
    assert expected in refused("explain", copied_run.path, "a text")
    assert tree(copied_run.path) == before


@pytest.mark.parametrize("command", ["weights", "predict", "explain"])
def test_a_folder_without_a_model_is_named(refused, tmp_path, command):
    more = ["a text"] if command == "explain" else []
    assert refused(command, tmp_path, *more).startswith(f"{tmp_path}: no model here")
    line = refused(command, tmp_path / "no", *more)
    assert line == f"{tmp_path / 'no'}: no model here; expected a run folder or its model folder"


def test_a_model_that_was_tampered_with_is_named(copied_run, refused):
    path = copied_run.path / "model" / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    line = refused("predict", copied_run.path, input="superb\n")
    assert line == f"{path}: missing, or not the file that was saved"


@pytest.mark.parametrize("name", ["no.txt", "no.csv", "."])
def test_a_file_to_predict_that_cannot_be_read_is_named(small_run, refused, tmp_path, name):
    line = refused("predict", small_run.path, tmp_path / name)
    assert line.startswith(f"{tmp_path / name}: cannot read the file")


def test_a_file_to_predict_without_the_column_is_named(small_run, refused, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("review\nfine\n")
    assert refused("predict", small_run.path, path).startswith(f"{path}: no column 'text'")


@pytest.mark.parametrize("where", ["-", "a.txt"])
def test_a_line_that_is_no_utf8_is_named_by_its_number(small_run, sentiment, tmp_path, where):
    content = b"superb\nboring\nb\xffd\n"
    if where != "-":
        where = str(tmp_path / where)
        Path(where).write_bytes(content)
    result = sentiment("predict", small_run.path, where, input=content)
    assert result.exit_code == 2
    name = "standard input" if where == "-" else where
    assert result.stderr == f"sentiment: {name}, line 3: not valid UTF-8; expected UTF-8 text\n"


def test_an_argument_that_is_no_utf8_is_refused(small_run, refused):
    text = "caf\udce9"
    assert refused("explain", small_run.path, text).startswith("text: expected UTF-8 text")
    line = refused("weights", small_run.path, "--word", text)
    assert line.startswith("--word: expected UTF-8 text")
    line = refused("train", small_run.config, "--run", small_run.path, "--set", f"tokens.x={text}")
    assert line.startswith("--set: expected UTF-8 text")


def sentiment_process(*args: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        python("-m", "pipeline", *args),
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_process_ends_with_code_2_and_one_line_and_with_debug_a_traceback(tmp_path):
    result = sentiment_process("weights", tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"sentiment: {tmp_path}: no model here")
    assert result.stderr.count("\n") == 1
    result = sentiment_process("--debug", "weights", tmp_path)
    assert result.returncode != 0
    assert result.stderr.startswith("Traceback (most recent call last):")
    assert "no model here" in result.stderr.splitlines()[-1]


NO_NETWORK = dict.fromkeys(
    ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"], "http://127.0.0.1:9"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("corpus", "hint"),
    [
        (
            'source = "hub"\ndataset = "stanfordnlp/imdb"\n'
            'revision = "e6281661ce1c48d982bc483cf8a173c1bbeb5d31"',
            "run again where there is a network",
        ),
        ('source = "nltk"\nname = "movie_reviews"', "python -m nltk.downloader movie_reviews"),
    ],
    ids=["hub", "nltk"],
)
def test_without_a_network_a_corpus_that_is_not_here_yet_is_one_line_with_a_hint(
    tmp_path, corpus, hint
):
    config = tmp_path / "x.toml"
    config.write_text(f"[corpus]\n{corpus}\n")
    folders = {"NLTK_DATA": tmp_path, "HF_HOME": tmp_path, "HOME": tmp_path}
    endpoint = {"HF_ENDPOINT": "http://127.0.0.1:9", "no_proxy": ""}
    environment = NO_NETWORK | endpoint | {k: str(v) for k, v in folders.items()}
    args = ("train", config, "--run", tmp_path / "run", "-q")
    result = sentiment_process(*args, **environment)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("sentiment: ")
    assert hint in line
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_two_processes_do_not_write_to_one_run(small_run, tmp_path):
    shutil.copytree(small_run.path, tmp_path / "run")
    with Run(tmp_path / "run").locked():
        code = "from pipeline.cli import main; main()"
        args = ["train", str(small_run.config), "--run", str(tmp_path / "run"), "--force"]
        result = subprocess.run(
            [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
        )
    assert result.returncode == 2
    assert "another process is writing to this run" in result.stderr


INTERRUPTED = """
import os, signal, time
from pipeline.cli import main
from pipeline.cli.display.progress import StageProgress

def epoch(progress, epoch):
    if epoch.number == 3:
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
StageProgress.epoch = epoch
main()
"""


def test_an_interrupt_ends_the_command_in_one_line_and_leaves_nothing_half_written(
    small_run, tmp_path
):
    """It comes in the third of a million epochs, so training has begun and cannot have ended."""
    args = ["train", small_run.config, "--run", tmp_path / "run", "--set", "train.epochs=1000000"]
    result = subprocess.run(
        python("-c", INTERRUPTED, *args), capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 130
    *stages, last = result.stderr.splitlines()
    assert [line.split()[0] for line in stages] == ["corpus", "tokens", "features"]
    assert last == "sentiment: interrupted; the stages that were complete are kept"
    left = {file.name for file in (tmp_path / "run").iterdir()} - {".lock"}
    assert left == {"config.toml", "manifest.json", "corpus", "tokens", "features"}
