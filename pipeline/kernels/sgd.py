"""One epoch of SGD over CSR rows: the steps with one rate, and with a rate for each weight.

    J(w, b) = (1/n) sum_i c_i log(1 + exp(-y_i z_i)) + (l2/2) ||w||^2,  z_i = x_i . w + b

is the L2-regularised log loss of Jurafsky & Martin's chapter on logistic regression, with y_i in
{-1, +1} and the cost c_i of a mistake. A step takes the gradient of a batch of rows B at the same
weights:

    g = (1/|B|) sum_{i in B} e_i x_i,  e_i = c_i (sigmoid(z_i) - [y_i = 1])

and touches only the columns that are not zero in B. Label and cost of a row are one number, its
target t_i = c_i y_i.
"""

import math

from pipeline.kernels.compiled import kernel
from pipeline.kernels.steps import AHEAD, fetch, next_divisor, quotient, stepped

# Positions in `params`, which an epoch reads.
L2 = 0
FIT_INTERCEPT = 1
AVERAGING = 2  # sgd: whether the steps of this epoch are averaged
RATE = 3  # coordinates: the learning rate
FISHER = 4  # coordinates: Fisher's divisors instead of AdaGrad's
N_PARAMS = 5

# Positions in `state`, which an epoch changes.
INTERCEPT = 0
SCALE = 1  # sgd: w = scale * v
SCALE_SUM = 2  # sgd: sum of the scales of the averaged steps
INTERCEPT_SUM = 3  # sgd: sum of the intercepts of the averaged steps
N_AVERAGED = 4  # sgd: number of averaged steps
STEP = 5  # number of steps taken, which the kernels of coordinates count themselves
INTERCEPT_DIVISOR = 6  # coordinates: d_j of the intercept
FETCHED = 7  # what `fetch` returned; stored so that the compiler keeps its loads
STATE_SIZE = 8

# Columns of `coordinates`, side by side because they are used together.
NUMERATOR, DIVISOR = 0, 1


@kernel(
    "void(float32[::1], int32[::1], int64[::1], float64[::1], int64[::1], float64[::1],"
    " float64[::1], float64[:, ::1], float64[::1], float64[::1])"
)
def sgd_epoch(data, indices, indptr, targets, order, rates, params, vectors, state, errors):
    """Take one pass of steps with one learning rate for all columns.

    Step t: w <- (1 - rate_t * l2) * w - rate_t * g. The factor of w is kept apart, w = scale * v,
    so that it costs one product instead of one for each weight (Bottou 2012, Stochastic Gradient
    Descent Tricks, section 5.1).

    The sum of the weights over steps is kept lazily (Xu 2011, Towards Optimal One Pass Large Scale
    Learning with Averaged SGD): with C the sum of the scales, it is C * v - u, where a change of v
    adds C times that change to u.

    Parameters
    ----------
    data, indices, indptr : float32, int32, int64 arrays
        The CSR triplet.
    targets : float64 array, shape (n_rows,)
    order : int64 array, shape (n_used,)
        The rows to visit, in this order.
    rates : float64 array, shape (n_steps,)
        The learning rate of each step.
    params : float64 array, shape (N_PARAMS,)
        L2, FIT_INTERCEPT and AVERAGING.
    vectors : float64 array, shape (n_columns, 2)
        v and u, changed in place.
    state : float64 array, shape (STATE_SIZE,)
        Changed in place.
    errors : float64 array, shape (batch_size,)
        Workspace.
    """
    scale, intercept = state[SCALE], state[INTERCEPT]
    scale_sum, intercept_sum = state[SCALE_SUM], state[INTERCEPT_SUM]
    l2, fit_intercept, averaging = params[L2], params[FIT_INTERCEPT] > 0, params[AVERAGING] > 0
    fetched = 0
    for step in range(rates.size):
        first = step * errors.size
        size = min(errors.size, order.size - first)
        for k in range(size):
            if first + k == fetched:
                fetched = min(fetched + AHEAD, order.size)
                state[FETCHED] = fetch(data, indices, indptr, order[first + k : fetched])
            i = order[first + k]
            score = 0.0
            for p in range(indptr[i], indptr[i + 1]):
                score += data[p] * vectors[indices[p], 0]
            errors[k] = _error(targets[i], scale * score + intercept)
        scale *= 1.0 - rates[step] * l2
        if scale < 1e-6:  # long before it underflows or is a division by 0
            _fold(vectors, scale, scale_sum)
            scale, scale_sum = 1.0, 0.0
        mean_error = 0.0
        for k in range(size):
            i = order[first + k]
            mean_error += errors[k] / size
            change = -rates[step] * errors[k] / (size * scale)
            for p in range(indptr[i], indptr[i + 1]):
                j = indices[p]
                vectors[j, 0] += change * data[p]
                vectors[j, 1] += scale_sum * (change * data[p])
        if fit_intercept:
            intercept -= rates[step] * mean_error
        if averaging:
            scale_sum += scale
            intercept_sum += intercept
            state[N_AVERAGED] += 1
    state[SCALE], state[INTERCEPT] = scale, intercept
    state[SCALE_SUM], state[INTERCEPT_SUM] = scale_sum, intercept_sum


def _error(target, score):
    """Return the derivative of c log(1 + exp(-y z)) by the score z: c (sigmoid(z) - [y = 1]).

    Both branches have an exponent <= 0, so neither overflows.
    """
    margin = score if target > 0 else -score
    if margin >= 0:
        small = math.exp(-margin)
        return -target * small / (1.0 + small)
    return -target / (1.0 + math.exp(margin))


def _fold(vectors, scale, scale_sum):
    """Make the scale 1: v <- scale * v. C becomes 0, so u <- u - C * v takes up what C * v was."""
    for j in range(vectors.shape[0]):
        vectors[j, 1] -= scale_sum * vectors[j, 0]
        vectors[j, 0] *= scale


@kernel(
    "void(float32[::1], int32[::1], int64[::1], float64[::1], int64[::1], float64[::1],"
    " float64[:, ::1], float64[::1], float64[::1])"
)
def coordinate_epoch(data, indices, indptr, targets, order, params, coordinates, state, row):
    """Take one pass of steps, a row each, with a learning rate for each column.

    Step t: w_j <- w_j - eta_j * (g_j + l2 * w_j), eta_j = rate / (d_j + rate * l2 * t), where d_j
    grows with the gradients so far: see `next_divisor`.

    With u_j = w_j * (d_j + rate * l2 * t), and d_j' the new d_j, the same step is

        u_j <- u_j + (d_j' - d_j) * w_j - rate * g_j

    so a column with g_j = 0 is left alone: t alone, when the weight is used, has shrunk it.
    This is FTRL-Proximal (McMahan et al. 2013, Ad Click Prediction, algorithm 1).

    Parameters
    ----------
    data, indices, indptr, targets, order
        As in `sgd_epoch`.
    params : float64 array, shape (N_PARAMS,)
        L2, FIT_INTERCEPT, RATE and FISHER. With AdaGrad's divisors, RATE is the size of a
        column's first step, whatever its gradient; with Fisher's, it is the first learning rate.
    coordinates : float64 array, shape (n_columns, 2)
        NUMERATOR (u_j) and DIVISOR (d_j) of each column, changed in place.
    state : float64 array, shape (STATE_SIZE,)
        Changed in place.
    row : float64 array, shape (the most non-zeros of a row,)
        Workspace.
    """
    l2, rate, fisher = params[L2], params[RATE], params[FISHER] > 0
    fetched = 0
    for k in range(order.size):
        if k == fetched:
            fetched = min(fetched + AHEAD, order.size)
            state[FETCHED] = fetch(data, indices, indptr, order[k:fetched])
        shrink = rate * l2 * state[STEP]
        start, stop = indptr[order[k]], indptr[order[k] + 1]
        score = 0.0
        for p in range(start, stop):
            weight = _weight(coordinates, indices[p], shrink)
            row[p - start] = weight
            score += data[p] * weight
        error = _error(targets[order[k]], score + state[INTERCEPT])
        for p in range(start, stop):
            _step(coordinates, indices[p], error * data[p], row[p - start], rate, fisher)
        _finish_step(state, params, error)


@kernel(
    "void(float32[::1], int32[::1], int64[::1], float64[::1], int64[::1], float64[::1],"
    " float64[:, ::1], float64[::1], float64[::1], float64[::1])"
)
def coordinate_batches(
    data, indices, indptr, targets, order, params, coordinates, state, errors, gradient
):
    """Take one pass of steps as `coordinate_epoch` does, a batch of rows each.

    Parameters
    ----------
    data, indices, indptr, targets, order, params, coordinates, state
        As in `coordinate_epoch`.
    errors : float64 array, shape (batch_size,)
        Workspace.
    gradient : float64 array of zeros, shape (n_columns,)
        Workspace.
    """
    l2, rate, fisher = params[L2], params[RATE], params[FISHER] > 0
    fetched = 0
    for first in range(0, order.size, errors.size):
        batch = order[first : first + errors.size]
        shrink = rate * l2 * state[STEP]
        mean_error = 0.0
        for k in range(batch.size):
            if first + k == fetched:
                fetched = min(fetched + AHEAD, order.size)
                state[FETCHED] = fetch(data, indices, indptr, order[first + k : fetched])
            i = batch[k]
            score = 0.0
            for p in range(indptr[i], indptr[i + 1]):
                score += data[p] * _weight(coordinates, indices[p], shrink)
            errors[k] = _error(targets[i], score + state[INTERCEPT])
            mean_error += errors[k]
        for k in range(batch.size):
            for p in range(indptr[batch[k]], indptr[batch[k] + 1]):
                gradient[indices[p]] += errors[k] * data[p]
        for i in batch:
            for p in range(indptr[i], indptr[i + 1]):
                j = indices[p]
                # Divided after the sum: errors that cancel leave 0, not rounding noise, of which
                # a first AdaGrad step would take the full rate.
                slope = gradient[j] / batch.size
                if slope != 0:  # otherwise an earlier row has taken the step
                    _step(coordinates, j, slope, _weight(coordinates, j, shrink), rate, fisher)
                    gradient[j] = 0.0
        _finish_step(state, params, mean_error / batch.size)


def _finish_step(state, params, mean_error):
    """Count a step, and move the intercept."""
    state[STEP] += 1
    if params[FIT_INTERCEPT] > 0 and mean_error != 0:
        rate = params[RATE]
        divisor = next_divisor(state[INTERCEPT_DIVISOR], mean_error, rate, params[FISHER] > 0)
        state[INTERCEPT_DIVISOR] = divisor
        state[INTERCEPT] -= rate * mean_error / divisor


def _weight(coordinates, j, shrink):
    """Return w_j = u_j / (d_j + rate * l2 * t); see `quotient`."""
    return quotient(coordinates[j, NUMERATOR], coordinates[j, DIVISOR] + shrink)


def _step(coordinates, j, slope, weight, rate, fisher):
    """Move the weight of column j against its gradient; see `coordinate_epoch`."""
    numerator, divisor = coordinates[j, NUMERATOR], coordinates[j, DIVISOR]
    moved = stepped(numerator, divisor, slope, weight, rate, fisher)
    coordinates[j, NUMERATOR], coordinates[j, DIVISOR] = moved


@kernel("void(float64[:, ::1], float64, float64[::1])")
def coordinate_weights(coordinates, shrink, weights):
    """Write every w_j to `weights`; `shrink` is rate * l2 * t."""
    for j in range(weights.size):
        weights[j] = _weight(coordinates, j, shrink)
