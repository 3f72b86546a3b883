"""The hidden tests: each compares a submission with an oracle on inputs drawn at grading.

So an answer that was learned by heart fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coursework.drawing import Draw, Inputs
from coursework.errors import SubmissionError
from coursework.trial import Trial, compare, require
from coursework.variants import Course

N_INPUTS = 5  # draws in one test
N_STEPS, FEW_WORDS, MANY_WORDS = 3000, 300, 200_000  # of timed epochs
FEW_TOKENS, MORE_TOKENS = 300, 16  # of timed counts: so many, and so many times as many
WHAT = {
    "sigmoid": "sigmoid",
    "cost": "cost",
    "gradient": "{name} by w, {name} by b",
    "sgd_step": "w, b",
    "lazy_epoch": "w, b",
    "count_ngrams": "counts",
    "metrics": "metrics",
    "fit_predict": "predicted labels",
}
# A task that takes so many times longer than it should with more of something is too slow.
SLOWER, HOPELESS = 5.0, 12.0
ROUNDS = 5  # of timing, at most


def draw_inputs(draw: Draw, function: str) -> Inputs:
    """Return random inputs of a function."""
    drawn: dict[str, Any] = {
        "sigmoid": draw.scores,
        "cost": draw.problem,
        "gradient": draw.problem,
        "sgd_step": draw.step,
        "lazy_epoch": draw.epoch,
        "count_ngrams": draw.tokens,
        "metrics": draw.predictions,
        "fit_predict": draw.reviews,
    }
    inputs: Inputs = drawn[function]()
    return inputs


def what(course: Course, function: str) -> str:
    """Return how the answer of a function is called in messages."""
    return WHAT[function].format(name=course.name(function).replace("_", " "))


def matches(trial: Trial, inputs: Inputs) -> None:
    """Compare one answer with that of the solution."""
    compare(trial.ask(inputs), trial.expected(inputs), what(trial.course, trial.function))


def matches_and_keeps(trial: Trial, inputs: Inputs) -> None:
    """Compare one answer, and require that no given array was changed."""
    matches(trial, inputs)
    for name in trial.changed:
        raise SubmissionError(f"changed its input {name}; return a new array instead")


def is_right(trial: Trial) -> None:
    """Compare answers on inputs of many sizes."""
    for _ in range(N_INPUTS):
        matches(trial, draw_inputs(trial.draw, trial.function))


def steps_are_right(trial: Trial) -> None:
    """Compare steps on inputs of many sizes, and guess at a mistake."""
    for _ in range(N_INPUTS):
        inputs = draw_inputs(trial.draw, trial.function)
        found = trial.ask(inputs)
        try:
            compare(found, trial.expected(inputs), what(trial.course, trial.function))
        except SubmissionError as error:
            uphill = {"learning_rate": -inputs["learning_rate"]}
            guesses = {
                "the penalty is missing": trial.expected(inputs | {"l2": 0.0}),
                "the penalty has the wrong sign": trial.expected(inputs | {"l2": -inputs["l2"]}),
                "the step goes uphill": trial.expected(inputs | uphill),
            }
            raise SubmissionError(f"{error}: {_guess(found, guesses, 'check a step')}") from None


def leaves_inputs(trial: Trial) -> None:
    """Compare answers, and require that no given array was changed."""
    for _ in range(N_INPUTS):
        matches_and_keeps(trial, draw_inputs(trial.draw, trial.function))


def survives_large_scores(trial: Trial) -> None:
    """Ask for scores at which exp overflows, or p rounds to 0 or 1."""
    scores = trial.draw.far_scores()
    if trial.function == "sigmoid":
        matches(trial, scores)
        return
    inputs = trial.draw.problem()
    for far in (*scores["z"], 40.0, -40.0):
        matches(trial, inputs | {"b": float(far)})


def penalises_weights_alone(trial: Trial) -> None:
    """Ask with a strong penalty and a large intercept, of which the penalty knows nothing."""
    for _ in range(N_INPUTS):
        inputs = trial.draw.problem() | {"l2": float(trial.draw.rng.uniform(1, 5)), "b": 3.0}
        found = trial.ask(inputs)
        try:
            compare(found, trial.expected(inputs), "cost")
        except SubmissionError as error:
            raise SubmissionError(f"{error}: {_guess_at_cost(trial, inputs, found)}") from None


def _guess_at_cost(trial: Trial, inputs: Inputs, found: Any) -> str:
    right, plain = trial.expected(inputs), trial.expected(inputs | {"l2": 0.0})
    penalty, b = right - plain, inputs["b"]
    share = penalty * b * b / (inputs["w"] @ inputs["w"])
    guesses = {
        "the penalty is missing": plain,
        "the penalty is twice as large as it should be": plain + 2 * penalty,
        "the intercept is penalised, too": right + share,
    }
    return _guess(found, guesses, "look at the penalty")


def matches_differences_without_penalty(trial: Trial) -> None:
    """Compare the gradient with central differences of the cost, l2 = 0."""
    for _ in range(N_INPUTS):
        matches_differences(trial, trial.draw.problem() | {"l2": 0.0})


def matches_differences_with_penalty(trial: Trial) -> None:
    """Compare the gradient with central differences of the cost, l2 > 0."""
    for _ in range(N_INPUTS):
        matches_differences(trial, trial.draw.problem())


def matches_differences(trial: Trial, inputs: Inputs) -> None:
    """Compare the gradient with central differences of the cost, and guess at a mistake."""
    found = trial.ask(inputs)
    by_w, by_b = differences(trial, inputs)
    sign = trial.course.sign
    try:
        named = what(trial.course, trial.function)
        compare(found, (sign * by_w, sign * by_b), named, "finite differences")
    except SubmissionError as error:
        plain_w, plain_b = differences(trial, inputs | {"l2": 0.0})
        n, none = len(inputs["y"]), (sign * plain_w, sign * plain_b)
        guesses = {
            "its sign is reversed": (-sign * by_w, -sign * by_b),
            "all but the penalty has the wrong sign": (
                sign * (by_w - 2 * plain_w),
                -sign * plain_b,
            ),
            "the penalty is missing": none,
            "it is a sum over the documents, not the mean": (
                n * none[0] + sign * (by_w - plain_w),
                n * none[1],
            ),
            "the intercept is penalised": (
                sign * by_w,
                sign * (by_b + inputs["l2"] * inputs["b"]),
            ),
        }
        raise SubmissionError(f"{error}: {_guess(found, guesses, 'check it by hand')}") from None


def differences(trial: Trial, inputs: Inputs, h: float = 1e-5) -> tuple[np.ndarray, float]:
    """Return the central differences of the solution's cost by w and by b."""

    def cost(w: np.ndarray, b: float) -> float:
        return float(trial.expected(inputs | {"w": w, "b": b}, "cost"))

    w, b = inputs["w"], inputs["b"]
    steps = h * np.eye(len(w))
    by_w = np.array([(cost(w + step, b) - cost(w - step, b)) / (2 * h) for step in steps])
    return by_w, (cost(w, b + h) - cost(w, b - h)) / (2 * h)


def _guess(found: Any, guesses: dict[str, Any], otherwise: str) -> str:
    """Return the mistake with which the answer would be as it is."""
    for mistake, value in guesses.items():
        try:
            compare(found, value, "w, b" if isinstance(value, tuple) else "")
        except SubmissionError:
            continue
        return mistake
    return otherwise


def survives_a_long_epoch(trial: Trial) -> None:
    """Ask for so many steps with so strong a penalty that the scale would reach 0."""
    matches(trial, trial.draw.long_epoch())


def takes_time_for_nonzeros_alone(trial: Trial) -> None:
    """Time the steps on the same documents among few words and among many.

    What an epoch without a step takes is no part of it: to copy weights takes time for each.
    """
    sizes = FEW_WORDS, MANY_WORDS
    few, many = (trial.draw.epoch(n=50, d=d, n_steps=N_STEPS) | {"l2": 0.01} for d in sizes)
    matches(trial, few)
    none = {"order": np.zeros(0, int)}

    def slower(best: list[float]) -> float:
        few_steps, no_few, many_steps, no_many = best
        return (many_steps - no_many) / max(few_steps - no_few, 1e-4)

    message = "takes longer the more words there are, although the documents have as few of them"
    require(_is_fast(trial, [few, few | none, many, many | none], slower), message)


def takes_time_in_proportion(trial: Trial) -> None:
    """Time texts of different length, of words that occur once."""
    sizes = FEW_TOKENS, FEW_TOKENS * MORE_TOKENS
    few, many = (trial.draw.tokens(n_tokens=n, n_distinct=n) | {"n": 2} for n in sizes)
    matches(trial, few)
    message = "takes much more than twice as long for twice as many tokens"
    require(_is_fast(trial, [few, many], lambda best: best[1] / best[0] / MORE_TOKENS), message)


def _is_fast(trial: Trial, questions: list[Inputs], slower: Callable[[list[float]], float]) -> bool:
    """Return True if the best times of some rounds, on the grader's clock, suffice.

    A busy machine makes a time longer, so there are more rounds where it could matter.
    """
    best = [np.inf] * len(questions)
    for _ in range(ROUNDS):
        for number, inputs in enumerate(questions):
            trial.ask(inputs)
            best[number] = min(best[number], trial.worker.seconds)
        if not SLOWER < slower(best) < HOPELESS:
            break
    return slower(best) < SLOWER


def knows_undefined_metrics(trial: Trial) -> None:
    """Ask where a denominator is 0: nothing predicted positive, nothing positive, neither."""
    n = int(trial.draw.rng.integers(4, 20))
    none, some = np.full(n, trial.course.negative), trial.draw.labels(n)
    for y, predicted in ((some, none), (none, some), (none, none)):
        matches(trial, {"y": y, "predicted": predicted})


def learns_invented_words(trial: Trial) -> None:
    """Train on reviews of words that nobody has seen, with labels that were drawn."""
    inputs = trial.draw.reviews()
    found, expected = np.asarray(trial.ask(inputs)), trial.expected(inputs)
    require(found.shape == expected.shape, "the labels are not one for each review")
    n_wrong = int((found != expected).sum())
    message = f"{n_wrong} of {len(expected)} reviews of invented words get another label"
    require(not n_wrong, f"{message} than a right solution gives them")
    # Equal labels hide many a mistake; equal weights do not.
    for learned in (inputs, trial.draw.long_reviews()):
        compare(trial.ask(learned, "fit"), trial.expected(learned, "fit"), "vocabulary, w, b")


def reaches_the_accuracy(trial: Trial) -> None:
    """Measure the accuracy on the withheld reviews: within what the reference reaches."""
    reviews = trial.reviews
    inputs = {
        "train_texts": reviews.train_texts,
        "train_y": reviews.train_y,
        "texts": reviews.withheld_texts,
        "orders": reviews.orders(int(trial.draw.rng.choice(reviews.seeds))),
        "learning_rate": reviews.settings["learning_rate"],
        "l2": reviews.settings["l2"],
    }
    found = np.asarray(trial.ask(inputs))
    require(found.shape == reviews.withheld_y.shape, "the labels are not one for each review")
    accuracy = trial.value = float((found == reviews.withheld_y).mean())
    low, high = reviews.band
    require(accuracy >= low, "the accuracy on the withheld reviews is below the reference's")
    above = "the accuracy on the withheld reviews is above what this model reaches: were they seen?"
    require(accuracy <= high, above)
