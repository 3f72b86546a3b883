"""A cluster to run tasks on: processes of this machine, or the workers of a scheduler."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cluster.engine import DaskWorkers
from pipeline.cluster.local_worker import silence
from pipeline.cluster.members import Members
from pipeline.cluster.task_log import TaskLog
from pipeline.cluster.tasks import Command
from pipeline.errors import ConfigError, RunError
from pipeline.parallel import n_threads

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

# Seconds to reach a scheduler.
CONNECT = 5
# In the folder of the run: the table of tasks, and the file that a worker has to see.
LOG, TOKEN = "cluster.tsv", ".cluster"
# Files and folders of this process that go when it ends.
_left: set[Path] = set()


@contextlib.contextmanager
def connected(
    where: str | int,
    folder: Path,
    describe: Callable[[], dict[str, str]],
    say: Callable[[str], None],
) -> Iterator[DaskWorkers]:
    """Give the workers of a scheduler, or of a cluster of processes that ends with the block.

    Parameters
    ----------
    where : str or int
        The address of a scheduler, or the number of processes.
    folder : Path
        What all workers have to see, and where the table of tasks is written.
    describe : callable
        A function of a module that returns what is installed, by name. It has to return the same
        on a worker, but for the processor.
    say : callable
        Takes a line for the user.

    Raises
    ------
    ConfigError
        If Dask is not installed, or the scheduler cannot be reached.
    RunError
        If a worker has other versions, or does not see the folder.
    """
    option = "--workers" if isinstance(where, int) else "--scheduler"
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise ConfigError(
            f"{option}: needs dask.distributed; pip install 'sentiment-pipeline[cluster]' into "
            f"{sys.prefix}"
        ) from None
    silence()
    with contextlib.ExitStack() as stack:
        if isinstance(where, int):
            scratch, address = stack.enter_context(_scratch()), f"--workers {where}"
            client = stack.enter_context(_local_cluster(where, scratch))
            seen = scratch  # on this machine all see the folder
        else:
            client, address, seen = stack.enter_context(_client(where)), where, folder
        command = stack.enter_context(_command(seen, describe))
        log = stack.enter_context(TaskLog(folder / LOG))
        members = Members(client, address, command, say)
        members.wait_for_first()
        say(_summary(members, client))
        yield DaskWorkers(members, log)


def abandon() -> None:
    """End local workers and remove what they and this process have, because it ends at once."""
    from multiprocessing import active_children

    for child in active_children():
        child.kill()
    for each in _left:
        if each.is_dir():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)


@contextlib.contextmanager
def _command(folder: Path, describe: Callable[[], dict[str, str]]) -> Iterator[Command]:
    """Give what a worker learns about this command; its token is removed at the end."""
    content, token = secrets.token_hex(16), folder.absolute() / TOKEN
    _left.add(token)
    try:
        with _naming(folder, "choose another folder"):
            folder.mkdir(parents=True, exist_ok=True)
            token.write_text(content, encoding="utf-8")
        yield Command(secrets.token_hex(6), str(Path.cwd()), token, content, describe)
    finally:
        token.unlink(missing_ok=True)
        _left.discard(token)


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """Give a folder for what local workers write."""
    with _naming("the folder for temporary files", "set TMPDIR to another one"):
        folder = Path(tempfile.mkdtemp(prefix="sentiment-"))
    _left.add(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _left.discard(folder)


@contextlib.contextmanager
def _naming(folder: Path | str, advice: str) -> Iterator[None]:
    """Turn a failure to write into one line that names a folder."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise RunError(f"{folder}: cannot be written: {reason}; {advice}") from None


@contextlib.contextmanager
def _client(address: str) -> Iterator[Client]:
    """Give a connection to a scheduler."""
    from distributed import Client

    try:
        asyncio.run(_answers(address))
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except Exception as error:  # of any kind, if what answers is no scheduler
        raise ConfigError(f"--scheduler {address}: {_reason(error, address)}") from None
    try:
        yield client
    finally:
        with contextlib.suppress(OSError, TimeoutError):
            client.close(timeout=CONNECT)


async def _answers(address: str) -> None:
    """Raise an error if nothing of Dask answers in time, for which Dask itself would wait."""
    from distributed import Security
    from distributed.comm import connect, get_address_host_port

    options = Security().get_connection_args("client")
    try:
        comm = await asyncio.wait_for(connect(address, timeout=CONNECT, **options), CONNECT + 1)
    except OSError:
        # The last of Dask's attempts may have had no time left to learn why it fails.
        socket.create_connection(get_address_host_port(address), CONNECT).close()
        raise
    await comm.close()


def _reason(error: BaseException, address: str) -> str:
    """Return why a scheduler cannot be reached, in words without the objects of Dask."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    reasons = [each.strerror for each in chain if isinstance(each, OSError) and each.strerror]
    hangs_up = isinstance(chain[-1], ConnectionResetError | BrokenPipeError)
    if reasons and not hangs_up:
        reason = reasons[-1][:1].lower() + reasons[-1][1:]
    elif isinstance(error, TypeError) and address.startswith("tls://"):
        return (
            "needs certificates; set DASK_DISTRIBUTED__COMM__TLS__CA_FILE and "
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT"
        )
    elif isinstance(error, TimeoutError):
        reason = "no answer"
    elif isinstance(error, RuntimeError):
        return " ".join(str(error).split())
    else:
        return (
            "expected the address of a Dask scheduler, with tls:// if it has certificates, but "
            "something else answers there"
        )
    return (
        f"cannot be reached within {CONNECT} seconds ({reason}); "
        "is `dask scheduler` running at this address?"
    )


@contextlib.contextmanager
def _local_cluster(n_workers: int, scratch: Path) -> Iterator[Client]:
    """Give a connection to processes of this machine.

    Their keys are in their memory alone, so no other user of the machine can give them tasks.
    """
    import dask
    from distributed import Client, LocalCluster

    _no_talk_of_semaphores()
    threads = os.environ.get("SENTIMENT_THREADS") or str(max(1, n_threads() // n_workers))
    settings: dict[str, Any] = {
        "temporary-directory": str(scratch),
        "distributed.scheduler.allowed-failures": 100,  # they are counted here
        # Otherwise a worker that dies twice within this time is not started again.
        "distributed.deploy.lost-worker-timeout": "1000 days",
        # Not MALLOC_TRIM_THRESHOLD_, with which memory is taken and given back all the time.
        "distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": "1"},
    }
    with dask.config.set(settings), _loop_without_interrupts() as loop:
        try:
            cluster = LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                security=True,
                dashboard_address="127.0.0.1:0",
                silence_logs=60,
                # Files that are mapped count as memory of the worker, so a limit would end a task
                # that reads a large one. The tasks bound their memory themselves.
                memory_limit=0,
                loop=loop,
                preload=["pipeline.cluster.local_worker"],
                env={"SENTIMENT_THREADS": threads},
            )
        except RuntimeError:
            raise RunError(
                f"--workers {n_workers}: a process ended while it started; was it killed, for "
                "example for want of memory? The same command tries again"
            ) from None
        try:
            with Client(cluster, loop=loop, set_as_default=False) as client:
                yield client
        finally:
            _close(cluster)


@contextlib.contextmanager
def _loop_without_interrupts() -> Iterator[Any]:
    """Run Dask in a thread that blocks SIGINT, as do all processes that it starts.

    A terminal sends Ctrl-C to workers too, even to those that are still importing. The command
    alone answers it, and ends its workers itself.
    """
    from distributed.utils import LoopRunner

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        runner = LoopRunner(asynchronous=False)
        runner.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        yield runner.loop
    finally:
        runner.stop()


def _close(cluster: LocalCluster) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        cluster.close(timeout=CONNECT)


def _no_talk_of_semaphores() -> None:
    """Start Python's resource tracker so that it says nothing of what an interrupt leaves."""
    from multiprocessing import resource_tracker

    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker"
    try:
        resource_tracker.ensure_running()
    finally:
        del os.environ["PYTHONWARNINGS"]
        if before is not None:
            os.environ["PYTHONWARNINGS"] = before


def _summary(members: Members, client: Client) -> str:
    n_workers, n = len(members.n_threads), sum(members.n_threads.values())
    line = f"cluster   {n_workers} worker{'s'[: n_workers > 1]}, {n} thread{'s'[: n > 1]}"
    if importlib.util.find_spec("bokeh") is None:  # which draws it
        return line
    return f"{line}; dashboard {client.dashboard_link}"
