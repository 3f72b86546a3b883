"""The keys of [features] and [train], and which of them go together."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import force_setattr

from pipeline.config import limits
from pipeline.config.class_costs import Costs, checked_costs
from pipeline.config.goals import AbstainGoal, ThresholdGoal
from pipeline.config.section import (
    AtLeastOne,
    Count,
    Fraction,
    NotNegative,
    Positive,
    Section,
    Seed,
    Share,
    about,
)
from pipeline.errors import ConfigError

# An int is a number of documents, a float a fraction of them, as in scikit-learn.
DocumentBound = AtLeastOne | Share
_Length = Annotated[int, Meta(ge=1, le=limits.CHARACTERS)]
_Epoch = Annotated[int, Meta(ge=0, le=limits.EPOCHS)]
_Epochs = Annotated[int, Meta(ge=1, le=limits.EPOCHS)] | Literal["auto"]
_BOUND = f"a number of reviews (1 to {limits.COUNT}) or a fraction of them (0.0 to 1.0)"


class FeaturesSection(Section, frozen=True):
    """Which n-grams of tokens and of characters are counted, and how."""

    ngrams: Annotated[
        int,
        Meta(ge=0, le=limits.NGRAMS),
        about(
            "Longest n-gram, in tokens; shorter ones are counted too. 0 counts characters alone."
        ),
    ] = 1
    characters: Annotated[
        tuple[_Length, _Length] | None,
        about(
            "Least and greatest length of character n-grams, which lie within a token that is "
            "padded by a space on both sides.",
            f"two whole numbers from 1 to {limits.CHARACTERS}, such as [2, 5]",
        ),
    ] = None
    min_df: Annotated[
        DocumentBound,
        about("Fewest training reviews that a feature must occur in (document frequency).", _BOUND),
    ] = 1
    max_df: Annotated[
        DocumentBound, about("Most training reviews that a feature may occur in.", _BOUND)
    ] = 1.0
    max_features: Annotated[
        Count, about("Keep this many features, the most frequent ones; 0 keeps all.")
    ] = 0
    binary: Annotated[bool, about("Record whether a feature occurs, not how often.")] = False
    unit_length: Annotated[
        bool, about("Divide the counts of a review by their Euclidean length.")
    ] = False

    def __post_init__(self) -> None:
        if self.characters is None:
            if not self.ngrams:
                raise ConfigError(
                    "features.ngrams: expected at least 1 without features.characters, got 0; "
                    "set features.characters = [2, 5], or another range"
                )
        elif self.characters[0] > self.characters[1]:
            raise ConfigError(
                f"features.characters: expected the least length first, got {list(self.characters)}"
            )


class TrainSection(Section, frozen=True):
    """How the weights are learned."""

    ratio: Annotated[
        Literal["none", "documents", "counts"],
        about(
            "Weight features by their log-count ratio, over documents or over counts "
            "(Wang & Manning 2012)."
        ),
    ] = "none"
    alpha: Annotated[Positive, about("Smoothing of the log-count ratio.")] = 1.0
    beta: Annotated[
        Share,
        about("Share of the learned weights in the result; the rest is their mean magnitude."),
    ] = 1.0
    l2: Annotated[NotNegative, about("Strength of the L2 penalty.")] = 1e-4
    epochs: Annotated[
        _Epochs,
        about("Passes over the training reviews; auto makes 10 to 20, more on fewer reviews."),
    ] = "auto"
    batch_size: Annotated[
        AtLeastOne,
        about("Reviews in one step: 1 is SGD, all of them is gradient descent."),
    ] = 1
    learning_rate: Annotated[
        Positive | Literal["auto"],
        about("Size of the first step; auto fits it to the length of the reviews and the epochs."),
    ] = "auto"
    schedule: Annotated[
        Literal["constant", "inverse", "adagrad", "fisher"],
        about(
            "How the learning rate changes: one rate for all weights (constant, inverse), "
            "or one for each weight (adagrad, fisher)."
        ),
    ] = "adagrad"
    average_from: Annotated[
        _Epoch,
        about(
            "First epoch whose weights are averaged, with a constant or inverse schedule; "
            "0 averages none."
        ),
    ] = 0
    averaged_runs: Annotated[
        int,
        Meta(ge=1, le=limits.AVERAGED_RUNS),
        about("SGD runs, each with its own order of the reviews, whose weights are averaged."),
    ] = 1
    parts: Annotated[
        int,
        Meta(ge=1, le=limits.PARTS),
        about(
            "Parts that the shuffled reviews are cut into. In each epoch an SGD run learns each "
            "part, in a thread or on a worker, and the results are averaged. More parts need more "
            "epochs."
        ),
    ] = 1
    exact: Annotated[
        bool, about("After the epochs, go on to the minimum of the objective by L-BFGS.")
    ] = False
    gap: Annotated[
        Positive,
        about(
            "With exact: stop when the objective is certainly within this distance of its "
            "minimum, in nats per review."
        ),
    ] = 1e-5
    fit_intercept: Annotated[
        bool, about("Learn an intercept: the log-odds of an empty review.")
    ] = True
    class_weight: Annotated[
        Literal["none", "balanced"] | Costs,
        about(
            "Cost of a mistake on each class, by its name: 1 if it is not named. Balanced costs "
            "are inverse to the class sizes.",
            '"none", "balanced" or a table such as { negative = 1.0, positive = 2.0 }',
        ),
    ] = "none"
    validation: Annotated[
        float,
        Meta(ge=0, lt=1),
        about("Fraction of the training reviews that is held out as the validation set."),
    ] = 0.0
    patience: Annotated[
        _Epoch,
        about(
            "Stop after this many epochs without a lower validation loss and keep the weights of "
            "the lowest; 0 never stops early."
        ),
    ] = 0
    calibrate: Annotated[
        bool,
        about(
            "Divide the scores by a temperature, so that probabilities match frequencies. It is "
            "fitted to the validation set if that has 200 reviews, and otherwise to folds of the "
            "training set."
        ),
    ] = True
    threshold: Annotated[
        Fraction | ThresholdGoal,
        about(
            "A review is predicted positive if its probability is above this. A goal chooses it "
            "on the validation set: { min_recall = 0.95 }, { min_precision = 0.9 } or "
            '{ best = "f1" }.',
            "a number between 0 and 1, or a goal such as { min_recall = 0.95 }",
        ),
    ] = 0.5
    abstain: Annotated[
        Fraction | AbstainGoal | None,
        about(
            "A prediction is unsure if its confidence is below this. A goal chooses it on the "
            "validation set: { min_accuracy = 0.95 } or { max_unsure = 0.1 }.",
            "a number between 0 and 1, or a goal such as { min_accuracy = 0.95 }",
        ),
    ] = None
    seed: Annotated[Seed, about("Random seed of the validation set and the shuffles.")] = 0

    def __post_init__(self) -> None:
        if isinstance(self.class_weight, dict):
            force_setattr(self, "class_weight", checked_costs(self.class_weight))
        if not self.validation:
            needs = {
                "patience": self.patience > 0,
                "threshold": isinstance(self.threshold, ThresholdGoal),
                "abstain": isinstance(self.abstain, AbstainGoal),
            }
            for key in (key for key, needed in needs.items() if needed):
                raise ConfigError(
                    f"train.{key}: expected a validation set with it, such as "
                    "train.validation = 0.1"
                )
        if self.exact and not self.l2:
            raise ConfigError(
                "train.exact: expected train.l2 > 0 with it, got 0; without a penalty the minimum "
                "may be at infinity"
            )
        if self.exact and self.patience:
            raise ConfigError(
                f"train.patience: expected 0 with train.exact, got {self.patience}; L-BFGS goes on "
                "from the weights of any epoch to the same minimum"
            )
        if self.schedule in ("adagrad", "fisher"):
            if self.average_from:
                raise ConfigError(
                    "train.average_from: expected 0 where train.schedule = "
                    f'"{self.schedule}", got {self.average_from}'
                )
        elif self.learning_rate != "auto" and self.l2 * self.learning_rate >= 1:
            raise ConfigError(
                "train.learning_rate: expected l2 * learning_rate < 1, "
                f"got {self.l2:g} * {self.learning_rate:g}; lower it"
            )
        if self.epochs != "auto" and self.average_from > self.epochs:
            raise ConfigError(
                f"train.average_from: expected 0 to train.epochs = {self.epochs}, "
                f"got {self.average_from}"
            )
