"""Claims about the results below logistic regression; scikit-learn and NLTK are the judges."""

import math
import os
import subprocess
import sys
from pathlib import Path

import nltk
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array
from sklearn.naive_bayes import MultinomialNB
from small_lexicons import nltk_reads

import pipeline
from pipeline import nltk_data
from pipeline.errors import CorpusError
from pipeline.inspection.explanation import explain
from pipeline.model.text_classifier import TextClassifier
from pipeline.studies import baseline_models
from pipeline.studies.baseline_models import (
    class_sizes,
    naive_bayes,
    opinion_lexicon,
    vader_scores,
)
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.training.log_count_ratio import log_count_ratio


@st.composite
def counted(draw, n_classes=2):
    """Return counts, dense, and labels of each class."""
    n, d = draw(st.integers(n_classes, 8)), draw(st.integers(1, 5))
    counts = draw(hnp.arrays(np.float32, (n, d), elements=st.integers(0, 4)))
    labels = draw(hnp.arrays(np.int8, n, elements=st.integers(0, n_classes - 1)))
    labels[:n_classes] = np.arange(n_classes)
    return counts, labels


# The majority class


@pytest.mark.parametrize(
    ("labels", "number"),
    [([1, 1, 0], 1), ([0, 1, 0], 0), ([1, 0], 0), ([0, 1, 1, 0], 0), ([0, 2, 1, 2], 2)],
)
def test_the_majority_class_is_the_most_frequent_one_and_the_first_in_a_tie(labels, number):
    assert class_sizes(np.array(labels, np.int8)).argmax() == number


@pytest.mark.parametrize("labels", [[1, 1], [0], [], [0, 2, 2]])
def test_a_class_without_reviews_is_no_corpus_for_a_baseline(labels):
    labels = np.array(labels, np.int8)
    for make in (class_sizes, lambda y: naive_bayes(csr_array((len(y), 2)), y)):
        with pytest.raises(CorpusError, match="expected reviews of each class, got none of"):
            make(labels)


# Naive Bayes


@given(st.data(), st.sampled_from([2, 3, 5]), st.sampled_from([0.01, 1.0, 2.5]), st.booleans())
def test_naive_bayes_is_scikit_learns(data, n_classes, alpha, weighted):
    counts, labels = data.draw(counted(n_classes))
    weights = np.linspace(0.5, 3, len(labels)) if weighted else None
    model = naive_bayes(csr_array(counts), labels, alpha, weights)
    expected = MultinomialNB(alpha=alpha).fit(counts, labels, weights)
    np.testing.assert_allclose(
        model.predict_proba(counts), expected.predict_proba(counts), rtol=1e-8, atol=1e-12
    )


@given(counted())
def test_its_weights_are_the_log_count_ratio_and_its_intercept_the_prior(corpus):
    counts, labels = csr_array(corpus[0]), corpus[1]
    model = naive_bayes(counts, labels, alpha=0.5)
    ratio = log_count_ratio(counts, labels, "counts", 0.5)
    assert model.coef_[0].tolist() == ratio.tolist()
    n = np.bincount(labels).tolist()
    assert model.intercept_[0] == math.log(n[1]) - math.log(n[0])


@given(counted(3), st.permutations(range(3)))
def test_renaming_the_classes_renames_the_weights_of_naive_bayes(corpus, order):
    counts, labels = csr_array(corpus[0]), corpus[1]
    order = np.array(order)
    model, renamed = naive_bayes(counts, labels), naive_bayes(counts, np.argsort(order)[labels])
    np.testing.assert_allclose(renamed.coef_, model.coef_[order], rtol=1e-12)
    np.testing.assert_allclose(renamed.intercept_, model.intercept_[order], rtol=1e-12)


def test_naive_bayes_of_jurafsky_and_martins_example():
    """Three negative and two positive documents, add-one; "predictable with no fun"."""
    negative = ["just plain boring", "entirely predictable and lacks energy"]
    negative += ["no surprises and very few laughs"]
    positive = ["very powerful", "the most fun film of the summer"]
    words = sorted({w for text in negative + positive for w in text.split()})
    table = [[text.split().count(w) for w in words] for text in negative + positive]
    model = naive_bayes(csr_array(np.array(table, np.float32)), np.array([0, 0, 0, 1, 1]))
    z = model.decision_function([[w in ("predictable", "no", "fun") for w in words]])[0]
    log_negative = math.log(3 / 5 * (2 * 2 * 1) / 34**3)
    log_positive = math.log(2 / 5 * (1 * 1 * 2) / 29**3)
    assert z == pytest.approx(log_positive - log_negative)
    assert z < 0


# The lexicon


@pytest.fixture
def nltk_installed(shared_data):
    """NLTK, which finds its data in the shared folder."""
    with nltk_reads(shared_data / "nltk_data"):
        yield nltk


@pytest.fixture
def few_words(lexicon_data):
    """NLTK, which finds a few words of its lexicons."""
    with nltk_reads(lexicon_data):
        yield nltk


@pytest.fixture
def lexicon_of(monkeypatch):
    """Return a function that makes the classifier of two lists of words."""

    class Lists:
        def __init__(self, positive, negative):
            self.positive, self.negative = lambda: positive, lambda: negative

    def make(positive, negative, **tokenizer) -> dict[str, float]:
        monkeypatch.setattr(baseline_models, "nltk_corpus", lambda name: Lists(positive, negative))
        model = opinion_lexicon(Tokenizer(**tokenizer))
        return dict(zip(model.vocabulary.words.to_pylist(), model.weights.tolist(), strict=True))

    return make


def test_a_lexicon_is_a_classifier_of_weights_one_and_minus_one(lexicon_of):
    assert lexicon_of(["good", "fun"], ["bad"]) == {"good": 1, "fun": 1, "bad": -1}


def test_words_in_both_lists_are_left_out_however_they_are_spelled(lexicon_of):
    assert lexicon_of(["good", "envious", "two-faced"], ["envious", "two--faced"]) == {"good": 1}


def test_a_word_of_several_tokens_is_an_n_gram(lexicon_of):
    words = ["state-of-the-art", "well-made"]
    assert lexicon_of(words, []) == {"state of the art": 1, "well made": 1}
    assert lexicon_of(words[1:], [], punctuation=True) == {"well - made": 1}
    assert lexicon_of(words[1:], [], tokenizer="treebank") == {"well-made": 1}


def test_a_word_of_which_a_part_is_lost_is_left_out(lexicon_of):
    assert lexicon_of(["a+", "good"], ["f**k", "***"]) == {"good": 1}
    assert lexicon_of(["a+"], [], punctuation=True) == {"a +": 1}
    assert lexicon_of(["good", "the-best"], [], stop_words=("the",)) == {"good": 1}


def test_the_lexicon_is_hu_and_lius(nltk_installed):
    model = opinion_lexicon(Tokenizer())
    weights = dict(zip(model.vocabulary.words.to_pylist(), model.weights, strict=True))
    lists = nltk_installed.corpus.opinion_lexicon
    for words, weight in ((lists.positive(), 1.0), (lists.negative(), -1.0)):
        plain = [w for w in words if w.isascii() and w.isalpha() and "envious" not in w]
        assert len(plain) > 1900
        assert {weights[w] for w in plain} == {weight}
    # Three words are in both lists, and six are not words to this tokenizer.
    assert len(weights) == 2006 + 4783 - 2 * 3 - 6
    assert model.intercept == 0


@pytest.mark.parametrize(
    "tokenizer",
    [
        Tokenizer(),
        Tokenizer(punctuation=True),
        Tokenizer(mark_negation=True),
        Tokenizer("treebank"),
        Tokenizer("tweet", lowercase=False),
    ],
    ids=lambda t: t.tokenizer,
)
def test_a_score_is_good_words_less_bad_words(few_words, tokenizer):
    model = opinion_lexicon(tokenizer)
    texts = ["A good, good film; a bad story", "awful and boring", "", "a film", "fun but boring"]
    assert model.decision_function(texts).tolist() == [1, -2, 0, 0, 0]


def test_a_sum_of_zero_is_predicted_negative(few_words):
    model = opinion_lexicon(Tokenizer())
    label = [explain(model, text).label for text in ("fun but boring", "fun", "")]
    assert label == ["negative", "positive", "negative"]


def test_a_lexicon_is_a_model_that_can_be_saved(few_words, tmp_path):
    model = opinion_lexicon(Tokenizer())
    model.save(tmp_path)
    texts = ["a well-made, lovely film", "state-of-the-art rubbish"]
    assert (
        TextClassifier.load(tmp_path).decision_function(texts).tolist()
        == model.decision_function(texts).tolist()
    )


def test_the_lexicon_beats_chance_on_real_reviews(nltk_installed):
    reviews = nltk_installed.corpus.movie_reviews
    files = reviews.fileids("neg")[:200] + reviews.fileids("pos")[:200]
    labels = np.repeat([0, 1], 200)
    positive = opinion_lexicon(Tokenizer()).decision_function([reviews.raw(f) for f in files]) > 0
    assert np.mean(positive == labels) > 0.65


# VADER


TEXTS = ["VADER is smart, handsome, and funny!", "Not good at all.", "", "A film", "horrible :("]


def test_vader_is_nltks(few_words):
    from nltk.sentiment.vader import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    expected = [analyzer.polarity_scores(text)["compound"] for text in TEXTS]
    for texts in (
        TEXTS,
        pa.array(TEXTS, pa.large_string()),
        pa.chunked_array([TEXTS[:2], TEXTS[2:]]),
    ):
        scores = vader_scores(texts)
        assert (scores.dtype, scores.tolist()) == (np.float64, expected)


def test_vaders_sign_is_the_sentiment(few_words):
    assert np.sign(vader_scores(TEXTS)).tolist() == [1, -1, 0, 0, -1]


def test_vader_tells_how_many_texts_are_done(few_words):
    done = []
    vader_scores(TEXTS, done.append)
    assert done == [1, 2, 3, 4, 5]
    assert vader_scores([], pytest.fail).shape == (0,)


# Data that are missing, and libraries that are not needed


def test_importing_the_baselines_imports_no_library_of_theirs(tmp_path):
    code = (
        "import sys, pipeline.studies.baseline_models\n"
        "print({'nltk', 'sklearn'} & set(sys.modules))"
    )
    assert printed(code, tmp_path) == "set()"


NEED = {
    "opinion_lexicon": ("corpora", "opinion_lexicon(Tokenizer())"),
    "vader_lexicon": ("sentiment", "vader_scores(['good'])"),
}
CALL = """
from pipeline.studies.baseline_models import opinion_lexicon, vader_scores
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.errors import CorpusError
try:
    %s
except CorpusError as error:
    print(error)
"""


@pytest.mark.parametrize("name", NEED)
def test_missing_data_are_a_hint_of_one_line(name, tmp_path):
    folder, call = NEED[name]
    offline = "import nltk\nnltk.download = lambda *_, **__: False\n"
    assert printed(offline + CALL % call, tmp_path) == (
        f"NLTK's {name}: not installed and it could not be downloaded; point NLTK_DATA at a "
        f"folder that has {folder}/{name}, or run `python -m nltk.downloader {name}` with a "
        "network connection"
    )


@pytest.mark.parametrize("name", NEED)
@pytest.mark.parametrize("share", [0, 0.5])
def test_damaged_data_are_named(lexicon_data, name, share, tmp_path):
    folder, call = NEED[name]
    whole = (lexicon_data / folder / f"{name}.zip").read_bytes()
    (tmp_path / folder).mkdir()
    (tmp_path / folder / f"{name}.zip").write_bytes(whole[: int(share * len(whole))])
    line = printed(CALL % call, tmp_path)
    assert line.startswith(f"NLTK's {name}: cannot be read (")


def printed(code: str, data: Path) -> str:
    """Return the one line that code prints where NLTK looks for its data in `data`."""
    root = str(Path(pipeline.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"NLTK_DATA": str(data), "HOME": str(data), "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout.strip()


def test_vaders_lexicon_is_downloaded_and_then_read(few_words, monkeypatch):
    asked, found = [], list(few_words.data.path)
    few_words.data.path.clear()
    few_words.data.clear_cache()

    def download(name, quiet, print_error_to):
        asked.append((name, quiet))
        few_words.data.path.extend(found)

    monkeypatch.setattr(few_words, "download", download)
    analyzer = nltk_data.nltk_vader()
    assert asked == [("vader_lexicon", True)]
    assert analyzer.polarity_scores("good")["compound"] > 0
