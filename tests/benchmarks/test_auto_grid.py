"""The table that compares one grid for all corpora with the grid of each."""

import math

import numpy as np
import pyarrow as pa
import pytest

from benchmarks import auto_grid
from benchmarks.harness import MissingError
from benchmarks.reproduce import PAGE, put


def predictions(right):
    return pa.table({"label": [1] * len(right), "predicted": np.array(right, np.int8)})


def test_two_cross_validations_are_compared_review_by_review():
    own, auto = [1, 1, 0, 0, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1, 1, 0]
    found = auto_grid.of_tables(predictions(own), predictions(auto))
    assert (found.n, found.own, found.auto, found.difference) == (8, 62.5, 87.5, 25.0)
    assert found.p == 0.5  # two reviews, both better
    deviation = np.std(np.subtract(auto, own), ddof=1)
    assert found.half == pytest.approx(100 * 1.96 * deviation / math.sqrt(8))


def test_the_page_keeps_the_rows_of_corpora_that_were_not_compared():
    page, names = PAGE.read_text(encoding="utf-8"), tuple(auto_grid.TASKS)
    new = auto_grid.Compared(10, 50.0, 60.0, 10.0, 3.0, math.nan)
    changed = put(page, "auto grid", auto_grid.table({"imdb": new}), names)
    rows = [line for line in changed.splitlines() if line.startswith("|")]
    assert any("(`imdb`) | 10 |  | 50.00 | **60.00** | +10.00 ± 3.00 |  |" in row for row in rows)
    assert any("(`sample`)" in row for row in rows)


def test_a_corpus_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(auto_grid, "RUNS", tmp_path)
    with pytest.raises(MissingError, match=r"no data/sst5/train\.parquet"):
        auto_grid.config_for("sst2", tmp_path)


def test_the_sentences_of_two_classes_are_those_that_are_not_neutral(tmp_path, monkeypatch):
    from pyarrow import parquet

    from pipeline.config.loading import load_config

    monkeypatch.setattr(auto_grid, "RUNS", tmp_path)
    folder = tmp_path / "data" / "sst5"
    folder.mkdir(parents=True)
    sentences = {"text": ["a", "b", "c", "d", "e"], "label": [0, 1, 2, 3, 4]}
    parquet.write_table(pa.table(sentences), folder / "train.parquet")
    config = load_config(auto_grid.config_for("sst2", tmp_path))
    found = parquet.read_table(config.corpus.train).to_pydict()
    assert found == {"text": ["a", "b", "d", "e"], "label": [0, 0, 1, 1]}
    assert config.tune is not None
