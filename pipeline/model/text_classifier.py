"""Tokenizer, vocabulary and weights as one model: score texts, save and load its folder.

    model.json             settings, threshold, format version, digests of the other files
    vocabulary.txt         the features in column order, with document frequencies
    weights.safetensors    the weight of each feature, and the intercept

The folder can be moved, and prediction needs no other file. In a run it also holds
history.json, the record of training, which prediction does not read.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pyarrow as pa

from pipeline.boundary.inert import cut
from pipeline.errors import RunError
from pipeline.features.counting import count_features
from pipeline.features.sums import WeightSums
from pipeline.features.vocabulary import Vocabulary, read_vocabulary, write_vocabulary
from pipeline.model.logistic import Array, LogisticRegression
from pipeline.model.scoring import TextScores, blocks, joined, scorer
from pipeline.parallel import ordered_map
from pipeline.storage import arrays, arrow, files
from pipeline.tokens.tokenizer import Tokenizer

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_FILES = ("vocabulary.txt", "weights.safetensors")
# Two classes have one weight a feature; more have one for each, which older versions cannot read.
# A model of either kind that abstains has a format of its own, because older versions would not.
_FORMAT, _FORMAT_OF_MORE_CLASSES, _FORMAT_OF_ABSTAINING = 1, 2, 3
# Bytes of the largest model.json that is read, and a bound on weights.
_LARGEST_METADATA, _LARGEST_WEIGHT = 1 << 22, 1e100


@dataclass(frozen=True)
class TextClassifier:
    """A tokenizer, a vocabulary and a logistic regression that belong together.

    Attributes
    ----------
    tokenizer : Tokenizer
    vocabulary : Vocabulary
    binary : bool
        Count a feature at most once in a text.
    regression : LogisticRegression
    unit_length : bool
        Divide the counts of a text by their Euclidean length.
    classes : tuple
        The label of each class; of two, that of the negative one first.
    abstain : float, optional
        A prediction is unsure where its confidence (`model.confidence`) is below this.

    Examples
    --------
    >>> from pipeline.features.vocabulary import learn_vocabulary
    >>> tokenizer = Tokenizer()
    >>> vocabulary = learn_vocabulary(tokenizer(["awesome film", "abysmal film"]))
    >>> vocabulary.words.to_pylist()
    ['film', 'abysmal', 'awesome']
    >>> regression = LogisticRegression.of([0.0, -2.0, 2.0], 0.1)
    >>> model = TextClassifier(tokenizer, vocabulary, False, regression)
    >>> model.decision_function(["Awesome, awesome!", "abysmal"]).tolist()
    [4.1, -1.9]
    """

    tokenizer: Tokenizer
    vocabulary: Vocabulary
    binary: bool
    regression: LogisticRegression
    unit_length: bool = False
    classes: tuple[Any, ...] = ("negative", "positive")
    abstain: float | None = None

    @property
    def weights(self) -> Array:
        """The weight of each feature: float64, shape (n_features,); (n_classes, ...) above two."""
        return self.regression.parameters[0]

    @property
    def intercept(self) -> Any:
        """The score of a text without a feature: float, or shape (n_classes,) above two."""
        return self.regression.parameters[1]

    @functools.cached_property
    def weight_sums(self) -> WeightSums | None:
        """What scores texts without counts; None if counts are clipped or scaled, or it cannot."""
        is_plain = not (self.binary or self.unit_length) and len(self.classes) == 2
        sums_up = is_plain and WeightSums.fits(self.vocabulary)
        return WeightSums(self.vocabulary, self.weights) if sums_up else None

    def count(self, texts: pa.LargeStringArray | Sequence[str]) -> csr_array:
        """Return the counts of the features in texts: shape (n_texts, n_features)."""
        return count_features(self.tokenizer(texts), self.vocabulary, self.binary, self.unit_length)

    def decision_function(self, texts: pa.LargeStringArray | Sequence[str]) -> Array:
        """Return the scores of texts: float64, shape (n_texts,), or (n_texts, n_classes)."""
        return self.scores(texts).scores

    def scores(self, texts: pa.LargeStringArray | Sequence[str]) -> TextScores:
        """Return the scores of texts, and how many of their tokens the model knows.

        Examples
        --------
        >>> from pipeline.features.vocabulary import learn_vocabulary
        >>> vocabulary = learn_vocabulary(Tokenizer()(["awesome film"]))
        >>> regression = LogisticRegression.of([2.0, 0.0], 0.1)
        >>> model = TextClassifier(Tokenizer(), vocabulary, False, regression)
        >>> found = model.scores(["An awesome film", "Unheard of"])
        >>> found.n_tokens.tolist(), found.n_known.tolist()
        ([3, 2], [2, 0])
        """
        found = ordered_map(scorer(self), blocks(arrow.texts(texts)))
        return joined(found, len(self.classes))

    def probabilities(self, texts: pa.LargeStringArray | Sequence[str]) -> Array:
        """Return the probability that matters of each text; see `TextScores.probabilities`."""
        return self.scores(texts).probabilities()

    def require_two_classes(self, what: str) -> None:
        """Refuse a model of more than two classes for what is defined for two."""
        if len(self.classes) > 2:
            raise RunError(
                f"{what}: expected a model of two classes, this one has {len(self.classes)}"
            )

    def save(self, folder: Path) -> None:
        """Write the model to an existing folder.

        Raises
        ------
        RunError
            If a class is neither text nor a number, or JSON cannot hold it.
        """
        try:
            _check_classes(self.classes)
        except (TypeError, ValueError) as error:
            raise RunError(f"the model cannot be saved: {error}") from None
        write_vocabulary(folder / _FILES[0], self.vocabulary)
        arrays.write_arrays(
            folder / _FILES[1],
            {"weights": self.weights, "intercept": self.regression.intercept_},
        )
        metadata: dict[str, Any] = {
            "format_version": _format_of(len(self.classes), self.abstain is not None),
            "classes": list(self.classes),
            "threshold": self.regression.threshold,
            **({} if self.abstain is None else {"abstain": self.abstain}),
            "tokenizer": self.tokenizer.to_dict(),
            "binary": self.binary,
            "unit_length": self.unit_length,
            "sha256": {file: files.sha256(folder / file) for file in _FILES},
        }
        files.write_json(folder / "model.json", metadata)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a model from its folder, or from its run's folder.

        The folder may come from anyone: it is checked that its parts are valid and fit together.

        Raises
        ------
        RunError
            If there is no model, it has another format version, a file has changed since it was
            saved, lies outside the folder, or does not hold what `save` writes.
        """
        folder = model_folder(path)
        if not (folder / "model.json").exists():
            raise RunError(f"{path}: no model here; expected a run folder or its model folder")
        for file in ("model.json", *_FILES):
            _require_inside(folder, file)
        metadata = files.read_json(folder / "model.json", _LARGEST_METADATA)
        formats = (_FORMAT, _FORMAT_OF_MORE_CLASSES, _FORMAT_OF_ABSTAINING)
        files.check_format(metadata, folder / "model.json", formats)
        try:
            settings = _Settings.of(metadata)
            digests = {file: metadata["sha256"][file] for file in _FILES}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise RunError(f"{folder / 'model.json'}: not as it was saved: {error}") from None
        for file, saved in digests.items():
            if not (folder / file).exists() or files.sha256(folder / file) != saved:
                raise RunError(f"{folder / file}: missing, or changed since it was saved")
        vocabulary = read_vocabulary(folder / _FILES[0])
        n_classes = len(settings.classes)
        weights, intercept = _parameters(folder / _FILES[1], len(vocabulary), n_classes)
        regression = LogisticRegression.of(weights, intercept, settings.threshold)
        return cls(
            settings.tokenizer,
            vocabulary,
            settings.binary,
            regression,
            settings.unit_length,
            settings.classes,
            settings.abstain,
        )


class _Settings(NamedTuple):
    """What `model.json` says of a model."""

    tokenizer: Tokenizer
    binary: bool
    unit_length: bool
    threshold: float
    classes: tuple[Any, ...]
    abstain: float | None

    @classmethod
    def of(cls, metadata: dict[str, Any]) -> Self:
        """Return the settings; raise a KeyError, TypeError or ValueError if one is not valid."""
        binary, unit_length = metadata["binary"], metadata["unit_length"]
        if not isinstance(binary, bool) or not isinstance(unit_length, bool):
            raise TypeError("binary, unit_length: expected true or false")
        threshold, abstain = metadata["threshold"], metadata.get("abstain", 0)
        for name, value in (("threshold", threshold), ("abstain", abstain)):
            if isinstance(value, bool) or not 0 <= value <= 1:
                raise ValueError(f"{name}: expected a number from 0 to 1")
        classes, abstains = metadata["classes"], "abstain" in metadata
        if metadata["format_version"] != _format_of(len(classes), abstains):
            with_it = f"{len(classes)} of them with{'' if abstains else 'out'} abstain"
            raise ValueError(f"classes: {with_it} do not go with its format version")
        _check_classes(classes)
        if len(classes) > 2 and threshold != 0.5:
            raise ValueError("threshold: expected 0.5 where there are more than two classes")
        tokenizer = Tokenizer.of(metadata["tokenizer"])
        bound = float(abstain) if abstains else None
        return cls(tokenizer, binary, unit_length, float(threshold), tuple(classes), bound)


def _format_of(n_classes: int, abstains: bool) -> int:
    """Return the lowest format version that can hold a model."""
    if abstains:
        return _FORMAT_OF_ABSTAINING
    return _FORMAT if n_classes == 2 else _FORMAT_OF_MORE_CLASSES


def _check_classes(classes: Sequence[Any]) -> None:
    """Refuse classes that no column of labels can hold, or that do not differ."""
    for label in classes:
        if type(label) is not type(classes[0]) or not _is_label(label):
            got = cut(repr(label), 100)
            raise TypeError(f"classes: expected at least two strings or two numbers, got {got}")
    if not 2 <= len(set(classes)) == len(classes):
        raise ValueError("classes: expected at least two that differ")


def _is_label(value: Any) -> bool:
    """Return True for what a column of labels can hold: text, a finite number, a truth value."""
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)
    return isinstance(value, (int, float)) and -(1 << 63) <= value < 1 << 63


def _parameters(path: Path, n_features: int, n_classes: int) -> tuple[Array, Array]:
    """Read the weights of a vocabulary, and the intercepts."""
    shape = (n_features,) if n_classes == 2 else (n_classes, n_features)
    found = arrays.read_arrays(path, weights=(np.float64, len(shape)), intercept=np.float64)
    weights, intercept = found["weights"], found["intercept"]
    if weights.shape != shape or intercept.shape != (1 if n_classes == 2 else n_classes,):
        raise RunError(
            f"{path}: expected weights of the shape {shape}, one for each feature of the "
            f"vocabulary, and an intercept, got {weights.shape} and {intercept.shape}"
        )
    # A sum of counts times such weights cannot overflow.
    for values in (weights, intercept):
        if not (np.abs(values) < _LARGEST_WEIGHT).all():
            raise RunError(f"{path}: expected weights below {_LARGEST_WEIGHT:g}, all finite")
    return weights, intercept


def _require_inside(folder: Path, file: str) -> None:
    """Refuse a symbolic link that leads out of a folder."""
    if not (folder / file).resolve().is_relative_to(folder.resolve()):
        raise RunError(
            f"{folder / file}: a link to a file outside the model's folder; copy the file there"
        )


def model_folder(path: Path) -> Path:
    """Return the folder of the model of a run, or the given folder if it is the model's own."""
    return path / "model" if (path / "model").is_dir() else path
