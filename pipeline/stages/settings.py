"""From the sections of a config to the things that they set: the one place that knows both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.config.schema import FeaturesSection, ThresholdGoal, TokensSection, TrainSection

if TYPE_CHECKING:
    from pipeline.features.vocabulary import Vocabulary
    from pipeline.tokens.tokenizer import Tokenizer, Tokens
    from pipeline.training.estimator import SGDLogisticRegression

# The keys of [features] that say how columns are weighted in training, not what is counted.
WEIGHTING = ("ratio", "alpha", "beta")


def tokenizer_of(section: TokensSection) -> Tokenizer:
    """Return the tokenizer that a section describes."""
    from pipeline.tokens.tokenizer import Tokenizer, stop_words

    settings = section.model_dump()
    settings["stop_words"] = stop_words() if section.stop_words else ()
    return Tokenizer(**settings)


def vocabulary_of(section: FeaturesSection, tokens: Tokens) -> Vocabulary:
    """Learn the vocabulary that a section describes from the training part's tokens."""
    from pipeline.features.vocabulary import learn_vocabulary

    return learn_vocabulary(
        tokens, section.ngrams, section.min_df, section.max_df, section.max_features
    )


def counting_of(section: FeaturesSection) -> dict[str, bool]:
    """Return how a section has words counted, as `count_features` takes it."""
    return {"binary": section.binary, "unit_length": section.unit_length}


def regression_of(train: TrainSection, features: FeaturesSection) -> SGDLogisticRegression:
    """Return the learner that sections describe, untrained."""
    from pipeline.training.estimator import SGDLogisticRegression

    settings: dict[str, Any] = train.model_dump(exclude={"calibrate"})
    if isinstance(train.threshold, ThresholdGoal):
        del settings["threshold"]  # it is settled when the weights are learned
    match settings["class_weight"]:
        case "none":
            settings["class_weight"] = None
        case {"negative": negative, "positive": positive}:
            settings["class_weight"] = {0: negative, 1: positive}
    settings |= {name: getattr(features, name) for name in WEIGHTING}
    return SGDLogisticRegression(**settings)


def settling_of(train: TrainSection) -> dict[str, Any]:
    """Return what is to be settled on the validation part, as `settle` takes it."""
    goal: tuple[str, float | None] | None = None
    match train.threshold:
        case ThresholdGoal(best=str(best)):
            goal = best, None
        case ThresholdGoal(min_recall=float(least)):
            goal = "min_recall", least
        case ThresholdGoal(min_precision=float(least)):
            goal = "min_precision", least
    return {"calibrate": train.calibrate, "goal": goal}
