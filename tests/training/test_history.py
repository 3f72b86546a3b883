"""What a history says of weights: divergence, and when no lower validation loss came."""

import numpy as np
import pytest
from reference import reviews

from pipeline.errors import DivergenceError
from pipeline.model.logistic import objective
from pipeline.training import history as history_module
from pipeline.training.costs import costs_of, targets_of
from pipeline.training.history import History, LabelledCounts


def history(n_classes=2, patience=0, n_validation=0):
    """Return the history of a training set in which a mistake costs 0.5 or 3."""
    X, y = reviews(40)
    y = y + np.arange(40) % (n_classes - 1)
    targets = targets_of(y, np.where(y == 0, 3.0, 0.5), n_classes)
    documents = LabelledCounts(X, y, targets, np.arange(40) < n_validation)
    return History(documents, 1.0, 0.5, patience, "try less", n_classes)


def zeros(n_classes):
    """Return W and b of zero weights."""
    shape = () if n_classes == 2 else (n_classes,)
    return np.zeros((*shape, 8)), np.zeros(shape)


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_ten_times_the_objective_of_zero_weights_is_a_divergence(n_classes):
    found = history(n_classes)
    w, b = zeros(n_classes)
    at_zero = objective(
        found.documents.counts, found.documents.labels, w, b, 0, costs_of(found.documents.targets)
    )
    for times in (9.99, 10.01):
        penalised = np.zeros_like(w)  # the loss stays that of zero weights
        penalised.flat[0] = np.sqrt(2 * (times - 1) * at_zero)
        if times < 10:
            assert found.add(penalised, b, w).objective == pytest.approx(times * at_zero)
            continue
        said = f"after epoch 2 .* with all weights zero it is {at_zero:.3g}; try less"
        with pytest.raises(DivergenceError, match=said):
            found.add(penalised, b, w)
    assert len(found.epochs) == 1


@pytest.mark.parametrize("patience", [1, 2])
def test_an_equal_validation_loss_is_no_lower_one(patience):
    found = history(patience=patience, n_validation=20)
    w, b = zeros(2)
    found.add(w, b, w)
    assert (found.keeps_last, found.stops) == (True, False)
    for waited in (1, 2, 3):
        found.add(w, b, w)
        assert (found.keeps_last, found.stops) == (False, waited >= patience)


def test_without_patience_the_last_epoch_is_kept_and_none_stops():
    found = history()
    for _ in range(3):
        w, b = zeros(2)
        found.add(w, b, w)
        assert (found.keeps_last, found.stops) == (True, False)


def test_where_no_mistake_costs_anything_nothing_diverges():
    found = history()
    found.documents.targets[:] = 0.0
    w, b = zeros(2)
    assert found.add(w, b, w).objective == 0.0


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("n_validation", [0, 15])
def test_an_epoch_is_measured_alike_in_blocks_of_any_size(n_classes, n_validation, monkeypatch):
    w, b = zeros(n_classes)
    w = w + np.linspace(-0.3, 0.5, w.size).reshape(w.shape)
    expected = history(n_classes, n_validation=n_validation).add(w, b, w)
    monkeypatch.setattr(history_module, "BLOCK", 7)
    found = history(n_classes, n_validation=n_validation).add(w, b, w)
    assert repr(found) == repr(expected)  # NaN is not equal to itself
