"""NLTK's data on demand: found, or downloaded, or a hint in one line."""

import contextlib
import io
from typing import Any
from zipfile import BadZipFile

from pipeline.errors import CorpusError


def nltk_corpus(name: str) -> Any:
    """Return NLTK's reader of a corpus, downloading the corpus where it is missing.

    Parameters
    ----------
    name : str
        Such as `movie_reviews` or `stopwords`.

    Raises
    ------
    CorpusError
        If the corpus is not installed and cannot be downloaded, or is damaged.
    """
    import nltk

    reader = getattr(nltk.corpus, name)
    try:
        try:
            reader.ensure_loaded()
        except LookupError:
            _download(name)
            reader.ensure_loaded()
    except LookupError:
        raise CorpusError(
            f"NLTK's {name}: not installed and it could not be downloaded; point NLTK_DATA at "
            f"a folder that has corpora/{name}, or run `python -m nltk.downloader {name}` "
            "where there is a network"
        ) from None
    except (BadZipFile, OSError) as error:
        raise CorpusError(
            f"NLTK's {name}: cannot be read ({error}); delete it and run "
            f"`python -m nltk.downloader {name}` where there is a network"
        ) from None
    return reader


def _download(name: str) -> None:
    """Try to download a corpus, without a word: whether it is there now tells the outcome."""
    import nltk

    with contextlib.suppress(OSError):
        # `quiet` silences progress; errors are printed all the same.
        nltk.download(name, quiet=True, print_error_to=io.StringIO())
