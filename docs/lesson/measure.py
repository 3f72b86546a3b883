"""Print a measurement of the lesson: `python docs/lesson/measure.py NAME`.

Without a name, list them. The first one learns the textbook model, which takes some seconds.
"""

import sys

import experiments
import numpy as np
from scipy.sparse import csr_array

from pipeline.model import softmax


def table(header, rows):
    """Print rows of texts and numbers under a header, each column as wide as it needs."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for n, row in enumerate(cells):
        first = row[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print("  ".join([first, *rest]).rstrip())
        if n == 0:
            print("-" * (sum(widths) + 2 * (len(widths) - 1)))


def thresholds():
    """Mistakes of both kinds on the test reviews, at three thresholds."""
    table(
        ("threshold", "positive, missed", "false alarms", "accuracy"),
        [
            (f"{t:g}", missed, alarms, f"{right / n:.2%}")
            for t, missed, alarms, right, n in experiments.thresholds()
        ],
    )


def valleys():
    """Where gradient descent ends from two starts, on cross-entropy and on squared error."""
    X, y = experiments.two_word_reviews()
    rows = []
    for name, cost, slope in (
        ("cross-entropy", experiments.logistic.objective, experiments.logistic.gradient),
        ("squared error", experiments.squared_error, experiments.squared_error_slope),
    ):
        for start in ((1.0, 1.0), (-2.0, -2.0)):
            end = experiments.descend(slope, start)[-1]
            loss = cost(X, y, end, 0.0, 0.0)
            rows.append((name, start, f"({end[0]:.2f}, {end[1]:.2f})", f"{loss:.4f}"))
    table(("loss", "start", "end", "loss there"), rows)


def descents():
    """The cost after one and after ten passes of three kinds of descent."""
    rows = []
    for name, (steps, seen, cost) in experiments.descents().items():
        (one,) = cost[seen == 2000]
        rows.append((name, f"{steps[-1]:,.0f}", f"{one:.4f}", f"{cost[-1]:.4f}"))
    table(("descent", "steps in ten passes", "J after one", "J after ten"), rows)


def rates():
    """The cost of SGD after 1, 5 and 20 passes, with three learning rates."""
    rows = [
        (f"{rate:g}", *(f"{costs[k - 1]:.4f}" for k in (1, 5, 20)))
        for rate, costs in experiments.rates().items()
    ]
    table(("learning rate", "J after 1", "J after 5", "J after 20"), rows)


def l2():
    """Weights and accuracies at the minimum of J, by the strength of the penalty."""
    words = experiments.sets()[2]
    awesome = words.index("awesome")
    rows = [
        (f"{l2:.0e}", f"{w[awesome]:+.2f}", f"{(w @ w) ** 0.5:.1f}", f"{train:.2%}", f"{cv:.2%}")
        for l2, train, cv, w in zip(*experiments.l2_path(), strict=True)
    ]
    table(("l2", "awesome", "length of w", "training", "five folds"), rows)


def curve(run="textbook"):
    """Test accuracy of naive Bayes and of logistic regression, by training reviews."""
    # Long reviews make long steps: the weights of the last half of the steps are averaged.
    larger = {"sizes": (100, 400, 1600, 6400, 25000), "draws": 3, "average_from": 16}
    found = experiments.learning_curve(run=run, **({} if run == "textbook" else larger))
    table(
        ("training reviews", "naive Bayes", "logistic regression"),
        [(f"{size:,}", *(f"{share:.2%}" for share in both)) for size, both in found.items()],
    )


def copies():
    """What `awesome` adds to the score if its column is in the counts several times."""
    rows = [(n, *(f"{value:+.2f}" for value in rest)) for n, *rest in experiments.copies()]
    header = ("copies", "regression, each", "all", "naive Bayes, each", "all")
    table(header, rows)


def signs():
    """The words whose sign is not sure over forty refits, by the reviews that contain them."""
    unsure, frequency = experiments.signs(experiments.refits()), experiments.n_reviews_with_word()
    rows = []
    for least, most in ((10, 19), (20, 49), (50, 99), (100, 2000)):
        some = (frequency >= least) & (frequency <= most)
        group = f"{least} to {most}" if most < 2000 else f"{least} and more"
        rows.append((group, int(some.sum()), f"{unsure[some].mean():.0%}"))
    some = frequency >= 10
    rows.append(("all of these", int(some.sum()), f"{unsure[some].mean():.0%}"))
    table(("reviews with the word", "words", "sign not sure"), rows)


def guesses():
    """The best of k coin flips on 400 test reviews, and the same coin on new reviews."""
    rows = [(k, f"{best:.2%}", f"{new:.2%}") for k, best, new in experiments.guesses()]
    table(("coins", "the best of them", "on new reviews"), rows)


def leak(answers=""):
    """What mixing up rows of the test set does to an accuracy; `leak answers` mixes otherwise."""
    names = ("words", "pairs of words", "both", "both, rows mixed within a class")
    shares = experiments.leak
    if answers:
        names = ("two reviews of a class", "three reviews of a class", "two reviews of any class")
        shares = experiments.leak_answers
    rows = [(name, f"{share:.2%}") for name, share in zip(names, shares(), strict=True)]
    table(("scores of", "test accuracy"), rows)


def costs():
    """Minimising cross-entropy against minimising squared error."""
    table(
        ("minimised", "awesome", "J, cross-entropy", "J, squared error", "test accuracy"),
        [
            (name, f"{w:+.3f}", f"{entropy:.4f}", f"{squared:.4f}", f"{share:.2%}")
            for name, w, entropy, squared, share in experiments.two_costs()
        ],
    )


def penalties():
    """Lambda against lambda / N, both with lambda = 1."""
    table(
        ("penalty", "l2", "length of w", "training", "test"),
        [
            (name, f"{l2:g}", f"{length:.3f}", f"{training:.2%}", f"{test:.2%}")
            for name, l2, length, training, test in experiments.two_penalties()
        ],
    )


def intercept():
    """An intercept that is penalised, where a tenth of the reviews is positive."""
    table(
        ("intercept", "b", "mean probability", "positive reviews"),
        [
            (name, f"{b:+.3f}", f"{mean:.4f}", f"{share:.4f}")
            for name, b, mean, share in experiments.penalised_intercept()
        ],
    )


def brackets():
    """A cost of four reviews with and without its brackets."""
    right, wrong = experiments.without_brackets()
    table(("formula", "cost"), [("with brackets", f"{right:+.4f}"), ("without", f"{wrong:+.4f}")])


def certain():
    """The loss of a review that is right and certain, by its formula and by the score."""
    table(
        ("z", "1 - a", "-y ln a - (1 - y) ln(1 - a)", "ln(1 + e^z) - y z"),
        [
            (f"{z:g}", f"{1 - a:.3g}", f"{formula:.3g}", f"{loss:.3g}")
            for z, a, formula, loss in experiments.certain()
        ],
    )


def people():
    """One sentence, in which one word about a person changes."""
    table(
        ("word", "training reviews", "P(positive)"),
        [(word, n, f"{p:.3f}") for word, n, p in experiments.changed_words()],
    )


def classes():
    """One step of softmax regression with three classes; two classes with and without it."""
    x, y = np.array([3.0, 2.0]), 1
    W = -0.1 * softmax.gradient(csr_array([x]), np.array([y]), np.zeros((3, 2)), np.zeros(3), 0)[0]
    table(
        ("class", "P before", "P after", "new weights"),
        [
            (k, f"{before:.4f}", f"{after:.4f}", " ".join(f"{w:+.4f}" for w in W[k]))
            for k, before, after in zip(range(3), [1 / 3] * 3, softmax.softmax(W @ x), strict=True)
        ],
    )
    w, both = experiments.two_as_classes()
    print(f"largest weight {np.abs(w).max():.4f}")
    difference = np.abs(both[1] - both[0] - w).max()
    print("largest difference to w_1 - w_0 is below 1e-12:", difference < 1e-12)


MEASUREMENTS = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and value.__module__ == __name__ and name != "table"
}


def main(arguments):
    """Print the measurement that is named, or the list of them."""
    if not arguments or arguments[0] not in MEASUREMENTS:
        for name, function in MEASUREMENTS.items():
            print(f"{name:12}{function.__doc__}")
        return 0 if not arguments else 2
    MEASUREMENTS[arguments[0]](*arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
