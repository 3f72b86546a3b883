"""One epoch of stochastic gradient descent over the rows of a CSR matrix.

Both epochs minimise the L2-regularised log loss of Jurafsky & Martin's chapter on
logistic regression, in mini-batches: the errors of a batch are taken at the same
weights, and their mean moves the weights. They touch only the non-zeros of a row.

The label and the cost of row i are one number, its target t_i = c_i * y_i with
y_i in {-1, +1}: its sign is the class and its size the cost of a mistake.

`state` holds what is not a vector, by the positions named here.
"""

import math

from pipeline.kernels.compiled import kernel

INTERCEPT = 0
SCALE = 1  # sgd: w = scale * v
SCALE_SUM = 2  # sgd: sum of the scales of the averaged steps
INTERCEPT_SUM = 3  # sgd: sum of the intercepts of the averaged steps
N_AVERAGED = 4  # sgd: how many steps are averaged so far
AVERAGING = 5  # sgd: whether this epoch's steps are averaged
FIT_INTERCEPT = 6
STEP = 7  # coordinates: steps taken
INTERCEPT_DIVISOR = 8  # coordinates: the intercept's own
FETCHED = 9  # what `_fetch` returned, of no use
STATE_SIZE = 10

# Columns of `coordinates`, side by side because they are used together.
NUMERATOR, DIVISOR = 0, 1

# Rows whose memory is asked for at a time, and counts in 64 bytes, as memory is read.
_AHEAD, _LINE = 16, 16


def _error(target, score):
    """Return the derivative of c * log(1 + exp(-y z)) by the score z: c * (sigmoid(z) - [y = 1]).

    Both branches have an exponent <= 0, so neither overflows.
    """
    margin = score if target > 0 else -score
    if margin >= 0:
        small = math.exp(-margin)
        return -target * small / (1.0 + small)
    return -target / (1.0 + math.exp(margin))


@kernel(
    "void(float32[::1], int32[::1], int64[::1], float64[::1], int64[::1], int64, float64[::1],"
    " float64, float64[:, ::1], float64[::1], float64[::1])"
)
def sgd_epoch(data, indices, indptr, targets, order, batch_size, rates, l2, vectors, state, errors):
    """Take one pass of steps with a global learning rate.

    Step: w <- (1 - rate * l2) * w - rate * mean of error_i * x_i. The factor goes to
    a scale, w = scale * v, so it costs one product and not one for each weight
    (Bottou 2012, Stochastic Gradient Descent Tricks, section 5.1).

    The mean of the weights over steps is kept lazily too (Xu 2011, Towards Optimal
    One Pass Large Scale Learning with Averaged SGD): with C the sum of the scales,
    sum of w = C * v - u, where a change of v adds C times the change to u.

    Parameters
    ----------
    data, indices, indptr : float32, int32, int64 arrays
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
    errors : float64 array, shape (batch_size,)
        Workspace to work in.
    """
    scale, intercept = state[SCALE], state[INTERCEPT]
    scale_sum, intercept_sum = state[SCALE_SUM], state[INTERCEPT_SUM]
    averaging = state[AVERAGING] > 0
    fetched = 0
    for step in range(rates.size):
        first = step * batch_size
        size = min(batch_size, order.size - first)
        for k in range(size):
            if first + k == fetched:
                fetched = min(fetched + _AHEAD, order.size)
                state[FETCHED] = _fetch(data, indices, indptr, order[first + k : fetched])
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


@kernel(
    "void(float32[::1], int32[::1], int64[::1], float64[::1], int64[::1], int64, float64, bool,"
    " float64, float64[:, ::1], float64[::1], float64[::1], float64[::1], float64[::1])"
)
def coordinate_epoch(
    data,
    indices,
    indptr,
    targets,
    order,
    batch_size,
    rate,
    fisher,
    l2,
    coordinates,
    state,
    errors,
    gradient,
    row,
):
    """Take one pass of steps with a learning rate of its own for each coordinate.

    Step t: w_j <- w_j - eta_j * (g_j + l2 * w_j), eta_j = rate / (d_j + rate * l2 * t), where
    g_j is the gradient of the batch's mean loss and d_j grows with the gradients so far:
    see `_divisor`.

    With u_j = w_j * (d_j + rate * l2 * t), and d_j' the new d_j, the same step is
    u_j <- u_j + (d_j' - d_j) * w_j - rate * g_j. It changes nothing where g_j = 0, so L2
    costs nothing: the t by which u_j is divided, when it is used, has shrunk the weight.
    This is FTRL-Proximal (McMahan et al. 2013, Ad Click Prediction, algorithm 1).

    Parameters are as in `sgd_epoch`, but for
    rate : float
        AdaGrad: the step that a coordinate takes at its first gradient, whatever its
        size. Fisher: the first learning rate.
    fisher : bool
        Whether d_j is Fisher's or AdaGrad's.
    coordinates : float64 array, shape (n_columns, 2)
        NUMERATOR (u_j) and DIVISOR (d_j) of each column, changed in place.
    gradient : float64 array, shape (n_columns,)
        Zeros to work in where a step has more than one document.
    row : float64 array, shape (the most non-zeros of a row,)
        Workspace to work in.
    """
    fetched = 0
    for first in range(0, order.size, batch_size):
        size = min(batch_size, order.size - first)
        shrink = rate * l2 * state[STEP]
        mean_error = 0.0
        for k in range(size):
            if first + k == fetched:
                fetched = min(fetched + _AHEAD, order.size)
                state[FETCHED] = _fetch(data, indices, indptr, order[first + k : fetched])
            i = order[first + k]
            start, stop = indptr[i], indptr[i + 1]
            score = 0.0
            for p in range(start, stop):
                weight = _weight(coordinates, indices[p], shrink)
                row[p - start] = weight
                score += data[p] * weight
            errors[k] = _error(targets[i], score + state[INTERCEPT])
            mean_error += errors[k]
        mean_error /= size
        if batch_size == 1:
            for p in range(start, stop):
                _step(coordinates, indices[p], mean_error * data[p], row[p - start], rate, fisher)
        else:
            for k in range(size):
                i = order[first + k]
                for p in range(indptr[i], indptr[i + 1]):
                    gradient[indices[p]] += errors[k] * data[p]
            for k in range(size):
                i = order[first + k]
                for p in range(indptr[i], indptr[i + 1]):
                    j = indices[p]
                    # Divided after the sum: errors that cancel leave 0 and no rounding noise,
                    # of which a first step would take the full rate.
                    slope = gradient[j] / size
                    if slope != 0:  # else the step is taken, at an earlier row
                        _step(coordinates, j, slope, _weight(coordinates, j, shrink), rate, fisher)
                        gradient[j] = 0.0
        state[STEP] += 1
        if state[FIT_INTERCEPT] > 0 and mean_error != 0:
            state[INTERCEPT_DIVISOR] = _divisor(state[INTERCEPT_DIVISOR], mean_error, rate, fisher)
            state[INTERCEPT] -= rate * mean_error / state[INTERCEPT_DIVISOR]


def _weight(coordinates, j, shrink):
    """Return w_j = u_j / (d_j + rate * l2 * t); before its first gradient it is 0, as is u_j."""
    divisor = coordinates[j, DIVISOR] + shrink
    return coordinates[j, NUMERATOR] / divisor if divisor > 0 else 0.0


def _step(coordinates, j, slope, weight, rate, fisher):
    """Move a coordinate against its gradient; see `coordinate_epoch`."""
    before = coordinates[j, DIVISOR]
    after = _divisor(before, slope, rate, fisher)
    coordinates[j, NUMERATOR] += (after - before) * weight - rate * slope
    coordinates[j, DIVISOR] = after


def _divisor(before, slope, rate, fisher):
    """Return d_j after one more gradient g_j, G_j being the sum of g_j^2.

    AdaGrad: d_j = sqrt(G_j), from 0 (Duchi, Hazan & Singer 2011).
    Fisher: d_j = 1 + rate * G_j / 2. The mean of g_j^2 is the Fisher information, and that
    the curvature of the loss where the probabilities are right: the rate is the inverse of
    the sum of curvatures, as in Newton's method (Bordes, Bottou & Gallinari 2009, SGD-QN;
    Mukkamala & Hein 2017, SC-AdaGrad). Half, for early errors are larger than the last.
    """
    if fisher:
        return before + 0.5 * rate * slope * slope
    return math.sqrt(before * before + slope * slope)


@kernel("void(float64[:, ::1], float64, float64[::1])")
def coordinate_weights(coordinates, shrink, weights):
    """Write every w_j to `weights`; shrink is rate * l2 * t."""
    for j in range(weights.size):
        weights[j] = _weight(coordinates, j, shrink)


def _fetch(data, indices, indptr, rows):
    """Read a count and an index in each line of memory of some rows.

    Shuffled rows lie anywhere in memory. Asked for together they are waited for once, and
    the loops find them in the cache: an epoch takes a quarter less. The sum has no meaning.
    """
    total = 0.0
    for i in rows:
        for p in range(indptr[i], indptr[i + 1], _LINE):
            total += data[p] + indices[p]
    return total


@kernel("void(float32[::1], int32[::1], int64[::1], float64[::1], float64, float64[::1])")
def scores(data, indices, indptr, weights, intercept, result):
    """Write x . w + b of every row to `result`, without a float64 copy of the counts."""
    for i in range(result.size):
        score = 0.0
        for p in range(indptr[i], indptr[i + 1]):
            score += data[p] * weights[indices[p]]
        result[i] = score + intercept
