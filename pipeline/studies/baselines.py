"""The baselines: from predicting the majority class to log-count ratios.

Each baseline is scored on the test set and compared with the previous one on the same reviews.
A model that does not beat the baseline before it has not earned its settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.config.loading import with_values
from pipeline.config.schema import Config
from pipeline.evaluation.metrics import wilson_interval
from pipeline.evaluation.uncertainty import mcnemar
from pipeline.model.logistic import Array, LogisticRegression, decide, sigmoid
from pipeline.stages.from_config import decision_of, regression_of, tokenizer_of
from pipeline.storage import arrow
from pipeline.studies.baseline_models import majority, naive_bayes, opinion_lexicon, vader_scores
from pipeline.studies.journal import Journal
from pipeline.studies.splits import CountedSplit, Reviews, Split
from pipeline.training.decision import choose_decision

MAJORITY, LEXICON, VADER = "majority", "opinion lexicon", "VADER"
BAYES, LOGISTIC, RATIO = "naive Bayes", "logistic regression", "log-count ratios"
NAMES = (MAJORITY, LEXICON, VADER, BAYES, LOGISTIC, RATIO)
# The baselines that learn from the counts of words.
LEARNED = (BAYES, LOGISTIC, RATIO)


@dataclass(frozen=True)
class BaselineResult:
    """One baseline on the test set.

    Attributes
    ----------
    name : str
    accuracy, low, high : float
        Accuracy and its Wilson interval.
    seconds : float
        Time to learn from the training set and to score the test set.
    only_this, only_previous : int
        Reviews that only this baseline gets right, and that only the previous one does.
    p : float
        P-value of McNemar's exact test against the previous baseline; NaN for the first.
    """

    name: str
    accuracy: float
    low: float
    high: float
    seconds: float
    only_this: int
    only_previous: int
    p: float


def run_baselines(
    config: Config,
    reviews: Reviews,
    in_test: Array,
    journal: Journal,
    on_done: Callable[[int], None] = lambda n: None,
) -> tuple[BaselineResult, ...]:
    """Score every baseline on the test set.

    Parameters
    ----------
    config : Config
    reviews : Reviews
        Of the training and the test set.
    in_test : bool array, shape (n,)
    journal : Journal
        Baselines that it holds are not computed again.
    on_done : callable
        Called with the number of test reviews scored since the last call.
    """
    labels = reviews.labels[in_test]
    n_test = len(labels)
    for name, work in _works(config, reviews, in_test, on_done).items():
        if name in journal:
            on_done(n_test)
            continue
        start = time.perf_counter()
        predicted = work()
        seconds = time.perf_counter() - start
        journal[name] = {"predicted": _packed(predicted), "seconds": round(seconds, 3)}
        if name != VADER:
            on_done(n_test)
    return tuple(_results(journal, labels, config.eval.confidence))


def configs_of(config: Config) -> dict[str, Config]:
    """Return the config of each baseline that learns: with and without log-count ratios."""
    ratio = config.train.ratio
    plain = with_values(config, {"train.ratio": "none"}, "baselines")
    weighted = with_values(
        config, {"train.ratio": "documents" if ratio == "none" else ratio}, "baselines"
    )
    return {BAYES: plain, LOGISTIC: plain, RATIO: weighted}


def _works(
    config: Config, reviews: Reviews, in_test: Array, on_done: Callable[[int], None]
) -> dict[str, Callable[[], Array]]:
    """Return, by name, a function that predicts the test reviews, in the order of `NAMES`."""
    labels, texts = reviews.labels, reviews.texts.filter(arrow.mask(in_test))
    n_test = int(in_test.sum())
    configs = configs_of(config)

    def counted() -> CountedSplit:
        # Each baseline counts for itself, so that its seconds include all that it needs.
        tokens = tokenizer_of(config.tokens)(reviews.texts)
        return CountedSplit.of(tokens, labels, Split(~in_test, in_test), config.features)

    def learn(name: str) -> Callable[[], Array]:
        def work() -> Array:
            split = counted()
            train = configs[name].train
            learner = regression_of(train)
            learner.fit(split.learned, split.learned_labels)
            choose_decision(learner, split.learned, split.learned_labels, **decision_of(train))
            return _predicted(learner, split)

        return work

    def bayes() -> Array:
        split = counted()
        return _predicted(naive_bayes(split.learned, split.learned_labels), split)

    def lexicon() -> Array:
        model = opinion_lexicon(tokenizer_of(config.tokens))
        return decide(model.probabilities(texts.combine_chunks()))

    return {
        MAJORITY: lambda: np.full(n_test, bool(majority(labels[~in_test]).intercept_[0] > 0)),
        LEXICON: lexicon,
        VADER: lambda: vader_scores(texts, lambda _: on_done(1)) > 0,
        BAYES: bayes,
        LOGISTIC: learn(LOGISTIC),
        RATIO: learn(RATIO),
    }


def _predicted(model: LogisticRegression, split: CountedSplit) -> Array:
    return decide(sigmoid(model.decision_function(split.scored)), model.threshold)


def _results(journal: Journal, labels: Array, confidence: float) -> Iterator[BaselineResult]:
    previous: Array | None = None
    for name in NAMES:
        found = journal[name]
        right = _unpacked(found["predicted"]) == (labels == 1)
        n_right = int(right.sum())
        low, high = wilson_interval(n_right, len(right), confidence)
        only_this = only_previous = 0
        p = np.nan
        if previous is not None:
            only_this, only_previous = (
                int((right & ~previous).sum()),
                int((previous & ~right).sum()),
            )
            p = mcnemar(only_this, only_previous)
        yield BaselineResult(
            name, n_right / len(right), low, high, found["seconds"], only_this, only_previous, p
        )
        previous = right


def _packed(predicted: Array) -> str:
    """Return predictions as a string of 0 and 1."""
    return "".join("01"[bool(one)] for one in predicted)


def _unpacked(line: str) -> Array:
    predicted: Array = np.frombuffer(line.encode(), np.uint8) == ord("1")
    return predicted
