"""The certificate of a run: how far its training stopped from the optimum."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.errors import ConfigError
from pipeline.studies.trained_run import TrainingPart
from pipeline.training.certificate import Certificate, Objective, certify
from pipeline.training.log_count_ratio import log_count_ratio, weighted


def certify_run(path: Path, steps: int = 3) -> Certificate:
    """Certify the model of a run on the reviews that it was trained on.

    With log-count ratios the objective is that of the weighted counts, which is what training
    minimised; a weight of a count is its weight there times the ratio. `steps` narrow the bound:
    see `certify`.

    Raises
    ------
    RunError
        If the run's features are not those that the model was trained on.
    ConfigError
        If l2 is 0, or the weights were interpolated after training.
    """
    part = TrainingPart.of(path)
    if part.train.beta != 1:
        raise ConfigError(
            f"certify: train.beta = {part.train.beta:g} has mixed the weights with their "
            "mean after training, so they minimise nothing; expected a run with beta = 1"
        )
    learner = part.learner()
    seen = ~learner.draw_validation(part.labels)
    counts, labels = part.counts[seen], part.labels[seen]
    weights = part.model.weights * part.temperature
    if part.train.ratio != "none":
        ratio = log_count_ratio(counts, labels, part.train.ratio, part.train.alpha)
        counts = weighted(counts, ratio)
        # A column whose ratio is 0 never has a gradient: its weight there is 0.
        weights = np.divide(weights, ratio, out=np.zeros_like(weights), where=ratio != 0)
    costs = learner.costs(part.labels)[seen]
    goal = Objective(counts, labels, part.train.l2, costs, part.train.fit_intercept)
    return certify(goal, weights, steps)
