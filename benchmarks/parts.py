"""What training in parts costs in epochs, and how near to the optimum L-BFGS comes after it.

J and test accuracy after some epochs, for some numbers of parts, as means over seeds. The settings
are those of `configs/imdb.toml`. Then, with a larger penalty, J of `exact` against the optimum
that another method of SciPy finds.
"""

from __future__ import annotations

import numpy as np

from benchmarks.corpora import Counts, count
from benchmarks.harness import Setting, show_progress
from benchmarks.objective import Problem, find_optimum
from benchmarks.results import Claim, Question, Table
from pipeline.training.estimator import SGDLogisticRegression

ASKS = "J and test accuracy by parts and epochs; J of L-BFGS above the optimum"
PARTS, EPOCHS, SEEDS = (1, 2, 4, 16), (4, 10, 20, 40), (0, 1, 2)
SETTINGS = {"l2": 1e-6, "learning_rate": 0.03}
PENALTY = 25_000 / 750  # by the number of reviews: l2 is 1/750 on all of IMDB
WITHIN, ABOVE = 0.2, 1e-4  # points of accuracy; a fraction of J


def run(setting: Setting) -> Question:
    """Train with each number of parts, then to the optimum."""
    counts = count(setting.corpus)
    epochs, seeds = setting.some(EPOCHS), setting.some(SEEDS)
    found = {n: np.mean([by_epoch(counts, n, epochs, s) for s in seeds], axis=0) for n in PARTS}
    goal, claims, notes = 100 * found[1][0][1] - WITHIN, [], []
    for n in PARTS[1:]:
        accuracies = 100 * found[n][:, 1]
        lost = float(100 * found[1][0][1] - accuracies[0])
        text = f"{n} parts, accuracy lost after {epochs[0]} epochs"
        claims.append(Claim(text, (lost,), WITHIN if n == 4 else None, False, "points"))
        enough = [e for e, accuracy in zip(epochs, accuracies, strict=True) if accuracy >= goal]
        reached = f"{enough[0]} epochs" if enough else f"more than {epochs[-1]} epochs"
        notes.append(
            f"{n} parts come within {WITHIN} points of one part's {epochs[0]} epochs in {reached}."
        )
    exact, table = exact_by_parts(counts)
    n, d = counts.train.shape
    return Question(
        "parts",
        ASKS,
        f"{setting.corpus.name}: train, {n:,} x {d:,} counts in memory; {len(seeds)} seeds",
        claims=(*claims, *exact),
        tables=(*_by_parts(found, epochs), table),
        notes=tuple(notes),
    )


def by_epoch(
    counts: Counts, n_parts: int, epochs: tuple[int, ...], seed: int
) -> list[tuple[float, float]]:
    """Return J and test accuracy after some epochs of one training."""
    show_progress(f"{n_parts} parts, seed {seed}")
    model = SGDLogisticRegression(**SETTINGS, epochs=epochs[-1], parts=n_parts, seed=seed)
    found = []

    def measure(epoch) -> None:
        if epoch.number in epochs:
            accuracy = counts.accuracy(model.coef_[0], float(model.intercept_[0]))
            found.append((epoch.objective, accuracy))

    model.fit(counts.train, counts.train_labels, on_epoch=measure)
    return found


def exact_by_parts(counts: Counts) -> tuple[list[Claim], Table]:
    """Return how far above the optimum L-BFGS ends, with one part and with 16."""
    X, y = counts.train, counts.train_labels
    l2 = PENALTY / len(y)
    optimum = find_optimum(Problem(X, np.where(y == 1, 1.0, -1.0), l2))
    claims, rows = [], []
    for n in (1, 16):
        show_progress(f"exact, {n} parts")
        settings = {"l2": l2, "learning_rate": 0.03, "epochs": 4, "parts": n}
        reached = SGDLogisticRegression(**settings, exact=True).fit(X, y).minimum_
        above = float(reached.objective / optimum.objective - 1)
        text = f"exact, {n} parts: J above the optimum"
        claims.append(Claim(text, (100 * above,), 100 * ABOVE, False, "%"))
        relative = reached.gap / reached.objective
        rows.append(
            (n, reached.n_steps, f"{reached.objective:.8f}", f"{above:.1e}", f"{relative:.1e}")
        )
    header = ("parts", "steps", "J", "above the optimum", "certain to be at most")
    title = f"L-BFGS after 4 epochs, l2 = {l2:.6g}; the optimum is J = {optimum.objective:.8f}"
    return claims, Table(title, header, tuple(rows))


def _by_parts(found: dict[int, np.ndarray], epochs: tuple[int, ...]) -> list[Table]:
    header = ("parts", *(f"{n} epochs" for n in epochs))
    objectives = tuple((n, *(f"{j:.3f}" for j in of[:, 0])) for n, of in found.items())
    accuracies = tuple((n, *(f"{100 * a:.2f}" for a in of[:, 1])) for n, of in found.items())
    return [
        Table("J by parts and epochs", header, objectives),
        Table("Test accuracy in percent by parts and epochs", header, accuracies),
    ]
