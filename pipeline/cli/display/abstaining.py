"""What is left of the predictions if the model abstains: a line and a table."""

from __future__ import annotations

from typing import Any

from pipeline.cli.display.terminal import figures, print_line, print_table
from pipeline.report.numbers import counted, number, share


def print_abstaining(found: dict[str, Any], what: str, level: float, goal: str = "") -> None:
    """Print how many reviews are unsure, and coverage and accuracy of the others.

    Parameters
    ----------
    found : dict
        As `evaluation.abstaining.Abstaining.to_dict` returns it.
    what : str
        The kind of review, such as "validation review".
    level : float
        Confidence level of the intervals.
    goal : str
        What the bound was chosen for.
    """
    bound, n_decided = found["bound"], found["n"] - found["n_unsure"]
    below = f"unsure below a confidence of {bound:.4f}" if bound else "no prediction is unsure"
    chosen = f", chosen for {goal}" if goal else ""
    print_line(f"{below}{chosen}: {found['n_unsure']:,} of {counted(found['n'], what)}")
    table = figures("", "share", f"{100 * level:g}% interval", "reviews")
    for name, key, n in (
        ("decided (coverage)", "coverage", found["n"]),
        ("decided correctly (selective accuracy)", "accuracy", n_decided),
    ):
        low, high = found[f"{key}_low"], found[f"{key}_high"]
        ends = "" if low is None else f"{share(low)} to {share(high)}"
        table.add_row(name, share(found[key]), ends, f"of {n:,}")
    table.add_row("area under risk and coverage (AURC)", number(found["aurc"]), "", "")
    print_table(table)
