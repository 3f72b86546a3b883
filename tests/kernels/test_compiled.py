"""Kernels as native code: compiled once, found again without numba, and never stale."""

import ctypes
import inspect
import os
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pipeline.kernels import compiled, distinct, logistic, native
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
        from pipeline.features.vocabulary import Vocabulary, learn_vocabulary
        from pipeline.tokens.tokenizer import Tokenizer
        from pipeline.training.estimator import SGDLogisticRegression
        tokens = Tokenizer()(["good", "bad"])
        learned = learn_vocabulary(tokens, characters=(2, 5))
        count_features(tokens, Vocabulary(learned.words, learned.document_frequency))
        counts = count_features(tokens, learned)
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


def test_native_code_that_nobody_uses_any_longer_does_not_break_what_is_loaded_later():
    compiled.compile_all()
    code = """
        import gc
        from pipeline.kernels import cache, distinct, logistic, native
        codes = [cache.find(native.file_name(module))[0] for module in (distinct, logistic)]
        native.load(codes[0])
        gc.collect()
        print(native.load(codes[1]).get_function_address("kernel_scores") > 0)
        """
    home = {"HOME": os.environ["HOME"], "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", "")}
    found = in_process(code, **home)
    assert (found.returncode, found.stdout, found.stderr) == (0, "True\n", "")


def test_the_first_use_compiles_every_file_and_says_so_once(tmp_path):
    """In a copy of the package, for the one under test is compiled; with few files of kernels."""
    package = tmp_path / "pipeline"
    (package / "kernels").mkdir(parents=True)
    compilation = ("__init__", "cache", "compiled", "compilers", "native")
    used, others = ["logistic"], ["log_count_ratio", "negation"]
    names = [f"kernels/{name}.py" for name in (*compilation, *used, *others)]
    for name in ("__init__.py", "errors.py", *names):
        (package / name).write_bytes((FILES[0].parents[1] / name).read_bytes())
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
    assert first.stdout.startswith("compiling the numerical loops, once")
    assert first.stdout.splitlines()[1:] == ["6.5 False"]
    assert second.stdout == "6.5 False\n"
    objects = list((package / "kernels" / "__pycache__").glob("*.o"))
    assert sorted(path.name.split(".")[0] for path in objects) == sorted([*used, *others])
    # A damaged object file is compiled again, and all files after an edit, even of a comment.
    for path in objects:
        path.write_bytes(path.read_bytes()[:-1])
    assert in_process(code, PYTHONPATH=str(tmp_path)).stdout.startswith("compiling")
    assert in_process(code, PYTHONPATH=str(tmp_path)).stdout == "6.5 False\n"
    edited = package / "kernels" / "negation.py"
    edited.write_text(edited.read_text() + "# edited\n")
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


# Versions of numba and llvmlite whose internals do not fit


@pytest.fixture
def said(monkeypatch) -> list[str]:
    """Forget a misfit before and after the test; return the notices."""
    lines: list[str] = []
    monkeypatch.setattr(compiled, "misfit", None)
    monkeypatch.setattr(compiled, "on_compile", lines.append)
    return lines


def refuse(*_: object) -> None:
    raise AttributeError("no attribute 'create_mcjit_compiler'\nand more")


def copy_of(kernel: Kernel) -> Kernel:
    """Return a kernel that is not loaded yet."""
    return Kernel(kernel.py_func, kernel.signature)


def test_kernels_that_cannot_be_loaded_are_compiled_in_memory_with_one_notice(monkeypatch, said):
    monkeypatch.setattr(compiled, "_library", refuse)
    weights = np.array([2.0])
    weights.flags.writeable = False  # another type to numba
    for _ in range(2):
        scores, result = copy_of(logistic.scores), np.empty(1)
        scores(*TRIPLET, weights, 0.5, result)
        assert result == [2.5]
    (line,) = said
    assert line.endswith(
        "do not fit the loader of kernels (AttributeError: no attribute "
        "'create_mcjit_compiler'): compiling in memory"
    )
    with pytest.raises(TypeError, match="expected a contiguous 1-d array of float64"):
        scores(*TRIPLET, np.ones(1, np.float32), 0.5, result)


def test_a_result_comes_back_from_a_kernel_in_memory(monkeypatch, said):
    monkeypatch.setattr(compiled, "_library", refuse)
    pool, offsets = np.zeros(1, np.uint64), np.empty(2, np.int64)
    pool[0] = int.from_bytes(b"film", "little")
    data = np.empty(8, np.uint8)
    size = copy_of(distinct.spell)(pool, np.array([0, 1]), 1, data, offsets)
    assert bytes(data[:size]) == b"film"


def test_compiling_ahead_notices_a_misfit_too(monkeypatch, said):
    monkeypatch.setattr(compiled, "_compile_files", refuse)
    assert not compiled.compile_all()
    assert isinstance(compiled.misfit, AttributeError)
    assert len(said) == 1


def test_another_calling_convention_is_refused_before_it_is_used(monkeypatch):
    monkeypatch.setitem(native._IN_LLVM, ctypes.c_double, "float")
    with pytest.raises(TypeError, match=r"numba passes scores arguments of the types .*double"):
        native.compile_to_object(logistic)


def test_an_error_in_the_source_of_a_kernel_is_no_misfit(said):
    from numba.core.errors import TypingError

    wrong = Kernel(lambda array: array.nothing, "void(int64[::1])")
    wrong.__module__ = logistic.__name__
    with pytest.raises(TypingError), compiled._noticing_a_misfit():
        native.compile_in_memory(wrong)
    assert compiled.misfit is None
    assert not said


def test_threads_that_need_a_kernel_at_once_compile_it_once(monkeypatch, said):
    compiling = []

    def compile_in_memory(kernel):
        compiling.append(kernel)
        time.sleep(0.05)  # until the others wait
        return lambda *arguments: None

    monkeypatch.setattr(compiled, "_library", refuse)
    monkeypatch.setattr(native, "compile_in_memory", compile_in_memory)
    scores = copy_of(logistic.scores)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: scores(*TRIPLET, np.ones(1), 0.5, np.empty(1)), range(4)))
    assert compiling == [scores]


def trained_weights() -> str:
    """Train a model; its source runs in another process, too."""
    from scipy.sparse import csr_array

    from pipeline.training.estimator import SGDLogisticRegression

    counts = csr_array([[2, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 3]], dtype=np.float32)
    return str(SGDLogisticRegression().fit(counts, [1, 0, 1, 0]).coef_.tobytes().hex())


def test_training_in_memory_gives_the_same_weights():
    code = [
        "import numpy as np",
        "from pipeline.kernels import compiled, native",
        "del native.load",
        "compiled.on_compile = print",
        inspect.getsource(trained_weights),
        "print(trained_weights())",
    ]
    found = in_process("\n".join(code))
    assert found.stderr == ""
    notice, weights = found.stdout.splitlines()
    assert "do not fit" in notice
    assert weights == trained_weights()
