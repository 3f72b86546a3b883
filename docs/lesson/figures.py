"""Draw the figures of the lesson into docs/lesson/figures: `make lesson`.

    python docs/lesson/figures.py            all of them
    python docs/lesson/figures.py sigmoid    one

Each function draws one file from the numbers of `experiments.py` and has its name. The same numbers
give the same bytes.
"""

import json
import sys
from pathlib import Path

import experiments
import numpy as np
import timing
from matplotlib import rc_context
from matplotlib.figure import Figure

from pipeline.model import logistic
from pipeline.report.svg import GRID, INK, MUTED, NEGATIVE, POSITIVE, STYLE

FOLDER = Path(__file__).parent / "figures"
SIZE = {"axes.labelsize": 11, "axes.titlesize": 12, "font.size": 11, "legend.fontsize": 10.5}
SIZE |= {"xtick.labelsize": 10.5, "ytick.labelsize": 10.5, "lines.linewidth": 2.2}

# Heights of squared error, close together where its valleys are shallow.
SHALLOW = (0.2235, 0.23, 0.24, 0.255, 0.275, 0.284, 0.2865, 0.289, 0.292)


def panels(n=1, height=3.4, **options):
    """Return a figure and its axes, next to each other."""
    figure = Figure(figsize=(9.0 if n > 1 else 6.4, height), layout="constrained")
    axes = figure.subplots(1, n, squeeze=False, **options)[0]
    for each in axes:
        each.set_axisbelow(True)
    return figure, axes if n > 1 else axes[0]


def write_at(axes, x, y, text, color=INK, **options):
    """Write on a line, in its colour, rather than in a legend."""
    axes.annotate(text, (x, y), color=color, fontsize=10.5, **options)


def decades(axes, *exponents):
    """Label the powers of ten on a logarithmic x-axis."""
    marks = [10.0**k for k in exponents]
    axes.set_xticks(marks, [f"{mark:,g}" if mark >= 1e-3 else f"{mark:.0e}" for mark in marks])
    axes.minorticks_off()


def sigmoid():
    """The sigmoid and its slope."""
    figure, axes = panels()
    z = np.linspace(-6, 6, 241)
    a = logistic.sigmoid(z)
    axes.plot(z, a, color=POSITIVE)
    axes.plot(z, a * (1 - a), color=NEGATIVE)
    axes.plot([-6, 6], [0.5, 0.5], ":", color=MUTED, linewidth=1)
    axes.plot(0, 0.5, "o", color=POSITIVE)
    axes.plot(0, 0.25, "o", color=NEGATIVE)
    write_at(axes, 2.1, 0.97, r"a = σ(z)", POSITIVE, va="bottom", ha="right")
    write_at(axes, 0.9, 0.25, "slope a (1 - a): at most 1/4", NEGATIVE, va="bottom")
    axes.set(xlabel="score z", ylabel="probability", xlim=(-6, 6), ylim=(0, 1.08))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    return figure


def linear():
    """Linear and logistic regression on the same ten reviews."""
    x = np.array([0, 0, 1, 1, 2, 3, 3, 4, 5, 14.0])
    y = np.array([0, 0, 0, 0, 1, 0, 1, 1, 1, 1])
    figure, axes = panels()
    slope, level = np.polyfit(x, y, 1)
    w, b = experiments.minimum(x[:, None], y, 0.0)
    line = np.linspace(-0.5, 15, 300)
    axes.plot(line, level + slope * line, "--", color=NEGATIVE)
    axes.plot(line, logistic.sigmoid(w[0] * line + b), color=POSITIVE)
    axes.plot(x, y, "o", color=INK, markersize=6)
    write_at(axes, 5.2, 1.05, "logistic regression", POSITIVE)
    write_at(axes, 7.6, 0.6, "least squares: tilted by one\nlong review, and above 1", NEGATIVE)
    axes.set(xlabel="positive words in a review", ylabel="label, or predicted", ylim=(-0.1, 1.35))
    return figure


def boundary():
    """Test reviews by their positive and their negative words, and three boundaries."""
    (X, y), (test_X, test_y), _ = experiments.sets()
    order = np.argsort(experiments.learner().fit(X, y).coef_[0])
    groups = order[:-151:-1], order[:150]

    def plane(counts):
        return np.column_stack([counts[:, list(group)].sum(axis=1) for group in groups])

    w, b = experiments.minimum(plane(X).astype(float), y, 0.0)
    points, draw = plane(test_X), np.random.default_rng(0)
    places = points + draw.uniform(-0.3, 0.3, points.shape)
    figure, axes = panels(height=4.2)
    figure.set_figwidth(7.6)
    for label, color, marker, name in (
        (0, NEGATIVE, "x", "negative review"),
        (1, POSITIVE, "o", "positive review"),
    ):
        some = places[test_y == label]
        style = {"s": 22, "linewidths": 1.1, "alpha": 0.75, "label": name}
        style |= {"facecolors": "none", "edgecolors": color} if marker == "o" else {"color": color}
        axes.scatter(some[:, 0], some[:, 1], marker=marker, **style)
    x = np.array([-1.0, points[:, 0].max() + 1])
    for t, style in ((0.3, ":"), (0.5, "-"), (0.7, "--")):
        line = (np.log(t / (1 - t)) - b - w[0] * x) / w[1]
        axes.plot(x, line, style, color=INK, linewidth=1.6, label=f"boundary at {t}")
    axes.set(xlim=(-0.6, points[:, 0].max() + 0.6), ylim=(-0.6, points[:, 1].max() + 0.6))
    axes.set(xlabel="words among the 150 most positive", ylabel="among the 150 most negative")
    axes.set_xticks(range(0, int(points[:, 0].max()) + 1, 2))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def thresholds():
    """Both kinds of mistakes on the test reviews, by threshold."""
    probability, y = experiments.probabilities_of_test_reviews()
    at = np.linspace(0.02, 0.98, 193)
    missed = [np.mean(probability[y == 1] <= t) for t in at]
    alarms = [np.mean(probability[y == 0] > t) for t in at]
    figure, axes = panels()
    axes.plot(at, missed, color=POSITIVE)
    axes.plot(at, alarms, "--", color=NEGATIVE)
    for t in (0.3, 0.5, 0.7):
        axes.axvline(t, color=MUTED, linewidth=0.9, linestyle=":")
    write_at(axes, 0.8, 0.57, "positive reviews missed", POSITIVE, ha="right")
    write_at(axes, 0.19, 0.62, "false alarms, among\nnegative reviews", NEGATIVE)
    axes.set(xlabel="threshold", ylabel="share of the class", xlim=(0, 1), ylim=(0, 1))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xticks([0, 0.3, 0.5, 0.7, 1])
    return figure


def branches():
    """The two branches of cross-entropy."""
    figure, axes = panels()
    a = np.linspace(0.005, 0.995, 397)
    axes.plot(a, -np.log(a), color=POSITIVE)
    axes.plot(a, -np.log(1 - a), "--", color=NEGATIVE)
    axes.plot(0.5, np.log(2), "o", color=INK)
    write_at(axes, 0.5, 0.95, "ln 2", INK, ha="center")
    write_at(axes, 0.1, 3.1, "y = 1: -ln a", POSITIVE)
    write_at(axes, 0.9, 3.1, "y = 0: -ln(1 - a)", NEGATIVE, ha="right")
    axes.set(xlabel="predicted probability a that the review is positive", ylabel="loss")
    axes.set(xlim=(0, 1), ylim=(0, 5.3))
    return figure


def surfaces():
    """Both losses of the same ten reviews over two weights, and where descents end."""
    X, y = experiments.two_word_reviews()
    grid = np.linspace(-3, 2, 201)
    figure, axes = panels(2, 4.3, sharey=True)
    entropy = logistic.objective, logistic.gradient
    squared = experiments.squared_error, experiments.squared_error_slope
    for ax, title, (cost, slope), levels in (
        (axes[0], "cross-entropy: one valley", entropy, np.geomspace(0.625, 8, 14)),
        (
            axes[1],
            "squared error: four valleys",
            squared,
            [*SHALLOW, 0.31, 0.34, 0.3496, 0.3502, 0.351, 0.353, 0.357, 0.37, 0.4, 0.43],
        ),
    ):
        heights = [[cost(X, y, np.array([u, v]), 0.0, 0.0) for u in grid] for v in grid]
        ax.contour(grid, grid, heights, levels=levels, colors=MUTED, linewidths=0.8)
        for start, color in (((1.0, 1.0), POSITIVE), ((-2.0, -2.0), NEGATIVE)):
            way = experiments.descend(slope, start, rate=0.1, steps=40_000)
            ax.plot(*way.T, color=color, linewidth=2)
            ax.plot(*way[0], "o", color=color, markersize=6, fillstyle="none")
            ax.plot(*way[-1], "o", color=color, markersize=8)
        ax.set(title=title, xlabel="weight of the first word", aspect="equal")
        ax.grid(visible=False)
    axes[0].set_ylabel("weight of the second word")
    return figure


def descents():
    """The cost of three kinds of descent, by epochs and by documents seen."""
    figure, axes = panels(2, 3.8, sharey=True)
    styles = ((INK, ":", "s"), (NEGATIVE, "--", "^"), (POSITIVE, "-", "o"))
    ways = experiments.descents()
    for (name, (_, seen, cost)), (color, style, marker) in zip(ways.items(), styles, strict=True):
        ends = seen % 2000 == 0
        look = {"color": color, "linestyle": style, "marker": marker, "markersize": 5}
        axes[0].plot(seen[ends] / 2000, cost[ends], label=name, **look)
        if ends.all():  # gradient descent: the cost stays the same while an epoch is read
            look["drawstyle"] = "steps-post"
        axes[1].plot(np.maximum(seen, 1), cost, markevery=ends, **look)
    axes[0].set(xlabel="epochs", ylabel="cost J", ylim=(0.2, 0.75), xticks=range(0, 11, 2))
    axes[0].legend(loc="lower left")
    axes[1].axvline(2000, color=MUTED, linewidth=0.9)
    write_at(axes[1], 1750, 0.22, "one epoch", MUTED, ha="right")
    axes[1].set(xscale="log", xlabel="documents seen", xlim=(0.9, 23_000))
    decades(axes[1], 0, 1, 2, 3, 4)
    return figure


def rates():
    """The cost after each epoch of SGD, with three learning rates."""
    figure, axes = panels()
    styles = ((MUTED, ":", "too small"), (POSITIVE, "-", "right"), (NEGATIVE, "--", "too large"))
    for (rate, costs), (color, style, said) in zip(
        experiments.rates().items(), styles, strict=True
    ):
        epochs = np.arange(len(costs) + 1)
        costs = [np.log(2), *costs]
        axes.plot(epochs, costs, style, color=color, label=f"{said}: {rate:g}")
    axes.set(xlabel="epoch", ylabel="cost J", yscale="log", xlim=(0, 20), ylim=(0.14, 3.4))
    axes.set_xticks(range(0, 21, 5))
    axes.set_yticks([0.25, 0.5, 1, 2], ["0.25", "0.5", "1", "2"])
    axes.minorticks_off()
    axes.legend(loc="lower center", ncols=3)
    return figure


def l2():
    """Weights at the minimum of J, and accuracies, by the strength of the penalty."""
    values, training, folds, weights = experiments.l2_path()
    words = experiments.sets()[2]
    figure, axes = panels(2, 3.7)
    for word in ("awesome", "perfect", "refund", "abysmal"):
        path = weights[:, words.index(word)]
        color = POSITIVE if path[0] > 0 else NEGATIVE
        axes[0].plot(values, path, color=color)
        write_at(axes[0], values[0], path[0], f"{word} ", color, ha="right", va="center")
    axes[0].axhline(0, color=MUTED, linewidth=0.8)
    axes[0].set(xlabel="l2", ylabel="weight", xscale="log")
    axes[1].set_xscale("log")
    for ax in axes:
        decades(ax, -4, -3, -2, -1, 0)
    axes[0].set_xlim(1.2e-5, 1.2)
    axes[1].plot(values, training, "--", color=MUTED)
    axes[1].plot(values, folds, color=POSITIVE, marker="o", markersize=4)
    best = int(np.argmax(folds))
    axes[1].plot(values[best], folds[best], "o", color=POSITIVE, markersize=9)
    write_at(axes[1], 0.02, 0.96, "training set", MUTED)
    write_at(axes[1], 1.2e-4, folds[0] + 0.015, "reviews not learned from", POSITIVE)
    axes[1].set(xlabel="l2", ylabel="accuracy", ylim=(0.65, 1.01))
    axes[1].yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return figure


def work():
    """The time of an epoch of SGD and of a score by columns, dense and sparse."""
    rows = json.loads(timing.FILE.read_text("utf-8"))["growth"]
    columns = [row["columns"] for row in rows]
    figure, axes = panels(2)
    for ax, name, title in (
        (axes[0], "epoch", "train: SGD reads 250 reviews"),
        (axes[1], "score", "predict: score of one review"),
    ):
        for kind, color, style in (("dense", NEGATIVE, "--"), ("sparse", POSITIVE, "-")):
            times = [row[f"{name}_{kind}"] * 1e6 for row in rows]
            ax.plot(columns, times, style, color=color, marker="o", markersize=5, label=kind)
        ax.set(title=title, xscale="log", yscale="log", xlabel="columns d")
        ax.set_xticks(columns, [f"{d:,}" for d in columns])
        ax.minorticks_off()
        low, high = ax.get_ylim()
        marks = [digit * 10.0**k for k in range(6) for digit in (1, 2, 5)]
        ax.set_yticks(marks, [f"{mark:,g}" for mark in marks])
        ax.set_ylim(low, high)
    axes[0].set_ylabel("microseconds")
    axes[0].legend()
    return figure


def curve():
    """Test accuracy of naive Bayes and of logistic regression by training reviews."""
    found = experiments.learning_curve()
    sizes, accuracies = list(found), np.array(list(found.values())).T
    figure, axes = panels()
    axes.plot(sizes, accuracies[0], "--", color=NEGATIVE, marker="s", label="naive Bayes")
    axes.plot(sizes, accuracies[1], color=POSITIVE, marker="o", label="logistic regression")
    axes.set(xlabel="training reviews", ylabel="test accuracy", xscale="log", ylim=(0.5, 0.85))
    # 1,600 and 2,000 are too near for one line.
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes[:-1]] + [f"\n{sizes[-1]:,}"])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.legend(loc="upper left")
    return figure


def stability():
    """How far the weight of a word moves over refits, by how many reviews have the word."""
    weights = experiments.refits()
    frequency, words = experiments.n_reviews_with_word(), experiments.sets()[2]
    unsure = experiments.signs(weights)
    low, high = np.quantile(weights, [0.025, 0.975], axis=0)
    figure, axes = panels(2, 3.8)
    draw = np.random.default_rng(0)
    some = np.flatnonzero(frequency >= 10)
    jitter = np.exp(draw.uniform(-0.08, 0.08, len(some)))
    for mask, color, name in (
        (unsure[some], GRID, "the sign is not sure"),
        (~unsure[some], POSITIVE, "sure"),
    ):
        axes[0].scatter(
            (frequency[some] * jitter)[mask], weights.mean(axis=0)[some][mask], 8, color, label=name
        )
    axes[0].set(xscale="log", xlabel="reviews with the word", ylabel="mean weight of 40 refits")
    decades(axes[0], 1, 2, 3)
    axes[0].legend(markerscale=2, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    shown = ["awesome", "perfect", "excellent", "wonderful", "clean", "bit", "again", "film"]
    places = range(len(shown), 0, -1)
    for place, word in zip(places, shown, strict=True):
        j = words.index(word)
        color = MUTED if unsure[j] else POSITIVE
        axes[1].plot([low[j], high[j]], [place] * 2, color=color)
        axes[1].plot(weights[:, j].mean(), place, "o", color=color)
    axes[1].axvline(0, color=MUTED, linewidth=0.8)
    axes[1].set_yticks(places, [f"{w} ({frequency[words.index(w)]})" for w in shown])
    axes[1].set(xlabel="weight, 95% of the refits")
    axes[1].grid(axis="y", visible=False)
    return figure


def guesses():
    """The best of k coin flips on a test set."""
    numbers = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
    rows = np.array(experiments.guesses(numbers))
    figure, axes = panels()
    axes.plot(rows[:, 0], rows[:, 1], color=NEGATIVE, marker="o")
    axes.plot(rows[:, 0], rows[:, 2], "--", color=POSITIVE, marker="s")
    write_at(axes, 14, 0.556, "best of k on the test set", NEGATIVE, ha="right")
    write_at(axes, 14, 0.487, "the same coin on new reviews", POSITIVE)
    axes.set(xscale="log", xlabel="coins k tried on the same 400 reviews", ylabel="accuracy")
    axes.set(ylim=(0.47, 0.6))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    decades(axes, 0, 1, 2, 3)
    return figure


FIGURES = {
    function.__name__: function
    for function in (
        *(sigmoid, linear, boundary, thresholds, branches, surfaces, descents, rates, l2),
        *(work, curve, stability, guesses),
    )
}


def main(names):
    """Draw the figures that are named, or all."""
    FOLDER.mkdir(exist_ok=True)
    with rc_context(STYLE | SIZE):
        for name in names or FIGURES:
            metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
            FIGURES[name]().savefig(
                FOLDER / f"{name}.svg", format="svg", facecolor="white", metadata=metadata
            )
            print(f"docs/lesson/figures/{name}.svg")


if __name__ == "__main__":
    main(sys.argv[1:])
