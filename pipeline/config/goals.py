"""The goals of what is chosen on the validation set: a threshold, and when to abstain."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pipeline.config.section import Section, about
from pipeline.errors import ConfigError


class ThresholdGoal(Section, frozen=True):
    """The goal that the threshold is chosen for on the validation set: exactly one key."""

    min_recall: Annotated[Annotated[float, Meta(gt=0, le=1)] | None, about("Least recall.")] = None
    min_precision: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None, about("Least precision.")
    ] = None
    best: Annotated[Literal["f1"] | None, about("Metric that is as high as possible.")] = None

    def __post_init__(self) -> None:
        if sum(getattr(self, name) is not None for name in self.__struct_fields__) != 1:
            raise ConfigError(
                'train.threshold: expected one of min_recall, min_precision and best = "f1"'
            )


class AbstainGoal(Section, frozen=True):
    """The goal that the bound of the confidence is chosen for: exactly one key."""

    min_accuracy: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None,
        about("Least accuracy of the predictions that are not unsure."),
    ] = None
    max_unsure: Annotated[
        Annotated[float, Meta(ge=0, lt=1)] | None, about("Largest share of unsure predictions.")
    ] = None

    def __post_init__(self) -> None:
        if (self.min_accuracy is None) == (self.max_unsure is None):
            raise ConfigError("train.abstain: expected one of min_accuracy and max_unsure")
