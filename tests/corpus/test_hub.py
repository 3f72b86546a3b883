"""The Hub: the real code of its libraries against a loopback server, with faults.

Hugging Face reads its settings when it is imported, so each read is a process of its own.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest
from small_corpus import read_source_rows

import pipeline
from pipeline.corpus import hub
from pipeline.corpus.columns import Columns
from pipeline.corpus.labels import LabelRule
from pipeline.errors import CorpusError

ROOT = str(Path(pipeline.__file__).parents[1])
IMDB = "stanfordnlp/imdb"
REVISION = "e6281661ce1c48d982bc483cf8a173c1bbeb5d31"
OTHER = "b" * 40
RULE = LabelRule(positive=(1, "pos"), negative=(0, "neg"))
DEAD = "http://127.0.0.1:9"  # the discard port: nobody listens

READ = """
import json, sys, threading, time
import pyarrow as pa
from pyarrow import parquet
from pipeline.corpus import hub
from pipeline.corpus.columns import Columns
from pipeline.corpus.labels import LabelRule
from pipeline.corpus.tally import Tally
from pipeline.errors import CorpusError
waits, sleep = [], time.sleep
def waiting(seconds):
    if threading.current_thread() is threading.main_thread():
        waits.append(seconds)
    sleep(seconds)
time.sleep = waiting
options, files, commit = json.loads(sys.argv[1])
if commit:
    hub._commit = lambda dataset, revision: commit
rule = LabelRule((1, "pos"), (0, "neg"))
error = None
try:
    parts = hub.read_hub(**options, columns=Columns(), rule=rule)
    for part, file in zip(parts, files, strict=True):
        (read,) = part.parts
        table = pa.Table.from_batches(read(Tally()))
        assert table.equals(parquet.read_table(file).select(["text", "label"]).cast(table.schema))
except CorpusError as caught:
    error = str(caught)
print(json.dumps([error, sum(waits)]))
"""


@dataclass(frozen=True)
class Outcome:
    """The result of a read in a fresh process: an error, or None if the rows were right.

    A read is judged by how long it slept between tries: the machine's load moves a clock.
    """

    error: str | None
    slept: float


@dataclass
class Hub:
    """A running loopback server in place of the Hub."""

    url: str
    log: Path

    def requests(self) -> int:
        return self.log.read_text().count(" HTTP/1.1")


def read(
    url: str, home: Path, commit: str = "", settings: dict[str, str] | None = None, **options: Any
) -> Outcome:
    """Read in a fresh process, which must print nothing but its result.

    `commit` takes the place of the Hub's first answer, `settings` are environment variables.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HF_") and not name.lower().endswith("_proxy")
    }
    environment |= {"HF_ENDPOINT": url, "HF_HOME": str(home), "PYTHONPATH": ROOT}
    environment |= settings or {}
    defaults = {"dataset": IMDB, "revision": REVISION, "subset": None, "splits": ["train", "test"]}
    options = defaults | options
    imdb = Path(os.environ.get("SENTIMENT_DATA", ""), "data", "imdb")
    files = [str(imdb / f"{split}.parquet") for split in options["splits"]]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", READ, json.dumps([options, files, commit])],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    outcome = Outcome(*json.loads(done.stdout))
    assert outcome.error is None or len(outcome.error.splitlines()) == 1
    return outcome


@contextlib.contextmanager
def serving(shared_data: Path, log: Path, *arguments: str) -> Iterator[Hub]:
    """Run the loopback server, with faults if asked for."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(shared_data / "hub" / "serve.py"), "--port", str(port)]
    with (
        log.open("w") as file,
        subprocess.Popen([*command, "--verbose", *arguments], stderr=file) as process,
    ):
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield Hub(f"http://127.0.0.1:{port}", log)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def fetched(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of Hugging Face that holds the data set."""
    folder = tmp_path_factory.mktemp("hub")
    with serving(shared_data, folder / "log") as server:
        assert read(server.url, folder / "home").error is None
    return folder / "home"


def tables_folder(home: Path) -> Path:
    """Return where `datasets` keeps the tables that it has made of the files."""
    (folder,) = (home / "datasets" / REVISION / "plain_text" / "0.0.0").glob("*/")
    return folder


def files_folder(home: Path) -> Path:
    """Return where `huggingface_hub` keeps the files of the revision."""
    return home / "hub" / "datasets--stanfordnlp--imdb" / "snapshots" / REVISION


# Fetched once


def test_what_is_fetched_is_read_again_without_a_network(fetched: Path) -> None:
    outcome = read(DEAD, fetched)
    assert outcome.error is None
    assert outcome.slept == 0


def test_a_cached_read_asks_the_hub_for_nothing(
    shared_data: Path, fetched: Path, tmp_path: Path
) -> None:
    with serving(shared_data, tmp_path / "log", "--status", "503") as server:
        assert read(server.url, fetched, subset="plain_text").error is None
        assert server.requests() == 0


@pytest.mark.parametrize("revision", [OTHER, "main", "*", REVISION[:7]])
def test_another_revision_is_not_served_from_the_cache(fetched: Path, revision: str) -> None:
    error = read(DEAD, fetched, revision=revision).error
    assert error is not None
    assert error.startswith(f"{IMDB}: revision {revision} is not cached and the Hub could not be")


def test_a_subset_that_the_cached_data_set_does_not_have_is_named(fetched: Path) -> None:
    error = read(DEAD, fetched, subset="other").error
    assert error is not None
    assert "'other' not found. Available: ['plain_text']" in error


def test_files_that_something_else_has_fetched_are_not_taken_for_all_of_them(
    fetched: Path, tmp_path: Path
) -> None:
    """Only `snapshot_download` lists them; a download by `datasets` may have broken off."""
    shutil.copytree(fetched / "hub", tmp_path / "hub", symlinks=True)
    shutil.rmtree(files_folder(tmp_path).parents[1] / "trees")
    assert "is not cached" in (read(DEAD, tmp_path).error or "")


def test_a_cached_revision_that_misses_a_file_is_not_taken(fetched: Path, tmp_path: Path) -> None:
    shutil.copytree(fetched / "hub", tmp_path / "hub", symlinks=True)
    next(files_folder(tmp_path).glob("*/test-*")).unlink()
    assert "is not cached" in (read(DEAD, tmp_path).error or "")


def test_the_tables_are_made_again_without_a_network(fetched: Path, tmp_path: Path) -> None:
    shutil.copytree(fetched / "hub", tmp_path / "hub", symlinks=True)
    assert read(DEAD, tmp_path).error is None


def test_a_hub_that_goes_away_after_its_first_answer_does_not_bring_up_another_revision(
    fetched: Path,
) -> None:
    """Given a name, `datasets` then takes the latest revision that it has."""
    outcome = read(DEAD, fetched, OTHER, {"HF_HUB_OFFLINE": "1"}, revision=OTHER)
    assert outcome.error is not None
    assert outcome.error.startswith(f"{IMDB}: could not be fetched: Cannot find an appropriate")


@pytest.mark.slow
def test_of_two_cached_revisions_each_is_found(fetched: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(fetched, home, symlinks=True)
    shutil.copytree(files_folder(home), files_folder(home).with_name(OTHER), symlinks=True)
    trees = files_folder(home).parents[1] / "trees"
    shutil.copy(trees / f"{REVISION}.json", trees / f"{OTHER}.json")
    assert read(DEAD, home, revision=REVISION).error is None
    assert read(DEAD, home, revision=OTHER).error is None


def test_a_branch_is_looked_up_and_then_not_fetched_again(
    shared_data: Path, fetched: Path, tmp_path: Path
) -> None:
    with serving(shared_data, tmp_path / "log") as server:
        assert read(server.url, fetched, revision="main").error is None
        assert "GET /datasets" not in server.log.read_text()


@pytest.mark.parametrize("size", [3_000_000, 30, None])
def test_a_damaged_table_is_named(fetched: Path, tmp_path: Path, size: int | None) -> None:
    home = tmp_path / "home"
    shutil.copytree(fetched, home, symlinks=True)
    (table,) = tables_folder(home).glob("*-train.arrow")
    if size is None:
        table.unlink()
    else:
        os.truncate(table, size)
    error = read(DEAD, home).error
    assert error is not None
    assert error.startswith(f"{table.parent}: the cached copy cannot be read (")
    assert error.endswith("); delete this folder to make it again")


@pytest.mark.slow
def test_a_damaged_file_is_an_error_of_one_line(fetched: Path, tmp_path: Path) -> None:
    shutil.copytree(fetched / "hub", tmp_path / "hub", symlinks=True)
    os.truncate(next(files_folder(tmp_path).glob("*/train-*")).resolve(), 3_000_000)
    error = read(DEAD, tmp_path).error
    assert error is not None
    assert error.startswith(f"{IMDB}: could not be loaded: Could not open Parquet input")
    folder = files_folder(tmp_path).parents[1]
    assert error.endswith(f"; if its files are damaged, delete {folder} to fetch them again")


@pytest.mark.slow
def test_a_folder_that_is_deleted_is_made_again(
    shared_data: Path, fetched: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(fetched, home, symlinks=True)
    for folder in (tables_folder(home), files_folder(home)):
        shutil.rmtree(folder)
        with serving(shared_data, tmp_path / "log") as server:
            assert read(server.url, home).error is None


# Never fetched


def test_without_a_network_and_a_cache_one_line_says_what_to_do(tmp_path: Path) -> None:
    outcome = read(DEAD, tmp_path)
    assert outcome.error is not None
    assert outcome.error.startswith(f"{IMDB}: revision {REVISION} is not cached and the Hub could")
    assert outcome.error.endswith("; run again with a network connection, which is needed once")
    assert outcome.slept == 0


@pytest.mark.slow
def test_a_hub_that_never_answers_is_not_waited_for_long(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome = read(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path)
        silent.setblocking(False)
        tries = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                tries += 1
    assert outcome.error is not None
    assert "the Hub could not be reached (timed out)" in outcome.error
    assert tries <= 2
    assert outcome.slept == 0


def test_offline_mode_is_named(tmp_path: Path) -> None:
    error = read(DEAD, tmp_path, settings={"HF_HUB_OFFLINE": "1"}).error
    assert error is not None
    assert "offline mode is enabled" in error


@pytest.mark.slow
def test_a_hub_that_is_down_is_asked_only_once(shared_data: Path, tmp_path: Path) -> None:
    with serving(shared_data, tmp_path / "log", "--status", "503") as server:
        outcome = read(server.url, tmp_path / "home")
        assert outcome.error == (
            f"{IMDB}: revision {REVISION} is not cached and the Hub answers "
            "503 Service Unavailable; run again later"
        )
        assert server.log.read_text().count("/api/datasets/") == 1
    with serving(shared_data, tmp_path / "log") as server:
        assert read(server.url, tmp_path / "home").error is None


@pytest.mark.slow
def test_a_download_that_breaks_off_leaves_nothing_to_trip_over(
    shared_data: Path, tmp_path: Path
) -> None:
    with serving(shared_data, tmp_path / "log", "--truncate", "100000") as server:
        error = read(server.url, tmp_path / "home").error
    assert error is not None
    assert error.startswith(f"{IMDB}: could not be fetched: ")
    assert "received 100000 bytes" in error
    assert not (tmp_path / "home" / "datasets").exists()
    assert "is not cached" in (read(DEAD, tmp_path / "home").error or "")
    with serving(shared_data, tmp_path / "log") as server:
        assert read(server.url, tmp_path / "home").error is None


# What the Hub does not have


def test_a_data_set_that_the_hub_does_not_have(shared_data: Path, tmp_path: Path) -> None:
    with serving(shared_data, tmp_path / "log") as server:
        error = read(server.url, tmp_path / "home", dataset="stanfordnlp/nope").error
    assert error == "stanfordnlp/nope: the Hub has no such data set, or it is private"


def test_a_subset_that_the_data_set_does_not_have(shared_data: Path, tmp_path: Path) -> None:
    with serving(shared_data, tmp_path / "log") as server:
        error = read(server.url, tmp_path / "home", subset="nope").error
    assert error is not None
    assert "'nope' not found. Available: ['plain_text']" in error


class Refusal(BaseHTTPRequestHandler):
    """A server that refuses as the Hub does, by a status and a header."""

    answer: ClassVar[tuple[int, str]]

    def do_GET(self) -> None:
        status, code = self.answer
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "RevisionNotFound", f"{IMDB}: no revision {REVISION} on the Hub"),
        (401, "RepoNotFound", f"{IMDB}: the Hub has no such data set, or it is private"),
        (403, "GatedRepo", f"{IMDB}: the Hub gives it to known users only; see `hf auth login`"),
    ],
    ids=["revision", "data set", "access"],
)
def test_what_the_hub_refuses_is_an_error_of_one_line(
    tmp_path: Path, status: int, code: str, expected: str
) -> None:
    handler = type("Handler", (Refusal,), {"answer": (status, code)})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        error = read(f"http://127.0.0.1:{server.server_port}", tmp_path).error
        server.shutdown()
    assert error == expected


@pytest.mark.parametrize("name", ["a/b/c", "/etc", "../imdb", "im db", ""])
def test_what_cannot_be_a_name_is_not_looked_for(name: str) -> None:
    with pytest.raises(CorpusError) as caught:
        hub.read_hub(name, REVISION, None, ("train",), Columns(), RULE)
    assert str(caught.value) == f"{name}: not the name of a data set; expected owner/name"


# Which files are fetched


@pytest.mark.parametrize(
    ("subset", "configs", "expected"),
    [
        (None, "", None),
        (None, "configs: [{config_name: a}]", None),
        (None, "configs: [{config_name: a, data_dir: a, data_files: x.csv}]", None),
        (None, "configs: [{config_name: a, data_files: ./x.csv}]", ["x.csv"]),
        ("a", "configs: [{config_name: a, data_files: [x.csv, '**/y-*']}]", ["x.csv", "*y-*"]),
        (
            None,
            "configs: [{config_name: a, data_files: [{split: train, path: [x, y]}]},"
            " {config_name: b, data_files: z},"
            " {config_name: c, data_files: {train: u, test: v}, default: true}]",
            ["x", "y", "u", "v"],
        ),
        (
            "b",
            "configs: [{config_name: default, data_files: x}, {config_name: b, data_files: y},"
            " {config_name: c, data_files: z}]",
            ["x", "y"],
        ),
    ],
)
def test_the_files_of_the_subset_and_of_the_first_one_are_needed(
    tmp_path: Path, subset: str | None, configs: str, expected: list[str] | None
) -> None:
    card = tmp_path / "README.md"
    card.write_text(f"---\nlicense: mit\n{configs}\n---\n", encoding="utf-8")
    needed = hub._needed(card, subset)
    assert (needed and needed[3:]) == expected


def test_without_a_card_all_files_are_needed(tmp_path: Path) -> None:
    assert hub._needed(tmp_path / "README.md", None) is None


# What a data set may hold


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that reads a data set of one split, which holds the given columns."""

    def read_columns(
        columns: dict[str, Any],
        split: str = "train",
        text: str = "text",
        label: str = "label",
        rule: LabelRule = RULE,
    ) -> pa.Table:
        import datasets

        features = columns.pop("features", None)
        part = datasets.Dataset.from_dict(columns, features)
        monkeypatch.setattr(hub, "_load", lambda *_: datasets.DatasetDict(train=part, extra=part))
        (source,) = hub.read_hub("me/odd", REVISION, None, (split,), Columns(text, label), rule)
        table, tally = read_source_rows(source)
        return table.replace_schema_metadata({"left out": str(tally.left_out.total())})

    return read_columns


def refusal(holding: Any, *arguments: Any, **names: str) -> str:
    with pytest.raises(CorpusError) as caught:
        holding(*arguments, **names)
    return str(caught.value)


def test_only_the_two_columns_are_kept_whatever_their_names(holding: Any) -> None:
    columns = {"stars": [1, 0], "review": ["good", "bad"], "id": [7, 8]}
    table = holding(columns, text="review", label="stars")
    assert table.to_pydict() == {"text": ["good", "bad"], "label": [1, 0]}
    assert table.schema == pa.schema([("text", pa.large_string()), ("label", pa.int8())])


def test_class_names_may_be_the_labels_of_a_rule(holding: Any) -> None:
    import datasets

    names = datasets.ClassLabel(names=["pos", "neg"])
    features = datasets.Features(text=datasets.Value("string"), label=names)
    columns = {"text": ["a", "b"], "label": [0, 1], "features": features}
    message = refusal(holding, columns)
    assert message.startswith("me/odd, train: label 0 (pos) has two meanings: positive")


def test_a_split_that_is_missing_is_named_with_those_there_are(holding: Any) -> None:
    message = refusal(holding, {"text": ["a"], "label": [1]}, "test")
    assert message == "me/odd: no split 'test'; it has: train, extra"


@pytest.mark.parametrize("column", ["text", "label"])
def test_a_column_that_is_missing_is_named_with_those_there_are(holding: Any, column: str) -> None:
    message = refusal(holding, {"text": ["a"], "label": [1]}, **{column: "nope"})
    assert message == "me/odd, train: no column 'nope'; it has: text, label"


def test_a_missing_text_is_named_with_its_row(holding: Any) -> None:
    message = refusal(holding, {"text": ["a", None], "label": [1, 0]})
    assert message.startswith("me/odd, train, row 2: the text is missing (1 of 2 rows); set")


def test_rows_are_left_out_of_a_split_and_counted(holding: Any) -> None:
    rule = LabelRule((1, "pos"), (0, "neg"), ignore=(-1,), drop=("missing",))
    columns = {"text": ["a", None, "c", "d"], "label": [1, 0, -1, None]}
    found = holding(columns, rule=rule)
    assert found.to_pydict() == {"text": ["a"], "label": [1]}
    assert found.schema.metadata == {b"left out": b"3"}


def test_an_unlabelled_split_is_refused_at_its_first_row(holding: Any) -> None:
    """As IMDB's `unsupervised`, whose labels are all -1."""
    message = refusal(holding, {"text": ["a", "b"], "label": [-1, -1]})
    assert message.startswith("me/odd, train, row 1: label -1 is neither positive (1, pos) nor")


def test_a_missing_label_is_named_with_its_row(holding: Any) -> None:
    message = refusal(holding, {"text": ["a", "b"], "label": [1, None]})
    assert message.startswith("me/odd, train, row 2: the label is missing (1 of 2 rows); set")


@pytest.mark.parametrize(
    ("texts", "kind"),
    [([1, 2], "int64"), ([["a"], ["b"]], "list<"), ([None, None], "null")],
)
def test_a_column_that_is_no_text_is_refused_by_its_type(
    holding: Any, texts: list[Any], kind: str
) -> None:
    message = refusal(holding, {"text": texts, "label": [1, 0]})
    assert message.startswith(f"me/odd, train: column 'text' is of type {kind}")
    assert message.endswith("; expected a string column")


def test_the_labels_may_be_the_texts_column_twice(holding: Any) -> None:
    table = holding({"text": ["pos", "neg"]}, label="text")
    assert table.to_pydict() == {"text": ["pos", "neg"], "label": [1, 0]}


def test_a_cached_table_with_offsets_out_of_bounds_is_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As one that was damaged, or that someone else has written: it reads foreign memory."""
    import datasets

    offsets = pa.py_buffer(np.array([0, 1 << 30, 2], np.int32))
    texts = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"ab"))
    table = pa.table({"text": texts, "label": pa.array([1, 0])})
    with pa.ipc.new_stream(str(tmp_path / "t.arrow"), table.schema) as file:
        file.write_table(table)
    part = datasets.Dataset.from_file(str(tmp_path / "t.arrow"))
    monkeypatch.setattr(hub, "_load", lambda *_: datasets.DatasetDict(train=part))
    with pytest.raises(CorpusError, match=r"^me/odd, train: the cached .* delete .*t\.arrow$"):
        hub.read_hub("me/odd", REVISION, None, ("train",), Columns(), RULE)


# Files by hf:// URL


def test_a_url_of_the_hub_gives_the_bytes_of_its_file_and_is_fetched_once(
    shared_data: Path, tmp_path: Path
) -> None:
    places = {
        "url": f"hf://datasets/{IMDB}@{REVISION}/plain_text/test-*",
        "path": str(shared_data / "data" / "imdb" / "test.parquet"),
    }
    with serving(shared_data, tmp_path / "log") as server:
        settings = {"HF_ENDPOINT": server.url, "HF_HOME": str(tmp_path / "home")}
        for name in ("url", "path", "url"):
            config = tmp_path / f"{name}.toml"
            config.write_text(f'[corpus]\nsource = "files"\ntrain = "{places[name]}"\n')
            done = subprocess.run(
                [sys.executable, "-m", "pipeline", "corpus", config, "--run", tmp_path / name],
                env={**os.environ, **settings, "PYTHONPATH": ROOT},
                capture_output=True,
                text=True,
                check=True,
            )
        assert "up to date" in done.stderr
        n_fetched = server.log.read_text().count('"GET /datasets/')
    for file in ("train", "test"):
        read = {(tmp_path / name / "corpus" / f"{file}.arrow").read_bytes() for name in places}
        assert len(read) == 1
    assert n_fetched == 1
