"""A training warns where it ended too early or went on for too long, and not elsewhere."""

import numpy as np
import pytest
from reference import reviews, three_classes

from pipeline import SGDLogisticRegression
from pipeline.training.diagnosis import warnings
from pipeline.training.history import Epoch


def trained(losses, validation_losses=(), **settings):
    """Return a model of two classes with a history of its own."""
    model = SGDLogisticRegression(**settings)
    model.classes_ = np.array([0, 1])
    of_validation = validation_losses or [np.nan] * len(losses)
    model.history_ = [
        Epoch(number, loss, loss, 0.5, held_out, 0.5)
        for number, (loss, held_out) in enumerate(zip(losses, of_validation, strict=True), 1)
    ]
    return model


@pytest.mark.parametrize("data", [reviews, three_classes])
def test_the_default_says_nothing(data):
    assert warnings(SGDLogisticRegression().fit(*data())) == []


@pytest.mark.parametrize("data", [reviews, three_classes])
@pytest.mark.parametrize("schedule", ["adagrad", "fisher", "constant", "inverse"])
def test_steps_that_are_much_too_small_are_told_with_what_helps(data, schedule):
    model = SGDLogisticRegression(schedule=schedule, epochs=5, learning_rate=1e-6).fit(*data())
    (line,) = warnings(model)
    assert line.startswith("The training loss still falls: by ")
    assert line.endswith('; raise train.epochs, or set train.learning_rate = "auto"')


def test_a_rate_that_was_chosen_is_not_to_be_chosen_again():
    (line,) = warnings(trained([0.6, 0.5, 0.4], epochs=3))
    assert line == (
        "The training loss still falls: by 0.1 in the last of 3 epochs, 102% of its mean fall; "
        "raise train.epochs"
    )


@pytest.mark.parametrize(
    ("losses", "says"),
    [
        ([0.5], False),  # of one epoch nobody knows
        ([0.4, 0.3, 0.26], False),  # 0.28 of the mean fall of 0.144
        ([0.4, 0.3, 0.25], True),  # 0.34
        ([0.3, 0.4], False),
        ([0.4, 0.6, 0.39], False),  # most of it is what an epoch had lost
        ([0.7, 0.8], False),  # above that of zero weights
    ],
)
def test_a_third_of_the_mean_fall_is_fast(losses, says):
    assert bool(warnings(trained(losses))) is says


def test_a_validation_loss_that_turned_names_the_epoch_and_the_key():
    settled = [0.2, 0.1, 0.1]
    assert warnings(trained(settled, [0.5, 0.4, 0.47])) == []
    (line,) = warnings(trained(settled, [0.5, 0.4, 0.49]))
    assert line == (
        "The validation loss turned: it was lowest after epoch 2 (0.400) and is 0.490 after 3; "
        "set train.patience to stop there, or raise train.l2"
    )
    assert warnings(trained(settled, [0.5, 0.4, 0.49], patience=2, validation=0.1)) == []
