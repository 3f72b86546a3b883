"""Made-up corpora in many files: the same for the same seed, with copies across files."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

from benchmarks.synthetic import BATCH, FILMS
from benchmarks.synthetic_files import Recipe, write_files
from pipeline.corpus.duplicates import (
    Documents,
    TextStatistics,
    first_occurrences,
    near_duplicates,
    text_statistics,
)

RECIPE = Recipe(4 * BATCH + 500, BATCH, train_files=3, test_files=1, copies=0.02)


def table_of(folder, name):
    return pa.concat_tables(map(parquet.read_table, sorted((folder / name).iterdir())))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    globs = write_files(folder, RECIPE)
    assert globs == (folder / "train" / "*.parquet", folder / "test" / "*.parquet")
    return folder


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_files_hold_as_many_reviews_as_were_asked_for(corpus):
    files = sorted((corpus / "train").iterdir())
    sizes = [parquet.read_metadata(path).num_rows for path in files]
    assert sizes == [BATCH, 2 * BATCH, BATCH + 500]
    assert table_of(corpus, "test").num_rows == BATCH


def test_the_same_seed_makes_the_same_bytes_in_any_number_of_processes(corpus, tmp_path):
    write_files(tmp_path, RECIPE, processes=2)
    assert contents(tmp_path) == contents(corpus)


def test_the_reviews_do_not_depend_on_the_number_of_files(corpus, tmp_path):
    write_files(tmp_path, Recipe(**{**vars(RECIPE), "train_files": 1}))
    assert table_of(tmp_path, "train").equals(table_of(corpus, "train"))


def test_lines_of_json_hold_the_same_reviews(corpus, tmp_path):
    write_files(tmp_path, Recipe(**{**vars(RECIPE), "format": "jsonl"}))
    paths = sorted((tmp_path / "train").iterdir())
    rows = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    assert rows == table_of(corpus, "train").to_pylist()


def test_lengths_are_those_of_product_reviews_unless_others_are_asked_for(corpus, tmp_path):
    def mean_words(folder):
        return pc.mean(pc.count_substring(table_of(folder, "train")["text"], " ")).as_py() + 1

    assert 48 < mean_words(corpus) < 58
    write_files(tmp_path, Recipe(BATCH, 100, lengths=FILMS))
    assert 210 < mean_words(tmp_path) < 250


def test_as_many_reviews_copy_another_as_were_asked_for(corpus):
    parts = [table_of(corpus, name)["text"].cast(pa.large_string()) for name in ("train", "test")]
    statistics = TextStatistics.joined(
        [text_statistics(chunk) for part in parts for chunk in part.chunks]
    )
    documents = Documents(*parts)
    first = first_occurrences(documents, statistics.fingerprints)
    n_copies = int(np.sum(first != np.arange(len(first))))
    # 40 of each batch but the first, half of them with another last word; 10 of the last batch.
    # Two copies of one review are equal too, and short reviews are copies by chance.
    assert 75 <= n_copies <= 100
    near = near_duplicates(documents, statistics, first)
    # A review of fewer than 13 words with another last word is no near-duplicate any more.
    assert 45 <= len(np.unique(near[:, 1])) <= 100
    chunks = np.searchsorted(documents.starts, near, "right")
    assert (chunks[:, 0] != chunks[:, 1]).any()  # across files


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "csv"}, "format: expected one of parquet, jsonl, got 'csv'"),
        ({"train_files": 6}, "train: expected 1 to 5 files of whole batches, got 6"),
        ({"test_files": 0}, "test: expected 1 to 1 files of whole batches, got 0"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        write_files(tmp_path, Recipe(**{**vars(RECIPE), **change}))
