"""Drawing what inspection, evaluation and curves computed, for people to read."""

from pipeline.report.data import FlippedReview, Provenance, ReportFacts, RunFacts, gather
from pipeline.report.embedded_model import kept_columns, payload
from pipeline.report.figures import Drawn, draw
from pipeline.report.html import comparison_page, page
from pipeline.report.model_card import model_card
from pipeline.report.summary import summary_page

__all__ = [
    "Drawn",
    "FlippedReview",
    "Provenance",
    "ReportFacts",
    "RunFacts",
    "comparison_page",
    "draw",
    "gather",
    "kept_columns",
    "model_card",
    "page",
    "payload",
    "summary_page",
]
