"""Texts to scores, a block of texts at a time: what prediction computes, and no more.

A block is tokenised and scored by one thread, and only its scores outlive it. So memory does not
grow with the number of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.features.counting import count_block
from pipeline.features.sums import WeightSums
from pipeline.kernels import sums as kernels
from pipeline.model.logistic import Array, scores, sigmoid
from pipeline.parallel import Workspace, chunks, with_workspaces
from pipeline.storage import arrow
from pipeline.tokens.tokens import Tokens

if TYPE_CHECKING:
    from pipeline.model.text_classifier import TextClassifier

# Bytes of text in a block.
BLOCK = 1 << 22


class TextScores(NamedTuple):
    """The scores of some texts, and how much of each text the model knew.

    Attributes
    ----------
    log_odds : float64 array, shape (n_texts,)
    n_tokens : int64 array, shape (n_texts,)
    n_known : int64 array, shape (n_texts,)
        The number of tokens that occur in a feature of the vocabulary.
    n_features : int64 array, shape (n_texts,)
        0 for a text without a feature, whose score is the intercept.
    """

    log_odds: Array
    n_tokens: Array
    n_known: Array
    n_features: Array

    @property
    def probabilities(self) -> Array:
        """The probability that each text is positive: float64, shape (n_texts,)."""
        return sigmoid(self.log_odds)


def scorer(model: TextClassifier) -> Callable[[pa.LargeStringArray], TextScores]:
    """Return the function that scores a block of texts; several threads may call it at a time.

    Where features are n-grams of tokens, and counts are neither clipped nor scaled, a score is
    summed n-gram by n-gram. The counts of `TextClassifier.count` times the weights are the same
    sum in another order: floating-point rounding makes a difference, below 1e-12 of the sum of the
    absolute terms.
    """
    sum_up = model.weight_sums
    return with_workspaces(_by_counts(model) if sum_up is None else _by_sums(model, sum_up))


def _by_sums(
    model: TextClassifier, sum_up: WeightSums
) -> Callable[[pa.LargeStringArray, Workspace], TextScores]:
    def score(texts: pa.LargeStringArray, workspace: Workspace) -> TextScores:
        block = model.tokenizer.block(texts, workspace)
        sums, n_known, n_features = sum_up(block, workspace)
        return TextScores(sums + model.intercept, np.diff(block.offsets), n_known, n_features)

    return score


def _by_counts(model: TextClassifier) -> Callable[[pa.LargeStringArray, Workspace], TextScores]:
    counting = model.vocabulary, model.binary, model.unit_length

    def score(texts: pa.LargeStringArray, workspace: Workspace) -> TextScores:
        ids, offsets, distinct = model.tokenizer.block(texts, workspace)
        tokens = Tokens(ids, offsets, distinct.spelled())
        counts, known = count_block(tokens, *counting, workspace)
        z = scores(*counts, model.weights, model.intercept)
        n_known = np.empty(len(texts), np.int64)
        kernels.count_known(ids, offsets, known, n_known)
        return TextScores(z, np.diff(offsets), n_known, np.diff(counts.indptr))

    return score


def blocks(texts: pa.LargeStringArray | pa.ChunkedArray) -> Iterator[pa.LargeStringArray]:
    """Cut texts into blocks of about `BLOCK` bytes."""
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        _, offsets = arrow.buffers(chunk)
        for part in chunks(offsets, BLOCK):
            yield chunk[part]


def joined(found: Iterable[TextScores]) -> TextScores:
    """Return the scores of several blocks as those of one."""
    empty = TextScores(np.empty(0), *(np.empty(0, np.int64) for _ in range(3)))
    return TextScores(*(np.concatenate(arrays) for arrays in zip(empty, *found, strict=True)))
