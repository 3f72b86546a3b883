"""Tasks on worker processes: the same results as here, in the same order."""

import itertools
from pathlib import Path

import cluster_tasks
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cluster.task_log import TaskLog
from pipeline.cluster.workers import HERE, Workers
from pipeline.errors import CorpusError, RunError


def test_results_are_those_of_this_process_in_the_order_of_the_items(workers):
    for each in (workers.map, workers.map_in_threads):
        assert list(each(pow, range(40), 3)) == list(HERE.map(pow, range(40), 3))
        assert list(each(abs, iter([-1, -2]))) == [1, 2]
        assert list(each(abs, [])) == []


@settings(max_examples=15)
@given(items=st.lists(st.text(), max_size=20))
def test_grouping_changes_no_result(items, workers):
    assert list(workers.map_in_threads(len, items)) == [len(item) for item in items]


def test_all_workers_run_tasks(workers):
    processes = {process for process, _ in workers.map(cluster_tasks.process_of, range(8))}
    assert len(processes) == 2


def test_a_worker_receives_what_tasks_share_once(workers):
    ran = set(workers.map(cluster_tasks.process_of, range(8), "text" * 10**5))
    assert len(ran) == 2  # one object in each process


def test_shared_arrays_arrive_as_compiled_code_needs_them(workers):
    """Whatever their sizes are: each is aligned."""
    arrays = [np.arange(n, dtype=d) for n in (1, 3, 1001) for d in ("u1", "i4", "f8")]
    arrays += [np.arange(10**6 + 1, dtype="i1"), np.arange(10**6, dtype="f8")]
    expected = list(HERE.map(cluster_tasks.total, range(4), arrays))
    assert list(workers.map(cluster_tasks.total, range(4), arrays)) == expected


def test_an_error_of_a_task_arrives_as_itself_after_the_results_before_it(workers):
    results = workers.map(cluster_tasks.fail_at, range(6), 3)
    assert list(itertools.islice(results, 3)) == [0, 1, 2]
    with pytest.raises(CorpusError, match=r"^reviews-03\.parquet, row 3: no text$"):
        next(results)
    assert list(workers.map(abs, [-1])) == [1]  # the workers go on


def test_few_tasks_run_ahead_of_what_is_taken(workers, tmp_path):
    results = workers.map(cluster_tasks.note, itertools.count(), str(tmp_path))
    assert list(itertools.islice(results, 3)) == [0, 1, 2]
    results.close()
    assert len(list(tmp_path.iterdir())) <= 3 + 2 * 2


def test_two_maps_run_at_a_time(workers: Workers):
    pairs = zip(workers.map(abs, range(9)), workers.map(abs, range(9)), strict=True)
    assert all(a == b for a, b in pairs)


def test_few_items_are_spread_over_all_workers(tmp_path):
    """Although one worker has threads for all of them."""
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    from pipeline.cluster.connection import connected

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_THREADS", "4")
        with connected(2, tmp_path, cluster_tasks.described, str) as workers:
            ran = list(workers.map_in_threads(cluster_tasks.threads, iter(range(4))))
    assert {given for given, _, _ in ran} == {"4"}
    assert len({process for _, _, process in ran}) == 2
    assert all(thread.startswith("ThreadPool") for _, thread, _ in ran)


def test_a_table_tells_what_each_task_was_and_took(tmp_path, workers):
    from pipeline.cluster.connection import connected

    folder = tmp_path / "run"
    with connected(1, folder, cluster_tasks.described, str) as own:
        assert not (folder / "cluster.tsv").exists()
        list(own.map(cluster_tasks.note, [7], str(tmp_path)))
        with pytest.raises(CorpusError):
            list(own.map(cluster_tasks.given, [3], cluster_tasks.fail_at, 3))
    header, *lines = (
        line.split("\t") for line in (folder / "cluster.tsv").read_text().splitlines()
    )
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    assert [(row["task"], row["items"]) for row in rows] == [("note", "7"), ("fail_at", "3")]
    assert [row["ended"] for row in rows] == ["done", "CorpusError"]
    assert float(rows[0]["seconds"]) < 60
    assert 20 < float(rows[0]["peak_mb"]) < 2000
    assert [path.name for path in folder.iterdir()] == ["cluster.tsv"]


def test_a_name_in_the_table_is_one_field_and_no_formula(tmp_path):
    with TaskLog(tmp_path / "cluster.tsv") as log:
        log.died("tokenise_shard", ["=1+1\t\n.csv"], "tcp://127.0.0.1:1")
    line = (tmp_path / "cluster.tsv").read_text().splitlines()[1]
    assert line.split("\t")[:3] == ["tokenise_shard", r"'=1+1\t\n.csv", "tcp://127.0.0.1:1"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_table_that_cannot_be_written_is_named():
    with (
        pytest.raises(RunError, match=r"^/dev/full: cannot be written: No space left on device;"),
        TaskLog(Path("/dev/full")) as log,
    ):
        log.died("tokenise_shard", ["a.csv"], "tcp://127.0.0.1:1")


def test_a_scheduler_that_cannot_read_a_task_is_told_in_a_line():
    from pipeline.cluster import engine

    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    dasks = RuntimeError("Error during deserialization of the task graph. This frequently occurs")
    found = engine._as_ours(dasks, engine._Task([1]))
    assert str(found).startswith("the scheduler cannot read a task: expected the same sentiment-")
    ours = RuntimeError("a fault of a task")
    assert engine._as_ours(ours, engine._Task([1])) is ours
