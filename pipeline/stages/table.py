"""The table of stages: what each computes, reads and writes, and which code it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.stages import compute, reporting
from pipeline.stages.compute import StageContext
from pipeline.stages.read_run import STUDIES


@dataclass(frozen=True)
class Stage:
    """A stage, and what decides if it is up to date.

    Attributes
    ----------
    name, folder : str
    compute : callable
        Writes the outputs to the context's folder; returns a summary and warnings.
    inputs : tuple of str
        The stages whose outputs are read.
    sections : tuple of str
        The sections of the config that are read.
    modules : tuple of str
        The modules that do the work; an edit of one that they import counts, too.
    extra_outputs : tuple of str
        Files that it writes into the run folder.
    studies : tuple of str
        Files of studies that it reads if they are there.
    """

    name: str
    folder: str
    compute: Callable[[StageContext], tuple[str, list[str]]]
    inputs: tuple[str, ...]
    sections: tuple[str, ...]
    modules: tuple[str, ...]
    extra_outputs: tuple[str, ...] = ()
    studies: tuple[str, ...] = ()


STAGES = (
    Stage(
        "corpus",
        "corpus",
        compute.compute_corpus,
        (),
        ("corpus",),
        (
            "pipeline.storage.files",
            "pipeline.corpus.audit",
            "pipeline.corpus.files",
            "pipeline.corpus.hub",
            "pipeline.corpus.nltk",
            "pipeline.corpus.parts",
            "pipeline.corpus.split",
        ),
    ),
    Stage(
        "tokens",
        "tokens",
        compute.compute_tokens,
        ("corpus",),
        ("tokens",),
        (
            "pipeline.tokens.diagnosis",
            "pipeline.tokens.shards",
            "pipeline.tokens.stop_words",
            "pipeline.tokens.tokenizer",
        ),
    ),
    Stage(
        "features",
        "features",
        compute.compute_features,
        ("tokens",),
        ("features",),
        (
            "pipeline.features.counting",
            "pipeline.features.vocabulary",
            "pipeline.storage.counts",
            "pipeline.tokens.shards",
        ),
    ),
    Stage(
        "train",
        "model",
        compute.compute_train,
        ("corpus", "tokens", "features"),
        ("features", "train"),
        (
            "numpy.random",  # NumPy imports it when it is used
            "pipeline.training.estimator",
            "pipeline.model.text_classifier",
            "pipeline.training.decision",
            "pipeline.training.diagnosis",
            "pipeline.stages.deciding",
            "pipeline.evaluation.abstaining",
        ),
    ),
    Stage(
        "eval",
        "eval",
        compute.compute_eval,
        ("corpus", "features", "train"),
        ("eval",),
        (
            "pipeline.evaluation.abstaining",
            "pipeline.evaluation.scored",
            "pipeline.model.text_classifier",
            "pipeline.stages.predictions",
            "pipeline.storage.counts",
        ),
    ),
    Stage(
        "report",
        "report",
        reporting.compute_report,
        ("corpus", "features", "train", "eval"),
        ("report",),
        (
            "pipeline.inspection.weights",
            "pipeline.report",  # its templates
            "pipeline.report.embedded_model",
            "pipeline.report.figures",
            "pipeline.report.html",
            "pipeline.report.model_card",
            "pipeline.stages.read_run",
            "pipeline.stages.reporting",
        ),
        extra_outputs=(reporting.MODEL_CARD,),
        studies=STUDIES,
    ),
)
