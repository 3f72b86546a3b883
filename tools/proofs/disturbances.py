"""The ways to disturb a command. Each returns what came of it, and leaves nothing running."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tools.proofs.commands import LIMIT, PACKAGE, Command, start

# Codes with which a command may end by itself: it worked, or it said in a line why it could not.
DONE, REFUSED = 0, 2


@dataclass(frozen=True)
class Outcome:
    """How a disturbed command ended.

    Attributes
    ----------
    code : int
        As in `subprocess`: below zero for a signal.
    output : str
    accepted : tuple of int
        The codes that are right for what was done to it, besides `DONE`.
    said : str
        What the last line must contain if the code is above zero.
    """

    code: int
    output: str
    accepted: tuple[int, ...]
    said: str = ""

    @property
    def disturbed(self) -> bool:
        """Return True if the command did not simply succeed."""
        return self.code != DONE

    @property
    def before_the_command(self) -> bool:
        """Return True if Python itself was interrupted, before a line of ours had run."""
        of_ours = f"/{PACKAGE.name}/" in self.output
        return "\nKeyboardInterrupt" in self.output and not of_ours

    @property
    def traceback(self) -> str:
        """Return the output if it has a traceback."""
        found = "Traceback (most recent call last)" in self.output
        return self.output if found and not self.before_the_command else ""

    @property
    def crash(self) -> str:
        """Return what is wrong with the end of the command, if anything."""
        if self.code == DONE or self.before_the_command:
            return ""
        if self.code not in self.accepted:
            return f"exit code {self.code}\n{self.output}"
        # A signal before Python can handle it ends the process without a word.
        last = (self.output.splitlines() or [""])[-1]
        if self.code > 0 and (not last.startswith("sentiment: ") or self.said not in last):
            return f"exit code {self.code} without one line that says why\n{self.output}"
        return ""


@dataclass(frozen=True)
class Scene:
    """A command, where it works, and what it does when nothing disturbs it.

    Attributes
    ----------
    command : Command
    folder : Path
    variables : mapping
    seconds : float
        The time that it takes.
    written : tuple of int
        The sizes of the files that it writes.
    """

    command: Command
    folder: Path
    variables: Mapping[str, str]
    seconds: float
    written: tuple[int, ...]

    def start(self, under: Sequence[str] = ()) -> "subprocess.Popen[str]":
        """Start the command; see `commands.start`."""
        return start(self.command.arguments, self.folder, self.variables, under)


def finish(process: "subprocess.Popen[str]", *accepted: int, said: str = "") -> Outcome:
    """Wait for a command; one that takes too long is killed, which `accepted` does not hold."""
    try:
        output, _ = process.communicate(timeout=LIMIT)
        return Outcome(process.returncode, output, accepted, said)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return Outcome(-signal.SIGKILL, f"hangs\n{output}", (), said)


def _signalled(number: signal.Signals) -> Callable[[Scene, Random], list[Outcome]]:
    """Return what sends a signal to the command's process group, one to three times in a row.

    Before Python can handle a signal, it ends the process; so does the code -number.
    """
    code = (-number,) if number == signal.SIGKILL else (128 + number, -number)

    def disturb(scene: Scene, draw: Random) -> list[Outcome]:
        outcomes = []
        for _ in range(draw.choice((1, 1, 2, 3))):
            moment = draw.uniform(0, scene.seconds)
            process = scene.start()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            outcomes.append(finish(process, *code, said="interrupted"))
        return outcomes

    return disturb


def limit_file_size(scene: Scene, draw: Random) -> list[Outcome]:
    """Let no file grow beyond a size that the largest one needs."""
    blocks = draw.randrange(max(scene.written)) // 512
    limited = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh"]  # RLIMIT_FSIZE
    return [finish(scene.start(limited), REFUSED)]


def fill_disk(scene: Scene, draw: Random) -> list[Outcome]:
    """Give the command less room than it needs: a file system in memory, made by root."""
    block = 4096
    needed = sum(-(-size // block) for size in scene.written) * block
    with _own_file_system(scene.folder) as used:
        _mount("remount", used + draw.randrange(needed), scene.folder)
        outcome = finish(scene.start(), REFUSED)
        _mount("remount", used + 4 * needed, scene.folder)
    return [outcome]


@contextlib.contextmanager
def _own_file_system(folder: Path) -> Iterator[int]:
    """Move a folder to a file system of its own, and back; yield the bytes that it uses."""
    outside = folder.with_name(f"{folder.name}-outside")
    folder.rename(outside)
    folder.mkdir()
    _mount("size=4g", 0, folder)
    try:
        shutil.copytree(outside, folder, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(outside)
        status = os.statvfs(folder)
        yield (status.f_blocks - status.f_bfree) * status.f_frsize
        shutil.copytree(folder, outside, symlinks=True)
    finally:
        _unmount(folder)
        folder.rmdir()
        if outside.exists():
            outside.rename(folder)


def _mount(option: str, size: int, folder: Path) -> None:
    options = f"{option},size={size}" if size else option
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def _unmount(folder: Path) -> None:
    # At once, though another process may still have a file of it open.
    subprocess.run(["umount", "--lazy", folder], check=True)


def can_mount(folder: Path) -> bool:
    """Return True if this user can make a file system in memory."""
    try:
        _mount("size=1m", 0, folder)
    except (OSError, subprocess.CalledProcessError):
        return False
    _unmount(folder)
    return True


# Of the rights of root, the user `nobody` keeps the one to read: Python may be in root's home.
_AS_NOBODY = (
    *["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    *["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"],
)


def forbid_writing(scene: Scene, draw: Random) -> list[Outcome]:
    """Let the folder be read-only; root, who may write anyway, runs the command as `nobody`."""
    folders = [path for path in (scene.folder, *scene.folder.rglob("*")) if path.is_dir()]
    try:
        for folder in folders:
            folder.chmod(0o555)
        return [finish(scene.start(_AS_NOBODY if os.geteuid() == 0 else ()), REFUSED)]
    finally:
        for folder in folders:
            folder.chmod(0o755)


def run_twice(scene: Scene, draw: Random) -> list[Outcome]:
    """Start the command once more while it runs; one of the two may refuse to work."""
    first = scene.start()
    time.sleep(draw.uniform(0, scene.seconds / 4))
    second = scene.start()
    return [finish(each, REFUSED, said="another process") for each in (first, second)]


DISTURBANCES: dict[str, Callable[[Scene, Random], list[Outcome]]] = {
    "SIGKILL": _signalled(signal.SIGKILL),
    "SIGTERM": _signalled(signal.SIGTERM),
    "SIGINT": _signalled(signal.SIGINT),
    "file size limit": limit_file_size,
    "full disk": fill_disk,
    "read-only folder": forbid_writing,
    "two at once": run_twice,
}
