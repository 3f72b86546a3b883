"""NLTK's review corpora, read by NLTK's own readers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.corpus.columns import TABLE_SCHEMA
from pipeline.nltk_data import nltk_corpus, readable
from pipeline.storage import arrow


def read_nltk(name: str) -> pa.Table:
    """Read `movie_reviews` or `sentence_polarity` of NLTK.

    Parameters
    ----------
    name : str
        `movie_reviews`: 2,000 whole reviews (Pang & Lee 2004).
        `sentence_polarity`: 10,662 sentences of reviews (Pang & Lee 2005).

    Returns
    -------
    pyarrow.Table
        `text` and `label`, the negative reviews first, in the order of NLTK's files.

    Raises
    ------
    CorpusError
        If the corpus is not installed and cannot be downloaded.
    """
    reader = nltk_corpus(name)
    texts: list[str] = []
    labels: list[int] = []
    for label, category in enumerate(("neg", "pos")):
        with readable(name):
            files = reader.fileids(category)
        for file in files:
            with readable(name, file):
                raw = reader.raw(file)
            found = raw.splitlines() if name == "sentence_polarity" else [raw]
            texts += [text.strip() for text in found]
            labels += [label] * len(found)
    columns = [arrow.strings(texts), arrow.numbers(np.array(labels, np.int8))]
    return pa.table(columns, schema=TABLE_SCHEMA)
