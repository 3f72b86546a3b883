"""Drawing what inspection and evaluation computed, for people to read."""

from pipeline.report.summary import summary_page

__all__ = ["summary_page"]
