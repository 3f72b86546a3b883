"""What the tests of the assignment share: the key of a course, and a handout."""

import threading
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from coursework.confine import Limits
from coursework.handout import make
from coursework.key import Key, load_key
from coursework.sandbox import Worker
from coursework.variants import course


@dataclass(frozen=True)
class Made:
    """A handout and its key.

    Attributes
    ----------
    handout : Path
    key : Key
    """

    handout: Path
    key: Key

    @property
    def solved(self) -> Path:
        """The folder of the solved assignment."""
        return self.key.folder / "assignment"


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Made:
    """Return the course without a seed."""
    folder = tmp_path_factory.mktemp("course")
    make(course(), folder / "handout", folder / "key", ["ada"])
    return Made(folder / "handout", load_key(folder / "key"))


@pytest.fixture(scope="session")
def other(tmp_path_factory) -> Made:
    """Return a course with a seed, which differs in every convention."""
    folder = tmp_path_factory.mktemp("other")
    seed = next(f"course {n}" for n in range(100) if len(course(f"course {n}").others) == 4)
    make(course(seed), folder / "handout", folder / "key")
    return Made(folder / "handout", load_key(folder / "key"))


@pytest.fixture
def few_processes(monkeypatch):
    """Run the tests of a function in one process, not in one each: starting them takes most time.

    For a submission that is not hostile.
    """
    with ExitStack() as stack:
        workers, lock = {}, threading.Lock()

        class OfFunctions:
            def __init__(self, box, limits):
                self.box, self.missing = box, []

            def call(self, request, inputs):
                place = self.box, request["function"]
                with lock:
                    if place not in workers:
                        worker = Worker(self.box, Limits(seconds=60))
                        workers[place] = stack.enter_context(worker)
                    answer = workers[place].call(request, inputs)
                    self.seconds = workers[place].seconds
                    return answer

        given = lambda box, limits: nullcontext(OfFunctions(box, limits))  # noqa: E731
        monkeypatch.setattr("coursework.grader.Worker", given)
        yield
