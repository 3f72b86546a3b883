"""Claims about the log-count ratio; a loop over a dense table is the judge."""

import math
import mmap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array

from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.log_count_ratio import interpolated, log_count_ratio, weighted


@st.composite
def counted(draw):
    """Return counts, dense, and labels of both classes."""
    n, d = draw(st.integers(2, 8)), draw(st.integers(1, 5))
    counts = draw(hnp.arrays(np.float32, (n, d), elements=st.integers(0, 4)))
    labels = draw(hnp.arrays(np.int8, n, elements=st.integers(0, 1)))
    labels[:2] = 0, 1
    return counts, labels


alphas = st.sampled_from([0.01, 1.0, 2.5])


def ratio_one_by_one(counts, labels, over, alpha):
    """Return the ratio as the docstring has it, a feature at a time."""
    amounts = (counts > 0).astype(float) if over == "documents" else counts.astype(float)
    n_columns, ratio = counts.shape[1], []
    positive, negative = (
        [sum(row[j] for row, y in zip(amounts, labels, strict=True) if y == label) + alpha
         for j in range(n_columns)]
        for label in (1, 0)
    )  # fmt: skip
    if over == "documents":
        totals = [sum(labels == 1) + alpha, sum(labels == 0) + alpha]
    else:
        totals = [sum(positive), sum(negative)]
    for p, q in zip(positive, negative, strict=True):
        ratio.append(math.log(p / totals[0]) - math.log(q / totals[1]))
    return ratio


@pytest.mark.parametrize("over", ["documents", "counts"])
@given(counted(), alphas)
def test_the_ratio_is_that_of_a_loop(over, corpus, alpha):
    counts, labels = corpus
    found = log_count_ratio(csr_array(counts), labels, over, alpha)
    assert found.dtype == np.float64
    expected = ratio_one_by_one(counts, labels, over, alpha)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("over", ["documents", "counts"])
@given(counted(), alphas)
def test_swapping_the_classes_swaps_the_sign(over, corpus, alpha):
    counts, labels = csr_array(corpus[0]), corpus[1]
    ratio, swapped = (log_count_ratio(counts, y, over, alpha) for y in (labels, 1 - labels))
    np.testing.assert_array_equal(ratio, -swapped)


def test_over_documents_a_repeated_word_counts_once():
    labels, once = np.array([1, 0]), csr_array([[1.0, 0.0], [0.0, 1.0]])
    often = csr_array([[9.0, 0.0], [0.0, 5.0]])
    by_document = log_count_ratio(often, labels, "documents")
    assert by_document.tolist() == log_count_ratio(once, labels, "documents").tolist()
    assert by_document == pytest.approx([math.log(2), -math.log(2)])
    assert log_count_ratio(often, labels, "counts")[0] > by_document[0]


def test_a_feature_that_no_document_holds_belongs_to_neither_of_two_equal_classes():
    counts, labels = csr_array([[1.0, 0, 0], [0, 1.0, 0]]), np.array([1, 0])
    for over in ("documents", "counts"):
        assert log_count_ratio(counts, labels, over)[2] == 0


@pytest.mark.parametrize("alpha", [0, -1.0, math.nan])
def test_without_smoothing_there_is_no_ratio(alpha):
    with pytest.raises(ValueError, match="alpha: expected a number > 0, got"):
        log_count_ratio(csr_array(np.eye(2)), np.array([0, 1]), "documents", alpha)


def test_an_unknown_way_of_counting_is_refused():
    with pytest.raises(ValueError, match="over: expected documents or counts, got 'words'"):
        log_count_ratio(csr_array(np.eye(2)), np.array([0, 1]), "words")


# Learning from weighted counts


@given(counted(), st.sampled_from(["documents", "counts"]), alphas)
def test_weighting_multiplies_each_column_by_its_ratio(drawn, over, alpha):
    counts, labels = drawn
    ratio = log_count_ratio(csr_array(counts), labels, over, alpha)
    found = weighted(csr_array(counts), ratio)
    assert found.csr().toarray() == pytest.approx(counts * ratio, rel=1e-6, abs=1e-6)
    assert found.data.dtype == np.float32


def test_products_beyond_the_buffer_lie_in_a_file_without_a_name(monkeypatch, tmp_path):
    """They are the same bytes as in memory, whatever the size of a block."""
    X, y = some_reviews()
    ratio = log_count_ratio(X, y)
    in_memory = weighted(X, ratio, tmp_path)
    monkeypatch.setattr("pipeline.training.log_count_ratio.BUFFER", X.nnz - 1)
    monkeypatch.setattr("pipeline.training.log_count_ratio._BLOCK", 7)
    in_file = weighted(X, ratio, tmp_path)
    assert in_file.data.tobytes() == in_memory.data.tobytes()
    assert not is_mapped(in_memory.data)
    assert is_mapped(in_file.data)
    assert not list(tmp_path.iterdir())
    assert not is_mapped(weighted(X, ratio).data)


def is_mapped(array: np.ndarray) -> bool:
    """Return True if an array lies in a file."""
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap)


@pytest.mark.parametrize("over", ["documents", "counts"])
@pytest.mark.parametrize("beta", [1.0, 0.25, 0.0])
def test_weights_of_counts_are_those_of_weighted_counts_times_the_ratio(over, beta):
    """Weights w of the counts x r are the weights w r of x, for any share of w that is kept."""
    X, y = some_reviews()
    settings = {"epochs": 4, "learning_rate": 0.05, "validation": 0.25, "seed": 3, "l2": 1e-3}
    model = SGDLogisticRegression(ratio=over, alpha=0.5, beta=beta, **settings).fit(X, y)
    seen = ~model.in_validation_
    ratio = log_count_ratio(X[seen], y[seen], over, 0.5)
    plain = SGDLogisticRegression(**settings).fit(weighted(X, ratio), y)
    kept = beta * plain.coef_[0] + (1 - beta) * np.abs(plain.coef_[0]).mean()
    assert model.coef_[0] == pytest.approx(kept * ratio, rel=1e-6, abs=1e-9)
    assert model.intercept_ == pytest.approx(plain.intercept_)
    assert (model.in_validation_ == plain.in_validation_).all()


def test_the_ratio_is_not_learned_from_the_validation_set():
    """Labels of the validation set that are swapped change no weight."""
    X, y = some_reviews()
    settings = {"ratio": "documents", "validation": 0.25, "epochs": 2}
    first = SGDLogisticRegression(**settings).fit(X, y)
    swapped = y.copy()
    swapped[np.flatnonzero(first.in_validation_ & (y == 1))[:3]] = 0
    swapped[np.flatnonzero(first.in_validation_ & (y == 0))[:3]] = 1
    # As many of each class, but others would be drawn: the same set is given by hand.
    second = SGDLogisticRegression(**settings)
    second.draw_validation = lambda labels, groups: first.in_validation_
    second.fit(X, swapped)
    assert (second.coef_ == first.coef_).all()
    assert second.kept_.validation_accuracy < first.kept_.validation_accuracy


@pytest.mark.parametrize(("name", "value"), [("alpha", 0.0), ("beta", 1.5), ("ratio", "words")])
def test_settings_of_the_ratio_are_checked(name, value):
    X, y = some_reviews()
    settings = {"ratio": "documents", name: value}
    with pytest.raises(ValueError, match=f"{name}: expected"):
        SGDLogisticRegression(**settings).fit(X, y)


def test_interpolation_keeps_a_share_of_the_weights():
    weights = np.array([1.0, -3.0, 0.0, 2.0])
    assert interpolated(weights, 1.0) is weights
    assert interpolated(weights, 0.5).tolist() == [1.25, -0.75, 0.75, 1.75]
    assert interpolated(weights, 0.0).tolist() == [1.5] * 4


def some_reviews():
    """Return counts of 12 words in 80 documents, and labels that some of them tell."""
    draw = np.random.default_rng(1)
    y = np.arange(80) % 2
    rates = np.where(y[:, None] == 1, np.linspace(0.2, 1.5, 12), np.linspace(1.5, 0.2, 12))
    return csr_array(draw.poisson(rates).astype(np.float32)), y
