"""The labelled reviews that a study learns from, and what is counted of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipeline.config.schema import Config, FeaturesSection, SampleCorpus, TokensSection
from pipeline.features.counting import count_features
from pipeline.model.logistic import Array
from pipeline.stages.from_config import counting_of, tokenizer_of, vocabulary_of
from pipeline.storage import arrow, files
from pipeline.storage.run import Run
from pipeline.tokens.tokenizer import Tokens

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass
class Reviews:
    """Texts and labels; tokens are made when they are asked for, and the last ones kept.

    Attributes
    ----------
    texts : pyarrow.ChunkedArray of large_string, length n
    labels : int8 array, shape (n,)
    digests : dict of str
        The SHA-256 of each file that they come from.
    """

    texts: pa.ChunkedArray
    labels: Array
    digests: dict[str, str]
    _last: tuple[TokensSection, Tokens] | None = None

    @classmethod
    def of(cls, run: Run, *parts: str) -> Reviews:
        """Read parts, train or test, of a run's corpus, one after the other."""
        tables = [files.read_table(run.path / "corpus" / f"{part}.arrow") for part in parts]
        digests = run.digests("corpus")
        whole = pa.concat_tables(tables)
        return cls(
            whole["text"],
            arrow.values(whole["label"]),
            {part: digests[f"corpus/{part}.arrow"] for part in parts},
        )

    def tokens(self, section: TokensSection) -> Tokens:
        """Return the tokens of all texts."""
        if self._last is None or self._last[0] != section:
            self._last = section, tokenizer_of(section)(self.texts)
        return self._last[1]


@dataclass(frozen=True)
class Split:
    """Reviews to learn from and reviews to score: a bool for each review, in either."""

    learned: Array
    scored: Array


@dataclass(frozen=True)
class CountedSplit:
    """The counts and labels of both sides of a split, by the vocabulary of the learned one."""

    learned: csr_array
    learned_labels: Array
    scored: csr_array
    scored_labels: Array

    @classmethod
    def of(
        cls, tokens: Tokens, labels: Array, split: Split, section: FeaturesSection
    ) -> CountedSplit:
        """Learn the vocabulary on one side, and count both."""
        learned = tokens.select(split.learned)
        vocabulary = vocabulary_of(section, learned)
        both = learned, tokens.select(split.scored)
        counts = [count_features(side, vocabulary, **counting_of(section)) for side in both]
        return cls(counts[0], labels[split.learned], counts[1], labels[split.scored])


def has_own_test_part(config: Config) -> bool:
    """Tell whether a corpus comes with a test part, rather than have one drawn from it."""
    return (
        isinstance(config.corpus, SampleCorpus) or getattr(config.corpus, "test", None) is not None
    )


def fold_splits(folds: Array, within: Array) -> list[Split]:
    """Return a split for each fold: it is scored, and the others are learned from.

    Parameters
    ----------
    folds : int64 array
        The fold of each review of `within`, from 0.
    within : bool array, shape (n,)
        The reviews that are in a fold.
    """
    rows = np.flatnonzero(within)
    splits = []
    for fold in range(int(folds.max()) + 1):
        scored = np.zeros(len(within), bool)
        scored[rows[folds == fold]] = True
        splits.append(Split(within & ~scored, scored))
    return splits
