"""`compare`: two runs on the same test reviews, metric by metric, and where they differ.

The predictions are those that the `eval` stage of each run wrote: nothing is computed with the
models, and both runs stay as they are. A difference is always b's metric minus a's.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import RunError
from pipeline.evaluation.accuracy import paired_p_value
from pipeline.evaluation.scored import differences_of, evaluation_of
from pipeline.stages.outputs import read_classes
from pipeline.stages.read_run import read_reviews
from pipeline.storage import arrow
from pipeline.storage.files import null_for_nan
from pipeline.storage.run import Run
from pipeline.stratified import TWO_CLASSES
from pipeline.studies.predictions import Predictions

_TEST = "corpus/test.arrow"
_NO_ENDS = (math.nan, math.nan)


@dataclass(frozen=True)
class Difference:
    """A metric of both runs and its difference, with the ends of the interval of the difference.

    A value is NaN if the metric is undefined; the ends also if it is in every resample, or if the
    metric has no interval.
    """

    a: float
    b: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Flip:
    """A review that the runs classify differently; labels and predictions are numbers of classes.

    A probability is that of the positive class; of more than two classes, that of the prediction.
    """

    row: int
    label: int
    predicted_a: int
    predicted_b: int
    probability_a: float
    probability_b: float
    text: str


@dataclass(frozen=True)
class Comparison:
    """Two runs on the same n test reviews.

    Attributes
    ----------
    a, b : str
        The run folders.
    n : int
    accuracy_a, accuracy_b : float
    threshold_a, threshold_b : float or None
        None with more than two classes.
    both_right, only_a_right, only_b_right, neither_right : int
        Numbers of reviews.
    both_wrong_differently : int
        Those of `neither_right` that the runs predict to be of different classes; 0 of two.
    p_value : float
        Of the accuracies, by `paired_p_value`: McNemar's exact test if there are no groups.
    confidence : float
        Coverage of the intervals.
    differences : dict of Difference
        By the path of the metric, as `by_path` of an evaluation orders them; accuracy is the first.
        With more than two classes the AUC has no interval: its ends are NaN.
    flipped : tuple of Flip
        The reviews that the runs classify differently, by descending difference of their
        probabilities: of more than two classes, half the sum of the absolute differences.
    classes : tuple of str
    n_groups : int or None
        Groups of the test reviews; None if the corpus has none.
    """

    a: str
    b: str
    n: int
    accuracy_a: float
    accuracy_b: float
    threshold_a: float | None
    threshold_b: float | None
    both_right: int
    only_a_right: int
    only_b_right: int
    neither_right: int
    both_wrong_differently: int
    p_value: float
    confidence: float
    differences: dict[str, Difference]
    flipped: tuple[Flip, ...]
    classes: tuple[str, ...] = TWO_CLASSES
    n_groups: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a nested dict that JSON can hold; NaN becomes None.

        Without groups there is no `n_groups`. With two classes there is no
        `both_wrong_differently`, and their names are there only if they are others than negative
        and positive. With more there is no threshold.
        """
        values: dict[str, Any] = null_for_nan(asdict(self))
        left_out = {
            "n_groups": self.n_groups is None,
            "classes": self.classes == TWO_CLASSES,
            "both_wrong_differently": len(self.classes) == 2,
            "threshold_a": self.threshold_a is None,
            "threshold_b": self.threshold_b is None,
        }
        return {name: value for name, value in values.items() if not left_out.get(name)}


def compare(
    path_a: str | Path,
    path_b: str | Path,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare two runs that were evaluated on the same test reviews.

    Parameters
    ----------
    path_a, path_b : str or Path
        Run folders.
    confidence : float in (0, 1)
        Coverage of the intervals.
    resamples, seed : int
        Of the paired bootstrap, >= 0; without resamples the intervals are NaN.

    Returns
    -------
    Comparison

    Raises
    ------
    RunError
        If a run has no evaluation or its evaluation is out of date, or if the runs have
        different classes or test reviews.
    """
    path_a, path_b = Path(path_a), Path(path_b)
    test_a, test_b = (_checked(path) for path in (path_a, path_b))
    classes = _same_classes(path_a, path_b)
    if test_a != test_b:
        raise RunError(
            f"{path_a} and {path_b}: expected the same test reviews in both; give both configs "
            "the same [corpus] and run `sentiment eval CONFIG` for each"
        )
    a, b = (Predictions.read(path) for path in (path_a, path_b))
    right_a, right_b = a.predicted == a.labels, b.predicted == b.labels
    only_a, only_b = (int(np.count_nonzero(m)) for m in (right_a & ~right_b, right_b & ~right_a))
    n, both = len(a.labels), int(np.count_nonzero(right_a & right_b))
    flipped = _flipped(path_a, a, b)
    return Comparison(
        a=str(path_a),
        b=str(path_b),
        n=n,
        accuracy_a=(both + only_a) / n,
        accuracy_b=(both + only_b) / n,
        threshold_a=a.threshold,
        threshold_b=b.threshold,
        both_right=both,
        only_a_right=only_a,
        only_b_right=only_b,
        neither_right=n - both - only_a - only_b,
        both_wrong_differently=len(flipped) - only_a - only_b,
        p_value=paired_p_value(right_a, right_b, a.scored.groups),
        confidence=confidence,
        differences=_differences(a, b, confidence, resamples, seed),
        flipped=flipped,
        classes=classes,
        n_groups=None if a.scored.groups is None else len(np.unique(a.scored.groups)),
    )


def _same_classes(path_a: Path, path_b: Path) -> tuple[str, ...]:
    """Return the classes of both runs; refuse runs of different ones, or in another order."""
    of_a, of_b = (read_classes(Run(path)) for path in (path_a, path_b))
    if of_a != of_b:
        raise RunError(
            f"{path_a} and {path_b}: expected the same classes in the same order, "
            f"got {', '.join(of_a)} and {', '.join(of_b)}"
        )
    return of_a


def _checked(path: Path) -> str:
    """Return the digest of a run's test set, or raise an error if the evaluation is not usable."""
    if not (path / "manifest.json").is_file():
        raise RunError(
            f"{path}: expected a run folder, such as runs/sample; `sentiment eval CONFIG` makes one"
        )
    run = Run(path)
    entry = run.stage("eval")
    if entry is None or not run.has_outputs("eval"):
        raise RunError(f"{path}: not evaluated yet; run `sentiment eval CONFIG` first")
    now = run.digests("corpus") | run.digests("features") | run.digests("train")
    if entry.get("depends", {}).get("inputs") != now or not run.has_outputs("corpus"):
        raise RunError(f"{path}: the evaluation is out of date; `sentiment eval CONFIG` updates it")
    return now[_TEST]


def _differences(
    a: Predictions, b: Predictions, confidence: float, resamples: int, seed: int
) -> dict[str, Difference]:
    """Return the difference of every metric, with its interval."""
    of_a, of_b = (evaluation_of(each.labels, each.scored, resamples=0).by_path() for each in (a, b))
    how = {"confidence": confidence, "resamples": resamples, "seed": seed}
    ends = differences_of(a.labels, a.scored, b.scored, **how)
    return {
        path: Difference(of_a[path], of_b[path], of_b[path] - of_a[path], *ends.get(path, _NO_ENDS))
        for path in of_a
    }


def _flipped(path: Path, a: Predictions, b: Predictions) -> tuple[Flip, ...]:
    """Return the reviews that the runs classify differently, with their texts."""
    rows = np.flatnonzero(a.predicted != b.predicted)
    rows = rows[np.lexsort((rows, -a.apart(b)[rows]))]
    texts = read_reviews(path).texts.take(arrow.numbers(rows)).to_pylist()
    columns = (a.labels, a.predicted, b.predicted, a.probability, b.probability)
    return tuple(map(Flip, rows.tolist(), *(column[rows].tolist() for column in columns), texts))
