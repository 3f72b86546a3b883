"""What mattered in a search: shares and means against an oracle, and what is left out."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.studies.auto_grid import settings
from pipeline.studies.effects import effect_of, effects_of, shown_value
from pipeline.studies.ranking import RankedRound, Tried

PAIRS = st.lists(
    st.tuples(st.sampled_from([1, 2, 3]), st.floats(0, 1, width=32)), min_size=4, max_size=40
)


def adjusted_r2(found):
    """Return the adjusted R² of a least squares fit with a column for each value."""
    values = sorted({value for value, _ in found})
    y = np.array([score for _, score in found])
    X = np.array([[float(value == v) for v in values] for value, _ in found])
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    n, p = X.shape
    return 1 - (residual @ residual / (n - p)) / (np.sum((y - y.mean()) ** 2) / (n - 1))


@given(PAIRS)
def test_a_share_is_the_adjusted_r2_of_a_least_squares_fit(found):
    n_values, spread = len({value for value, _ in found}), np.std([score for _, score in found])
    effect = effect_of("features.ngrams", found)
    if n_values < len(found) and spread > 1e-6:
        assert effect.share == pytest.approx(max(0.0, adjusted_r2(found)), abs=1e-6)
    for each in effect.values:
        scores = [score for value, score in found if value == each.value]
        assert (each.n, each.mean) == (len(scores), pytest.approx(np.mean(scores)))
        assert math.isnan(each.low) or each.low <= each.mean <= each.high


def tried(number, accuracy, **values):
    keys = {f"train.{key}": value for key, value in values.items()}
    return Tried(number, keys, accuracy, 1 - accuracy, (accuracy,))


def test_the_setting_that_was_planted_comes_first_and_the_others_explain_little():
    draw = np.random.default_rng(0)
    candidates = []
    for number in range(60):
        values = {"alpha": [0.1, 1.0, 10.0][number % 3], "seed": int(draw.integers(4))}
        best = 0.7 + 0.1 * (number % 3) + 0.01 * draw.standard_normal()
        candidates.append((tried(number, best, **values),))
    first, second = effects_of(RankedRound(1, tuple(candidates), 30), "accuracy")
    assert (first.key, second.key) == ("train.alpha", "train.seed")
    assert first.share > 0.95
    assert second.share < 0.2
    assert first.p == 0.001
    assert second.p > 0.05
    assert [each.value for each in first.values] == [0.1, 1.0, 10.0]
    for each, mean in zip(first.values, (0.7, 0.8, 0.9), strict=True):
        assert each.low < mean < each.high


def test_a_training_counts_with_its_best_epoch_and_epochs_with_all_trainings():
    candidates = (
        (tried(0, 0.9, l2=1, epochs=4), tried(1, 0.5, l2=1, epochs=2)),
        (tried(2, 0.8, l2=2, epochs=4), tried(3, 0.4, l2=2, epochs=2)),
    )
    found = {each.key: each for each in effects_of(RankedRound(1, candidates, 1), "accuracy")}
    assert [each.mean for each in found["train.l2"].values] == [0.9, 0.8]
    assert [each.mean for each in found["train.epochs"].values] == pytest.approx([0.45, 0.85])
    assert math.isnan(found["train.epochs"].p)
    by_loss = {each.key: each for each in effects_of(RankedRound(1, candidates, 1), "log_loss")}
    assert [each.mean for each in by_loss["train.l2"].values] == pytest.approx([0.1, 0.2])


def test_known_settings_are_left_out_because_their_values_go_together():
    scores = (0.9, 0.9, 0.6, 0.7)
    candidates = tuple(
        (Tried(number, values | {"train.epochs": 2}, score, 0.5, (score,)),)
        for number, (values, score) in enumerate(zip(settings(4, 0), scores, strict=True))
    )
    for effect in effects_of(RankedRound(1, candidates, 2), "accuracy"):
        assert sum(each.n for each in effect.values) == 2
        assert {round(each.mean, 9) for each in effect.values} == {0.6, 0.7}


def test_what_diverged_and_what_has_one_value_is_left_out():
    candidates = (
        (tried(0, 0.9, l2=1, ratio="none"),),
        (tried(1, 0.8, l2=2, ratio="none"),),
        (tried(2, math.nan, l2=2, ratio="counts"),),
    )
    (effect,) = effects_of(RankedRound(1, candidates, 1), "accuracy")
    assert effect.key == "train.l2"
    assert [each.n for each in effect.values] == [1, 1]
    assert effect.share == 0.0
    assert math.isnan(effect.values[0].low)


def test_values_are_in_their_order_and_nothing_comes_before_something():
    found = [((2, 5), 0.5), (None, 0.4), ((2, 5), 0.6), (None, 0.5)]
    effect = effect_of("features.characters", found)
    assert [shown_value(each.value) for each in effect.values] == ["none", "2 to 5"]


def test_one_trial_that_stands_out_proves_nothing():
    """It is alone with its value, so the setting explains all of it: by chance."""
    found = [(1, 0.5), (1, 0.52), (2, 0.51), (2, 0.49), (3, 0.9), (1, 0.5)]
    effect = effect_of("features.ngrams", found)
    assert effect.share > 0.9
    assert effect.p > 0.1


def test_p_is_even_for_settings_that_do_nothing():
    draw = np.random.default_rng(1)
    ps = [effect_of("a", [(k % 4, float(draw.random())) for k in range(30)]).p for _ in range(200)]
    assert 0.01 < np.mean(np.array(ps) <= 0.05) < 0.1
    assert 0.4 < np.mean(ps) < 0.6
