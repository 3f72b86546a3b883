"""Limits for a process that runs a submission: user, files, network, processes, memory, time.

`confine` is called in the process itself before it imports the submission. On Linux, and if the
kernel lets it, the process gets its own network (without any device), its own process numbers,
and a root directory with Python, NumPy and the submission, read-only, and a few megabytes to
write to. If it starts as root, it becomes a user that owns nothing. What cannot be enforced is
returned by name.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_PIDS, _NEW_NETWORK = (
    *(0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000),
)
_READ_ONLY, _NO_SUID, _NO_DEVICES, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = (
    *(1, 2, 4, 32, 4096, 16384, 1 << 18),
)
_SET_DEATH_SIGNAL, _SET_NO_NEW_PRIVILEGES = 1, 38
_CAPABILITIES_VERSION = 0x20080522
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom")


@dataclass(frozen=True)
class Limits:
    """What a process may use.

    Attributes
    ----------
    seconds : float
        Time on the clock for an answer; processor time is limited to a second more.
    memory, file_size, disk, output : int
        Bytes: address space; one file; all files; what is printed.
    processes, open_files : int
    """

    seconds: float = 10.0
    memory: int = 1 << 30
    file_size: int = 1 << 20
    disk: int = 8 << 20
    output: int = 1 << 20
    processes: int = 8
    open_files: int = 64


class _System:
    """Calls of Linux that Python does not have; each raises OSError."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(None, use_errno=True)

    def call(self, name: str, *arguments: object) -> None:
        """Call a function of the C library."""
        if sys.platform != "linux":
            raise OSError(f"{name} is a call of Linux")
        if getattr(self.library, name)(*arguments):
            raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")

    def mount(self, source: str, target: str, kind: str, flags: int, options: str = "") -> None:
        """Mount a file system, or change the flags of a mount."""
        texts = [text.encode() for text in (source, target, kind)]
        self.call("mount", *texts, ctypes.c_ulong(flags), options.encode())


def confine(limits: Limits, box: Path) -> tuple[Path, list[str]]:
    """Limit this process; the result is from the child that goes on in its place.

    Parameters
    ----------
    limits : Limits
    box : Path
        The folder with the submission, and with an empty folder `root`.

    Returns
    -------
    (Path, list of str)
        Where the box is now, and what could not be limited.
    """
    system, as_root = _System(), os.geteuid() == 0
    isolated = _separate(system, as_root)
    user = _unused_user() if as_root else os.getuid()
    if isolated or as_root:
        _go_on_in_a_child(user, sweep=not isolated)
    if isolated:
        _enter_root(system, box / "root", box, limits)
        box = Path("/box")
    unprivileged = not as_root or _become(user)
    if not os.access(os.__file__, os.R_OK):
        raise OSError(f"user {user} cannot read {os.__file__}; grade with another Python")
    if sys.platform == "linux":
        _drop_capabilities(system)
        system.call("prctl", _SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        # After the change of user, which would clear it.
        system.call("prctl", _SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    # Processes are counted by user, in the user's own namespace.
    counted = unprivileged and (as_root or isolated)
    _limit_resources(limits, processes=counted)
    return box, _missing(isolated, unprivileged, counted)


def _separate(system: _System, as_root: bool) -> bool:
    """Leave the network and the mounts of the machine; return False if that is not allowed."""
    user, group = os.getuid(), os.getgid()
    own = _NEW_MOUNTS | _NEW_IPC | _NEW_PIDS | _NEW_NETWORK
    try:
        system.call("unshare", own if as_root else own | _NEW_USER)
        if not as_root:
            Path("/proc/self/setgroups").write_text("deny", "ascii")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")
        # Some systems give a namespace of the user's own, and no right in it.
        system.mount("none", "/", "", _RECURSIVE | _PRIVATE)
    except OSError:
        return False
    return True


def _become(user: int) -> bool:
    """Become a user; return False where root is root of a few users alone."""
    try:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    except OSError:
        return False
    return True


def _unused_user() -> int:
    """Return the number of a user that has no process: limits on processes are by user."""
    processes = Path("/proc").glob("[0-9]*") if sys.platform == "linux" else ()
    used = set()
    for process in processes:
        with contextlib.suppress(OSError):
            used.add(process.stat().st_uid)
    user = 20_000 + os.getpid() % 40_000
    while user in used:
        user += 1
    return user


def _go_on_in_a_child(user: int, sweep: bool) -> None:
    """Fork; the parent only waits, stops the child when it is told to, and passes its end on.

    The child is the first of its own process numbers, if it has them, so that all that it started
    ends with it. If it has not, but has a user of its own, `sweep` ends that user's processes.
    """
    child = os.fork()
    if not child:
        os.setsid()
        return
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
    _, status = os.waitpid(child, 0)
    if sweep and not os.fork():
        os.setuid(user)
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _enter_root(system: _System, root: Path, box: Path, limits: Limits) -> None:
    """Make a root directory of what the submission may read, and enter it."""
    options = f"size={limits.disk},nr_inodes=512,mode=755"
    system.mount("tmpfs", str(root), "tmpfs", _NO_SUID | _NO_DEVICES, options)
    numpy_folder = Path(np.__file__).parent
    libraries = numpy_folder.with_name("numpy.libs")
    readable = [*map(Path, _SYSTEM), Path(sys.base_prefix), numpy_folder, libraries]
    for source in readable:
        target = Path(f"{root}{source}")
        if source.is_symlink():
            target.symlink_to(source.readlink())
        elif source.exists() and not target.exists():
            _show(system, source, target)
    _show(system, box, root / "box")
    for name in ("tmp", "scratch"):
        (root / name).mkdir(exist_ok=True)
        (root / name).chmod(0o777)
    os.chroot(root)
    os.chdir("/scratch")


def _show(system: _System, source: Path, target: Path) -> None:
    """Show a file or a folder at a second place, where it is read-only."""
    if source.is_dir():
        target.mkdir(parents=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    system.mount(str(source), str(target), "", _BIND | _RECURSIVE)
    with contextlib.suppress(OSError):  # a locked mount stays as it is: its files are not ours
        system.mount("", str(target), "", _REMOUNT | _BIND | _READ_ONLY | _NO_SUID)


def _drop_capabilities(system: _System) -> None:
    """Give up every capability, also those in a user namespace."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    system.call("capset", header, (ctypes.c_uint32 * 6)())


def _limit_resources(limits: Limits, processes: bool) -> None:
    """Set the limits of the kernel; each child inherits them."""
    seconds = int(limits.seconds) + 1
    values = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    if sys.platform == "linux":
        values[resource.RLIMIT_AS] = limits.memory
    if processes:
        values[resource.RLIMIT_NPROC] = limits.processes
    for name, value in values.items():
        resource.setrlimit(name, (value, value))


def _missing(isolated: bool, unprivileged: bool, counted: bool) -> list[str]:
    """Name what is not limited."""
    missing = []
    if not isolated:
        missing += ["network", "total size of files", "reading files of this machine"]
    if not unprivileged or not (isolated or counted):
        missing += ["rights of the user who grades"]
    if not counted:
        missing += ["number of processes"]
    if sys.platform != "linux":
        missing += ["memory"]
    return missing
