"""One grid for all corpora against the grid of each corpus: writes a table of docs/results.md.

python -m benchmarks.auto_grid [--data DIR] [--only CORPUS ...] [--force]

Settings are chosen inside each of ten folds (`sentiment crossval CONFIG --folds 10`, and the same
with `--grid auto`), and compared on the same reviews. IMDB's training set is tuned once, on five
folds (`sentiment tune imdb_best`), because ten times would take a day: the best of many trials
is a little too good there, on both sides. No test set is read, but that of the corpora of NLTK, of
which all reviews are in the folds. Corpora whose data are missing keep the rows that the page has.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from benchmarks.harness import MissingError, run_child, show_progress
from benchmarks.jobs import sentiment
from benchmarks.reproduce import PAGE, RUNS, call, config_of, put
from pipeline.config.toml import to_toml
from pipeline.evaluation.accuracy import mcnemar
from pipeline.stages.freshness import source_digest
from pipeline.storage.files import digest
from pipeline.studies.journal import Journal

MODULES = ("pipeline.studies.crossval", "pipeline.studies.tune")
FOLDS, IMDB_REVIEWS = 10, 25_000
# Of the normal distribution, for 95%.
Z = 1.96
SENTENCES = ("sst5", "train.parquet")


@dataclass(frozen=True)
class Task:
    """A corpus: what it is, the config whose grid is its own, and the best published figure."""

    title: str
    config: str
    published: str = ""


TASKS = {
    "sample": Task("the bundled sample", "sample"),
    "movie_reviews": Task("movie_reviews", "movie_reviews_best", "89.45 (NBSVM)"),
    "sentence_polarity": Task("sentence_polarity", "sentence_polarity_best", "79.38 (NBSVM)"),
    "sst2": Task("SST, training sentences of two classes", "sentence_polarity_best"),
    "imdb": Task("IMDB, training set, tuned once", "imdb_best"),
}


@dataclass(frozen=True)
class Compared:
    """Accuracies in percent: of a corpus's own grid, of the grid for all, and their difference.

    `half` is half the width of its 95% interval, and `p` that of McNemar's exact test; of IMDB,
    `half` is that of the differences on the folds and `p` is NaN.
    """

    n: int
    own: float
    auto: float
    difference: float
    half: float
    p: float


def main() -> int:
    """Compare, and write the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = os.environ.get("SENTIMENT_DATA")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None)
    parser.add_argument("--only", nargs="+", choices=TASKS, default=list(TASKS), metavar="CORPUS")
    parser.add_argument("--force", action="store_true", help="compute everything from scratch")
    options = parser.parse_args()
    if options.data is not None:
        os.environ.setdefault("NLTK_DATA", str(options.data / "nltk_data"))
    RUNS.mkdir(parents=True, exist_ok=True)
    depends = {"source": source_digest(MODULES)}
    done = Journal(RUNS / "auto_grid.jsonl", depends, options.force)
    found, skipped = {}, []
    for name in options.only:
        try:
            config = config_for(name, options.data)
            key = f"{name} {digest(config)}"
            if key not in done:
                compare = compare_tunings if name == "imdb" else compare_folds
                done[key] = asdict(compare(config, name, options.force))
            found[name] = Compared(
                **{k: math.nan if v is None else v for k, v in done[key].items()}
            )
        except (MissingError, RuntimeError) as error:
            skipped.append(f"skipped {name}: {' '.join(str(error).split())}")
    show_progress("")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(put(page, "auto grid", table(found), tuple(TASKS)), encoding="utf-8")
    print("\n".join([*table(found), *skipped]))
    return 0


def config_for(name: str, data: Path | None) -> Path:
    """Return the config of a corpus, with the grid that is its own."""
    path = config_of(TASKS[name].config, data, RUNS)
    if name != "sst2":
        return path
    if data is None or not (source := data.joinpath("data", *SENTENCES)).is_file():
        raise MissingError(f"{data} has no data/{'/'.join(SENTENCES)}")
    sentences = parquet.read_table(source)
    sentences = sentences.filter(pc.not_equal(sentences["label"], 2))
    labels = pc.cast(pc.greater(sentences["label"], 2), pa.int8())
    file, target = RUNS / "sst2.parquet", RUNS / "sst2.toml"
    parquet.write_table(pa.table({"text": sentences["text"], "label": labels}), file)
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    # All sentences are in the folds: the test set is one of its own, and is not read.
    table["corpus"] = {"source": "files", "train": str(file), "test": str(file)}
    target.write_text(to_toml(table), encoding="utf-8")
    return target


def compare_folds(config: Path, name: str, force: bool) -> Compared:
    """Choose settings inside each fold, with either grid, and compare review by review."""
    tables = {}
    for grid, options in (("own", ()), ("auto", ("--grid", "auto"))):
        show_progress(f"{name}, {grid} grid, {FOLDS} folds")
        run = RUNS / f"{name}-grid-{grid}"
        again = ("--force",) if force else ()
        call("crossval", config, "--run", run, "--folds", str(FOLDS), *options, *again)
        tables[grid] = parquet.read_table(run / "crossval" / "predictions.parquet")
    return of_tables(tables["own"], tables["auto"])


def of_tables(own: pa.Table, auto: pa.Table) -> Compared:
    """Compare the predictions of two cross-validations with the same folds."""
    right = [
        pc.equal(table["label"], table["predicted"]).to_numpy().astype(float)
        for table in (own, auto)
    ]
    differences = right[1] - right[0]
    n = len(differences)
    only_auto, only_own = int((differences > 0).sum()), int((differences < 0).sum())
    return Compared(
        n,
        *(100 * float(each.mean()) for each in right),
        100 * float(differences.mean()),
        100 * Z * float(differences.std(ddof=1)) / math.sqrt(n),
        mcnemar(only_auto, only_own),
    )


def compare_tunings(config: Path, name: str, force: bool) -> Compared:
    """Tune once with either grid, and compare the best trials fold by fold."""
    folds: list[list[float]] = []
    for grid, options in (("own", ()), ("auto", ("--grid", "auto"))):
        show_progress(f"{name}, {grid} grid")
        run = RUNS / f"{name}-grid-{grid}"
        command = [
            "tune",
            config,
            "--run",
            run,
            "--json",
            *options,
            *(["--force"] if force else []),
        ]
        tried = json.loads(run_child([*sentiment(), *command]).output)
        folds.append(tried[0]["accuracies"])
    own, auto = 100 * np.array(folds)
    differences = auto - own
    half = Z * float(differences.std(ddof=1)) / math.sqrt(len(differences))
    means = (float(each.mean()) for each in (own, auto, differences))
    return Compared(IMDB_REVIEWS, *means, half, math.nan)


def table(found: dict[str, Compared]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| corpus | reviews | published | own grid | one grid for all | difference | p |"
    yield "|---|---:|---|---:|---:|---:|---:|"
    for name, task in TASKS.items():
        if (result := found.get(name)) is None:
            continue
        difference = f"{result.difference:+.2f} ± {result.half:.2f}"
        p = "" if math.isnan(result.p) else "< .0001" if result.p < 1e-4 else f"{result.p:.4f}"
        yield (
            f"| {task.title} (`{name}`) | {result.n:,} | {task.published} | {result.own:.2f} "
            f"| **{result.auto:.2f}** | {difference} | {p} |"
        )


if __name__ == "__main__":
    sys.exit(main())
