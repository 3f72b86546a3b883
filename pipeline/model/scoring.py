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
from pipeline.model.confidence import unsure
from pipeline.model.logistic import Array, predictions, probabilities, scores, sigmoid
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
    scores : float64 array, shape (n_texts,), or (n_texts, n_classes) with more than two classes
        Of two classes, the log-odds of the positive one.
    n_tokens : int64 array, shape (n_texts,)
    n_known : int64 array, shape (n_texts,)
        The number of tokens that occur in a feature of the vocabulary.
    n_features : int64 array, shape (n_texts,)
        0 for a text without a feature, whose scores are the intercepts.
    """

    scores: Array
    n_tokens: Array
    n_known: Array
    n_features: Array

    def predictions(self, threshold: float) -> Array:
        """Return the number of the predicted class of each text; see `logistic.predictions`."""
        return predictions(self.scores, threshold)

    def unsure(self, threshold: float, bound: float) -> Array:
        """Return True for each text whose prediction has a confidence below a bound."""
        return unsure(self.scores, threshold, bound)

    def probabilities(self) -> Array:
        """Return the probability that matters of each text: float64, shape (n_texts,).

        Of two classes it is that of the positive one; of more, that of the most probable one.
        """
        if self.scores.ndim == 2:
            highest: Array = probabilities(self.scores).max(axis=1)
            return highest
        return sigmoid(self.scores)

    def ranked(self, threshold: float, n: int) -> tuple[Array, Array]:
        """Return the n most probable classes of each text: their numbers, and probabilities.

        The predicted class is the first, also where a threshold makes it the less probable of two.

        Parameters
        ----------
        threshold : float
            As in `predictions`.
        n : int
            How many classes; at most all are returned.

        Returns
        -------
        numbers : int64 array, shape (n_texts, min(n, n_classes))
        probabilities : float64 array of the same shape

        Examples
        --------
        >>> z, unused = np.array([[0.0, 2.0, 1.0]]), np.array([0])
        >>> numbers, shares = TextScores(z, unused, unused, unused).ranked(0.5, 2)
        >>> numbers.tolist(), shares.round(2).tolist()
        ([[1, 2]], [[0.67, 0.24]])
        """
        shares = probabilities(self.scores)
        keys = -shares
        keys[np.arange(len(keys)), self.predictions(threshold)] = -2
        numbers = keys.argsort(axis=1, kind="stable")[:, :n]
        return numbers, np.take_along_axis(shares, numbers, axis=1)


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
        z = scores(*counts, *model.regression.parameters)
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


def joined(found: Iterable[TextScores], n_classes: int = 2) -> TextScores:
    """Return the scores of several blocks as those of one."""
    none = np.empty(0 if n_classes == 2 else (0, n_classes))
    empty = TextScores(none, *(np.empty(0, np.int64) for _ in range(3)))
    return TextScores(*(np.concatenate(arrays) for arrays in zip(empty, *found, strict=True)))
