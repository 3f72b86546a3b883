"""Text sentiment classification: reviews to sparse counts to a linear model you can read.

    >>> import pipeline
    >>> model = pipeline.SentimentClassifier(epochs=20)
    >>> model = model.fit(["awesome film", "abysmal film"], ["positive", "negative"])
    >>> model.predict(["awesome"]).tolist()
    ['positive']

`load` returns the classifier of a run folder. `Tokenizer`, `learn_vocabulary`, `count_features`
and `SGDLogisticRegression` are its parts. `evaluate` and `risk_coverage` measure scores;
`paired_differences` and `mcnemar` compare two models; `evaluate_classes` and
`paired_class_differences` take more than two classes. Nothing is imported until it is used, so that
a command pays only for what it needs.
"""

from __future__ import annotations

# As in `typing`, whose import would double the time in which Ctrl-C is not yet told in one line.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pipeline.classifier import SentimentClassifier, load
    from pipeline.evaluation.abstaining import risk_coverage
    from pipeline.evaluation.accuracy import mcnemar, wilson_interval
    from pipeline.evaluation.classes import (
        ClassScores,
        evaluate_classes,
        paired_class_differences,
    )
    from pipeline.evaluation.metrics import evaluate
    from pipeline.evaluation.uncertainty import Scored, paired_differences
    from pipeline.features.counting import count_features
    from pipeline.features.vocabulary import learn_vocabulary
    from pipeline.tokens.tokenizer import Tokenizer
    from pipeline.training.estimator import SGDLogisticRegression

__version__ = "0.1.0"
__all__ = [
    "ClassScores",
    "SGDLogisticRegression",
    "Scored",
    "SentimentClassifier",
    "Tokenizer",
    "count_features",
    "evaluate",
    "evaluate_classes",
    "learn_vocabulary",
    "load",
    "mcnemar",
    "paired_class_differences",
    "paired_differences",
    "risk_coverage",
    "wilson_interval",
]

_HOMES = {
    "ClassScores": "evaluation.classes",
    "SGDLogisticRegression": "training.estimator",
    "Scored": "evaluation.uncertainty",
    "SentimentClassifier": "classifier",
    "Tokenizer": "tokens.tokenizer",
    "count_features": "features.counting",
    "evaluate": "evaluation.metrics",
    "evaluate_classes": "evaluation.classes",
    "learn_vocabulary": "features.vocabulary",
    "load": "classifier",
    "mcnemar": "evaluation.accuracy",
    "paired_class_differences": "evaluation.classes",
    "paired_differences": "evaluation.uncertainty",
    "risk_coverage": "evaluation.abstaining",
    "wilson_interval": "evaluation.accuracy",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
