"""The report of a run: a page, a summary, a model card and figures."""
