"""The baseline ladder: from calling everything the commoner class to log-count ratios.

Each rung is scored on the test part and compared with the one below on the same reviews. A
model that does not beat the rung below it has not earned its settings.
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
# The rungs that learn from the counts of words.
LEARNED = (BAYES, LOGISTIC, RATIO)


@dataclass(frozen=True)
class Rung:
    """One classifier on the test part.

    Attributes
    ----------
    name : str
    accuracy, low, high : float
        With the ends of its Wilson interval.
    seconds : float
        To learn from the training reviews and score the test reviews, all that it takes included.
    gained, lost : int
        Reviews that it has right and the rung below wrong, and the other way round.
    p : float
        Of McNemar's exact test against the rung below; NaN for the lowest.
    """

    name: str
    accuracy: float
    low: float
    high: float
    seconds: float
    gained: int
    lost: int
    p: float


def climb(
    config: Config,
    reviews: Reviews,
    in_test: Array,
    journal: Journal,
    on_done: Callable[[int], None] = lambda n: None,
) -> tuple[Rung, ...]:
    """Score every rung on the test part.

    Parameters
    ----------
    config : Config
    reviews : Reviews
        Of both parts.
    in_test : bool array, shape (n,)
    journal : Journal
        What is in it is not done again.
    on_done : callable
        Told of each review that VADER has scored, and of as many for each other rung.
    """
    labels = reviews.labels[in_test]
    n_test = len(labels)
    for name, work in _works(config, reviews, in_test, on_done).items():
        if name in journal:
            on_done(n_test)
            continue
        start = time.perf_counter()
        called = work()
        seconds = time.perf_counter() - start
        journal[name] = {"called": _packed(called), "seconds": round(seconds, 3)}
        if name != VADER:
            on_done(n_test)
    return tuple(_rungs(journal, labels, config.eval.confidence))


def configs_of(config: Config) -> dict[str, Config]:
    """Return the config of each rung that learns: with and without log-count ratios."""
    ratio = config.features.ratio
    plain = with_values(config, {"features.ratio": "none"}, "ladder")
    weighted = with_values(
        config, {"features.ratio": "documents" if ratio == "none" else ratio}, "ladder"
    )
    return {BAYES: plain, LOGISTIC: plain, RATIO: weighted}


def _works(
    config: Config, reviews: Reviews, in_test: Array, on_done: Callable[[int], None]
) -> dict[str, Callable[[], Array]]:
    """Return what each rung does to decide on the test reviews, by its name, lowest first."""
    labels, texts = reviews.labels, reviews.texts.filter(arrow.mask(in_test))
    n_test = int(in_test.sum())
    configs = configs_of(config)

    def counted() -> CountedSplit:
        # Each rung makes its own, for the seconds of each to be those of all that it takes.
        tokens = tokenizer_of(config.tokens)(reviews.texts)
        return CountedSplit.of(tokens, labels, Split(~in_test, in_test), config.features)

    def learn(name: str) -> Callable[[], Array]:
        def work() -> Array:
            split = counted()
            train, features = configs[name].train, configs[name].features
            learner = regression_of(train, features)
            learner.fit(split.learned, split.learned_labels)
            choose_decision(learner, split.learned, split.learned_labels, **decision_of(train))
            return _called(learner, split)

        return work

    def bayes() -> Array:
        split = counted()
        return _called(naive_bayes(split.learned, split.learned_labels), split)

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


def _called(model: LogisticRegression, split: CountedSplit) -> Array:
    return decide(sigmoid(model.decision_function(split.scored)), model.threshold)


def _rungs(journal: Journal, labels: Array, confidence: float) -> Iterator[Rung]:
    below: Array | None = None
    for name in NAMES:
        found = journal[name]
        right = _unpacked(found["called"]) == (labels == 1)
        n_right = int(right.sum())
        low, high = wilson_interval(n_right, len(right), confidence)
        gained = lost = 0
        p = np.nan
        if below is not None:
            gained, lost = int((right & ~below).sum()), int((below & ~right).sum())
            p = mcnemar(gained, lost)
        yield Rung(name, n_right / len(right), low, high, found["seconds"], gained, lost, p)
        below = right


def _packed(called: Array) -> str:
    """Return decisions as a line of 0 and 1."""
    return "".join("01"[bool(one)] for one in called)


def _unpacked(line: str) -> Array:
    called: Array = np.frombuffer(line.encode(), np.uint8) == ord("1")
    return called
