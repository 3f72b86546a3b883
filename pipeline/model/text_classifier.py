"""The saved model: all it takes to get from a text to a probability, in one folder.

    model.json             settings, threshold, format version, digests of the rest
    vocabulary.txt         the words in column order, with document frequencies
    weights.safetensors    a weight for each word, and the intercept

The folder can be moved; `predict` needs no other. A run's also holds history.json, what
training came to, which a classifier does not need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from pipeline.errors import RunError
from pipeline.features.counting import count_features, stream_counts
from pipeline.features.vocabulary import Vocabulary, read_vocabulary, write_vocabulary
from pipeline.model.logistic import Array, LogisticRegression, scores, sigmoid
from pipeline.storage import arrays, files
from pipeline.tokens.tokenizer import Tokenizer

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_FILES = ("vocabulary.txt", "weights.safetensors")


@dataclass(frozen=True)
class TextClassifier:
    """A tokenizer, a vocabulary and a logistic regression that belong together.

    Attributes
    ----------
    tokenizer : Tokenizer
    vocabulary : Vocabulary
    binary : bool
        Whether a document's words are counted or only noted.
    regression : LogisticRegression
    unit_length : bool
        Whether a document's counts are divided by their Euclidean length.
    classes : tuple, length 2
        The labels of the negative and of the positive class.
    """

    tokenizer: Tokenizer
    vocabulary: Vocabulary
    binary: bool
    regression: LogisticRegression
    unit_length: bool = False
    classes: tuple[Any, Any] = ("negative", "positive")

    @property
    def weights(self) -> Array:
        """The weight of each word, float64, shape (n_words,)."""
        weights: Array = self.regression.coef_[0]
        return weights

    @property
    def intercept(self) -> float:
        """The log-odds of a text without a word of the vocabulary."""
        return float(self.regression.intercept_[0])

    def count(self, texts: pa.LargeStringArray | Sequence[str]) -> csr_array:
        """Return the counts of the vocabulary's words in texts, shape (n_texts, n_words)."""
        return count_features(self.tokenizer(texts), self.vocabulary, self.binary, self.unit_length)

    def log_odds(self, texts: pa.LargeStringArray | Sequence[str]) -> Array:
        """Return the score of each text: float64, shape (n_texts,)."""
        tokens = self.tokenizer(texts)
        blocks = stream_counts(tokens, self.vocabulary, self.binary, self.unit_length)
        parts = [scores(*block, self.weights, self.intercept) for block in blocks]
        return np.concatenate([np.empty(0), *parts])

    def probabilities(self, texts: pa.LargeStringArray | Sequence[str]) -> Array:
        """Return the probability that each text is positive: float64, shape (n_texts,)."""
        return sigmoid(self.log_odds(texts))

    def save(self, folder: Path) -> None:
        """Write the model to an existing folder."""
        write_vocabulary(folder / _FILES[0], self.vocabulary)
        arrays.write_arrays(
            folder / _FILES[1],
            {"weights": self.weights, "intercept": self.regression.intercept_},
        )
        facts: dict[str, Any] = {
            "format_version": files.FORMAT_VERSION,
            "classes": list(self.classes),
            "threshold": self.regression.threshold,
            "tokenizer": self.tokenizer.to_dict(),
            "binary": self.binary,
            "unit_length": self.unit_length,
            "sha256": {file: files.digest(folder / file) for file in _FILES},
        }
        files.write_json(folder / "model.json", facts)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a model from its folder, or from the run that it belongs to.

        Raises
        ------
        RunError
            If there is no model, it is of another format version, or a file of it
            is not the one that was saved.
        """
        folder = path / "model" if (path / "model").is_dir() else path
        if not (folder / "model.json").exists():
            raise RunError(f"{path}: no model here; expected a run folder or its model folder")
        facts = files.read_json(folder / "model.json")
        files.check_format(facts, folder / "model.json")
        try:
            tokenizer = Tokenizer.of(facts["tokenizer"])
            binary, unit_length = bool(facts["binary"]), bool(facts["unit_length"])
            threshold = float(facts["threshold"])
            negative, positive = facts["classes"]
            expected = [facts["sha256"][file] for file in _FILES]
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"{folder / 'model.json'}: not the file that was saved: {error}"
            ) from None
        for file, saved in zip(_FILES, expected, strict=True):
            if not (folder / file).exists() or files.digest(folder / file) != saved:
                raise RunError(f"{folder / file}: missing, or not the file that was saved")
        parameters = arrays.read_arrays(folder / _FILES[1])
        return cls(
            tokenizer,
            read_vocabulary(folder / _FILES[0]),
            binary,
            LogisticRegression.of(
                parameters["weights"], float(parameters["intercept"][0]), threshold
            ),
            unit_length,
            (negative, positive),
        )
