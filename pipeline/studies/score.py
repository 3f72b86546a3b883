"""Score: the metrics of a saved model on other labelled reviews, and on slices of them.

The reviews are not the test set of the run, so nothing is recorded as a use of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.config.checking import checked
from pipeline.config.corpus import FilesCorpus, LabelledSection
from pipeline.config.loading import load_config
from pipeline.config.schema import Config
from pipeline.corpus.columns import Columns
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.files import read_batches
from pipeline.corpus.groups import group_numbers
from pipeline.corpus.tally import Tally
from pipeline.errors import CorpusError
from pipeline.evaluation.accuracy import Groups, accuracy_interval
from pipeline.evaluation.metrics import Evaluation, evaluate
from pipeline.evaluation.uncertainty import Scored
from pipeline.model.checks import Labels, Mask
from pipeline.model.logistic import decide, sigmoid
from pipeline.model.scoring import joined
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.from_config import label_rule_of
from pipeline.stages.read_run import read_reviews
from pipeline.storage import arrow, files
from pipeline.storage.run import Run

# A slice with fewer reviews says little, whatever its accuracy is.
FEW = 30
# The share of unknown tokens that is worth a warning, and one that is not, whatever is usual.
_MUCH, _LITTLE = 0.3, 0.1
# Keys of [corpus] that say what a file holds; the options of the command have their names.
_KEYS = ("text", "label", "positive", "negative", "positive_from", "negative_to", "ignore", "drop")


@dataclass(frozen=True)
class Slice:
    """The reviews that have one value in a column.

    Attributes
    ----------
    value : str or None
        None for the reviews without a value.
    n : int
    accuracy, low, high : float
        Accuracy with its interval.
    share_positive, share_predicted_positive : float
        By their labels, and by the model.
    """

    value: str | None
    n: int
    accuracy: float
    low: float
    high: float
    share_positive: float
    share_predicted_positive: float

    @property
    def is_small(self) -> bool:
        """Whether there are too few reviews to say much."""
        return self.n < FEW


@dataclass(frozen=True)
class FileScore:
    """The metrics of a model on the reviews of a file.

    Attributes
    ----------
    metrics : Evaluation
    by : str or None
        The column whose slices are compared.
    slices : tuple of Slice
        By descending size, then by value.
    rows : Tally
        The rows that were read, and those that were left out.
    n_tokens, n_known : int
        Tokens of all reviews, and those that occur in a feature of the model.
    usual_unknown : float or None
        The share of unknown tokens in the test set of the run, if that is there.
    is_of_run : bool
        Whether the run's corpus was read from the file.
    """

    metrics: Evaluation
    by: str | None
    slices: tuple[Slice, ...]
    rows: Tally
    n_tokens: int
    n_known: int
    usual_unknown: float | None = None
    is_of_run: bool = False

    @property
    def share_unknown(self) -> float:
        """The share of the tokens that the model does not know; 0 if there is none."""
        return _share_unknown(self.n_tokens, self.n_known)

    def warnings(self) -> list[str]:
        """Return a sentence for each reason to doubt the metrics."""
        found = []
        usual = self.usual_unknown
        if self.share_unknown > (_MUCH if usual is None else max(2 * usual, _LITTLE)):
            known_from = "" if usual is None else f" ({usual:.1%} in the test set of the run)"
            found.append(
                f"{self.share_unknown:.1%} of the tokens are unknown to the model{known_from}: it "
                "learned from other texts."
            )
        if self.is_of_run:
            found.append("The corpus of the run was read from this file: the model may know it.")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the metrics, the slices and the counts, as JSON can hold them."""
        return {
            "metrics": self.metrics.to_dict(),
            "by": self.by,
            "slices": [asdict(each) for each in self.slices],
            "rows": self.rows.to_dict(),
            "n_tokens": self.n_tokens,
            "n_known": self.n_known,
            "usual_unknown": self.usual_unknown,
        }


def score_file(
    path: str | Path,
    place: str,
    by: str | None = None,
    group: str | None = None,
    keys: Mapping[str, Any] | None = None,
    dialect: Dialect | None = None,
) -> FileScore:
    """Score a saved model on labelled reviews.

    Parameters
    ----------
    path : str or Path
        A run folder, or the folder of a model.
    place : str
        A file, a glob, or a folder with `pos/` and `neg/`.
    by : str, optional
        A column by whose values the reviews are compared.
    group : str, optional
        A column whose equal values say which reviews belong together, for the intervals.
    keys : mapping, optional
        Keys of `[corpus]` that say which column has the texts and which the labels, what the
        labels mean and which rows are left out. Other keys are those of the run's config.
    dialect : Dialect, optional
        How the file is written.

    Returns
    -------
    FileScore
        Its intervals have the settings of `[eval]` in the run's config.

    Raises
    ------
    RunError
        If there is no model.
    CorpusError
        If the file cannot be read, a row has no class, or no row is left.
    ConfigError
        If a key does not accept its value.
    """
    path = Path(path)
    model, config = TextClassifier.load(path), _config_of(path)
    model.require_two_classes("score")
    section = _section(config, model, keys or {})
    columns = Columns(section.text, section.label, group, by=by)
    tally, batches, scores = Tally(), [], []
    for batch in read_batches(place, columns, label_rule_of(section), dialect, tally):
        scores.append(model.scores(batch["text"]))
        batches.append(batch.drop_columns("text"))
    table = pa.Table.from_batches(batches, pa.schema(list(columns.schema())[1:]))
    if not table.num_rows:
        raise CorpusError(
            f"{place}: all {tally.n_rows:,} rows are left out; expected some to score"
        )
    labels, groups = arrow.values(table["label"].combine_chunks()), group_numbers(table)
    found = joined(scores)
    scored = Scored(found.scores, model.regression.threshold, groups)
    return FileScore(
        evaluate(labels, scored, **config.section("eval")),
        by,
        _slices(table["by"], labels, scored, config.eval.confidence) if by is not None else (),
        tally,
        int(found.n_tokens.sum()),
        int(found.n_known.sum()),
        _usual_unknown(path, model),
        _is_of_run(path, place),
    )


def _config_of(path: Path) -> Config:
    """Return the config of a run, and the defaults for the folder of a model."""
    file = path / "config.toml"
    return load_config(file) if file.is_file() else Config()


def _section(config: Config, model: TextClassifier, keys: Mapping[str, Any]) -> FilesCorpus:
    """Return what a file holds: as in the run's config, but for the keys that are given."""
    known: dict[str, Any] = {}
    if isinstance(config.corpus, LabelledSection):
        values = config.corpus.to_dict()
        known = {key: values[key] for key in _KEYS}
    elif model.classes != ("negative", "positive"):
        known = {"negative": model.classes[0], "positive": model.classes[1]}
    if {"positive", "negative"} & keys.keys():
        known |= {"positive_from": None, "negative_to": None}
    table = {"source": "files", "train": "-", **known, **keys}
    return checked(table, FilesCorpus, "corpus")


def _is_of_run(path: Path, place: str) -> bool:
    """Return True if the corpus of a run was read from a file, by its content."""
    if not (path / "manifest.json").is_file() or not Path(place).is_file():
        return False
    corpus = Run(path).stage("corpus") or {}
    return files.digest(Path(place)) in corpus.get("depends", {}).get("inputs", {}).values()


def _usual_unknown(path: Path, model: TextClassifier) -> float | None:
    """Return the share of unknown tokens in a run's test set; None if that is not there."""
    if not (path / "corpus" / "test.arrow").is_file():
        return None
    found = model.scores(read_reviews(path).texts)
    return _share_unknown(int(found.n_tokens.sum()), int(found.n_known.sum()))


def _share_unknown(n_tokens: int, n_known: int) -> float:
    return 1 - n_known / n_tokens if n_tokens else 0.0


def _slices(
    column: pa.ChunkedArray, labels: Labels, scored: Scored, confidence: float
) -> tuple[Slice, ...]:
    """Return the slices of a column, the largest first."""
    positive = labels == 1
    predicted: Mask = decide(sigmoid(scored.scores), scored.threshold)
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    values, codes = encoded.dictionary.to_pylist(), arrow.values(encoded.indices)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(values)))
    found = []
    for value, rows in zip(values, np.split(order, ends[:-1]), strict=True):
        right = predicted[rows] == positive[rows]
        groups: Groups | None = None if scored.groups is None else scored.groups[rows]
        found.append(
            Slice(
                value,
                len(rows),
                float(right.mean()),
                *accuracy_interval(right, confidence, groups),
                float(positive[rows].mean()),
                float(predicted[rows].mean()),
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.n, each.value is None, each.value or "")))
