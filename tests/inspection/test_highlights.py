"""What moved a score, by characters: the shares sum to it, and the words that flip it do."""

import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
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


@given(texts, st.booleans(), st.booleans(), st.sampled_from(["keep", "breaks", "text"]))
def test_the_pieces_are_the_text_and_sum_to_the_score(text, binary, unit_length, html):
    model = classifier(binary=binary, unit_length=unit_length, html=html)
    found = highlight(model, text)
    assert "".join(piece.text for piece in found.pieces) == text
    total = found.explanation.intercept + math.fsum(p.contribution for p in found.pieces)
    assert total == pytest.approx(float(model.decision_function([text])[0]), abs=1e-9)


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


# With characters

CHARACTERS = {
    ' "aw"': 0.5,
    ' " aw"': -0.25,
    ' "l "': 1.0,
    ' "perb "': 1.5,
    ' " a "': -1.0,
    ' "OT_"': 0.125,
    ' "\u00e9"': 2.0,
    ' " <br"': -0.5,
    "awful": -2.0,
    "not awful": 0.75,
}


@given(texts, st.booleans(), st.booleans(), st.sampled_from(["keep", "text"]), st.booleans())
@example("Cafe\u0301 \u00c9 \u0130 not awful", False, False, "keep", True)
def test_the_characters_are_the_text_and_sum_to_the_score(
    text, binary, unit_length, html, mark_negation
):
    model = classifier(
        CHARACTERS,
        binary=binary,
        unit_length=unit_length,
        html=html,
        mark_negation=mark_negation,
        punctuation=True,
    )
    found = highlight(model, text)
    assert "".join(piece.text for piece in found.pieces) == text
    total = found.explanation.intercept + math.fsum(p.contribution for p in found.pieces)
    assert total == pytest.approx(float(model.decision_function([text])[0]), abs=1e-9)


def test_a_character_has_its_share_of_every_ngram_that_covers_it():
    found = highlight(classifier(CHARACTERS), "Awl, a")
    assert [(p.text, p.contribution) for p in found.pieces] == [
        ("A", 0.5 / 2 - 0.25 / 2),
        ("w", 0.5 / 2 - 0.25 / 2),
        ("l", 1.0),
        (", ", 0),
        ("a", -1.0),
    ]
    twice = highlight(classifier(CHARACTERS, binary=True), "al awful all")
    shares = [piece.contribution for piece in twice.pieces if piece.text == "l"]
    assert shares == pytest.approx([1 / 3, 1 / 3 - 2 / 5, 0, 1 / 3])


def test_the_mark_of_a_negation_belongs_to_its_word():
    model = classifier({' "OT_"': 0.5, ' "goo"': 1.0}, mark_negation=True, lowercase=False)
    found = highlight(model, "not good, NOT_good")
    of_tokens = [piece for piece in found.pieces if piece.token]
    assert [(p.text, pytest.approx(p.contribution)) for p in of_tokens] == [
        *[("n", 0), ("o", 0), ("t", 0)],
        *[(letter, 0.5 / 4 + 1 / 3) for letter in "goo"],
        ("d", 0.5 / 4),
        ("N", 0),
        *[(letter, 0.5 / 3) for letter in "OT_"],
        *[(letter, 1 / 3) for letter in "goo"],
        ("d", 0),
    ]


@given(texts, st.booleans(), st.booleans(), st.sampled_from([0.2, 0.5, 0.8]))
@example("superb superb awl awl awful", True, False, 0.5)
def test_without_the_words_that_flip_it_the_characters_decide_otherwise(
    text, binary, unit_length, threshold
):
    model = classifier(CHARACTERS, threshold, binary=binary, unit_length=unit_length)
    found = highlight(model, text)
    if found.flip is not None:
        # A word that no feature lies in stands where one was, so that no others meet.
        tokens = model.tokenizer([text]).document(0)
        without = " ".join("あ" if token in found.flip else token for token in tokens)
        assert highlight(model, without).explanation.label != found.explanation.label


def test_a_word_loses_what_its_characters_add_and_one_that_counts_once_is_shared():
    text = "al bl cl"
    assert highlight(classifier({' "l "': 1.0}, 0.9), text).flip == ("al", "bl")
    assert highlight(classifier({' "l "': 1.0}, 0.7, binary=True), text).flip == ("al", "bl", "cl")
    assert highlight(classifier({' "l "': 1.0}, 0.5), text).flip is None


# What stands out


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
    for text, score in zip(small_run.texts, model.decision_function(small_run.texts), strict=True):
        found = highlight(model, text)
        assert "".join(piece.text for piece in found.pieces) == text
        total = found.explanation.intercept + math.fsum(p.contribution for p in found.pieces)
        assert total == pytest.approx(score, abs=1e-9)
