"""The gradient of a run's training objective, against central differences."""

import numpy as np
import pytest

from pipeline.errors import RunError
from pipeline.model.text_classifier import TextClassifier
from pipeline.studies import gradient_check
from pipeline.studies.gradient_check import BOUND, check_gradient
from pipeline.training.certificate import Objective


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
    right = Objective.gradient
    monkeypatch.setattr(Objective, "gradient", lambda *args: mistake(*right(*args)))
    found = check_gradient(planted("run"))
    assert not found.holds
    assert found.largest_error > 1000 * BOUND


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("train.ratio=documents",),
        ("train.ratio=counts", "train.beta=0.5"),
        ("train.class_weight=balanced", "train.l2=0", "train.fit_intercept=false"),
        ("train.calibrate=true", "train.validation=0.2"),
    ],
    ids=" ".join,
)
def test_the_gradient_of_three_classes_is_right_whatever_the_objective(three, overrides):
    found = check_gradient(three("-".join(["check", *overrides]), *overrides))
    assert found.holds
    intercepts = [each.label for each in found.coordinates if each.feature is None]
    assert sorted(intercepts) == ["bad", "fair", "good"]


def test_every_weight_of_every_class_can_be_checked(three):
    found = check_gradient(three("run"), n_coordinates=10**6)
    checked = {(each.feature, each.label) for each in found.coordinates}
    assert len(checked) == len(found.coordinates) == found.n_weights + 3
    assert found.n_weights == 3 * len(TextClassifier.load(three("run")).vocabulary)


MISTAKES_OF_CLASSES = {
    "all classes are pushed up": lambda w, b: (np.abs(w), b),
    "the classes are mixed up": lambda w, b: (w[::-1], b),
    "the error of another class": lambda w, b: (w, np.roll(b, 1)),
}


@pytest.mark.parametrize("mistake", MISTAKES_OF_CLASSES.values(), ids=MISTAKES_OF_CLASSES)
def test_a_wrong_gradient_of_three_classes_is_found(three, monkeypatch, mistake):
    path, right = three("run"), Objective.gradient
    monkeypatch.setattr(Objective, "gradient", lambda *args: mistake(*right(*args)))
    assert check_gradient(path).largest_error > 1000 * BOUND


def test_a_run_that_was_not_trained_on_its_features_is_refused(planted, tmp_path):
    with pytest.raises(RunError, match="no model here"):
        check_gradient(tmp_path)


def test_the_relative_error_of_two_tiny_numbers_is_their_distance_to_the_smallest_that_counts():
    each = gradient_check.Coordinate("word", 1e-12, -1e-12)
    assert each.relative_error == pytest.approx(2e-6)
    assert np.isclose(gradient_check.Coordinate("word", 1.0, 2.0).relative_error, 0.5)
