"""Claims about the log-count ratio; a loop over a dense table is the judge."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array

from pipeline.weighting import log_count_ratio


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
