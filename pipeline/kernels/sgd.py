"""One epoch of stochastic gradient descent over the rows of a CSR matrix.

Both epochs minimise the L2-regularised log loss of Jurafsky & Martin's chapter on
logistic regression, in mini-batches: the errors of a batch are taken at the same
weights, and their mean moves the weights. They touch only the non-zeros of a row.

The label and the cost of row i are one number, its target t_i = c_i * y_i with
y_i in {-1, +1}: its sign is the class and its size the cost of a mistake.

`state` holds what is not a vector, by the positions named here.
"""

import math

import numpy as np
from numba import njit

INTERCEPT = 0
SCALE = 1  # sgd: w = scale * v
SCALE_SUM = 2  # sgd: sum of the scales of the averaged steps
INTERCEPT_SUM = 3  # sum of the intercepts of the averaged steps
N_AVERAGED = 4  # how many steps are averaged so far
AVERAGING = 5  # whether this epoch's steps are averaged
FIT_INTERCEPT = 6
STEP = 7  # adagrad: steps taken
INTERCEPT_SQUARES = 8  # adagrad: sum of the intercept's squared gradients
STATE_SIZE = 9

# Columns of `coordinates` in adagrad, side by side because they are used together.
WEIGHT, SQUARES, RATE, LAST_STEP = 0, 1, 2, 3


@njit(cache=True, nogil=True)
def _error(target, score):
    """Return the derivative of c * log(1 + exp(-y z)) by the score z: c * (sigmoid(z) - [y = 1]).

    Both branches have an exponent <= 0, so neither overflows.
    """
    margin = score if target > 0 else -score
    if margin >= 0:
        small = math.exp(-margin)
        return -target * small / (1.0 + small)
    return -target / (1.0 + math.exp(margin))


@njit(cache=True, nogil=True)
def sgd_epoch(data, indices, indptr, targets, order, batch_size, rates, l2, vectors, state):
    """Take one pass of steps with a global learning rate.

    Step: w <- (1 - rate * l2) * w - rate * mean of error_i * x_i. The factor goes to
    a scale, w = scale * v, so it costs one product and not one for each weight
    (Bottou 2012, Stochastic Gradient Descent Tricks, section 5.1).

    The mean of the weights over steps is kept lazily too (Xu 2011, Towards Optimal
    One Pass Large Scale Learning with Averaged SGD): with C the sum of the scales,
    sum of w = C * v - u, where a change of v adds C times the change to u.

    Parameters
    ----------
    data, indices, indptr : float32, int32, int32 or int64 arrays
        The CSR triplet.
    targets : float64 array, shape (n_rows,)
    order : int64 array, shape (n_used,)
        The rows to visit, in order.
    batch_size : int
    rates : float64 array, shape (n_steps,)
        The learning rate of every step.
    l2 : float
    vectors : float64 array, shape (n_columns, 2)
        v and u side by side, changed in place.
    state : float64 array, shape (STATE_SIZE,)
        Changed in place.
    """
    scale, intercept = state[SCALE], state[INTERCEPT]
    scale_sum, intercept_sum = state[SCALE_SUM], state[INTERCEPT_SUM]
    averaging = state[AVERAGING] > 0
    errors = np.empty(min(batch_size, order.size), np.float64)
    for step in range(rates.size):
        first = step * batch_size
        size = min(batch_size, order.size - first)
        for k in range(size):
            i = order[first + k]
            score = 0.0
            for p in range(indptr[i], indptr[i + 1]):
                score += data[p] * vectors[indices[p], 0]
            errors[k] = _error(targets[i], scale * score + intercept)
        scale *= 1.0 - rates[step] * l2
        if scale < 1e-6:
            # Folded back long before it underflows, or before a division by 0. What C * v
            # was goes to u, for C would grow by as much as the scale shrinks.
            for j in range(vectors.shape[0]):
                vectors[j, 1] -= scale_sum * vectors[j, 0]
                vectors[j, 0] *= scale
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
        if state[FIT_INTERCEPT] > 0:
            intercept -= rates[step] * mean_error
        if averaging:
            scale_sum += scale
            intercept_sum += intercept
            state[N_AVERAGED] += 1
    state[SCALE], state[INTERCEPT] = scale, intercept
    state[SCALE_SUM], state[INTERCEPT_SUM] = scale_sum, intercept_sum


@njit(cache=True, nogil=True)
def adagrad_epoch(data, indices, indptr, targets, order, batch_size, rate, l2, vectors, state):
    """Take one pass of steps with a learning rate of its own for each coordinate.

    AdaGrad (Duchi, Hazan & Singer 2011): with g_j the gradient of the batch's mean
    loss and G_j the sum of its squares so far, eta_j = rate / sqrt(G_j) and
    w_j <- (w_j - eta_j * g_j) * exp(-eta_j * l2). The decay is the L2 term's own
    gradient flow over the step. It never changes a sign, whatever the rate, and k
    steps without a gradient are one factor exp(-k * eta_j * l2), paid when the
    coordinate is next used: just in time (Carpenter 2008, Lazy Sparse Stochastic
    Gradient Descent; Lipton & Elkan 2015, Efficient Elastic Net Regularization).

    Parameters are as in `sgd_epoch`, but for
    rate : float
        The step that a coordinate takes at its first gradient, whatever its size.
    vectors : pair of float64 arrays, changed in place
        `coordinates`, shape (n_columns, 4): WEIGHT, SQUARES (the G_j), RATE (the eta_j) and
        LAST_STEP of each column. `sums`, shape (n_columns,): the weights summed over the
        averaged steps.
    """
    coordinates, sums = vectors
    intercept, step = state[INTERCEPT], state[STEP]
    averaging = state[AVERAGING] > 0
    errors = np.empty(min(batch_size, order.size), np.float64)
    gradient = np.zeros(coordinates.shape[0] if batch_size > 1 else 0, np.float64)
    touched = np.empty(gradient.size, np.int64)
    listed = np.zeros(gradient.size, np.bool_)
    for first in range(0, order.size, batch_size):
        size = min(batch_size, order.size - first)
        for k in range(size):
            i = order[first + k]
            score = 0.0
            for p in range(indptr[i], indptr[i + 1]):
                j = indices[p]
                pending = step - coordinates[j, LAST_STEP]
                coordinates[j, LAST_STEP] = step
                each = l2 * coordinates[j, RATE]
                if averaging and pending > 0:
                    sums[j] += coordinates[j, WEIGHT] * _decays(pending, each)
                coordinates[j, WEIGHT] *= _decay(pending * each)
                score += data[p] * coordinates[j, WEIGHT]
            errors[k] = _error(targets[i], score + intercept)
        step += 1
        if batch_size == 1:
            i = order[first]
            for p in range(indptr[i], indptr[i + 1]):
                j = indices[p]
                slope = errors[0] * data[p]
                coordinates[j, SQUARES] += slope * slope
                if coordinates[j, SQUARES] > 0:
                    coordinates[j, RATE] = rate / math.sqrt(coordinates[j, SQUARES])
                    coordinates[j, WEIGHT] -= coordinates[j, RATE] * slope
        else:
            n_touched = 0
            for k in range(size):
                i = order[first + k]
                for p in range(indptr[i], indptr[i + 1]):
                    j = indices[p]
                    if not listed[j]:
                        listed[j] = True
                        touched[n_touched] = j
                        n_touched += 1
                    gradient[j] += errors[k] * data[p]
            for t in range(n_touched):
                j = touched[t]
                # Divided after the sum: errors that cancel leave 0 and no rounding noise,
                # of which a first step would take the full rate.
                slope = gradient[j] / size
                coordinates[j, SQUARES] += slope * slope
                if coordinates[j, SQUARES] > 0:
                    coordinates[j, RATE] = rate / math.sqrt(coordinates[j, SQUARES])
                    coordinates[j, WEIGHT] -= coordinates[j, RATE] * slope
                gradient[j] = 0
                listed[j] = False
        if state[FIT_INTERCEPT] > 0:
            mean_error = 0.0
            for k in range(size):
                mean_error += errors[k]
            mean_error /= size
            state[INTERCEPT_SQUARES] += mean_error * mean_error
            if state[INTERCEPT_SQUARES] > 0:
                intercept -= rate * mean_error / math.sqrt(state[INTERCEPT_SQUARES])
        if averaging:
            state[INTERCEPT_SUM] += intercept
            state[N_AVERAGED] += 1
    state[INTERCEPT], state[STEP] = intercept, step


@njit(cache=True, nogil=True)
def settle(vectors, step, l2, averaging):
    """Pay every coordinate's pending decay, up to and with `step`."""
    coordinates, sums = vectors
    for j in range(coordinates.shape[0]):
        pending = step - coordinates[j, LAST_STEP]
        coordinates[j, LAST_STEP] = step
        each = l2 * coordinates[j, RATE]
        if averaging:
            sums[j] += coordinates[j, WEIGHT] * _decays(pending, each)
        coordinates[j, WEIGHT] *= _decay(pending * each)


@njit(cache=True, nogil=True)
def _decay(x):
    """Return exp(-x) for x >= 0; where x is small, by as many terms as a float64 can tell."""
    if x < 1e-3:
        return 1.0 - x * (1.0 - x * (0.5 - x * (1.0 / 6.0 - x * (1.0 / 24.0))))
    return math.exp(-x)


@njit(cache=True, nogil=True)
def _decays(pending, each):
    """Return r + r^2 + ... + r^pending with r = exp(-each)."""
    if each == 0:
        return pending
    return math.exp(-each) * math.expm1(-pending * each) / math.expm1(-each)


@njit(cache=True, nogil=True)
def scores(data, indices, indptr, weights, intercept):
    """Return x . w + b for every row, without a float64 copy of the counts."""
    result = np.empty(indptr.size - 1, np.float64)
    for i in range(result.size):
        score = 0.0
        for p in range(indptr[i], indptr[i + 1]):
            score += data[p] * weights[indices[p]]
        result[i] = score + intercept
    return result
