"""What `report` reads, computes and writes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from pipeline.stages.compute import StageContext
from pipeline.stages.outputs import (
    read_card,
    read_decision,
    read_epochs,
    read_metrics,
    read_steps,
)
from pipeline.stages.read_run import (
    MAJORITY,
    read_baselines,
    read_curve,
    read_frequency,
    read_reviews,
    read_rule,
    read_stability,
)
from pipeline.stages.verification import read_verification
from pipeline.storage import files
from pipeline.storage.counts import read_counts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

    from pipeline.model.text_classifier import TextClassifier
    from pipeline.report.data import RunData
    from pipeline.report.svg import Drawn

MODEL_CARD = "MODEL_CARD.md"


def compute_report(context: StageContext) -> tuple[str, list[str]]:
    """Draw a run: `index.html`, `report.json`, `summary.md`, `weights.tsv`, `figures/`.

    The model card goes into the run folder.
    """
    import numpy as np

    from pipeline.inspection.class_weights import class_table
    from pipeline.inspection.weights import weights_table
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.report.data import ScoredReviews, gather, gather_classes
    from pipeline.report.embedded_model import agreement, embedded_model, kept_columns
    from pipeline.report.embedded_steps import embedded_steps
    from pipeline.report.figures import draw
    from pipeline.report.html import Embedded, page
    from pipeline.stages.shards import score_shard

    settings, run = context.config.report, context.run
    model = TextClassifier.load(run.output("model/model.json").parent)
    frequency, reviews = read_frequency(run, len(model.classes)), read_reviews(run.path)
    shards = run.shards("features/test.safetensors")
    scores = np.concatenate([score_shard(path, model.regression) for path in shards])
    test = ScoredReviews(reviews.labels, scores, reviews.text)
    of_form = (gather, weights_table) if scores.ndim == 1 else (gather_classes, class_table)
    compute, tabulate = of_form
    data = compute(_run_data(context), model, frequency, test, settings.top, settings.reviews)
    _write_words(context.folder / "weights.tsv", tabulate, model, frequency)
    figures = draw(data)
    stability = read_stability(run, model)
    columns = kept_columns(model, stability is not None)
    rows = (review.row for review in (*data.most_wrong, *data.least_certain))
    embedded = Embedded(
        embedded_model(model, columns, frequency, stability),
        embedded_steps(model, test, rows, read_rule(run.path)),
        agreement(model, columns, map(read_counts, shards)),
        model.tokenizer.tokenizer,
    )
    html = page(data, figures, embedded)
    files.write_text(context.folder / "index.html", html)
    _write_data(context, data, model)
    _write_figures(context.folder / "figures", figures)
    size = len(html.encode()) / 1e6
    return f"index.html, {size:.1f} MB, and weights of {len(model.vocabulary):,} words", []


def _write_words(path: Path, tabulate: Callable[..., pa.Table], *of: Any) -> None:
    """Write the table of words, and give its memory back, which Arrow would keep."""
    import pyarrow as pa

    words = files.for_spreadsheets(tabulate(*of))
    files.write_tsv(path, words)
    del words
    pa.default_memory_pool().release_unused()


def _write_data(context: StageContext, data: Any, model: TextClassifier) -> None:
    """Write `report.json`, `summary.md` and the model card."""
    from pipeline.report.model_card import model_card
    from pipeline.report.summary import summary_page

    files.write_json(context.folder / "report.json", dataclasses.asdict(data))
    files.write_text(context.folder / "summary.md", summary_page(data))
    files.write_text(context.run.path / MODEL_CARD, model_card(data, model))


def _write_figures(folder: Path, figures: dict[str, Drawn]) -> None:
    folder.mkdir()
    for name, drawn in figures.items():
        (folder / f"{name}.svg").write_bytes(drawn.svg)
        (folder / f"{name}.png").write_bytes(drawn.png)


def _run_data(context: StageContext) -> RunData:
    """Return what the report needs of a run's files."""
    from pipeline.report.data import Provenance, RunData

    run = context.run
    entries = {
        name: run.stage(name) or {} for name in ("corpus", "tokens", "features", "train", "eval")
    }
    stages = tuple(
        {"name": name, **{key: entry[key] for key in ("summary", "seconds", "peak_bytes")}}
        for name, entry in entries.items()
    )
    metrics, corpus = read_metrics(run), read_card(run)
    settings, steps = _settings(context)
    return RunData(
        run.path.resolve().name,
        metrics,
        read_decision(run),
        corpus,
        tuple(entries["corpus"]["warnings"]),
        tuple(read_epochs(run)),
        {MAJORITY: _majority_accuracy(metrics, corpus)} | read_baselines(run),
        Provenance(
            settings,
            context.config.train.seed,
            steps,
            entries["train"]["versions"],
            stages,
            {file: files.sha256(run.output(file)) for file in run.digests("train")},
            read_verification(run),
        ),
        read_curve(run, context.config),
    )


def _settings(context: StageContext) -> tuple[str, dict[str, str]]:
    """Return the settings as TOML, and epochs and learning rate; both say what "auto" stood for."""
    text, train = context.config.to_toml(), context.config.train
    steps = {"epochs": f"{train.epochs}", "learning_rate": f"{train.learning_rate}"}
    for key, used in read_steps(context.run).items():
        if steps[key] == "auto":
            steps[key] = f"auto ({used:g})"
            text = text.replace(f'\n{key} = "auto"\n', f'\n{key} = "auto"  # {used:g}\n')
    return text, steps


def _majority_accuracy(metrics: dict[str, Any], corpus: dict[str, Any]) -> float:
    """Return the share of the test set that is of the most frequent class of the training set."""
    from pipeline.report.data import class_counts

    n_of_class = class_counts(corpus["train"])
    majority = max(n_of_class, key=n_of_class.__getitem__)
    if "of_class" in metrics:
        support: int = metrics["of_class"][majority]["support"]
        return support / int(metrics["n"])
    prevalence: float = metrics["prevalence"]
    return prevalence if majority == list(n_of_class)[1] else 1 - prevalence
