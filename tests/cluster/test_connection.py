"""What `--workers` and `--scheduler` connect to, what they refuse, and what they leave behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator

import pytest
from cluster_servers import TESTS, Servers
from cluster_tasks import described, wait_for

from pipeline.cluster import connection
from pipeline.cluster.connection import connected
from pipeline.errors import RunError


def run_python(*arguments: str, **options: object) -> subprocess.Popen[str]:
    """Run Python in a process of its own."""
    paths = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@contextlib.contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """Give the port of a server that says one thing; None says nothing, "" hangs up."""

    def serve() -> None:
        connections = []
        with contextlib.suppress(OSError):
            while True:
                connections.append(server.accept()[0])
                if answer is not None:
                    connections[-1].sendall(answer)
                if answer == b"":
                    connections.pop().close()
        for each in connections:
            each.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_without_the_extra_a_line_says_what_to_install(sentiment, monkeypatch, small_run):
    monkeypatch.setitem(sys.modules, "distributed", None)
    for option in ("--workers=2", "--scheduler=tcp://127.0.0.1:8786"):
        done = sentiment("eval", small_run.config, "--run", small_run.path, option, "-q")
        name = option.partition("=")[0]
        needs = f"{name}: needs dask.distributed; pip install 'sentiment-pipeline[cluster]' into"
        assert (done.exit_code, done.stderr) == (2, f"sentiment: {needs} {sys.prefix}\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--workers", 0), "0 is not in the range 1<=x<=1000"),
        (("--workers", 2, "--scheduler", "tcp://127.0.0.1:1"), "use it without --scheduler"),
        (("--scheduler", "127.0.0.1:8786"), "--scheduler: expected an address such as tcp://10."),
        (("--scheduler", "tcp://127.0.0.1"), "--scheduler: expected an address such as tcp://10."),
        (("--scheduler", "tcp://a:99999"), "--scheduler: expected an address such as tcp://10."),
        (("--scheduler", "http://a:80"), "--scheduler: expected an address such as tcp://10."),
    ],
)
def test_what_is_no_cluster_is_refused(options, said, sentiment, small_run):
    done = sentiment("eval", small_run.config, "--run", small_run.path, "-q", *options)
    assert done.exit_code == 2
    assert said in done.stderr


def test_nothing_of_dask_is_imported_without_the_options(small_run):
    code = (
        "import sys; from pipeline.cli import main\n"
        f"main(['eval', {str(small_run.config)!r}, '--run', {str(small_run.path)!r}, '-q'], "
        "standalone_mode=False)\n"
        "print({name.partition('.')[0] for name in sys.modules} & {'dask', 'distributed'})"
    )
    out, error = run_python("-c", code).communicate()
    assert (out, error) == ("set()\n", "")


class TestWithDask:
    """Real processes."""

    @pytest.fixture(autouse=True)
    def _needs_dask(self):
        pytest.importorskip("distributed", reason="needs the extra `cluster`")

    @pytest.mark.parametrize("seconds", [1, 0.0001])  # the latter cuts Dask's attempt off
    def test_a_scheduler_that_is_not_there_is_named_in_a_line(
        self, seconds, sentiment, small_run, monkeypatch
    ):
        monkeypatch.setattr(connection, "CONNECT", seconds)
        options = ("--run", small_run.path, "-q", "--scheduler", "tcp://127.0.0.1:1")
        done = sentiment("eval", small_run.config, *options)
        assert done.exit_code == 2
        assert done.stderr == (
            f"sentiment: --scheduler tcp://127.0.0.1:1: cannot be reached within {seconds} seconds "
            "(connection refused); is `dask scheduler` running at this address?\n"
        )

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (None, "cannot be reached within 1 seconds (no answer); is `dask scheduler` running"),
            (b"", "expected the address of a Dask scheduler"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "expected the address of a Dask scheduler"),
        ],
        ids=["silent", "closes", "web"],
    )
    def test_what_is_no_scheduler_is_told_from_one(
        self, answer, said, sentiment, small_run, monkeypatch
    ):
        monkeypatch.setattr(connection, "CONNECT", 1)
        with answering(answer) as port:
            options = ("--run", small_run.path, "-q", f"--scheduler=tcp://127.0.0.1:{port}")
            done = sentiment("eval", small_run.config, *options)
        assert done.exit_code == 2
        assert done.stderr.startswith(f"sentiment: --scheduler tcp://127.0.0.1:{port}: {said}")
        assert done.stderr.count("\n") == 1

    def test_a_file_is_no_folder_for_workers(self, tmp_path):
        file = tmp_path / "five.toml"
        file.touch()
        with (
            connected(1, file, described, str) as workers,
            pytest.raises(RunError, match=r"five\.toml/cluster\.tsv: cannot be written: "),
        ):
            list(workers.map(pow, [2], 2))

    def test_a_worker_that_is_killed_while_it_starts_is_told_in_a_line(self, tmp_path):
        import psutil

        def kill_the_first():
            while True:
                for child in psutil.Process().children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        if "spawn_main" in " ".join(child.cmdline()):
                            child.kill()
                            return

        threading.Thread(target=kill_the_first, daemon=True).start()
        line = r"^--workers 2: a process ended while it started; .* The same command tries again$"
        with pytest.raises(RunError, match=line), connected(2, tmp_path, described, str):
            pass

    def test_local_workers_can_be_reached_from_this_machine_with_their_key_alone(self, tmp_path):
        import psutil
        from distributed import Client

        with connected(1, tmp_path, described, str) as workers:
            processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
            listening = [
                port.laddr.ip
                for process in processes
                for port in process.net_connections("inet")
                if port.status == psutil.CONN_LISTEN
            ]
            assert len(listening) > 2
            assert set(listening) == {"127.0.0.1"}
            address = workers.members.client.scheduler.address
            assert address.startswith("tls://127.0.0.1:")
            for other in (address, address.replace("tls", "tcp")):
                with pytest.raises((OSError, TypeError, RuntimeError)):
                    Client(other, timeout=1)

    def test_a_scheduler_with_tls_is_reached_by_the_keys_of_dasks_own_settings(self, tmp_path):
        from distributed import Security

        keys = Security.temporary()
        (tmp_path / "ca.pem").write_text(keys.tls_ca_file)
        (tmp_path / "key.pem").write_text(keys.tls_client_key + keys.tls_client_cert)
        settings = {"CA_FILE": tmp_path / "ca.pem"}
        settings |= {
            f"{who}__CERT": tmp_path / "key.pem" for who in ("CLIENT", "SCHEDULER", "WORKER")
        }
        variables = {f"DASK_DISTRIBUTED__COMM__TLS__{k}": str(v) for k, v in settings.items()}
        variables["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] = "true"
        code = textwrap.dedent(
            """
            import sys
            from pathlib import Path
            from cluster_tasks import described
            from pipeline.cluster.connection import connected
            with connected(sys.argv[1], Path(sys.argv[2]), described, str) as workers:
                print(list(workers.map(pow, [2, 3], 2)))
            """
        )
        with Servers(tmp_path, "--protocol", "tls", **variables) as servers:
            assert servers.address.startswith("tls://")
            servers.start_worker()
            with pytest.MonkeyPatch.context() as patch:
                for name, value in variables.items():
                    patch.setenv(name, value)
                process = run_python("-c", code, servers.address, str(tmp_path / "run"))
                assert process.communicate() == ("[4, 9]\n", "")

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
    def test_a_signal_leaves_nothing_behind(self, number, tmp_path, small_run, monkeypatch):
        """Ctrl-C reaches the workers too, as from a terminal."""
        import psutil

        (tmp_path / "scratch").mkdir()
        monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
        code = tmp_path / "waiting.py"
        code.write_text(WAITING)
        process = run_python(
            str(code), "tokens", str(small_run.config), "--workers", "2", cwd=tmp_path,
            start_new_session=True,
        )  # fmt: skip
        try:
            wait_for(tmp_path / "began-1")
            children = psutil.Process(process.pid).children(recursive=True)
            assert len(children) >= 2
            (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
            _, error = process.communicate(timeout=20)
        finally:
            process.kill()
        _, alive = psutil.wait_procs(children, timeout=20)
        assert not alive
        if number == signal.SIGKILL:
            assert process.returncode == -number
        else:
            assert process.returncode == 128 + number
            assert error.splitlines()[-1] == "sentiment: interrupted; completed work is kept"
            assert not (tmp_path / "runs" / "small").exists()
            assert not list((tmp_path / "scratch").iterdir())

    def test_an_interrupt_while_workers_start_is_one_line(self, tmp_path, small_run):
        """The workers are still importing, and are told nothing but to end."""
        import psutil

        options = ("--workers", "2", "--run", str(tmp_path / "run"), "-q")
        process = run_python(
            "-m", "pipeline", "tokens", str(small_run.config), *options, start_new_session=True
        )
        started = psutil.Process(process.pid)
        while process.poll() is None and len(started.children()) < 3:  # one watches the others
            time.sleep(0.01)
        time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=20)
        assert (process.returncode, error.count("\n")) == (130, 1)
        assert error.startswith("sentiment: interrupted")


WAITING = """
from pipeline.boundary import interrupts
from pipeline.stages import runner

def wait_on_workers(config, run, last, progress, keep, workers):
    from cluster_tasks import process_when_told
    list(workers.map(process_when_told, range(4), "."))

if __name__ == "__main__":
    interrupts.handle()
    runner.run_stages = wait_on_workers
    from pipeline.cli import main
    main()
"""
