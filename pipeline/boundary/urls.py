"""URLs of files that are elsewhere: which are read, and which are refused before anyone sees them.

Credentials have no place in a URL, because configs, manifests and messages show it. Each library
takes them from the environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import PipelineError

# What reads a scheme: a package for fsspec, and how to install it.
PACKAGES = {
    **dict.fromkeys(("s3", "s3a"), ("s3fs", "'sentiment-pipeline[s3]'")),
    **dict.fromkeys(("gs", "gcs"), ("gcsfs", "gcsfs")),
    **dict.fromkeys(("az", "abfs", "abfss"), ("adlfs", "adlfs")),
    "hf": ("huggingface_hub", "huggingface_hub"),
}
# Is called with a URL whose file is fetched, and how much of how many bytes is here.
on_fetch: Callable[[str, int, int], None] = lambda url, n_bytes, size: None  # noqa: E731
_ACCEPTED = "s3://, gs://, az://, hf:// or file://"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)(?:://|::(?=.*://))", re.DOTALL)
_QUERY = re.compile(r"\?[^/?]*=")  # a lone ? belongs to a glob
_CONTAINERS = ("az", "abfs", "abfss")  # container@account is how these name a place
_ENVIRONMENT = "credentials come from the environment, such as AWS_ACCESS_KEY_ID"


def is_url(name: str) -> bool:
    """Return True for what is meant as a URL, and not as a path.

    Examples
    --------
    >>> is_url("s3://reviews/*.parquet"), is_url("zip::s3://a/b.zip"), is_url("data/a::b.csv")
    (True, True, False)
    """
    return _URL.match(name) is not None


def scheme_of(url: str) -> str:
    """Return the scheme of a URL in lower case."""
    found = _URL.match(url)
    assert found is not None, "see is_url"
    return found[1].lower()


def checked_url(url: str, error: type[PipelineError]) -> str:
    """Return a URL that is read, its scheme in lower case.

    Another scheme, a chain of URLs, credentials and a query are refused.

    The message holds nothing that may be secret.

    Examples
    --------
    >>> from pipeline.errors import CorpusError
    >>> checked_url("S3://reviews/part-?.parquet", CorpusError)
    's3://reviews/part-?.parquet'
    >>> checked_url("s3://AKIA:secret@reviews/a.csv", CorpusError)
    Traceback (most recent call last):
    pipeline.errors.CorpusError: s3://...: expected a URL without a user name or a password; \
credentials come from the environment, such as AWS_ACCESS_KEY_ID
    """
    scheme = scheme_of(url)
    start, _, rest = url.partition("://")
    place, _, _ = rest.partition("/")
    query = _QUERY.search(rest)
    has_user = ":" in place or ("@" in place and scheme not in _CONTAINERS)
    shown = url
    if "::" in url or has_user:
        shown = f"{scheme}://..."
    elif query:
        shown = f"{start}://{rest[: query.start()]}?..."
    problem = ""
    if "::" in url:
        problem = "expected one URL, not a chain of them"
    elif scheme in ("http", "https"):
        problem = (
            "the web is not read, because it lists no files and does not always say when one "
            f"changed; download it, or name a path or {_ACCEPTED}"
        )
    elif scheme not in PACKAGES and scheme != "file":
        problem = f"expected a path or {_ACCEPTED}"
    elif has_user:
        problem = f"expected a URL without a user name or a password; {_ENVIRONMENT}"
    elif query:
        problem = f"expected a URL without a query; {_ENVIRONMENT}"
    elif scheme == "file" and place not in ("", "localhost"):
        problem = "expected a file of this machine, as in file:///home/me/reviews.csv"
    elif scheme != "file" and (not place or set(place) & set("*?[")):
        where = "hf://datasets/owner/name" if scheme == "hf" else f"{start}://bucket"
        problem = f"expected {where}/reviews.parquet, whose bucket is no pattern"
    if problem:
        raise error(f"{shown}: {problem}")
    return scheme + url[len(scheme) :]


def path_of(url: str) -> Path:
    """Return the path of a file:// URL.

    >>> path_of("file:///data/my%20reviews/*.csv")
    PosixPath('/data/my reviews/*.csv')
    """
    from urllib.parse import unquote

    return Path("/", unquote(url.partition("://")[2].partition("/")[2]))


def without_secrets(text: str) -> str:
    """Return a message, such as a library's, whose URLs have neither users nor queries.

    Examples
    --------
    >>> without_secrets('connect to "http://me:secret@store:9000/a?X-Amz-Signature=1f": refused')
    'connect to "http://...@store:9000/a?...": refused'
    """
    text = re.sub(r"://[^\s'\"/]*@", "://...@", text)
    return re.sub(r"(://[^\s'\"?]*)\?[^\s'\"]*", r"\1?...", text)
