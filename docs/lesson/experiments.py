"""What the lesson measures. Each function learns or counts something and returns numbers.

`measure.py` prints them and `figures.py` draws them. All use the reviews and the settings of
`configs/textbook.toml`, and every random draw has a seed.
"""

import functools

import numpy as np
import plain
from reviews import Counted, run_of, sparse, words_of
from scipy.optimize import minimize
from scipy.sparse import csr_array

from pipeline.model import logistic
from pipeline.model.text_classifier import TextClassifier
from pipeline.stratified import draw_folds
from pipeline.studies.baseline_models import naive_bayes
from pipeline.training.estimator import SGDLogisticRegression

L2 = 1e-3


@functools.cache
def sets():
    """Return the training and the test set as sparse counts, and the words of the columns."""
    path = run_of("textbook")
    return sparse(path, "train"), sparse(path, "test"), words_of(path)


def learner(**changed):
    """Return an untrained model with the settings of `configs/textbook.toml`, some changed."""
    settings = {"schedule": "constant", "learning_rate": 0.01, "l2": L2, "epochs": 30}
    return SGDLogisticRegression(**settings | changed)


def minimum(X, y, l2, cost=logistic.objective, slope=logistic.gradient, start=None):
    """Return w and b where a cost is smallest, by L-BFGS from zeros or from another w and b."""

    def both(point):
        by_w, by_b = slope(X, y, point[:-1], point[-1], l2)
        return cost(X, y, point[:-1], point[-1], l2), np.append(by_w, by_b)

    begin = np.zeros(X.shape[1] + 1) if start is None else np.append(*start)
    options = {"maxiter": 3000, "gtol": 1e-6}
    found = minimize(both, begin, jac=True, method="L-BFGS-B", options=options)
    return found.x[:-1], found.x[-1]


def accuracy(scores, y, threshold=0.5):
    """Return the share of reviews that are classified correctly."""
    return float(np.mean(logistic.decide(logistic.sigmoid(scores), threshold) == y))


def likelihood(a, y):
    """Return the probability of each label: a where y is 1, 1 - a where it is 0."""
    return a**y * (1 - a) ** (1 - y)


def loss_slope(a, y):
    """Return the derivative of -y ln a - (1 - y) ln(1 - a) by a."""
    return -y / a + (1 - y) / (1 - a)


def best_threshold(false_alarm, miss):
    """Return the threshold of least expected cost, from the costs of the two mistakes."""
    return false_alarm / (false_alarm + miss)


def probabilities_of_test_reviews():
    """Return the probability of each test review by the textbook model, and the labels."""
    _, test, _ = sets()
    model = TextClassifier.load(run_of("textbook"))
    return model.regression.predict_proba(test.X)[:, 1], test.y


def thresholds(at=(0.3, 0.5, 0.7)):
    """Return for each threshold: positive reviews missed, false alarms, correct, all reviews."""
    probability, y = probabilities_of_test_reviews()
    rows = []
    for threshold in at:
        positive = logistic.decide(probability, threshold)
        missed, alarms = np.sum(~positive & (y == 1)), np.sum(positive & (y == 0))
        rows.append((threshold, int(missed), int(alarms), len(y) - int(missed + alarms), len(y)))
    return rows


def two_word_reviews():
    """Return ten reviews that use one of two words, on which squared error has four valleys.

    Of each word: a positive review says it ten times; a positive and three negative ones say it
    once.
    """
    column = np.array([10.0, 1, 1, 1, 1])
    X = np.zeros((10, 2))
    X[:5, 0], X[5:, 1] = column, column
    return Counted(X, np.array([1, 1, 0, 0, 0] * 2))


def squared_error(X, y, w, b, l2=0.0):
    """Return the mean of (sigmoid(z) - y)^2, and the L2 penalty."""
    return float(np.mean((logistic.sigmoid(X @ w + b) - y) ** 2) + l2 / 2 * (w @ w))


def squared_error_slope(X, y, w, b, l2=0.0):
    """Return the gradient of `squared_error` by w and by b: it has the factor a (1 - a)."""
    a = logistic.sigmoid(X @ w + b)
    errors = 2 * (a - y) * a * (1 - a)
    return X.T @ errors / len(y) + l2 * w, float(errors.mean())


def squared_error_curvature(z, y):
    """Return the second derivative of (sigmoid(z) - y)^2 by z."""
    a = logistic.sigmoid(z)
    return 2 * (a * (1 - a)) ** 2 + 2 * (a - y) * a * (1 - a) * (1 - 2 * a)


def descend(slope, start, rate=1.0, steps=2000):
    """Return the way of gradient descent on the two-word reviews: shape (steps + 1, 2)."""
    X, y = two_word_reviews()
    way = [np.array(start, float)]
    for _ in range(steps):
        way.append(way[-1] - rate * slope(X, y, way[-1], 0.0, 0.0)[0])
    return np.array(way)


def descents(epochs=10):
    """Return the cost on the way of gradient descent, mini-batches and SGD.

    Returns
    -------
    dict
        By name: steps taken, documents seen, and J at these points: at the end of each epoch, and
        between them at ten numbers of documents a decade.
    """
    training, _, _ = sets()
    X, y = training.X.toarray().astype(float), training.y
    marks = np.append(np.arange(1, epochs + 1) * len(y), np.geomspace(1, len(y), 34)).astype(int)
    ways = {}
    for name, size, rate in (
        ("gradient descent", len(y), 0.3),
        ("mini-batches of 32", 32, 0.2),
        ("SGD", 1, 0.01),
    ):
        w, b, draw = np.zeros(X.shape[1]), 0.0, np.random.default_rng(0)
        points, n_steps, seen = [(0, 0, plain.cost(X, y, w, b))], 0, 0
        for _ in range(epochs):
            order = draw.permutation(len(y))
            for first in range(0, len(y), size):
                rows = order[first : first + size] if size < len(y) else slice(None)
                by_w, by_b = plain.gradient(X[rows], y[rows], w, b)
                w, b = w - rate * (by_w + L2 * w), b - rate * by_b
                before, seen = seen, seen + len(y[rows])
                n_steps += 1
                if np.any((before < marks) & (marks <= seen)):
                    points.append((n_steps, seen, plain.cost(X, y, w, b, L2 * len(y))))
        ways[name] = np.array(points).T
    return ways


def rates(values=(0.0003, 0.01, 0.3), epochs=20):
    """Return J after each epoch of SGD, by learning rate."""
    training, _, _ = sets()
    found = {}
    for rate in values:
        epochs_seen = []
        learner(learning_rate=rate, epochs=epochs).fit(
            *training, on_epoch=lambda epoch, seen=epochs_seen: seen.append(epoch.objective)
        )
        found[rate] = np.array(epochs_seen)
    return found


def l2_path():
    """Return the weights at the minimum of J for each l2, and accuracies on training and folds.

    Returns
    -------
    l2, training, validation : float arrays, shape (n_values,)
    weights : float array, shape (n_values, n_columns)
    """
    training, _, _ = sets()
    folds = draw_folds(training.y, 5, 0, "folds")
    rows, weights, start = [], [], None
    for l2 in np.geomspace(
        1, 1e-4, 9
    ):  # from the strongest penalty on: each minimum is near the next
        start = w, b = minimum(*training, l2, start=start)
        weights.append(w)
        right = 0.0
        for fold in range(5):
            learned, scored = folds != fold, folds == fold
            fold_w, fold_b = minimum(training.X[learned], training.y[learned], l2, start=start)
            right += np.sum((training.X[scored] @ fold_w + fold_b > 0) == training.y[scored])
        rows.append((l2, accuracy(training.X @ w + b, training.y), right / len(training.y)))
    return *np.array(rows[::-1]).T, np.array(weights[::-1])


def learning_curve(sizes=(50, 100, 200, 400, 800, 1600, 2000), draws=10, run="textbook", **changed):
    """Return test accuracies of naive Bayes and logistic regression by training reviews.

    Returns
    -------
    dict
        By size: mean accuracy of naive Bayes and of logistic regression over random subsets.
    """
    path = run_of(run)
    training, test = sparse(path, "train"), sparse(path, "test")
    found = {}
    for size in sizes:
        rows = []
        for seed in range(draws if size < len(training.y) else 1):
            some = half_of_each(training.y, size, seed)
            X, y = training.X[some], training.y[some]
            bayes = naive_bayes(X, y).decision_function(test.X)
            regression = learner(seed=seed, **changed).fit(X, y).decision_function(test.X)
            rows.append([accuracy(scores, test.y) for scores in (bayes, regression)])
        found[size] = np.mean(rows, axis=0)
    return found


def half_of_each(y, size, seed):
    """Return `size` random rows, half of them positive."""
    draw = np.random.default_rng(seed)
    of_class = (np.flatnonzero(y == label) for label in (0, 1))
    return np.sort(np.concatenate([draw.permutation(rows)[: size // 2] for rows in of_class]))


def copies(word="awesome", numbers=(1, 2, 4)):
    """Return what a word adds to the score when its column is there several times.

    Returns
    -------
    list of tuple
        Copies; the weight of one in logistic regression, and of all; in naive Bayes the same.
    """
    training, _, words = sets()
    column = words.index(word)
    X, rows = training.X.tocsc(), []
    for n in numbers:
        extra = [column] * (n - 1)
        more = csr_array(X[:, [*range(len(words)), *extra]])
        places = [column, *range(len(words), len(words) + n - 1)]
        w, _ = minimum(more, training.y, L2)
        bayes = naive_bayes(more, training.y).coef_[0]
        rows.append((n, w[column], w[places].sum(), bayes[column], bayes[places].sum()))
    return rows


def refits(n=40):
    """Return the weights of models that learned from resampled reviews: shape (n, n_columns)."""
    training, _, _ = sets()
    weights = []
    for seed in range(n):
        draw = np.random.default_rng(seed).integers(0, len(training.y), len(training.y))
        weights.append(learner(seed=seed).fit(training.X[draw], training.y[draw]).coef_[0])
    return np.array(weights)


def signs(weights):
    """Return for each word of many refits whether the middle 95% of its weights contain 0."""
    low, high = np.quantile(weights, [0.025, 0.975], axis=0)
    return (low <= 0) & (high >= 0)


def n_reviews_with_word():
    """Return in how many training reviews each word occurs."""
    return np.asarray((sets()[0].X > 0).sum(axis=0)).ravel()


def guesses(numbers=(1, 10, 100, 1000), n_reviews=400, trials=200):
    """Return the accuracy of the best of k coin flips on n reviews, and on as many new ones."""
    draw = np.random.default_rng(0)
    rows = []
    for k in numbers:
        best = draw.binomial(n_reviews, 0.5, (trials, k)).max(axis=1) / n_reviews
        fresh = draw.binomial(n_reviews, 0.5, trials) / n_reviews
        rows.append((k, best.mean(), fresh.mean()))
    return rows


@functools.cache
def scores_of_two_models():
    """Return the test scores of a model of words and of one of pairs of words, and the labels."""
    scores = []
    for overrides in ((), ("features.ngrams=2",)):
        path = run_of("textbook", "train", *overrides)
        training, test = sparse(path, "train"), sparse(path, "test")
        scores.append(learner().fit(*training).decision_function(test.X))
    return *scores, test.y


def other_of_same_class(y, steps):
    """Return for each review the row of another one with the same label, some steps away."""
    other = np.arange(len(y))
    for label in (0, 1):
        rows = np.flatnonzero(y == label)
        other[rows] = np.roll(rows, steps)
    return other


def leak():
    """Return the test accuracy of two models, of their sum, and of their sum when rows are mixed.

    The second model reads pairs of words. Mixed rows add the score of a review's words to the
    score of the pairs of *another review with the same label*.
    """
    of_words, of_pairs, y = scores_of_two_models()
    mixed = of_words + of_pairs[other_of_same_class(y, 1)]
    return [accuracy(each, y) for each in (of_words, of_pairs, of_words + of_pairs, mixed)]


def leak_answers():
    """Return the test accuracy when two and three reviews of a class are joined, and two of any."""
    of_words, of_pairs, y = scores_of_two_models()
    two = of_words + of_pairs[other_of_same_class(y, 1)]
    three = two + of_words[other_of_same_class(y, 2)]
    any_two = of_words + of_pairs[np.random.default_rng(0).permutation(len(y))]
    return [accuracy(each, y) for each in (two, three, any_two)]


def two_costs():
    """Return the minimum of cross-entropy and that of squared error, with the same penalty.

    Returns
    -------
    list of tuple
        Name; weight of `awesome`; on the training set, both costs with their penalty; accuracy on
        the test set.
    """
    training, test, words = sets()
    costs = {
        "cross-entropy": (logistic.objective, logistic.gradient),
        "squared error": (squared_error, squared_error_slope),
    }
    rows = []
    for name, functions in costs.items():
        w, b = minimum(*training, L2, *functions)
        both = (cost(*training, w, b, L2) for cost, _ in costs.values())
        rows.append((name, w[words.index("awesome")], *both, accuracy(test.X @ w + b, test.y)))
    return rows


def two_penalties(lam=1.0):
    """Return what lambda = 1 does as lambda and as lambda / N: length of w, accuracies."""
    training, test, _ = sets()
    rows = []
    for name, l2 in (("lambda", lam), ("lambda / N", lam / len(training.y))):
        w, b = minimum(*training, l2)
        accuracies = (accuracy(part.X @ w + b, part.y) for part in (training, test))
        rows.append((name, l2, float(np.linalg.norm(w)), *accuracies))
    return rows


def penalised_intercept(l2=0.1, share=0.1):
    """Return the intercept and the mean probability if b is penalised, and if it is not.

    Of the training reviews, a tenth are positive here.
    """
    training, _, _ = sets()
    positive, negative = (np.flatnonzero(training.y == label) for label in (1, 0))
    rows = np.concatenate([negative, positive[: int(share / (1 - share) * len(negative))]])
    X, y = training.X[rows], training.y[rows]

    def cost(X, y, w, b, l2):
        return logistic.objective(X, y, w, b, l2) + l2 / 2 * b**2

    def slope(X, y, w, b, l2):
        by_w, by_b = logistic.gradient(X, y, w, b, l2)
        return by_w, by_b + l2 * b

    found = []
    for name, functions in (("apart", ()), ("as a column of ones", (cost, slope))):
        w, b = minimum(X, y, l2, *functions)
        probability = logistic.sigmoid(X @ w + b)
        found.append((name, b, float(probability.mean()), float(y.mean())))
    return found


def without_brackets():
    """Return J of four reviews, and what its formula says without brackets.

    -1/m sum y ln a + (1 - y) ln(1 - a): the minus and the mean reach the first term alone.
    """
    a, y = np.array([0.9, 0.6, 0.2, 0.4]), np.array([1, 1, 0, 0])
    first, second = y * np.log(a), (1 - y) * np.log(1 - a)
    return float(-np.mean(first + second)), float(-np.mean(first) + np.sum(second))


def certain(scores=(10.0, 36.0, 37.0, 800.0)):
    """Return for scores of a review with y = 1: a, the loss by its formula, the loss by z."""
    rows = []
    for z in scores:
        with np.errstate(all="ignore"):
            a = np.float64(1 / (1 + np.exp(-z)))
            formula = -1 * np.log(a) - (1 - 1) * np.log(1 - a)
        rows.append((z, a, formula, logistic.cross_entropy(np.array([z]), np.array([1]))[0]))
    return rows


def changed_words(words=("old", "deaf", "foreign", "gay", "black", "muslim", "young", "english")):
    """Return the probability of one sentence in which one word about a person changes.

    Returns
    -------
    list of tuple
        Word; the training reviews that contain it; probability of being positive.
    """
    model = TextClassifier.load(run_of("textbook"))
    training, _, known = sets()
    rows = []
    for word in words:
        text = f"We went there with our {word} neighbour and her friend."
        n = int((training.X[:, [known.index(word)]] > 0).sum()) if word in known else 0
        rows.append((word, n, float(model.probabilities([text])[0])))
    return rows


def two_as_classes(steps=20, rate=0.5, l2=0.01):
    """Return the weights of gradient descent with the sigmoid, and with a softmax of two classes.

    The softmax has half of the rate and twice the penalty, which makes up for its two vectors.
    """
    X, y = sets()[0]
    X = csr_array(X)
    w, b = np.zeros(X.shape[1]), 0.0
    W, biases = np.zeros((2, X.shape[1])), np.zeros(2)
    for _ in range(steps):
        by_w, by_b = logistic.gradient(X, y, w, b, l2)
        w, b = w - rate * by_w, b - rate * by_b
        by_W, by_biases = logistic.gradient(X, y, W, biases, 2 * l2)
        W, biases = W - rate / 2 * by_W, biases - rate / 2 * by_biases
    return w, W
