"""Which of two runs is better, on the same test reviews, and where they differ.

Both runs stay as they are: what is read is what their `eval` stage has written. A
difference is always b's metric minus a's.
"""

from __future__ import annotations

import operator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.errors import RunError
from pipeline.evaluation.metrics import evaluate
from pipeline.evaluation.uncertainty import METRICS, Scored, mcnemar, paired_differences
from pipeline.model.checks import Floats, Labels
from pipeline.storage import arrow
from pipeline.storage.files import null_for_nan, read_json, read_table
from pipeline.storage.run import Run

_TEST = "corpus/test.arrow"


@dataclass(frozen=True)
class Difference:
    """A metric of both runs, b's minus a's, and the ends of the difference's interval.

    NaN where a metric is undefined; the ends also where it is in every resample.
    """

    a: float
    b: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Flip:
    """A review on which the runs decide differently: labels and decisions are 0 or 1."""

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

    `p_value` is McNemar's, of the accuracies. `differences` has a key for each of
    `uncertainty.METRICS`, accuracy first. `flipped` begins with the reviews whose
    probabilities lie farthest apart.
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

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a nested dict that JSON can hold: NaN becomes None."""
        values: dict[str, Any] = null_for_nan(asdict(self))
        return values


def compare(
    path_a: Path, path_b: Path, confidence: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Comparison:
    """Compare two runs that have been evaluated on the same test reviews.

    Parameters
    ----------
    path_a, path_b : Path
        Run folders.
    confidence : float in (0, 1)
        Coverage of the intervals.
    resamples, seed : int
        Of the paired bootstrap, >= 0; of 0 resamples the intervals are NaN.

    Raises
    ------
    RunError
        If a run has no evaluation, or one of other inputs than it now has; or if the runs
        have other test reviews.
    """
    test_a, test_b = (_checked(path) for path in (path_a, path_b))
    if test_a != test_b:
        raise RunError(
            f"{path_a} and {path_b}: expected the same test reviews in both; give their configs "
            "one [corpus], then `sentiment eval CONFIG` for both"
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
        p_value=mcnemar(only_a, only_b),
        confidence=confidence,
        differences=_differences(a, b, confidence, resamples, seed),
        flipped=_flipped(path_a, a, b),
    )


@dataclass(frozen=True)
class Predictions:
    """The predictions of a run, in the order of its test part."""

    labels: Labels
    predicted: Labels
    probability: Floats
    model: Scored

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """Read what the `eval` stage wrote."""
        from pyarrow import parquet

        file, metrics = path / "eval" / "predictions.parquet", path / "eval" / "metrics.json"
        try:
            with parquet.ParquetFile(file) as opened:
                table = opened.read()
            labels, predicted, probability, log_odds = (
                arrow.values(table[name])
                for name in ("label", "predicted", "probability", "log_odds")
            )
            threshold = float(read_json(metrics)["test"]["threshold"])
        except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"{path / 'eval'}: cannot be read: {error}; `sentiment eval CONFIG --force` "
                "rewrites it"
            ) from None
        return cls(labels, predicted, probability, Scored(log_odds, threshold))


def _checked(path: Path) -> str:
    """Return the SHA-256 of a run's test part, once its evaluation is one of what is there."""
    if not (path / "manifest.json").is_file():
        raise RunError(
            f"{path}: expected a run folder, such as runs/sample; `sentiment eval CONFIG` makes one"
        )
    run = Run(path)
    entry = run.stage("eval")
    if entry is None or not run.has_outputs("eval"):
        raise RunError(f"{path}: not evaluated yet; run `sentiment eval CONFIG` for it first")
    now = run.digests("corpus") | run.digests("features") | run.digests("train")
    if entry.get("depends", {}).get("inputs") != now or not run.has_outputs("corpus"):
        raise RunError(
            f"{path}: its evaluation is of other inputs; `sentiment eval CONFIG` renews it"
        )
    return now[_TEST]


def _differences(
    a: Predictions, b: Predictions, confidence: float, resamples: int, seed: int
) -> dict[str, Difference]:
    """Return every metric of both, and the interval of its difference."""
    result_a, result_b = (evaluate(each.labels, each.model, resamples=0) for each in (a, b))
    ends = paired_differences(a.labels, a.model, b.model, confidence, resamples, seed)
    values = ((name, operator.attrgetter(name)) for name in METRICS)
    return {
        name: Difference(of(result_a), of(result_b), of(result_b) - of(result_a), *ends[name])
        for name, of in values
    }


def _flipped(path: Path, a: Predictions, b: Predictions) -> tuple[Flip, ...]:
    """Return the reviews that are decided differently, with their texts."""
    rows = np.flatnonzero(a.predicted != b.predicted)
    apart = np.abs(a.probability[rows] - b.probability[rows])
    rows = rows[np.lexsort((rows, -apart))]
    texts = read_table(path / _TEST)["text"].take(arrow.numbers(rows)).to_pylist()
    columns = (a.labels, a.predicted, b.predicted, a.probability, b.probability)
    return tuple(map(Flip, rows.tolist(), *(column[rows].tolist() for column in columns), texts))
