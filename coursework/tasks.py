"""The table of the assignment: functions, points, tests, hints. No text states these numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coursework import checks, speed
from coursework.drawing import Draw, Inputs
from coursework.trial import Trial


@dataclass(frozen=True)
class Hidden:
    """A hidden test: name, points, check, and how many times the usual seconds it may take."""

    name: str
    points: int
    check: Callable[[Trial], None]
    patience: int = 1


@dataclass(frozen=True)
class Task:
    """A function to write.

    Attributes
    ----------
    function, module : str
        As the reference names them; a course may give the function another name.
    hidden : tuple of Hidden
        Run at grading. They alone give points.
    public : tuple of functions
        Each draws the inputs of a worked example that the student sees.
    hints : tuple of str
    """

    function: str
    module: str
    hidden: tuple[Hidden, ...]
    public: tuple[Callable[[Draw], Inputs], ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def n_public(self) -> int:
        """The number of worked examples."""
        return len(self.public)

    @property
    def points(self) -> int:
        """The points of all its hidden tests."""
        return sum(test.points for test in self.hidden)


TASKS = (
    Task(
        "sigmoid",
        "logistic",
        (
            Hidden("random scores", 4, checks.is_right),
            Hidden("scores far from 0", 4, checks.survives_large_scores),
        ),
        public=(Draw.scores, Draw.scores, Draw.far_scores),
        hints=(
            "exp(-z) overflows for z = -1000. For negative z, multiply numerator and denominator "
            "by exp(z).",
            "`np.where` computes both branches for every z. Make neither overflow: which power of "
            "e is at most 1, whatever the sign of z?",
        ),
    ),
    Task(
        "cost",
        "logistic",
        (
            Hidden("random documents", 4, checks.is_right),
            Hidden("the penalty", 4, checks.penalises_weights_alone),
            Hidden("scores far from 0", 4, checks.survives_large_scores),
        ),
        public=(Draw.problem, Draw.problem, Draw.far_problem),
        hints=(
            "Do not go through the sigmoid: it rounds to 0 or 1, and the logarithm of 0 is -inf.",
            "`np.logaddexp(0, z)` is log(1 + exp(z)).",
        ),
    ),
    Task(
        "gradient",
        "logistic",
        (
            Hidden("finite differences, no penalty", 4, checks.matches_differences_without_penalty),
            Hidden("finite differences, penalty", 4, checks.matches_differences_with_penalty),
            Hidden("inputs stay as they are", 4, checks.leaves_inputs),
        ),
        public=(Draw.problem, Draw.problem),
        hints=(
            "Derive L by z first: the sigmoid appears in it. Then z by w, and by b.",
            "Check it yourself: for a small h, the slope of J is about "
            "(J(w + h) - J(w - h)) / (2h), one weight at a time.",
        ),
    ),
    Task(
        "sgd_step",
        "sgd",
        (
            Hidden("random steps", 4, checks.steps_are_right),
            Hidden("inputs stay as they are", 4, checks.leaves_inputs),
        ),
        public=(Draw.step, Draw.step),
        hints=("`w -= ...` changes the array that you were given.",),
    ),
    Task(
        "lazy_epoch",
        "sgd",
        (
            Hidden("random epochs", 4, checks.steps_are_right),
            Hidden("inputs stay as they are", 4, checks.leaves_inputs),
            Hidden("a long epoch with a strong penalty", 4, checks.survives_a_long_epoch),
            Hidden("speed", 4, speed.takes_time_for_nonzeros_alone, patience=6),
        ),
        public=(Draw.epoch, Draw.epoch, Draw.repeats, Draw.long_epoch),
        hints=(
            "First make it right, with `sgd_step` on dense rows. A slow one loses one test.",
            f"That test times {speed.N_STEPS:,} steps on short documents. With "
            f"{speed.MANY_WORDS:,} words they must take less than {speed.SLOWER:g} times as long "
            f"as with {speed.FEW_WORDS:,}.",
            "With w = scale * v, what do you add to v to add something to w?",
        ),
    ),
    Task(
        "count_ngrams",
        "counts",
        (
            Hidden("random tokens", 3, checks.is_right),
            Hidden("speed", 3, speed.takes_time_in_proportion, patience=6),
        ),
        public=(Draw.tokens, Draw.tokens),
        hints=(
            "`tokens.count(...)` in a loop reads all tokens for each of them.",
            f"The test of speed: {speed.FEW_TOKENS * speed.MORE_TOKENS:,} tokens must take less "
            f"than {speed.SLOWER * speed.MORE_TOKENS:g} times as long as {speed.FEW_TOKENS:,}.",
        ),
    ),
    Task(
        "metrics",
        "metrics",
        (
            Hidden("random predictions", 3, checks.is_right),
            Hidden("undefined metrics", 3, checks.knows_undefined_metrics),
        ),
        public=(Draw.predictions, Draw.predictions, Draw.none_predicted),
        hints=("0 / 0 is an error in Python. With NumPy's numbers it is NaN and a warning.",),
    ),
    Task(
        "softmax",
        "softmax",
        (
            Hidden("random scores", 3, checks.is_right),
            Hidden("scores far from 0", 3, checks.survives_large_scores_of_classes),
        ),
        public=(Draw.class_scores, Draw.class_scores, Draw.far_class_scores),
        hints=(
            "exp(z) overflows for z = 1000, and all powers are 0 for z = -1000. Subtract one "
            "number from all scores of a row, and the softmax stays as it is. Which one?",
            "With `keepdims=True`, a sum over the classes keeps the shape (n, 1).",
        ),
    ),
    Task(
        "softmax_cost",
        "softmax",
        (
            Hidden("random documents", 3, checks.is_right),
            Hidden("the penalty", 3, checks.penalises_weights_alone),
            Hidden("scores far from 0", 3, checks.survives_large_scores_of_classes),
        ),
        public=(Draw.class_problem, Draw.class_problem, Draw.far_class_problem),
        hints=(
            "Do not go through the softmax: it rounds to 0. Subtract the highest score m of a row "
            "first: log(sum_k exp(z_k)) = m + log(sum_k exp(z_k - m)).",
            "`z[np.arange(n), y]` is the score of the true class in each row.",
        ),
    ),
    Task(
        "softmax_gradient",
        "softmax",
        (
            Hidden("finite differences, no penalty", 3, checks.matches_differences_without_penalty),
            Hidden("finite differences, penalty", 3, checks.matches_differences_with_penalty),
            Hidden("inputs stay as they are", 3, checks.leaves_inputs),
        ),
        public=(Draw.class_problem, Draw.class_problem),
        hints=(
            "Derive L by z_k first: the softmax appears, and for the true class one term more.",
            "Without a penalty, the rows of the gradient add up to 0: what the scores of the wrong "
            "classes lose, that of the true class gains.",
        ),
    ),
    # Not to be written: it calls the others.
    Task(
        "fit_predict",
        "classifier",
        (
            Hidden("reviews of invented words", 4, checks.learns_invented_words, patience=6),
            Hidden("withheld reviews", 4, checks.reaches_the_accuracy, patience=12),
        ),
    ),
)
WHOLE = "fit_predict"
N_PUBLIC = sum(task.n_public for task in TASKS)
N_HIDDEN = sum(len(task.hidden) for task in TASKS)
POINTS = sum(task.points for task in TASKS)
