"""The stages of a run: what each reads, computes and writes, and when it is fresh.

    corpus -> tokens -> features -> train -> eval -> report

This is the one place that knows both a config and the modules that do the work.
A stage is fresh when its config sections, the digests of its inputs and the source
of the modules that compute it are what the manifest says, and its outputs are there.
"""

from pipeline.stages.compute import read_labels
from pipeline.stages.ledger import TestUse, record_test_use, test_uses
from pipeline.stages.reading import Reviews, load_model, read_reviews, was_trained_on
from pipeline.stages.running import STAGES, Listener, StageResult, run_stages

__all__ = [
    "STAGES",
    "Listener",
    "Reviews",
    "StageResult",
    "TestUse",
    "load_model",
    "read_labels",
    "read_reviews",
    "record_test_use",
    "run_stages",
    "test_uses",
    "was_trained_on",
]
