"""What studies came to, as tables on standard output."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.measure import Measurement
from rich.text import Text

from pipeline.cli.display.tables import figures, results

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.studies.baselines import BaselineResult
    from pipeline.studies.compare import Comparison
    from pipeline.studies.crossval import CrossValidation
    from pipeline.studies.stability import Stability, StableWord
    from pipeline.studies.tune import Tuning
    from pipeline.training.certificate import Certificate

# Rows of a table of trials.
_SHOWN = 20
# Columns that a table takes at most.
_WIDEST = 1000


def print_cross_validation(result: CrossValidation) -> None:
    """Print the folds, and what they come to together."""
    console = results()
    chosen = any(fold.chosen for fold in result.folds)
    table = figures("fold", "reviews", "accuracy", *(["chosen"] if chosen else []))
    for fold in result.folds:
        row = [str(fold.number), f"{fold.n:,}", f"{fold.accuracy:.2%}"]
        table.add_row(*row, *([_values(fold.chosen)] if chosen else []))
    console.print(table)
    console.print(
        f"accuracy [bold]{result.mean:.2%}[/bold], mean of {len(result.folds)} folds, "
        f"standard deviation {result.deviation:.2%}"
    )
    console.print(
        f"of all {len(result.labels):,} reviews {result.accuracy:.2%} "
        f"({100 * result.pooled.confidence:g}% interval {result.low:.2%} to {result.high:.2%})"
    )


def print_tuning(result: Tuning, best: Path) -> None:
    """Print the trials, the best first, and where the config is."""
    console = results()
    keys = [key.split(".")[1] for key in result.tried[0].values]
    table = figures("accuracy", "+-", "log loss", *keys)
    for column in table.columns:
        column.overflow = "fold"  # a long name goes on below; nothing of it is left out
    for tried in result.tried[:_SHOWN]:
        spread = f"{_deviation(tried.accuracies):.2%}" if len(tried.accuracies) > 1 else ""
        cells = (escape(_value(value)) for value in tried.values.values())
        table.add_row(f"{tried.accuracy:.2%}", spread, f"{tried.log_loss:.4f}", *cells)
    _print_whole(table)
    if len(result.tried) > _SHOWN:
        console.print(f"and {len(result.tried) - _SHOWN} more trials", style="dim")
    console.print(f"the config with the best of them is {escape(str(best))}")


def print_baselines(baselines: Sequence[BaselineResult]) -> None:
    """Print each baseline with its interval, its time and the test against the previous one."""
    console = results()
    table = figures("", "accuracy", "interval", "seconds", "only this", "only prev.", "p")
    for result in baselines:
        interval = f"{result.low:.1%} to {result.high:.1%}"
        row = [f"{result.accuracy:.2%}", interval, f"{result.seconds:.1f}"]
        if result.p == result.p:
            row += [f"{result.only_this:,}", f"{result.only_previous:,}", _p(result.p)]
        table.add_row(result.name, *row)
    _print_whole(table)
    console.print(
        "only this, only prev.: reviews that only this baseline gets right, or only the previous "
        "one; p: McNemar's exact test of the two",
        style="dim",
    )


def print_comparison(comparison: Comparison, shown: int) -> None:
    """Print two runs side by side, the tests, and reviews that they decide differently."""
    console, c = results(), comparison
    # A terminal gets lines that end between words, a file one line for one.
    say = functools.partial(console.print, soft_wrap=not console.is_terminal)
    table = figures("", "a", "b", "b - a", f"{100 * c.confidence:g}% interval")
    for name, d in c.differences.items():
        ends = f"{d.low:+.4f} to {d.high:+.4f}"
        table.add_row(name, f"{d.a:.4f}", f"{d.b:.4f}", f"{d.difference:+.4f}", ends)
    say(f"a is {escape(c.a)}, b is {escape(c.b)}; {c.n:,} test reviews")
    _print_whole(table)
    say(
        f"both right {c.both_right:,}, only a {c.only_a_right:,}, only b {c.only_b_right:,}, "
        f"neither {c.neither_right:,}; McNemar's exact test: {_equals(c.p_value)}"
    )
    if c.flipped and shown:
        say(
            f"the {min(shown, len(c.flipped))} of {len(c.flipped):,} reviews decided "
            "differently whose probabilities lie farthest apart:"
        )
    for flip in c.flipped[:shown]:
        gold = ("negative", "positive")[flip.label]
        head = f"row {flip.row}, {gold}: a {flip.probability_a:.3f}, b {flip.probability_b:.3f}  "
        text = " ".join(flip.text.split())
        say(Text(head, style="bold").append(_cut(text), style="not bold"))


def _print_whole(table: Table) -> None:
    """Print a table as wide as it is: a figure that is cut short, such as 0.00..., is none."""
    console = results()
    measured = Measurement.get(console, console.options.update(max_width=_WIDEST), table)
    console.width = max(console.width, measured.maximum)
    console.print(table)


def _cut(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 4] + " ..."


def _equals(p: float) -> str:
    return "p < .0001" if p < 1e-4 else f"p = {_p(p)}"


def _p(p: float) -> str:
    return "< .0001" if p < 1e-4 else f"{p:.4f}"


def print_certificate(certificate: Certificate, gap: float | None) -> None:
    """Print the bound, and say what it means."""
    console = results()
    c = certificate
    table = figures("", "value")
    for name, value in (
        ("objective J (mean loss and penalty, nats)", f"{c.objective:.6f}"),
        ("best intercept for these weights", f"{c.intercept:+.6f}"),
        ("length of the gradient by the weights", f"{c.gradient_norm:.3e}"),
        ("l2", f"{c.l2:g}"),
        ("J - J* is at most |gradient|^2 / (2 l2) =", f"{c.plain_gap:.3e}"),
        ("and, by some Newton steps, at most", f"{c.gap:.3e}"),
    ):
        table.add_row(name, value)
    _print_whole(table)
    console.print(_in_words(certificate))
    if gap is not None:
        passes = c.gap <= gap
        console.print(
            f"{'passes' if passes else 'does not pass'}: {c.gap:.3e} is "
            f"{'at most' if passes else 'more than'} {gap:g}",
            style="green" if passes else "red",
        )


def _in_words(c: Certificate) -> str:
    """Say how far training stopped from the optimum."""
    if c.gap >= c.objective:
        return (
            "The bound is larger than J itself, so it says nothing of the optimum: training was "
            "stopped early, or l2 is so small that the bound is loose. Early stopping is a "
            "penalty too; a model may be the better for it."
        )
    share = c.relative_gap
    how = "far from" if share > 0.05 else "near" if share > 1e-3 else "at"
    return (
        f"The least that J can be is at most {100 * share:.2g}% lower: training stopped {how} the "
        "optimum."
    )


def print_stability(words: Sequence[StableWord], stability: Stability, table_file: Path) -> None:
    """Print words with the interval of their weights."""
    console = results()
    table = figures("", "weight", "interval", "same sign", "reviews", "")
    for word in words:
        mark = "uncertain" if word.uncertain else ""
        interval = f"{word.low:+.3f} to {word.high:+.3f}"
        style = "dim" if word.uncertain else "green" if word.weight > 0 else "red"
        row = (f"{word.weight:+.3f}", interval, f"{word.agreement:.0%}")
        name = Text(word.word, style=style)
        table.add_row(name, *row, f"{word.document_frequency:,}", mark)
    _print_whole(table)
    n, uncertain = len(stability.weight), int(stability.uncertain.sum())
    console.print(
        f"{100 * stability.confidence:g}% intervals over {stability.n_refits} refits; those of "
        f"{uncertain:,} of {n:,} words hold 0; all words are in {escape(str(table_file))}"
    )


def _deviation(values: tuple[float, ...]) -> float:
    import statistics

    return statistics.stdev(values)


def _values(values: dict[str, Any]) -> str:
    pairs = (f"{key.split('.')[1]}={_value(value)}" for key, value in values.items())
    return escape(", ".join(pairs))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
