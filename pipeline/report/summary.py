"""A run on one page of Markdown, for a pull request or a hand-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.report.data import ClassesData
from pipeline.report.markdown import rendered

if TYPE_CHECKING:
    from pipeline.report.data import ReportData


def summary_page(data: ReportData | ClassesData) -> str:
    """Return the page."""
    run = data.run
    template = "more_classes.md.j2" if isinstance(data, ClassesData) else "summary.md.j2"
    return rendered(template, data=data, run=run, confusion=run.metrics["confusion"])
