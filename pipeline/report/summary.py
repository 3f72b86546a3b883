"""A run on one page of Markdown, for a pull request or a hand-in."""

from __future__ import annotations

from typing import Any

from pipeline.classifier import TextClassifier
from pipeline.inspection import ClassFrequency, Word, top_words


def summary_page(
    name: str,
    metrics: dict[str, Any],
    model: TextClassifier,
    frequency: ClassFrequency | None,
    top: int,
) -> str:
    """Return the page.

    Parameters
    ----------
    name : str
        Of the run.
    metrics : dict
        `metrics.json` of one split.
    model : TextClassifier
    frequency : ClassFrequency, optional
    top : int
        How many words of each sign.
    """
    positive, negative = top_words(model, top, frequency)
    confusion = metrics["confusion"]
    lines = [
        f"# {name}",
        "",
        f"Accuracy **{metrics['accuracy']:.2%}** on {metrics['n']:,} test reviews "
        f"({metrics['confidence']:.0%} interval {metrics['accuracy_low']:.2%} "
        f"to {metrics['accuracy_high']:.2%}).",
        "",
        "| | called negative | called positive |",
        "|---|---:|---:|",
        f"| negative | {confusion['true_negative']:,} | {confusion['false_positive']:,} |",
        f"| positive | {confusion['false_negative']:,} | {confusion['true_positive']:,} |",
        "",
        *_words("Most positive words", positive),
        "",
        *_words("Most negative words", negative),
    ]
    return "\n".join(lines) + "\n"


def _words(title: str, words: list[Word]) -> list[str]:
    rows = [
        f"| {_escaped(w.word)} | {w.weight:+.3f} | {w.document_frequency:,} "
        f"| {_number(w.negative)} | {_number(w.positive)} |"
        for w in words
    ]
    head = [f"## {title}", "", "| word | weight | reviews | negative | positive |"]
    return [*head, "|---|---:|---:|---:|---:|", *rows]


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _escaped(word: str) -> str:
    r"""Keep Markdown from reading a word: `*` and `|` are words where punctuation counts."""
    return "".join("\\" + c if c in r"\`*_{}[]<>()#+-.!|" else c for c in word)
