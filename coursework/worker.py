"""The process that runs a submission: inputs come in over a pipe, outputs go back.

It knows nothing of what is expected. A message is four bytes of length and JSON, in which an
array is its type, its shape and its bytes: nothing that is read runs code.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import os
import struct
import sys
import traceback
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

from coursework.confine import Limits, confine

DTYPES = ("float64", "float32", "int64", "int32", "int8", "bool")
LONGEST_ERROR = 300


def encode(value: Any) -> Any:
    """Return what JSON can hold of a number, text, array, list, tuple, dict or None.

    Examples
    --------
    >>> decode(encode((np.array([1.5, 2.5]), 3)))
    [array([1.5, 2.5]), 3]
    """
    if isinstance(value, np.ndarray):
        if value.dtype.name not in DTYPES:
            raise TypeError(f"an array of {value.dtype.name} was returned")
        raw = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {"array": [value.dtype.name, value.shape, raw]}
    if isinstance(value, np.generic):
        return encode(value.item())
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[str(key), encode(item)] for key, item in value.items()]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a value of type {type(value).__name__} was returned")


def decode(value: Any) -> Any:
    """Return the value that `encode` was given; a tuple comes back as a list."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        if "dict" in value:
            return {str(key): decode(item) for key, item in value["dict"]}
        dtype, shape, raw = value["array"]
        if dtype not in DTYPES:
            raise ValueError("an array of an unknown type")
        return np.frombuffer(base64.b64decode(raw), dtype).reshape([int(n) for n in shape]).copy()
    return value


def pack(message: dict[str, Any]) -> bytes:
    """Return the bytes of a message."""
    body = json.dumps(message).encode()
    return struct.pack(">I", len(body)) + body


def read(pipe: BinaryIO) -> dict[str, Any] | None:
    """Return the next message, or None at the end of the pipe."""
    head = pipe.read(4)
    if len(head) < 4:
        return None
    message: dict[str, Any] = json.loads(pipe.read(*struct.unpack(">I", head)))
    return message


def digest(value: Any) -> str:
    """Return a digest of a value, to see whether it was changed."""
    return hashlib.sha256(json.dumps(encode(value)).encode()).hexdigest()


class OnlyNumPy(MetaPathFinder):
    """Refuses every module that belongs neither to Python, NumPy nor the assignment."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Raise ImportError for such a module."""
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in {"numpy", "assignment"}:
            raise ImportError(f"only Python's own modules and numpy may be imported, not {top}")


def trusted_sigmoid(z: Any) -> Any:
    """Return the sigmoid that functions are graded with, so that a mistake costs once."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(z, float)))[()]


def trusted_softmax(z: Any) -> Any:
    """Return the softmax that functions are graded with."""
    scores = np.asarray(z, float)
    logarithms = scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)
    return np.exp(logarithms)


# What functions of a submission call instead of its own, by name.
TRUSTED = {"sigmoid": trusted_sigmoid, "softmax": trusted_softmax}


class TrustedSigmoid(ModuleType):
    """Stands for the submission's `logistic`, with a right sigmoid.

    The submission's own module is imported when something else of it is wanted, so that its crash
    costs no other module.
    """

    def __init__(self) -> None:
        super().__init__("assignment.logistic")
        vars(self)["sigmoid"] = trusted_sigmoid
        sys.modules[self.__name__] = self

    def __getattr__(self, name: str) -> Any:
        """Return another function of the submission's module."""
        if name.startswith("__"):
            raise AttributeError(name)
        del sys.modules[self.__name__]
        own = importlib.import_module(self.__name__)
        vars(own)["sigmoid"] = trusted_sigmoid
        return getattr(own, name)


def import_module(name: str, own: list[str]) -> ModuleType:
    """Import a module of the submission, with right functions for all of TRUSTED but its own."""
    if "sigmoid" not in own and name != "logistic":
        TrustedSigmoid()
    module = importlib.import_module(f"assignment.{name}")
    for function, trusted in TRUSTED.items():
        if function not in own and hasattr(module, function):
            vars(module)[function] = trusted
    return module


def describe(error: BaseException, box: Path) -> str:
    """Return an exception of the submission as one line with its place."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if str(box) in f.filename]
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    text = " ".join(str(error).split())[:LONGEST_ERROR]
    return f"{type(error).__name__}{': ' if text else ''}{text}{place}"


def answer(request: dict[str, Any], box: Path) -> dict[str, Any]:
    """Call the function of a request, and return its output or its exception."""
    try:
        module = import_module(request["module"], request["own"])
    except BaseException as error:
        return {"error": f"cannot be imported: {describe(error, box)}"}
    inputs = decode(request["inputs"])
    before = {name: digest(value) for name, value in inputs.items()}
    try:
        output = encode(getattr(module, request["function"])(**inputs))
    except BaseException as error:
        return {"error": describe(error, box)}
    changed = [name for name, value in inputs.items() if digest(value) != before[name]]
    return {"output": output, "changed": changed}


def main() -> None:
    """Set the limits, then answer requests until the pipe ends.

    The arguments are the limits and the box; requests come from standard input, replies go to the
    file descriptor that the third argument names.
    """
    limits = Limits(**json.loads(sys.argv[1]))
    requests, replies = os.fdopen(os.dup(0), "rb"), int(sys.argv[3])
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    box, missing = confine(limits, Path(sys.argv[2]))
    packages = str(Path(np.__file__).parents[1])
    own = [path for path in sys.path if path.startswith(sys.base_prefix)]
    sys.path[:] = [str(box), *own, packages]
    sys.meta_path.insert(0, OnlyNumPy())
    process = os.getpid()
    send(replies, {"ready": missing})
    while (request := read(requests)) is not None:
        reply = answer(request, box)
        if os.getpid() != process:  # a copy that the submission forked
            os._exit(1)
        send(replies, {"id": request["id"], **reply})
    os._exit(0)


def send(descriptor: int, message: dict[str, Any]) -> None:
    """Write a message whole."""
    left = memoryview(pack(message))
    while left:
        left = left[os.write(descriptor, left) :]
