"""Words of two classes and their weights: the top ones, those looked up, or all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.inspection.class_frequency import ClassFrequency
from pipeline.model.logistic import Array
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrow


@dataclass(frozen=True)
class Word:
    """A word, its weight, and how many training reviews hold it.

    Attributes
    ----------
    word : str
    weight : float or None
        What one occurrence adds to the log-odds; None if the word is not in the vocabulary.
    document_frequency : int
        The number of training reviews that hold the word.
    negative, positive : int or None
        How many of them are of each class; None if the training counts are not available.
    """

    word: str
    weight: float | None
    document_frequency: int
    negative: int | None
    positive: int | None


def by_weight(model: TextClassifier) -> Array:
    """Return the columns by descending weight, ties in column order."""
    order: Array = np.argsort(-model.weights, kind="stable")
    return order


def top_words(
    model: TextClassifier, top: int, frequency: ClassFrequency | None = None
) -> tuple[list[Word], list[Word]]:
    """Return the words with the most positive and with the most negative weights.

    Parameters
    ----------
    model : TextClassifier
    top : int
        The largest number of words of each sign.
    frequency : ClassFrequency, optional

    Returns
    -------
    positive, negative : list of Word
        The largest absolute weight first. A word of weight 0 is in neither.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, [1, 1, 0, 0]).model_
    >>> positive, negative = top_words(model, 1)
    >>> positive[0].word, positive[0].document_frequency, negative[0].word
    ('awesome', 2, 'abysmal')
    """
    order = by_weight(model)
    signs = model.weights[order]
    positive = order[signs > 0][:top]
    negative = order[signs < 0][::-1][:top]
    return (
        [word_at(model, column, frequency) for column in positive],
        [word_at(model, column, frequency) for column in negative],
    )


def look_up(
    model: TextClassifier, words: Sequence[str], frequency: ClassFrequency | None = None
) -> list[Word]:
    """Return the weights of given words, each in the model's spelling.

    A name that is in the vocabulary as given, such as NOT_good, is that word. So is a character
    n-gram with or without the space before its quotation marks. Any other name is tokenised
    first; several tokens are an n-gram. The weight of an unknown word is None.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, [1, 1, 0, 0]).model_
    >>> [(word.word, word.weight is None) for word in look_up(model, ["Awesome!", "superb"])]
    [('awesome', False), ('superb', True)]
    """
    return [
        Word(name, None, 0, None, None) if column is None else word_at(model, column, frequency)
        for name, column in columns_of(model, words)
    ]


def columns_of(model: TextClassifier, words: Sequence[str]) -> list[tuple[str, int | None]]:
    """Return each word as the model spells it, and its column; None if it is not known."""
    names = [" ".join(model.tokenizer([word]).document(0)) for word in words]
    known = model.vocabulary.words
    quoted = [f" {word}" for word in words]
    columns = pc.coalesce(
        *(pc.index_in(arrow.strings(spellings), known) for spellings in (words, quoted, names))
    ).to_pylist()
    spelled = (name or word for name, word in zip(names, words, strict=True))
    return list(zip(spelled, columns, strict=True))


def weights_table(model: TextClassifier, frequency: ClassFrequency | None = None) -> pa.Table:
    """Return all words by descending weight, with the fields of `Word` as columns.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, [1, 1, 0, 0]).model_
    >>> table = weights_table(model)
    >>> table.column_names, table["word"][0].as_py(), table.num_rows
    (['word', 'weight', 'document_frequency'], 'awesome', 6)
    """
    order = arrow.numbers(by_weight(model))
    columns = {
        "word": model.vocabulary.words,
        "weight": arrow.numbers(model.weights),
        "document_frequency": arrow.numbers(model.vocabulary.document_frequency),
    }
    if frequency is not None:
        negative, positive = map(arrow.numbers, frequency.of_class)
        columns |= {"negative": negative, "positive": positive}
    return pa.table(columns).take(order)


def word_at(model: TextClassifier, column: int, frequency: ClassFrequency | None) -> Word:
    """Return the word of a column, with its weight."""
    in_class = (None, None) if frequency is None else frequency.of_class[:, column].tolist()
    return Word(
        model.vocabulary.words[int(column)].as_py(),
        float(model.weights[column]),
        int(model.vocabulary.document_frequency[column]),
        *in_class,
    )
