"""The conditions under which the same commands must write the same bytes."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.proofs.commands import PACKAGE

ROOT = PACKAGE.parent


@dataclass(frozen=True)
class Axis:
    """One condition, and what it changes.

    Attributes
    ----------
    name, value : str
        As in `threads`, `3`.
    variables : mapping
        Environment variables.
    folder : str
        Where the commands work, below a temporary folder; by default one that is made up.
    killed : bool
        Kill each command once, and let it resume.
    package : Path
        The package that runs.
    promised : bool
        Whether the bytes are promised to be the same.
    """

    name: str
    value: str
    variables: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    killed: bool = False
    package: Path = PACKAGE
    promised: bool = True


def axes(temporary: Path, quick: bool) -> Iterator[Axis]:
    """Yield all conditions; if `quick`, one or two of each kind, and not the wheel."""
    yield Axis("process", "a second one")
    for n in "13" if quick else "123":
        yield Axis("threads", n, {"SENTIMENT_THREADS": n})
    for seed in ("1",) if quick else ("0", "1", "4294967295"):
        yield Axis("hash seed", seed, {"PYTHONHASHSEED": seed})
    yield Axis("working directory", "elsewhere/Größe 2", folder="elsewhere/Größe 2")
    yield _turkish(temporary / "locales")
    yield Axis("time zone", "Pacific/Kiritimati", {"TZ": "Pacific/Kiritimati"})
    for n in "1" if quick else "123":
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        yield Axis("BLAS threads", n, dict.fromkeys(names, n))
    yield Axis("interruption", "killed and resumed", killed=True)
    if quick:
        return
    yield Axis("locale", "C", {"LC_ALL": "C"})
    yield _wheel(temporary / "wheel")
    if features := _optional_features():
        variables = {"NPY_DISABLE_CPU_FEATURES": " ".join(features)}
        yield Axis("processor", "NumPy's plain loops", variables, promised=False)


def _turkish(folder: Path) -> Axis:
    """Return the locale in which the capital of `i` is not `I`; it is made if it is missing."""
    name = "tr_TR.UTF-8"
    folder.mkdir()
    make = ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(folder / name)]
    try:
        made = subprocess.run(make, capture_output=True, check=False).returncode == 0
    except OSError:  # not glibc
        made = False
    return Axis("locale", name, {"LC_ALL": name} | ({"LOCPATH": str(folder)} if made else {}))


def _wheel(folder: Path) -> Axis:
    """Build the wheel and install it into a folder; its dependencies are those of this Python."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    where = ["--disable-pip-version-check", "--target", str(folder / "site"), str(wheel)]
    subprocess.run([*install, *where], check=True)
    variables = {"PYTHONPATH": str(folder / "site")}
    ask = [sys.executable, "-c", "import pipeline; print(*pipeline.__path__)"]
    found = subprocess.check_output(ask, cwd=folder, env=os.environ | variables, text=True)
    package = folder / "site" / "pipeline"
    if Path(found.strip()) != package:
        sys.exit(f"the wheel is not what runs: {found}")
    return Axis("installation", "the wheel", variables, package=package)


def _optional_features() -> list[str]:
    """Return what NumPy uses of this processor beyond what each of its kind has."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]
