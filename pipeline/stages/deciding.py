"""The weights that `train` learns, and what it chooses: temperature, threshold, when to abstain."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.config.model import TrainSection
from pipeline.stages.from_config import abstaining_of, decision_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.training.estimator import SGDLogisticRegression
    from pipeline.training.folds import LearnedReviews
    from pipeline.training.held_out import Scored
    from pipeline.training.history import Epoch
    from pipeline.training.parts import Spread


class Decided(NamedTuple):
    """What was chosen.

    Attributes
    ----------
    bound : float or None
        The confidence below which a prediction is unsure; None if the model never abstains.
    outcome : dict
        As `decision.json` has it; empty if nothing was chosen.
    summary : str
        Continues the summary of the stage.
    warnings : list of str
    """

    bound: float | None
    outcome: dict[str, Any]
    summary: str
    warnings: list[str]


def fit_and_decide(
    section: TrainSection,
    regression: SGDLogisticRegression,
    learned: LearnedReviews,
    on_epoch: Callable[[Epoch, int], None],
    spread: Spread,
) -> Decided:
    """Fit a regression, tell of each epoch and how many there are, and decide as `decide` does."""
    from pipeline.training.held_out import EarlyFolds

    early = EarlyFolds(regression, learned, spread)

    def told(epoch: Epoch) -> None:
        if section.calibrate:
            early.begin()
        on_epoch(epoch, regression.epochs_)

    counts, labels, weights, groups = learned
    regression.fit(counts, labels, weights, told, groups, spread)
    return decide(section, regression, learned, early.scored)


def decide(
    section: TrainSection,
    regression: SGDLogisticRegression,
    learned: LearnedReviews,
    scored: Callable[[], Scored | None] | None = None,
) -> Decided:
    """Set temperature and threshold of a fitted regression, and return them with the bound."""
    from pipeline.training.decision import NO_DECISION, choose_abstaining, choose_decision

    decision = choose_decision(regression, learned, **decision_of(section), scored=scored)
    outcome: dict[str, Any] = {}
    summary, warnings = "", []
    if decision is not None:
        outcome = dataclasses.asdict(decision)
        if decision.n_scored:
            summary += f", temperature {decision.temperature:.3g}"
        if decision.threshold is not None:
            summary += f", threshold {regression.threshold:.3f} for {decision.threshold.goal}"
    bound = abstaining_of(section)
    if isinstance(bound, tuple):
        _, least = goal = bound
        choice = choose_abstaining(regression, learned, goal)
        bound = choice.bound
        shown = f"unsure below a confidence of {bound:.3f}" if bound else "no prediction unsure"
        summary += f", {shown} for {choice.goal}"
        on_validation = _on_validation(regression, learned, bound)
        outcome = outcome or dataclasses.asdict(NO_DECISION)
        outcome["abstain"] = {"goal": choice.goal, "validation": on_validation}
        n_decided = on_validation["n"] - on_validation["n_unsure"]
        if goal[0] == "min_accuracy" and _shows_too_little(n_decided, least):
            warnings = [
                f"train.abstain: {n_decided:,} validation reviews are decided, too few to show "
                f"an {choice.goal} even if all were right; a larger train.validation has more"
            ]
    return Decided(bound, outcome, summary, warnings)


def _on_validation(
    regression: SGDLogisticRegression, learned: LearnedReviews, bound: float
) -> dict[str, Any]:
    """Return coverage and accuracy on the validation set."""
    from pipeline.evaluation.abstaining import AbstainingScores, abstaining

    rows = regression.in_validation_
    z = regression.decision_function(learned.counts)[rows]
    groups = None if learned.groups is None else learned.groups[rows]
    scores = AbstainingScores(z, regression.threshold, bound, groups)
    return abstaining(learned.labels[rows], scores).to_dict()


def _shows_too_little(n: int, accuracy: float) -> bool:
    """Return True if the interval of n right predictions of n holds lower accuracies too."""
    from pipeline.evaluation.accuracy import wilson_interval

    return accuracy < 1 and wilson_interval(n, n)[0] < accuracy
