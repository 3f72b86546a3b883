"""Run a command; write its wall seconds, exit status and peak memory to a file.

    python -I -S measure.py REPORT SECONDS_BETWEEN_SAMPLES COMMAND...

A process of its own, and a small one, because the peak that the system tells of a child
(`ru_maxrss`) is never below the size of the process that started it. With an interval above
0 it also looks, that often, at the child's own account: at the peak, which a process can
set back while it runs, as this project does after each stage; and at the anonymous part of its
memory, what is not a mapped file, which the system may drop.
"""

import json
import os
import sys
import threading
import time

KILOBYTE = 1024


def main() -> None:
    """Start, wait, write the report."""
    report, interval, *command = sys.argv[1:]
    peaks = {"VmHWM:": 0, "RssAnon:": 0}
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    if float(interval):
        arguments = (child, float(interval), peaks)
        threading.Thread(target=watch, args=arguments, daemon=True).start()
    _, status, usage = os.wait4(child, 0)
    unit = 1 if sys.platform == "darwin" else KILOBYTE
    facts = {
        "seconds": time.perf_counter() - start,
        "status": os.waitstatus_to_exitcode(status),
        "peak_bytes": max(usage.ru_maxrss * unit, peaks["VmHWM:"]),
        "peak_anonymous": peaks["RssAnon:"],
    }
    with open(report, "w") as file:  # noqa: PTH123 - pathlib would make this process larger
        json.dump(facts, file)


def watch(child: int, interval: float, peaks: dict[str, int]) -> None:
    """Keep the largest of some numbers that the system tells of a process, until it ends."""
    while True:
        try:
            with open(f"/proc/{child}/status") as file:  # noqa: PTH123
                lines = [line.split() for line in file]
        except OSError:
            return
        for words in lines:
            if words[0] in peaks:
                peaks[words[0]] = max(peaks[words[0]], KILOBYTE * int(words[1]))
        time.sleep(interval)


if __name__ == "__main__":
    main()
