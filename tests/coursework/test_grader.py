"""The grader gives a right solution all points, and every other one what it deserves.

What ends a test by time or by memory is marked slow; see `submissions` for what is graded.
"""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from coursework_submissions import SUBMISSIONS

from coursework.confine import Limits
from coursework.grader import every_test, grade
from coursework.tasks import POINTS

ROOT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
SHORT = Limits(seconds=3, memory=600 << 20)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")


@pytest.fixture(scope="session")
def reference_result(made):
    return grade(made.key, made.key.folder)


def test_the_reference_scores_everything(reference_result):
    assert [o for o in reference_result.outcomes if not o.passed] == []
    assert reference_result.points == reference_result.max_points == POINTS


def test_the_reference_of_another_course_scores_everything(other):
    result = grade(other.key, other.key.folder)
    assert [o for o in result.outcomes if not o.passed] == []


def test_the_untouched_handout_scores_nothing(made):
    result = grade(made.key, made.handout)
    assert result.points == 0
    assert not any(outcome.passed for outcome in result.outcomes)
    assert all("is not written yet" in outcome.message for outcome in result.outcomes)


def test_the_band_is_around_the_accuracy_of_the_reference(made, reference_result):
    low, high = made.key.reviews.band
    (value,) = (o.value for o in reference_result.outcomes if o.value is not None)
    assert 0.7 < low <= value <= high < 0.9


def with_module(made, folder, submission):
    """Write a right submission with one module replaced, and return its text."""
    shutil.copytree(made.solved, folder)
    path = folder / f"{submission.module}.py"
    text = submission.text or path.read_text("utf-8")
    for old, new in submission.edits:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return path


def fill_in(path, made, submission):
    """Tell a hostile submission what it could know: the public answers, and where things are."""
    text = path.read_text("utf-8")
    public = [each for each in made.key.examples if each["function"] == submission.function]
    answers = {json.dumps(list(each["inputs"].values())): each["expected"] for each in public}
    text = text.replace("ANSWERS_OF_PUBLIC_TESTS", json.dumps(answers))
    secrets = [ROOT / "coursework", made.key.folder, made.handout, Path.home() / ".ssh", "/proc/1"]
    path.write_text(text.replace("PATHS", repr([*map(str, secrets)])), "utf-8")


@linux
@pytest.mark.parametrize("submission", SUBMISSIONS, ids=lambda each: each.name)
def test_a_fault_costs_its_own_points_and_is_named(made, submission, tmp_path):
    path = with_module(made, tmp_path / "assignment", submission)
    fill_in(path, made, submission)
    own, control = submission.function, "sigmoid" if submission.module == "metrics" else "metrics"
    tests = [
        test
        for test in every_test(made.key)
        if test.task.function in {own, control}
        and not (submission.endless and test.hidden and test.hidden.patience > 1)
    ]
    result = grade(made.key, tmp_path, SHORT, tests=tests)
    hidden = [outcome for outcome in result.outcomes if outcome.test.hidden]
    failed = {o.test.hidden.name for o in hidden if not o.passed and o.test.task.function == own}
    expected = {test.hidden.name for test in tests if test.hidden and test.task.function == own}
    assert failed == expected - submission.passes
    for outcome in hidden:
        if not outcome.passed:
            assert re.search(submission.says, outcome.message), outcome.message
    assert all(o.passed for o in result.outcomes if o.test.task.function == control)
    if submission.name.startswith("hard-codes"):
        assert all(o.passed for o in result.outcomes if not o.test.hidden)
