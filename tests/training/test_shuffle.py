"""The order of an epoch: a permutation, of all documents or of chunks and then within buffers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import random_array

from pipeline import SGDLogisticRegression
from pipeline.training import shuffle as module
from pipeline.training.shuffle import Shuffle

sizes = st.lists(st.integers(0, 9), min_size=1, max_size=60)


def orders(sizes, buffer, chunk, documents=None, seed=0):
    """Return the orders of two epochs."""
    indptr = np.concatenate(([0], np.cumsum(sizes)))
    documents = np.arange(len(sizes)) if documents is None else documents
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BUFFER", buffer)
        patch.setattr(module, "CHUNK", chunk)
        shuffle, generator = Shuffle(indptr, documents), np.random.default_rng(seed)
        return [shuffle.order(generator) for _ in range(2)]


@given(sizes, st.integers(1, 50), st.integers(1, 20), st.data())
def test_each_document_is_visited_once(sizes, buffer, chunk, data):
    taken = data.draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
    documents = np.flatnonzero(taken)
    for order in orders(sizes, buffer, chunk, documents):
        assert sorted(order.tolist()) == documents.tolist()


@given(sizes, st.integers(1, 20))
def test_what_fits_into_the_buffer_is_one_permutation(sizes, chunk):
    generator = np.random.default_rng(7)
    for order in orders(sizes, max(1, sum(sizes)), chunk, seed=7):
        assert order.tolist() == generator.permutation(len(sizes)).tolist()


def test_a_buffer_holds_documents_of_chunks_from_everywhere():
    """Of 1,000 documents with one non-zero each, in chunks of 10 and buffers of 100."""
    for order in orders([1] * 1000, buffer=100, chunk=10):
        for buffer in order.reshape(10, 100):
            chunks, counts = np.unique(buffer // 10, return_counts=True)
            assert counts.tolist() == [10] * 10
            assert chunks.max() - chunks.min() > 30
            assert (np.diff(buffer) < 0).sum() > 30


@given(sizes, st.integers(1, 50), st.integers(1, 20), st.integers(1, 60))
def test_an_order_is_that_of_a_stable_sort_by_filling(sizes, buffer, chunk, block):
    """In blocks of any size: the fillings one after the other, each in the order of the draw."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        found = orders(sizes, buffer, chunk)[0]
    if sum(sizes) <= buffer:
        return
    chunk_of = np.maximum(np.cumsum(sizes) - 1, 0) // chunk
    _, chunk_of = np.unique(chunk_of, return_inverse=True)
    generator = np.random.default_rng(0)
    chunks = generator.permutation(chunk_of[-1] + 1)
    ends = np.cumsum(np.bincount(chunk_of, sizes)[chunks].astype(int))
    filling = np.empty(len(chunks), int)
    filling[chunks] = np.maximum(ends - 1, 0) // buffer
    drawn = generator.permutation(len(sizes))
    expected = drawn[np.argsort(filling[chunk_of[drawn]], kind="stable")]
    assert found.tolist() == expected.tolist()


def test_two_epochs_have_two_orders():
    first, second = orders([1] * 1000, buffer=100, chunk=10)
    assert first.tolist() != second.tolist()


def test_a_corpus_beyond_the_buffer_that_is_sorted_by_label_is_learned_as_well(monkeypatch):
    """The label-sorted file is what ruins SGD that reads a file from its start to its end."""
    draw = np.random.default_rng(0)
    X = random_array((4000, 50), density=0.2, format="csr", rng=draw)
    X.data[:] = 1
    z = X @ draw.normal(size=50)
    y = z > np.median(z)
    order = np.argsort(y, kind="stable")
    X, y = X[order].tocsr(), y[order]
    accuracies = []
    for buffer in (1 << 26, X.nnz // 8):
        monkeypatch.setattr(module, "BUFFER", buffer)
        monkeypatch.setattr(module, "CHUNK", 200)
        model = SGDLogisticRegression(epochs=3, learning_rate=0.05).fit(X, y)
        accuracies.append(model.score(X, y))
    assert accuracies[0] > 0.9
    assert accuracies[1] > accuracies[0] - 0.01
