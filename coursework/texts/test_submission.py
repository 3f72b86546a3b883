"""Grade a submission with plain pytest: SUBMISSION=path python -m pytest test_submission.py.

A test here is a test of the table, public or hidden, run with the limits of the grader. The
folder of `coursework` must be importable: set PYTHONPATH to the clone.
"""

import os
from pathlib import Path

import pytest

from coursework.grader import Grader, every_test
from coursework.key import load_key

KEY = load_key(Path(__file__).parent)


@pytest.fixture(scope="session")
def grader():
    """Return a grader of the submission that the variable names."""
    with Grader(KEY, Path(os.environ["SUBMISSION"])) as grader:
        yield grader


@pytest.mark.parametrize("test", every_test(KEY), ids=str)
def test_submission(grader, test):
    """The submission passes the test."""
    result = grader.run(test)
    assert result.passed, result.message
