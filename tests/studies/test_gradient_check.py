"""The gradient of a run's training objective, against central differences."""

import numpy as np
import pytest

from pipeline.errors import RunError
from pipeline.studies import gradient_check
from pipeline.studies.gradient_check import BOUND, check_gradient


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("train.ratio=documents",),
        ("train.ratio=counts", "train.beta=0.5"),
        ("train.class_weight={ negative = 3.0 }", "train.l2=0"),
        ("train.calibrate=true",),
    ],
    ids=" ".join,
)
def test_the_gradient_is_right_whatever_the_objective(planted, overrides):
    found = check_gradient(planted("-".join(["run", *overrides]) or "run", *overrides))
    assert found.holds
    assert found.largest_error <= BOUND
    assert found.n_reviews == 360  # no validation set


def test_the_intercept_and_as_many_weights_as_asked_are_checked(planted):
    path = planted("run")
    found = check_gradient(path, n_coordinates=5, seed=1)
    names = [coordinate.feature for coordinate in found.coordinates]
    assert len(set(names)) == 6
    assert None in names
    errors = [coordinate.relative_error for coordinate in found.coordinates]
    assert errors == sorted(errors, reverse=True)
    everything = check_gradient(path, n_coordinates=10**6)
    assert len(everything.coordinates) == everything.n_weights + 1


def test_the_seed_alone_decides_which_weights_are_drawn(planted):
    path = planted("run")
    one, again, other = (check_gradient(path, 5, seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other


MISTAKES = {
    "the sign of the book's update": lambda w, b: (-w, -b),
    "a sum instead of a mean": lambda w, b: (360 * w, 360 * b),
    "a weight that is a tenth off": lambda w, b: (1.1 * w, b),
    "an intercept that is penalised": lambda w, b: (w, b + 0.01),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_gradient_is_found(planted, monkeypatch, mistake):
    right = gradient_check.gradient
    monkeypatch.setattr(gradient_check, "gradient", lambda *args: mistake(*right(*args)))
    found = check_gradient(planted("run"))
    assert not found.holds
    assert found.largest_error > 1000 * BOUND


def test_a_run_that_was_not_trained_on_its_features_is_refused(planted, tmp_path):
    with pytest.raises(RunError, match="no model here"):
        check_gradient(tmp_path)


def test_the_relative_error_of_two_tiny_numbers_is_their_distance_to_the_smallest_that_counts():
    each = gradient_check.Coordinate("word", 1e-12, -1e-12)
    assert each.relative_error == pytest.approx(2e-6)
    assert np.isclose(gradient_check.Coordinate("word", 1.0, 2.0).relative_error, 0.5)
