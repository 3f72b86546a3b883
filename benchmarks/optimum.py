"""The time that each solver takes to come within one percent of the optimum.

That is of J on unigram counts, with a penalty at which the model generalises well. A solver's
settings are searched first: of each, the fewest epochs that are enough. The quickest settings
are then timed as one call with those epochs, from counts in memory to weights; J is computed
outside of the timing.
"""

from __future__ import annotations

import itertools

import numpy as np

from benchmarks import solvers
from benchmarks.corpora import Counts, count
from benchmarks.harness import Setting, alternate_timed, is_installed, missing
from benchmarks.objective import Optimum, Problem, ascend, find_optimum
from benchmarks.results import Claim, Figure, Question, Table, ratio
from benchmarks.search import Attempt, Solver, Weights, quickest

ASKS = "Seconds to come within 1% of the optimal objective on unigram counts"
TARGET = 3.0
PENALTY = 25_000 / 750  # by the number of reviews: l2 is 1/750 on all of IMDB
WITHIN = 0.01

HERE = (
    *({"schedule": "fisher", "learning_rate": rate} for rate in (0.02, 0.022, 0.025, 0.03)),
    *({"learning_rate": rate} for rate in (0.05, 0.07)),
    *({"schedule": "inverse", "learning_rate": 0.003, "average_from": k} for k in (4, 8)),
)
SKLEARN = (
    {"learning_rate": "optimal"},
    {"learning_rate": "optimal", "average": 10},
    *({"learning_rate": "constant", "eta0": 0.001, "average": k} for k in (False, 5, 10)),
    *({"learning_rate": "constant", "eta0": 0.0005, "average": k} for k in (5, 10)),
    *({"learning_rate": "invscaling", "power_t": 0.25, "eta0": e} for e in (0.01, 0.02, 0.03)),
    *({"learning_rate": "invscaling", "power_t": 0.5, "eta0": e} for e in (0.5, 1.0)),
    {"learning_rate": "adaptive", "eta0": 0.0015, "tol": 5e-4, "n_iter_no_change": 1},
    *(
        {"learning_rate": "adaptive", "eta0": eta0, "tol": 1e-3, "n_iter_no_change": patience}
        for eta0, patience in itertools.product((0.001, 0.002, 0.003), (1, 2))
    ),
)


def run(setting: Setting) -> Question:
    """Find the optimum, search every solver's settings, time the best of each."""
    counts = count(setting.corpus)
    signs = np.where(counts.train_labels == 1, 1.0, -1.0)
    problem = Problem(counts.train, signs, PENALTY / len(signs))
    optimum = find_optimum(problem)
    enough = (1 + WITHIN) * optimum.objective
    notes = [
        f"The optimum is J = {optimum.objective:.6f}, by SciPy's trust-ncg; no J is lower than "
        f"that by more than {optimum.bound:.0e}."
    ]
    found: dict[str, Attempt] = {}
    for solver in _solvers(setting, problem, counts):
        attempt = quickest(solver, lambda w: problem.objective(*w) <= enough)
        tried = f"{solver.name}: {len(solver.settings)} settings tried"
        notes.append(tried if attempt else f"{tried}; none came within 1%.")
        if attempt:
            found[solver.name] = attempt
    notes.append("Dual ascent is written here, as an oracle; it is nobody's release.")
    notes.append("liblinear penalises the intercept like a weight, and J does not.")
    if not is_installed("sklearn"):
        notes.append(missing("sklearn"))
    times = alternate_timed({name: a.fit for name, a in found.items()}, setting.rounds)
    figures = {
        name: Figure(name, str(a), times[name], accuracy=counts.accuracy(*a.weights))
        for name, a in found.items()
    }
    n, d = counts.train.shape
    return Question(
        "optimum",
        ASKS,
        f"{setting.corpus.name}: train, {n:,} x {d:,} counts in memory; l2 = {problem.l2:.6g}",
        tuple(figures.values()),
        _claims(figures),
        (_gaps(found, problem, optimum),),
        tuple(notes),
    )


def _solvers(setting: Setting, problem: Problem, counts: Counts) -> list[Solver]:
    """Return all that take part, each with its settings; alpha and C say the same penalty."""
    X, y, l2 = counts.train, counts.train_labels, problem.l2
    settings = tuple({"l2": l2, **options} for options in setting.some(HERE))
    found = [solvers.this_project(X, y, settings)]
    if is_installed("sklearn"):
        settings = tuple({"alpha": l2, **options} for options in setting.some(SKLEARN))
        found.append(solvers.sgd_classifier(X, y, settings))
        found.append(solvers.liblinear(X, y, l2, setting.some(solvers.LIBLINEAR)))

    def oracle(options: dict, epochs: int) -> Weights:
        return ascend(problem, epochs)

    ascend(problem, 1)  # compiles
    found.append(Solver("dual ascent (an oracle)", oracle, ({},), tuple(range(1, 21))))
    return found


def _gaps(found: dict[str, Attempt], problem: Problem, optimum: Optimum) -> Table:
    """Tell how far above the optimum each attempt stopped."""
    rows = []
    for name, attempt in found.items():
        gap = problem.objective(*attempt.weights) / optimum.objective - 1
        rows.append((name, str(attempt), f"{gap:.3%}"))
    header = ("solver", "settings", "above it")
    return Table("Distance of each from the optimum", header, tuple(rows))


def _claims(figures: dict[str, Figure]) -> tuple[Claim, ...]:
    """Compare all with this project."""
    ours = figures.get("this project")
    if ours is None:
        return ()
    return tuple(
        ratio(f"{name} over ours, time", figure, ours, TARGET if name == "SGDClassifier" else None)
        for name, figure in figures.items()
        if figure is not ours
    )
