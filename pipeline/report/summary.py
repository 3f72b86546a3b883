"""A run on one page of Markdown, for a pull request or a hand-in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.report.numbers import correct_of, counted, interval_of, share

if TYPE_CHECKING:
    from pipeline.inspection.weights import Word
    from pipeline.report.data import ReportData


def summary_page(data: ReportData) -> str:
    """Return the page."""
    run = data.run
    confusion = run.metrics["confusion"]
    lines = [
        f"# {run.name}",
        "",
        accuracy_line(run.metrics),
        f"Trained on {counted(run.corpus['train']['n_reviews'], 'review')}.",
        "",
        "| | accuracy |",
        "|---|---:|",
        f"| **this model** | **{share(run.metrics['accuracy'])}** |",
        *(f"| {name} | {share(accuracy)} |" for name, accuracy in run.baselines.items()),
        "",
        "| | predicted negative | predicted positive |",
        "|---|---:|---:|",
        f"| truly negative | {confusion['true_negative']:,} | {confusion['false_positive']:,} |",
        f"| truly positive | {confusion['false_negative']:,} | {confusion['true_positive']:,} |",
        "",
        *(f"- {warning}" for warning in run.warnings),
        *([""] if run.warnings else []),
        *words_table("Most positive words", data.positive),
        "",
        *words_table("Most negative words", data.negative),
        "",
        "![Probabilities of the test reviews](figures/scores.png)",
        "![ROC](figures/roc.png)",
    ]
    return "\n".join(lines) + "\n"


def accuracy_line(metrics: dict[str, Any]) -> str:
    """Return the accuracy in a sentence."""
    accuracy = f"**{share(metrics['accuracy'])}**"
    return f"Accuracy: {correct_of(metrics)} ({accuracy}, {interval_of(metrics)})."


def words_table(title: str, words: Sequence[Word]) -> list[str]:
    """Return words as the lines of a Markdown table under a heading."""
    rows = [
        f"| {_escaped(w.word)} | {w.weight:+.3f} | {w.document_frequency:,} "
        f"| {_count(w.negative)} | {_count(w.positive)} |"
        for w in words
    ]
    head = [f"## {title}", "", "| word | weight | reviews | negative | positive |"]
    return [*head, "|---|---:|---:|---:|---:|", *rows]


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _escaped(word: str) -> str:
    r"""Escape what Markdown would read as markup: `*` and `|` are words with punctuation kept."""
    return "".join("\\" + c if c in r"\`*_{}[]<>()#+-.!|" else c for c in word)
