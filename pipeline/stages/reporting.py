"""The stage that writes down what was learned."""

from __future__ import annotations

from pipeline import artifacts
from pipeline.stages.compute import Job
from pipeline.stages.reading import load_model


def compute_report(job: Job) -> tuple[str, list[str]]:
    """Write down what was learned: `weights.tsv` and `summary.md`."""
    from pipeline.inspection import weights_table
    from pipeline.report import summary_page

    model, frequency = load_model(job.run.path)
    table = weights_table(model, frequency)
    artifacts.write_tsv(job.folder / "weights.tsv", table)
    metrics = artifacts.read_json(job.run.path / "eval" / "metrics.json")
    page = summary_page(job.run.path.name, metrics["test"], model, frequency, job.config.report.top)
    artifacts.write_text(job.folder / "summary.md", page)
    return f"weights of {table.num_rows:,} words, summary.md", []
