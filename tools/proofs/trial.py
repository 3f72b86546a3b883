"""One trial: draw a command and a disturbance, disturb, run the command to its end, compare."""

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Lock

from tools.proofs import commands
from tools.proofs.commands import COMMANDS, Command
from tools.proofs.contents import contents, differing
from tools.proofs.disturbances import DISTURBANCES, Scene, can_mount, finish

# Of twelve trials, one is of each kind that no signal makes.
CYCLE = (
    *["SIGKILL", "SIGTERM", "full disk", "SIGINT", "SIGKILL", "two at once"],
    *["SIGKILL", "file size limit", "SIGTERM", "SIGKILL", "read-only folder", "SIGINT"],
)
# Files that are always intermediate while a command runs; one that is damaged stops the rerun.
_GROWING = {"manifest.json", "journal.jsonl"}


@dataclass(frozen=True)
class Undisturbed:
    """What a command finds, does and leaves if nothing disturbs it."""

    before: dict[str, str]
    after: dict[str, str]
    seconds: float
    written: tuple[int, ...]


@dataclass
class Verdict:
    """The result of a trial; each list holds what speaks against the command.

    `early` counts interrupts that came before the command had begun.
    """

    number: int
    kind: str
    command: str
    disturbed: bool = False
    early: int = 0
    lost: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)

    @property
    def survived(self) -> bool:
        """Return True if nothing was lost and no command ended in disorder."""
        return not (self.lost or self.crashes or self.tracebacks)


class Laboratory:
    """A temporary folder with inputs, the runs that commands start from, and undisturbed results.

    Parameters
    ----------
    root : Path
        An empty folder.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.inputs = root, root / "inputs"
        self.can_mount = can_mount(root)
        commands.prepare(self.inputs)
        self.variables = commands.environment(self.inputs)
        self._starts: dict[str, Path] = {}
        self._undisturbed: dict[str, Undisturbed] = {}
        self._lock = Lock()

    def begin(self, command: Command, name: str) -> Path:
        """Return a new folder in which a command can start."""
        folder = self.root / name
        commands.link(self.inputs, folder)
        if command.run:
            commands.copy_run(self._start(command.run), folder)
            (folder / "other").symlink_to(self._start("other") / "other")
        return folder

    def _start(self, name: str) -> Path:
        """Return a folder with a finished run, which is made when it is first asked for."""
        if name not in self._starts:
            self._starts[name] = folder = self.root / f"start-{name}"
            commands.link(self.inputs, folder)
            commands.must_run(commands.STARTS[name], folder, self.variables)
        return self._starts[name]

    def undisturbed(self, command: Command) -> Undisturbed:
        """Return what a command does undisturbed, measured when it is first asked for."""
        with self._lock:
            return self._measured(command)

    def _measured(self, command: Command) -> Undisturbed:
        if command.name not in self._undisturbed:
            folder = self.begin(command, "undisturbed")
            before, old = contents(folder), _states(folder)
            start = time.perf_counter()
            commands.must_run(command.line, folder, self.variables)
            seconds = time.perf_counter() - start
            new = [path for path, state in _states(folder).items() if old.get(path) != state]
            written = tuple(path.stat().st_size for path in new)
            found = Undisturbed(before, contents(folder), seconds, written)
            self._undisturbed[command.name] = found
            shutil.rmtree(folder)
        return self._undisturbed[command.name]

    def scene(self, command: Command, name: str) -> Scene:
        """Return a command in a new folder."""
        expected = self.undisturbed(command)
        folder = self.begin(command, name)
        return Scene(command, folder, self.variables, expected.seconds, expected.written)


def _states(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return the files of a folder, each with what changes when it is written."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def drawn(number: int) -> tuple[str, Command]:
    """Return the disturbance and the command of a trial; every pair comes up in turn."""
    cycle, place = divmod(number, len(CYCLE))
    return CYCLE[place], COMMANDS[(cycle + place) % len(COMMANDS)]


def run_trial(laboratory: Laboratory, seed: int, number: int) -> Verdict:
    """Disturb a command, run it to its end, and compare with what it leaves undisturbed."""
    kind, command = drawn(number)
    if kind == "full disk" and not laboratory.can_mount:
        kind = "file size limit"
    expected = laboratory.undisturbed(command)
    scene = laboratory.scene(command, f"trial-{number}")
    outcomes = DISTURBANCES[kind](scene, Random(f"{seed} {number}"))
    left = contents(scene.folder)
    final = finish(scene.start())
    verdict = Verdict(number, kind, command.name, any(each.disturbed for each in outcomes))
    verdict.early = sum(each.before_the_command for each in outcomes)
    verdict.lost += [f"half written: {file}" for file in _half_written(expected, left)]
    if kind == "read-only folder":
        verdict.lost += [f"changed: {file}" for file in differing(expected.before, left)]
    if final.code:
        verdict.lost.append(f"cannot be completed: exit code {final.code}\n{final.output}")
    else:
        changed = differing(expected.after, contents(scene.folder))
        verdict.lost += [f"differs after completion: {file}" for file in changed]
    verdict.crashes += [each.crash for each in outcomes if each.crash]
    verdict.tracebacks += [each.traceback for each in (*outcomes, final) if each.traceback]
    shutil.rmtree(scene.folder)
    return verdict


def _half_written(expected: Undisturbed, left: dict[str, str]) -> list[str]:
    """Return the files, hidden ones apart, that are neither as before nor as they are to be."""
    return [
        file
        for file, digest in left.items()
        if not any(part.startswith(".") for part in Path(file).parts)
        and Path(file).name not in _GROWING
        and digest not in (expected.before.get(file), expected.after.get(file))
    ]
