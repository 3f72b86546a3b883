"""A run on one page of Markdown, for a pull request or a hand-in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.inspection.weights import Word
    from pipeline.report.data import ReportFacts


def summary_page(facts: ReportFacts) -> str:
    """Return the page."""
    metrics, corpus = facts.run.metrics, facts.run.corpus
    confusion = metrics["confusion"]
    lines = [
        f"# {facts.run.name}",
        "",
        f"Accuracy **{share(metrics['accuracy'])}** on {metrics['n']:,} test reviews "
        f"({100 * metrics['confidence']:g}% interval {share(metrics['accuracy_low'])} "
        f"to {share(metrics['accuracy_high'])}), learned from "
        f"{corpus['train']['n_reviews']:,} others.",
        "",
        "| | accuracy |",
        "|---|---:|",
        f"| **this model** | **{share(metrics['accuracy'])}** |",
        *(f"| {name} | {share(accuracy)} |" for name, accuracy in facts.baselines.items()),
        "",
        "| | called negative | called positive |",
        "|---|---:|---:|",
        f"| negative | {confusion['true_negative']:,} | {confusion['false_positive']:,} |",
        f"| positive | {confusion['false_negative']:,} | {confusion['true_positive']:,} |",
        "",
        *(f"- {warning}" for warning in facts.run.warnings),
        *([""] if facts.run.warnings else []),
        *words_table("Most positive words", facts.positive),
        "",
        *words_table("Most negative words", facts.negative),
        "",
        "![Probabilities of the test reviews](figures/scores.png)",
        "![ROC](figures/roc.png)",
    ]
    return "\n".join(lines) + "\n"


def words_table(title: str, words: Sequence[Word]) -> list[str]:
    """Return words as the lines of a Markdown table under a heading."""
    rows = [
        f"| {_escaped(w.word)} | {w.weight:+.3f} | {w.document_frequency:,} "
        f"| {_number(w.negative)} | {_number(w.positive)} |"
        for w in words
    ]
    head = [f"## {title}", "", "| word | weight | reviews | negative | positive |"]
    return [*head, "|---|---:|---:|---:|---:|", *rows]


def share(value: float | None) -> str:
    """Return a share in percent."""
    return "undefined" if value is None else f"{value:.2%}"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _escaped(word: str) -> str:
    r"""Keep Markdown from reading a word: `*` and `|` are words where punctuation counts."""
    return "".join("\\" + c if c in r"\`*_{}[]<>()#+-.!|" else c for c in word)
