"""NLTK's data on demand: found, or downloaded, or a hint in one line."""

from typing import Any

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
        If the corpus is not installed and cannot be downloaded.
    """
    import nltk

    reader = getattr(nltk.corpus, name)
    for attempt in ("installed", "downloaded"):
        try:
            reader.ensure_loaded()
            return reader
        except LookupError:
            if attempt == "installed" and nltk.download(name, quiet=True):
                continue
            raise CorpusError(
                f"NLTK's {name}: not installed and it could not be downloaded; point NLTK_DATA at "
                f"a folder that has corpora/{name}, or run `python -m nltk.downloader {name}` "
                "where there is a network"
            ) from None
    raise AssertionError("unreachable")
