"""A course differs from the reference in conventions, and its solution is right by them."""

import doctest
import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from coursework.drawing import Draw
from coursework.errors import SubmissionError
from coursework.key import load_solution
from coursework.tasks import TASKS
from coursework.trial import Trial
from coursework.variants import CONVENTIONS, REFERENCE, Course, course, solution
from pipeline.model.logistic import gradient, objective
from pipeline.model.softmax import softmax
from pipeline.training.sgd import GlobalRate, Problem

NAMES = [each.name for each in CONVENTIONS]
COURSES = [
    Course("a seed", frozenset(itertools.compress(NAMES, bits)))
    for bits in itertools.product([0, 1], repeat=len(NAMES))
]
every_course = pytest.mark.parametrize(
    "made", COURSES, ids=lambda made: "-".join(sorted(made.others)) or "reference"
)


@pytest.fixture
def solved(tmp_path):
    """Return a function that imports the solution of a course."""

    def load(of):
        folder = tmp_path / "-".join(["solution", *sorted(of.others)])
        folder.mkdir()
        for name, text in solution(of).items():
            (folder / f"{name}.py").write_text(text, "utf-8")
        return load_solution(folder)

    return load


class InThisProcess:
    """Answers for a submission without a process of its own."""

    seconds = 1.0

    def __init__(self, modules):
        self.modules = modules

    def call(self, request, inputs):
        return getattr(self.modules[request["module"]], request["function"])(**inputs), []


def score(of, solution, submission):
    """Return which hidden tests a submission passes, but those of time and of reviews."""
    passed = {}
    for task in TASKS:
        for hidden in task.hidden:
            if hidden.name in {"speed", "withheld reviews"}:
                continue
            draw = Draw(np.random.default_rng(5), of)
            parts = task.function, task.module, solution, InThisProcess(submission)
            try:
                with np.errstate(all="ignore"):
                    hidden.check(Trial(*parts, draw, None))
            except (SubmissionError, AttributeError, TypeError):
                passed[task.function, hidden.name] = False
            else:
                passed[task.function, hidden.name] = True
    return passed


@every_course
def test_the_solution_passes_its_hidden_tests(made, solved):
    modules = solved(made)
    assert all(score(made, modules, modules).values())


@every_course
def test_the_examples_in_the_docstrings_of_a_solution_hold(made, solved):
    for module in solved(made).values():
        assert doctest.testmod(module).failed == 0


@every_course
def test_the_reference_does_not_fit_another_course(made, solved):
    """What has no convention fits every course: sigmoid, softmax, metrics that ask for a 1."""
    if not made.others & {"labels", "penalty"}:
        return
    passed = score(made, solved(made), load_solution(REFERENCE))
    fitting = {function for (function, _), is_passed in passed.items() if is_passed}
    assert not fitting & {"cost", "sgd_step", "lazy_epoch"}
    assert not passed["gradient", "finite differences, penalty"]
    if "penalty" in made.others:
        assert not passed["softmax_cost", "random documents"]
    if made.others & {"penalty", "sign"}:
        assert not passed["softmax_gradient", "finite differences, penalty"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("error / scale * x", "error / scale * shrink * x"),
        ("l2 / len(y)", "l2 / len(order)"),
        ("if scale < 1e-9:", "if False:"),
    ],
    ids=["the scale before the penalty", "documents of the order", "the scale underflows"],
)
def test_the_whole_classifier_shows_what_its_metrics_hide(solved, tmp_path, old, new):
    made = Course("a seed", frozenset({"penalty"}))
    right = solved(made)
    folder = tmp_path / "submission"
    shutil.copytree(Path(right["sgd"].__file__).parent, folder)
    text = (folder / "sgd.py").read_text("utf-8")
    assert old in text
    (folder / "sgd.py").write_text(text.replace(old, new), "utf-8")
    passed = score(made, right, load_solution(folder))
    assert not passed["fit_predict", "reviews of invented words"]


def test_a_seed_changes_cost_and_steps():
    for n in range(50):
        assert course(f"{n}").others & {"labels", "penalty"}
    assert len({course(f"{n}").others for n in range(50)}) > 5


def test_a_replacement_that_finds_nothing_is_an_error(monkeypatch):
    monkeypatch.setattr("coursework.variants.CONVENTIONS", (CONVENTIONS[0],))
    monkeypatch.setitem(CONVENTIONS[0].edits, "counts", (("no such text", ""),))
    with pytest.raises(ValueError, match="no such text"):
        solution(Course("", frozenset({"labels"})))


def test_the_reference_is_the_algorithm_of_the_pipeline():
    """Cost, gradient and an epoch of lazy steps agree with the fast path."""
    reference = load_solution(REFERENCE)
    draw = Draw(np.random.default_rng(0), course())
    for _ in range(5):
        problem = draw.problem()
        sparse = csr_array(problem["X"])
        rest = [problem[name] for name in ("y", "w", "b", "l2")]
        assert reference["logistic"].cost(**problem) == pytest.approx(objective(sparse, *rest))
        found, expected = reference["logistic"].gradient(**problem), gradient(sparse, *rest)
        np.testing.assert_allclose(np.append(*found), np.append(*expected), atol=1e-12)

        problem = draw.class_problem()
        sparse = csr_array(problem["X"])
        rest = [problem[name] for name in ("y", "W", "b", "l2")]
        ours = reference["softmax"]
        assert ours.softmax_cost(**problem) == pytest.approx(objective(sparse, *rest))
        for found, expected in zip(
            ours.softmax_gradient(**problem), gradient(sparse, *rest), strict=True
        ):
            np.testing.assert_allclose(found, expected, atol=1e-12)
        z = draw.class_scores()["z"]
        np.testing.assert_allclose(ours.softmax(z), softmax(z), atol=1e-15)

        epoch = draw.epoch()
        starts, columns, values = epoch["rows"]
        shape = len(starts) - 1, len(epoch["w"])
        counts = csr_array((values.astype(np.float32), columns, starts), shape)
        targets = np.where(epoch["y"] == 1, 1.0, -1.0)
        problem = Problem(counts, targets, epoch["l2"], fit_intercept=True)
        run = GlobalRate(problem, 1, epoch["learning_rate"], falling=False)
        run.epoch(epoch["order"], averaging=False)
        zeros = {"w": np.zeros(shape[1]), "b": 0.0}
        w, b = reference["sgd"].lazy_epoch(**epoch | zeros)
        np.testing.assert_allclose(w, run.weights()[0], atol=1e-9)
        assert b == pytest.approx(run.weights()[1])
