"""A look inside the weights: the words, who uses them, and what each adds to a score."""

import itertools
import re
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pipeline.features.vocabulary import Vocabulary
from pipeline.inspection import class_frequency
from pipeline.inspection.class_frequency import ClassFrequency
from pipeline.inspection.explanation import explain
from pipeline.inspection.weights import look_up, top_words, weights_table
from pipeline.model.logistic import LogisticRegression, decide
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.read_run import load_model
from pipeline.tokens.tokenizer import Tokenizer

WORDS = ["film", "awful", "superb", "don't", "not awful", "d\u00e9j\u00e0 vu", "the"]
WEIGHTS = [0.5, -2.0, 2.0, -1.0, 1.5, 0.5, 0.0]


def classifier(threshold: float = 0.5, **settings: object) -> TextClassifier:
    vocabulary = Vocabulary(pa.array(WORDS, pa.large_string()), np.arange(70, 0, -10))
    regression = LogisticRegression.of(np.array(WEIGHTS), 0.25, threshold)
    return TextClassifier(Tokenizer(**settings), vocabulary, False, regression)


@pytest.fixture(scope="module")
def trained(small_run):
    return load_model(small_run.path)


def grams(text: str) -> set[str]:
    """Return the words and pairs of words of a text, the obvious way."""
    tokens = re.findall(r"\w+(?:'\w+)*", text.lower().replace("\u2019", "'"))
    return {*tokens, *(f"{a} {b}" for a, b in itertools.pairwise(tokens))}


# Words by weight


def test_top_words_are_the_extremes_of_each_sign_the_most_extreme_first():
    positive, negative = top_words(classifier(), 3)
    assert [(w.word, w.weight) for w in positive] == [
        *[("superb", 2.0), ("not awful", 1.5), ("film", 0.5)]
    ]
    assert [(w.word, w.weight) for w in negative] == [("awful", -2.0), ("don't", -1.0)]
    assert [w.document_frequency for w in positive] == [50, 30, 70]
    assert {w.negative for w in positive} == {w.positive for w in negative} == {None}


@pytest.mark.parametrize("top", [1, 5, 10_000])
def test_top_words_of_a_trained_model_equal_a_sort_of_all_weights(trained, top):
    model, frequency = trained
    pairs = list(zip(model.weights.tolist(), model.vocabulary.words.to_pylist(), strict=True))
    positive, negative = top_words(model, top, frequency)
    assert [w.weight for w in positive] == sorted([w for w, _ in pairs if w > 0])[::-1][:top]
    assert [w.weight for w in negative] == sorted([w for w, _ in pairs if w < 0])[:top]
    assert {(w.weight, w.word) for w in positive + negative} <= set(pairs)


def test_the_words_that_the_reviews_were_made_of_have_the_right_signs(trained):
    model, _ = trained
    found = look_up(model, ["superb", "moving", "funny", "dreadful", "boring", "clumsy"])
    assert [np.sign(word.weight) for word in found] == [1, 1, 1, -1, -1, -1]


def test_class_frequencies_equal_a_recount_from_the_texts(trained, small_run):
    model, frequency = trained
    by_class: dict[int, list[set[str]]] = {0: [], 1: []}
    for text, label in zip(small_run.texts, small_run.labels, strict=True):
        by_class[label].append(grams(text))
    words = model.vocabulary.words.to_pylist()
    assert set(words) == set.union(*by_class[0], *by_class[1])
    for label, found in enumerate(frequency.of_class):
        assert found.tolist() == [sum(word in text for text in by_class[label]) for word in words]
    total = frequency.of_class.sum(axis=0)
    assert total.tolist() == model.vocabulary.document_frequency.tolist()


@given(
    st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), max_size=6),
    st.integers(2, 5),
    st.randoms(use_true_random=False),
)
def test_class_frequencies_count_the_documents_with_a_word(rows, n_classes, random):
    labels = np.array([random.randrange(n_classes) for _ in rows], np.int8)
    dense = np.array(rows, np.float32).reshape(len(rows), 4)
    found = ClassFrequency.of(csr_array(dense), labels, n_classes).of_class
    assert found.dtype == np.int64
    expected = [(dense[labels == k] > 0).sum(axis=0) for k in range(n_classes)]
    np.testing.assert_array_equal(found, expected)


def test_class_frequencies_take_less_memory_than_the_counts(monkeypatch):
    monkeypatch.setattr(class_frequency, "_BLOCK", 1_000)
    n, d = 5_000, 50
    indices = np.tile(np.arange(d, dtype=np.int32), n)
    counts = csr_array((np.ones(n * d, np.float32), indices, np.arange(n + 1) * d), shape=(n, d))
    labels = (np.arange(n) % 2).astype(np.int8)
    tracemalloc.start()
    found = ClassFrequency.of(counts, labels, 2).of_class
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found == n // 2).all()
    assert peak < n * d


def test_the_table_of_weights_has_every_word_by_descending_weight(trained):
    model, frequency = trained
    table = weights_table(model, frequency)
    assert table.column_names == ["word", "weight", "document_frequency", "negative", "positive"]
    assert sorted(table["word"].to_pylist()) == sorted(model.vocabulary.words.to_pylist())
    weights = table["weight"].to_pylist()
    assert weights == sorted(weights, reverse=True)
    for row in table.slice(0, 10).to_pylist():
        (word,) = look_up(model, [row["word"]], frequency)
        assert vars(word) == row
    assert weights_table(model).column_names == ["word", "weight", "document_frequency"]


# Looking words up


@pytest.mark.parametrize(
    ("name", "word", "weight"),
    [
        ("superb", "superb", 2.0),
        ("SuPerB", "superb", 2.0),
        (" superb! ", "superb", 2.0),
        ("don't", "don't", -1.0),
        ("Don\u2019t", "don't", -1.0),
        ("not awful", "not awful", 1.5),
        ("Not  Awful", "not awful", 1.5),
        ("D\u00c9J\u00c0 vu", "d\u00e9j\u00e0 vu", 0.5),
        ("the", "the", 0.0),
    ],
)
def test_a_word_is_found_as_the_tokenizer_spells_it(name, word, weight):
    (found,) = look_up(classifier(), [name])
    assert (found.word, found.weight) == (word, weight)


def test_characters_are_looked_up_by_their_name_and_never_taken_for_a_word():
    names = pa.array(["oo", ' "oo"', ' " oo"'], pa.large_string())
    regression = LogisticRegression.of(np.array([1.0, 2.0, 3.0]), 0.0)
    model = TextClassifier(Tokenizer(), Vocabulary(names, np.arange(3, 0, -1)), False, regression)
    for name, weight in {"oo": 1.0, '"oo"': 2.0, ' "oo"': 2.0, '" oo"': 3.0, "OO": 1.0}.items():
        assert look_up(model, [name])[0].weight == weight
    assert look_up(model, ['"oops"'])[0].weight is None
    assert top_words(model, 3)[0][0].word == ' " oo"'


@pytest.mark.parametrize("name", ["zzz", "superb film", "vu d\u00e9j\u00e0", "!", "", "   "])
def test_a_word_that_is_not_in_the_vocabulary_has_no_weight(name):
    frequency = ClassFrequency(np.arange(14).reshape(2, 7))
    (found,) = look_up(classifier(), [name], frequency)
    assert found.weight is None
    assert found.document_frequency == 0
    assert (found.negative, found.positive) == (None, None)
    assert found.word == name


def test_words_come_back_in_the_order_they_were_asked_for():
    names = ["the", "zzz", "awful", "the"]
    assert [word.word for word in look_up(classifier(), names)] == names
    assert look_up(classifier(), []) == []


def test_a_marked_word_is_found_by_the_name_that_the_vocabulary_gives_it():
    """No text is tokenised to NOT_good alone, for the negation comes before it."""
    words = pa.array(["good", "NOT_good"], pa.large_string())
    model = TextClassifier(
        Tokenizer(mark_negation=True),
        Vocabulary(words, np.array([2, 1])),
        False,
        LogisticRegression.of(np.array([1.0, -1.0]), 0.0),
    )
    assert [word.weight for word in look_up(model, ["good", "NOT_good", "GOOD"])] == [1, -1, 1]


# Explanations


def test_an_explanation_says_what_each_word_adds():
    explanation = explain(classifier(), "Not awful. AWFUL, awful film; unknown zzz")
    assert [(c.word, c.count, c.weight, c.contribution) for c in explanation.contributions] == [
        ("awful", 3, -2.0, -6.0),
        ("not awful", 1, 1.5, 1.5),
        ("film", 1, 0.5, 0.5),
    ]
    assert explanation.intercept == 0.25
    assert explanation.log_odds == -3.75
    assert explanation.probability == pytest.approx(1 / (1 + np.exp(3.75)))
    assert explanation.label == "negative"
    assert (explanation.n_tokens, explanation.n_unknown) == (7, 2)


def test_the_explanation_of_a_text_without_a_known_word_is_the_intercept():
    explanation = explain(classifier(), "zzz")
    assert explanation.contributions == ()
    assert explanation.log_odds == explanation.intercept == 0.25
    assert (explanation.n_tokens, explanation.n_unknown) == (1, 1)
    assert explain(classifier(), "").n_tokens == 0


@given(
    st.lists(
        st.sampled_from([*" ".join(WORDS).split(), "not", "zzz", "Don\u2019t", ".", "\u00e9"])
    ).map(" ".join)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
def test_contributions_and_intercept_sum_to_the_score(text):
    model = classifier()
    explanation = explain(model, text)
    total = explanation.intercept + sum(c.contribution for c in explanation.contributions)
    assert total == pytest.approx(explanation.log_odds, abs=1e-9)
    assert explanation.log_odds == pytest.approx(
        float(model.decision_function([text])[0]), abs=1e-9
    )
    assert explanation.probability == pytest.approx(float(model.probabilities([text])[0]))
    added = [abs(c.contribution) for c in explanation.contributions]
    assert added == sorted(added, reverse=True)
    assert all(c.contribution == c.count * c.weight for c in explanation.contributions)


def test_explanations_of_a_trained_model_sum_to_its_scores(trained, small_run):
    model, _ = trained
    for text, score in zip(small_run.texts, model.decision_function(small_run.texts), strict=True):
        explanation = explain(model, text)
        total = explanation.intercept + sum(c.contribution for c in explanation.contributions)
        assert total == pytest.approx(score, abs=1e-9)
        assert explanation.n_unknown == 0


def test_a_text_is_positive_above_the_threshold_alone():
    at_and_above = np.array([0.5, np.nextafter(0.5, 1)])
    assert decide(at_and_above, 0.5).tolist() == [False, True]
    text = "superb"
    assert explain(classifier(0.5), text).label == "positive"
    assert explain(classifier(0.99), text).label == "negative"
    assert explain(classifier(0.99), text).threshold == 0.99


def test_an_explanation_of_scaled_counts_sums_to_the_score():
    """The scale is the same for every word of a text; counts stay whole."""
    plain = classifier()
    scaled = TextClassifier(
        plain.tokenizer, plain.vocabulary, plain.binary, plain.regression, unit_length=True
    )
    for text in ("a superb film, not awful", "film film the", "", "nothing known"):
        found = explain(scaled, text)
        total = found.intercept + sum(c.contribution for c in found.contributions)
        assert total == pytest.approx(found.log_odds, abs=1e-12)
        assert found.log_odds == pytest.approx(scaled.decision_function([text])[0], abs=1e-12)
        counts = np.array([c.count for c in found.contributions])
        if len(counts):
            assert found.scale == pytest.approx(1 / np.sqrt(np.square(counts).sum()))
        for c in found.contributions:
            assert c.contribution == pytest.approx(c.count * found.scale * c.weight, rel=1e-6)
