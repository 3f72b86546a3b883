"""Logistic regression in plain NumPy: the whole algorithm, and no trick.

A review is a row x of word counts. Its label y is 1 if it is positive and 0 if it is negative.
The model is one weight for each word, w, and an intercept b:

    z = x . w + b                         score
    a = 1 / (1 + e^-z)                    the probability that y is 1
    L = -y ln a - (1 - y) ln(1 - a)       loss: small if the label was probable
    J = mean of L + (lam / 2N) ||w||^2    cost of N reviews; large weights cost, too

Learning starts with all weights at zero and walks downhill: it subtracts a little of the slope of
J, again and again. `python docs/lesson/plain.py` learns from the bundled reviews.

X has shape (N, d), y and z have shape (N,), w has shape (d,).
"""

import numpy as np


def sigmoid(z):
    """Return the probability that y is 1, from the score.

    >>> sigmoid(np.array([-2.0, 0.0, 2.0])).round(2)
    array([0.12, 0.5 , 0.88])
    """
    return 1 / (1 + np.exp(-z))


def cost(X, y, w, b, lam=0.0):
    """Return J.

    The loss is computed from the score, ln(1 + e^z) - y z. This is -ln a if y is 1 and
    -ln(1 - a) if y is 0, and it never takes the logarithm of an a that was rounded to 0.

    >>> X, y = np.array([[3.0, 2.0]]), np.array([1])
    >>> round(float(cost(X, y, np.zeros(2), 0.0)), 4)  # ln 2: no weights, no opinion
    0.6931
    """
    z = X @ w + b
    losses = np.logaddexp(0, z) - y * z  # logaddexp(0, z) = ln(e^0 + e^z)
    return losses.mean() + lam / (2 * len(y)) * (w @ w)


def gradient(X, y, w, b, lam=0.0):
    """Return the slope of J by every weight, and by the intercept, which is not penalised.

    >>> gradient(np.array([[3.0, 2.0]]), np.array([1]), np.zeros(2), 0.0)[0]
    array([-1.5, -1. ])
    """
    errors = sigmoid(X @ w + b) - y
    return X.T @ errors / len(y) + lam / len(y) * w, errors.mean()


def gradient_descent(
    X, y, max_iter=100, learning_rate=0.1, fit_intercept=True, lam=0.0, print_every=0
):
    """Return w and b after `max_iter` steps. Each step looks at all reviews.

    >>> X, y = np.array([[3.0, 2.0], [1.0, 4.0]]), np.array([1, 0])
    >>> w, b = gradient_descent(X, y, max_iter=200, print_every=100)
    iteration 100: cost 0.0552
    iteration 200: cost 0.0272
    >>> predict(X, w, b)
    array([1, 0])
    """
    w, b = np.zeros(X.shape[1]), 0.0
    for iteration in range(1, max_iter + 1):
        by_w, by_b = gradient(X, y, w, b, lam)
        w = w - learning_rate * by_w
        if fit_intercept:
            b = b - learning_rate * by_b
        if print_every and iteration % print_every == 0:
            print(f"iteration {iteration}: cost {cost(X, y, w, b, lam):.4f}")
    return w, b


def stochastic_gradient_descent(
    X, y, max_iter=10, learning_rate=0.1, fit_intercept=True, lam=0.0, print_every=0, seed=0
):
    """Return w and b after `max_iter` passes over the reviews, in a new random order each.

    Each step looks at one review, so a pass takes N steps for the work of one step of
    gradient descent.
    """
    w, b = np.zeros(X.shape[1]), 0.0
    draw = np.random.default_rng(seed)
    for iteration in range(1, max_iter + 1):
        for i in draw.permutation(len(y)):
            error = sigmoid(X[i] @ w + b) - y[i]
            w = w - learning_rate * (error * X[i] + lam / len(y) * w)
            if fit_intercept:
                b = b - learning_rate * error
        if print_every and iteration % print_every == 0:
            print(f"iteration {iteration}: cost {cost(X, y, w, b, lam):.4f}")
    return w, b


def predict(X, w, b, threshold=0.5):
    """Return 1 for each review whose probability is above the threshold, 0 for the others."""
    return (sigmoid(X @ w + b) > threshold).astype(int)


if __name__ == "__main__":
    from reviews import textbook

    training, test, words = textbook()
    w, b = stochastic_gradient_descent(
        training.X, training.y, max_iter=30, learning_rate=0.01, lam=2.0, print_every=5
    )
    print(f"accuracy on the test set: {np.mean(predict(test.X, w, b) == test.y):.2%}")
    order = np.argsort(w)
    print("most negative:", *(f"{words[j]} {w[j]:+.2f}" for j in order[:5]))
    print("most positive:", *(f"{words[j]} {w[j]:+.2f}" for j in order[:-6:-1]))
