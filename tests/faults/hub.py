"""Answers of a Hub that is down, slow, wrong or hostile: a small server, and one row for each.

The server has a data set of two files and answers as the Hub does, until it comes to the question
that its row spoils.
"""

import contextlib
import hashlib
import io
import json
import re
import threading
import time
import types
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from faults.ground import Arguments, Fault, Ground
from pyarrow import parquet

_NAME, _REVISION = "someone/reviews", "c0ffee" * 6 + "cafe"
_CARD = "---\nconfigs:\n- config_name: default\n  data_files: data/*.parquet\n---\n"


def _reviews() -> bytes:
    texts, file = ["a fine film", "a dull film"] * 20, io.BytesIO()
    parquet.write_table(pa.table({"text": texts, "label": ["pos", "neg"] * 20}), file)
    return file.getvalue()


_FILES = {"README.md": _CARD.encode(), "data/train.parquet": _reviews()}


class Answers(BaseHTTPRequestHandler):
    """A Hub; `spoil` answers in its place where it returns True.

    It is called with the handler and the question, one of `info`, `tree`, `file` and `card`.
    """

    protocol_version = "HTTP/1.1"
    spoil: ClassVar[Callable[["Answers", str], bool]]

    def answer(self) -> None:
        path = self.path.partition("?")[0]
        if f"/{_NAME}/resolve/" in path:
            name = path.partition(f"/{_REVISION}/")[2]
            if not type(self).spoil(self, "card" if name == "README.md" else "file"):
                self.send_file(name)
        elif "/tree/" in path:
            rows = [
                {
                    "type": "file",
                    "oid": hashlib.sha1(content).hexdigest(),
                    "size": len(content),
                    "path": name,
                }
                for name, content in _FILES.items()
            ]
            type(self).spoil(self, "tree") or self.send(rows)
        else:
            siblings = [{"rfilename": name} for name in _FILES]
            found = {"_id": "0", "id": _NAME, "sha": _REVISION, "siblings": siblings}
            type(self).spoil(self, "info") or self.send(found)

    do_GET = do_HEAD = do_POST = answer  # noqa: N815

    def send(self, body: Any, status: int = 200, length: int | None = None, **headers: str) -> bool:
        """Send a body; `length` bytes are announced, and where given they are the last."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
            self.close_connection = length is not None
        return True

    def send_file(self, name: str, content: bytes | None = None, length: int | None = None) -> bool:
        """Send a file of the data set, or other content in its place."""
        if name not in _FILES:
            return self.send(b"", 404, X_Error_Code="EntryNotFound")
        etag = hashlib.sha256(_FILES[name]).hexdigest()
        body = _FILES[name] if content is None else content
        return self.send(body, length=length, ETag=f'"{etag}"', X_Repo_Commit=_REVISION)

    def log_message(self, *_: Any) -> None:
        pass


_ASKED = f"{_NAME}: revision {_REVISION} is not cached and the Hub"
_UNREACHED = f"{_ASKED} could not be reached"
_NO_HUB = f"{_NAME}: what answers in place of the Hub is not one"
_UNFETCHED, _UNLOADED = f"{_NAME}: could not be fetched: ", f"{_NAME}: could not be loaded: "
Spoil = Callable[[Answers], bool]
_SPOILED: dict[str, tuple[str, Spoil]] = {}


def answer(name: str, question: str, spoil: Spoil, line: str, seconds: float = 20) -> Fault:
    """A Hub that spoils its answer to one question."""
    _SPOILED[name] = question, spoil

    def arrange(ground: Ground) -> Arguments:
        config = f'[corpus]\nsource = "hub"\ndataset = "{_NAME}"\nrevision = "{_REVISION}"\n'
        return ["corpus", ground.write("hub.toml", config), "--run", ground.folder / "run", "-q"]

    return Fault(name, arrange, line, seconds=seconds)


@contextlib.contextmanager
def answering(name: str, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run the Hub of a row in place of the real one, with an empty cache and no pauses."""
    import datasets
    from huggingface_hub import constants, file_download
    from huggingface_hub.utils import _http

    from pipeline.corpus import hub

    question, spoil = _SPOILED[name]
    patience = 1 if spoil in (_silence, _stop_half_way) else 60  # seconds; the machine may be busy

    def spoiled(handler: Answers, asked: str) -> bool:
        return asked == question and spoil(handler)

    handler = type("Handler", (Answers,), {"spoil": staticmethod(spoiled)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        template = url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(ground.folder / "hub"))
        monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", patience)
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", ground.folder / "datasets")
        monkeypatch.setattr(hub, "_TIMEOUT", patience)
        impatient = types.SimpleNamespace(**vars(time) | {"sleep": lambda _: None})
        for module in (_http, file_download):
            monkeypatch.setattr(module, "time", impatient)
        try:
            yield
        finally:
            # A connection that is kept would ask the server of a later row on the same port.
            _http.close_session()
            server.shutdown()


def _silence(handler: Answers) -> bool:
    time.sleep(3)
    handler.close_connection = True
    return True


def _hang_up(handler: Answers) -> bool:
    handler.close_connection = True
    return True


def _other_revision(handler: Answers) -> bool:
    return handler.send({"_id": "0", "id": _NAME, "sha": "b" * 40, "siblings": []})


def _turn_round(handler: Answers) -> bool:
    return handler.send(b"", 302, Location=handler.path)


def _name_of(handler: Answers) -> str:
    return re.sub(r"^.*?/[0-9a-f]{40}/", "", handler.path.partition("?")[0])


def _half(handler: Answers) -> bool:
    content = _FILES[_name_of(handler)]
    return handler.send_file(_name_of(handler), content[: len(content) // 2], len(content))


def _stop_half_way(handler: Answers) -> bool:
    if handler.command == "HEAD":
        return False
    content = _FILES[_name_of(handler)]
    handler.send_file(_name_of(handler), content[: len(content) // 2], len(content))
    handler.wfile.flush()
    time.sleep(3)
    return True


def _garbage_of_its_size(handler: Answers) -> bool:
    name = _name_of(handler)
    return handler.send_file(name, b"\x99" * len(_FILES[name]))


def _page(handler: Answers) -> bool:
    return handler.send(b"<html>Sign in to the hotel's network</html>", Content_Type="text/html")


def _status(number: int) -> Spoil:
    return lambda handler: handler.send({"error": "no"}, number)


def _body(content: Any) -> Spoil:
    return lambda handler: handler.send(content)


def _out_of_the_folder(handler: Answers) -> bool:
    row = {"type": "file", "oid": "0" * 40, "size": 3, "path": "../../../../evil.parquet"}
    return handler.send([row])


def _card(text: str) -> Spoil:
    return lambda handler: handler.send_file("README.md", text.encode())


_INFO = (
    answer(
        "503", "info", _status(503), f"{_ASKED} answers 503 Service Unavailable; run again later"
    ),
    answer("429", "info", _status(429), f"{_ASKED} answers 429 Too Many Requests; run again later"),
    answer("401", "info", _status(401), f"{_ASKED} answers 401 Unauthorized; run again later"),
    answer("404", "info", _status(404), f"{_ASKED} answers 404 Not Found; run again later"),
    answer("silence", "info", _silence, f"{_UNREACHED} (timed out); run again with a network ..."),
    answer(
        "a connection that is closed",
        "info",
        _hang_up,
        f"{_UNREACHED} (Server disconnected without sending a response.); ...",
    ),
    answer(
        "a redirection in a circle",
        "info",
        _turn_round,
        f"{_UNREACHED} (Exceeded maximum allowed redirects.); ...",
    ),
    answer(
        "a page with status 200",
        "info",
        _page,
        f"{_NO_HUB} (Expecting value...); check HF_ENDPOINT, and whether ...",
    ),
    answer(
        "a list with status 200",
        "info",
        _body([]),
        f"{_NO_HUB} (...must be a mapping, not list); check HF_ENDPOINT, ...",
    ),
    answer(
        "JSON nested without end",
        "info",
        _body(b"[" * 100_000),
        f"{_NO_HUB} (...); check HF_ENDPOINT, ...",
    ),
    answer(
        "another revision",
        "info",
        _other_revision,
        f"{_NAME}: asked for revision {_REVISION}, the Hub answers with bbb...; check ...",
    ),
)
_CONTENT = (
    answer(
        "503 for the list of files",
        "tree",
        _status(503),
        f"{_UNFETCHED}...503 Service Unavailable...",
    ),
    answer(
        "garbage for the list of files",
        "tree",
        _body(b"\x99"),
        f"{_UNFETCHED}...can't decode byte 0x99...",
    ),
    answer("a list of files of another form", "tree", _body([{"a": 1}]), f"{_UNFETCHED}'type'"),
    answer(
        "an empty list of files",
        "tree",
        _body([]),
        f"{_UNLOADED}Couldn't find any data file at ...",
    ),
    answer(
        "a file out of the folder",
        "tree",
        _out_of_the_folder,
        f"{_UNFETCHED}Invalid filename '../../../../evil.parquet'...",
    ),
    answer(
        "503 for a file",
        "file",
        _status(503),
        f"{_UNFETCHED}An error happened while trying to locate the file on the Hub ...",
    ),
    answer(
        "half a file",
        "file",
        _half,
        f"{_UNFETCHED}peer closed connection without sending complete message body ...",
    ),
    answer("a file that stops half-way", "file", _stop_half_way, f"{_UNFETCHED}timed out"),
    answer(
        "garbage for a file",
        "file",
        _garbage_of_its_size,
        f"{_UNLOADED}Parquet magic bytes not found in footer. ...; if its files ...",
    ),
    answer(
        "a page for a file",
        "file",
        _page,
        f"{_UNFETCHED}Response from ... is missing the 'X-Repo-Commit' header, ...",
    ),
    answer(
        "a card that is no YAML",
        "card",
        _card("---\n{[\n---\n"),
        f"{_UNFETCHED}while parsing a flow node",
    ),
    answer(
        "a card of another form",
        "card",
        _card("---\nconfigs: 3\n---\n"),
        f"{_UNFETCHED}'int' object is not iterable",
    ),
)
TABLE = (*_INFO, *_CONTENT)
