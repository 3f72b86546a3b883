"""The decorator `kernel`: call native code through ctypes, compile it when it is missing.

Importing numba and setting up its types takes half a second and 100 MB in every process, even if
nothing is compiled. Machine code needs neither. So numba compiles each file of kernels once, to an
object file, and LLVM loads it in a few milliseconds. The name of an object file holds a digest of
all it depends on: the source of all kernels, the compiler and the processor. An edit of any of them
compiles again. `cache` keeps the files. Where it cannot, and where numba or llvmlite does not fit,
kernels are compiled in memory, in every process.

In a file of kernels, `kernel` marks the functions that others call. They are compiled together with
the plain functions that they call. `py_func` of a kernel is the Python function as it is written.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from pipeline.kernels import cache, native

# Called with a line to show before compiling, which takes seconds.
on_compile: Callable[[str], None] = lambda line: None  # noqa: E731
# Why kernels are compiled in memory; None if they are not.
misfit: Exception | None = None

_SCALARS: dict[str, Any] = {
    "bool": ctypes.c_bool,
    "int64": ctypes.c_int64,
    "uint64": ctypes.c_uint64,
    "float64": ctypes.c_double,
}
_loading = threading.Lock()
# Object files that were compiled here, by the name of their module; they may be kept nowhere else.
_objects: dict[str, bytes] = {}


class Kernel:
    """A function over arrays and scalars, as native code.

    A call releases the interpreter's lock, so kernels run side by side in threads.

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
        self._run: Callable[..., Any] | None = None
        self._in_memory = False

    def __call__(self, *arguments: Any) -> Any:
        """Run the native code; compile it if that was never done."""
        run = self._run or self._load()
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
        if self._in_memory:
            return run(*map(_writeable, arguments))
        if run(*flat):
            raise RuntimeError(f"{self.name}: the kernel failed")
        return result.value if self._has_result else None

    @property
    def argument_types(self) -> list[Any]:
        """The C types of the arguments as `__call__` passes them."""
        types: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
        for dtype, n_dimensions in self._parameters:
            if n_dimensions == 0:
                types.append(_SCALARS[dtype])
            else:
                types += (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
                types += (ctypes.c_void_p, *[ctypes.c_int64] * (2 * n_dimensions))
        return types

    def _load(self) -> Callable[..., Any]:
        """Find the native function, or compile it."""
        with _loading:
            run = self._run  # another thread may have found it meanwhile
            if run is None and misfit is None:
                with _noticing_a_misfit():
                    address = _library(self.__module__).get_function_address(f"kernel_{self.name}")
                    if not address:  # a call would end the process
                        raise LookupError(f"no function kernel_{self.name}")
                    run = ctypes.CFUNCTYPE(ctypes.c_int32, *self.argument_types)(address)
            if run is None:
                run, self._in_memory = native.compile_in_memory(self), True
            self._run = run
        return run


def kernel(signature: str) -> Callable[[Callable[..., Any]], Kernel]:
    """Mark a function as a kernel; see `Kernel`."""
    return lambda function: Kernel(function, signature)


def _parameter(text: str) -> tuple[Any, int]:
    """Return type and number of dimensions; a scalar has none."""
    kind, _, dimensions = text.partition("[")
    return (np.dtype(kind), dimensions.count(",") + 1) if dimensions else (kind, 0)


def _writeable(argument: Any) -> Any:
    """Return an array as numba takes it for a signature, where a read-only one is another type."""
    if not isinstance(argument, np.ndarray) or argument.flags.writeable:
        return argument
    interface = argument.__array_interface__ | {"data": (argument.ctypes.data, False)}
    return np.asarray(SimpleNamespace(__array_interface__=interface))


@functools.cache
def _library(name: str) -> Any:
    """Load the native code of a file of kernels."""
    code = _objects.get(name) or cache.find(native.file_name(sys.modules[name]))[0]
    if code is None:
        # A process that needs one file of kernels will need the others: compile them in one go.
        _compile_files(from_scratch=False)
        code = _objects[name]
    return native.load(code)


@contextlib.contextmanager
def _noticing_a_misfit() -> Iterator[None]:
    """Turn an error of the loader into a notice; raise an error in the source of a kernel."""
    global misfit
    try:
        yield
    except Exception as error:
        if type(error).__module__ == "numba.core.errors":
            raise
        misfit = error
        compiler = native.versions_of(native.COMPILER)
        versions = " and ".join(f"{name} {version}" for name, version in compiler.items())
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        on_compile(f"{versions} do not fit the loader of kernels ({reason}): compiling in memory")


def compile_all(from_scratch: bool = False) -> bool:
    """Compile every file of kernels that is not compiled; return True if there was one."""
    with _noticing_a_misfit():
        return _compile_files(from_scratch)
    return False


def _compile_files(from_scratch: bool) -> bool:
    """Do as `compile_all`, but raise the errors of the loader."""
    package = __name__.rpartition(".")[0]
    names = [f"{package}.{path.stem}" for path in sorted(Path(__file__).parent.glob("[!_]*.py"))]
    modules = [importlib.import_module(name) for name in names]
    modules = [module for module in modules if any(native.kernels_of(module))]
    refused: set[Path] = set()
    if not from_scratch:
        found = {module.__name__: cache.find(native.file_name(module)) for module in modules}
        refused = {path for _, paths in found.values() for path in paths}
        missing = {name for name, (code, _) in found.items() if code is None} - _objects.keys()
        modules = [module for module in modules if module.__name__ in missing]
    if not modules:
        return False
    for path in sorted(refused):
        on_compile(f"{path}: not loaded, because another user owns it or can write to it")
    on_compile("compiling the numerical loops, once; this takes some seconds ...")
    from pipeline.kernels import compilers

    _objects.update(compilers.objects_of(modules))
    kept = [cache.keep(native.file_name(m), _objects[m.__name__]) for m in modules]
    if not all(kept):
        folders = " and ".join(str(place.folder) for place in cache.places())
        on_compile(f"they cannot be kept in {folders}: every process compiles them again")
    return True
