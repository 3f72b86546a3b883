"""Refuse parameters of `SGDLogisticRegression` that are out of range or clash."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.training.automatic import AUTO

if TYPE_CHECKING:
    from pipeline.training.estimator import SGDLogisticRegression

SCHEDULES = ("constant", "inverse", "adagrad", "fisher")
_RATIOS = ("none", "documents", "counts")


def check_parameters(model: SGDLogisticRegression) -> None:
    """Refuse a parameter that is out of range, and parameters that do not go together.

    Examples
    --------
    >>> from pipeline import SGDLogisticRegression
    >>> check_parameters(SGDLogisticRegression(epochs=0))
    Traceback (most recent call last):
    ValueError: epochs: expected a number >= 1 or "auto", got 0
    """
    for name, accepted, valid in (
        ("l2", ">= 0", model.l2 >= 0),
        ("epochs", '>= 1 or "auto"', _in_range(model.epochs, lambda epochs: epochs >= 1)),
        ("batch_size", ">= 1", model.batch_size >= 1),
        ("averaged_runs", ">= 1", model.averaged_runs >= 1),
        ("parts", ">= 1", model.parts >= 1),
        ("gap", "> 0", model.gap > 0),
        ("learning_rate", '> 0 or "auto"', _in_range(model.learning_rate, lambda rate: rate > 0)),
        ("validation", ">= 0 and < 1", 0 <= model.validation < 1),
        ("threshold", "> 0 and < 1", 0 < model.threshold < 1),
        ("alpha", "> 0", model.alpha > 0),
        ("beta", ">= 0 and <= 1", 0 <= model.beta <= 1),
    ):
        if not valid:
            raise ValueError(f"{name}: expected a number {accepted}, got {getattr(model, name)!r}")
    for name, choices in (("schedule", SCHEDULES), ("ratio", _RATIOS)):
        if getattr(model, name) not in choices:
            accepted = f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise ValueError(f"{name}: expected {accepted}, got {getattr(model, name)!r}")
    if model.patience and not model.validation:
        raise ValueError("patience: expected validation > 0 with it, got 0")
    if model.exact and not model.l2:
        raise ValueError("exact: expected l2 > 0 with it, got 0; the minimum may be at infinity")
    if model.exact and model.patience:
        raise ValueError(f"patience: expected 0 with exact, got {model.patience}")
    if model.average_from and model.schedule in ("adagrad", "fisher"):
        raise ValueError(
            f"average_from: expected 0 with the schedule {model.schedule}, got {model.average_from}"
        )


def _in_range(value: float | str, in_range: Callable[[float], bool]) -> bool:
    """Return True for a number in range and for "auto"."""
    return value == AUTO if isinstance(value, str) else in_range(value)


def check_threshold(model: SGDLogisticRegression) -> None:
    """Refuse a threshold where there are more than two classes."""
    n_classes = len(model.classes_)
    if n_classes > 2 and model.threshold != 0.5:
        raise ValueError(
            f"threshold: expected none (0.5) where there are {n_classes} classes, "
            f"got {model.threshold}; the most probable one is predicted"
        )
