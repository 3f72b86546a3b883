"""Draws answers as text: lines for the terminal, Markdown for the README, JSON for later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.results import Claim, Figure, Question, spread

TITLES = {
    "counting": "Counting words",
    "ngrams": "Counting 1-3-grams",
    "characters": "Counting characters",
    "optimum": "Within 1% of the optimum",
    "accuracy": "Reaching an accuracy",
    "whole_job": "The whole job",
    "scoring": "Scoring",
    "million": "A million reviews",
    "startup": "Cold start",
    "growth": "Growth",
    "threads": "Threads",
    "parts": "Parts",
    "training_rule": "The default training",
}

QUICK = "This was a quick run, a look: the targets are set for all of IMDB and five rounds."


def lines(question: Question) -> list[str]:
    """Return an answer as a terminal shows it."""
    shown = [f"{question.name}: {question.asks}"]
    if question.inputs:
        shown.append(f"  {question.inputs}")
    for figure in question.figures:
        accuracy = "" if figure.accuracy is None else f"  accuracy {figure.accuracy:.2%}"
        shown.append(f"    {figure.name:<36} {_median(figure):>14}  {_spread(figure)}{accuracy}")
        shown.append(f"      {figure.settings}")
    shown += [
        f"  * {claim.text:<46} {amount(claim):>9}  {_spread(claim)}  {verdict(claim)}"
        for claim in question.claims
    ]
    for table in question.tables:
        shown += [
            f"  {table.title}",
            *(f"    {line}" for line in _columns(table.header, table.rows)),
        ]
    return [line.rstrip() for line in (*shown, *(f"  - {note}" for note in question.notes))]


def _columns(header: Sequence[str], rows: Sequence[Sequence[float | str]]) -> list[str]:
    """Align the cells of a table."""
    cells = [list(header), *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells]


def _cell(value: float | str) -> str:
    return f"{value:,}" if isinstance(value, int | float) else value


def number(value: float) -> str:
    """Return a number with three digits that count."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return (
        f"{value:.1f}"
        if abs(value) >= 10
        else f"{value:.2f}"
        if abs(value) >= 1
        else f"{value:.3f}"
    )


def _median(figure: Figure) -> str:
    return f"{number(figure.median)} {figure.unit}"


def _spread(measured: Figure | Claim) -> str:
    low, high = spread(measured.values)
    return f"({number(low)} to {number(high)})"


def amount(claim: Claim) -> str:
    """Return a claim's median with its unit."""
    return f"{number(claim.median)}{_unit(claim)}"


def _unit(claim: Claim) -> str:
    """Write a ratio's x close to its number, and other units apart."""
    return claim.unit if claim.unit in ("x", "") else f" {claim.unit}"


def target(claim: Claim) -> str:
    """Return a claim's target in words; nothing where it has none."""
    if claim.target is None:
        return ""
    return f"at {'least' if claim.at_least else 'most'} {claim.target:g}{_unit(claim)}"


def verdict(claim: Claim) -> str:
    """Return the target and whether it is met."""
    if claim.met is None:
        return ""
    return f"{target(claim)}: {'met' if claim.met else 'NOT MET'}"


def markdown(questions: Sequence[Question], facts: dict) -> str:
    """Return the table for the README, then every figure behind it."""
    versions = ", ".join(f"{name} {v}" for name, v in facts["versions"].items() if v)
    shown = [
        f"{facts['date']}, {facts['processor']}, {facts['cores']} cores; {versions}.",
        f"Medians and spread of {facts['rounds']} rounds in alternation.",
        *([QUICK] if facts["quick"] else []),
        "",
        "| question | comparison | result | rounds | target | |",
        "|---|---|---:|---:|---:|---|",
    ]
    for question in questions:
        for claim in question.claims:
            met = {True: "met", False: "**not met**", None: ""}[claim.met]
            low, high = spread(claim.values)
            shown.append(
                f"| {TITLES[question.name]} | {claim.text} | **{amount(claim)}** "
                f"| {number(low)} to {number(high)} | {target(claim)} | {met} |"
            )
    for question in questions:
        shown += ["", *_section(question)]
    return "\n".join(shown) + "\n"


def _section(question: Question) -> list[str]:
    """Return the whole result of one question."""
    shown = [f"### {TITLES[question.name]}", "", f"{question.asks}. {question.inputs}.", ""]
    if question.figures:
        shown += ["| | settings | median | spread | accuracy |", "|---|---|---:|---:|---:|"]
    for figure in question.figures:
        low, high = spread(figure.values)
        accuracy = "" if figure.accuracy is None else f"{figure.accuracy:.2%}"
        settings = f"`{figure.settings}`".replace("|", "\\|") if figure.settings else ""
        shown.append(
            f"| {figure.name} | {settings} | {_median(figure)} "
            f"| {number(low)} to {number(high)} | {accuracy} |"
        )
    for table in question.tables:
        shown += ["", f"{table.title}:", "", _row(table.header), _row(["---"] * len(table.header))]
        shown += [_row([_cell(cell) for cell in row]) for row in table.rows]
    if question.notes:
        shown += ["", *(f"- {note}" for note in question.notes)]
    return shown


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write(questions: Sequence[Question], facts: dict, stem: Path) -> list[Path]:
    """Write the run as JSON and Markdown; return the paths."""
    answers = {**facts, "questions": [question.to_dict() for question in questions]}
    paths = [Path(f"{stem}.json"), Path(f"{stem}.md")]
    paths[0].write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    paths[1].write_text(markdown(questions, facts), encoding="utf-8")
    return paths
