"""Files at URLs, through fsspec: listed with size and version, and fetched while they are read.

A file is fetched whole into a temporary one, because what says its encoding, its separator or what
is wrong with it reads parts of it several times. A thread that reads has one such copy at a time.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from pipeline.boundary import urls
from pipeline.boundary.urls import PACKAGES, checked_url, scheme_of, without_secrets
from pipeline.errors import CorpusError

_BLOCK = 16 << 20  # bytes that are asked for at a time, and held
_DESCRIPTORS = Path("/proc/self/fd")
_CREDENTIALS = "; credentials come from the environment"
# What gives access to a store.
_ACCESS = {
    "file": "; change its permissions",
    "hf": f"{_CREDENTIALS}: set HF_TOKEN",
    "s3": f"{_CREDENTIALS}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
    "FSSPEC_S3_ANON=true for a public bucket",
}
# What stores say of a file's content, then of its time. The first one that is there is taken.
_VERSIONS = (
    *("ETag", "etag", "blob_id", "xet_hash", "md5Hash"),
    *("LastModified", "last_modified", "mtime", "updated", "created"),
)


@dataclass(frozen=True)
class RemoteFile:
    """A file at a URL, as its store lists it.

    Attributes
    ----------
    url : str
    size : int
        In bytes.
    version : str
        What the store says of its content: a checksum, or when it was written.

    Examples
    --------
    >>> file = RemoteFile("s3://reviews/2024/a.csv.gz", 120, "ETag 1f")
    >>> str(file), file.name, file.suffix, file.stem
    ('s3://reviews/2024/a.csv.gz', 'a.csv.gz', '.gz', 'a.csv')
    """

    url: str
    size: int
    version: str

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The extension with its dot, or nothing."""
        return PurePosixPath(self.name).suffix

    @property
    def stem(self) -> str:
        """The name without its extension."""
        return PurePosixPath(self.name).stem

    @property
    def parent(self) -> str:
        """The URL of the folder."""
        return self.url.rpartition("/")[0]

    @property
    def state(self) -> str:
        """What changes with the content, as the digest of a local file does."""
        return f"{self.size} bytes, {self.version}"

    def is_dir(self) -> bool:
        """Return False."""
        return False


@dataclass(frozen=True)
class RemoteFolder:
    """A folder at a URL, without a slash at its end."""

    url: str

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rpartition("/")[2]

    def is_dir(self) -> bool:
        """Return True."""
        return True

    def iterdir(self) -> list[RemoteFile | RemoteFolder]:
        """Return what is in the folder."""
        with _told(self.url):
            store, path = _opened(self.url)
            found = store.ls(path, detail=True)
        return [_entry(self.url, path, info) for info in found if info["name"].strip("/") != path]


def find(url: str) -> RemoteFolder | list[RemoteFile]:
    """Return the folder of a URL, or its file, or the files that a glob matches, in order.

    Raises
    ------
    CorpusError
        If the URL is none that is read, or the store does not answer as it should.
    """
    url = checked_url(url, CorpusError).rstrip("/")
    with _told(url):
        store, path = _opened(url)
        store.invalidate_cache()  # what this process has seen may have changed
        # A file is taken by its name first: a name may hold brackets.
        if "*" not in url and "?" not in url:
            with contextlib.suppress(FileNotFoundError):
                entry = _entry(url, path, store.info(path))
                return entry if isinstance(entry, RemoteFolder) else [entry]
        head = url[: min((url.find(sign) for sign in "*?[" if sign in url), default=len(url))]
        found = {} if head == url else store.glob(path, detail=True)
        if not found:
            _require_place(store, path, url)
            return []
        head = head.rpartition("/")[0]
        start = store._strip_protocol(head)
    entries = [_entry(head, start, info) for info in found.values()]
    files = [entry for entry in entries if isinstance(entry, RemoteFile)]
    if "/." not in url[len(head) :]:  # as on disk, a name with a dot has to be asked for
        files = [file for file in files if "/." not in file.url[len(head) :]]
    return sorted(files, key=str)


def _require_place(store: Any, path: str, url: str) -> None:
    """Refuse a URL whose bucket is not there, as far as the store tells."""
    place = path.partition("/")[0]
    try:
        store.info(place)
    except FileNotFoundError:
        raise CorpusError(f"{url}: there is no {place!r}") from None
    except Exception:  # whoever may read a file need not be allowed to look at its bucket
        return


def _entry(url: str, path: str, info: dict[str, Any]) -> RemoteFile | RemoteFolder:
    """Return a file or folder that a store lists; `url` and `path` name one that it is in."""
    listed = info["name"].rstrip("/")
    is_inside = listed.startswith(path)
    name = url + listed.removeprefix(path) if is_inside else f"{scheme_of(url)}://{listed}"
    # Some stores list a folder as an empty file too.
    if info["type"] == "directory" or info["name"].endswith("/"):
        return RemoteFolder(name)
    return RemoteFile(name, int(info["size"] or 0), _version(info))


def _version(info: dict[str, Any]) -> str:
    """Return what a store says of the content of a file."""
    for key in _VERSIONS:
        if value := info.get(key):
            # A listing may have a time as a number, and the file itself as a date.
            value = value.timestamp() if hasattr(value, "timestamp") else value
            return f"{key} {value}".replace('"', "")
    return ""


@contextlib.contextmanager
def fetched(file: RemoteFile) -> Iterator[Path]:
    """Fetch a file into a temporary one, which is gone at the end, however the process ends.

    Raises
    ------
    CorpusError
        If it cannot be fetched, is not as it was listed, or there is no room for it.
    """
    has_name = not _DESCRIPTORS.is_dir()  # on Linux it needs none
    kind: Any = tempfile.NamedTemporaryFile if has_name else tempfile.TemporaryFile
    try:
        # A buffer would be written again when a full disk's file is closed.
        opened = kind(prefix="sentiment-", buffering=0)
    except OSError as error:
        raise CorpusError(
            f"{file.url}: no temporary file can be made: {error.strerror}; set TMPDIR to a folder "
            "that can be written to"
        ) from None
    with opened as copy:
        with _told(file.url, file.size):
            _fetch(file, copy)
        yield Path(copy.name) if has_name else _DESCRIPTORS / str(copy.fileno())


def _fetch(file: RemoteFile, target: BinaryIO) -> None:
    store, path = _opened(file.url)
    store.invalidate_cache()
    n_bytes = 0
    urls.on_fetch(file.url, n_bytes, file.size)
    with store.open(path, "rb", block_size=_BLOCK, cache_type="none") as source:
        _require_same(file, getattr(source, "details", None) or store.info(path))
        while block := source.read(_BLOCK):
            left = memoryview(block)
            while left:  # a disk that is almost full takes a part
                left = left[target.write(left) :]
            n_bytes += len(block)
            urls.on_fetch(file.url, n_bytes, file.size)
    if file.size > _BLOCK:  # in one piece, it is one version
        store.invalidate_cache()
        _require_same(file, store.info(path))
    if n_bytes != file.size:
        raise CorpusError(
            f"{file.url}: cut off: got {n_bytes:,} of {file.size:,} bytes; run the command again"
        )


def _require_same(file: RemoteFile, info: dict[str, Any]) -> None:
    """Refuse a file that is another one than was listed."""
    if (info["size"], _version(info)) != (file.size, file.version):
        raise CorpusError(f"{file.url}: it has changed since it was listed; run the command again")


def _opened(url: str) -> tuple[Any, str]:
    """Return the store of a URL, as a file system of fsspec, and the path of the URL in it."""
    package, install = PACKAGES[scheme_of(url)]
    try:
        library = importlib.import_module(package)
    except ImportError:
        raise CorpusError(
            f"{url}: needs the package {package}; pip install {install} into {sys.prefix}"
        ) from None
    if package == "huggingface_hub":
        library.logging.set_verbosity_error()  # it would log URLs of each try, signed ones too
    from fsspec.core import url_to_fs

    store, path = url_to_fs(url)
    return store, path


@contextlib.contextmanager
def _told(url: str, size: int = 0) -> Iterator[None]:
    """Turn what a store or its library raises into a CorpusError that names the URL."""
    try:
        yield
    except CorpusError:
        raise
    except FileNotFoundError as error:
        raise CorpusError(f"{url}: not there{_reason(error) * (' ' in str(error))}") from None
    except Exception as error:
        if isinstance(error, PermissionError) or type(error).__name__ == "NoCredentialsError":
            raise CorpusError(
                f"{url}: no access{_reason(error)}{_ACCESS.get(scheme_of(url), _CREDENTIALS)}"
            ) from None
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise CorpusError(
                f"{url}: no room for its {size:,} bytes in {tempfile.gettempdir()}; set TMPDIR to "
                "a folder with more"
            ) from None
        raise CorpusError(f"{url}: cannot be read{_reason(error)}") from None


def _reason(error: BaseException) -> str:
    """Return the first line of what a library says, in brackets."""
    text = re.sub(r"^\[Errno -?\d+\] ", "", str(error))
    said = [line.strip() for line in text.splitlines() if line.strip()]
    return f" ({without_secrets(said[0] if said else type(error).__name__)})"
