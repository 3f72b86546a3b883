"""Threads: results in order, workspaces that are not shared, and chunks that cover everything."""

import os
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.parallel import (
    begin,
    chunks,
    map_arriving,
    map_with_workspace,
    n_threads,
    ordered_map,
    with_workspaces,
)

COUNTS = ["1", "2", "5"]


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5"])
def test_a_bad_number_of_threads_is_refused_in_one_line(monkeypatch, given):
    monkeypatch.setenv("SENTIMENT_THREADS", given)
    with pytest.raises(ConfigError) as error:
        n_threads()
    assert str(error.value) == f"SENTIMENT_THREADS: expected a number >= 1, got {given!r}"


@pytest.mark.parametrize("value", ["", None])
def test_by_default_there_is_a_thread_for_each_processor(monkeypatch, value):
    monkeypatch.delenv("SENTIMENT_THREADS", raising=False)
    if value is not None:
        monkeypatch.setenv("SENTIMENT_THREADS", value)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    assert n_threads() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert n_threads() == 7


@pytest.mark.parametrize("threads", COUNTS)
def test_results_come_in_the_order_of_the_items(monkeypatch, threads):
    monkeypatch.setenv("SENTIMENT_THREADS", threads)

    def slow_at_first(n: int) -> int:
        time.sleep(0.02 if n == 0 else 0)
        return n * n

    assert list(ordered_map(slow_at_first, range(20))) == [n * n for n in range(20)]


@pytest.mark.parametrize("threads", ["2", "5"])
def test_items_are_worked_on_at_the_same_time(monkeypatch, threads):
    """Otherwise each would wait at the barrier for the others, and break it."""
    monkeypatch.setenv("SENTIMENT_THREADS", threads)
    together = threading.Barrier(int(threads), timeout=300)
    assert len(list(ordered_map(lambda _: together.wait(), range(int(threads))))) == int(threads)


def test_a_single_item_needs_no_thread(monkeypatch):
    monkeypatch.setenv("SENTIMENT_THREADS", "2")
    assert list(ordered_map(lambda _: threading.get_ident(), [0])) == [threading.get_ident()]


@pytest.mark.parametrize("threads", COUNTS)
def test_work_may_be_done_in_threads_itself(monkeypatch, threads):
    monkeypatch.setenv("SENTIMENT_THREADS", threads)
    found = ordered_map(lambda n: list(ordered_map(str, range(n))), range(20))
    assert list(found) == [[str(k) for k in range(n)] for n in range(20)]


@pytest.mark.parametrize("threads", COUNTS)
def test_items_are_taken_as_results_are_used(monkeypatch, threads):
    monkeypatch.setenv("SENTIMENT_THREADS", threads)
    taken = []
    results = ordered_map(lambda n: n, (taken.append(n) or n for n in range(100)))
    assert next(results) == 0
    assert len(taken) <= int(threads) + 1
    results.close()
    assert len(taken) <= int(threads) + 1


@pytest.mark.parametrize("threads", COUNTS)
def test_an_error_comes_where_its_result_would(monkeypatch, threads):
    monkeypatch.setenv("SENTIMENT_THREADS", threads)
    results = ordered_map(lambda n: 1 // (n - 2), range(5))
    assert [next(results), next(results)] == [-1, -1]
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.parametrize("threads", COUNTS)
def test_a_workspace_is_not_reused_while_its_result_is_in_use(monkeypatch, threads):
    monkeypatch.setenv("SENTIMENT_THREADS", threads)

    def fill(n, workspace):
        array = workspace.array("a", 10, np.int64)
        array[:] = n
        return array

    workspaces = set()
    for n, array in enumerate(map_with_workspace(fill, range(50))):
        workspaces.add(id(array))
        assert array.tolist() == [n] * len(array)
    assert len(workspaces) <= int(threads) + 2


@pytest.mark.parametrize("threads", COUNTS)
class TestMapArriving:
    """As `ordered_map`, but the items are taken in a thread of their own."""

    @pytest.fixture(autouse=True)
    def _threads(self, monkeypatch, threads):
        monkeypatch.setenv("SENTIMENT_THREADS", threads)

    def test_results_come_in_the_order_of_the_items(self):
        def slow_if_even(number):
            time.sleep(0.002 * (number % 2 == 0))
            return number

        assert list(map_arriving(slow_if_even, range(20))) == list(range(20))
        assert list(map_arriving(slow_if_even, [])) == []

    def test_a_result_does_not_wait_for_the_next_item(self):
        used = threading.Event()

        def items():
            yield 1
            assert used.wait(60)
            yield 2

        results = map_arriving(str, items())
        assert next(results) == "1"
        used.set()
        assert list(results) == ["2"]

    def test_items_are_not_taken_far_ahead_of_their_use(self, threads):
        taken = []
        results = map_arriving(str, (taken.append(k) or k for k in range(1_000)))
        next(results)
        time.sleep(0.05)
        assert len(taken) <= 2 * int(threads) + 2
        assert len(list(results)) == 999

    def test_an_error_comes_where_its_result_would(self):
        results = map_arriving(lambda k: 1 / k, [1, 2, 0, 4])
        assert [next(results), next(results)] == [1, 0.5]
        with pytest.raises(ZeroDivisionError):
            next(results)

    def test_an_error_of_the_items_comes_behind_their_results(self):
        def items():
            yield 1
            raise OSError("gone")

        results = map_arriving(str, items())
        assert next(results) == "1"
        with pytest.raises(OSError, match="gone"):
            next(results)

    def test_a_reader_that_has_seen_enough_ends_the_taking(self):
        before = threading.active_count()
        results = map_arriving(str, iter(range(1_000_000)))
        next(results)
        results.close()
        for _ in range(600):
            if threading.active_count() == before:
                return
            time.sleep(0.1)
        pytest.fail("a thread is left")

    def test_its_threads_work_alone(self, threads):
        assert set(map_arriving(lambda _: n_threads(), range(9))) == {1}
        assert n_threads() == int(threads)


def test_no_two_calls_share_a_workspace(monkeypatch):
    monkeypatch.setenv("SENTIMENT_THREADS", "4")
    in_use = set()

    def work(item, workspace):
        assert id(workspace) not in in_use
        in_use.add(id(workspace))
        time.sleep(0.001)
        in_use.discard(id(workspace))
        if item % 7 == 0:
            raise ValueError
        return workspace

    seen = with_workspaces(work)

    def seen_or_none(item):
        try:
            return seen(item)
        except ValueError:
            return None

    workspaces = {id(w) for w in ordered_map(seen_or_none, range(50)) if w is not None}
    assert len(workspaces) <= 4


@given(
    sizes=st.lists(st.integers(0, 50), max_size=40),
    first=st.integers(0, 1000),
    largest=st.integers(1, 200),
    threads=st.sampled_from(COUNTS),
)
def test_chunks_hold_every_item_once_and_end_with_the_item_that_fills_them(
    sizes, first, largest, threads
):
    offsets = first + np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_THREADS", threads)
        found = list(chunks(offsets, largest))
    assert [n for chunk in found for n in range(chunk.start, chunk.stop)] == [*range(len(sizes))]
    for chunk in found:
        assert chunk.stop > chunk.start
        assert offsets[chunk.stop - 1] - offsets[chunk.start] < largest


def test_what_is_begun_has_a_thread_and_one_processor(monkeypatch):
    monkeypatch.setenv("SENTIMENT_THREADS", "2")
    found = begin(lambda: (threading.get_ident(), n_threads())).result()
    assert found[0] != threading.get_ident()
    assert found[1] == 1
    assert n_threads() == 2
