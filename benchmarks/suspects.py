"""Wrong labels that `sentiment suspects` finds: labels are flipped by a seed, and counted.

    python -m benchmarks.suspects [--data DIR] [--only CONFIG ...]

Flips the labels of 5% of the training reviews, of more than two classes each to one of the others,
looks for suspects with the config as it is, and counts the flipped ones among the first 100. Writes
the means of five seeds to docs/studies.md.
The exit code is 1 where a mean misses its target.
"""

from __future__ import annotations

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
from pipeline.storage.run import Run
from pipeline.studies.suspects import find_suspects

PAGE = ROOT / "docs" / "studies.md"
PARTS = ("train", "test")
SHARE, FIRST, SEEDS = 0.05, 100, range(5)
# The fewest flipped reviews among the first hundred; chance gives five.
TARGETS = {"sample": 35, "three_classes": 35, "imdb": 60}


@dataclass(frozen=True)
class Found:
    """Suspects of a training set with flipped labels, of one seed.

    Attributes
    ----------
    n, n_flipped, n_suspects : int
        Reviews.
    in_first, in_all : int
        Flipped reviews among the first `FIRST` suspects, and among all.
    """

    n: int
    n_flipped: int
    n_suspects: int
    in_first: int
    in_all: int


def find_flipped(config: Config, folder: Path, seed: int) -> Found:
    """Flip labels by a seed, look for suspects, and count the flipped ones among them.

    `folder` holds the unchanged corpus of the config, in `clean/`.
    """
    clean = Run(folder / "clean")
    sets = {name: read_set(clean, name) for name in PARTS}
    labels = sets["train"]["label"].to_numpy().copy()
    draw, classes = np.random.default_rng(seed), read_classes(clean)
    flipped = draw.choice(len(labels), round(SHARE * len(labels)), False)
    shift = draw.integers(1, len(classes), len(flipped))
    labels[flipped] = (labels[flipped] + shift) % len(classes)
    column = sets["train"].schema.get_field_index("label")
    sets["train"] = sets["train"].set_column(column, "label", pa.array(labels))
    paths = {name: str(folder / f"{name}-{seed}.parquet") for name in PARTS}
    for name, table in sets.items():
        parquet.write_table(table, paths[name])
    numbers = {name: number for number, name in enumerate(classes)}
    table = config.to_dict() | {"corpus": {"source": "files", **paths, "classes": numbers}}
    run = Run(folder / f"seed-{seed}")
    run_stages(checked(table, Config), run, "corpus", SILENT)
    rows = find_suspects(run.path).found.rows
    right = np.isin(rows, flipped)
    n_first = int(right[:FIRST].sum())
    return Found(len(labels), len(flipped), len(rows), n_first, int(right.sum()))


def measure(name: str, data: Path | None) -> list[Found]:
    """Return what is found with each seed on the corpus of a config."""
    with tempfile.TemporaryDirectory(prefix="suspects-") as folder:
        config = load_config(config_of(name, data, Path(folder))).without_tune()
        run_stages(config, Run(Path(folder, "clean")), "corpus", SILENT)
        found = []
        for seed in SEEDS:
            show_progress(f"{name}, seed {seed}")
            found.append(find_flipped(config, Path(folder), seed))
    return found


def lines(results: dict[str, list[Found]]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| config | reviews | flipped | suspects | flipped among them | among the first 100 |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, found in results.items():
        in_first = [each.in_first for each in found]
        suspects, in_all = (
            statistics.mean(getattr(each, key) for each in found)
            for key in ("n_suspects", "in_all")
        )
        yield (
            f"| `configs/{name}.toml` | {found[0].n:,} | {found[0].n_flipped:,} | {suspects:,.0f} "
            f"| {in_all:,.0f} | **{statistics.mean(in_first):.1f}** "
            f"({min(in_first)} to {max(in_first)}) |"
        )


def main() -> int:
    """Measure, write the table into the page, and say what was skipped or missed."""
    results = dict(measured(__doc__.splitlines()[0], list(TARGETS), measure))
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(put(page, "suspects", lines(results), list(TARGETS)), encoding="utf-8")
    print("\n".join(lines(results)))
    means = {
        name: statistics.mean(each.in_first for each in found) for name, found in results.items()
    }
    missed = [name for name, mean in means.items() if mean < TARGETS[name]]
    for name in missed:
        print(f"missed: {name}: {means[name]:.1f} of the first {FIRST}, not {TARGETS[name]}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
