"""The baselines' models: majority class, opinion lexicon, VADER, naive Bayes.

    class_log_odds     the majority class, whatever the text says
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
    j in all counts of the class after alpha is added to each. The log-odds are x . w + b with

        w_j = ln P(j | 1) - ln P(j | 0),   b = ln(n_positive / n_negative)

    From counts of 0 and 1 it is binary naive Bayes.

    Parameters
    ----------
    counts : csr_array, shape (n, d)
    labels : array of 0 and 1, shape (n,)
    alpha : float
        > 0; 1 is Laplace's smoothing.
    sample_weight : float64 array, shape (n,), optional
        A review with weight 2 counts twice.

    Raises
    ------
    CorpusError
        If there are not two classes.

    References
    ----------
    Jurafsky & Martin, Speech and Language Processing, the chapter on naive Bayes.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> counts = csr_array(np.array([[2, 0], [1, 1], [0, 2]], np.float32))
    >>> naive_bayes(counts, np.array([1, 1, 0], np.int8)).coef_.round(3)
    array([[ 0.981, -0.811]])
    """
    return LogisticRegression.of(
        log_count_ratio(counts, labels, "counts", alpha, sample_weight),
        class_log_odds(labels, sample_weight),
    )


def class_log_odds(labels: Array, sample_weight: Array | None = None) -> float:
    """Return ln(n_positive / n_negative): the majority class is positive where it is above 0.

    With sample weights, n is the sum of the weights of a class.

    Raises
    ------
    CorpusError
        If there are not two classes.

    Examples
    --------
    >>> round(class_log_odds(np.array([0, 1, 1])), 4)
    0.6931
    """
    negative, positive = np.bincount(labels, sample_weight, minlength=2).tolist()
    if not (negative and positive):
        raise CorpusError(
            f"baselines: expected reviews of two classes, got {negative:,} negative and "
            f"{positive:,} positive ones"
        )
    return math.log(positive) - math.log(negative)


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
