"""The power law of a learning curve: what it recovers, and how often its intervals hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from pipeline.evaluation import learning_curve
from pipeline.evaluation.learning_curve import (
    FoldErrors,
    PowerLaw,
    extrapolate,
    fit_power_law,
)

SIZES = [60, 120, 240, 480, 960, 1920]
LAWS = st.builds(
    PowerLaw, st.floats(0, 0.2), st.floats(0.15, 0.9), st.floats(1, 300), st.floats(0.45, 0.8)
)


def folds(law, draw, n_scored=200, n_folds=10, shared=0.7):
    """Return errors as folds measure them: a fold that is hard is hard at each size."""
    errors = law.error(SIZES)
    scale = np.sqrt(errors * (1 - errors) / n_scored)
    of_fold, own = draw.normal(size=(n_folds, 1)), draw.normal(size=(n_folds, len(SIZES)))
    noise = np.sqrt(shared) * of_fold + np.sqrt(1 - shared) * own
    return FoldErrors(SIZES, errors + scale * noise, np.full(n_folds, n_scored), law.chance)


@given(LAWS)
@settings(max_examples=25, deadline=None)
def test_a_power_law_is_recovered_and_goes_on_as_it_does(law):
    found = fit_power_law(SIZES, law.error(SIZES), np.full(6, 0.01), law.chance)
    assert found.error(SIZES) == pytest.approx(law.error(SIZES), abs=0.002)
    assert found.error(4 * SIZES[-1]) == pytest.approx(law.error(4 * SIZES[-1]), abs=0.01)


@given(LAWS, st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_no_other_law_has_smaller_squares(law, seed):
    """An optimiser of SciPy that begins at the law that was found hardly gains anything."""
    draw = np.random.default_rng(seed)
    deviations = draw.uniform(0.005, 0.02, 6)
    errors = law.error(SIZES) + deviations * draw.normal(size=6)
    found = fit_power_law(SIZES, errors, deviations, law.chance)

    def residuals(values):
        a, c, log_d = values
        return (PowerLaw(a, c, np.exp(log_d), law.chance).error(SIZES) - errors) / deviations

    bounds = np.array([[0, 0.02, np.log(0.06)], [law.chance, 1, np.log(1920)]])
    margin = np.array([[1e-6], [-1e-6]])
    begin = np.clip([found.a, found.c, np.log(found.d)], *(bounds + margin))
    best = least_squares(residuals, begin, bounds=bounds)
    ours = (residuals([found.a, found.c, np.log(found.d)]) ** 2).sum()
    assert ours <= 2 * best.cost + 0.25


def test_far_beyond_the_bend_it_is_the_law_a_plus_b_n_to_the_minus_c():
    law = PowerLaw(0.1, 0.5, 2.0, 0.5)
    n = np.array([1e5, 1e6])
    assert law.error(n) == pytest.approx(0.1 + 0.4 * np.sqrt(2) * n**-0.5, rel=1e-4)
    assert law.error(0) == law.chance


@pytest.fixture
def few_resamples(monkeypatch):
    monkeypatch.setattr(learning_curve, "_RESAMPLES", 100)
    monkeypatch.setattr(learning_curve, "_BENDS", 30)


def test_intervals_hold_the_law_at_least_as_often_as_they_say(few_resamples):
    law, draw, held = PowerLaw(0.08, 0.4, 30.0, 0.5), np.random.default_rng(0), []
    truth = 1 - law.error([2000, 4000])
    for seed in range(40):
        found = extrapolate(folds(law, draw), 2000, 4000, 0.8, seed)
        wanted = *truth, truth[1] - truth[0]
        intervals = found.accuracy_now, found.accuracy_then, found.gain
        held.append([i.low <= x <= i.high for i, x in zip(intervals, wanted, strict=True)])
    # Of 40 intervals that hold in 80%, fewer than 27 do once in 50 times.
    assert (np.sum(held, axis=0) >= 27).all()


def test_what_is_predicted_is_less_certain_the_farther_it_is(few_resamples):
    curve = folds(PowerLaw(0.08, 0.4, 30.0, 0.5), np.random.default_rng(1))
    found = extrapolate(curve, 2000, 4 * SIZES[-1])
    assert found.sizes[0], found.sizes[-1] == (SIZES[0], found.then)
    assert found.accuracy[-1] == found.accuracy_then
    near, far = found.accuracy_now, found.accuracy_then
    assert far.high - far.low > near.high - near.low
    assert found.gain.value == pytest.approx(far.value - near.value)
    assert found.gain.high - found.gain.low < far.high - far.low
    assert found == extrapolate(curve, 2000, 4 * SIZES[-1])


@pytest.mark.parametrize(
    ("law", "n_scored", "helps"),
    [
        (PowerLaw(0.02, 0.5, 60.0, 0.5), 100_000, True),
        (PowerLaw(0.20, 1.0, 1.0, 0.5), 100_000, False),
        (PowerLaw(0.08, 0.5, 10.0, 0.5), 30, None),
    ],
)
def test_more_reviews_help_or_hardly_do_or_the_curve_cannot_tell(
    law, n_scored, helps, few_resamples
):
    curve = folds(law, np.random.default_rng(2), n_scored, shared=0.5)
    assert extrapolate(curve, 2000, 4000).helps is helps


@pytest.mark.parametrize(("n_sizes", "then"), [(4, 3000), (6, 4 * 1920 + 1), (6, 2000)])
def test_too_few_sizes_and_what_is_too_far_are_refused(n_sizes, then):
    law = PowerLaw(0.08, 0.4, 30.0, 0.5)
    curve = FoldErrors(SIZES[-n_sizes:], law.error([SIZES[-n_sizes:]] * 3), np.full(3, 9), 0.5)
    with pytest.raises(ValueError, match="expected 5 sizes, and at most 4 times the largest"):
        extrapolate(curve, 2000, then)


def test_folds_without_an_error_are_extrapolated_too(few_resamples):
    found = extrapolate(FoldErrors(SIZES, np.zeros((5, 6)), np.full(5, 100), 0.5), 2000, 4000)
    assert found.accuracy_then.value == pytest.approx(1, abs=1e-3)
    assert found.helps is False
