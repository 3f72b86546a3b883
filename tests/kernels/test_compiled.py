"""Kernels as native code: compiled once, found again without numba, and never stale."""

import ctypes
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from pipeline.kernels import compiled, logistic
from pipeline.kernels.compiled import Kernel

FILES = sorted(Path(compiled.__file__).parent.glob("*.py"))
TRIPLET = np.ones(1, np.float32), np.zeros(1, np.int32), np.array([0, 1])


def in_process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "", "PYTHONDONTWRITEBYTECODE": "1", **environment},
    )


def test_a_kernel_that_was_compiled_is_run_without_numba():
    compiled.compile_all()
    code = """
        import sys
        from pipeline.features.counting import count_features
        from pipeline.features.vocabulary import learn_vocabulary
        from pipeline.tokens.tokenizer import Tokenizer
        from pipeline.training.estimator import SGDLogisticRegression
        tokens = Tokenizer()(["good", "bad"])
        counts = count_features(tokens, learn_vocabulary(tokens))
        SGDLogisticRegression().fit(counts, [1, 0])
        heavy = {"numba", "pandas", "datasets", "nltk", "matplotlib", "sklearn", "scipy.linalg"}
        print(sorted(heavy & set(sys.modules)))
        """
    found = in_process(code)
    assert (found.stdout, found.stderr) == ("[]\n", "")


def test_what_is_compiled_is_not_compiled_again(monkeypatch):
    compiled.compile_all()
    said: list[str] = []
    monkeypatch.setattr(compiled, "on_compile", said.append)
    assert not compiled.compile_all()
    assert not said


@pytest.mark.slow
def test_the_first_use_compiles_every_file_and_says_so_once(tmp_path):
    """In a copy of the package, for the one under test is compiled."""
    package = tmp_path / "pipeline"
    (package / "kernels").mkdir(parents=True)
    for name in ("__init__.py", "errors.py"):
        (package / name).write_bytes((FILES[0].parents[1] / name).read_bytes())
    for file in FILES:
        (package / "kernels" / file.name).write_bytes(file.read_bytes())
    code = """
        import numpy as np
        from pipeline.kernels import compiled, logistic
        compiled.on_compile = print
        result = np.empty(1)
        args = np.full(1, 3, np.float32), np.zeros(1, np.int32), np.array([0, 1]), np.array([2.0])
        logistic.scores(*args, 0.5, result)
        print(result[0], compiled.compile_all())
        """
    first, second = (in_process(code, PYTHONPATH=str(tmp_path)) for _ in range(2))
    assert first.stderr == ""
    assert first.stdout.startswith("compiling the inner loops, once")
    assert first.stdout.splitlines()[1:] == ["6.5 False"]
    assert second.stdout == "6.5 False\n"
    objects = list((package / "kernels" / "__pycache__").glob("*.o"))
    assert {path.name.split(".")[0] for path in objects} >= {
        "sgd",
        "words",
        "counting",
        "duplicates",
    }
    # Files that are not needed are left out, which saves their compilation.
    for file in FILES:
        if file.stem not in ("__init__", "compiled", "hashing", "logistic"):
            (package / "kernels" / file.name).unlink()
    in_process(code, PYTHONPATH=str(tmp_path))
    # An object that was cut short is made anew, and so is all after an edit, if only a comment.
    for path in (package / "kernels" / "__pycache__").glob("*.o"):
        path.write_bytes(path.read_bytes()[:-1])
    assert in_process(code, PYTHONPATH=str(tmp_path)).stdout.startswith("compiling")
    assert in_process(code, PYTHONPATH=str(tmp_path)).stdout == "6.5 False\n"
    hashing = package / "kernels" / "hashing.py"
    hashing.write_text(hashing.read_text() + "# edited\n")
    assert in_process(code, PYTHONPATH=str(tmp_path)).stdout.startswith("compiling")


@pytest.mark.parametrize(
    "weights",
    [np.ones(1, np.float32), np.ones((1, 1)), np.ones(4)[::2]],
    ids=["another type", "another shape", "gaps"],
)
def test_an_array_that_does_not_fit_the_signature_is_refused(weights):
    with pytest.raises(TypeError, match=r"scores: expected a contiguous 1-d array of float64"):
        logistic.scores(*TRIPLET, weights, 0.0, np.empty(1))


def test_a_kernel_takes_as_many_arguments_as_it_has():
    with pytest.raises(ValueError, match="zip"):
        logistic.scores(*TRIPLET, np.ones(1))


def test_a_scalar_of_the_wrong_type_is_refused():
    with pytest.raises(ctypes.ArgumentError):
        logistic.scores(*TRIPLET, np.ones(1), "0", np.empty(1))


@pytest.mark.parametrize(
    ("signature", "parameters", "has_result"),
    [
        ("void(int64)", [("int64", 0)], False),
        ("int64(float64[:, ::1], bool)", [(np.dtype("float64"), 2), ("bool", 0)], True),
        ("void(uint8[::1], uint64[::1])", [(np.dtype("u1"), 1), (np.dtype("u8"), 1)], False),
    ],
)
def test_a_signature_is_read_as_numba_reads_it(signature, parameters, has_result):
    kernel = Kernel(lambda: None, signature)
    assert kernel._parameters == parameters
    assert kernel._has_result == has_result


def test_where_nothing_can_be_written_kernels_work_all_the_same(monkeypatch, tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("in the way of a folder")
    monkeypatch.setattr(compiled, "_object_files", lambda module: [nowhere / "logistic.o"])
    compiled._keep(logistic, b"code")
    assert compiled._find(logistic) is None
