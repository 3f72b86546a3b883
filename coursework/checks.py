"""The hidden tests: each compares a submission with an oracle on inputs drawn at grading.

So an answer that was learned by heart fails.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coursework.drawing import Draw, Inputs
from coursework.errors import SubmissionError
from coursework.trial import Trial, compare, require
from coursework.variants import Course

N_INPUTS = 5  # draws in one test
WHAT = {
    "sigmoid": "sigmoid",
    "cost": "cost",
    "gradient": "{name} by w, {name} by b",
    "sgd_step": "w, b",
    "lazy_epoch": "w, b",
    "count_ngrams": "counts",
    "metrics": "metrics",
    "softmax": "softmax",
    "softmax_cost": "cost",
    "softmax_gradient": "{name} by W, {name} by b",
    "fit_predict": "predicted labels",
}


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
        "softmax": draw.class_scores,
        "softmax_cost": draw.class_problem,
        "softmax_gradient": draw.class_problem,
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
    inputs = draw_inputs(trial.draw, trial.function)
    for far in (*scores["z"], 40.0, -40.0):
        matches(trial, inputs | {"b": float(far)})


def survives_large_scores_of_classes(trial: Trial) -> None:
    """Ask for scores of classes at which exp overflows, or all powers are 0."""
    if trial.function == "softmax":
        for _ in range(N_INPUTS):
            matches(trial, trial.draw.far_class_scores())
        return
    inputs = draw_inputs(trial.draw, trial.function)
    for far in (*trial.draw.far_scores()["z"], 40.0, -40.0):
        b = np.zeros(len(inputs["b"]))
        b[trial.draw.rng.integers(len(b))] = far
        matches(trial, inputs | {"b": b + far / 2})


def penalises_weights_alone(trial: Trial) -> None:
    """Ask with a strong penalty and a large intercept, of which the penalty knows nothing."""
    for _ in range(N_INPUTS):
        inputs = draw_inputs(trial.draw, trial.function)
        inputs |= {"l2": float(trial.draw.rng.uniform(1, 5)), "b": 3.0 + 0.0 * inputs["b"]}
        found = trial.ask(inputs)
        try:
            compare(found, trial.expected(inputs), "cost")
        except SubmissionError as error:
            raise SubmissionError(f"{error}: {_guess_at_cost(trial, inputs, found)}") from None


def _guess_at_cost(trial: Trial, inputs: Inputs, found: Any) -> str:
    right, plain = trial.expected(inputs), trial.expected(inputs | {"l2": 0.0})
    penalty, weights = right - plain, inputs[_weights(inputs)]
    share = penalty * np.square(inputs["b"]).sum() / np.square(weights).sum()
    guesses = {
        "the penalty is missing": plain,
        "the penalty is twice as large as it should be": plain + 2 * penalty,
        "the intercept is penalised, too": right + share,
    }
    return _guess(found, guesses, "look at the penalty")


def matches_differences_without_penalty(trial: Trial) -> None:
    """Compare the gradient with central differences of the cost, l2 = 0."""
    for _ in range(N_INPUTS):
        matches_differences(trial, draw_inputs(trial.draw, trial.function) | {"l2": 0.0})


def matches_differences_with_penalty(trial: Trial) -> None:
    """Compare the gradient with central differences of the cost, l2 > 0."""
    for _ in range(N_INPUTS):
        matches_differences(trial, draw_inputs(trial.draw, trial.function))


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


def differences(trial: Trial, inputs: Inputs, h: float = 1e-5) -> tuple[np.ndarray, np.ndarray]:
    """Return the central differences of the solution's cost by the weights and by b."""
    weights = _weights(inputs)

    def cost(name: str, value: np.ndarray) -> float:
        of_cost = "softmax_cost" if weights == "W" else "cost"
        return float(trial.expected(inputs | {name: value}, of_cost))

    def slopes(name: str) -> np.ndarray:
        at = np.asarray(inputs[name], float)
        steps = h * np.eye(at.size).reshape(at.size, *at.shape)
        found = [(cost(name, at + step) - cost(name, at - step)) / (2 * h) for step in steps]
        return np.array(found).reshape(at.shape)

    return slopes(weights), slopes("b")


def _weights(inputs: Inputs) -> str:
    """Return the name of the weights: W where there are more than two classes."""
    return "W" if "W" in inputs else "w"


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
