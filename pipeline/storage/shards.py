"""The names of shards: a set of many reviews is several files, each of which is worked on alone.

    train.arrow                               a set of one shard
    train-00000.arrow, train-00001.arrow ...  a set of more, in their order

How a set is cut never changes what is learned from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_NUMBER = re.compile(r"-(\d{5,})")


def shard_paths(whole: Path, n: int) -> list[Path]:
    """Return the paths of `n` shards, given that of a single one.

    Examples
    --------
    >>> [path.name for path in shard_paths(Path("train.arrow"), 2)]
    ['train-00000.arrow', 'train-00001.arrow']
    >>> [path.name for path in shard_paths(Path("train.arrow"), 1)]
    ['train.arrow']
    """
    if n == 1:
        return [whole]
    return [whole.with_name(f"{whole.stem}-{k:05d}{whole.suffix}") for k in range(n)]


def shards_among(files: Iterable[str], whole: str) -> list[str]:
    """Return which of some files are the shards of a set, in their order.

    >>> shards_among(["train-00001.arrow", "train-00000.arrow", "train.txt"], "train.arrow")
    ['train-00000.arrow', 'train-00001.arrow']
    """
    stem, dot, suffix = whole.rpartition(".")
    found = {}
    for file in files:
        number = _NUMBER.fullmatch(file.removeprefix(stem).removesuffix(dot + suffix))
        if file == whole:
            found[-1] = file
        elif number and file == f"{stem}{number[0]}{dot}{suffix}":
            found[int(number[1])] = file
    return [file for _, file in sorted(found.items())]


def shards_in(whole: Path) -> list[Path]:
    """Return the shards of a set that a folder holds, in their order."""
    names = (path.name for path in whole.parent.iterdir())
    return [whole.with_name(name) for name in shards_among(names, whole.name)]
