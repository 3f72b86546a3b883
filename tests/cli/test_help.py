"""What all commands share: help, versions, exit codes, errors of one line."""

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import click
import pytest

import pipeline
from pipeline.cli import main

PIPELINE = [sys.executable, "-m", "pipeline"]
# Ctrl-C, as soon as a command reads a JSON file of a run, or standard input.
INTERRUPTED = """
import os, signal, sys
from types import SimpleNamespace

def interrupt(*_):
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()

if sys.argv.pop(1) == "file":
    from pipeline.storage import files
    files.read_json = interrupt
else:
    sys.stdin = SimpleNamespace(buffer=SimpleNamespace(read=interrupt, read1=interrupt))
from pipeline.__main__ import run
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
run()
"""
# Ctrl-C while a class is made, as imports do: Python 3.11 turns what is raised then into another
# exception.
INTERRUPTED_IMPORT = """
import functools, os, signal
from pipeline.__main__ import run
signal.signal(signal.SIGINT, signal.default_int_handler)
functools.cached_property.__set_name__ = lambda *_: os.kill(os.getpid(), signal.SIGINT)
run()
"""
GROUPS = {
    "Pipeline": ["corpus", "tokens", "features", "train", "eval", "report"],
    "Look inside": ["weights", "predict", "score", "explain", "trace"],
    "Studies": [
        "tune",
        "crossval",
        "curve",
        "baselines",
        "compare",
        "stability",
        "certify",
        "verify",
        "suspects",
    ],
    "Set-up": ["config", "compile"],
}
COMMANDS = [command for commands in GROUPS.values() for command in commands]


def test_help_groups_the_commands_in_the_order_of_use(sentiment):
    result = sentiment("--help")
    assert result.exit_code == 0
    found = {}
    for section in result.output.split("\n\n"):
        title, *lines = section.splitlines()
        name = next((name for name in GROUPS if title.startswith(name)), None)
        if name:
            found[name] = [line.split()[0] for line in lines]
    assert found == GROUPS
    assert list(found) == list(GROUPS)


def test_help_says_what_each_command_does_without_an_ellipsis(sentiment):
    shown = sentiment("--help").output
    assert "..." not in shown.partition("\n")[2]
    for command in COMMANDS:
        (line,) = re.findall(rf"^  {command}  +(.*)$", shown, re.MULTILINE)
        assert re.fullmatch(r"[A-Z].*\.", line)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_and_a_sentence_for_each_option(sentiment, command):
    result = sentiment(command, "-h")
    assert result.exit_code == 0
    assert f"\n    sentiment {command}" in result.output.partition("\n  Example")[2]
    shown = "".join(result.output.split())
    options = [p for p in main.commands[command].params if isinstance(p, click.Option)]
    for option in options:
        assert re.fullmatch(r"[A-Z].*\.", option.help or ""), option.name
        assert "".join(option.help.split()) in shown


@pytest.mark.parametrize("command", [[], *([command] for command in COMMANDS)])
def test_help_fits_80_columns(sentiment, command):
    assert max(map(len, sentiment(*command, "-h").output.splitlines())) <= 80


def test_the_version_names_what_a_report_of_a_defect_needs(sentiment):
    shown = sentiment("--version").output
    assert shown.startswith(f"sentiment {pipeline.__version__}\n")
    assert f"Python {platform.python_version()}, numpy {metadata.version('numpy')}" in shown
    assert f"numba {metadata.version('numba')}\n" in shown
    assert platform.machine() in shown


def test_the_help_of_predict_names_every_format_that_an_extension_says(sentiment):
    from pipeline.corpus.source import EXTENSIONS

    shown = sentiment("predict", "--help").output.split("FILE is ")[1].split("otherwise")[0]
    assert all(name in shown.lower() for name in EXTENSIONS.values())
    assert ".feather" in shown


def test_the_help_of_suspects_says_an_order_that_is_right_for_more_classes(sentiment):
    shown = " ".join(sentiment("suspects", "--help").output.split())
    assert "the probability of the label minus that of the most probable other class" in shown


def test_a_misspelt_command_gets_a_suggestion(sentiment):
    result = sentiment("trian")
    assert result.exit_code == 2
    assert "train" in result.stderr.splitlines()[-1]


def test_a_misspelt_run_gets_a_suggestion(tmp_path, monkeypatch, refused):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "imdb").mkdir(parents=True)
    line = "no such run folder; did you mean runs/imdb?"
    assert refused("weights", "runs/imbd") == f"runs/imbd: {line}"
    assert refused("certify", "imdb") == f"imdb: {line}"
    assert refused("compare", tmp_path / "runs" / "imdb", "imd") == f"imd: {line}"
    (tmp_path / "imdb.toml").touch()
    line = "imdb.toml: expected a run folder, got a file; did you mean runs/imdb?"
    assert refused("suspects", "imdb.toml") == line
    line = "no such run folder; `sentiment train` makes one"
    assert refused("predict", "elsewhere") == f"elsewhere: {line}"


@pytest.mark.parametrize("options", [("-q", "eval"), ("eval", "-q")])
def test_quiet_is_taken_before_and_after_the_command(small_run, sentiment, options):
    assert sentiment(*options, small_run.path).output == ""


@pytest.mark.parametrize("options", [("-v", "eval"), ("eval", "-v")])
def test_verbose_is_taken_before_and_after_the_command(small_run, sentiment, options):
    assert "peak memory" in sentiment(*options, small_run.path).stderr


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
    result = subprocess.run([*PIPELINE, *arguments], capture_output=True, text=True, timeout=300)
    assert result.returncode == code
    assert said in result.stdout + result.stderr


WITHOUT_READER = """
import os, subprocess, sys
reading, writing = os.pipe()
os.close(reading)
done = subprocess.run(sys.argv[1:], stdout=writing, stderr=subprocess.PIPE)
print(done.returncode, done.stderr)
"""


@pytest.mark.parametrize(
    "args",
    [["--help"], ["weights", "RUN", "--tsv"], ["weights", "RUN"], ["eval", "RUN", "--json"]],
    ids=" ".join,
)
def test_a_reader_that_has_gone_is_no_traceback(small_run, args):
    args = [str(small_run.path) if arg == "RUN" else arg for arg in args]
    # In a process of its own, which nothing else gives or takes file descriptors.
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_READER, *PIPELINE, "-q", *args],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (result.stdout, result.stderr) == ("1 b''\n", "")


def test_signals_are_handled_before_anything_slow_is_imported():
    """Until then, Python answers Ctrl-C with a traceback."""
    root = str(Path(pipeline.__file__).parents[1])
    script = (
        f"import sys; sys.path.append({root!r}); import pipeline.boundary.interrupts\n"
        "print(*{'typing', 're', 'contextlib', 'signal'} & {*sys.modules})"
    )
    result = subprocess.run(  # without what .pth files import
        [sys.executable, "-S", "-c", script], capture_output=True, text=True, timeout=300
    )
    assert (result.stdout, result.stderr) == ("\n", "")


def test_help_does_not_wait_for_numpy():
    script = (
        "import sys; from pipeline.cli import main\n"
        "try: main(['train', '--help'])\n"
        "except SystemExit: print(*{'numpy', 'rich', 'msgspec', 'pyarrow'} & {*sys.modules})"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=300
    )
    assert result.stdout.startswith("Usage: ")
    assert result.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize("args", [["--help"], ["train", "--help"]])
def test_python_m_pipeline_is_the_same_command(sentiment, args):
    command = [*PIPELINE, *args]
    output = subprocess.check_output(command, text=True, timeout=300)
    # They wrap at different widths, and the first words name the program.
    assert output.split()[5:] == sentiment(*args).output.split()[3:]


def test_an_argument_that_is_no_utf8_is_refused(small_run, refused):
    text = "caf\udce9"
    assert refused("explain", small_run.path, text).startswith("text: expected UTF-8 text")
    line = refused("weights", small_run.path, "--word", text)
    assert line.startswith("--word: expected UTF-8 text")
    line = refused("train", small_run.config, "--run", small_run.path, "--set", f"tokens.x={text}")
    assert line.startswith("--set: expected UTF-8 text")


def test_a_process_ends_with_code_2_and_one_line_and_with_debug_a_traceback(tmp_path, process):
    result = process("weights", tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"sentiment: {tmp_path}: no model here")
    assert result.stderr.count("\n") == 1
    result = process("--debug", "weights", tmp_path)
    assert result.returncode != 0
    assert result.stderr.startswith("Traceback (most recent call last):")
    assert "no model here" in result.stderr.splitlines()[-1]


def test_no_colour_where_it_is_not_wanted(small_run):
    command = [*PIPELINE, "explain", small_run.path, "a superb film"]
    environment = os.environ | {"FORCE_COLOR": "1"}
    for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        output = subprocess.check_output(command, env=environment | extra, text=True, timeout=300)
        assert bool(re.search(r"\x1b\[(\d;)*3\dm", output)) == coloured  # bold may stay


@pytest.mark.parametrize(
    ("reading", "command"),
    [
        ("file", ["weights", "RUN"]),
        ("file", ["certify", "RUN"]),
        ("file", ["compare", "RUN", "RUN"]),
        ("file", ["stability", "RUN"]),
        ("file", ["eval", "RUN", "-q"]),
        ("standard input", ["explain", "RUN"]),
        ("standard input", ["predict", "RUN"]),
    ],
)
def test_an_interrupt_is_one_line_and_code_130(small_run, reading, command):
    args = [str(small_run.path) if arg == "RUN" else arg for arg in command]
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, reading, *args],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.stderr.startswith("sentiment: interrupted")
    assert (result.stderr.count("\n"), result.stdout) == (1, "")
    assert result.returncode == 130


@pytest.mark.parametrize("command", ["weights", "stability"])
def test_an_interrupt_of_an_import_is_one_line_whatever_python_makes_of_it(small_run, command):
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT, command, small_run.path],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (result.stderr, result.stdout) == ("sentiment: interrupted\n", "")
    assert result.returncode == 130


def test_the_list_of_commands_says_what_the_help_of_each_says():
    from pipeline.cli.main import _GROUPS, main

    context = click.Context(main)
    for group in _GROUPS.values():
        for name, (_, text) in group.items():
            assert main.get_command(context, name).get_short_help_str(80) == text
