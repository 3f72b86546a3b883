"""The model card in Markdown, with metadata for the Hugging Face Hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.report.data import ClassesData
from pipeline.report.markdown import front_matter, rendered
from pipeline.report.numbers import file_names

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
# Of more than two classes, how these metrics are computed, as scikit-learn names it.
_MEANS = {"f1": {"average": "macro"}, "roc_auc": {"average": "macro", "multi_class": "ovr"}}


def model_card(data: ReportData | ClassesData, model: TextClassifier) -> str:
    """Return the card as Markdown under a block of metadata in YAML."""
    of_more = isinstance(data, ClassesData)
    return rendered(
        "classes_card.md.j2" if of_more else "model_card.md.j2",
        data=data,
        run=data.run,
        model=model,
        tokenizer=model.tokenizer,
        corpus=_named(data.run.corpus["source"]),
        metrics=_METRICS,
        metadata=front_matter(_metadata(data)),
    )


def _metadata(data: ReportData | ClassesData) -> dict[str, Any]:
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
    means = _MEANS if isinstance(data, ClassesData) else {}
    values = [
        {"type": name, "value": metrics[key]} | ({"args": means[key]} if key in means else {})
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
