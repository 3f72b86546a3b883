"""The commands of the stages: what they print, and what they refuse."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.storage.run import Run

pytestmark = pytest.mark.usefixtures("plain_figures")

STAGES = ["corpus", "tokens", "features", "train", "eval", "report"]


def tree(path: Path) -> dict[str, bytes]:
    return {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}


def test_each_stage_prints_its_result_and_whether_it_was_up_to_date(copied_run, sentiment):
    args = ("report", copied_run.config, "--run", copied_run.path)
    (copied_run.path / "report" / "summary.md").unlink()
    config, *lines = sentiment(*args).stderr.splitlines()
    assert config == f"config    {copied_run.config}"
    assert [line.split()[0] for line in lines] == STAGES
    assert [line.endswith("(up to date)") for line in lines] == [True] * 5 + [False]
    assert lines[0].startswith("corpus    110 training reviews (50.0% positive)")


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
        assert "(up to date)" in result.stderr
        assert "(up to date)" not in result.stdout


def test_quiet_prints_nothing_if_nothing_is_wrong(small_run, sentiment):
    result = sentiment("train", small_run.config, "--run", small_run.path, "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_a_run_folder_stands_for_its_config(small_run, sentiment):
    result = sentiment("report", small_run.path)
    assert result.exit_code == 0
    config, *lines = result.stderr.splitlines()
    assert config == f"config    {small_run.path / 'config.toml'}, of the run {small_run.path}"
    assert {line.rpartition("  ")[2] for line in lines} == {"(up to date)"}


@pytest.mark.parametrize(
    ("stage", "key"),
    [
        *[("corpus", "n_overlap"), ("tokens", "seconds"), ("features", "outputs")],
        *[("train", "epochs"), ("eval", "test"), ("report", "most_wrong")],
    ],
)
@pytest.mark.parametrize("options", [["--json"], ["--json", "-q"]], ids=" ".join)
def test_the_result_of_a_stage_can_be_read_by_a_program(small_run, sentiment, stage, key, options):
    result = sentiment(stage, small_run.path, *options)
    assert key in json.loads(result.stdout)


def test_verbose_prints_the_peak_memory_of_each_stage(small_run, sentiment):
    _, *lines = sentiment("train", small_run.path, "-v").stderr.splitlines()
    assert len(lines) == 4
    assert all(re.search(r"\(up to date, peak memory [\d,]+ MB\)$", line) for line in lines)


def test_a_run_is_named_after_its_config_by_default(make_corpus, tmp_path, sentiment, monkeypatch):
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
    row = next(line for line in lines if " ECE" in line)
    assert row.split()[1:] == [f"{metrics['ece']:.4f}"]
    tables = [line for line in lines if line.startswith(" ")]
    assert max(map(len, tables)) <= 52


@pytest.mark.parametrize("columns", ["60", "80"])
@pytest.mark.parametrize("stage", ["corpus", "train", "eval"])
def test_tables_fit_the_terminal_without_trailing_blanks(small_run, sentiment, stage, columns):
    shown = sentiment(stage, small_run.path, env={"COLUMNS": columns}).stdout
    tables = [line for line in shown.splitlines() if line.startswith(" ")]
    assert len(tables) > 4
    assert max(map(len, tables)) <= int(columns)
    assert [line for line in tables if line != line.rstrip()] == []


def test_a_damaged_manifest_names_the_command_that_makes_the_run_again(
    copied_run, refused, sentiment
):
    run = copied_run.path
    (run / "manifest.json").write_text('{"stages')
    command = f"sentiment train {run} --force"
    assert refused("weights", run).endswith(f"; `{command}` makes the run again")
    assert sentiment(*command.split()[1:]).exit_code == 0
    assert sentiment("weights", run).exit_code == 0


def test_without_resamples_metrics_are_shown_without_intervals(copied_run, sentiment):
    args = ("eval", copied_run.config, "--run", copied_run.path, "--set", "eval.resamples=0")
    lines = sentiment(*args).stdout.splitlines()
    row = next(line for line in lines if "ROC-AUC" in line)
    assert len(row.split()) == 2


def jsonl(rows: list[object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


GOOD = [{"text": f"review {n}", "label": n % 2} for n in range(40)]


CORPUS = '[corpus]\nsource = "files"\ntrain = "{file}"\n'


# The file's name, its content, more of the config, and what the error says.
BAD_CORPORA = {
    "missing file": ("a.csv", None, "", "{file}: no such file"),
    "missing column": ("a.csv", "review,label\nfine,1\n", "", "{file}, line 1: no column 'text'"),
    "missing column of JSON": ("a.jsonl", '{"text": "fine"}\n', "", "{file}: no column 'label'"),
    "missing column of weights": (
        "a.csv",
        "text,label\nfine,1\n",
        'weight = "cost"\n',
        "{file}, line 1: no column 'cost'; the columns are 'text', 'label'; set corpus.weight",
    ),
    "one column for two": ("a.csv", "a\n1\n", 'text = "label"\n', "corpus.label: expected another"),
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
        "{file}, row 2: not valid UTF-8",
    ),
    "malformed JSON": ("a.jsonl", jsonl(GOOD) + '{"text": "a", \n', "", "{file}, line 41: "),
    "no extension": ("a", "fine\n", "", "{file}, row 1: label 'fine' is neither"),
    "no text": ("a.dat", b"PK\0\0", "", "{file}: expected an extension of .csv"),
}


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
        ("train.l2=-0.1", "train.l2: expected a number from 0 to 1000000, got -0.1 ("),
        ("train.lr=1", "train.lr: unknown key; "),
        ("model.l2=1", "model: unknown section; "),
        ("train.l2=big", 'train.l2: expected a number from 0 to 1000000, got "big" ('),
        (
            "train.batch_size=99999999999999999999",
            "train.batch_size: expected a whole number from 1 to 2147483647, got ",
        ),
        ('"a\nb".c=1', r'"a\nb": unknown section; '),
        ("train.learning_rate=1e6", "training diverged: "),
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
    expected = ", got 99; use the version that wrote it"
    for args in (["report", copied_run.config, "-q", "--run"], ["weights"], ["predict"]):
        assert expected in refused(*args, copied_run.path)
    assert expected in refused("explain", copied_run.path, "a text")
    assert tree(copied_run.path) == before


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
            "run again with a network connection",
        ),
        ('source = "nltk"\nname = "movie_reviews"', "python -m nltk.downloader movie_reviews"),
    ],
    ids=["hub", "nltk"],
)
def test_without_a_network_a_corpus_that_is_not_here_yet_is_one_line_with_a_hint(
    tmp_path, process, corpus, hint
):
    config = tmp_path / "x.toml"
    config.write_text(f"[corpus]\n{corpus}\n")
    folders = {"NLTK_DATA": tmp_path, "HF_HOME": tmp_path, "HOME": tmp_path}
    endpoint = {"HF_ENDPOINT": "http://127.0.0.1:9", "no_proxy": ""}
    environment = NO_NETWORK | endpoint | {k: str(v) for k, v in folders.items()}
    args = ("train", config, "--run", tmp_path / "run", "-q")
    result = process(*args, **environment)
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
from pipeline.__main__ import run
from pipeline.cli.display.progress import StageProgress

def epoch(progress, epoch, n_epochs):
    if epoch.number == 3:
        os.kill(os.getpid(), int(os.environ["SIGNAL"]))
    time.sleep(0.01)

# A job in the background ignores the first, and one of nohup the second.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
StageProgress.epoch = epoch
run()
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_command_in_one_line_and_leaves_nothing_half_written(
    small_run, tmp_path, number, code
):
    """It comes in the third of a million epochs, so training has begun and cannot have ended."""
    args = ["train", small_run.config, "--run", tmp_path / "run", "--set", "train.epochs=100000"]
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *args],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"SIGNAL": str(int(number))},
    )
    assert result.returncode == code
    *stages, last = result.stderr.splitlines()
    assert [line.split()[0] for line in stages] == ["config", "corpus", "tokens", "features"]
    assert last == "sentiment: interrupted; completed work is kept"
    left = {file.name for file in (tmp_path / "run").iterdir()} - {".lock"}
    assert left == {"config.toml", "manifest.json", "corpus", "tokens", "features"}


def test_rows_that_are_left_out_are_counted_on_the_terminal_and_in_the_card(tmp_path, sentiment):
    rows = [*(f"good {k},pos" for k in range(20)), *(f"bad {k},neg" for k in range(20))]
    file = tmp_path / "reviews.csv"
    lines = ["text,label", "so so,neutral", *rows, "unsure,", '"two', 'lines",pos']
    file.write_text("\n".join(lines))
    config = tmp_path / "c.toml"
    config.write_text(CORPUS.format(file=file) + 'ignore = "neutral"\ndrop = ["missing"]\n')
    result = sentiment("corpus", config, "--run", tmp_path / "run")
    assert (
        "2 of 43 reviews are left out (label 'neutral' is ignored: 1, the label "
        f"is missing: 1): {file}, row 1: label 'neutral' is ignored; row 42: the label is missing."
    ) in result.stderr
    assert "a quoted field holds a line break in 1 of 43 rows (the quote opens on line 44)" in (
        result.stderr
    )
    card = json.loads((tmp_path / "run" / "corpus" / "card.json").read_text())
    assert card["rows"]["train"]["n_rows"] == 43
    assert card["rows"]["train"]["n_left_out"] == 2
    assert card["train"]["n_reviews"] + card["test"]["n_reviews"] == 41
    assert card["rows"]["train"]["quoted_fields"][0]["first_lines"] == [44]


def test_a_set_of_which_all_rows_are_left_out_says_so(tmp_path, refused):
    file, config = tmp_path / "reviews.csv", tmp_path / "c.toml"
    file.write_text("text,label\nso so,neutral\n")
    config.write_text(CORPUS.format(file=file) + 'ignore = "neutral"\n')
    assert refused("corpus", config, "--run", tmp_path / "run", "-q").startswith(
        "corpus: the training set is empty; 1 of 1 reviews is left out (label 'ne"
    )
