"""The baselines' models: majority class, opinion lexicon, VADER, naive Bayes.

    class_sizes        the majority class has the largest, whatever the text says
    opinion_lexicon    a count of words from lists of good and bad words
    vader_scores       a list of graded words, with rules for negation and emphasis
    naive_bayes        weights from counts in closed form

All but VADER are linear classifiers whose weights have a closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipeline.errors import CorpusError
from pipeline.features.vocabulary import Vocabulary
from pipeline.model.logistic import Array, LogisticRegression
from pipeline.model.text_classifier import TextClassifier
from pipeline.nltk_data import nltk_corpus, nltk_vader, readable
from pipeline.storage import arrow
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.training.log_count_ratio import log_count_ratio

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def naive_bayes(
    counts: csr_array, labels: Array, alpha: float = 1.0, sample_weight: Array | None = None
) -> LogisticRegression:
    """Return multinomial naive Bayes as a linear classifier.

    P(y | x) is proportional to P(y) prod_j P(j | y)^x_j, where P(j | y) is the share of feature
    j in all counts of the class after alpha is added to each. The logarithm of that product is
    x . w_y + b_y, with

        w_yj = ln P(j | y),   b_y = ln P(y)

    What two classes share cancels: their log-odds are x . w + b, with

        w_j = ln P(j | 1) - ln P(j | 0),   b = ln(n_positive / n_negative)

    From counts of 0 and 1 it is binary naive Bayes.

    Parameters
    ----------
    counts : csr_array, shape (n, d)
    labels : int array, shape (n,)
        Number of each document's class, from 0.
    alpha : float
        > 0; 1 is Laplace's smoothing.
    sample_weight : float64 array, shape (n,), optional
        A review with weight 2 counts twice.

    Raises
    ------
    CorpusError
        If a class has no document.

    References
    ----------
    Jurafsky & Martin, Speech and Language Processing, the chapter on naive Bayes.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> counts = csr_array(np.array([[2, 0], [1, 1], [0, 2]], np.float32))
    >>> naive_bayes(counts, np.array([1, 1, 0], np.int8)).coef_.round(3)
    array([[ 0.981, -0.811]])
    >>> naive_bayes(counts, np.array([2, 1, 0], np.int8)).predict(counts)
    array([2, 1, 0], dtype=int8)
    """
    sizes = class_sizes(labels, sample_weight)
    if len(sizes) == 2:
        return LogisticRegression.of(
            log_count_ratio(counts, labels, "counts", alpha, sample_weight),
            math.log(sizes[1]) - math.log(sizes[0]),
        )
    shape = len(sizes), counts.shape[1]
    weights = np.ones(len(labels)) if sample_weight is None else sample_weight
    of_entry, class_of = (np.repeat(each, np.diff(counts.indptr)) for each in (weights, labels))
    cells = class_of.astype(np.int64) * shape[1] + counts.indices
    sums = np.bincount(cells, of_entry * counts.data, shape[0] * shape[1]).reshape(shape) + alpha
    return LogisticRegression.of(
        np.log(sums / sums.sum(axis=1, keepdims=True)), np.log(sizes / sizes.sum())
    )


def class_sizes(labels: Array, sample_weight: Array | None = None) -> Array:
    """Return the number of reviews of each class, or the sum of their weights; at least two.

    Raises
    ------
    CorpusError
        If a class has none.

    Examples
    --------
    >>> class_sizes(np.array([0, 2, 1, 1, 1])).tolist()
    [1, 3, 1]
    """
    sizes = np.bincount(labels, sample_weight, minlength=2)
    if not sizes.all():
        raise CorpusError(
            f"baselines: expected reviews of each class, got none of class {sizes.argmin()}"
        )
    return sizes


def opinion_lexicon(tokenizer: Tokenizer) -> TextClassifier:
    """Return the classifier that counts the good and the bad words of a text.

    A lexicon is a linear classifier: the weight of each of the 2,006 positive words is +1, of
    each of the 4,783 negative ones -1, and the intercept is 0. A sum of 0 is a probability of
    0.5, and so predicted negative.

    Words are spelled as the tokenizer spells them, so `well-made` may become an n-gram of two
    tokens; the words in it count too. Words in both lists are left out. So are words that the
    tokenizer shortens: `a+` must not count every `a`. NOT_good, marked by negation, is in no
    list.

    Raises
    ------
    MissingDataError
        If NLTK's data are not installed and cannot be downloaded.

    References
    ----------
    Hu & Liu (2004), Mining and Summarizing Customer Reviews; NLTK's `opinion_lexicon`.
    """
    lexicon = nltk_corpus("opinion_lexicon")
    with readable("opinion_lexicon"):
        words = list(lexicon.positive()), list(lexicon.negative())
    positive, negative = (_spelled(each, tokenizer) for each in words)
    spellings = sorted(positive ^ negative)
    # The lexicon was not learned from documents.
    frequency = np.zeros(len(spellings), np.int32)
    words = arrow.strings([" ".join(tokens) for tokens in spellings])
    weights = np.array([1.0 if tokens in positive else -1.0 for tokens in spellings])
    return TextClassifier(
        tokenizer, Vocabulary(words, frequency), False, LogisticRegression.of(weights, 0.0)
    )


def _spelled(words: list[str], tokenizer: Tokenizer) -> set[tuple[str, ...]]:
    """Return the tokens of each word that loses nothing but hyphens."""
    tokens = tokenizer(words)
    spellings = (tuple(tokens.document(d)) for d in range(tokens.n_documents))
    return {
        spelling
        for word, spelling in zip(words, spellings, strict=True)
        if spelling and "".join(spelling).replace("-", "") == word.replace("-", "")
    }


def vader_scores(
    texts: pa.LargeStringArray | pa.ChunkedArray | Sequence[str],
    on_text: Callable[[int], None] | None = None,
) -> Array:
    """Return VADER's compound score of each text; a text is positive if it is above 0.

    NLTK's implementation: a lexicon of graded words and emoticons with rules for negation,
    degree, capitals and exclamation marks (Hutto & Gilbert 2014, VADER). It was made for short
    messages, and takes a millisecond or more for a review.

    Parameters
    ----------
    texts : pyarrow.LargeStringArray, ChunkedArray of it, or sequence of str, length n
    on_text : callable, optional
        Called after each text with the number of texts that are done.

    Returns
    -------
    float64 array, shape (n,)
        Between -1 and 1; 0 if no word is known.

    Raises
    ------
    MissingDataError
        If NLTK's data are not installed and cannot be downloaded.
    """
    analyzer = nltk_vader()
    scores = np.empty(len(texts))
    for n, text in enumerate(texts):
        known = text if isinstance(text, str) else text.as_py()
        scores[n] = analyzer.polarity_scores(known)["compound"]
        if on_text is not None:
            on_text(n + 1)
    return scores
