"""The report of a run: a page, a summary, a model card and figures."""

from pipeline.report.data import (
    Provenance,
    ReportData,
    Review,
    RunData,
    ScoredReviews,
    gather,
)
from pipeline.report.embedded_model import agreement, embedded_model, kept_columns
from pipeline.report.figures import draw
from pipeline.report.html import comparison_page, page
from pipeline.report.model_card import model_card
from pipeline.report.summary import summary_page
from pipeline.report.svg import Drawn

__all__ = [
    "Drawn",
    "Provenance",
    "ReportData",
    "Review",
    "RunData",
    "ScoredReviews",
    "agreement",
    "comparison_page",
    "draw",
    "embedded_model",
    "gather",
    "kept_columns",
    "model_card",
    "page",
    "summary_page",
]
