"""Run a command; write its time, exit status, peak memory and written bytes to a file.

    python -I -S measure.py REPORT SECONDS_BETWEEN_SAMPLES COMMAND...

A process of its own, and a small one, because the peak that the system tells of a child
(`ru_maxrss`) is never below the size of the process that started it. With an interval above
0 it also looks, that often, at the child's own account: at the peak, which a process can
set back while it runs, as this project does after each stage; and at the anonymous part of its
memory, what is not a mapped file, which the system may drop. Its descendants count for the sum of
anonymous memory and for the largest of one process, and those it waited for count for its time on
processors and its written bytes.
"""

import json
import os
import sys
import threading
import time

KILOBYTE, BLOCK = 1024, 512
NAMES = ("VmHWM:", "RssAnon:")


def main() -> None:
    """Start, wait, write the report."""
    report, interval, *command = sys.argv[1:]
    peaks = {"VmHWM:": 0, "RssAnon:": 0, "largest": 0, "sum": 0}
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
        "peak_anonymous_largest": peaks["largest"],
        "peak_anonymous_sum": peaks["sum"],
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "written_bytes": usage.ru_oublock * BLOCK,
    }
    with open(report, "w") as file:  # noqa: PTH123 - pathlib would make this process larger
        json.dump(facts, file)


def watch(child: int, interval: float, peaks: dict[str, int]) -> None:
    """Keep the largest of some numbers that the system tells of a process, until it ends."""
    while True:
        of_child = told(child)
        if not of_child:
            return
        anonymous = [of_child["RssAnon:"]]
        anonymous += [told(pid).get("RssAnon:", 0) for pid in descendants(child)]
        now = {**of_child, "largest": max(anonymous), "sum": sum(anonymous)}
        for name in peaks:
            peaks[name] = max(peaks[name], now[name])
        time.sleep(interval)


def told(pid: int) -> dict[str, int]:
    """Return the peak and the anonymous memory of a process in bytes; nothing if it has ended."""
    try:
        with open(f"/proc/{pid}/status") as file:  # noqa: PTH123
            lines = [line.split() for line in file]
    except OSError:
        return {}
    found = {line[0]: KILOBYTE * int(line[1]) for line in lines if line[0] in NAMES}
    return found if len(found) == len(NAMES) else {}  # a process that ends has no memory


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and that these have started.

    One that was started just now is left out as long as it is a copy of the process that starts
    it, whose memory it shares.
    """
    found = []
    try:
        command = command_of(pid)
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            with open(f"/proc/{pid}/task/{thread}/children") as file:  # noqa: PTH123
                children = map(int, file.read().split())
            found += [child for child in children if command_of(child) != command]
    except OSError:
        return found
    return found + [each for child in found for each in descendants(child)]


def command_of(pid: int) -> bytes:
    """Return the command line of a process."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
        return file.read()


if __name__ == "__main__":
    main()
