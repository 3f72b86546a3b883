"""`python without_namespaces.py USER COMMAND ...`: run it where no further namespace is allowed.

As a user, or as root (USER is 0) that is root of no other user: what some containers give. The
exit code is 77 where not even that is allowed.
"""

import ctypes
import os
import sys
from pathlib import Path

NEW_USER = 0x10000000


def main(user: int, command: list[str]) -> int:
    """Return the exit code of a command."""
    (told, tell), (ready, get_ready) = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        if ctypes.CDLL(None).unshare(NEW_USER):
            os._exit(77)
        os.write(get_ready, b".")
        os.read(told, 1)
        Path("/proc/sys/user/max_user_namespaces").write_text("0", "ascii")
        if user:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        os.execvp(command[0], command)
    os.close(get_ready)
    if not os.read(ready, 1):
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{child}/{name}").write_text("0 0 65536" if user else "0 0 1", "ascii")
    os.write(tell, b".")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
