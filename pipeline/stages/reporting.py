"""The stage that writes down what was learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.stages.compute import StageContext
from pipeline.stages.read_run import load_model, read_baselines, read_reviews, read_stability
from pipeline.storage import arrays, files

if TYPE_CHECKING:
    from pipeline.report import RunFacts

MODEL_CARD = "MODEL_CARD.md"


def compute_report(context: StageContext) -> tuple[str, list[str]]:
    """Write down what was learned.

    `index.html`, `report.json` with all that it shows, `summary.md`, `weights.tsv`, `figures/`,
    and a model card beside the model.
    """
    import numpy as np

    from pipeline import report
    from pipeline.evaluation.curves import agreement
    from pipeline.inspection.weights import weights_table
    from pipeline.model.logistic import scores

    settings = context.config.report
    model, frequency = load_model(context.run.path)
    table = weights_table(model, frequency)
    files.write_tsv(context.folder / "weights.tsv", table)
    reviews = read_reviews(context.run.path)
    counts = arrays.read_counts(context.run.path / "features" / "test.safetensors")
    triplet = counts.data, counts.indices, counts.indptr
    log_odds = model.regression.decision_function(counts)
    facts = report.gather(
        _run_facts(context),
        model,
        frequency,
        (reviews.labels, log_odds, reviews.text),
        settings.top,
        settings.reviews,
        read_baselines(context.run),
    )
    stability = read_stability(context.run, model)
    columns = report.kept_columns(model, stability is not None)
    alike = 1.0
    if len(columns) < len(model.vocabulary):
        weights = np.zeros_like(model.weights)
        weights[columns] = model.weights[columns]
        approximate = scores(*triplet, weights, model.intercept)
        alike = agreement(log_odds, approximate, model.regression.threshold)
    figures = report.draw(facts)
    carried = report.payload(model, frequency, columns, stability)
    page = report.page(facts, figures, carried, alike, model.tokenizer.tokenizer)
    files.write_text(context.folder / "index.html", page)
    files.write_json(context.folder / "report.json", facts.to_dict())
    files.write_text(context.folder / "summary.md", report.summary_page(facts))
    files.write_text(context.run.path / MODEL_CARD, report.model_card(facts, model))
    (context.folder / "figures").mkdir()
    for name, drawn in figures.items():
        (context.folder / "figures" / f"{name}.svg").write_bytes(drawn.svg)
        (context.folder / "figures" / f"{name}.png").write_bytes(drawn.png)
    return (
        f"index.html, {len(page.encode()) / 1e6:.1f} MB, and weights of {table.num_rows:,} words",
        [],
    )


def _run_facts(context: StageContext) -> RunFacts:
    """Read what the files of a run say."""
    from pipeline.report import Provenance, RunFacts

    run = context.run
    entries = {
        name: run.stage(name) or {} for name in ("corpus", "tokens", "features", "train", "eval")
    }
    stages = tuple(
        {"name": name, **{key: entry[key] for key in ("summary", "seconds", "peak_bytes")}}
        for name, entry in entries.items()
    )
    return RunFacts(
        run.path.resolve().name,
        files.read_json(run.path / "eval" / "metrics.json")["test"],
        files.read_json(run.path / "corpus" / "card.json"),
        tuple(entries["corpus"]["warnings"]),
        tuple(files.read_json(run.path / "model" / "history.json")["epochs"]),
        Provenance(
            context.config.to_toml(),
            context.config.train.seed,
            entries["train"]["versions"],
            stages,
            run.digests("train"),
        ),
    )
