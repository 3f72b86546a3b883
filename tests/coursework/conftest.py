"""What the tests of the assignment share: the key of a course, and a handout."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from coursework.handout import make
from coursework.key import Key, load_key
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
