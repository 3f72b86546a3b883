"""Folds that begin while the regression learns are those that begin after it."""

import numpy as np
import pytest
from reference import reviews, three_classes

from pipeline.training import held_out as module
from pipeline.training.decision import choose_decision
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.folds import LearnedReviews
from pipeline.training.held_out import EarlyFolds, held_out

X, Y = reviews(240, noise=0.2)


def learn(counts=X, y=Y, weights=None, **settings):
    """Return a fitted regression, and what was begun while it learned."""
    model = SGDLogisticRegression(**settings)
    early = EarlyFolds(model, LearnedReviews(counts, y, weights))
    model.fit(counts, y, weights, on_epoch=lambda epoch: early.begin())
    return model, early


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    monkeypatch.setenv("SENTIMENT_THREADS", "2")


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weights", [None, np.arange(1.0, 241.0)])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ratio": "documents", "averaged_runs": 3, "class_weight": "balanced"},
        {"epochs": 2, "learning_rate": 0.1, "schedule": "inverse", "average_from": 1},
        {"exact": True, "gap": 1e-3, "l2": 1e-2},
    ],
)
def test_early_folds_change_no_byte(settings, weights, n_classes):
    counts, y = (X, Y) if n_classes == 2 else three_classes(240)
    model, early = learn(counts, y, weights, **settings)
    alone = SGDLogisticRegression(**settings).fit(counts, y, weights)
    assert model.coef_.tobytes() == alone.coef_.tobytes()
    later = held_out(alone, LearnedReviews(counts, y, weights))
    assert early.scored().scores.tobytes() == later.scores.tobytes()


def test_they_begin_after_the_first_epoch_and_once(monkeypatch):
    begun = []
    monkeypatch.setattr(module, "held_out", lambda model, _: begun.append(model.kept_.number))
    learn(epochs=4)[1].scored()
    assert begun == [1]


def test_the_decision_takes_their_scores(monkeypatch):
    model, early = learn()
    alone = SGDLogisticRegression().fit(X, Y)
    expected = choose_decision(alone, LearnedReviews(X, Y), calibrate=True)
    early.scored()
    monkeypatch.delattr("pipeline.training.decision.held_out")
    learned = LearnedReviews(X, Y)
    assert choose_decision(model, learned, calibrate=True, scored=early.scored) == expected


@pytest.mark.parametrize("settings", [{"parts": 2}, {"validation": 0.2, "patience": 1}])
def test_they_wait_for_what_is_known_at_the_end(settings):
    assert learn(**settings)[1].begun is None


def test_they_wait_where_there_is_one_thread_or_much_to_hold_in_memory(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(module, "SMALL", 0)
        assert learn()[1].begun is None
    monkeypatch.setenv("SENTIMENT_THREADS", "1")
    assert learn()[1].begun is None


def test_an_error_of_a_fold_is_raised_where_its_scores_are_asked_for(monkeypatch):
    def fail(*_):
        raise MemoryError("no room")

    monkeypatch.setattr(module, "score_folds", fail)
    model, early = learn()
    with pytest.raises(MemoryError, match="no room"):
        choose_decision(model, LearnedReviews(X, Y), calibrate=True, scored=early.scored)
