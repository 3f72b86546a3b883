"""NLTK's corpora and lexicons: found, or downloaded, or an error that says how to get them."""

import contextlib
import io
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from zipfile import BadZipFile

from pipeline.errors import CorpusError, MissingDataError

# NLTK's readers check what they read with assertions, and take lines apart without a look.
_DAMAGE = (AssertionError, BadZipFile, LookupError, OSError, ValueError, zlib.error)


def nltk_corpus(name: str) -> Any:
    """Return NLTK's reader of a corpus; download the corpus if it is missing.

    Parameters
    ----------
    name : str
        Such as `movie_reviews` or `stopwords`.

    Raises
    ------
    MissingDataError
        If the corpus is not installed and cannot be downloaded.
    CorpusError
        If it is damaged.
    """
    import nltk

    reader = getattr(nltk.corpus, name)
    # NLTK loads a corpus on the first access to any attribute of its reader.
    _on_demand(name, "corpora", lambda: reader.ensure_loaded())
    return reader


def nltk_vader() -> Any:
    """Return NLTK's `SentimentIntensityAnalyzer`; download its lexicon if it is missing.

    Raises
    ------
    MissingDataError
        If the lexicon is not installed and cannot be downloaded.
    CorpusError
        If it is damaged.
    """
    from nltk.sentiment.vader import SentimentIntensityAnalyzer

    return _on_demand("vader_lexicon", "sentiment", SentimentIntensityAnalyzer)


def _on_demand(name: str, folder: str, load: Callable[[], Any]) -> Any:
    """Return the result of `load`; download the data that it needs if they are missing."""
    with readable(name):
        try:
            try:
                return load()
            except LookupError:
                _download(name)
                return load()
        except LookupError:
            raise MissingDataError(
                f"NLTK's {name}: not installed and it could not be downloaded; point NLTK_DATA at "
                f"a folder that has {folder}/{name}, or run `python -m nltk.downloader {name}` "
                "with a network connection"
            ) from None


@contextlib.contextmanager
def readable(name: str, file: str = "") -> Iterator[None]:
    """Turn what NLTK raises for damaged data into one line that names them, and the file."""
    try:
        yield
    except CorpusError:
        raise
    except _DAMAGE as error:
        where = f"{name}, {file}" if file else name
        reason = " ".join(str(error).split()) or "damaged"
        raise CorpusError(
            f"NLTK's {where}: cannot be read ({reason}); delete it and run "
            f"`python -m nltk.downloader {name}` with a network connection"
        ) from None


def _download(name: str) -> None:
    """Try to download data without printing; the caller sees whether they are there now."""
    import nltk

    with contextlib.suppress(OSError):
        # `quiet` silences progress, but not errors.
        nltk.download(name, quiet=True, print_error_to=io.StringIO())
