"""`compare`: two runs on the same test reviews, metric by metric, and where they differ.

The predictions are those that the `eval` stage of each run wrote: nothing is computed with the
models, and both runs stay as they are. A difference is always b's metric minus a's.
"""

from __future__ import annotations

import operator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.errors import RunError
from pipeline.evaluation.accuracy import paired_p_value
from pipeline.evaluation.metrics import evaluate
from pipeline.evaluation.uncertainty import METRICS, Scored, paired_differences
from pipeline.model.checks import Floats, Labels
from pipeline.stages.outputs import read_metrics
from pipeline.stages.read_run import read_groups, read_reviews, require_two_classes
from pipeline.storage import arrow
from pipeline.storage.files import null_for_nan
from pipeline.storage.run import Run

_TEST = "corpus/test.arrow"


@dataclass(frozen=True)
class Difference:
    """A metric of both runs and its difference, with the ends of the interval of the difference.

    A value is NaN if the metric is undefined; the ends also if it is in every resample.
    """

    a: float
    b: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Flip:
    """A review that the runs classify differently; labels and predictions are 0 or 1."""

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
    accuracy_a, accuracy_b, threshold_a, threshold_b : float
    both_right, only_a_right, only_b_right, neither_right : int
        Numbers of reviews.
    p_value : float
        Of the accuracies, by `paired_p_value`: McNemar's exact test if there are no groups.
    confidence : float
        Coverage of the intervals.
    differences : dict of Difference
        By metric, in the order of `uncertainty.METRICS`; accuracy is the first.
    flipped : tuple of Flip
        The reviews that the runs classify differently, by descending difference of their
        probabilities.
    n_groups : int or None
        Groups of the test reviews; None if the corpus has none.
    """

    a: str
    b: str
    n: int
    accuracy_a: float
    accuracy_b: float
    threshold_a: float
    threshold_b: float
    both_right: int
    only_a_right: int
    only_b_right: int
    neither_right: int
    p_value: float
    confidence: float
    differences: dict[str, Difference]
    flipped: tuple[Flip, ...]
    n_groups: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a nested dict that JSON can hold; NaN becomes None.

        Without groups there is no `n_groups`.
        """
        values: dict[str, Any] = null_for_nan(asdict(self))
        if self.n_groups is None:
            del values["n_groups"]
        return values


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
        different test reviews.
    """
    path_a, path_b = Path(path_a), Path(path_b)
    test_a, test_b = (_checked(path) for path in (path_a, path_b))
    for path in (path_a, path_b):
        require_two_classes(Run(path), "compare")
    if test_a != test_b:
        raise RunError(
            f"{path_a} and {path_b}: expected the same test reviews in both; give both configs "
            "the same [corpus] and run `sentiment eval CONFIG` for each"
        )
    a, b = Predictions.read(path_a), Predictions.read(path_b)
    right_a, right_b = a.predicted == a.labels, b.predicted == b.labels
    only_a, only_b = (int(np.count_nonzero(m)) for m in (right_a & ~right_b, right_b & ~right_a))
    n, both = len(a.labels), int(np.count_nonzero(right_a & right_b))
    return Comparison(
        a=str(path_a),
        b=str(path_b),
        n=n,
        accuracy_a=(both + only_a) / n,
        accuracy_b=(both + only_b) / n,
        threshold_a=a.model.threshold,
        threshold_b=b.model.threshold,
        both_right=both,
        only_a_right=only_a,
        only_b_right=only_b,
        neither_right=n - both - only_a - only_b,
        p_value=paired_p_value(right_a, right_b, a.model.groups),
        confidence=confidence,
        differences=_differences(a, b, confidence, resamples, seed),
        flipped=_flipped(path_a, a, b),
        n_groups=None if a.model.groups is None else len(np.unique(a.model.groups)),
    )


@dataclass(frozen=True)
class Predictions:
    """The predictions of a run, in the order of its test set."""

    labels: Labels
    predicted: Labels
    probability: Floats
    model: Scored

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """Read what the `eval` stage wrote."""
        from pyarrow import parquet

        run = Run(path)
        file, threshold = run.output("eval/predictions.parquet"), read_metrics(run)["threshold"]
        try:
            with parquet.ParquetFile(file) as opened:
                table = opened.read()
            labels, predicted, probability, log_odds = (
                arrow.values(table[name])
                for name in ("label", "predicted", "probability", "log_odds")
            )
        except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"{path / 'eval'}: cannot be read: {error}; `sentiment eval CONFIG --force` "
                "rewrites it"
            ) from None
        model = Scored(log_odds, threshold, read_groups(run, "test"))
        return cls(labels, predicted, probability, model)


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
    result_a, result_b = (evaluate(each.labels, each.model, resamples=0) for each in (a, b))
    ends = paired_differences(a.labels, a.model, b.model, confidence, resamples, seed)
    values = ((name, operator.attrgetter(name)) for name in METRICS)
    return {
        name: Difference(of(result_a), of(result_b), of(result_b) - of(result_a), *ends[name])
        for name, of in values
    }


def _flipped(path: Path, a: Predictions, b: Predictions) -> tuple[Flip, ...]:
    """Return the reviews that the runs classify differently, with their texts."""
    rows = np.flatnonzero(a.predicted != b.predicted)
    apart = np.abs(a.probability[rows] - b.probability[rows])
    rows = rows[np.lexsort((rows, -apart))]
    texts = read_reviews(path).texts.take(arrow.numbers(rows)).to_pylist()
    columns = (a.labels, a.predicted, b.predicted, a.probability, b.probability)
    return tuple(map(Flip, rows.tolist(), *(column[rows].tolist() for column in columns), texts))
