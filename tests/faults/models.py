"""Models from a stranger: parts that do not fit, do not end, or are no files of a model."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from faults.ground import Arguments, Fault, Ground
from safetensors.numpy import load_file, save_file

_FILES = ("vocabulary.txt", "weights.safetensors")


def sealed(model: Path, **changes: Any) -> None:
    """Change what `model.json` says; its digests fit."""
    content = json.loads((model / "model.json").read_text())
    digests = {name: hashlib.sha256((model / name).read_bytes()).hexdigest() for name in _FILES}
    content |= {"sha256": digests} | changes
    (model / "model.json").write_text(
        json.dumps({key: value for key, value in content.items() if value is not ...})
    )


def model(name: str, change: Callable[[Path], object], line: str) -> Fault:
    """A model that a function has changed."""

    def arrange(ground: Ground) -> Arguments:
        folder = ground.model()
        change(folder)
        return ["explain", folder, "a superb film"]

    return Fault(name, arrange, line)


def settings(name: str, line: str, **changes: Any) -> Fault:
    """A model with other settings; `...` is a key that is missing."""
    return model(name, lambda folder: sealed(folder, **changes), line)


def tokenizer(name: str, line: str, **changes: Any) -> Fault:
    """A model with other settings of its tokenizer."""

    def change(folder: Path) -> None:
        content = json.loads((folder / "model.json").read_text())
        sealed(folder, tokenizer=content["tokenizer"] | changes)

    return model(name, change, line)._replace(seconds=60)  # to import NLTK takes some of them


def weights(name: str, line: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    """A model with other arrays; the digests fit."""

    def rewrite(folder: Path) -> None:
        file = folder / "weights.safetensors"
        save_file(change(load_file(file)), file)
        sealed(folder)

    return model(name, rewrite, line)


def content(name: str, file: str, line: str, change: Callable[[bytes], bytes]) -> Fault:
    """A model with a file of other content; the digests fit."""

    def rewrite(folder: Path) -> None:
        (folder / file).write_bytes(change((folder / file).read_bytes()))
        if file != "model.json":
            sealed(folder)

    return model(name, rewrite, line)


def _pipe(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    os.mkfifo(folder / "weights.safetensors")


def _link(folder: Path) -> None:
    (folder / "vocabulary.txt").unlink()
    (folder / "vocabulary.txt").symlink_to("/etc/passwd")


def _first(values: np.ndarray, value: float) -> np.ndarray:
    return np.append(value, values[1:])


_SETTINGS = (
    settings(
        "another format",
        "FOLDER/model/model.json: expected format version ..., got 99; use ...",
        format_version=99,
    ),
    settings(
        "no threshold", "FOLDER/model/model.json: not as it was saved: 'threshold'", threshold=...
    ),
    settings(
        "an infinite threshold",
        "FOLDER/model/model.json: cannot be read: expected JSON, got Infinity",
        threshold=float("inf"),
    ),
    settings(
        "a threshold that is text",
        "FOLDER/model/model.json: not as it was saved: '<=' not supported between instance...",
        threshold="high",
    ),
    settings(
        "a bound that its format version does not have",
        "FOLDER/model/model.json: not as it was saved: classes: 2 of them with abstain do ...",
        abstain=0.8,
    ),
    settings(
        "the format of a bound, and none",
        "FOLDER/model/model.json: not as it was saved: classes: 2 of them without abstain ...",
        format_version=3,
    ),
    settings(
        "a bound above 1",
        "FOLDER/model/model.json: not as it was saved: abstain: expected a number from 0 to 1",
        format_version=3,
        abstain=1.5,
    ),
    settings(
        "an infinite bound",
        "FOLDER/model/model.json: cannot be read: expected JSON, got Infinity",
        format_version=3,
        abstain=float("inf"),
    ),
    settings(
        "a bound that is text",
        "FOLDER/model/model.json: not as it was saved: '<=' not supported between instance...",
        format_version=3,
        abstain="high",
    ),
    settings(
        "true for a bound",
        "FOLDER/model/model.json: not as it was saved: abstain: expected a number from 0 to 1",
        format_version=3,
        abstain=True,
    ),
    settings(
        "a class for both",
        "FOLDER/model/model.json: not as it was saved: classes: expected ... that differ",
        classes=["good", "good"],
    ),
    settings(
        "three classes without their weights",
        "FOLDER/model/model.json: not as it was saved: classes: ...",
        classes=["a", "b", "c"],
    ),
    settings(
        "no digests", "FOLDER/model/model.json: not as it was saved: 'vocabulary.txt'", sha256={}
    ),
    settings(
        "digests of another model",
        "FOLDER/model/vocabulary.txt: missing, or changed since it was saved",
        sha256=dict.fromkeys(_FILES, "0" * 64),
    ),
    tokenizer(
        "an unknown tokenizer",
        "FOLDER/model/model.json: not as it was saved: tokenizer: expected words, wordpunc...",
        tokenizer="spacy",
    ),
    tokenizer(
        "a pattern of 25,000 groups",
        "FOLDER/model/model.json: not as it was saved: regex opens more than 1000 capturin...",
        tokenizer="pattern",
        pattern="()" * 25_000,
    ),
    tokenizer(
        "a pattern of gigabytes",
        "FOLDER/model/model.json: not as it was saved: regex counted repetition expands be...",
        tokenizer="pattern",
        pattern="(?:(?:a{999}){999}){999}",
    ),
    tokenizer(
        "a pattern nested 5,000 deep",
        "FOLDER/model/model.json: not as it was saved: regex nests groups / classes more t...",
        tokenizer="pattern",
        pattern="(?:" * 5000 + ")" * 5000,
    ),
    tokenizer(
        "a setting that is no setting",
        "FOLDER/model/model.json: not as it was saved: code: this version has no such sett...",
        code="import os",
    ),
    content(
        "JSON nested without end",
        "model.json",
        "FOLDER/model/model.json: cannot be read: nested too deep",
        lambda _: b'{"a": ' + b"[" * 100_000,
    ),
    content(
        "no JSON",
        "model.json",
        "FOLDER/model/model.json: cannot be read: 'utf-8' codec can't decode byte 0xff in...",
        lambda _: b"\xff\xfe",
    ),
    content(
        "a list",
        "model.json",
        "FOLDER/model/model.json: expected a JSON object, got list",
        lambda _: b"[]",
    ),
    content(
        "NaN",
        "model.json",
        "FOLDER/model/model.json: cannot be read: expected JSON, got NaN",
        lambda _: b'{"threshold": NaN}',
    ),
    content(
        "5,000 digits",
        "model.json",
        "FOLDER/model/model.json: cannot be read: Exceeds the limit (4300 digits) for inte...",
        lambda _: b'{"threshold": ' + b"9" * 5000 + b"}",
    ),
)
_PARTS = (
    weights(
        "a weight too few",
        "FOLDER/model/weights.safetensors: expected weights of the shape (144,), one ...",
        lambda a: a | {"weights": a["weights"][1:]},
    ),
    weights(
        "NaN for a weight",
        "FOLDER/model/weights.safetensors: expected weights below 1e+100, all finite",
        lambda a: a | {"weights": _first(a["weights"], np.nan)},
    ),
    weights(
        "an infinite weight",
        "FOLDER/model/weights.safetensors: expected weights below 1e+100, all finite",
        lambda a: a | {"weights": _first(a["weights"], np.inf)},
    ),
    weights(
        "weights of float32",
        "FOLDER/model/weights.safetensors: cannot be read: expected other arrays than inte...",
        lambda a: a | {"weights": a["weights"].astype(np.float32)},
    ),
    weights(
        "weights in two dimensions",
        "FOLDER/model/weights.safetensors: cannot be read: expected other arrays than inte...",
        lambda a: a | {"weights": a["weights"][None]},
    ),
    weights(
        "no intercept",
        "FOLDER/model/weights.safetensors: cannot be read: expected other arrays than weights",
        lambda a: {"weights": a["weights"]},
    ),
    content(
        "a word twice",
        "vocabulary.txt",
        "FOLDER/model/vocabulary.txt: cannot be read: In CSV column #1: CSV conversion err...",
        lambda b: b.split(b"\n")[0] + b"\n" + b,
    ),
    content(
        "no vocabulary",
        "vocabulary.txt",
        "FOLDER/model/vocabulary.txt: cannot be read: Empty CSV file",
        lambda _: b"",
    ),
    content(
        "a vocabulary that is no text",
        "vocabulary.txt",
        "FOLDER/model/vocabulary.txt: cannot be read: Column 'word' in include_columns doe...",
        lambda _: b"\xff\n",
    ),
    content(
        "a header without end",
        "weights.safetensors",
        "FOLDER/model/weights.safetensors: cannot be read: a header of 18,446,744,073,709,...",
        lambda b: b"\xff" * 8 + b[8:],
    ),
    content(
        "half the weights",
        "weights.safetensors",
        "FOLDER/model/weights.safetensors: cannot be read: 'weights': offsets that leave a...",
        lambda b: b[: len(b) // 2],
    ),
    model(
        "a pipe that nobody writes to",
        _pipe,
        "FOLDER/model/weights.safetensors: cannot be read: expected a file, got a device o...",
    ),
    model(
        "a link out of the folder",
        _link,
        "FOLDER/model/vocabulary.txt: a link to a file outside the model's folder; copy th...",
    ),
    model(
        "a folder without a model",
        lambda folder: (folder / "model.json").unlink(),
        "FOLDER/model: no model here; expected a run folder or its model folder",
    ),
)
TABLE = (*_SETTINGS, *_PARTS)
