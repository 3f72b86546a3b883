"""What the model of a run was trained on: its counts, labels and settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config.checking import checked
from pipeline.config.schema import TrainSection
from pipeline.errors import RunError
from pipeline.model.logistic import Array
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages import read_labels, was_trained_on
from pipeline.stages.from_config import regression_of
from pipeline.storage import arrays, files
from pipeline.storage.run import Run
from pipeline.training.estimator import SGDLogisticRegression

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class TrainingPart:
    """A model with the reviews that it was learned from, validation part included.

    Attributes
    ----------
    model : TextClassifier
    counts : csr_array, shape (n, d)
    labels : int8 array, shape (n,)
    train : TrainSection
        The settings that the model was trained with.
    digests : dict of str
        Of the files that it was learned from.
    n_epochs : int
        After how many its weights were kept.
    temperature : float
        What they were divided by then.
    """

    model: TextClassifier
    counts: csr_array
    labels: Array
    train: TrainSection
    digests: dict[str, str]
    n_epochs: int
    temperature: float

    @classmethod
    def of(cls, path: Path) -> TrainingPart:
        """Read it from a run.

        Raises
        ------
        RunError
            If there is no model, or only a part of what training wrote; or if the run's
            features are not those that it was trained on.
        """
        model = TextClassifier.load(path)
        run = Run(path)
        trained = run.stage("train")
        if trained is None or not was_trained_on(run):
            raise RunError(
                f"{path}: the model was not trained on the features that are there; expected a "
                "run whose stages are of one config: `sentiment train CONFIG` makes them so"
            )
        if not run.has_outputs("train"):
            raise RunError(
                f"{path / 'model'}: not all there as it was saved; `sentiment train CONFIG` "
                "rewrites it"
            )
        config = trained["depends"]["config"]
        return cls(
            model,
            arrays.read_counts(path / "features" / "train.safetensors"),
            read_labels(run, "train"),
            checked(config["train"], TrainSection, "train"),
            trained["depends"]["inputs"],
            _n_epochs(path, config["train"]["patience"]),
            _temperature(path),
        )

    def settings(self) -> dict[str, Any]:
        """Return the settings that the model was trained with, as JSON can hold them."""
        return self.train.to_dict()

    def learner(self) -> SGDLogisticRegression:
        """Return the learner that made the model, untrained but for the classes that it knows."""
        learner = regression_of(self.train)
        learner.classes_ = self.model.regression.classes_
        return learner


def _n_epochs(path: Path, patience: int) -> int:
    """Return the epoch whose weights were kept: the last, or that of the lowest validation loss."""
    epochs = files.read_json(path / "model" / "history.json")["epochs"]
    if not patience:
        return len(epochs)
    kept: int = min(epochs, key=lambda epoch: epoch["validation_loss"])["number"]
    return kept


def _temperature(path: Path) -> float:
    file = path / "model" / "decision.json"
    return float(files.read_json(file)["temperature"]) if file.exists() else 1.0
