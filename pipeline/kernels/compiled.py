"""Native code for the kernels: compiled by numba once, kept on disk, loaded without numba.

Importing numba and setting up its types takes half a second and 100 MB in every process,
whether it compiles anything or not. The machine code needs neither, so it is kept as an
object file, one for each file of kernels, and LLVM loads it in some milliseconds. The
file's name is a digest of all that it was made from: the sources of all kernels, the compiler
and the processor. An edit of any of them compiles again.

In a file of kernels the functions marked with `kernel` are those that others call. They and
the plain functions that they call are compiled together; as Python they stay callable,
`py_func` of a kernel being the function as it is written.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib
import inspect
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

# Called with a line to show before compiling, which takes seconds.
on_compile: Callable[[str], None] = lambda line: None  # noqa: E731

# A kernel allocates nothing, so it needs no runtime of numba's: only then can it be loaded
# without numba. Division by zero gives infinity or NaN, as it does in NumPy.
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "_nrt": False,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
_SCALARS = {
    "bool": ctypes.c_bool,
    "int64": ctypes.c_int64,
    "uint64": ctypes.c_uint64,
    "float64": ctypes.c_double,
}
_loading = threading.Lock()


class Kernel:
    """A function over arrays and scalars, as native code.

    Calling it releases the interpreter's lock, so kernels run in threads side by side.

    Parameters
    ----------
    function : function
        Takes C-contiguous arrays, int, float and bool; returns an int or nothing.
    signature : str
        In numba's notation, such as `int64(uint8[::1], float64)`.
    """

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        functools.update_wrapper(self, function)
        self.name = function.__name__
        self.py_func, self.signature = function, signature
        result, parameters = signature.rstrip(")").split("(")
        self._has_result = result == "int64"
        self._parameters = [_parameter(p) for p in re.split(r",\s*(?![^\[]*\])", parameters)]
        self._native: Callable[..., int] | None = None

    def __call__(self, *arguments: Any) -> Any:
        """Run the native code; compile it if that was never done."""
        native = self._native or self._load()
        result = ctypes.c_int64()
        error = ctypes.c_void_p()
        flat: list[Any] = [ctypes.byref(result), ctypes.byref(error)]
        for (dtype, n_dimensions), argument in zip(self._parameters, arguments, strict=True):
            if n_dimensions == 0:
                flat.append(argument)
                continue
            if (
                argument.dtype != dtype
                or argument.ndim != n_dimensions
                or not argument.flags.c_contiguous
            ):
                raise TypeError(
                    f"{self.name}: expected a contiguous {n_dimensions}-d array of {dtype}, "
                    f"got {argument.ndim}-d of {argument.dtype}"
                )
            # As numba passes it: owner, parent, items, bytes an item, data, shape, strides.
            flat += (None, None, argument.size, argument.itemsize, argument.ctypes.data)
            flat += (*argument.shape, *argument.strides)
        if native(*flat):
            raise RuntimeError(f"{self.name}: the kernel failed")
        return result.value if self._has_result else None

    def _load(self) -> Callable[..., int]:
        """Find the native function, compiling the kernel's file if it never was."""
        with _loading:
            address = _library(self.__module__).get_function_address(f"kernel_{self.name}")
        types: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
        for dtype, n_dimensions in self._parameters:
            if n_dimensions == 0:
                types.append(_SCALARS[dtype])
            else:
                types += (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
                types += (ctypes.c_void_p, *[ctypes.c_int64] * (2 * n_dimensions))
        native: Callable[..., int] = ctypes.CFUNCTYPE(ctypes.c_int32, *types)(address)
        self._native = native
        return native


def kernel(signature: str) -> Callable[[Callable[..., Any]], Kernel]:
    """Mark a function as a kernel; see `Kernel`."""
    return lambda function: Kernel(function, signature)


def compile_all(from_scratch: bool = False) -> bool:
    """Compile every file of kernels that is not compiled; tell whether one was not."""
    package = sys.modules[__name__.rpartition(".")[0]]
    names = [
        f"{package.__name__}.{path.stem}"
        for path in sorted(Path(__file__).parent.glob("[!_]*.py"))
        if path != Path(__file__)
    ]
    modules = [module for module in map(importlib.import_module, names) if any(_kernels(module))]
    if not from_scratch:
        modules = [module for module in modules if _find(module) is None]
    if not modules:
        return False
    on_compile("compiling the inner loops, once; this takes some seconds ...")
    # Half of them in another process, for the compiler uses one processor.
    others = [module.__name__ for module in modules[1::2]]
    code = f"from {__name__} import compile_files; compile_files({others})"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as helper:
        compile_files([module.__name__ for module in modules[::2]])
    if helper.returncode:
        compile_files(others)
    return True


def compile_files(names: list[str]) -> None:
    """Compile some files of kernels, whether they were or not."""
    for name in names:
        module = importlib.import_module(name)
        _keep(module, _compile(module))


def _parameter(text: str) -> tuple[Any, int]:
    """Return type and number of dimensions; a scalar has none."""
    kind, _, dimensions = text.partition("[")
    return (np.dtype(kind), dimensions.count(",") + 1) if dimensions else (kind, 0)


@functools.cache
def _library(name: str) -> Any:
    """Load the native code of a file of kernels."""
    import llvmlite.binding as llvm

    module = sys.modules[name]
    # Who needs one file of kernels will need the others: they are compiled in one go.
    code = _find(module) or (compile_all() and _find(module)) or _compile(module)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


@functools.cache
def _target_machine() -> Any:
    """Describe this processor to LLVM."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        jit=True,
        codemodel="jitdefault",
    )


def _compile(module: ModuleType) -> bytes:
    """Compile a file of kernels to an object file."""
    import llvmlite.binding as llvm
    import numba

    machine = _target_machine()
    compiled = _compiled_names(module, {})
    whole = llvm.parse_assembly("")
    for name, marked in _kernels(module):
        function = numba.njit(marked.signature, **_OPTIONS)(_within(marked.py_func, compiled))
        overload: Any
        (overload,) = function.overloads.values()
        part = llvm.parse_assembly(overload.library.get_llvm_str())
        part.get_function(overload.fndesc.llvm_func_name).name = f"kernel_{name}"
        whole.link_in(part)
    code: bytes = machine.emit_object(whole)
    return code


def _compiled_names(module: ModuleType, done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a file's names with copies of its functions that numba compiles.

    Their globals are these names, so calls from one to another stay native, into other
    files of kernels too.
    """
    if module.__name__ in done:
        return done[module.__name__]
    import numba

    package = module.__name__.rpartition(".")[0]
    names = done[module.__name__] = dict(vars(module))
    for name, function in vars(module).items():
        home = sys.modules.get(getattr(function, "__module__", None) or "")
        if not inspect.isfunction(function) or home is None or home.__name__ == __name__:
            continue
        if home is module:
            names[name] = numba.njit(**_OPTIONS, forceinline=True)(_within(function, names))
        elif home.__name__.startswith(package):
            names[name] = _compiled_names(home, done)[function.__name__]
    return names


def _kernels(module: ModuleType) -> Iterator[tuple[str, Kernel]]:
    return ((name, value) for name, value in vars(module).items() if isinstance(value, Kernel))


def _within(function: Any, names: dict[str, Any]) -> FunctionType:
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__)


@functools.cache
def _fingerprint() -> str:
    """Return a digest of all that native code is made from."""
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    # All files here, for kernels use functions of other files too.
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    for package in ("numba", "llvmlite"):
        digest.update(f"{package} {metadata.version(package)} ".encode())
    digest.update(llvm.get_host_cpu_name().encode())
    digest.update(llvm.get_host_cpu_features().flatten().encode())
    return digest.hexdigest()[:16]


def _object_files(module: ModuleType) -> list[Path]:
    """Return where the native code of a module may be, the first place to look first."""
    source = Path(str(module.__file__))
    name = f"{source.stem}.{_fingerprint()}.o"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return [source.parent / "__pycache__" / name, cache / "sentiment-pipeline" / name]


def _keep(module: ModuleType, code: bytes) -> None:
    """Write native code to the first place that can be written to, behind its digest."""
    for path in _object_files(module):
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(hashlib.sha256(code).digest() + code)
            partial.replace(path)
        except OSError:
            continue
        return


def _find(module: ModuleType) -> bytes | None:
    """Read native code; None where there is none, or not the whole of it."""
    for path in _object_files(module):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        if hashlib.sha256(content[32:]).digest() == content[:32]:
            return content[32:]
    return None
