"""How often the intervals of `sentiment curve` hold what a larger corpus then shows.

    python -m benchmarks.curve [--data DIR] [--only CONFIG ...]

Cuts the training set of a config into parts that have no review in common. The curve of each part
predicts the accuracy with 2 or 3.5 times its reviews, and the gain. The curve of the whole
training set measures both. Writes the shares of the intervals that hold to docs/studies.md. Next to
them stand those of the plain law a + b n^-c, fitted to resamples of the folds without any widening.
The test set is not read.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.harness import ROOT, measured, show_progress
from benchmarks.reproduce import config_of, put
from pipeline.config.checking import checked
from pipeline.config.loading import load_config
from pipeline.config.schema import Config
from pipeline.stages.listener import SILENT
from pipeline.stages.outputs import read_classes
from pipeline.stages.read_run import read_set
from pipeline.stages.runner import run_stages
from pipeline.storage.journal import read_journal
from pipeline.storage.run import Run
from pipeline.stratified import stratified_order
from pipeline.studies.curve import Design, curve_folder, measure_curve

PAGE = ROOT / "docs" / "studies.md"
# How many parts a training set is cut into, and for how many times their reviews the accuracy is
# predicted: as far as the curve of the whole set goes.
PARTS: dict[str, dict[int, tuple[float, ...]]] = {
    "imdb": {20: (2, 3.5), 10: (2, 3.5), 5: (2, 3.5)},
    "sentence_polarity": {8: (2, 3.5), 4: (2,)},
    "sentence_polarity_best": {8: (2, 3.5), 4: (2,)},
    "sample": {2: (1.8,)},
    "three_classes": {2: (1.8,)},
}
RESAMPLES = 100
_ENTRY = re.compile(r"fold (\d+) series \d+ size (\d+)")


@dataclass(frozen=True)
class Held:
    """A prediction of the curve of a part, and what of it the whole training set confirms.

    Attributes
    ----------
    n, then : int
        The reviews of the part, and those that are predicted for.
    accuracy, gain : bool
        True if the interval holds what the whole set shows.
    plain : bool
        The same for the gain by the plain law.
    width : float
        Of the interval of the gain.
    """

    n: int
    then: int
    accuracy: bool
    gain: bool
    plain: bool
    width: float


def measure(name: str, data: Path | None) -> list[Held]:
    """Return the predictions of all parts of a config's training set."""
    with tempfile.TemporaryDirectory(prefix="curve-") as folder:
        config = load_config(config_of(name, data, Path(folder))).without_tune()
        whole = Run(Path(folder, "whole"))
        run_stages(config, whole, "corpus", SILENT)
        table = read_set(whole, "train")
        sizes = {
            round(len(table) / n_parts * times)
            for n_parts, far in PARTS[name].items()
            for times in (1, *far)
        }
        show_progress(f"{name}, whole")
        found = measure_curve(config, whole.path, Design(sorted(sizes), seed=1))
        truth = {point.size: point.accuracy.value for point in found.points}
        order = stratified_order(table["label"].to_numpy(), np.random.default_rng(0))
        held = []
        for n_parts, far in PARTS[name].items():
            targets = [round(len(table) / n_parts * times) for times in (1, *far)]
            for k, rows in enumerate(np.array_split(order, n_parts)):
                show_progress(f"{name}, part {k + 1} of {n_parts}")
                part = _corpus_of(config, whole, table.take(rows), Path(folder))
                held += _predictions(part, Path(folder, f"{n_parts}-{k}"), targets, truth)
        return held


def _corpus_of(config: Config, whole: Run, table: pa.Table, folder: Path) -> Config:
    """Return a config whose training set is a table; its test set is not used."""
    paths = {name: str(folder / f"{name}.parquet") for name in ("train", "test")}
    parquet.write_table(table, paths["train"])
    parquet.write_table(table.slice(0, 100), paths["test"])
    numbers = {name: number for number, name in enumerate(read_classes(whole))}
    corpus = {"source": "files", **paths, "classes": numbers}
    return checked(config.to_dict() | {"corpus": corpus}, Config)


def _predictions(
    config: Config, path: Path, targets: list[int], truth: dict[int, float]
) -> list[Held]:
    """Return what the curve of a part predicts for each target but the first, its own size."""
    held = []
    for then in targets[1:]:
        gain = truth[then] - truth[targets[0]]
        curve = measure_curve(config, path, Design(to=then))
        found = curve.extrapolation
        assert found is not None
        plain = _plain_gain(curve_folder(path), curve.n, then)
        held.append(
            Held(
                curve.n,
                then,
                found.accuracy_then.low <= truth[then] <= found.accuracy_then.high,
                found.gain.low <= gain <= found.gain.high,
                plain[0] <= gain <= plain[1],
                found.gain.high - found.gain.low,
            )
        )
    return held


def _plain_gain(folder: Path, now: int, then: int) -> tuple[float, float]:
    """Return the 95% interval of a gain by the law a + b n^-c, fitted to resamples of the folds."""
    from scipy.optimize import curve_fit

    found: dict[tuple[int, int], list[float]] = {}
    for name, of in read_journal(folder / "journal.jsonl").items():
        if entry := _ENTRY.fullmatch(name):
            found.setdefault((int(entry[1]), int(entry[2])), []).append(1 - of["accuracy"])
    sizes = np.array(sorted({size for _, size in found}), float)
    n_folds = max(fold for fold, _ in found)
    errors = np.array(
        [[np.mean(found[fold + 1, int(n)]) for n in sizes] for fold in range(n_folds)]
    )
    deviations = np.maximum(errors.std(axis=0, ddof=1), 1e-4)

    def law(n: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
        return a + b * (n / sizes[-1]) ** -c

    gains, draw = [], np.random.default_rng(0)
    for _ in range(RESAMPLES):
        mean = errors[draw.integers(0, n_folds, n_folds)].mean(axis=0)
        begin, bounds = (mean[-1] / 2, mean[-1] / 2, 0.5), ([0, 0, 0.005], [1, 1, 1])
        values, _ = curve_fit(law, sizes, mean, begin, deviations, bounds=bounds)
        gains.append(law(now, *values) - law(then, *values))
    low, high = np.quantile(gains, [0.025, 0.975])
    return float(low), float(high)


def lines(results: dict[str, list[Held]]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield (
        "| config | reviews of a part | predictions | accuracy held | gain held | width, points "
        "| gain held, plain law |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, held in results.items():
        sizes = f"{min(each.n for each in held):,} to {max(each.n for each in held):,}"
        shares = {
            of: f"{statistics.mean(getattr(each, of) for each in held):.0%}"
            for of in ("accuracy", "gain", "plain")
        }
        width = 100 * statistics.mean(each.width for each in held)
        yield (
            f"| `configs/{name}.toml` | {sizes} | {len(held)} | {shares['accuracy']} "
            f"| **{shares['gain']}** | {width:.1f} | {shares['plain']} |"
        )


def main() -> int:
    """Measure, write the table into the page, and say what was skipped."""
    results = {}
    for name, held in measured(__doc__.splitlines()[0], list(PARTS), measure):
        results[name] = held
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(put(page, "curves", lines(results), list(PARTS)), encoding="utf-8")
    print("\n".join(lines(results)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
