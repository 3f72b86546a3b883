"""`certify_run`: the certificate of a trained run, on the objective that it was trained with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.errors import ConfigError
from pipeline.studies.trained_run import TrainedRun
from pipeline.training.certificate import Certificate, Objective, certify
from pipeline.training.log_count_ratio import log_count_ratio, weighted


def certify_run(path: str | Path, steps: int = 3) -> Certificate:
    """Bound how far the objective of a trained model is above its minimum.

    The objective is that of training: the validation set is left out; class weights, the
    weights of the reviews and log-count ratios count.

    Parameters
    ----------
    path : str or Path
        A run folder.
    steps : int
        Newton steps that tighten the bound; see `pipeline.training.certificate.certify`.

    Returns
    -------
    Certificate

    Raises
    ------
    RunError
        If the run's features are not those that the model was trained on.
    ConfigError
        If l2 is 0, or the weights were interpolated after training.
    """
    run = TrainedRun.read(Path(path))
    if run.train.beta != 1:
        raise ConfigError(
            f"certify: train.beta = {run.train.beta:g} mixed the weights with their mean after "
            "training, so they minimise no objective; expected a run with beta = 1"
        )
    learner = run.learner()
    seen = run.learned_rows()
    counts, labels = run.counts[seen], run.labels[seen]
    weights = run.model.weights * run.temperature
    if run.train.ratio != "none":
        weights_seen = None if run.weights is None else run.weights[seen]
        of_train = run.train.ratio, run.train.alpha, weights_seen
        ratio = log_count_ratio(counts, labels, *of_train)
        counts = weighted(counts, ratio)
        # Training learned weights of the weighted counts. Where the ratio is 0 theirs is 0.
        weights = np.divide(weights, ratio, out=np.zeros_like(weights), where=ratio != 0)
    costs = learner.costs(run.labels, run.weights)[seen]
    goal = Objective(counts, labels, run.train.l2, costs, run.train.fit_intercept)
    return certify(goal, weights, steps)
