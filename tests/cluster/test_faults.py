"""What fails while workers run tasks: processes are killed, and results are those of calm days."""

import itertools
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster_servers import TESTS, Servers
from cluster_tasks import described, die, die_once, process_when_told, wait_for

import pipeline
from pipeline.cluster import members
from pipeline.cluster.connection import connected
from pipeline.cluster.members import Members
from pipeline.errors import RunError

pytest.importorskip("distributed", reason="needs the extra `cluster`")


def go_after(
    folder: Path, *events: str, kill: str = "", when: Callable[[], bool] = lambda: True
) -> threading.Thread:
    """Wait for files in a folder, kill the process that one of them names, and let tasks go on."""

    def act() -> None:
        for event in (*events, *([kill] if kill else [])):
            wait_for(folder / event)
        while not when():
            time.sleep(0.01)
        if kill:
            os.kill(int((folder / kill).read_text()), signal.SIGKILL)
        (folder / "go").touch()

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("method", ["map", "map_in_threads"])
def test_a_task_of_a_killed_worker_runs_again(method, workers, said, tmp_path):
    killing = go_after(tmp_path, "began-1", kill="began-0")
    results = getattr(workers, method)(process_when_told, range(6), str(tmp_path), "shared" * 1000)
    assert list(results) == list(range(6))
    killing.join()
    assert "is gone: a task that it was running runs again" in said[-1] + said[-2]


def test_what_tasks_share_is_sent_again_if_it_was_lost_with_the_only_worker(tmp_path):
    killing = go_after(tmp_path, kill="began-0")
    said: list[str] = []
    with connected(1, tmp_path, described, said.append) as workers:
        results = workers.map(process_when_told, range(3), str(tmp_path), "shared" * 1000)
        assert list(results) == [0, 1, 2]
    killing.join()
    assert [line.rpartition(" ")[2] for line in said[-2:]] == ["again", "joined"]


def test_a_worker_that_dies_after_its_introduction_is_not_waited_for(tmp_path, monkeypatch):
    admit, killed = Members._admit, []

    def admit_and_kill(self, worker, n_tasks, future, is_start):
        if not killed:
            killed.append(self.client.run(os.getpid, workers=[worker])[worker])
            os.kill(killed[0], signal.SIGKILL)
            while worker in self.client.nthreads():
                time.sleep(0.01)
        admit(self, worker, n_tasks, future, is_start)

    monkeypatch.setattr(Members, "_admit", admit_and_kill)
    monkeypatch.setattr(members, "_FETCH", 0.1)
    with connected(2, tmp_path, described, str) as workers:
        assert list(workers.map(pow, range(4), 2)) == [0, 1, 4, 9]
    assert killed


def test_a_local_worker_that_dies_before_its_introduction_is_replaced(tmp_path, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(members, "introduce", die_once)
    with connected(1, tmp_path, described, said.append) as workers:
        assert list(workers.map(pow, range(4), 2)) == [0, 1, 4, 9]
    assert re.fullmatch(r"cluster   worker tls://\S+ is gone: another one starts", said[0])


def test_a_task_on_which_workers_die_is_named_and_the_results_before_it_are_kept(workers, tmp_path):
    results = workers.map(die, range(9), 2, 99, str(tmp_path))
    assert list(itertools.islice(results, 2)) == [0, 1]
    with pytest.raises(RunError, match=r"^2: 3 workers died on it, the last was tls://"):
        next(results)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_task_on_which_two_workers_died_may_succeed(workers, tmp_path):
    assert list(workers.map(die, range(4), 2, 2, str(tmp_path))) == [0, 1, 2, 3]


@pytest.fixture(scope="module")
def servers(tmp_path_factory) -> Iterator[Servers]:
    with Servers(tmp_path_factory.mktemp("servers")) as servers:
        servers.start_worker()
        yield servers


def test_a_late_worker_gets_tasks_after_its_introduction(servers, tmp_path):
    said: list[str] = []
    with connected(servers.address, tmp_path, described, said.append) as workers:
        assert said[-1].startswith("cluster   1 worker, ")
        late = servers.start_worker()
        # They go on when two tasks have begun, which one worker alone cannot do.
        telling = go_after(tmp_path, "began-0", "began-1")
        assert list(workers.map(process_when_told, range(4), str(tmp_path))) == [0, 1, 2, 3]
        telling.join()
        assert said[-1].endswith("has joined")
    late.kill()
    late.wait()


HIDE = """
import os

def dask_setup(worker):
    from pathlib import Path
    read = Path.read_text
    def read_text(path, *args, **options):
        if path.name == ".cluster":
            raise FileNotFoundError(path)
        return read(path, *args, **options)
    Path.read_text = read_text
"""


def copy_of_package(folder: Path, edit: str) -> str:
    """Copy the package with an edit, which leaves its versions as they are."""
    package = Path(pipeline.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__", "sample", "templates")
    shutil.copytree(package, folder / "pipeline", ignore=ignored)
    with (folder / "pipeline" / "errors.py").open("a") as file:
        file.write(edit)
    return os.pathsep.join([str(folder), str(TESTS)])


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        ("numpy", "numpy 1.26.4, but 2.4.6 here; install the same versions everywhere"),
        ("source", r"source \w{12}, but \w{12} here; install the same versions everywhere"),
        ("package", "it ended as it was asked for its versions; install the same sentiment-pip"),
        ("folder", "it does not see the folder /.* as this command does; all workers need the"),
        ("tasks", "it runs 2 tasks at a time; start it with --nthreads 1 --memory-limit 0"),
    ],
)
def test_a_worker_that_must_not_get_tasks_is_refused_in_a_line(what, refusal, servers, tmp_path):
    options, variables = (), {}
    if what == "numpy":
        variables = {"TEST_NUMPY": "1.26.4"}
    elif what == "source":
        variables = {"PYTHONPATH": copy_of_package(tmp_path / "copy", "# an edit")}
    elif what == "package":
        (tmp_path / "pipeline.py").touch()
        variables = {"PYTHONPATH": str(tmp_path)}
    elif what == "folder":
        (tmp_path / "hide.py").write_text(HIDE)
        options = ("--preload", str(tmp_path / "hide.py"))
    else:
        options = ("--nthreads", "2")
    refused = rf"worker tcp://127.0.0.1:\d+: {refusal}"
    said: list[str] = []
    run, told = tmp_path / "run", tmp_path / "told"
    told.mkdir()
    with connected(servers.address, run, described, said.append) as workers:
        late = servers.start_worker(*options, **variables)
        results = workers.map(process_when_told, range(3), str(told))
        telling = go_after(told, when=lambda: any("gets no tasks" in line for line in said))
        assert list(results) == [0, 1, 2]  # by the other worker
        telling.join()
        assert re.match(f"cluster   {refused}.*; it gets no tasks", said[-1])
    if what != "package":
        with (
            pytest.raises(RunError, match=f"^{refused}"),
            connected(servers.address, run, described, said.append),
        ):
            pass
    late.kill()
    late.wait()


def test_a_lost_scheduler_is_named_and_a_new_one_goes_on(tmp_path):
    with Servers(tmp_path) as servers:
        servers.start_worker()
        said: list[str] = []
        run = tmp_path / "run"
        with connected(servers.address, run, described, said.append) as workers:
            threading.Thread(
                target=lambda: wait_for(run / "began-0") and servers.scheduler.kill()
            ).start()
            results = workers.map(process_when_told, range(3), str(run))
            with pytest.raises(RunError, match=rf"^{servers.address}: the connection .* is lost;"):
                next(results)
    assert not (run / ".cluster").exists()
