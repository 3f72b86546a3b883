"""The whole config: one section for each stage, and the keys of [eval] and [report].

A section has its stage's name. Every key has a default where a sensible one exists, and a
description that `sentiment config` and the documentation show.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta
from msgspec.structs import force_setattr, replace

from pipeline.config import limits
from pipeline.config.class_costs import costs_of_classes
from pipeline.config.corpus import (
    FilesCorpus,
    HubCorpus,
    NltkCorpus,
    SampleCorpus,
)
from pipeline.config.model import FeaturesSection, TrainSection
from pipeline.config.section import Fraction, Section, Seed, about
from pipeline.config.tokens import TokensSection
from pipeline.config.toml import to_toml
from pipeline.config.tuning import TuneSection


class EvalSection(Section, frozen=True):
    """How the test set is scored."""

    confidence: Annotated[Fraction, about("Confidence level of every interval.")] = 0.95
    resamples: Annotated[
        int,
        Meta(ge=0, le=limits.RESAMPLES),
        about("Bootstrap samples of the test reviews for the intervals; 0 omits them."),
    ] = 1000
    seed: Annotated[Seed, about("Random seed of the bootstrap.")] = 0
    bins: Annotated[
        int, Meta(ge=2, le=limits.BINS), about("Bins of probability for the calibration.")
    ] = 10


class ReportSection(Section, frozen=True):
    """What the report shows."""

    top: Annotated[int, Meta(ge=1, le=limits.SHOWN), about("Words of each sign.")] = 10
    reviews: Annotated[
        int,
        Meta(ge=0, le=limits.SHOWN),
        about("Reviews that are most wrong, and as many that are least certain."),
    ] = 5


class Config(Section, frozen=True):
    """A whole experiment: a section for each stage, in the order data flows, and for tuning."""

    corpus: SampleCorpus | FilesCorpus | HubCorpus | NltkCorpus = SampleCorpus()
    tokens: TokensSection = TokensSection()
    features: FeaturesSection = FeaturesSection()
    train: TrainSection = TrainSection()
    eval: EvalSection = EvalSection()
    report: ReportSection = ReportSection()
    tune: TuneSection | None = None

    def __post_init__(self) -> None:
        costs, classes = self.train.class_weight, self.corpus.class_names
        if isinstance(costs, dict) and classes is not None:
            of_all = costs_of_classes(costs, classes)
            force_setattr(self, "train", self.train.but(class_weight=of_all))

    def section(self, stage: str) -> dict[str, Any]:
        """Return one section as plain values, as they are digested and saved."""
        values: dict[str, Any] = getattr(self, stage).to_dict()
        return values

    def without_tune(self) -> Config:
        """Return the config without its [tune] section."""
        return replace(self, tune=None)

    def to_toml(self) -> str:
        """Return the resolved config as TOML; keys that are not set are left out."""
        tables = self.to_dict()
        return to_toml({name: table for name, table in tables.items() if table is not None})
