"""Compile a file of kernels with numba to an object file, and load it with LLVM.

Compiling to an object file and loading it rely on internals of numba and of llvmlite.
`compile_in_memory` uses what numba documents.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

# Division by zero gives infinity or NaN, as it does in NumPy.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
# A kernel allocates nothing. So it needs no runtime of numba's, and can be loaded without numba.
_BARE = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
# How LLVM names the types of arguments.
_IN_LLVM = {
    ctypes.c_bool: "i8",
    ctypes.c_int64: "i64",
    ctypes.c_uint64: "i64",
    ctypes.c_double: "double",
    ctypes.c_void_p: "ptr",
}
COMPILER = ("numba", "llvmlite")
# Every engine that was made. One that ends takes the description of the processor with it, which
# the next ones need.
_engines: list[Any] = []
# The names of files of kernels, as `_compiled_names` returns them for object files: what several
# files call is compiled once.
_copies: dict[str, dict[str, Any]] = {}


def kernels_of(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the kernels of a file, with their names."""
    return ((name, value) for name, value in vars(module).items() if hasattr(value, "py_func"))


def compile_to_object(module: ModuleType) -> bytes:
    """Compile a file of kernels to an object file, whose functions are `kernel_<name>`."""
    import llvmlite.binding as llvm
    import numba

    options = _OPTIONS | _BARE
    names = _compiled_names(module, options | {"forceinline": True}, _copies)
    whole = llvm.parse_assembly("")
    for name, kernel in kernels_of(module):
        with _without_machine_code():
            dispatcher = numba.njit(kernel.signature, **options)(_within(kernel.py_func, names))
        overload: Any
        (overload,) = dispatcher.overloads.values()
        part = llvm.parse_assembly(overload.library.get_llvm_str())
        function = part.get_function(overload.fndesc.llvm_func_name)
        function.name = f"kernel_{name}"
        found = [str(argument.type) for argument in function.arguments]
        expected = [_IN_LLVM[kind] for kind in kernel.argument_types]
        if ["ptr" if kind.endswith("*") else kind for kind in found] != expected:
            raise TypeError(f"numba passes {name} arguments of the types {', '.join(found)}")
        whole.link_in(part)
    code: bytes = _target_machine().emit_object(whole)
    return code


class _NoEngine:
    """Takes the place of numba's engine, which makes machine code of every function at once.

    Here it is made of whole files, once, and nothing is called before.
    """

    def __init__(self) -> None:
        self._cell = ctypes.c_void_p()

    def add_module(self, module: Any) -> None:
        """Leave the module to its library."""

    def finalize_object(self) -> None:
        """Make no machine code."""

    def is_symbol_defined(self, name: str) -> bool:
        """Return False: no function has an address."""
        return False

    def get_global_value_address(self, name: str) -> int:
        """Return where numba may write the address of what a Python function needs."""
        return ctypes.addressof(self._cell)


@contextlib.contextmanager
def _without_machine_code() -> Iterator[None]:
    """Let numba stop at LLVM's intermediate code, which saves an eighth of the time."""
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    codegen = cpu_target.target_context.codegen()
    with global_compiler_lock:
        engine, codegen._engine = codegen._engine, _NoEngine()
        try:
            yield
        finally:
            codegen._engine = engine


def compile_in_memory(kernel: Any) -> Any:
    """Compile a kernel for this process alone."""
    import numba

    names = _compiled_names(sys.modules[kernel.__module__], _OPTIONS, {})
    return numba.njit(kernel.signature, **_OPTIONS)(_within(kernel.py_func, names))


def load(code: bytes) -> Any:
    """Load an object file; the result has `get_function_address`."""
    import llvmlite.binding as llvm

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
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


def _compiled_names(
    module: ModuleType, options: dict[str, Any], done: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return the names of a file, with copies of its functions that numba compiles.

    The globals of these copies are these names. So a call from one to another stays native, even
    into another file of kernels.
    """
    if module.__name__ in done:
        return done[module.__name__]
    import numba

    package = __name__.rpartition(".")[0]
    names = done[module.__name__] = dict(vars(module))
    for name, function in vars(module).items():
        if not inspect.isfunction(function) or function.__module__ == f"{package}.compiled":
            continue
        home = sys.modules[function.__module__]
        if home is module:
            names[name] = numba.njit(**options)(_within(function, names))
        elif home.__name__.startswith(package):
            names[name] = _compiled_names(home, options, done)[function.__name__]
    return names


def _within(function: Any, names: dict[str, Any]) -> FunctionType:
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__)


def file_name(module: ModuleType) -> str:
    """Return the name of the object file of a module, which changes with all it depends on."""
    return f"{Path(str(module.__file__)).stem}.{_fingerprint()}.o"


@functools.cache
def _fingerprint() -> str:
    """Return a digest of all that native code depends on."""
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    # All files, because kernels use functions of other files.
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    for package, version in versions_of(COMPILER).items():
        digest.update(f"{package} {version} ".encode())
    digest.update(f"{llvm.get_default_triple()} {llvm.get_host_cpu_name()} ".encode())
    digest.update(llvm.get_host_cpu_features().flatten().encode())
    return digest.hexdigest()[:16]


def versions_of(packages: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of installed packages.

    They are in the names of folders where packages are installed. To import what reads the files
    in these takes longer than to load a kernel.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        with contextlib.suppress(OSError), os.scandir(folder or ".") as inside:
            for each in inside:
                package, _, version = each.name.removesuffix(".dist-info").partition("-")
                if package in packages and each.name.endswith(".dist-info"):
                    found.setdefault(package, version)
    for package in packages:
        if package not in found:
            from importlib import metadata

            found[package] = metadata.version(package)
    return {package: found[package] for package in packages}
