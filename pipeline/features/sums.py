"""Sums of the weights of features, without counts between."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.features.vocabulary import Vocabulary
from pipeline.kernels import sums as kernels
from pipeline.parallel import Workspace
from pipeline.tokens.tokenizer import TokenBlock


class Sums(NamedTuple):
    """What is known of each document.

    Attributes
    ----------
    sums : float64 array, shape (n_documents,)
        The weights of its features, each as often as it occurs.
    n_known, n_features : int64 arrays, shape (n_documents,)
        Its tokens that occur in a feature; and its features, 0 if it has none.
    """

    sums: np.ndarray
    n_known: np.ndarray
    n_features: np.ndarray


class WeightSums:
    """Sums the weights of the features of a vocabulary, in blocks of documents.

    Several threads may call it at a time, each with a workspace of its own.

    Parameters
    ----------
    vocabulary : Vocabulary
        Of n-grams of tokens; `WeightSums.fits` tells.
    weights : float64 array, shape (n_columns,)
    """

    def __init__(self, vocabulary: Vocabulary, weights: np.ndarray) -> None:
        self._table, self._trie = None, None
        if vocabulary.is_unigram:
            self._table = vocabulary.table
            self._weights = np.append(weights, 0.0)
        elif (trie := vocabulary._finders.words) is not None:
            self._trie = trie
            self._weights = np.zeros(trie.n_nodes + 1)
            self._weights[: len(weights)] = weights
            self._params = trie.params(len(weights))

    @staticmethod
    def fits(vocabulary: Vocabulary) -> bool:
        """Return True if all features are n-grams of tokens."""
        return vocabulary.is_unigram or vocabulary._finders.characters is None

    def __call__(self, block: TokenBlock, workspace: Workspace) -> Sums:
        """Return the sums of a block of documents."""
        ids, offsets, distinct = block
        sums, found = np.empty(len(offsets) - 1), np.empty((2, len(offsets) - 1), np.int64)
        if self._table is not None:
            columns = self._table.find_all(distinct)
            columns[columns < 0] = len(self._weights) - 1
            kernels.sum_tokens(ids, offsets, columns, self._weights, sums, found)
        elif (trie := self._trie) is not None:
            longest = int(np.diff(offsets).max(initial=0)) + 1
            space = workspace.array("space", 3 * longest, np.int32)[: 3 * longest]
            roots = trie.roots_of(distinct.spelled())
            given = roots, trie.edges, self._params, self._weights
            kernels.sum_ngrams(ids, offsets, *given, space.reshape(3, longest), sums, found)
        return Sums(sums, found[kernels.KNOWN], found[kernels.FEATURES])
