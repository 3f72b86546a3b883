"""One epoch of SGD over CSR rows for more than two classes: softmax regression.

    J(W, b) = (1/n) sum_i c_i (log sum_k exp(z_ik) - z_iy) + (l2/2) ||W||^2
    z_ik = sum_j x_ij r_jk w_jk + b_k

is the multinomial logistic regression of Jurafsky & Martin's chapter. y is the true class of
document i, c_i the cost of a mistake on it, and r_jk the log-count ratio of feature j and class k,
or 1. A step takes the gradient of a batch of rows B at the same weights:

    g_jk = (1/|B|) sum_{i in B} e_ik x_ij r_jk,  e_ik = c_i (softmax(z_i)_k - [y_i = k])

and touches only the features that are not zero in B. `kernels.sgd` explains the steps themselves:
those here are the same, for each class.

All that is known of a feature lies side by side, so a row that touches it loads one place of
memory: an array of shape (d + 1, 3, K), whose last row is the intercept's, not penalised.
"""

import math

from pipeline.kernels.compiled import kernel
from pipeline.kernels.sgd import (
    AVERAGING,
    FETCHED,
    FISHER,
    FIT_INTERCEPT,
    L2,
    N_AVERAGED,
    RATE,
    SCALE,
    SCALE_SUM,
    STEP,
)
from pipeline.kernels.steps import AHEAD, fetch, next_divisor, quotient, stepped

# The middle axis of `vectors`: w = scale * v, u averages the steps, and the ratio r.
V, U = 0, 1
# The middle axis of `coordinates`: u_jk and d_jk, and the ratio r.
NUMERATOR, DIVISOR = 0, 1
RATIO = 2
# The columns of `targets`: the number of the true class, and the cost of a mistake.
LABEL, COST = 0, 1


@kernel(
    "void(float32[::1], int32[::1], int64[::1], float64[:, ::1], int64[::1], float64[::1],"
    " float64[::1], float64[:, :, ::1], float64[::1], float64[:, ::1])"
)
def sgd_epoch(data, indices, indptr, targets, order, rates, params, vectors, state, errors):
    """Take one pass of steps with one learning rate for all weights.

    Parameters
    ----------
    data, indices, indptr, order, rates, params, state
        As in `kernels.sgd.sgd_epoch`.
    targets : float64 array, shape (n_rows, 2)
        LABEL and COST of each row.
    vectors : float64 array, shape (n_columns + 1, 3, n_classes)
        V and U, changed in place, and RATIO. The intercept's V is not scaled.
    errors : float64 array, shape (batch_size, n_classes)
        Workspace.
    """
    scale, scale_sum = state[SCALE], state[SCALE_SUM]
    fit_intercept, averaging = params[FIT_INTERCEPT] > 0, params[AVERAGING] > 0
    batch_size, n_classes = errors.shape
    intercept = vectors[-1]
    fetched = 0
    for step in range(rates.size):
        batch = order[step * batch_size : (step + 1) * batch_size]
        for b in range(batch.size):
            if step * batch_size + b == fetched:
                stop = min(fetched + AHEAD, order.size)
                state[FETCHED] = fetch(data, indices, indptr, order[fetched:stop])
                fetched = stop
            start, stop = indptr[batch[b]], indptr[batch[b] + 1]
            _score(data[start:stop], indices[start:stop], vectors, scale, errors[b])
            _scores_to_errors(errors[b], targets[batch[b]])
        scale *= 1.0 - rates[step] * params[L2]
        if scale < 1e-6:  # long before it underflows or is a division by 0
            _fold(vectors, scale, scale_sum)
            scale, scale_sum = 1.0, 0.0
        for b in range(batch.size):
            for p in range(indptr[batch[b]], indptr[batch[b] + 1]):
                of_feature = vectors[indices[p]]
                factor = -rates[step] * data[p] / (batch.size * scale)
                for k in range(n_classes):
                    change = factor * errors[b, k] * of_feature[RATIO, k]
                    of_feature[V, k] += change
                    of_feature[U, k] += scale_sum * change
            if fit_intercept:
                for k in range(n_classes):
                    intercept[V, k] -= rates[step] * errors[b, k] / batch.size
        if averaging:
            scale_sum += scale
            for k in range(n_classes):
                intercept[U, k] += intercept[V, k]
            state[N_AVERAGED] += 1
    state[SCALE], state[SCALE_SUM] = scale, scale_sum


def _score(data, indices, vectors, scale, scores):
    """Write z_k = scale * x . (r_k v_k) + b_k of a row x to `scores`."""
    for k in range(scores.size):
        scores[k] = 0.0
    for p in range(data.size):
        of_feature = vectors[indices[p]]
        for k in range(scores.size):
            scores[k] += data[p] * of_feature[RATIO, k] * of_feature[V, k]
    for k in range(scores.size):
        scores[k] = scale * scores[k] + vectors[-1, V, k]


@kernel(
    "void(float32[::1], int32[::1], int64[::1], float64[:, ::1], int64[::1], float64[::1],"
    " float64[:, :, ::1], float64[::1], float64[:, ::1], float64[::1])"
)
def coordinate_epoch(
    data, indices, indptr, targets, order, params, coordinates, state, row, errors
):
    """Take one pass of steps, a row each, with a learning rate for each weight.

    Parameters
    ----------
    data, indices, indptr, order, params, state
        As in `kernels.sgd.coordinate_epoch`.
    targets : float64 array, shape (n_rows, 2)
        LABEL and COST of each row.
    coordinates : float64 array, shape (n_columns + 1, 3, n_classes)
        NUMERATOR and DIVISOR, changed in place, and RATIO. The intercept's NUMERATOR is its value.
    row : float64 array, shape (the most non-zeros of a row, n_classes)
        Workspace.
    errors : float64 array, shape (n_classes,)
        Workspace.
    """
    l2, rate, fisher = params[L2], params[RATE], params[FISHER] > 0
    intercept = coordinates[-1]
    fetched = 0
    for b in range(order.size):
        if b == fetched:
            fetched = min(fetched + AHEAD, order.size)
            state[FETCHED] = fetch(data, indices, indptr, order[b:fetched])
        shrink = rate * l2 * state[STEP]
        start, stop = indptr[order[b]], indptr[order[b] + 1]
        for k in range(errors.size):
            errors[k] = intercept[NUMERATOR, k]
        for p in range(start, stop):
            of_feature, weights = coordinates[indices[p]], row[p - start]
            for k in range(errors.size):
                weights[k] = _weight(of_feature, k, shrink)
                errors[k] += data[p] * of_feature[RATIO, k] * weights[k]
        _scores_to_errors(errors, targets[order[b]])
        for p in range(start, stop):
            of_feature, weights = coordinates[indices[p]], row[p - start]
            for k in range(errors.size):
                slope = errors[k] * data[p] * of_feature[RATIO, k]
                _step(of_feature, k, slope, weights[k], rate, fisher)
        _finish_step(state, params, intercept, errors)


@kernel(
    "void(float32[::1], int32[::1], int64[::1], float64[:, ::1], int64[::1], float64[::1],"
    " float64[:, :, ::1], float64[::1], float64[:, ::1], float64[:, ::1])"
)
def coordinate_batches(
    data, indices, indptr, targets, order, params, coordinates, state, errors, gradient
):
    """Take one pass of steps as `coordinate_epoch` does, a batch of rows each.

    Parameters
    ----------
    data, indices, indptr, targets, order, params, coordinates, state
        As in `coordinate_epoch`.
    errors : float64 array, shape (batch_size, n_classes)
        Workspace.
    gradient : float64 array of zeros, shape (n_columns, n_classes)
        Workspace.
    """
    l2, rate, fisher = params[L2], params[RATE], params[FISHER] > 0
    batch_size, n_classes = errors.shape
    intercept = coordinates[-1]
    fetched = 0
    for first in range(0, order.size, batch_size):
        batch = order[first : first + batch_size]
        shrink = rate * l2 * state[STEP]
        for b in range(batch.size):
            if first + b == fetched:
                fetched = min(fetched + AHEAD, order.size)
                state[FETCHED] = fetch(data, indices, indptr, order[first + b : fetched])
            i, scores = batch[b], errors[b]
            for k in range(n_classes):
                scores[k] = intercept[NUMERATOR, k]
            for p in range(indptr[i], indptr[i + 1]):
                of_feature = coordinates[indices[p]]
                for k in range(n_classes):
                    weight = _weight(of_feature, k, shrink)
                    scores[k] += data[p] * of_feature[RATIO, k] * weight
            _scores_to_errors(scores, targets[i])
            for p in range(indptr[i], indptr[i + 1]):
                for k in range(n_classes):
                    gradient[indices[p], k] += scores[k] * data[p]
        for i in batch:
            for p in range(indptr[i], indptr[i + 1]):
                of_feature, of_batch = coordinates[indices[p]], gradient[indices[p]]
                for k in range(n_classes):
                    slope = of_batch[k] / batch.size * of_feature[RATIO, k]
                    if slope != 0:  # otherwise an earlier row has taken the step
                        _step(of_feature, k, slope, _weight(of_feature, k, shrink), rate, fisher)
                        of_batch[k] = 0.0
        for b in range(1, batch.size):
            for k in range(n_classes):
                errors[0, k] += errors[b, k]
        for k in range(n_classes):
            errors[0, k] /= batch.size
        _finish_step(state, params, intercept, errors[0])


@kernel("void(float64[:, :, ::1], float64, float64[:, ::1])")
def coordinate_weights(coordinates, shrink, weights):
    """Write every w_jk to `weights`, shape (n_columns, n_classes); `shrink` is rate * l2 * t."""
    for j in range(weights.shape[0]):
        for k in range(weights.shape[1]):
            weights[j, k] = _weight(coordinates[j], k, shrink)


def _scores_to_errors(scores, target):
    """Replace z_k by the derivative of the loss by z_k: c (softmax(z)_k - [k = y]).

    The largest score is subtracted first, so that no exponent is above 0 and none overflows. Of
    the true class it is -c times the sum of the others' probabilities, which does not cancel
    where its own is near 1.
    """
    true_class, highest = int(target[LABEL]), scores[0]
    for k in range(1, scores.size):
        highest = max(highest, scores[k])
    others = 0.0
    for k in range(scores.size):
        scores[k] = math.exp(scores[k] - highest)
        if k != true_class:
            others += scores[k]
    total = others + scores[true_class]
    scores[true_class] = -others
    for k in range(scores.size):
        scores[k] *= target[COST] / total


def _fold(vectors, scale, scale_sum):
    """Make the scale 1, as in `kernels.sgd`; the intercept has none."""
    for j in range(vectors.shape[0] - 1):
        for k in range(vectors.shape[2]):
            vectors[j, U, k] -= scale_sum * vectors[j, V, k]
            vectors[j, V, k] *= scale


def _weight(of_feature, k, shrink):
    """Return w_jk = u_jk / (d_jk + rate * l2 * t)."""
    return quotient(of_feature[NUMERATOR, k], of_feature[DIVISOR, k] + shrink)


def _step(of_feature, k, slope, weight, rate, fisher):
    """Move a weight against its gradient, as in `kernels.sgd`."""
    numerator, divisor = of_feature[NUMERATOR, k], of_feature[DIVISOR, k]
    moved = stepped(numerator, divisor, slope, weight, rate, fisher)
    of_feature[NUMERATOR, k], of_feature[DIVISOR, k] = moved


def _finish_step(state, params, intercept, errors):
    """Count a step, and move the intercepts."""
    state[STEP] += 1
    if params[FIT_INTERCEPT] > 0:
        for k in range(errors.size):
            if errors[k] != 0:
                before = intercept[DIVISOR, k]
                after = next_divisor(before, errors[k], params[RATE], params[FISHER] > 0)
                intercept[DIVISOR, k] = after
                intercept[NUMERATOR, k] -= params[RATE] * errors[k] / after
