"""The grader gives a right solution all points, and every other one what it deserves.

What ends a test by time or by memory is marked slow; see `submissions` for what is graded.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from coursework_submissions import SUBMISSIONS, with_module
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coursework import speed
from coursework.__main__ import main
from coursework.checks import reaches_the_accuracy
from coursework.confine import Limits
from coursework.drawing import Draw
from coursework.errors import SubmissionError
from coursework.grader import every_test, grade, judge
from coursework.report import as_text, summary
from coursework.sandbox import Worker, boxed
from coursework.tasks import N_HIDDEN, N_PUBLIC, POINTS, TASKS
from coursework.trial import Trial
from coursework.worker import decode, encode

ROOT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
SHORT = Limits(seconds=3, memory=600 << 20)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")


@pytest.fixture(scope="session")
def not_limited(made):
    """Return the names of the limits that this machine does not enforce."""
    given = made.solved / "classifier.py"
    with boxed(made.solved, given) as box, Worker(box, SHORT) as worker:
        return worker.missing


@pytest.fixture(scope="session")
def reference_result(made):
    return grade(made.key, made.key.folder)


def test_the_reference_scores_everything(reference_result):
    assert [o for o in reference_result.outcomes if not o.passed] == []
    assert reference_result.points == reference_result.max_points == POINTS


def of_speed(key):
    return [test for test in every_test(key) if test.hidden and test.hidden.name == "speed"]


@pytest.fixture
def disturb(monkeypatch):
    """Return a function that makes the first so many long or short calls take a second more."""

    def disturb(n_calls, is_long):
        left = dict.fromkeys(["lazy_epoch", "count_ngrams"], n_calls)
        call = Worker.call

        def disturbed(worker, request, inputs):
            answer = call(worker, request, inputs)
            function = request["function"]
            size = len(inputs["tokens"]) if function == "count_ngrams" else len(inputs["w"])
            takes_steps = len(inputs.get("order", "a count"))
            if takes_steps and (size > 1000) == is_long and left[function]:
                left[function] -= 1
                worker.seconds += 1
            return answer

        monkeypatch.setattr(Worker, "call", disturbed)
        return left

    return disturb


@pytest.mark.parametrize("n_disturbed", [1, speed.ROUNDS - 1])
def test_disturbed_times_cost_no_points(made, disturb, n_disturbed):
    left = disturb(n_disturbed, is_long=True)
    result = grade(made.key, made.key.folder, tests=of_speed(made.key))
    assert len(result.outcomes) == len(left)
    assert [outcome for outcome in result.outcomes if not outcome.passed] == []
    assert not any(left.values())


@pytest.mark.slow
def test_a_disturbed_short_time_makes_no_slow_answer_fast(made, disturb, tmp_path):
    (slow,) = (each for each in SUBMISSIONS if each.name == "right but slow counts")
    with_module(made, tmp_path / "assignment", slow)
    disturb(2, is_long=False)  # the one that is compared, and that of the first round
    tests = [test for test in of_speed(made.key) if test.task.function == slow.function]
    assert [outcome.passed for outcome in grade(made.key, tmp_path, tests=tests).outcomes] == [
        False
    ]


@pytest.mark.usefixtures("few_processes")
def test_the_reference_of_another_course_scores_everything(other):
    result = grade(other.key, other.key.folder)
    assert [o for o in result.outcomes if not o.passed] == []


@pytest.mark.usefixtures("few_processes")
def test_the_untouched_handout_scores_nothing(made):
    result = grade(made.key, made.handout)
    assert result.points == 0
    assert not any(outcome.passed for outcome in result.outcomes)
    assert all("is not written yet" in outcome.message for outcome in result.outcomes)


def test_the_band_is_around_the_accuracy_of_the_reference(made, reference_result):
    low, high = made.key.reviews.band
    (value,) = (o.value for o in reference_result.outcomes if o.value is not None)
    assert 0.7 < low <= value <= high < 0.9


def fill_in(path, made, submission):
    """Tell a hostile submission what it could know: the public answers, and where things are."""
    text = path.read_text("utf-8")
    public = [each for each in made.key.examples if each["function"] == submission.function]
    answers = {json.dumps(list(each["inputs"].values())): each["expected"] for each in public}
    text = text.replace("ANSWERS_OF_PUBLIC_TESTS", json.dumps(answers))
    secrets = [ROOT / "coursework", made.key.folder, made.handout, Path.home() / ".ssh", "/proc/1"]
    path.write_text(text.replace("PATHS", repr([*map(str, secrets)])), "utf-8")


def is_graded(test, submission, control):
    """Return True for its own tests, and one of a function of which nothing is wrong."""
    if test.task.function == control:
        return test.name.endswith(("random predictions", "random scores"))
    if test.task.function != submission.function:
        return False
    if not test.hidden:
        return submission.name.startswith("hard-codes")
    return not (submission.endless and test.hidden.patience > 1)


@linux
@pytest.mark.parametrize(
    "submission",
    [
        pytest.param(each, id=each.name, marks=[pytest.mark.slow] if each.is_slow else [])
        for each in SUBMISSIONS
    ],
)
def test_a_fault_costs_its_own_points_and_is_named(made, submission, tmp_path, not_limited):
    if submission.needs in not_limited:
        pytest.skip(f"not limited on this machine: {submission.needs}")
    path = with_module(made, tmp_path / "assignment", submission)
    fill_in(path, made, submission)
    own, control = submission.function, "sigmoid" if submission.module == "metrics" else "metrics"
    tests = [test for test in every_test(made.key) if is_graded(test, submission, control)]
    result = grade(made.key, tmp_path, SHORT, tests=tests)
    hidden = [outcome for outcome in result.outcomes if outcome.test.hidden]
    failed = {o.test.hidden.name for o in hidden if not o.passed and o.test.task.function == own}
    expected = {test.hidden.name for test in tests if test.hidden and test.task.function == own}
    assert failed == expected - submission.passes
    for outcome in hidden:
        if not outcome.passed:
            assert re.search(submission.says, outcome.message), outcome.message
            assert not re.search(r"\d\.\d\d", outcome.message), "the message leaks a value"
    assert [o.passed for o in result.outcomes if o.test.task.function == control] == [True]
    # The public answers are right by heart.
    assert all(o.passed for o in result.outcomes if not o.test.hidden)


PROBE = """
import os, socket, time
def count_ngrams(tokens, n):
    forked = 0
    try:
        while forked < 30:
            if not os.fork():
                time.sleep(2)
                os._exit(0)
            forked += 1
    except OSError:
        pass
    return {"forked": forked, "user": os.getuid(), "pid": os.getpid()}
"""


def ask(box, module="counts", function="count_ngrams", **inputs):
    """Return what a function of a submission answers."""
    with Worker(box, SHORT) as worker:
        request = {"module": module, "function": function, "own": ["sigmoid"]}
        return worker.call(request, inputs or {"tokens": ["a"], "n": 1})


@pytest.fixture
def boxed_module(made, tmp_path):
    """Return a function that boxes one module as a submission."""
    with ExitStack() as stack:

        def enter(text, name="counts"):
            (tmp_path / f"{name}.py").write_text(text, "utf-8")
            return stack.enter_context(boxed(tmp_path, made.solved / "classifier.py"))

        yield enter


@linux
def test_processes_are_few_and_end_with_the_test(boxed_module, not_limited):
    """A gentle bomb: 30 processes that sleep, of which the limit lets a few start."""
    if "number of processes" in not_limited:
        pytest.skip("not limited on this machine")
    found, _ = ask(boxed_module(PROBE))
    assert 1 <= found["forked"] < Limits().processes
    left = [path for path in Path("/proc").glob("[0-9]*") if path.stat().st_uid == found["user"]]
    assert left == [] or not AS_ROOT


@linux
@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
def test_root_becomes_a_user_of_its_own(boxed_module):
    found, _ = ask(boxed_module(PROBE))
    assert 20_000 <= found["user"] < 70_000


def test_a_link_is_not_followed(made, boxed_module, tmp_path):
    """It could lead to a file that only the grader may read."""
    (tmp_path / "metrics.py").symlink_to(made.solved / "metrics.py")
    box = boxed_module("")
    assert {path.name for path in (box / "assignment").iterdir()} == {"counts.py", "classifier.py"}


def test_a_submission_cannot_bring_a_classifier_of_its_own(made, boxed_module):
    box = boxed_module("1 / 0", name="classifier")
    text = (box / "assignment" / "classifier.py").read_text("utf-8")
    assert text == (made.solved / "classifier.py").read_text("utf-8")


def test_a_mistake_in_the_sigmoid_is_paid_once(made, tmp_path):
    shutil.copytree(made.solved, tmp_path / "assignment")
    path = tmp_path / "assignment" / "logistic.py"
    path.write_text(path.read_text().replace("return np.where(z", "return 2 * np.where(z"), "utf-8")
    tests = [t for t in every_test(made.key) if t.task.function in {"sigmoid", "gradient"}]
    tests += [t for t in every_test(made.key) if t.name in {"sgd_step 1", "lazy_epoch 1"}]
    result = grade(made.key, tmp_path, tests=tests)
    assert {o.test.task.function for o in result.outcomes if not o.passed} == {"sigmoid"}


def test_a_mistake_in_the_softmax_is_paid_once(made, tmp_path):
    shutil.copytree(made.solved, tmp_path / "assignment")
    path = tmp_path / "assignment" / "softmax.py"
    path.write_text(path.read_text().replace("return powers /", "return 2 * powers /"), "utf-8")
    tests = [t for t in every_test(made.key) if t.task.module == "softmax"]
    result = grade(made.key, tmp_path, tests=tests)
    assert {o.test.task.function for o in result.outcomes if not o.passed} == {"softmax"}


def test_the_points_are_100():
    assert POINTS == 100


def test_a_crash_of_one_module_does_not_cost_another(made, tmp_path):
    shutil.copytree(made.solved, tmp_path / "assignment")
    crash = "import os\nos._exit(1)\n"
    (tmp_path / "assignment" / "logistic.py").write_text(crash, "utf-8")
    tests = [t for t in every_test(made.key) if t.name in {"sgd_step 1", "cost 1"}]
    result = grade(made.key, tmp_path, tests=tests)
    assert [o.passed for o in result.outcomes] == [False, True]


def test_a_module_may_use_what_another_has(made, tmp_path):
    """One that asks more of `logistic` than its sigmoid gets the student's own."""
    shutil.copytree(made.solved, tmp_path / "assignment")
    path = tmp_path / "assignment" / "sgd.py"
    step = "def sgd_step(x, y, w, b, learning_rate, l2):\n"
    step += "    by_w, by_b = gradient(x[None], np.array([y]), w, b, l2)\n"
    step += "    return w - learning_rate * by_w, b - learning_rate * by_b\n"
    path.write_text(f"import numpy as np\nfrom .logistic import gradient\n{step}", "utf-8")
    tests = [t for t in every_test(made.key) if t.name == "sgd_step: random steps"]
    assert grade(made.key, tmp_path, tests=tests).points == tests[0].points > 0


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_an_accuracy_outside_the_band_is_no_pass(made, share):
    """One that is too high as well: the withheld reviews can be found."""

    class Answers:
        def call(self, request, inputs):
            y = made.key.reviews.withheld_y.copy()
            wrong = slice(round(share * len(y)), None)
            y[wrong] = 1 - y[wrong]
            return y, []

    parts = "fit_predict", "classifier", made.key.solution, Answers()
    trial = Trial(*parts, Draw(np.random.default_rng(0), made.key.course), made.key.reviews)
    with pytest.raises(SubmissionError, match="were they seen" if share == 1 else "is below"):
        reaches_the_accuracy(trial)


def test_the_same_draw_gives_the_same_inputs(made, tmp_path):
    shutil.copytree(made.solved, tmp_path / "assignment")
    text = "def metrics(y, predicted):\n    raise ValueError(str(y.tolist()))\n"
    (tmp_path / "assignment" / "metrics.py").write_text(text, "utf-8")
    tests = [t for t in every_test(made.key) if t.name == "metrics: random predictions"]
    said = [
        grade(made.key, tmp_path, draw=draw, tests=tests).outcomes[0].message
        for draw in (1, 1, None)
    ]
    assert said[0] == said[1] != said[2]


answers = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, float("nan"), float("inf")])
    | st.floats()
    | st.text()
    | arrays(np.float64, st.integers(0, 4)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=20)
@given(answer=answers, place=st.integers(0, N_PUBLIC + N_HIDDEN - 1))
def test_no_answer_ends_the_grading(made, answer, place):
    """Whatever comes back is judged; nothing that is drawn here is right."""

    class Answers:
        seconds = 1.0

        def call(self, request, inputs):
            return answer, []

    test = every_test(made.key)[place]
    draw = Draw(np.random.default_rng(0), made.key.course)
    parts = test.task.function, test.task.module, made.key.solution, Answers()
    assert judge(test, Trial(*parts, draw, made.key.reviews))


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | arrays(np.float64, st.integers(0, 4))
        | arrays(np.int64, (2, 3)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_what_is_sent_arrives(value):
    np.testing.assert_equal(decode(json.loads(json.dumps(encode(value)))), value)


@pytest.mark.parametrize("value", [np.array(["x"]), np.array([object()]), object(), {1, 2}, 1j])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(TypeError, match="was returned"):
        encode(value)


def test_a_result_names_points_by_function_and_limits(reference_result):
    text = as_text(replace(reference_result, missing=["network"]))
    assert f"points: {POINTS} of {POINTS}" in text
    assert f"public tests: {N_PUBLIC} of {N_PUBLIC}" in text
    assert "not limited on this machine: network" in text
    for task in TASKS:
        assert f"{task.function}: {task.points} of {task.points} points" in text
    assert summary(reference_result) == (
        f"Public {N_PUBLIC} of {N_PUBLIC}; {N_HIDDEN} hidden tests run at grading."
    )


def test_the_command_grades(made, tmp_path, capsys, monkeypatch):
    few = [t for t in every_test(made.key) if t.task.function in {"count_ngrams", "metrics"}]
    few = [t for t in few if t.hidden and t.hidden.name.startswith("random")]
    monkeypatch.setattr("coursework.grader.every_test", lambda key: few)
    shutil.copy(made.solved / "metrics.py", tmp_path)
    (tmp_path / "counts.py").write_text("def count_ngrams(tokens, n): return {}\n", "utf-8")
    command = ["grade", str(tmp_path), "--key", str(made.key.folder), "--json", "--at-least"]
    assert [main([*command, percent]) for percent in ("50", "51")] == [0, 1]
    found = json.loads(capsys.readouterr().out.partition("}\n{")[0] + "}")
    counts, predictions = (test.points for test in few)
    assert (found["points"], found["max_points"]) == (predictions, counts + predictions)
    assert [test["passed"] for test in found["tests"]] == [False, True]


@pytest.mark.parametrize("percent", ["101", "-1", "nan", "half"])
def test_a_share_of_the_points_that_is_none_is_refused(tmp_path, capsys, percent):
    with pytest.raises(SystemExit) as refused:
        main(["grade", str(tmp_path), f"--at-least={percent}"])
    assert refused.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.endswith(f"--at-least: expected a number from 0 to 100, got {percent}")


def test_a_folder_that_is_not_there_is_named(made, tmp_path, capsys):
    nowhere = str(tmp_path / "nowhere")
    for options in ([nowhere, "--key", str(made.key.folder)], [str(tmp_path), "--key", nowhere]):
        assert main(["grade", *options]) == 2
    submission, key = capsys.readouterr().err.splitlines()
    assert "nowhere: expected a folder with the submission's files" in submission
    assert "make the key with `make handout`" in key


def test_plain_pytest_grades_with_the_same_tests(made, tmp_path):
    """A failing test is a test of the table that fails."""
    (tmp_path / "counts.py").write_text("def count_ngrams(tokens, n): return {}\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    found = subprocess.run(
        [*command, "--rootdir", str(made.key.folder), "-k", "count_ngrams", "test_submission.py"],
        cwd=made.key.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SUBMISSION": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    (task,) = (task for task in TASKS if task.function == "count_ngrams")
    assert f"{task.n_public + len(task.hidden)} failed" in found, found
    assert "is missing" in found
