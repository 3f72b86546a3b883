"""The models of the baselines: simple classifiers to compare logistic regression with.

    majority           the more frequent class, whatever the text says
    opinion_lexicon    words that people have listed as good and bad, counted
    vader_scores       such a list with grades, and rules for negation and emphasis
    naive_bayes        weights learned from counts in closed form, each by itself

All but VADER are linear classifiers whose weights have a closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipeline.errors import CorpusError
from pipeline.features.vocabulary import Vocabulary
from pipeline.model.logistic import Array, LogisticRegression
from pipeline.model.text_classifier import TextClassifier
from pipeline.nltk_data import nltk_corpus, nltk_vader
from pipeline.storage import arrow
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.training.log_count_ratio import log_count_ratio

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def majority(labels: Array) -> LogisticRegression:
    """Return the classifier that looks at nothing: the score is the log-odds of the classes.

    It has an intercept, ln(n_positive / n_negative), and no columns. Where the classes are
    equally frequent the score is 0, and every document is predicted negative.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)

    Raises
    ------
    CorpusError
        If there are not two classes.
    """
    return LogisticRegression.of(np.empty(0), class_log_odds(labels))


def naive_bayes(counts: csr_array, labels: Array, alpha: float = 1.0) -> LogisticRegression:
    """Return multinomial naive Bayes as the linear classifier it is.

    P(y | x) is proportional to P(y) prod_j P(j | y)^x_j, with P(j | y) the share of feature
    j in all counts of the class, alpha added to each. Its log-odds are x . w + b with

        w_j = ln P(j | 1) - ln P(j | 0),   b = ln(n_positive / n_negative)

    after Jurafsky & Martin, Speech and Language Processing, the chapter on naive Bayes.
    From counts of 0 and 1 it is their binary naive Bayes.

    Parameters
    ----------
    counts : csr_array, shape (n, d)
    labels : array of 0 and 1, shape (n,)
    alpha : float
        > 0; 1 is Laplace's smoothing.

    Raises
    ------
    CorpusError
        If there are not two classes.
    """
    return LogisticRegression.of(
        log_count_ratio(counts, labels, "counts", alpha), class_log_odds(labels)
    )


def class_log_odds(labels: Array) -> float:
    """Return ln(n_positive / n_negative) of labels, which are of both classes."""
    negative, positive = np.bincount(labels, minlength=2).tolist()
    if not (negative and positive):
        raise CorpusError(
            f"baselines: expected reviews of two classes, got {negative:,} negative and "
            f"{positive:,} positive ones"
        )
    return math.log(positive) - math.log(negative)


def opinion_lexicon(tokenizer: Tokenizer) -> TextClassifier:
    """Return the classifier that counts the good and the bad words of a text.

    A lexicon is a linear classifier: +1 for each of its 2,006 positive words, -1 for each of
    its 4,783 negative ones, intercept 0 (Hu & Liu 2004, Mining and Summarizing Customer
    Reviews; NLTK's `opinion_lexicon`). A sum of 0 is a probability of 0.5, and negative.

    Words are spelled as the tokenizer spells them, so `well-made` may become an n-gram of
    two tokens; the words inside one count too. Words in both lists are left out, and so are
    those of which the tokenizer leaves but a part: `a+` must not count every `a`. A word
    that negation marks, NOT_good, is in no list.

    Raises
    ------
    CorpusError
        If NLTK's data are not installed and cannot be downloaded.
    """
    lexicon = nltk_corpus("opinion_lexicon")
    positive = _spelled(lexicon.positive(), tokenizer)
    negative = _spelled(lexicon.negative(), tokenizer)
    spellings = sorted(positive ^ negative)
    # No document was counted for it.
    frequency = np.zeros(len(spellings), np.int32)
    words = arrow.strings([" ".join(tokens) for tokens in spellings])
    weights = np.array([1.0 if tokens in positive else -1.0 for tokens in spellings])
    return TextClassifier(
        tokenizer, Vocabulary(words, frequency), False, LogisticRegression.of(weights, 0.0)
    )


def _spelled(words: Iterable[str], tokenizer: Tokenizer) -> set[tuple[str, ...]]:
    """Return the tokens of each word of which nothing is lost but hyphens."""
    words = list(words)
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
    """Return VADER's compound score of each text: a text is positive where it is above 0.

    NLTK's own implementation, text by text: a lexicon of graded words and emoticons with
    rules for negation, degree, capitals and exclamation marks (Hutto & Gilbert 2014, VADER).
    It was made for short messages, and takes a millisecond or more for a review.

    Parameters
    ----------
    texts : pyarrow.LargeStringArray, ChunkedArray of it, or sequence of str, length n
    on_text : callable, optional
        Called after every text with how many are done.

    Returns
    -------
    float64 array, shape (n,)
        Between -1 and 1; 0 where no word is known.

    Raises
    ------
    CorpusError
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
