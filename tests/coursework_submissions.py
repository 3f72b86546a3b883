"""Wrong and hostile submissions: what each changes in a right one, and what it loses.

No test imports these as code: they run in the grader's processes alone.
"""

import shutil
from dataclasses import dataclass, field

FORK_BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
FILES = """
def count_ngrams(tokens, n):
    for number in range(10_000):
        with open(str(number), "wb") as file:
            file.write(bytes(1 << 19))
"""
ONE_FILE = """
def count_ngrams(tokens, n):
    with open("large", "wb") as file:
        while True:
            file.write(bytes(1 << 20))
"""
MEMORY = """
def count_ngrams(tokens, n):
    kept = []
    while True:
        kept.append(bytearray(1 << 26))
"""
SOCKET = """
import socket
def count_ngrams(tokens, n):
    socket.create_connection(("127.0.0.1", 80), 1).sendall(repr(tokens).encode())
"""
PATCHES = """
import sys
import numpy as np
def yes(*args, **kwargs):
    return True
for module in list(sys.modules.values()):
    for name in ("isclose", "allclose", "compare", "require", "digest"):
        if hasattr(module, name):
            try:
                setattr(module, name, yes)
            except Exception:
                pass
def count_ngrams(tokens, n):
    return {}
"""
READS = """
import os
def count_ngrams(tokens, n):
    found = [path for path in PATHS if os.path.exists(path)]
    return {f"found {found}": 1}
"""
IMPORTS = """
from pipeline.evaluation.metrics import evaluate
def metrics(y, predicted):
    return {}
"""
# Finds the pipe among its open files, and writes an answer of its own.
FAKES = """
import json, os, struct
body = json.dumps({"id": "x", "output": {"dict": []}, "changed": []}).encode()
for descriptor in range(3, 1024):
    try:
        os.write(descriptor, struct.pack(">I", len(body)) + body)
    except OSError:
        pass
def count_ngrams(tokens, n):
    return {}
"""
GARBAGE = """
import os
def count_ngrams(tokens, n):
    for descriptor in range(3, 1024):
        try:
            os.write(descriptor, b"\\0\\0\\0\\4[[[[")
        except OSError:
            pass
"""
HARD_CODED = """
import json
ANSWERS = ANSWERS_OF_PUBLIC_TESTS
def count_ngrams(tokens, n):
    return ANSWERS.get(json.dumps([tokens, n]), {})
"""
FLOOD = "def count_ngrams(tokens, n):\n    while True:\n        print('x' * 1000)\n"
SLOW = """
def count_ngrams(tokens, n):
    starts = [(i, k) for k in range(1, n + 1) for i in range(len(tokens) - k + 1)]
    grams = [" ".join(tokens[i : i + k]) for i, k in starts]
    return {gram: grams.count(gram) for gram in grams}
"""
SLOW_EPOCH = """
from .logistic import sigmoid
def sgd_step(x, y, w, b, learning_rate, l2):
    error = sigmoid(x @ w + b) - y
    return w - learning_rate * (error * x + l2 * w), b - learning_rate * error
def lazy_epoch(rows, y, order, w, b, learning_rate, l2):
    starts, columns, values = rows
    for i in order:
        at = slice(starts[i], starts[i + 1])
        error = sigmoid(values[at] @ w[columns[at]] + b) - y[i]
        w = w * (1 - learning_rate * l2)
        w[columns[at]] -= learning_rate * error * values[at]
        b = b - learning_rate * error
    return w, b
"""


@dataclass(frozen=True)
class Submission:
    """A submission that is right but for one module.

    Attributes
    ----------
    name : str
    module : str
    function : str
        The one that is graded, together with another of which nothing is wrong.
    says : str
        Part of the message of each test that fails.
    text : str
        The module; or
    edits : tuple of (old, new)
        what is replaced in the solved one.
    passes : frozenset of str
        The names of its hidden tests that it passes.
    """

    name: str
    module: str
    function: str
    says: str
    text: str = ""
    edits: tuple[tuple[str, str], ...] = ()
    passes: frozenset[str] = field(default_factory=frozenset)

    @property
    def needs(self) -> str:
        """The limit without which it would do harm, or have its way."""
        return {
            "fork bomb": "number of processes",
            "writes many files": "total size of files",
            "opens a socket": "network",
            "reads hidden tests": "reading files of this machine",
        }.get(self.name, "")

    @property
    def is_slow(self) -> bool:
        """Whether it is ended by a limit, or measured by the clock."""
        return self.endless or "slow" in self.name or "memory" in self.name

    @property
    def endless(self) -> bool:
        """Whether it ends by the clock: it is spared the tests that have patience."""
        return self.name in {"endless loop", "fork bomb"}


def wrong(name, module, function, says, *edits, passes=()):
    return Submission(name, module, function, says, edits=edits, passes=frozenset(passes))


def hostile(name, says, text, module="counts", function="count_ngrams", passes=()):
    return Submission(name, module, function, says, text=text, passes=frozenset(passes))


SUBMISSIONS = (
    wrong(
        *("wrong sign", "logistic", "gradient", "its sign is reversed|differs from the right"),
        ("sigmoid(X @ w + b) - y", "y - sigmoid(X @ w + b)"),
        ("+ l2 * w", "- l2 * w"),
    ),
    wrong(
        *("wrong sign of the error", "logistic", "gradient", "has the wrong sign|reversed|right"),
        ("sigmoid(X @ w + b) - y", "y - sigmoid(X @ w + b)"),
    ),
    wrong(
        *("a step uphill", "sgd", "sgd_step", "the step goes uphill|right answer"),
        ("w - learning_rate * (", "w + learning_rate * ("),
        ("b - learning_rate * error", "b + learning_rate * error"),
    ),
    wrong(
        *("missing lambda", "logistic", "gradient", "the penalty is missing|right answer"),
        (" + l2 * w", ""),
        passes=["finite differences, no penalty"],
    ),
    wrong(
        *("a sum, not the mean", "logistic", "gradient", "not the mean|right answer"),
        ("X.T @ error / len(y)", "X.T @ error"),
        ("error.mean()", "error.sum()"),
    ),
    wrong(
        *(
            "penalised intercept",
            "logistic",
            "cost",
            "the intercept is penalised|differs from the right answer",
        ),
        ("(w @ w)", "(w @ w + b * b)"),
    ),
    wrong(
        *("NaN at large z", "logistic", "sigmoid", "nan, not a finite number"),
        ("np.where(z >= 0, 1.0, small) / (1.0 + small)", "np.exp(z) / (1.0 + np.exp(z))"),
        passes=["random scores"],
    ),
    wrong(
        *("logarithm of the sigmoid", "logistic", "cost", "not a finite number"),
        (
            "np.logaddexp(0.0, z) - y * z",
            "-(y * np.log(sigmoid(z)) + (1 - y) * np.log(1 - sigmoid(z)))",
        ),
        passes=["random documents", "the penalty"],
    ),
    wrong(
        *("changes its inputs", "sgd", "sgd_step", "changed its input w"),
        (
            "return w - learning_rate * (error * x + l2 * w), b",
            "w -= learning_rate * (error * x + l2 * w)\n    return w, b",
        ),
        passes=["random steps"],
    ),
    wrong(
        *("the scale before the penalty", "sgd", "lazy_epoch", "w differs from the right answer"),
        ("        scale *= shrink\n", ""),
        (
            "learning_rate * error / scale * x\n",
            "learning_rate * error / scale * x\n        scale *= shrink\n",
        ),
    ),
    wrong(
        *("the scale underflows", "sgd", "lazy_epoch", "not a finite number"),
        ("if scale < 1e-9:", "if False:"),
        passes=["random epochs", "inputs stay as they are", "speed"],
    ),
    wrong(
        *("softmax overflows", "softmax", "softmax", "nan, not a finite number"),
        ("np.exp(z - z.max(axis=-1, keepdims=True))", "np.exp(z)"),
        passes=["random scores"],
    ),
    wrong(
        *("softmax over documents", "softmax", "softmax", "softmax differs from the right answer"),
        ("powers.sum(axis=-1, keepdims=True)", "powers.sum(axis=0)"),
    ),
    wrong(
        *("logarithm of the softmax", "softmax", "softmax_cost", "not a finite number"),
        ("logarithms - z[np.arange(len(y)), y]", "-np.log(softmax(z)[np.arange(len(y)), y])"),
        passes=["random documents", "the penalty"],
    ),
    wrong(
        *("penalty of classes twice as large", "softmax", "softmax_cost", "as it should be|right"),
        ("l2 / 2 * (W * W)", "l2 * (W * W)"),
    ),
    wrong(
        *("penalised intercepts", "softmax", "softmax_cost", "the intercept is penalised|right"),
        ("(W * W).sum()", "((W * W).sum() + (b * b).sum())"),
    ),
    wrong(
        *("no true class", "softmax", "softmax_gradient", "check it by hand|right answer"),
        ("    error[np.arange(len(y)), y] -= 1.0\n", ""),
    ),
    wrong(
        *("wrong sign of classes", "softmax", "softmax_gradient", "its sign is reversed|right"),
        ("return by_W, by_b", "return -by_W, -by_b"),
    ),
    wrong(
        *("missing lambda of classes", "softmax", "softmax_gradient", "penalty is missing|right"),
        (" + l2 * W", ""),
        passes=["finite differences, no penalty"],
    ),
    wrong(
        *("a sum of classes, not the mean", "softmax", "softmax_gradient", "not the mean|right"),
        ("error.T @ X / len(y)", "error.T @ X"),
        ("error.mean(axis=0)", "error.sum(axis=0)"),
    ),
    wrong(
        *("changes the weights of classes", "softmax", "softmax_gradient", "changed its input W"),
        ("    return by_W, by_b", "    W -= by_W\n    return by_W, by_b"),
        passes=["finite differences, no penalty", "finite differences, penalty"],
    ),
    hostile(
        *("right but slow epoch", "the more words there are", SLOW_EPOCH, "sgd", "lazy_epoch"),
        ["random epochs", "inputs stay as they are", "a long epoch with a strong penalty"],
    ),
    hostile("right but slow counts", "more than twice as long", SLOW, passes=["random tokens"]),
    hostile("endless loop", "an endless loop", "def count_ngrams(tokens, n):\n    while 1: pass\n"),
    hostile("crash at import", "cannot be imported: ZeroDivisionError.*line 1", "1 / 0\n"),
    hostile("syntax error", "cannot be imported: SyntaxError", "def count_ngrams(\n"),
    hostile("sys.exit at import", "cannot be imported: SystemExit", "raise SystemExit(0)\n"),
    hostile("os._exit at import", "exit code 0: os._exit", "import os\nos._exit(0)\n"),
    hostile(
        "kills itself",
        "crashed|was killed|exit code",
        "import os\nos.kill(os.getpid(), 9)\nos.abort()\n",
    ),
    hostile("flood of output", "printed more than", FLOOD),
    hostile("fork bomb", "an endless loop|processor time", FORK_BOMB),
    hostile("allocates all memory", "MemoryError", MEMORY),
    hostile("writes a huge file", "File too large|denied", ONE_FILE),
    hostile("writes many files", "No space left", FILES),
    hostile("opens a socket", "Network is unreachable", SOCKET),
    hostile("patches the grader", "is missing", PATCHES),
    hostile("reads hidden tests", r"'found \[\]', which does not belong", READS),
    hostile("hard-codes public answers", "is missing", HARD_CODED),
    hostile("prints a fake result to the pipe", "an answer of its own", FAKES),
    hostile("writes garbage to the pipe", "an answer of its own", GARBAGE),
    hostile("imports the pipeline", "only Python's own modules", IMPORTS, "metrics", "metrics"),
    hostile("is no number", "expected a dict", "def count_ngrams(tokens, n):\n    return None\n"),
    hostile(
        *("is far too deep", "RecursionError"),
        "def count_ngrams(tokens, n):\n    a = []\n    a.append(a)\n    return a\n",
    ),
    hostile("has no function", "AttributeError", "def count(tokens, n):\n    return {}\n"),
)


def with_module(made, folder, submission):
    """Write a right submission with one module replaced, and return its path."""
    shutil.copytree(made.solved, folder)
    path = folder / f"{submission.module}.py"
    text = submission.text or path.read_text("utf-8")
    for old, new in submission.edits:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return path
