"""What moved a score, by characters: the shares sum to it, and the words that flip it do."""

import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.features.vocabulary import Vocabulary
from pipeline.inspection.highlights import highlight
from pipeline.model.logistic import LogisticRegression
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.read_run import load_model
from pipeline.tokens.tokenizer import Tokenizer

WEIGHTS = {
    "film": 0.5,
    "awful": -2.0,
    "superb": 2.0,
    "don't": -1.0,
    "not": -0.25,
    "not awful": 1.5,
    "not awful film": 0.75,
    "d\u00e9j\u00e0 vu": 0.5,
    "the": 0.0,
}
INTERCEPT = 0.2718  # no sum of the weights, so that no score is at a threshold
SINGLE = {word: weight for word, weight in WEIGHTS.items() if " " not in word}
texts = st.lists(
    st.sampled_from([*" ".join(WEIGHTS).split(), "zzz", "Don\u2019t", ".", "<br />", "\u00e9"])
).map(" ".join) | st.text(st.characters(exclude_categories=["Cs"]))


def classifier(
    weights=WEIGHTS, threshold=0.5, binary=False, unit_length=False, **settings
) -> TextClassifier:
    vocabulary = Vocabulary(pa.array(weights, pa.large_string()), np.arange(len(weights), 0, -1))
    regression = LogisticRegression.of(np.array(list(weights.values())), INTERCEPT, threshold)
    return TextClassifier(Tokenizer(**settings), vocabulary, binary, regression, unit_length)


@given(texts, st.booleans(), st.booleans(), st.booleans())
def test_the_pieces_are_the_text_and_sum_to_the_score(text, binary, unit_length, strip_breaks):
    model = classifier(binary=binary, unit_length=unit_length, strip_breaks=strip_breaks)
    found = highlight(model, text)
    assert "".join(piece.text for piece in found.pieces) == text
    total = found.explanation.intercept + math.fsum(p.contribution for p in found.pieces)
    assert total == pytest.approx(float(model.log_odds([text])[0]), abs=1e-9)


def test_an_ngram_is_shared_equally_among_its_tokens_and_a_feature_among_its_places():
    found = highlight(classifier(), "Not awful\u2014 Awful!")
    assert [(p.text, p.contribution) for p in found.pieces] == [
        ("Not", -0.25 + 1.5 / 2),
        (" ", 0),
        ("awful", -2 + 1.5 / 2),
        ("\u2014 ", 0),
        ("Awful", -2),
        ("!", 0),
    ]
    once = highlight(classifier(binary=True), "awful, awful")
    assert [p.contribution for p in once.pieces if p.token] == [-1, -1]


def test_the_strength_of_a_piece_is_its_share_of_the_largest_contribution():
    found = highlight(classifier(), "superb film, zzz")
    assert [found.strength(piece) for piece in found.pieces] == [1, 0, 0.25, 0, 0]
    unknown = highlight(classifier(), "zzz")
    assert [unknown.strength(piece) for piece in unknown.pieces] == [0]


@given(texts, st.sampled_from([0.1, 0.5, 0.9]))
def test_no_fewer_single_words_change_the_decision(text, threshold):
    found = highlight(classifier(SINGLE, threshold), text)
    present = [c.word for c in found.explanation.contributions]
    added = {c.word: c.contribution for c in found.explanation.contributions}

    def label(removed: tuple[str, ...]) -> str:
        score = INTERCEPT + sum(value for word, value in added.items() if word not in removed)
        return "positive" if 1 / (1 + math.exp(-score)) > threshold else "negative"

    sizes = [
        n
        for n in range(len(present) + 1)
        if any(
            label(removed) != found.explanation.label
            for removed in itertools.combinations(present, n)
        )
    ]
    if found.flip is None:
        assert not sizes
    else:
        assert label(found.flip) != found.explanation.label
        assert len(found.flip) == sizes[0]


@given(texts, st.booleans())
def test_without_the_words_that_flip_it_the_model_decides_otherwise(text, unit_length):
    model = classifier(unit_length=unit_length)
    found = highlight(model, text)
    if found.flip is not None:
        without = "".join(" zzz " if p.token in found.flip else p.text for p in found.pieces)
        assert highlight(model, without).explanation.label != found.explanation.label


def test_the_pieces_of_the_reviews_of_a_run_sum_to_their_scores(small_run):
    model, _ = load_model(small_run.path)
    for text, score in zip(small_run.texts, model.log_odds(small_run.texts), strict=True):
        found = highlight(model, text)
        assert "".join(piece.text for piece in found.pieces) == text
        total = found.explanation.intercept + math.fsum(p.contribution for p in found.pieces)
        assert total == pytest.approx(score, abs=1e-9)
