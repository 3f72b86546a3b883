"""A trained run read back whole: model, training counts, labels, settings, epochs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.checking import checked
from pipeline.config.model import TrainSection
from pipeline.errors import RunError
from pipeline.model.logistic import Array
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.from_config import regression_of
from pipeline.stages.outputs import read_decision, read_epochs, read_steps
from pipeline.stages.read_run import read_groups, read_labels, read_weights, was_trained_on
from pipeline.storage.counts import read_counts
from pipeline.storage.run import Run
from pipeline.training.certificate import Objective
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.log_count_ratio import class_ratios, weighted

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class TrainedRun:
    """A model with its training reviews, which include its validation set.

    Attributes
    ----------
    model : TextClassifier
    counts : csr_array, shape (n, d)
    labels : int8 array, shape (n,)
    weights : float64 array, shape (n,), or None
        What each review costs, if the corpus says so.
    groups : int64 array, shape (n,), or None
        The number of each review's group, if the corpus says which reviews belong together.
    train : TrainSection
        The settings that the model was trained with.
    digests : dict of str
        The digest of each file that it was trained on.
    n_epochs : int
        The epoch whose weights were kept.
    temperature : float
        By which those weights were then divided.
    path : Path
        The run folder. The run is pickled as its path: a worker maps the same files.
    """

    model: TextClassifier
    counts: csr_array
    labels: Array
    weights: Array | None
    groups: Array | None
    train: TrainSection
    digests: dict[str, str]
    n_epochs: int
    temperature: float
    path: Path

    @classmethod
    def read(cls, path: Path) -> TrainedRun:
        """Read a run folder.

        Raises
        ------
        RunError
            If the model or a file of its training is missing, or the run's features are not
            those that the model was trained on.
        """
        model = TextClassifier.load(path)
        run = Run(path)
        trained = run.stage("train")
        if trained is None or not was_trained_on(run):
            raise RunError(
                f"{path}: the model was not trained on the features in this folder; "
                "`sentiment train CONFIG` trains it on them"
            )
        if not run.has_outputs("train"):
            raise RunError(
                f"{path / 'model'}: files are missing or changed; `sentiment train CONFIG` "
                "rewrites them"
            )
        train = trained["depends"]["config"]["train"]
        steps = read_steps(run)
        return cls(
            model,
            read_counts(run.shards("features/train.safetensors")),
            read_labels(run, "train"),
            read_weights(run, "train"),
            read_groups(run, "train"),
            checked(train, TrainSection, "train").but(**steps),
            trained["depends"]["inputs"],
            _n_epochs(run, train["patience"]),
            read_decision(run)["temperature"],
            path,
        )

    def __reduce__(self) -> Any:
        return _read_again, (self.path, self.digests)

    def learner(self) -> SGDLogisticRegression:
        """Return an untrained learner with the model's settings and classes."""
        learner = regression_of(self.train, self.model.classes)
        learner.classes_ = self.model.regression.classes_
        return learner

    def learned_rows(self) -> Array:
        """Return the reviews that the model learned from: bool, shape (n,), no validation set."""
        learned: Array = ~self.learner().draw_validation(self.labels, self.groups)
        return learned

    def objective(self) -> tuple[Objective, Array]:
        """Return the objective of training, and the weights that were learned on it.

        The validation set is left out; the costs of classes and reviews and the log-count ratios
        count. The weights are those before their temperature and their ratios were folded in.
        """
        seen = self.learned_rows()
        counts, labels, ratio = self.counts[seen], self.labels[seen], None
        weights = self.model.regression.parameters[0] * self.temperature
        if self.train.ratio != "none":
            weights_seen = None if self.weights is None else self.weights[seen]
            of_train = self.train.ratio, self.train.alpha, weights_seen, len(self.model.classes)
            ratio = class_ratios(counts, labels, *of_train)
            # Training learned weights of the weighted counts. Where the ratio is 0 theirs is 0.
            weights = np.divide(weights, ratio, out=np.zeros_like(weights), where=ratio != 0)
        if ratio is not None and ratio.ndim == 1:  # multiplied once, as in training
            counts, ratio = weighted(counts, ratio).csr(), None
        costs = self.learner().costs(self.labels, self.weights)[seen]
        train = self.train
        return Objective(counts, labels, train.l2, costs, train.fit_intercept, ratio), weights


def _read_again(path: Path, digests: dict[str, str]) -> TrainedRun:
    """Return the run that another process has read, as long as it is the same."""
    run = TrainedRun.read(path)
    if run.digests != digests:
        raise RunError(f"{path}: the model has changed since the study began; run it again")
    return run


def _n_epochs(run: Run, patience: int) -> int:
    """Return the epoch whose weights were kept: the last, or that of the lowest validation loss."""
    epochs = read_epochs(run)
    if not patience or epochs[0]["validation_loss"] is None:
        return len(epochs)
    kept: int = min(epochs, key=lambda epoch: epoch["validation_loss"])["number"]
    return kept
