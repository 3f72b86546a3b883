"""Every input of the fuzzed parsers, those that a fuzzer has found included, without a fuzzer."""

import time

import pytest
from fuzz.targets import CORPUS, TARGETS, examine, seeds

# Of processor time, because the machine may be busy. A pattern without end is stopped after five.
SECONDS = 10


@pytest.fixture(scope="module")
def _loaded(tmp_path_factory):
    """Import and compile what the parsers need, which is no part of their time."""
    for name in TARGETS:
        examine(name, seeds(name)[0].read_bytes(), tmp_path_factory.mktemp(name))


def test_every_parser_has_inputs():
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    assert all(map(seeds, TARGETS))


@pytest.mark.usefixtures("_loaded")
@pytest.mark.parametrize(
    ("name", "path"),
    [(name, path) for name in TARGETS for path in seeds(name)],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_parser_takes_or_refuses_an_input_in_time(name, path, tmp_path):
    start = time.process_time()
    examine(name, path.read_bytes(), tmp_path)
    assert time.process_time() - start < SECONDS
