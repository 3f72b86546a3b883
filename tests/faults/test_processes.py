"""Faults of the process itself: a full disk behind the output, a user without a home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Nobody has a home, and no variable names a folder in one.
HOMELESS = """
import os, pwd, sys
def nobody(*_): raise KeyError("nobody")
pwd.getpwuid = pwd.getpwnam = nobody
for name in [name for name in os.environ if name.startswith(("HF_", "XDG_", "NLTK_"))]:
    del os.environ[name]
os.environ.pop("HOME", None)
os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"  # where nobody listens
from pipeline.__main__ import run
sys.argv = ["sentiment", *sys.argv[1:]]
run()
"""
ROOT = Path(__file__).parents[2]


def ran(*command: object, **options: object) -> subprocess.CompletedProcess[str]:
    defaults = {"stderr": subprocess.PIPE, "text": True, "timeout": 300, "check": False}
    return subprocess.run([sys.executable, *map(str, command)], **defaults | options)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["weights", "--help"], ["config"], ["weights", "RUN"]]
)
def test_a_full_disk_behind_the_output_is_one_line(small_run, words):
    args = [str(small_run.path) if word == "RUN" else word for word in words]
    with Path("/dev/full").open("w") as full:
        result = ran("-m", "pipeline", *args, stdout=full, cwd=ROOT)
    assert result.returncode == 2
    assert result.stderr == ("sentiment: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["weights", "RUN", "--top", "1"], ""),
        (["config", "--set", "tokens.tokenizer=pattern", "--set", "tokens.pattern=a+"], ""),
        (
            ["corpus", "imdb", "--run", "FOLDER/run", "-q"],
            "the Hub could not be reached (",
        ),
        (["corpus", "~/a.toml", "-q"], "~/a.toml: no such config"),
    ],
)
def test_a_user_without_a_home_gets_an_answer_or_one_line(small_run, tmp_path, words, told):
    names = {"RUN": str(small_run.path), "FOLDER/run": str(tmp_path / "run")}
    args = [names.get(word, word) for word in words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = ran("-c", HOMELESS, *args, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL)
    assert told in result.stderr
    assert result.stderr.count("\n") == bool(told)
    assert result.returncode == (2 if told else 0)
