"""What a temperature gives: log loss and calibration error without one, and by how it is fitted.

    python -m benchmarks.calibration [--data DIR] [--only CONFIG ...]

The training set of a config is cut into five folds. Each is scored by models that learn from the
others: without a temperature, with one that is fitted to a validation set of a tenth, and with one
that is fitted to folds. Then the same with 200 reviews to learn from. No test set is read. Writes
both tables to docs/metrics.md.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.harness import ROOT, measured, show_progress
from benchmarks.reproduce import config_of, put
from pipeline.config.loading import load_config
from pipeline.config.schema import Config
from pipeline.evaluation.calibration import expected_calibration_error, reliability
from pipeline.model.logistic import cross_entropy
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run
from pipeline.stratified import draw_by_class, draw_folds
from pipeline.studies.splits import Reviews, Split
from pipeline.training.held_out import FEWEST

PAGE = ROOT / "docs" / "metrics.md"
NAMES = (
    "sample",
    "movie_reviews",
    "movie_reviews_best",
    "sentence_polarity",
    "sentence_polarity_best",
    "imdb",
    "imdb_best",
)
N_FOLDS = 5
WAYS = {
    "none": {"calibrate": False, "validation": 0.0},
    "validation": {"calibrate": True, "validation": 0.1},
    "folds": {"calibrate": True, "validation": 0.0},
}


@dataclass(frozen=True)
class Calibration:
    """How good the probabilities of the reviews of a training set are, with each way.

    Attributes
    ----------
    n_learned : int
        Reviews that each model learned from.
    accuracy, loss, ece : dict of float
        By the way: shares and nats.
    gain, half_width : float
        The log loss of "none" less that of "folds", and half of its 95% interval.
    """

    n_learned: int
    accuracy: dict[str, float]
    loss: dict[str, float]
    ece: dict[str, float]
    gain: float
    half_width: float

    @classmethod
    def of(cls, labels: np.ndarray, scores: dict[str, np.ndarray], n_learned: int) -> Calibration:
        """Return the measures of scores, by the way."""
        losses = {way: cross_entropy(z, labels) for way, z in scores.items()}
        gains = losses["none"] - losses["folds"]
        return cls(
            n_learned,
            {way: float(((z > 0) == labels).mean()) for way, z in scores.items()},
            {way: float(loss.mean()) for way, loss in losses.items()},
            {way: expected_calibration_error(reliability(labels, z)) for way, z in scores.items()},
            float(gains.mean()),
            1.96 * float(gains.std() / np.sqrt(len(gains))),
        )


def calibrated(config: Config, reviews: Reviews, n_learned: int | None = None) -> Calibration:
    """Score the reviews in folds, with models that learn from some of the others, or from all."""
    labels = reviews.labels
    fold_of = draw_folds(labels, N_FOLDS, 0, "folds", names=reviews.names)
    scores = {way: np.empty(len(labels)) for way in WAYS}
    for fold in range(N_FOLDS):
        split = Split.of_fold(fold_of, fold)
        if n_learned is not None:
            others = np.flatnonzero(split.learned)
            draw = labels[others], n_learned / len(others), np.random.default_rng(fold), "n"
            learned = np.zeros(len(labels), bool)
            learned[others[draw_by_class(*draw)]] = True
            split = Split(learned, split.scored)
        counted = reviews.counted(split, config)
        for way, values in WAYS.items():
            train = config.train.but(**values, patience=0)
            scores[way][split.scored] = counted.learn(train).decision_function(counted.scored)
    return Calibration.of(labels, scores, int(split.learned.sum()))


def measure(name: str, data: Path | None) -> tuple[Calibration, Calibration]:
    """Return the measures of a config's training set: of models of four fifths, and of few."""
    with tempfile.TemporaryDirectory(prefix="calibration-") as folder:
        config = load_config(config_of(name, data, Path(folder))).without_tune()
        run = Run(Path(folder, "run"))
        run_stages(config, run, "corpus", SILENT)
        reviews, found = Reviews.read(run, "train"), []
        for n_learned in (None, FEWEST):
            show_progress(f"{name}, {n_learned or 'all'} reviews")
            found.append(calibrated(config, reviews, n_learned))
        return found[0], found[1]


def lines(results: dict[str, Calibration]) -> Iterator[str]:
    """Yield the lines of a table."""
    measures = [f"{of}: {way}" for of in ("log loss", "ECE") for way in WAYS]
    accuracies = ["accuracy: none, folds", "accuracy: validation"]
    header = ["config", "learned", *measures, "gain of folds", *accuracies]
    yield f"| {' | '.join(header)} |"
    yield f"|---|{'---:|' * (len(header) - 1)}"
    for name, found in results.items():
        cells = [f"`configs/{name}.toml`", f"{found.n_learned:,}"]
        cells += [f"{found.loss[way]:.4f}" for way in WAYS]
        cells += [f"{found.ece[way]:.4f}" for way in WAYS]
        cells += [f"{found.gain:.4f} ± {found.half_width:.4f}"]
        cells += [f"{100 * found.accuracy[way]:.2f}" for way in ("folds", "validation")]
        yield f"| {' | '.join(cells)} |"


def main() -> int:
    """Measure, write the tables into the page, and say what was skipped."""
    results = dict(measured(__doc__.splitlines()[0], NAMES, measure))
    page = PAGE.read_text(encoding="utf-8")
    for number, marker in enumerate(("calibration", "calibration of few")):
        table = list(lines({name: found[number] for name, found in results.items()}))
        page = put(page, marker, table, NAMES)
        print("\n".join(table))
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
