"""Measure how time and memory of each stage grow with the corpus, to millions of reviews.

    python -m benchmarks.scale [--sizes N ...] [--modes MODE ...] [--check]

Made-up reviews as long as Amazon's are learned from and evaluated, a stage after the other. The
modes: one file; many files; many files and two workers. Corpora and runs are deleted. The numbers
and a plot are written, and docs/scale.md is filled with them. With --check, one size is measured
in the last two modes and held to limits, and nothing is written.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import jobs, machine, scale_points
from benchmarks.harness import ROOT, is_installed, missing, run_child
from benchmarks.scale_points import Point, by_mode, fit
from benchmarks.scale_run import LENGTHS, MODES, RARE_AT, Job, measure_min_df

SIZES = (100_000, 300_000, 1_000_000, 4_000_000, 10_000_000)
CHECKED = 100_000
EXPONENT_TARGET, MEMORY_TARGET, MEMORY_AT = 1.05, 2e9, 4_000_000
# Bytes of a process that works on CHECKED reviews. Python and the libraries are most of it.
CHECKED_MEMORY = 300e6
STEM = ROOT / "benchmarks" / "results" / "growth"


def main() -> None:
    """Measure what is asked for, and write it down."""
    options = read_options()
    points, facts = known(options) if options.add else ([], {"left_out": [], "rare": []})
    facts |= {"date": datetime.date.today().isoformat(), **machine.facts()}
    facts |= {"lengths": options.lengths, "settings": list(options.settings)}
    run_child([*jobs.sentiment(), "compile"])  # which takes memory, and once only
    for reviews in (CHECKED,) if options.check else options.sizes:
        for mode in MODES[1:] if options.check else options.modes:
            job = Job(mode, reviews, options.lengths, options.settings)
            obstacle = job.obstacle(options.folder)
            if obstacle:
                facts["left_out"].append(f"{mode}, {reviews:,} reviews: {obstacle}")
                print(f"left out: {facts['left_out'][-1]}", flush=True)
                continue
            with tempfile.TemporaryDirectory(prefix="growth-", dir=options.folder) as folder:
                points.append(job.measure(Path(folder)))
            print(line(points[-1]), flush=True)
            if not options.check:  # now, because a later size may fail
                scale_points.write(points, facts, options.out)
    if not options.check:
        if options.rare_at:
            with tempfile.TemporaryDirectory(prefix="growth-", dir=options.folder) as folder:
                facts["rare"] = measure_min_df(Path(folder), options.rare_at)
        show(points, facts, options.out)
    faults = list(not_met(points, options.check))
    if faults:
        sys.exit("\n".join(f"not met: {fault}" for fault in faults))


def known(options: argparse.Namespace) -> tuple[list[Point], dict[str, Any]]:
    """Return what the file to write already has of sizes and modes that are not asked for."""
    points, facts = scale_points.read(Path(f"{options.out}.json"))
    asked = {(mode, reviews) for mode in options.modes for reviews in options.sizes}
    return [point for point in points if (point.mode, point.reviews) not in asked], facts


def show(points: Sequence[Point], facts: dict[str, Any], stem: Path) -> None:
    """Write the numbers, draw them, and fill the page if they are those that it shows."""
    written = scale_points.write(points, facts, stem)
    if is_installed("matplotlib"):
        from benchmarks.scale_plot import draw

        written += draw(points, facts, stem)
    else:
        print(missing("matplotlib"))
    if stem == STEM:
        from benchmarks.scale_page import fill

        written += fill()
    print("written:", *(path for path in written if path.exists()), sep="\n  ")


def read_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    summary = __doc__.splitlines()[0] if __doc__ else ""
    parser = argparse.ArgumentParser("python -m benchmarks.scale", description=summary)
    add = parser.add_argument
    add("--sizes", nargs="+", type=_number, default=SIZES, metavar="N", help="of both sets")
    add("--modes", nargs="+", choices=MODES, default=MODES)
    add("--lengths", choices=LENGTHS, default="products", help="of which reviews")
    add("--set", action="append", dest="settings", default=[], help="as `sentiment` takes it")
    add("--rare-at", type=_number, default=RARE_AT, metavar="N", help="for min_df; 0: do not")
    add("--folder", type=Path, help="where corpora and runs are meanwhile")
    add("--out", type=Path, default=STEM, help="the files to write, without their endings")
    add("--add", action="store_true", help="keep other sizes and modes that the files have")
    add("--check", action="store_true", help=f"{CHECKED:,} reviews, held to limits")
    return parser.parse_args()


def _number(text: str) -> int:
    """Return a whole number, which may be written as 4e6."""
    return int(float(text))


def line(point: Point) -> str:
    """Return what one run needed, as a line."""
    return (
        f"{point.mode:11} {point.reviews:>10,} reviews: {point.seconds:7.1f} s, "
        f"{point.cpu_seconds:7.1f} CPU s, {point.peak_anonymous_sum / 1e6:6,.0f} MB"
    )


def not_met(points: Sequence[Point], is_check: bool = False) -> Iterator[str]:
    """Yield each target that is not met; one that could not be looked at is not yielded."""
    for mode, of_mode in by_mode(points).items():
        grown = fit(of_mode, lambda point: point.seconds)
        if grown is not None and max(grown.over_all, grown.last_step) > EXPONENT_TARGET:
            yield f"{mode}: time grows with exponents of {grown}; at most {EXPONENT_TARGET}"
        for point in of_mode:
            peak, limit = point.peak_anonymous_sum, MEMORY_TARGET
            if is_check:
                peak, limit = point.peak_anonymous, CHECKED_MEMORY
            if point.reviews <= MEMORY_AT and peak > limit:
                yield (
                    f"{mode}, {point.reviews:,} reviews: {peak / 1e6:,.0f} MB of anonymous "
                    f"memory; at most {limit / 1e6:,.0f}"
                )
    for reviews in sorted({point.reviews for point in points}):
        found = {point.mode: point for point in points if point.reviews == reviews}
        many, workers = found.get("many files"), found.get("two workers")
        if many and workers and many.model_digest != workers.model_digest:
            yield f"{reviews:,} reviews: the model of two workers has other bytes"


if __name__ == "__main__":
    main()
