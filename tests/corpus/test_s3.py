"""Reviews at s3:// URLs, read through s3fs from a server of S3 in a process of its own."""

import gzip
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from processes import Processes
from pyarrow import parquet
from s3_server import s3_environment
from small_corpus import read_corpus, small_reviews, write_jsonl

from pipeline.cluster.workers import HERE
from pipeline.config.checking import checked
from pipeline.config.schema import Config
from pipeline.corpus import parts
from pipeline.corpus.labels import LabelRule
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run

__all__ = ["s3_environment"]
RULE = LabelRule(positive=(1,), negative=(0,))
CONFIG = '[corpus]\nsource = "files"\n{}\n[train]\nepochs = 2\n'
OUTPUTS = ("corpus/*.arrow", "model/weights.safetensors", "odd/corpus/*.arrow")


class Bucket:
    """A bucket of reviews."""

    def __init__(self) -> None:
        import s3fs

        self.files = s3fs.S3FileSystem(use_listings_cache=False)
        self.files.mkdir("reviews")

    def put(self, folder: Path) -> None:
        for path in folder.rglob("*.*"):
            self.files.pipe(f"reviews/{path.relative_to(folder)}", path.read_bytes())


@pytest.fixture(scope="module")
def bucket(s3_environment: dict[str, str]) -> Iterator[Bucket]:
    import s3fs

    with pytest.MonkeyPatch.context() as patched:
        for name, value in s3_environment.items():
            patched.setenv(name, value)
        patched.setattr(s3fs.S3FileSystem, "retries", 2)
        yield Bucket()


@pytest.fixture(autouse=True)
def _new_connections(bucket: Bucket) -> Iterator[None]:
    """Let no test find the connections of another one, which may lead elsewhere."""
    type(bucket.files).clear_instance_cache()
    yield
    type(bucket.files).clear_instance_cache()


def corpus(place: str, folder: Path) -> list[object]:
    """Return the command that reads a corpus."""
    (folder / "c.toml").write_text(CONFIG.format(f'train = "{place}"'))
    return ["corpus", folder / "c.toml", "--run", folder / "run", "-q"]


def require_told(done: Result, line: str) -> None:
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(f"sentiment: {line}")
    assert len(done.stderr.splitlines()) == 1
    assert "s3cret" not in done.output


def test_many_files_of_many_formats_give_the_bytes_that_they_give_on_a_disk(
    bucket, tmp_path, sentiment
):
    texts, labels = small_reviews()
    data = tmp_path / "data"
    data.mkdir()
    for n in range(16):
        write_jsonl(data / f"{n:02}.jsonl", texts[n::18], labels[n::18])
        table = read_corpus(data / f"{n:02}.jsonl", RULE)
        parquet.write_table(table, data / f"part-{n:02}.parquet")
    (data / "lines.json.gz").write_bytes(gzip.compress((data / "00.jsonl").read_bytes() * 2))
    rows = "".join(f"caf\xe9 {text};{label}\r\n" for text, label in zip(texts, labels, strict=True))
    (data / "latin.csv").write_bytes(f"sep=;\r\ntext;label\r\n{rows}".encode("cp1252", "replace"))
    (data / "excel.tsv").write_bytes("text\tlabel\na\t1\nb\t0\n".encode("utf-16"))
    bucket.put(data)
    outputs = []
    for root in (data, "s3://reviews"):
        run = tmp_path / f"run{len(outputs)}"
        names = ["part-*.parquet", "lines.json.gz", "excel.tsv"]
        places = ", ".join(f'"{root}/{name}"' for name in names)
        (tmp_path / "c.toml").write_text(
            CONFIG.format(f'train = [{places}]\ntest = "{root}/0[0-4].jsonl"')
        )
        done = sentiment("eval", tmp_path / "c.toml", "--run", run)
        assert done.exit_code == 0, done.stderr
        (tmp_path / "d.toml").write_text(
            CONFIG.format(f'train = "{root}/latin.csv"\nencoding = "cp1252"')
        )
        done = sentiment("corpus", tmp_path / "d.toml", "--run", run / "odd")
        assert done.exit_code == 0, done.stderr
        paths = sorted(path for pattern in OUTPUTS for path in run.glob(pattern))
        assert len(paths) >= 5
        outputs.append({path.relative_to(run): path.read_bytes() for path in paths})
    assert outputs[0] == outputs[1]
    again = sentiment("eval", tmp_path / "c.toml", "--run", run)
    assert again.stderr.count("up to date") == 5
    bucket.files.pipe("reviews/part-03.parquet", bucket.files.cat("reviews/part-04.parquet"))
    again = sentiment("eval", tmp_path / "c.toml", "--run", run)
    assert again.stderr.count("up to date") == 0
    for file in run.rglob("*.*"):
        assert b"s3cret" not in file.read_bytes()


def test_workers_read_the_files_themselves_and_write_the_same_bytes(bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "TOGETHER", 1)  # a part a file
    texts, labels = small_reviews()
    for n in range(3):
        write_jsonl(tmp_path / f"shared-{n}.jsonl", texts[n::3], labels[n::3])
    bucket.put(tmp_path)
    train = {"source": "files", "train": "s3://reviews/shared-*.jsonl"}
    config, found = checked({"corpus": train}, Config), []
    there = Processes(are_kept=True)
    for name, workers in {"here": HERE, "there": there}.items():
        run = Run(tmp_path / name)
        run_stages(config, run, "corpus", SILENT, workers=workers)
        found.append([file.read_bytes() for file in sorted(run.path.glob("corpus/*.arrow"))])
    assert found[0] == found[1]
    assert len(there.item_sizes) >= 3


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("s3://reviews/no.csv", "no such file; expected a file, a glob, or a folder with pos/ an"),
        ("s3://reviews/no*.csv", "no file matches; expected a file, a glob, or a folder with pos"),
        ("s3://nobody/a.csv", "there is no 'nobody'"),
        ("s3://nobody/*.csv", "there is no 'nobody'"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(bucket, tmp_path, sentiment, url, line):
    require_told(sentiment(*corpus(url, tmp_path)), f"{url}: {line}")


class Answers(BaseHTTPRequestHandler):
    """An S3 that does what its bucket is named: it refuses, fails, or ends in the middle."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.answer(b"")

    def do_GET(self) -> None:
        self.answer(b"text,label\n" + b"a fine film,1\n" * 50)

    def answer(self, body: bytes) -> None:
        kind = self.path.split("/")[1]
        code = {"refuses": 403, "fails": 500}.get(kind, 200)
        error = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        body = body if code == 200 else error
        self.send_response(code)
        self.send_header("Content-Length", "711" if code == 200 else str(len(body)))
        self.send_header("ETag", '"1f"')
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:100] if code == 200 else body)
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def hostile(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        point_to(server.server_address[1], monkeypatch)
        yield
        server.shutdown()


def point_to(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let S3 be at another port from now on."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("refuses", "no access (Forbidden); credentials come from the environment"),
        ("fails", "cannot be read ("),
        ("ends", "cannot be read ("),
    ],
)
def test_what_a_store_answers_is_told_in_one_line(tmp_path, sentiment, place, line):
    url = f"s3://{place}/a.csv"
    require_told(sentiment(*corpus(url, tmp_path)), f"{url}: {line}")
    assert not (tmp_path / "run" / "corpus").exists()


@pytest.mark.usefixtures("hostile")
def test_missing_credentials_are_told_in_one_line(tmp_path, sentiment, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    line = (
        "no access (Unable to locate credentials); credentials come from the environment: set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or FSSPEC_S3_ANON=true for a public bucket"
    )
    require_told(sentiment(*corpus("s3://ends/a.csv", tmp_path)), f"s3://ends/a.csv: {line}")


@pytest.mark.usefixtures("bucket")
def test_a_store_that_is_not_there_is_told_in_one_line(tmp_path, sentiment, monkeypatch):
    point_to(9, monkeypatch)
    line = "s3://reviews/a.csv: cannot be read (Could not connect to the endpoint URL: "
    require_told(sentiment(*corpus("s3://reviews/a.csv", tmp_path)), line)
