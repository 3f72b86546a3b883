"""The stages of a run: where a config meets the packages that do the work.

    corpus -> tokens -> features -> train -> eval -> report

This is the one place that knows both a config and the modules that do the work.
A stage is up to date if its config sections, the digests of its inputs and the source of the
modules that compute it are those in the manifest, and its outputs are there.
"""

from pipeline.stages.read_run import Reviews, load_model, read_labels, read_reviews, was_trained_on
from pipeline.stages.runner import STAGES, Listener, StageResult, run_stages
from pipeline.stages.test_uses import TestUse, read_test_uses, record_test_use

__all__ = [
    "STAGES",
    "Listener",
    "Reviews",
    "StageResult",
    "TestUse",
    "load_model",
    "read_labels",
    "read_reviews",
    "read_test_uses",
    "record_test_use",
    "run_stages",
    "was_trained_on",
]
