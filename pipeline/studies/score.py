"""Score: the metrics of a saved model on other labelled reviews, and on slices of them.

The reviews are not the test set of the run, so nothing is recorded as a use of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from pipeline.errors import ConfigError, CorpusError
from pipeline.evaluation.abstaining import Abstaining, AbstainingScores, abstaining
from pipeline.evaluation.classes import ClassesEvaluation
from pipeline.evaluation.metrics import Evaluation
from pipeline.evaluation.scored import evaluation_of, scored
from pipeline.model.scoring import joined
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.from_config import label_rule_of
from pipeline.stages.read_run import read_reviews
from pipeline.storage import arrow, files
from pipeline.storage.run import Run
from pipeline.stratified import TWO_CLASSES
from pipeline.studies.slices import Predicted, Slice, slices_of

# The share of unknown tokens that is worth a warning, and one that is not, whatever is usual.
_MUCH, _LITTLE = 0.3, 0.1
# Keys of [corpus] that say what a file holds; the options of the command have their names.
_KEYS = ("text", "label", "positive", "negative", "positive_from", "negative_to", "ignore", "drop")
_OF_TWO = frozenset(("positive", "negative", "positive_from", "negative_to"))


@dataclass(frozen=True)
class FileScore:
    """The metrics of a model on the reviews of a file.

    Attributes
    ----------
    metrics : Evaluation, or ClassesEvaluation with more than two classes
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
    abstain : Abstaining or None
        What is left if the model abstains, if it does.
    """

    metrics: Evaluation | ClassesEvaluation
    by: str | None
    slices: tuple[Slice, ...]
    rows: Tally
    n_tokens: int
    n_known: int
    usual_unknown: float | None = None
    is_of_run: bool = False
    abstain: Abstaining | None = None

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
        abstain = {} if self.abstain is None else {"abstain": self.abstain.to_dict()}
        return {
            "metrics": self.metrics.to_dict() | abstain,
            "by": self.by,
            "slices": [each.to_dict() for each in self.slices],
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
        A file, a glob, or a folder with one for each class, such as `pos/` and `neg/`.
    by : str, optional
        A column by whose values the reviews are compared.
    group : str, optional
        A column whose equal values say which reviews belong together, for the intervals.
    keys : mapping, optional
        Keys of `[corpus]` that say which column has the texts and which the labels, what the
        labels mean and which rows are left out. Other keys are those of the run's config. In
        `classes`, a class that is not named keeps its labels.
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
        If a key does not accept its value, or does not go with the classes of the model.
    """
    path = Path(path)
    model, config = TextClassifier.load(path), _config_of(path)
    section = _section(config, model, keys or {})
    rule = label_rule_of(section)
    columns = Columns(section.text, section.label, group, by=by)
    tally, batches, scores = Tally(), [], []
    for batch in read_batches(place, columns, rule, dialect, tally):
        scores.append(model.scores(batch["text"]))
        batches.append(batch.drop_columns("text"))
    table = pa.Table.from_batches(batches, pa.schema(list(columns.schema())[1:]))
    if not table.num_rows:
        raise CorpusError(
            f"{place}: all {tally.n_rows:,} rows are left out; expected some to score"
        )
    labels, groups = arrow.values(table["label"].combine_chunks()), group_numbers(table)
    found, threshold = joined(scores, len(rule.names)), model.regression.threshold
    model_scores = scored(found.scores, rule.names, threshold, groups)
    predicted = Predicted(labels, found.predictions(threshold), rule.names, groups)
    abstain = None
    if model.abstain is not None:
        decided = AbstainingScores(found.scores, threshold, model.abstain, groups)
        abstain = abstaining(labels, decided, config.eval.confidence)
    return FileScore(
        evaluation_of(labels, model_scores, **config.section("eval")),
        by,
        slices_of(table["by"], predicted, config.eval.confidence) if by is not None else (),
        tally,
        int(found.n_tokens.sum()),
        int(found.n_known.sum()),
        _usual_unknown(path, model),
        _is_of_run(path, place),
        abstain,
    )


def _config_of(path: Path) -> Config:
    """Return the config of a run, and the defaults for the folder of a model."""
    file = path / "config.toml"
    return load_config(file) if file.is_file() else Config()


def _section(config: Config, model: TextClassifier, keys: Mapping[str, Any]) -> FilesCorpus:
    """Return what a file holds: as in the run's config, but for the keys that are given."""
    given = dict(keys)
    known: dict[str, Any] = {}
    if isinstance(config.corpus, LabelledSection):
        values = config.corpus.to_dict()
        known = {key: values[key] for key in _KEYS}
    labels = _labels_of_classes(config, model)
    named = _named(given.pop("classes", {}), model)
    if len(model.classes) > 2:
        known = {key: value for key, value in known.items() if key not in _OF_TWO}
        known["classes"] = labels | named
    else:
        known |= dict(zip(TWO_CLASSES, labels.values(), strict=False))
        of_key = dict(zip(map(str, model.classes), TWO_CLASSES, strict=True))
        given |= {of_key[name]: of_one for name, of_one in named.items()}
    if {"positive", "negative"} & given.keys():
        known |= {"positive_from": None, "negative_to": None}
    return checked({"source": "files", "train": "-", **known, **given}, FilesCorpus, "corpus")


def _labels_of_classes(config: Config, model: TextClassifier) -> dict[str, Any]:
    """Return the labels of each class of a model; nothing if negative and positive state them."""
    names = [str(label) for label in model.classes]
    table = config.corpus.classes if isinstance(config.corpus, LabelledSection) else None
    if table is None and tuple(names) == TWO_CLASSES:
        return {}
    if isinstance(table, Mapping) and list(table) == names:
        return dict(table)
    return dict(zip(names, model.classes, strict=True))


def _named(classes: Mapping[str, Any], model: TextClassifier) -> dict[str, Any]:
    """Return the classes that are given with their labels; refuse one that the model has not."""
    names = [str(label) for label in model.classes]
    for name in classes:
        if name not in names:
            expected = ", ".join(names)
            raise ConfigError(f"corpus.classes: expected one of {expected}, got {name!r}")
    return dict(classes)


def _is_of_run(path: Path, place: str) -> bool:
    """Return True if the corpus of a run was read from a file, by its content, or from a URL."""
    if not (path / "manifest.json").is_file():
        return False
    inputs = (Run(path).stage("corpus") or {}).get("depends", {}).get("inputs", {})
    if not Path(place).is_file():
        return place in inputs
    return files.digest(Path(place)) in inputs.values()


def _usual_unknown(path: Path, model: TextClassifier) -> float | None:
    """Return the share of unknown tokens in a run's test set; None if that is not there."""
    if not (path / "manifest.json").is_file() or not Run(path).has_set("corpus/test.arrow"):
        return None
    found = model.scores(read_reviews(path).texts)
    return _share_unknown(int(found.n_tokens.sum()), int(found.n_known.sum()))


def _share_unknown(n_tokens: int, n_known: int) -> float:
    return 1 - n_known / n_tokens if n_tokens else 0.0
