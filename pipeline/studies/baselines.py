"""`score_baselines`: predict the test set with each baseline, test it against the one before.

Each baseline is scored on the test set and compared with the previous one on the same reviews.
A model that does not beat the baseline before it has not earned its settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipeline.config.loading import with_values
from pipeline.config.schema import Config
from pipeline.errors import MissingDataError
from pipeline.evaluation.accuracy import accuracy_interval, paired_p_value
from pipeline.model.logistic import Array, LogisticRegression, decide, predictions
from pipeline.stages.from_config import require_settings_of, tokenizer_of
from pipeline.stages.listener import Listener
from pipeline.stages.memory import peak_memory, reset_peak_memory
from pipeline.stages.read_run import MAJORITY
from pipeline.stages.test_uses import TestUse, record_test_uses
from pipeline.storage import arrow
from pipeline.storage.files import write_json
from pipeline.studies.baseline_models import (
    class_sizes,
    naive_bayes,
    opinion_lexicon,
    vader_scores,
)
from pipeline.studies.execution import DEFAULT, Execution
from pipeline.studies.journal import Journal, open_journal
from pipeline.studies.peers import PEERS, Learned, predict_as
from pipeline.studies.splits import CountedSplit, Reviews, Split

LEXICON, VADER = "opinion lexicon", "VADER"
BAYES, LOGISTIC, RATIO = "naive Bayes", "logistic regression", "log-count ratios"
NAMES = (MAJORITY, LEXICON, VADER, BAYES, LOGISTIC, RATIO)
WITH_PEERS = (MAJORITY, LEXICON, VADER, *PEERS, BAYES, LOGISTIC, RATIO)
# The baselines that know words of praise and of blame, and no other class.
OF_TWO_CLASSES = (LEXICON, VADER)
# The baselines that learn from the counts of words.
LEARNED = (BAYES, LOGISTIC, RATIO)


@dataclass(frozen=True)
class BaselineResult:
    """One baseline on the test set.

    Attributes
    ----------
    name : str
    accuracy, low, high : float
        Accuracy and its interval; see `accuracy_interval`.
    seconds : float
        Time to learn from the training set and to score the test set.
    peak_bytes : int
        Largest resident memory of the process meanwhile.
    only_this, only_previous : int
        Reviews that only this baseline gets right, and that only the previous one does.
    p : float
        P-value against the previous baseline, by `paired_p_value`; NaN for the first.
    """

    name: str
    accuracy: float
    low: float
    high: float
    seconds: float
    peak_bytes: int
    only_this: int
    only_previous: int
    p: float


def score_baselines(
    config: Config,
    path: str | Path,
    execution: Execution = DEFAULT,
    peers: bool = False,
) -> tuple[BaselineResult, ...]:
    """Score every baseline on the test set, and write `baselines/baselines.json` into the run.

    A lexicon that is not installed and cannot be downloaded is left out, and so are both lexicons
    if there are more than two classes: the listener hears of it and the file names it. Each
    baseline that learns is recorded as a use of the test set.

    Parameters
    ----------
    config : Config
    path : str or Path
        The run folder.
    execution : Execution
        The baselines run in this process, one after the other, whatever the workers: their seconds
        and their memory are measured here.
    peers : bool
        Also score the classifiers of `pipeline.studies.peers`, where they are installed.

    Returns
    -------
    tuple of BaselineResult, in the order of `NAMES`, or of `WITH_PEERS`

    Raises
    ------
    CorpusError
        If one of NLTK's lexicons is damaged.
    ConfigError
        If a setting, such as a threshold, has no meaning for more than two classes.
    """
    path, listener = Path(path), execution.listener
    run = execution.with_corpus(config, path)
    n_train = len(Reviews.read(run, "train").labels)
    reviews = Reviews.read(run, "train", "test")
    require_settings_of(reviews.classes, config.train)
    in_test = np.arange(len(reviews.labels)) >= n_train
    missing = _not_for(reviews.classes)
    wanted = WITH_PEERS if peers else NAMES
    configs = {name: own for name, own in _configs(config).items() if name in wanted}
    configs = {name: own for name, own in configs.items() if name not in missing}
    depends, n_steps = reviews.depends(config), len(configs) * (len(in_test) - n_train)
    with open_journal(path / "baselines", depends, n_steps, execution) as journal:
        for name, reason in missing.items():
            listener.left_out(name, reason)
        missing |= _score(configs, reviews, in_test, journal, listener)
        groups = None if reviews.groups is None else reviews.groups[in_test]
        labels, confidence = reviews.labels[in_test], config.eval.confidence
        results = tuple(_results(journal, wanted, labels, confidence, groups))
        learned = [
            (name, own)
            for name, own in configs.items()
            if name in (*LEARNED, *PEERS) and name in journal
        ]
        record_test_uses(
            path,
            [TestUse.of("baselines", own, f"{journal.id} {name}") for name, own in learned],
        )
        values = {"results": [asdict(result) for result in results], "missing": missing}
        write_json(path / "baselines" / "baselines.json", values)
    return results


def _not_for(classes: Sequence[str]) -> dict[str, str]:
    """Return the baselines that have no prediction for more than two classes, and why."""
    if len(classes) == 2:
        return {}
    reason = f"it tells negative from positive, and the corpus has {len(classes)} classes"
    return dict.fromkeys(OF_TWO_CLASSES, reason)


def _score(
    configs: dict[str, Config],
    reviews: Reviews,
    in_test: Array,
    journal: Journal,
    listener: Listener,
) -> dict[str, str]:
    """Score the baselines that the journal does not hold; return what is missing, and why."""
    n_test, missing = int(in_test.sum()), {}
    left = {name: own for name, own in configs.items() if name not in journal}
    listener.study_advanced(n_test * (len(configs) - len(left)))
    for name, own in left.items():
        reset_peak_memory()
        start = time.perf_counter()
        try:
            predicted = _predict(name, own, reviews, in_test, listener.study_advanced)
        except MissingDataError as error:
            missing[name] = str(error)
            listener.left_out(name, missing[name])
            listener.study_advanced(n_test)
            continue
        seconds = time.perf_counter() - start
        measured = {"seconds": round(seconds, 3), "peak_bytes": peak_memory()}
        journal[name] = {"predicted": predicted.tolist(), **measured}
    return missing


def _configs(config: Config) -> dict[str, Config]:
    """Return the config of each baseline; only the last has log-count ratios."""
    ratio = "documents" if config.train.ratio == "none" else config.train.ratio
    plain = with_values(config, {"train.ratio": "none"}, "baselines")
    return dict.fromkeys(WITH_PEERS, plain) | {
        RATIO: with_values(config, {"train.ratio": ratio}, "baselines")
    }


def _predict(
    name: str, config: Config, reviews: Reviews, in_test: Array, on_done: Callable[[int], None]
) -> Array:
    """Return the number of the class that a baseline predicts for each test review."""
    labels, texts = reviews.labels, reviews.texts.filter(arrow.mask(in_test))
    if name == VADER:
        return (vader_scores(texts, lambda _: on_done(1)) > 0).astype(int)
    if name == MAJORITY:
        predicted = np.full(len(texts), class_sizes(labels[~in_test]).argmax())
    elif name in PEERS:
        learned = reviews.texts.filter(arrow.mask(~in_test)).to_pylist()
        of = Learned(learned, labels[~in_test], config.features.ngrams)
        predicted = predict_as(name, of, texts.to_pylist())
    elif name == LEXICON:
        model = opinion_lexicon(tokenizer_of(config.tokens))
        predicted = decide(model.probabilities(texts.combine_chunks())).astype(int)
    else:
        # Each baseline tokenises and counts, so that its seconds include all that it needs.
        tokens = tokenizer_of(config.tokens)(reviews.texts)
        split = CountedSplit.of(tokens, reviews, Split(~in_test, in_test), config.features)
        learner = _learn(name, config, split)
        predicted = predictions(learner.decision_function(split.scored), learner.threshold)
    on_done(len(texts))
    return predicted


def _learn(name: str, config: Config, split: CountedSplit) -> LogisticRegression:
    """Return the baseline, one of `LEARNED`, that learned from a side of a split."""
    if name == BAYES:
        return naive_bayes(split.learned, split.learned_labels, sample_weight=split.weights)
    return split.learn(config.train)


def _results(
    journal: Journal,
    wanted: Sequence[str],
    labels: Array,
    confidence: float,
    groups: Array | None,
) -> Iterator[BaselineResult]:
    previous: Array | None = None
    for name in (name for name in wanted if name in journal):
        found = journal[name]
        right = np.array(found["predicted"]) == labels
        n_right, only_this, only_previous, p = int(right.sum()), 0, 0, np.nan
        if previous is not None:
            only_this = int((right & ~previous).sum())
            only_previous = int((previous & ~right).sum())
            p = paired_p_value(right, previous, groups)
        ends = accuracy_interval(right, confidence, groups)
        measured = found["seconds"], found["peak_bytes"]
        accuracy = n_right / len(right)
        yield BaselineResult(name, accuracy, *ends, *measured, only_this, only_previous, p)
        previous = right
