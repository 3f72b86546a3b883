"""Stop words that leave negation in the text."""

from pipeline.nltk_data import nltk_corpus, readable
from pipeline.tokens.negation import is_negation


def stop_words() -> tuple[str, ...]:
    """Return NLTK's English stop words without the negations.

    The list also has the stems that a tokenizer without apostrophes leaves of a contraction,
    such as "don" of "don't". They are not returned, because they are all that is left of the
    negation.
    """
    reader = nltk_corpus("stopwords")
    with readable("stopwords"):
        words = set(reader.words("english"))
    negations = {word for word in words if is_negation(word)}
    # The list has the stem of ain't without the word.
    stems = {word.removesuffix("'t") for word in negations | {"ain't"}}
    return tuple(sorted(words - negations - stems))
