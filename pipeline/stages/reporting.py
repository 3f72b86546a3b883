"""The stage that writes down what was learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.stages.compute import Job
from pipeline.stages.read_run import load_model, read_ladder, read_reviews, read_stability
from pipeline.storage import arrays, files

if TYPE_CHECKING:
    from pipeline.report import RunFacts

MODEL_CARD = "MODEL_CARD.md"


def compute_report(job: Job) -> tuple[str, list[str]]:
    """Write down what was learned.

    `index.html`, `report.json` with all that it shows, `summary.md`, `weights.tsv`, `figures/`,
    and a model card beside the model.
    """
    import numpy as np

    from pipeline import report
    from pipeline.evaluation.curves import agreement
    from pipeline.inspection.weights import weights_table
    from pipeline.model.logistic import scores

    settings = job.config.report
    model, frequency = load_model(job.run.path)
    table = weights_table(model, frequency)
    files.write_tsv(job.folder / "weights.tsv", table)
    reviews = read_reviews(job.run.path)
    counts = arrays.read_counts(job.run.path / "features" / "test.safetensors")
    triplet = counts.data, counts.indices, counts.indptr
    log_odds = model.regression.decision_function(counts)
    facts = report.gather(
        _run_facts(job),
        model,
        frequency,
        (reviews.labels, log_odds, reviews.text),
        settings.top,
        settings.reviews,
        read_ladder(job.run),
    )
    stability = read_stability(job.run, model)
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
    files.write_text(job.folder / "index.html", page)
    files.write_json(job.folder / "report.json", facts.to_dict())
    files.write_text(job.folder / "summary.md", report.summary_page(facts))
    files.write_text(job.run.path / MODEL_CARD, report.model_card(facts, model))
    (job.folder / "figures").mkdir()
    for name, drawn in figures.items():
        (job.folder / "figures" / f"{name}.svg").write_bytes(drawn.svg)
        (job.folder / "figures" / f"{name}.png").write_bytes(drawn.png)
    return (
        f"index.html, {len(page.encode()) / 1e6:.1f} MB, and weights of {table.num_rows:,} words",
        [],
    )


def _run_facts(job: Job) -> RunFacts:
    """Read what the files of a run say."""
    from pipeline.report import Provenance, RunFacts

    run = job.run
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
            job.config.to_toml(),
            job.config.train.seed,
            entries["train"]["versions"],
            stages,
            run.digests("train"),
        ),
    )
