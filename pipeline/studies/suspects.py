"""Suspects: training reviews whose label is probably wrong.

Each review is scored by a model that learned from the other folds, so that a wrong label has no
say in its own score. `evaluation.label_errors` finds the scores that speak against their labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.boundary.inert import one_line
from pipeline.config.loading import load_config
from pipeline.config.schema import Config
from pipeline.errors import RunError
from pipeline.evaluation.label_errors import LabelErrors, find_label_errors
from pipeline.inspection.highlights import Highlight, highlight
from pipeline.model.logistic import Array, probabilities
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.from_config import counting_of, tokenizer_of
from pipeline.storage import arrow, files
from pipeline.storage.replacing import replacing_folder
from pipeline.storage.run import Run
from pipeline.stratified import TWO_CLASSES, draw_folds
from pipeline.studies.execution import DEFAULT, Execution
from pipeline.studies.journal import open_journal
from pipeline.studies.splits import Reviews, Split

# Of more than two classes, what is suggested is not the only other one.
_COLUMNS = ("row", "label", "probability", "text")
_COLUMNS_OF_MORE = ("row", "label", "suggested", "probability", "suggested_probability", "text")


@dataclass(frozen=True)
class Suspect:
    """A training review whose label is probably wrong.

    Attributes
    ----------
    row : int
        Its row in the training set, from 0.
    label, suggested : str
        The label that it has, and the class that it is confidently of.
    probability : float
        Of being positive, by a model that did not learn from it; of more than two classes, of
        its label.
    suggested_probability : float
        Of the suggested class.
    text : str
    highlight : Highlight
        What each word adds to the score of that model; of more than two classes, to how far the
        suggested class is above the label.
    """

    row: int
    label: str
    suggested: str
    probability: float
    suggested_probability: float
    text: str
    highlight: Highlight


@dataclass(frozen=True)
class Suspects:
    """The scores of all training reviews, and which of them speak against their labels.

    Attributes
    ----------
    path : Path
        The folder of the study.
    texts : pyarrow.ChunkedArray of large_string, length n
    labels : int8 array, shape (n,)
    scores : float64 array, shape (n,), or (n, n_classes) with more than two classes
        Of two classes, the log-odds of the positive one; by a model of the other folds.
    fold_of : int array, shape (n,)
        From 0.
    found : LabelErrors
    classes : tuple of str
    """

    path: Path
    texts: pa.ChunkedArray
    labels: Array
    scores: Array
    fold_of: Array
    found: LabelErrors
    classes: tuple[str, ...] = TWO_CLASSES

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of the table of suspects."""
        return _COLUMNS if len(self.classes) == 2 else _COLUMNS_OF_MORE

    def top(self, n: int) -> list[Suspect]:
        """Return the n most suspect reviews, each explained by the model that scored it."""
        rows = self.found.rows[:n]
        folds = np.unique(self.fold_of[rows]).tolist()
        models = {fold: TextClassifier.load(_folder(self.path, fold)) for fold in folds}
        suspects = []
        for row, number, *of_classes in zip(
            rows.tolist(), self.found.suggested[:n].tolist(), *self.probabilities(n), strict=True
        ):
            text, of_label = self.texts[row].as_py(), int(self.labels[row])
            label, suggested = self.classes[of_label], self.classes[number]
            explained = highlight(models[self.fold_of[row]], text, (of_label, number))
            own, other = map(float, of_classes)
            suspects.append(Suspect(row, label, suggested, own, other, text, explained))
        return suspects

    def probabilities(self, n: int | None = None) -> tuple[Array, Array]:
        """Return two probabilities of the n most suspect reviews; see `Suspect`."""
        rows, suggested = self.found.rows[:n], self.found.suggested[:n]
        of_class, every = probabilities(self.scores[rows]), np.arange(len(rows))
        own = np.ones_like(suggested) if self.scores.ndim == 1 else self.labels[rows]
        return of_class[every, own], of_class[every, suggested]

    def to_dict(self, shown: Sequence[Suspect]) -> dict[str, Any]:
        """Return the counts, and some suspects with their words, as JSON can hold them."""
        return {
            "n": len(self.labels),
            "n_suspects": len(self.found.rows),
            "thresholds": dict(zip(self.classes, self.found.thresholds, strict=True)),
            "joint": self.found.joint,
            "suspects": [
                {
                    **{name: getattr(suspect, name) for name in self.columns},
                    "pieces": [asdict(piece) for piece in suspect.highlight.pieces],
                }
                for suspect in shown
            ],
        }


def suspects_file(path: Path) -> Path:
    """Return where the study of a run writes the table of all suspects."""
    return path / "suspects" / "suspects.tsv"


def find_suspects(
    path: str | Path,
    n_folds: int = 5,
    seed: int = 0,
    execution: Execution = DEFAULT,
) -> Suspects:
    """Find the training reviews of a run whose label is probably wrong.

    The settings are those of the run's config. Writes `suspects/suspects.tsv` into the run
    folder, and keeps the model of each fold there. The test set is not read.

    Parameters
    ----------
    path : str or Path
        A run folder; of its stages, `corpus` is enough.
    n_folds, seed : int
        Folds are drawn at random, by class. Reviews of one group are in one fold.
    execution : Execution

    Returns
    -------
    Suspects

    Raises
    ------
    RunError
        If the run has no training set.
    ConfigError
        If there are more folds than reviews of a class, or fewer than two.
    """
    path = Path(path)
    run = Run(path)
    if not run.has_outputs("corpus"):
        raise RunError(f"{path}: no training set here; `sentiment corpus CONFIG` makes one")
    config = load_config(path / "config.toml").without_tune()
    reviews = Reviews.read(run, "train")
    fold_of = draw_folds(reviews.labels, n_folds, seed, "--folds", reviews.groups, reviews.names)
    depends = reviews.depends(config) | {"folds": n_folds, "seed": seed}
    folder, n_classes = path / "suspects", len(reviews.classes)
    scores = np.empty((len(reviews.labels),) + (n_classes,) * (n_classes > 2))
    with open_journal(folder, depends, n_folds, execution) as journal:

        def is_done(fold: int) -> bool:
            model = _folder(folder, fold)
            return model.name in journal and (model / "model.json").exists()

        missing = [fold for fold in range(n_folds) if not is_done(fold)]
        execution.listener.study_advanced(n_folds - len(missing))
        learned = execution.workers.map(_learn, missing, config, reviews, fold_of, folder)
        for fold, of_fold in zip(missing, learned, strict=True):
            journal[_folder(folder, fold).name] = of_fold.tolist()
            execution.listener.study_advanced(1)
        for fold in range(n_folds):
            scores[fold_of == fold] = journal[_folder(folder, fold).name]
        found = find_label_errors(reviews.labels, scores)
        of_reviews = folder, reviews.texts, reviews.labels, scores, fold_of
        result = Suspects(*of_reviews, found, reviews.classes)
        files.write_tsv(suspects_file(path), files.for_spreadsheets(_table(result)))
    return result


def _folder(study: Path, fold: int) -> Path:
    """Return the folder of a fold's model."""
    return study / f"fold-{fold + 1}"


def _learn(fold: int, config: Config, reviews: Reviews, fold_of: Array, study: Path) -> Array:
    """Save a model that learned from the other folds; return its scores of this one."""
    counted = reviews.counted(Split.of_fold(fold_of, fold), config)
    regression = counted.learn(config.train)
    binary, unit_length = counting_of(config.features).values()
    tokenizer = tokenizer_of(config.tokens)
    parts = tokenizer, counted.vocabulary, binary, regression, unit_length, reviews.classes
    with replacing_folder(_folder(study, fold)) as partial:
        TextClassifier(*parts).save(partial)
    return regression.decision_function(counted.scored)


def _table(suspects: Suspects) -> pa.Table:
    """Return a row for each suspect, the lowest margin first."""
    found = suspects.found
    names = np.array(list(map(one_line, suspects.classes)), object)
    labels, suggested = names[suspects.labels[found.rows]], names[found.suggested]
    probability, of_suggested = suspects.probabilities()
    taken = suspects.texts.take(arrow.numbers(found.rows))
    values = {
        "row": arrow.numbers(found.rows),
        "label": arrow.strings(labels.tolist()),
        "suggested": arrow.strings(suggested.tolist()),
        "probability": arrow.numbers(probability),
        "suggested_probability": arrow.numbers(of_suggested),
        # A line for each review, whatever white space its text has.
        "text": pc.replace_substring_regex(taken, r"[\s\x00]+", " "),
    }
    return pa.table({name: values[name] for name in suspects.columns})
