"""The model card in Markdown, with metadata for the Hugging Face Hub."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.report.numbers import counted, file_names, number
from pipeline.report.summary import accuracy_line, words_table

if TYPE_CHECKING:
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.report.data import ReportData

# Keys of `metrics.json`, and the names of the same metrics on the Hub.
_METRICS = {
    "accuracy": "accuracy",
    "f1": "f1",
    "roc_auc": "roc_auc",
    "log_loss": "log_loss",
    "brier": "brier_score",
}
_LIMITATIONS = (
    "The model adds up the weights of words. It does not understand irony, comparisons or what is "
    "only implied. A word that is praise for one kind of product can be criticism of another, so "
    "expect more errors on texts that differ from the training reviews. Do not use it to judge "
    "people."
)
_USAGE = """\
```
sentiment predict MODEL_FOLDER reviews.txt
sentiment explain MODEL_FOLDER "What a wonderful film"
```"""


def model_card(data: ReportData, model: TextClassifier) -> str:
    """Return the card as Markdown under a block of metadata in YAML."""
    run, tokenizer = data.run, model.tokenizer
    metadata = (f"{key}: {json.dumps(value)}" for key, value in _metadata(data).items())
    blocks = [
        "\n".join(["---", *metadata, "---"]),
        f"# {run.name}",
        "Classifies reviews as positive or negative: logistic regression on "
        f"{counted(len(model.vocabulary), 'bag-of-words feature')}, trained by stochastic gradient "
        "descent. The log-odds of a text are the intercept plus the sum of the weights of its "
        "words.",
        "## Evaluation",
        f"{accuracy_line(run.metrics)} The threshold is {run.metrics['threshold']:g}.",
        "\n".join(
            [
                "| metric | value |",
                "|---|---:|",
                *(f"| {name} | {number(run.metrics[key])} |" for key, name in _METRICS.items()),
            ]
        ),
        "## Training data",
        "\n".join(
            [
                f"{counted(run.corpus['train']['n_reviews'], 'review')} of the corpus "
                f"`{_named(run.corpus['source'])}`.",
                *(f"- {warning}" for warning in run.warnings),
            ]
        ),
        f"Tokenizer: `{tokenizer.tokenizer}`{', lowercase' if tokenizer.lowercase else ''}. "
        f"Seed: {run.provenance.seed}. All settings are in `config.toml` of the run.",
        "## Limitations",
        _LIMITATIONS,
        "\n".join(words_table("Most positive words", data.positive)),
        "\n".join(words_table("Most negative words", data.negative)),
        "## Usage",
        _USAGE,
    ]
    return "\n\n".join(blocks) + "\n"


def _metadata(data: ReportData) -> dict[str, Any]:
    """Return the Hub's fields; each value is written as JSON, which YAML reads."""
    metrics, source = data.run.metrics, data.run.corpus["source"]
    dataset = {"name": _named(source), "type": _named(source), "split": "test"}
    found: dict[str, Any] = {
        "pipeline_tag": "text-classification",
        "library_name": "sentiment-pipeline",
        "tags": ["sentiment-analysis", "logistic-regression", "bag-of-words"],
        "metrics": ["accuracy", "f1", "roc_auc"],
    }
    if source["source"] == "hub":
        dataset["revision"] = source["revision"]
        found["datasets"] = [source["dataset"]]
    values = [
        {"type": name, "value": metrics[key]}
        for key, name in _METRICS.items()
        if metrics[key] is not None
    ]
    result = {"task": {"type": "text-classification"}, "dataset": dataset, "metrics": values}
    return {**found, "model-index": [{"name": data.run.name, "results": [result]}]}


def _named(source: dict[str, Any]) -> str:
    if source["source"] == "files":
        return file_names(source["train"])
    names = {"hub": "dataset", "nltk": "name"}
    return str(source.get(names.get(source["source"], ""), source["source"]))
