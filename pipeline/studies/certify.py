"""`certify_run`: the certificate of a trained run, on the objective that it was trained with."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.studies.trained_run import TrainedRun
from pipeline.training.certificate import Certificate, certify


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
    return certify(*run.objective(), steps)
