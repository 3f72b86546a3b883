"""Every input of the fuzzed parsers, those that a fuzzer has found included, without a fuzzer."""

import time

import pytest
from fuzz.targets import CORPUS, TARGETS, examine, seeds

SECONDS = 10  # a pattern that matches without end is stopped after five


def test_every_parser_has_inputs():
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    assert all(map(seeds, TARGETS))


@pytest.mark.parametrize(
    ("name", "path"),
    [(name, path) for name in TARGETS for path in seeds(name)],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_parser_takes_or_refuses_an_input_in_time(name, path, tmp_path):
    start = time.monotonic()
    examine(name, path.read_bytes(), tmp_path)
    assert time.monotonic() - start < SECONDS
