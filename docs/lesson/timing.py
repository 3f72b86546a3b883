"""Time the tricks of the fast path on this machine, and write `timings.json` for the figures.

    python docs/lesson/timing.py            print the times
    python docs/lesson/timing.py --write    also write timings.json

Times differ from machine to machine, so they are measured on request and kept in a file. They are
times of one processor: what other programs take does not count.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import plain
from experiments import L2, learner, sets
from measure import table
from reviews import run_of, sparse

FILE = Path(__file__).with_name("timings.json")
COLUMNS = (1_000, 4_000, 16_000, 60_000)


def best_of(work, times=5, calls=1):
    """Return the seconds that a call takes of a processor, from the fastest of some rounds."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        for _ in range(calls):
            work()
        seconds.append((time.process_time() - start) / calls)
    return min(seconds)


def growth(n=250):
    """Return the seconds of an epoch of SGD and of a score, by columns, dense and sparse."""
    X, y = sparse(run_of("textbook", "features", "features.ngrams=2"), "train")
    return [{"columns": d, **at_size(X[:n, :d].astype(float), y[:n])} for d in COLUMNS]


def at_size(counts, y):
    """Return the seconds of an epoch of SGD and of a score on some counts, dense and sparse."""
    dense, w = counts.toarray(), np.full(counts.shape[1], 0.01)
    review, columns, values = dense[0], counts[[0]].indices, counts[[0]].data
    return {
        "epoch_dense": best_of(
            lambda: plain.stochastic_gradient_descent(dense, y, 1, 0.01, lam=L2 * len(y))
        ),
        "epoch_sparse": best_of(lambda: sparse_epoch(counts, y, lazy=True)),
        "score_dense": best_of(lambda: review @ w, 20, 200),
        "score_sparse": best_of(lambda: values @ w[columns], 20, 200),
    }


def sparse_epoch(X, y, lazy, rate=0.01):
    """Take one epoch over the non-zeros in Python; the penalty is one number if it is lazy."""
    v, scale, b = np.zeros(X.shape[1]), 1.0, 0.0
    for i in np.random.default_rng(0).permutation(len(y)):
        some = slice(X.indptr[i], X.indptr[i + 1])
        columns, values = X.indices[some], X.data[some]
        error = plain.sigmoid(scale * (values @ v[columns]) + b) - y[i]
        if lazy:
            scale *= 1 - rate * L2
        else:
            v *= 1 - rate * L2
        v[columns] -= rate * error / scale * values
        b -= rate * error
    return scale * v, b


def tricks():
    """Return the seconds of one epoch over the training reviews, one trick after the other."""
    training, _, _ = sets()
    X, y = training
    dense, counts = X.toarray().astype(float), X.astype(float)
    model = learner(epochs=1).fit(X, y)
    one, two = plain.stochastic_gradient_descent(dense, y, 1, 0.01, lam=L2 * len(y))
    for w, b in (sparse_epoch(counts, y, lazy) for lazy in (False, True)):
        np.testing.assert_allclose(w, one, atol=1e-9)
        np.testing.assert_allclose(b, two, atol=1e-9)
    np.testing.assert_allclose(model.coef_[0], one, atol=1e-9)
    twenty_more = best_of(lambda: learner(epochs=21).fit(X, y)) - best_of(
        lambda: learner(epochs=1).fit(X, y)
    )
    return {
        "all columns": best_of(
            lambda: plain.stochastic_gradient_descent(dense, y, 1, 0.01, lam=L2 * len(y)), 3
        ),
        "non-zeros only": best_of(lambda: sparse_epoch(counts, y, lazy=False), 3),
        "the penalty as one number": best_of(lambda: sparse_epoch(counts, y, lazy=True), 3),
        "compiled": twenty_more / 20,
    }


def main(arguments):
    """Measure and print; with --write, keep the times."""
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        # Threads would add up, and short products wait for them; NumPy asks once, at its start.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        os.execve(sys.executable, [sys.executable, __file__, *arguments], environment)
    found = {"growth": growth(), "tricks": tricks()}
    slowest = found["tricks"]["all columns"]
    rows = [(n, f"{s * 1e3:.1f}", f"{slowest / s:.1f}") for n, s in found["tricks"].items()]
    table(("one epoch of SGD", "milliseconds", "times as fast"), rows)
    print()
    names = ("epoch_dense", "epoch_sparse", "score_dense", "score_sparse")
    rows = [
        (f"{row['columns']:,}", *(f"{row[name] * 1e6:,.1f}" for name in names))
        for row in found["growth"]
    ]
    header = ("columns", "epoch, dense", "sparse", "score, dense", "sparse, microseconds")
    table(header, rows)
    if "--write" in arguments:
        FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
