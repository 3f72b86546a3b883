"""How a report writes percentages, signs, counts, intervals and the names of files."""

from __future__ import annotations

from typing import Any


def share(value: float | None) -> str:
    """Return a share in percent.

    >>> share(0.89096), share(None)
    ('89.10%', 'undefined')
    """
    return "undefined" if value is None else f"{value:.2%}"


def number(value: float | None) -> str:
    """Return a number with four digits after the point.

    >>> number(0.5), number(None)
    ('0.5000', 'undefined')
    """
    return "undefined" if value is None else f"{value:.4f}"


def signed(value: float, digits: int = 3) -> str:
    """Return a number with its sign, which is typeset: U+2212 if it is a minus.

    >>> signed(0.25, 2)
    '+0.25'
    """
    return f"{value:+.{digits}f}".replace("-", "\u2212")


def counted(n: int, noun: str) -> str:
    """Return a count and its noun, which is plural unless the count is 1.

    >>> counted(1, "review"), counted(25_000, "review")
    ('1 review', '25,000 reviews')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def metric_name(path: str) -> str:
    """Return a metric in words, given its path in `metrics.json`; the name of a class stays.

    >>> metric_name("log_loss"), metric_name("so_so.f1"), metric_name("ratings.quadratic_kappa")
    ('log loss', 'so_so F1', 'quadratic-weighted kappa')
    """
    if path in _NAMES:
        return _NAMES[path]
    of_class, _, metric = path.rpartition(".")
    return f"{of_class} {_NAMES.get(metric, metric)}".strip()


_NAMES = {
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ratings.mean_absolute_error": "mean absolute error",
    "ratings.quadratic_kappa": "quadratic-weighted kappa",
}


def file_names(place: str | list[str] | dict[str, Any]) -> str:
    """Return where the files of a set are: a path, a list of paths, or a table of classes.

    >>> file_names(["a.csv", "b.csv"]), file_names({"positive": "rt.pos", "negative": ["x", "y"]})
    ('a.csv, b.csv', 'positive: rt.pos; negative: x, y')
    """
    if isinstance(place, dict):
        return "; ".join(f"{label}: {file_names(paths)}" for label, paths in place.items())
    return place if isinstance(place, str) else ", ".join(place)


def correct_of(metrics: dict[str, Any]) -> str:
    """Return how many reviews a model classified correctly, given its `metrics.json`.

    >>> correct_of({"n": 4, "confusion": {"true_negative": 1, "true_positive": 2}})
    '3 of 4 test reviews classified correctly'
    >>> correct_of({"n": 4, "confusion": [[1, 0, 0], [0, 1, 1], [0, 0, 1]]})
    '3 of 4 test reviews classified correctly'
    """
    confusion = metrics["confusion"]
    if isinstance(confusion, list):
        n_correct = sum(row[k] for k, row in enumerate(confusion))
    else:
        n_correct = confusion["true_negative"] + confusion["true_positive"]
    return f"{n_correct:,} of {counted(metrics['n'], 'test review')} classified correctly"


def interval_of(metrics: dict[str, Any], name: str = "accuracy") -> str:
    """Return the interval of the accuracy, or of another metric that is a share, in percent.

    >>> interval_of({"confidence": 0.95, "accuracy_low": 0.887, "accuracy_high": 0.89484})
    '95% interval 88.70 to 89.48'
    """
    accuracy = metrics["accuracy_low"], metrics["accuracy_high"]
    low, high = accuracy if name == "accuracy" else metrics["intervals"][name]
    return f"{100 * metrics['confidence']:g}% interval {100 * low:.2f} to {100 * high:.2f}"


def calibration_of(decision: dict[str, Any]) -> str:
    """Return what a model's probabilities were fitted to, from `decision.json`.

    >>> calibration_of({"temperature": 0.8648, "n_scored": 25000, "n_folds": 2})
    'The scores are divided by a temperature of 0.8648, fitted to those of 25,000 training reviews \
by models that did not learn from them.'
    >>> calibration_of({"temperature": 1.0, "n_scored": 0, "n_folds": 0})
    'The probabilities are not fitted to reviews that the model did not learn from.'
    """
    if not decision["n_scored"]:
        return "The probabilities are not fitted to reviews that the model did not learn from."
    of_folds = " by models that did not learn from them" if decision["n_folds"] else ""
    kind = "training review" if of_folds else "validation review"
    of_reviews = f"those of {counted(decision['n_scored'], kind)}{of_folds}"
    return (
        f"The scores are divided by a temperature of {number(decision['temperature'])}, "
        f"fitted to {of_reviews}."
    )


def abstaining_of(metrics: dict[str, Any]) -> str:
    """Return how many reviews a model is unsure of, and how it classifies the others.

    >>> found = {"bound": 0.75, "n": 4, "n_unsure": 1, "accuracy": 1.0}
    >>> ends = {"accuracy_low": 0.4385, "accuracy_high": 1.0}
    >>> abstaining_of({"confidence": 0.95, "abstain": found | ends})
    'Unsure of 1 of 4 test reviews (confidence below 0.7500); 100.00% of the others classified \
correctly (95% interval 43.85 to 100.00).'
    """
    found = metrics["abstain"]
    unsure = f"Unsure of {found['n_unsure']:,} of {counted(found['n'], 'test review')}"
    below = f" (confidence below {number(found['bound'])})" if found["bound"] else ""
    if found["accuracy"] is None:
        return f"{unsure}{below}."
    right = f"{share(found['accuracy'])} of the others classified correctly"
    return f"{unsure}{below}; {right} ({interval_of(metrics | found)})."
