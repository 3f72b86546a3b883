"""The mutants with the tests that are to notice them, and whether these do."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from mutants.choosing import (
    LONGEST_TEST,
    LONGEST_TRIAL,
    ROOMS,
    kernels,
    tests_of_kernels,
    tests_of_lines,
)
from mutants.mutations import Mutant, mutants
from mutants.running import ROOT, run_tests


class Trial(NamedTuple):
    """A mutant to try.

    Attributes
    ----------
    module : str
    number : int
        Of the mutant in its module.
    mutant : Mutant
    name : str
        What it changes; stays if other parts of the module are edited.
    key : str
        The name with a digest of the module.
    tests : list of str
    """

    module: str
    number: int
    mutant: Mutant
    name: str
    key: str
    tests: list[str]

    @property
    def file(self) -> str:
        """The file of the module, from the root of the repository."""
        return _file(self.module)

    @property
    def code(self) -> str:
        """The line that it changes, behind the line before."""
        lines = (ROOT / self.file).read_text("utf-8").splitlines()
        return " ".join(line.strip() for line in lines[self.mutant.line - 2 : self.mutant.line])

    def __str__(self) -> str:
        """Return the place and the change."""
        return f"{self.file}:{self.mutant.line}  {self.mutant.before}  ->  {self.mutant.after}"


def all_trials(only: str) -> Iterator[Trial]:
    """Yield each mutant of the modules whose name holds `only`, with its tests."""
    modules = [
        f"pipeline.{room}.{path.stem}"
        for room in ROOMS
        for path in sorted((ROOT / "pipeline" / room).glob("[!_]*.py"))
    ]
    modules += kernels()
    wanted = [module for module in modules if only in module]
    of_lines = tests_of_lines() if set(wanted) - set(kernels()) else {}
    of_kernels = tests_of_kernels() if set(wanted) & set(kernels()) else {}
    for module in wanted:
        source, seen = (ROOT / _file(module)).read_text("utf-8"), Counter[str]()
        digest = hashlib.sha256(source.encode()).hexdigest()[:16]
        # Kernels that run as Python agree with themselves: no such line of theirs tells anything.
        by_line = {} if module in of_kernels else of_lines.get(_file(module), {})
        # What runs at the import, such as a constant, belongs to no test: all of the file's do.
        every = list(dict.fromkeys(test for tests in by_line.values() for test in tests))
        every = of_kernels.get(module, every)
        for number, mutant in enumerate(mutants(source)):
            name = f"{module}: {mutant.before} -> {mutant.after}"
            seen[name] += 1
            name += f" #{seen[name]}"
            tests = by_line.get(str(mutant.line)) or every
            yield Trial(module, number, mutant, name, f"{name} of {digest}", tests)


def is_killed(trial: Trial) -> bool:
    """Run the tests of a mutant; return whether one of them fails."""
    environment = {
        "MUTANT": f"{trial.module}:{trial.number}",
        "INTERPRETED": ",".join(_interpreted(trial.module)),
        "SECONDS": str(3 * LONGEST_TEST),
        "ALL_SECONDS": str(round(3 * LONGEST_TRIAL)),
    }
    return bool(trial.tests) and run_tests(trial.tests, environment, "-x") != 0


def _interpreted(module: str) -> set[str]:
    """Return a module of kernels and those that call its functions: they run as Python."""
    if module not in kernels():
        return set()
    found = {module}
    for other in kernels():
        tree = ast.parse((ROOT / _file(other)).read_text("utf-8"))
        if module in {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}:
            found |= _interpreted(other)
    return found


def _file(module: str) -> str:
    return f"{module.replace('.', '/')}.py"
