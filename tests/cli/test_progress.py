"""Progress: the time that a task took, and an estimate of what is left."""

from types import SimpleNamespace

import pytest

from pipeline.cli.display.progress import TimeColumn


@pytest.mark.parametrize(
    ("elapsed", "left", "shown"),
    [
        (2.9, 6.1, "0:02, about 0:06 left"),
        (75, 5, "1:15, about 0:05 left"),
        (3700, 36000, "1:01:40, about 10:00:00 left"),
        (5, None, "0:05"),
        (None, None, "0:00"),
    ],
)
def test_elapsed_and_remaining_time_are_told_apart(elapsed, left, shown):
    task = SimpleNamespace(elapsed=elapsed, time_remaining=left)
    assert TimeColumn().render(task).plain == shown
