"""Fill docs/scale.md with the measured figures, and with what follows from them by arithmetic.

python -m benchmarks.scale_page [--check]
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import cluster_costs as costs
from benchmarks.harness import ROOT
from benchmarks.scale_points import STAGES, Point, by_mode, bytes_a_review, fit, read, typical

PAGE = ROOT / "docs" / "scale.md"
PICTURE = ROOT / "docs" / "growth.png"
NUMBERS = ROOT / "benchmarks" / "results" / "growth.json"
BLOCK = re.compile(r"(<!-- growth: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
LIMIT = 2e9  # anonymous bytes that are to be enough for 4 million reviews


def main() -> None:
    """Fill the page, or with --check say if it is filled."""
    if "--check" in sys.argv[1:]:
        if PAGE.read_text("utf-8") != filled(PAGE.read_text("utf-8"), *read(NUMBERS)):
            sys.exit(f"{PAGE} is out of date: python -m benchmarks.scale_page")
        return
    print(*fill(), sep="\n")


def fill() -> list[Path]:
    """Fill the page from the newest numbers, and move their picture to it; return the paths."""
    points, facts = read(NUMBERS)
    PAGE.write_text(filled(PAGE.read_text("utf-8"), points, facts), "utf-8")
    picture = NUMBERS.with_suffix(".png")
    if picture.exists():
        picture.replace(PICTURE)
    return [PAGE, PICTURE]


def filled(page: str, points: Sequence[Point], facts: dict[str, Any]) -> str:
    """Return a page whose blocks say what the numbers say."""
    blocks: dict[str, Callable[[], str]] = {
        "machine": lambda: _machine(facts),
        "sizes": lambda: _sizes(points),
        "stages": lambda: _stages(points),
        "answers": lambda: _answers(points),
        "rare": lambda: _rare(facts["rare"]),
        "need": lambda: _need(points),
        "bills": lambda: _bills(points),
        "records": lambda: _records(points),
    }
    return BLOCK.sub(lambda found: f"{found[1]}\n{blocks[found[2]]()}\n\n{found[3]}", page)


def _machine(facts: dict[str, Any]) -> str:
    load = facts["load_before"]
    state = "otherwise idle"
    if load is None or load >= 0.5:
        state = "which other work shared: prefer CPU seconds"
    left_out = "".join(f" Left out: {reason}." for reason in facts["left_out"])
    return (
        f"Measured on {facts['date']} on {facts['cores']} cores of {facts['processor']}, "
        f"{state}.{left_out}"
    )


def _sizes(points: Sequence[Point]) -> str:
    header = "mode", "reviews", "text", "words", "seconds", "CPU seconds"
    header += ("peak memory", "largest process", "accuracy")
    rows = [
        (
            mode,
            f"{point.reviews:,}",
            _bytes(point.n_characters),
            f"{point.n_words:,}",
            f"{point.seconds:,.1f}",
            f"{point.cpu_seconds:,.1f}",
            _bytes(point.peak_anonymous_sum),
            _bytes(point.peak_anonymous),
            f"{point.accuracy:.1%}",
        )
        for mode, of_mode in by_mode(points).items()
        for point in of_mode
    ]
    return _table(header, rows)


def _stages(points: Sequence[Point]) -> str:
    of_mode = typical(points)
    largest = of_mode[-1]
    header = "stage", "seconds", "CPU seconds", "exponent", "peak memory", "bytes a review"
    header += ("written", "kept")
    rows = []
    for name in STAGES:
        stage = largest.stage(name)
        grown = fit(of_mode, lambda point, name=name: point.stage(name).cpu_seconds)
        rows.append(
            (
                name,
                f"{stage.seconds:,.1f}",
                f"{stage.cpu_seconds:,.1f}",
                f"{grown.last_step:.2f}" if grown else "",
                _bytes(stage.peak_anonymous),
                f"{bytes_a_review(of_mode, name):,.0f}",
                _bytes(stage.written_bytes),
                _bytes(stage.kept_bytes),
            )
        )
    title = (
        f"The stages on {largest.reviews:,} reviews ({largest.mode}). The exponent is that of CPU "
        "seconds in the last step; the bytes are the memory that each further review took in it."
    )
    return f"{title}\n\n{_table(header, rows)}"


def _answers(points: Sequence[Point]) -> str:
    lines = []
    for mode, of_mode in by_mode(points).items():
        seconds = fit(of_mode, lambda point: point.seconds)
        cpu = fit(of_mode, lambda point: point.cpu_seconds)
        if seconds is not None and cpu is not None:
            lines.append(
                f"- {mode.capitalize()}: CPU seconds grow with exponent {cpu.over_all:.2f} over "
                f"all sizes and {cpu.last_step:.2f} in the last step, wall-clock seconds with "
                f"{seconds.over_all:.2f} and {seconds.last_step:.2f}. No size is left out."
            )
    at = max(
        points,
        key=lambda p: (p.reviews <= 4_000_000, min(p.reviews, 4_000_000), p.peak_anonymous_sum),
    )
    verdict = "within" if at.peak_anonymous_sum <= LIMIT else "beyond"
    lines.append(
        f"- Peak anonymous memory on {at.reviews:,} reviews is {_bytes(at.peak_anonymous_sum)} "
        f"({at.mode}), {verdict} the limit of 2 GB for 4 million."
    )
    return "\n".join(lines)


def _rare(found: Sequence[dict[str, Any]]) -> str:
    header = "min_df", "n-grams", "seconds", "peak memory", "written"
    rows = [
        (
            f"{each['min_df']}",
            f"{each['n_words']:,}",
            f"{each['seconds']:,.1f}",
            _bytes(each["peak_anonymous"]),
            _bytes(each["written_bytes"]),
        )
        for each in found
    ]
    return _table(header, rows)


def _need(points: Sequence[Point]) -> str:
    of = costs.need(typical(points))
    rows = [
        ("reviews", f"{of.reviews:,}"),
        ("text", _bytes(of.text_bytes)),
        ("shards of 256 MiB of text", f"{of.shards:,}"),
        ("distinct words", f"{of.n_words:,}"),
        ("files of the run", _bytes(of.kept_bytes)),
        ("written in total", _bytes(of.written_bytes)),
        *((f"`{name}`, CPU hours", f"{of.cpu_hours[name]:,.1f}") for name in STAGES),
        *((f"`{name}`, peak memory", _bytes(of.memory[name])) for name in STAGES),
        (
            f"sent and received by the driver in an epoch, {costs.PARTS} parts",
            _bytes(of.epoch_bytes),
        ),
    ]
    over = costs.breaks_first(of)
    worst = over or costs.breaks_first(of, 0)[:2]
    named = ", then ".join(f"`{name}` with {_bytes(size)}" for name, size in worst)
    breaks = "breaks first" if over else "comes nearest to that limit"
    verdict = f"A machine has 34.4 GB (32 GiB). What {breaks}: {named}."
    return f"{_table(('what', 'how much'), rows)}\n\n{verdict}"


def _bills(points: Sequence[Point]) -> str:
    of = costs.need(typical(points))
    header = "workers", "spread, h", "driver, h", "training, h", "transfer, h", "all, h", "USD"
    rows = []
    for workers in costs.WORKERS:
        bill = costs.bill(of, workers)
        hours = bill.spread_hours, bill.driver_hours, bill.train_hours, bill.transfer_hours
        shown = (f"{each:,.2f}" for each in (*hours, bill.hours))
        rows.append((str(workers), *shown, f"{bill.dollars:,.2f}"))
    return _table(header, rows)


def _records(points: Sequence[Point]) -> str:
    header = "system", "examples", "features", "hardware", "seconds", "features a second"
    rows = [
        (
            record.system,
            _large(record.examples),
            _large(record.features),
            record.machines,
            f"{record.seconds:,.0f}",
            _large(record.features_a_second),
        )
        for record in costs.RECORDS
    ]
    ours = typical(points)[-1]
    n_train = ours.reviews * 4 // 5
    rate = costs.trained_features_a_second(ours)
    seconds = ours.stage("train").cpu_seconds
    rows.append(
        (
            f"this project, `train`, {costs.EPOCHS} epochs",
            _large(n_train),
            _large(costs.EPOCHS * ours.n_nonzeros),
            "1 core",
            f"{seconds:,.0f}",
            _large(rate),
        )
    )
    return _table(header, rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown whose first column is text and the others are numbers."""
    # A number and its unit stay on one line.
    rows = [
        [row[0], *(cell.replace(" ", "\N{NO-BREAK SPACE}") for cell in row[1:])] for row in rows
    ]
    cells = [list(header), *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(header), f"| {' | '.join(rule)} |", *map(line, rows)])


def _large(n: float) -> str:
    """Write a large number with three digits.

    >>> _large(17e9), _large(800_000)
    ('17 billion', '0.8 million')
    """
    for unit, name in ((1e12, "trillion"), (1e9, "billion")):
        if n >= unit:
            return f"{n / unit:.3g} {name}"
    return f"{n / 1e6:.3g} million"


def _bytes(size: float) -> str:
    """Write a number of bytes with three digits.

    >>> _bytes(702_300_000), _bytes(1_234_000_000)
    ('702 MB', '1.23 GB')
    """
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            digits = 0 if size >= 100 * unit else 1 if size >= 10 * unit else 2
            return f"{size / unit:.{digits}f} {name}"
    return f"{size / 1e3:.0f} kB"


if __name__ == "__main__":
    main()
