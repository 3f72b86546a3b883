"""NLTK's review corpora, and the errors if they are missing or damaged."""

import io
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

import pipeline
from pipeline import nltk_data
from pipeline.corpus.columns import TABLE_SCHEMA
from pipeline.corpus.nltk import read_nltk
from pipeline.errors import CorpusError

ROOT = str(Path(pipeline.__file__).parents[1])
SIZES = {"movie_reviews": 1000, "sentence_polarity": 5331}  # of each class

READ = """
import sys
from pipeline.corpus.nltk import read_nltk
from pipeline.errors import CorpusError
assert "nltk" not in sys.modules
try:
    print(read_nltk(sys.argv[1]).num_rows)
except CorpusError as error:
    print(error)
"""


@pytest.fixture(params=list(SIZES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def installed(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """NLTK, which finds its data in the shared folder."""
    import nltk

    monkeypatch.setattr(nltk.data, "path", [str(shared_data / "nltk_data")])
    return nltk


def read_in_a_process(name: str, data: Path, home: Path) -> str:
    """Return what is printed if NLTK looks for its data in `data`; it must be one line."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", READ, name],
        env=os.environ | {"NLTK_DATA": str(data), "HOME": str(home), "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert len(done.stdout.splitlines()) == 1
    return done.stdout.strip()


# Installed


def test_both_classes_are_there_in_full_negative_first(installed: Any, name: str) -> None:
    table = read_nltk(name)
    assert table.schema == TABLE_SCHEMA
    assert table["label"].to_pylist() == [0] * SIZES[name] + [1] * SIZES[name]
    assert table["text"].num_chunks == 1
    assert table["text"].null_count == 0
    assert all(text == text.strip() != "" for text in table["text"].to_pylist())


def test_movie_reviews_are_the_files_as_nltk_reads_them(installed: Any) -> None:
    corpus = installed.corpus.movie_reviews
    files = [file for label in ("neg", "pos") for file in corpus.fileids(label)]
    assert read_nltk("movie_reviews")["text"].to_pylist() == [
        corpus.raw(file).strip() for file in files
    ]


def test_sentences_are_those_of_nltk(installed: Any) -> None:
    sentences = installed.corpus.sentence_polarity.sents(categories=["neg"])
    sentences += installed.corpus.sentence_polarity.sents(categories=["pos"])
    texts = read_nltk("sentence_polarity")["text"].to_pylist()
    assert [text.split() for text in texts] == list(sentences)


def test_texts_are_decoded(installed: Any, name: str) -> None:
    text = "\n".join(read_nltk(name)["text"].to_pylist())
    assert "\ufffd" not in text
    assert "Ã" not in text  # what the first byte of an é would be in Latin-1
    assert ("é" in text) == (name == "sentence_polarity")


def test_a_zipped_corpus_is_read_in_a_fresh_process(
    shared_data: Path, name: str, tmp_path: Path
) -> None:
    printed = read_in_a_process(name, shared_data / "nltk_data", tmp_path)
    assert printed == str(2 * SIZES[name])


# Missing


def test_what_is_missing_is_a_hint_of_one_line_and_nothing_else(name: str, tmp_path: Path) -> None:
    """NLTK's downloader prints its errors even if it is told to be quiet."""
    if network():
        pytest.skip("there is a network, and NLTK would download")
    assert read_in_a_process(name, tmp_path / "none", tmp_path) == (
        f"NLTK's {name}: not installed and it could not be downloaded; point NLTK_DATA at a "
        f"folder that has corpora/{name}, or run `python -m nltk.downloader {name}` with a "
        "network connection"
    )


def network() -> bool:
    try:
        socket.getaddrinfo("raw.githubusercontent.com", 443)
    except OSError:
        return False
    return True


class Reader:
    """A reader like NLTK's, which looks for its data again each time it is asked."""

    def __init__(self, *problems: Exception) -> None:
        self.problems = list(problems)

    def ensure_loaded(self) -> None:
        if self.problems:
            raise self.problems.pop(0)


@pytest.fixture
def with_reader(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that puts a reader and a downloader into NLTK and asks for the reader."""

    def ask(reader: Reader, download: Any) -> Any:
        import nltk

        monkeypatch.setattr(nltk, "corpus", SimpleNamespace(some_words=reader))
        monkeypatch.setattr(nltk, "download", download)
        return nltk_data.nltk_corpus("some_words")

    return ask


def test_what_is_missing_is_downloaded_and_then_read(with_reader: Any) -> None:
    asked = []

    def download(name: str, quiet: bool, print_error_to: io.StringIO) -> bool:
        asked.append((name, quiet))
        return True

    reader = Reader(LookupError())
    assert with_reader(reader, download) is reader
    assert asked == [("some_words", True)]


def test_what_is_there_is_not_downloaded(with_reader: Any) -> None:
    reader = Reader()
    assert with_reader(reader, pytest.fail) is reader


def test_a_download_to_where_nothing_can_be_written_is_a_missing_corpus(with_reader: Any) -> None:
    def download(*_: Any, **__: Any) -> bool:
        raise PermissionError("no")

    with pytest.raises(CorpusError, match="some_words: not installed and it could not be down"):
        with_reader(Reader(LookupError(), LookupError()), download)


def test_a_damaged_corpus_is_named(shared_data: Path, tmp_path: Path) -> None:
    whole = shared_data / "nltk_data" / "corpora" / "movie_reviews.zip"
    (tmp_path / "corpora").mkdir()
    damaged = shutil.copy(whole, tmp_path / "corpora")
    os.truncate(damaged, 100_000)
    assert read_in_a_process("movie_reviews", tmp_path, tmp_path) == (
        "NLTK's movie_reviews: cannot be read (File is not a zip file); delete it and run "
        "`python -m nltk.downloader movie_reviews` with a network connection"
    )


def test_the_table_is_one_that_the_pipeline_writes(installed: Any) -> None:
    table = read_nltk("movie_reviews")
    assert table["text"].type == pa.large_string()
    table.validate(full=True)
