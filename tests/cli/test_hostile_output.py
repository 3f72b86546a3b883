"""Whatever names, words, labels and reviews hold, no command shows a character that acts."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from small_corpus import small_reviews
from small_lexicons import nltk_reads

from pipeline import SentimentClassifier
from pipeline.boundary.inert import inert
from pipeline.config.toml import toml_value

# Colours, a title, the cursor, a line turned around, and ends of lines.
EVIL = "\x1b[31m\x1b]0;t\x07\x9b2J\x7f\u202e\u2066\r\u2028"
HEBREW = "\u05d8\u05d5\u05d1"
TEXT, LABEL, GROUP = (f"{name}{EVIL}\u200b" for name in ("text", "label", "shop"))
GOOD, BAD = f"good{EVIL}", f"bad{EVIL}"


def rows(texts, labels):
    for k, (text, label) in enumerate(zip(texts, labels, strict=True)):
        words = text.split()
        words.insert(1, ("=1+1", f"@{EVIL}", HEBREW, "<b>|`*", "-2", f"x{EVIL}y")[k % 6])
        if label:
            words.insert(0, f"su\x1bperb\u202e{HEBREW}")
        shop = (HEBREW, f"=a{EVIL}")[k % 2]
        row = {TEXT: " ".join(words), LABEL: (BAD, GOOD)[label], GROUP: shop}
        yield json.dumps(row) + "\n"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Return a folder with a config, two sets, and a run that is named like them."""
    folder = tmp_path_factory.mktemp("hostile") / f"a{EVIL}<b>`*|{HEBREW}"
    folder.mkdir()
    texts, labels = small_reviews()
    for name, part in (("train", slice(110)), ("test", slice(110, None))):
        lines = "".join(rows(texts[part], labels[part]))
        (folder / f"{name}{EVIL}.jsonl").write_text(lines, encoding="utf-8")
    corpus = {
        "source": "files",
        "train": str(folder / f"train{EVIL}.jsonl"),
        "test": str(folder / f"test{EVIL}.jsonl"),
        "text": TEXT,
        "label": LABEL,
        "positive": [GOOD],
        "negative": [BAD],
    }
    lines = [f"{key} = {toml_value(value)}" for key, value in corpus.items()]
    rest = ["[tokens]", 'tokenizer = "pattern"', "pattern = '\\S+'", "[train]", "epochs = 3"]
    tune = ["[tune]", "train.l2 = [0.1, 0.01]"]
    config = "\n".join(["[corpus]", *lines, *rest, *tune])
    (folder / f"c{EVIL}.toml").write_text(config, encoding="utf-8")
    return folder


def strangers(text):
    """Return what acts in a text, but for marks around a name, which end where they begin."""
    shown = re.sub("\u2068([^\u2068\u2069]*)\u2069", r"\1", text)
    assert not {"\u2068", "\u2069"} & set(shown)
    return "".join(c for c in shown if inert(c) != c)


@pytest.fixture(scope="module")
def shown(hostile, sentiment):
    """Return a function that runs a command, checks what it prints, and returns the result."""

    def shown(*args, code=0):
        result = sentiment(*args)
        assert result.exit_code == code, result.output
        assert strangers(result.stdout) == ""
        assert strangers(result.stderr) == ""
        if "--json" in args and args[0] != "predict":
            json.loads(result.stdout)
        return result

    return shown


@pytest.fixture(scope="module")
def run(hostile, shown):
    """Return the run of the hostile config, with all studies that need no lexicon."""
    config, run = hostile / f"c{EVIL}.toml", hostile / f"run{EVIL}"
    shown("report", config, "--run", run)
    return run


COMMANDS = [
    "corpus {c} --run {r}",
    "corpus {c} --run {r} --json",
    "train {c} --run {r}",
    "eval {c} --run {r} --json",
    "report {c} --run {r} --json",
    "config {c}",
    "config {r}",
    "weights {r}",
    "weights {r} --json",
    "weights {r} --tsv",
    "weights {r} --word {evil} --word superb",
    "predict {r} {t} --text {text} --json",
    "predict {r} {t} --text {text} --out {d}/scored",
    "explain {r} {evil}",
    "explain {r} {evil} --json",
    "explain {r} --worst 3",
    "trace {r} {evil} --label negative",
    "trace {r} --row 1 --json",
    "trace {r} --check",
    "score {r} {t} --by {group}",
    "score {r} {t} --by {group} --json",
    "compare {r} {r} --html {d}/both.html",
    "compare {r} {r} --json",
    "tune {c} --run {r}",
    "crossval {c} --run {r} --folds 2",
    "curve {c} --run {r} --folds 2 --sizes 20,40",
    "stability {r} --refits 2",
    "stability {r} --refits 2 --json",
    "suspects {r} --folds 2 --top 50",
    "suspects {r} --folds 2 --json",
    "certify {r}",
]
REFUSALS = [
    "train {c} --run {r} --set corpus.text={evil}",
    "train {c} --run {r} --set corpus.positive={evil}",
    "train {c} --run {r} --set {evil}.x=1",
    "train {c} --run {r} --set tokens.pattern=({evil}",
    "train {evil}",
    "train sample --{evil}",
    "{evil}",
    "weights {d}/{evil}",
    "weights {r} --top {evil}",
    "predict {r} {d}/{evil}",
    "predict {r} {t} --text {evil}",
    "score {r} {t} --by {evil}",
    "stability {r} --word {evil}",
    "trace {r} a --label {evil}",
    "explain {r} --row 99999999",
    "compare {r} {d}",
]


def filled(command, hostile, run):
    names = {"c": hostile / f"c{EVIL}.toml", "r": run, "t": hostile / f"test{EVIL}.jsonl"}
    names |= {"d": hostile, "evil": f"{HEBREW}{EVIL}[red]", "text": TEXT, "group": GROUP}
    return [part.format_map(names) for part in shlex.split(command)]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_shows_a_character_that_acts(shown, hostile, run, command):
    shown(*filled(command, hostile, run))


@pytest.mark.parametrize("command", REFUSALS)
def test_no_refusal_shows_a_character_that_acts(shown, hostile, run, command):
    said = shown(*filled(command, hostile, run), code=2).stderr
    assert "Traceback" not in said


def test_baselines_show_no_character_that_acts(shown, hostile, run, lexicon_data):
    with nltk_reads(lexicon_data):
        shown("baselines", hostile / f"c{EVIL}.toml", "--run", run)


def test_neither_markdown_nor_a_page_holds_a_character_that_acts_or_markup(shown, hostile, run):
    shown("compare", run, run, "--html", hostile / "both.html")
    files = [*run.rglob("*.md"), *run.rglob("*.html"), hostile / "both.html", *run.rglob("*.svg")]
    assert len(files) > 8
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert strangers(text) == "", file.name
    for file in run.rglob("*.md"):
        text = file.read_text(encoding="utf-8").split("\n---\n")[-1]  # behind the metadata
        assert "\\<b\\>" in text
        assert re.search(r"(?<!\\)<|[^\\|]\|`", text) is None


def test_tables_for_spreadsheets_hold_no_formula_and_the_raw_one_holds_the_words(
    shown, sentiment, run
):
    shown("stability", run, "--refits", 2, "-q")
    shown("suspects", run, "--folds", 2, "-q")
    for file in ("report/weights.tsv", "stability/words.tsv", "suspects/suspects.tsv"):
        lines = (run / file).read_text(encoding="utf-8").splitlines()[1:]
        cells = [cell for line in lines for cell in line.split("\t")]
        texts = [cell for cell in cells if re.fullmatch(r"[-+]?[\d.]+(e-?\d+)?|nan", cell) is None]
        assert not [text for text in texts if text[:1] in {*"=+-@"}]
    raw = sentiment("weights", run, "--tsv", "--raw").stdout
    assert {"=1+1", "-2"} <= {line.split("\t")[0] for line in raw.splitlines()}
    assert "'=1+1\t" in shown("weights", run, "--tsv").stdout


def test_predictions_for_a_program_are_as_the_model_says(shown, sentiment, hostile):
    texts, labels = small_reviews()
    folder = hostile / "model"
    SentimentClassifier().fit(texts, [(BAD, GOOD)[label] for label in labels]).save(folder)
    given = {"input": "a superb film\ndreadful\n"}
    assert sentiment("predict", folder, **given).stdout.startswith(f"{GOOD}\t0.")
    lines = sentiment("predict", folder, "--json", **given).stdout.splitlines()
    assert [json.loads(line)["label"] for line in lines] == [GOOD, BAD]
    assert strangers("".join(lines)) == ""
    shown("explain", folder, "a superb film")
    shown("trace", folder, "a superb film", "--label", GOOD)
    said = shown("trace", folder, "a superb film", "--label", "none", code=2).stderr
    assert inert(GOOD).split("\\", maxsplit=1)[0] in said


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_predictions_on_a_terminal_are_inert(hostile):
    folder = hostile / "other"
    SentimentClassifier().fit(["superb", "dull"], [GOOD, BAD]).save(folder)
    (hostile / "lines.txt").write_text("superb\n")
    terminal, end = os.openpty()
    command = [sys.executable, "-m", "pipeline", "predict", folder, hostile / "lines.txt"]
    assert subprocess.run(command, stdout=end, timeout=300, check=False).returncode == 0
    assert os.read(terminal, 1000).decode().split("\t")[0] == inert(GOOD)


def test_a_traceback_shows_no_character_that_acts(process, hostile):
    result = process("--debug", "train", hostile / f"no{EVIL}.toml")
    assert result.stderr.startswith("Traceback")
    assert "ConfigError: " in result.stderr
    assert strangers(result.stderr) == ""


def test_a_long_message_is_cut_and_says_so(sentiment, hostile):
    result = sentiment("train", hostile / f"c{EVIL}.toml", "--set", f"{'x' * 60_000}.y=1")
    assert len(result.stderr) < 2000
    assert re.search(r"\u2026 \([\d,]+ characters left out\) \u2026", result.stderr)
    assert "accepted: " in result.stderr
