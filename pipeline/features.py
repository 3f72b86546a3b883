"""Tokens to sparse counts: which n-grams are features, and how often each occurs.

A `Vocabulary` is learned from the training part alone; counting a split against
it is the same operation for training, test and unseen text. N-grams are counted
over ids. Only one that survives pruning gets a name: its tokens with a space
between them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array

from pipeline.errors import CorpusError
from pipeline.kernels import ngrams as kernels
from pipeline.tokens import Tokens


@dataclass(frozen=True)
class Vocabulary:
    """The features in column order: descending document frequency, ties in code-point order.

    Attributes
    ----------
    words : pyarrow.LargeStringArray, length n_columns
        The name of each column: a token, or the tokens of an n-gram joined by spaces.
    document_frequency : int64 array, shape (n_columns,)
        How many training documents hold it.
    """

    words: pa.LargeStringArray
    document_frequency: np.ndarray

    def __len__(self) -> int:
        return len(self.words)

    @functools.cached_property
    def _trie(self) -> _Trie:
        """The words as the counting kernel walks them; built once."""
        types = self.words
        tokens = np.arange(len(types), dtype=np.int32)
        offsets = np.arange(len(types) + 1)
        if pc.any(pc.match_substring(types, " ")).as_py():
            names = pc.split_pattern(types, " ")
            encoded = names.flatten().dictionary_encode()
            types, tokens = encoded.dictionary, encoded.indices.to_numpy()
            offsets = np.concatenate(([0], np.cumsum(pc.list_value_length(names).to_numpy())))
        keys, children, columns = kernels.build(tokens, offsets.astype(np.int64), len(types))
        max_n = int(np.diff(offsets).max(initial=1))
        return _Trie(types, keys, children, columns, max_n)


@dataclass(frozen=True)
class _Trie:
    """What `kernels.ngrams.build` returns, with the tokens that its ids stand for."""

    types: pa.LargeStringArray
    keys: np.ndarray
    children: np.ndarray
    columns: np.ndarray
    max_n: int


def learn_vocabulary(
    tokens: Tokens,
    ngrams: int = 1,
    min_df: int | float = 1,
    max_df: int | float = 1.0,
    max_features: int = 0,
) -> Vocabulary:
    """Choose the features of a corpus by the number of documents that hold them.

    Parameters
    ----------
    tokens : Tokens
        The training documents.
    ngrams : int
        The longest n-gram counted; 1 counts single tokens.
    min_df, max_df : int or float
        Bounds on the document frequency, both included: a number of documents if
        an int, a fraction of them if a float.
    max_features : int
        Keep so many, the most frequent ones; 0 keeps all.

    Returns
    -------
    Vocabulary

    Raises
    ------
    CorpusError
        If no feature is left.
    """
    n = tokens.n_documents
    if not len(tokens.ids):
        raise CorpusError(
            f"features: none of the {n:,} training reviews holds a token; see the [tokens] settings"
        )
    frequency, parents, last_tokens = kernels.learn(
        tokens.ids, tokens.offsets, len(tokens.types), ngrams
    )
    at_least = min_df if isinstance(min_df, int) else min_df * n
    at_most = max_df if isinstance(max_df, int) else max_df * n
    nodes = np.flatnonzero((frequency >= at_least) & (frequency <= at_most))
    if not len(nodes):
        raise CorpusError(
            f"features: no n-gram occurs in {at_least:g} to {at_most:g} of the {n:,} training "
            "reviews; lower features.min_df or raise features.max_df"
        )
    table = pa.table(
        {"frequency": frequency[nodes], "word": _names(nodes, parents, last_tokens, tokens.types)}
    )
    order = pc.sort_indices(table, [("frequency", "descending"), ("word", "ascending")])
    table = table.take(order[:max_features] if max_features else order).combine_chunks()
    return Vocabulary(table["word"].chunk(0), table["frequency"].to_numpy())


def _names(
    nodes: np.ndarray, parents: np.ndarray, last_tokens: np.ndarray, types: pa.LargeStringArray
) -> pa.LargeStringArray:
    """Spell the n-grams of some nodes of the trie."""
    names = types.take(pa.array(last_tokens[nodes]))
    space = pa.scalar(" ", pa.large_string())
    above = parents[nodes]
    while (above >= 0).any():
        # Where an n-gram is already whole the null stays out of the join.
        previous = types.take(pa.array(last_tokens[above], mask=above < 0))
        names = pc.binary_join_element_wise(previous, names, space, null_handling="skip")
        above = np.where(above >= 0, parents[above], -1)
    return names


def count_features(tokens: Tokens, vocabulary: Vocabulary, binary: bool = False) -> csr_array:
    """Count the features of a vocabulary in every document.

    Parameters
    ----------
    tokens : Tokens
        Of any split. A token outside the vocabulary counts nowhere, and neither
        does an n-gram that holds one.
    vocabulary : Vocabulary
    binary : bool
        Ones for counts.

    Returns
    -------
    scipy.sparse.csr_array, shape (n_documents, n_columns), float32
        With int32 indices, sorted in each row.
    """
    trie = vocabulary._trie
    numbers = pc.fill_null(pc.index_in(tokens.types, trie.types), -1)
    data, indices, indptr = kernels.count(
        tokens.ids,
        tokens.offsets,
        numbers.to_numpy(zero_copy_only=False),
        trie.keys,
        trie.children,
        trie.columns,
        trie.max_n,
        len(vocabulary),
        binary,
    )
    if indptr[-1] <= np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32)  # scipy asks for one type of both
    counts = csr_array((data, indices, indptr), (tokens.n_documents, len(vocabulary)))
    counts.has_sorted_indices = counts.has_canonical_format = True
    return counts
