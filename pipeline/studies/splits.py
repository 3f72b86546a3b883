"""Reviews with their tokens, and splits of them: counts of a learned and of a scored side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipeline.boundary import inert
from pipeline.config.corpus import SampleCorpus
from pipeline.config.model import FeaturesSection, TrainSection
from pipeline.config.schema import Config
from pipeline.config.tokens import TokensSection
from pipeline.corpus.groups import group_numbers
from pipeline.errors import RunError
from pipeline.features.counting import count_features
from pipeline.features.vocabulary import Vocabulary
from pipeline.model.logistic import Array
from pipeline.stages.from_config import (
    counting_of,
    decision_of,
    regression_of,
    tokenizer_of,
    vocabulary_of,
)
from pipeline.stages.outputs import read_classes
from pipeline.stages.read_run import read_set
from pipeline.storage import arrow
from pipeline.storage.run import Run
from pipeline.studies.latest import Latest
from pipeline.tokens.tokens import Tokens
from pipeline.training.decision import choose_decision
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.folds import LearnedReviews

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from pipeline.training.history import Epoch


@dataclass
class Reviews:
    """Texts and labels, with the tokens of the texts on demand.

    Those that were read from a run are pickled as its path: a worker maps the same files.

    Attributes
    ----------
    texts : pyarrow.ChunkedArray of large_string, length n
    labels : int8 array, shape (n,)
        The number of each review's class, from 0.
    classes : tuple of str
        The name of each class.
    digests : dict of str
        The digest of each file that they were read from, by its split.
    weights : float64 array, shape (n,), or None
        What each review costs, if the corpus says so.
    groups : int64 array, shape (n,), or None
        The number of each review's group, if the corpus says which reviews belong together.
    """

    texts: pa.ChunkedArray
    labels: Array
    classes: tuple[str, ...]
    digests: dict[str, str]
    weights: Array | None = None
    groups: Array | None = None
    _place: tuple[Path, tuple[str, ...]] | None = field(default=None, init=False, repr=False)
    _tokens: Latest[Tokens] = field(default_factory=Latest, init=False, repr=False)

    @classmethod
    def read(cls, run: Run, *splits: str) -> Reviews:
        """Read splits, `train` or `test`, of a run's corpus, one after the other."""
        tables = [read_set(run, split) for split in splits]
        whole = pa.concat_tables(tables)
        reviews = cls(
            whole["text"],
            arrow.values(whole["label"]),
            read_classes(run),
            {split: run.digest_of_set(f"corpus/{split}.arrow") for split in splits},
            arrow.values(whole["weight"]) if "weight" in whole.column_names else None,
            group_numbers(whole),
        )
        reviews._place = run.path, splits
        return reviews

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Return what reads the reviews again; of those that no run has, the values."""
        if self._place is None:
            return super().__reduce_ex__(protocol)
        return _read_again, (*self._place, self.digests)

    @property
    def names(self) -> list[str]:
        """The names of the classes, as an error shows them."""
        return [inert.name(each) for each in self.classes]

    def tokens(self, section: TokensSection) -> Tokens:
        """Return the tokens of all texts; those of the last section are kept."""
        return self._tokens.get(section, lambda: tokenizer_of(section)(self.texts))

    def counted(self, split: Split, config: Config) -> CountedSplit:
        """Return the counts of both sides of a split, as a config has them."""
        return CountedSplit.of(self.tokens(config.tokens), self, split, config.features)

    def depends(self, config: Config, *more: str) -> dict[str, Any]:
        """Return what models of these reviews depend on, and `more` sections of the config."""
        sections = ("tokens", "features", "train", *more)
        values = {name: config.section(name) for name in sections}
        return {"config": values, "reviews": self.digests}


def _read_again(path: Path, splits: tuple[str, ...], digests: dict[str, str]) -> Reviews:
    """Return the reviews that another process has read, as long as they are the same."""
    reviews = Reviews.read(Run(path), *splits)
    if reviews.digests != digests:
        raise RunError(f"{path}: the corpus has changed since the study began; run it again")
    return reviews


@dataclass(frozen=True)
class Split:
    """The reviews to learn from and the reviews to score.

    Attributes
    ----------
    learned, scored : bool array, shape (n,)
        No review is in both.
    """

    learned: Array
    scored: Array

    @classmethod
    def of_fold(cls, fold_of: Array, fold: int) -> Split:
        """Return the split that scores a fold and learns from the others."""
        return cls(fold_of != fold, fold_of == fold)


@dataclass(frozen=True)
class CountedSplit:
    """The counts and labels of both sides of a split, with the vocabulary of the learned side.

    Attributes
    ----------
    vocabulary : Vocabulary
        Of d features.
    learned, scored : csr_array, shape (n_learned, d) and (n_scored, d)
    learned_labels, scored_labels : int8 array
    weights, groups : arrays, shape (n_learned,), or None
        Of the learned side; the scored side counts each review once.
    classes : tuple of str
        The name of each class.
    """

    vocabulary: Vocabulary
    learned: csr_array
    learned_labels: Array
    scored: csr_array
    scored_labels: Array
    weights: Array | None
    groups: Array | None
    classes: tuple[str, ...]

    @classmethod
    def of(
        cls, tokens: Tokens, reviews: Reviews, split: Split, section: FeaturesSection
    ) -> CountedSplit:
        """Learn the vocabulary from one side, and count both sides with it."""
        learned = tokens.select(split.learned)
        vocabulary = vocabulary_of(section, learned)
        both = learned, tokens.select(split.scored)
        counts = [count_features(side, vocabulary, **counting_of(section)) for side in both]
        labels, of_learned = reviews.labels, (reviews.weights, reviews.groups)
        weights, groups = (None if of is None else of[split.learned] for of in of_learned)
        return cls(
            vocabulary,
            *(counts[0], labels[split.learned]),
            *(counts[1], labels[split.scored]),
            weights,
            groups,
            reviews.classes,
        )

    def fit(
        self, regression: SGDLogisticRegression, on_epoch: Callable[[Epoch], None] | None = None
    ) -> None:
        """Fit a regression to the learned side."""
        learned = self.learned, self.learned_labels
        regression.fit(*learned, self.weights, on_epoch, self.groups)

    def decide(self, regression: SGDLogisticRegression, section: TrainSection) -> None:
        """Choose the temperature and the threshold of a fitted regression, if a section does."""
        learned = LearnedReviews(self.learned, self.learned_labels, self.weights, self.groups)
        choose_decision(regression, learned, **decision_of(section))

    def learn(self, section: TrainSection) -> SGDLogisticRegression:
        """Return the regression of a section, fitted to the learned side, with its decision."""
        regression = regression_of(section, self.classes)
        self.fit(regression)
        self.decide(regression, section)
        return regression


def has_own_test_set(config: Config) -> bool:
    """Return True if the corpus comes with a test set, and False if one is drawn from it."""
    corpus = config.corpus
    return isinstance(corpus, SampleCorpus) or getattr(corpus, "test", None) is not None


def fold_splits(folds: Array, within: Array) -> list[Split]:
    """Return a split for each fold, which scores the fold and learns from the others.

    Parameters
    ----------
    folds : int array
        The fold, from 0, of each review in `within`.
    within : bool array, shape (n,)
        The reviews that are in a fold.

    Examples
    --------
    >>> first, second = fold_splits(np.array([0, 1, 0]), np.array([True, True, False, True]))
    >>> first.learned
    array([False,  True, False, False])
    >>> first.scored
    array([ True, False, False,  True])
    """
    rows = np.flatnonzero(within)
    splits = []
    for fold in range(int(folds.max()) + 1):
        scored = np.zeros(len(within), bool)
        scored[rows[folds == fold]] = True
        splits.append(Split(within & ~scored, scored))
    return splits
