"""The fuzzer itself: without atheris it says so, and what it changes stays JSON."""

import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "fuzzing.py"


@pytest.fixture(scope="module")
def fuzzing():
    spec = importlib.util.spec_from_file_location("fuzzing", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_where_the_fuzzer_is_not_installed_one_line_says_so():
    script = f"import runpy, sys; sys.modules['atheris'] = None; sys.argv = ['fuzzing']; \
runpy.run_path({str(TOOL)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"fuzzing: skipped, because atheris is not installed")
    assert done.stdout.count(b"\n") == 1


def test_every_part_of_a_value_is_changed_sooner_or_later(fuzzing):
    before = '{"a": [1, {"b": "c"}], "d": {}}'
    changed = set()
    for seed in range(500):
        value = [json.loads(before)]
        fuzzing.change(value, random.Random(seed))
        changed.add(json.dumps(value[0] if value else None))
    assert {'{"a": [1, {}], "d": {}}', '{"a": [1], "d": {}}', '{"d": {}}'} <= changed
    assert '{"a": [null, {"b": "c"}], "d": {}}' in changed


def test_a_finding_is_named_by_its_error_and_its_place(fuzzing):
    assert fuzzing.place_of(KeyError("a")) == "KeyError"
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    assert fuzzing.place_of(caught.value).startswith("ZeroDivisionError-test_fuzzing-")


def test_a_word_is_written_as_the_fuzzer_reads_it(fuzzing):
    assert fuzzing.as_word('a"\n\\\u00e9') == r'"a\x22\x0a\x5c\xc3\xa9"'
