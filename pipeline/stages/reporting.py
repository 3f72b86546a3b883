"""What `report` reads, computes and writes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pipeline.stages.compute import StageContext
from pipeline.stages.outputs import read_card, read_epochs, read_metrics
from pipeline.stages.read_run import (
    MAJORITY,
    read_baselines,
    read_labels,
    read_reviews,
    read_rule,
    read_stability,
    require_two_classes,
)
from pipeline.stages.verification import read_verification
from pipeline.storage import arrays, files

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.report.data import RunData
    from pipeline.report.svg import Drawn

MODEL_CARD = "MODEL_CARD.md"


def compute_report(context: StageContext) -> tuple[str, list[str]]:
    """Draw a run: `index.html`, `report.json`, `summary.md`, `weights.tsv`, `figures/`.

    The model card goes into the run folder.
    """
    from pipeline.inspection.class_frequency import ClassFrequency
    from pipeline.inspection.weights import weights_table
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.report.data import ScoredReviews, gather
    from pipeline.report.embedded_model import agreement, embedded_model, kept_columns
    from pipeline.report.embedded_steps import embedded_steps
    from pipeline.report.figures import draw
    from pipeline.report.html import page
    from pipeline.report.model_card import model_card
    from pipeline.report.summary import summary_page

    settings, run = context.config.report, context.run
    require_two_classes(run, "report")
    model = TextClassifier.load(run.output("model/model.json").parent)
    train = arrays.read_counts(run.output("features/train.safetensors"))
    frequency = ClassFrequency.of(train, read_labels(run, "train"), len(model.classes))
    table = weights_table(model, frequency)
    files.write_tsv(context.folder / "weights.tsv", files.for_spreadsheets(table))
    reviews = read_reviews(context.run.path)
    counts = arrays.read_counts(run.output("features/test.safetensors"))
    log_odds = model.regression.decision_function(counts)
    test = ScoredReviews(reviews.labels, log_odds, reviews.text)
    data = gather(_run_data(context), model, frequency, test, settings.top, settings.reviews)
    stability = read_stability(context.run, model)
    columns = kept_columns(model, stability is not None)
    alike = agreement(model, columns, counts)
    figures = draw(data)
    embedded = embedded_model(model, frequency, columns, stability)
    rows = (review.row for review in (*data.most_wrong, *data.least_certain))
    steps = embedded_steps(model, test, rows, read_rule(context.run.path))
    html = page(data, figures, embedded, steps, alike, model.tokenizer.tokenizer)
    files.write_text(context.folder / "index.html", html)
    files.write_json(context.folder / "report.json", dataclasses.asdict(data))
    files.write_text(context.folder / "summary.md", summary_page(data))
    files.write_text(context.run.path / MODEL_CARD, model_card(data, model))
    _write_figures(context.folder / "figures", figures)
    return (
        f"index.html, {len(html.encode()) / 1e6:.1f} MB, and weights of {table.num_rows:,} words",
        [],
    )


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
    is_positive = corpus["train"]["n_positive"] > corpus["train"]["n_negative"]
    majority = metrics["prevalence"] if is_positive else 1 - metrics["prevalence"]
    return RunData(
        run.path.resolve().name,
        metrics,
        corpus,
        tuple(entries["corpus"]["warnings"]),
        tuple(read_epochs(run)),
        {MAJORITY: majority} | read_baselines(run),
        Provenance(
            context.config.to_toml(),
            context.config.train.seed,
            entries["train"]["versions"],
            stages,
            {file: files.sha256(run.output(file)) for file in run.digests("train")},
            read_verification(run),
        ),
    )
