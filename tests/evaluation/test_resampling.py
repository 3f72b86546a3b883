"""Resamples come in chunks of a bounded size, each with a generator of its own."""

import numpy as np
import pytest

from pipeline.evaluation import resampling
from pipeline.evaluation.resampling import over_resamples
from pipeline.kernels.bootstrap import count_draws


def chunks(n, resamples, group_of=None):
    return over_resamples(lambda counts: [counts.copy()], n, resamples, 0, group_of)


@pytest.mark.parametrize(
    ("n", "sizes"), [(3, [3, 3, 1]), (5, [2, 2, 2, 1]), (10, [1] * 7), (25, [1] * 7)]
)
def test_a_chunk_holds_the_reviews_that_it_may_but_at_least_one_resample(monkeypatch, n, sizes):
    monkeypatch.setattr(resampling, "_CHUNK", 10)
    found = [counts for (counts,) in chunks(n, 7)]
    assert [counts.shape for counts in found] == [(size, n) for size in sizes]


def test_a_resample_draws_as_many_reviews_as_there_are_and_each_chunk_draws_its_own(monkeypatch):
    monkeypatch.setattr(resampling, "_CHUNK", 100)
    found = np.concatenate([counts for (counts,) in chunks(50, 30)])
    assert (found.sum(axis=1) == 50).all()
    assert len({row.tobytes() for row in found}) == 30


@pytest.mark.parametrize("kernel", [count_draws, count_draws.py_func], ids=["native", "python"])
@pytest.mark.parametrize("n", [1, 6, 7, 8, 50])
def test_the_draws_are_those_of_one_call_of_int64(monkeypatch, kernel, n):
    """However many are drawn at a time, so that published intervals stay."""
    monkeypatch.setattr(resampling, "count_draws", kernel)
    monkeypatch.setattr(resampling, "_DRAWS", 7)
    generator = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(0,)))
    ((counts,),) = chunks(n, 3)
    for row in counts:
        assert row.tolist() == np.bincount(generator.integers(0, n, n), minlength=n).tolist()


def test_a_resample_draws_as_many_groups_as_there_are_and_each_whole():
    group_of = np.array([0, 0, 1, 2, 2, 2])
    for (counts,) in chunks(6, 20, group_of):
        of_group = counts[:, [0, 2, 3]]
        assert (of_group.sum(axis=1) == 3).all()
        assert (counts == of_group[:, group_of]).all()


def test_the_size_of_a_chunk_is_that_of_published_intervals():
    """Another one would draw other resamples for the same seed."""
    sizes = [len(counts) for (counts,) in chunks(1 << 14, 9)]
    assert sizes == [4, 4, 1]
