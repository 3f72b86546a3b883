"""A model card: what the model is, for whom, and how good, as the Hugging Face Hub reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.report.summary import share, words_table

if TYPE_CHECKING:
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.report.data import ReportFacts

_METRICS = {
    "accuracy": "accuracy",
    "f1": "f1",
    "roc_auc": "roc_auc",
    "log_loss": "log_loss",
    "brier": "brier_score",
}


def model_card(facts: ReportFacts, model: TextClassifier) -> str:
    """Return the card as Markdown under a block of metadata in YAML."""
    metrics, source = facts.run.metrics, facts.run.corpus["source"]
    tokenizer = model.tokenizer
    lines = [
        "---",
        *(f"{key}: {json.dumps(value)}" for key, value in _metadata(facts).items()),
        "---",
        "",
        f"# {facts.run.name}",
        "",
        "Tells positive from negative reviews. A logistic regression over "
        f"{len(model.vocabulary):,} counted words, learned by stochastic gradient descent: the "
        "log-odds of a text are the intercept and the sum of its words' weights.",
        "",
        "## How good it is",
        "",
        f"Accuracy **{share(metrics['accuracy'])}** on {metrics['n']:,} test reviews "
        f"({100 * metrics['confidence']:g}% interval {share(metrics['accuracy_low'])} to "
        f"{share(metrics['accuracy_high'])}), at threshold {metrics['threshold']:g}.",
        "",
        "| metric | value |",
        "|---|---:|",
        *(f"| {name} | {_number(metrics[key])} |" for key, name in _METRICS.items()),
        "",
        "## What it learned from",
        "",
        f"{facts.run.corpus['train']['n_reviews']:,} reviews; the corpus is `{_named(source)}`.",
        *[f"- {warning}" for warning in facts.run.warnings],
        "",
        f"Texts are taken apart by the `{tokenizer.tokenizer}` tokenizer"
        + (", in lower case." if tokenizer.lowercase else ".")
        + f" Seed {facts.run.provenance.seed}; the resolved config is in `config.toml` of the run.",
        "",
        "## What it is not for",
        "",
        "It knows words, not what is said with them: irony, comparison and what stands between "
        "the lines are lost on it. A word that is frequent in praise of one kind of thing may be "
        "blame of another, so on texts unlike those it learned from it is worse. Do not use it to "
        "judge people.",
        "",
        *words_table("Most positive words", facts.positive),
        "",
        *words_table("Most negative words", facts.negative),
        "",
        "## How to use it",
        "",
        "```",
        "sentiment predict MODEL_FOLDER reviews.txt",
        'sentiment explain MODEL_FOLDER "What a wonderful film"',
        "```",
    ]
    return "\n".join(lines) + "\n"


def _metadata(facts: ReportFacts) -> dict[str, Any]:
    """Return the Hub's fields; each value is written as JSON, which YAML reads."""
    metrics, source = facts.run.metrics, facts.run.corpus["source"]
    dataset = {"name": _named(source), "type": _named(source), "split": "test"}
    if source["source"] == "hub":
        dataset["revision"] = source["revision"]
    found: dict[str, Any] = {
        "pipeline_tag": "text-classification",
        "library_name": "sentiment-pipeline",
        "tags": ["sentiment-analysis", "logistic-regression", "bag-of-words"],
        "metrics": ["accuracy", "f1", "roc_auc"],
    }
    if source["source"] == "hub":
        found["datasets"] = [source["dataset"]]
    values = [
        {"type": name, "value": metrics[key]}
        for key, name in _METRICS.items()
        if metrics[key] is not None
    ]
    result = {"task": {"type": "text-classification"}, "dataset": dataset, "metrics": values}
    return {**found, "model-index": [{"name": facts.run.name, "results": [result]}]}


def _named(source: dict[str, Any]) -> str:
    names = {"hub": "dataset", "nltk": "name", "files": "train"}
    return str(source.get(names.get(source["source"], ""), source["source"]))


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
