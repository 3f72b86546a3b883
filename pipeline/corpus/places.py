"""Where the files of a set are: a path, a glob, a folder, a list of them, or a table of classes."""

from __future__ import annotations

import dataclasses
import glob
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.boundary.paths import expanded, regular
from pipeline.boundary.urls import checked_url, is_url, path_of, scheme_of
from pipeline.corpus.compression import COMPRESSED
from pipeline.corpus.labels import LabelRule, Meaning, Scalar, canonical, meanings
from pipeline.corpus.remote import RemoteFolder, find
from pipeline.corpus.source import EXTENSIONS, File
from pipeline.errors import CorpusError, NoFileError

Paths = str | Sequence[str]
Place = Paths | Mapping[str, Paths]
# The usual names of two classes, the positive one first.
_USUAL: dict[int, tuple[str, ...]] = {
    Meaning.POSITIVE: ("pos", "positive"),
    Meaning.NEGATIVE: ("neg", "negative"),
}
_FOLDER = "a file, a glob, or a folder with pos/ and neg/"
_LISTED = 10
_TEXTS = "a file, a glob, or a folder of *.txt files"


class Part(NamedTuple):
    """Files that are read alike.

    Attributes
    ----------
    paths : list of Path or RemoteFile
    label : int or None
        The number of the class of all their reviews; None if each review has its own label.
    is_whole : bool
        Whether a file is one review.
    """

    paths: list[File]
    label: int | None = None
    is_whole: bool = False


def place_parts(place: Place, rule: LabelRule) -> list[Part]:
    """Return the files of a set, in the order in which they are read.

    Parameters
    ----------
    place : str, sequence of str, or dict of them
        A file, a glob (``**`` is any number of folders), or a folder of text files with a
        sub-folder for each class. A dict has a label for each class, whose files have none of
        their own; a folder in it holds the text files themselves. A relative path starts from
        the working directory.
    rule : LabelRule
        It says which names of folders and which labels of a dict are of which class. Unless it
        has another meaning for them, the names of classes are known, and pos and neg.

    Raises
    ------
    CorpusError
        If there is no such file, or a class has no folder or a label no class.
    """
    if not isinstance(place, Mapping):
        return _each_once([part for name in _listed(place) for part in _unlabelled(name, rule)])
    found: list[Part] = []
    meaning_of = meanings(_with_usual_names(rule), "corpus")
    for label, paths in place.items():
        meaning = meaning_of(label)
        if meaning < 0:
            keys = " and ".join(f"corpus.{key}" for key in list(rule.keys)[:2])
            raise CorpusError(
                f"corpus: label {label!r} of the table of files {rule.refusal()}; set {keys}"
            )
        for name in _listed(paths):
            there = _there(name, _TEXTS)
            is_whole = not isinstance(there, list)
            texts = there if isinstance(there, list) else _text_files(there)
            if not texts:
                tables = _tables(there) if not isinstance(there, list) else ""
                hint = f"; for the tables in it write {tables}" if tables else ""
                raise CorpusError(f"{name}: the folder holds no *.txt files{hint}")
            found.append(Part(texts, meaning, is_whole))
    return _each_once(found)


def _each_once(parts: list[Part]) -> list[Part]:
    """Return parts without the files that an earlier part of the same class has."""
    seen: set[tuple[File, int | None]] = set()
    found = []
    for part in parts:
        new = [path for path in dict.fromkeys(part.paths) if (path, part.label) not in seen]
        seen.update((path, part.label) for path in new)
        if new:
            found.append(part._replace(paths=new))
    return found


def place_paths(place: Place, rule: LabelRule) -> list[File]:
    """Return the files of a set, as `place_parts` finds them."""
    return [path for part in place_parts(place, rule) for path in part.paths]


def _listed(paths: Paths) -> Sequence[str]:
    return [paths] if isinstance(paths, str) else paths


def _unlabelled(name: str, rule: LabelRule) -> Iterator[Part]:
    """Yield the files that a name stands for, which say their labels themselves."""
    there = _there(name, _FOLDER)
    if isinstance(there, list):
        yield Part(there)
    else:
        yield from _class_folders(there, rule)


def _there(name: str, expected: str) -> Path | RemoteFolder | list[File]:
    """Return the folder of a name or a URL, or its files."""
    path = _local(name)
    if path is None:
        found = find(name)
        return found if isinstance(found, RemoteFolder) else _required(found, name, expected)
    return path if path.is_dir() else matching_files(name, expected)


def _local(name: str) -> Path | None:
    """Return the path that a name or a file:// URL means; None for another URL."""
    if not is_url(name):
        return expanded(name, CorpusError)
    checked_url(name, CorpusError)
    return expanded(path_of(name), CorpusError) if scheme_of(name) == "file" else None


def matching_files(name: str, expected: str) -> list[File]:
    """Return the file of a name or a URL, or the files that a glob matches, in order.

    Raises
    ------
    NoFileError
        The message says what was `expected`.
    """
    path = _local(name)
    if path is None:
        there = find(name)
        found: Sequence[File] = [] if isinstance(there, RemoteFolder) else there
    # A file is taken by its name first: a name may hold brackets.
    elif path.exists() and not path.is_dir():
        regular(path, CorpusError)
        found = [path]
    else:
        # Not Path.glob, which takes no absolute pattern.
        names = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207
        found = [path for path in map(Path, names) if _is_file(path)]
    return _required(found, name, expected)


def _is_file(path: Path) -> bool:
    """Return True for a file that a glob matches, and False for a folder by the way.

    What has the name of a table and is none is refused, as are links to nothing, and pipes.
    """
    if path.is_dir() and not _table_extension(path.suffixes):
        return False
    regular(path, CorpusError)
    return True


def _required(found: Sequence[File], name: str, expected: str) -> list[File]:
    """Return files that were found; refuse a name that none has."""
    if not found:
        what = "no file matches" if glob.has_magic(name) else "no such file"
        raise NoFileError(f"{name}: {what}; expected {expected}")
    return list(found)


def _class_folders(folder: Path | RemoteFolder, rule: LabelRule) -> Iterator[Part]:
    """Yield the sub-folders whose names are labels, of two classes the positive ones first."""
    meaning_of = meanings(_with_usual_names(rule), str(folder))
    entries = _entries(folder)
    found = {entry: meaning_of(entry.name) for entry in entries if entry.is_dir()}
    for number in _folder_names(rule):
        parts = [
            Part(_text_files(entry), number, True) for entry in found if found[entry] == number
        ]
        if not any(part.paths for part in parts):
            holding = [entry.name for entry in found if found[entry] == number]
            if holding:
                where = _shown(holding)
                raise CorpusError(f"{folder}: no *.txt files in {where}; expected one a review")
            others = [
                entry.name
                for entry, meaning in found.items()
                if meaning == Meaning.UNKNOWN and not entry.name.startswith(".")
            ]
            raise _no_class_folder(folder, rule, number, others)
        yield from parts


def _no_class_folder(
    folder: Path | RemoteFolder, rule: LabelRule, number: int, others: list[str]
) -> CorpusError:
    """Return the error for a folder that has none for a class, and maybe sub-folders of others."""
    usual = _folder_names(rule)
    expected = f"the sub-folders {' and '.join(f'{name}/' for name, *_ in usual.values())}"
    missing = f"there is no {usual[number][0]}/"
    if rule.found is not None:
        expected, missing = "a sub-folder for each class", "there is none"
    problem = f"{folder}: expected *.txt files in {expected}"
    tables = _tables(folder)
    if tables:
        problem += f", or the tables in it as {tables}"
    if others:
        key = usual[number][1] if rule.classes is None else "classes"
        return CorpusError(
            f"{problem}; {missing}; set corpus.{key} to the names of others: {_shown(others)}"
        )
    if not tables:
        problem += f"; {missing}" if _entries(folder) else "; the folder is empty"
    return NoFileError(problem)


def _shown(folders: list[str]) -> str:
    """Return the names of sub-folders, cut where there are many."""
    more = ", ..." if len(folders) > _LISTED else ""
    return ", ".join(f"{name}/" for name in folders[:_LISTED]) + more


def _tables(folder: Path | RemoteFolder) -> str:
    """Return the glob of a folder's tables, of their commonest extension; "" if it has none."""
    files = [Path(entry.name) for entry in _entries(folder) if not entry.is_dir()]
    ends = Counter(_table_extension(file.suffixes) for file in files)
    del ends[""]
    return f"{glob.escape(str(folder))}/*{ends.most_common(1)[0][0]}" if ends else ""


def _table_extension(suffixes: list[str]) -> str:
    """Return the extension of a table, with that of its packing.

    >>> _table_extension([".v2", ".csv", ".gz"]), _table_extension([".txt"])
    ('.csv.gz', '')
    """
    packed = suffixes.pop() if suffixes and suffixes[-1].lower() in COMPRESSED else ""
    return f"{suffixes[-1]}{packed}" if suffixes and suffixes[-1].lower() in EXTENSIONS else ""


def _folder_names(rule: LabelRule) -> dict[int, tuple[str, ...]]:
    """Return the names of folders of each class that are known without being listed."""
    if rule.found is not None:
        return {0: ("*", "classes")}
    if rule.classes is None:
        return _USUAL
    return {number: (name,) for number, name in enumerate(rule.classes)}


def _text_files(folder: Path | RemoteFolder) -> list[File]:
    """Return the text files of a folder by name; each may be compressed."""
    ends = tuple(f".txt{suffix}" for suffix in ("", *COMPRESSED))
    entries = _entries(folder)
    return [entry for entry in entries if entry.name.endswith(ends) and not entry.is_dir()]


def _entries(folder: Path | RemoteFolder) -> list[Any]:
    """Return the files and folders in a folder, by name."""
    return sorted(folder.iterdir(), key=str)


def _with_usual_names(rule: LabelRule) -> LabelRule:
    """Return a rule that also knows the usual names of classes."""
    taken = {canonical(value) for _, labels in rule.keys.values() for value in labels}
    if rule.classes is not None:
        named = {
            name: (*labels, *([] if canonical(name) in taken else [name]))
            for name, labels in rule.classes.items()
        }
        return dataclasses.replace(rule, classes=named)
    more = {
        meaning: tuple(name for name in names if name not in taken)
        for meaning, names in _USUAL.items()
    }
    positive: tuple[Scalar, ...] = (*rule.positive, *more[Meaning.POSITIVE])
    negative: tuple[Scalar, ...] = (*rule.negative, *more[Meaning.NEGATIVE])
    return dataclasses.replace(rule, positive=positive, negative=negative)
