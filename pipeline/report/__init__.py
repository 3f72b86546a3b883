"""Drawing what inspection, evaluation and curves computed, for people to read."""

from pipeline.report.card import model_card
from pipeline.report.facts import FlippedReview, Provenance, ReportFacts, RunFacts, gather
from pipeline.report.figures import Drawn, draw
from pipeline.report.page import comparison_page, page
from pipeline.report.payload import kept_columns, payload
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
