"""L-BFGS after SGD, judged by SciPy's Newton methods and by scikit-learn; any workers' bytes."""

import hashlib
import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import Backwards
from reference import reviews, three_classes
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from pipeline import SGDLogisticRegression
from pipeline.errors import CorpusError
from pipeline.training import lbfgs
from pipeline.training import parts as parts_module
from pipeline.training.certificate import Objective, certify
from pipeline.training.log_count_ratio import class_ratios
from pipeline.training.parts import Spread

EXACT = {"exact": True, "l2": 0.01, "epochs": 2}


def lowest(X, y, l2, costs=None, ratio=1.0, fit_intercept=True):
    """Return the minimum of J of softmax regression, dense, by BFGS to a tight tolerance.

    Of two classes, softmax with half the penalty is the sigmoid with w_1 - w_0.
    """
    X, n_classes = X.toarray().astype(float), y.max() + 1
    l2 = 2 * l2 if n_classes == 2 else l2
    costs = np.ones(len(y)) if costs is None else costs
    shape = n_classes, X.shape[1] + 1
    factor = np.ones(shape)
    factor[:, :-1] = ratio
    Z = np.column_stack([X, np.full(len(y), float(fit_intercept))])

    def value_and_slope(v):
        W = v.reshape(shape)
        z = Z @ (factor * W).T
        losses = logsumexp(z, axis=1) - z[np.arange(len(y)), y]
        p = np.exp(z - logsumexp(z, axis=1)[:, None])
        p[np.arange(len(y)), y] -= 1
        penalised = W * ([1] * X.shape[1] + [0])
        slope = factor * ((costs[:, None] * p).T @ Z) / len(y) + l2 * penalised
        return (costs * losses).mean() + l2 / 2 * (penalised**2).sum(), slope.ravel()

    found = minimize(
        value_and_slope, np.zeros(factor.size), jac=True, method="BFGS", options={"gtol": 1e-9}
    )
    return found.fun


def digest(model):
    return hashlib.sha256(model.coef_.tobytes() + model.intercept_.tobytes()).hexdigest()


class TestMinimum:
    @settings(max_examples=20)
    @given(
        st.sampled_from([reviews, three_classes]),
        st.sampled_from([1, 3]),
        st.sampled_from(["none", "documents"]),
        st.sampled_from([0.0, 0.3]),
        st.sampled_from([None, "balanced", {0: 3.0}]),
        st.booleans(),
        st.sampled_from([0.1, 1e-2, 1e-4]),
    )
    def test_no_weights_have_a_lower_objective_than_the_gap_allows(
        self, data, parts, ratio, validation, class_weight, fit_intercept, gap
    ):
        X, y = data()
        model = SGDLogisticRegression(
            **EXACT,
            gap=gap,
            parts=parts,
            ratio=ratio,
            validation=validation,
            class_weight=class_weight,
            fit_intercept=fit_intercept,
        ).fit(X, y)
        seen = ~model.in_validation_
        factor = 1.0
        if ratio != "none":
            factor = class_ratios(X[seen], y[seen], ratio, 1.0, None, len(model.classes_))
        best = lowest(X[seen], y[seen], 0.01, model.costs(y)[seen], factor, fit_intercept)
        reached = model.minimum_
        assert reached.is_reached
        assert reached.gap <= gap
        assert -1e-9 < reached.objective - best <= reached.gap + 1e-9
        assert model.kept_.objective == pytest.approx(reached.objective, rel=1e-6)
        assert (model.intercept_ == 0).all() or fit_intercept

    @pytest.mark.parametrize("data", [reviews, three_classes])
    @pytest.mark.parametrize("parts", [1, 4])
    def test_the_weights_are_those_of_scikit_learn(self, data, parts):
        X, y = data()
        model = SGDLogisticRegression(**EXACT, gap=1e-10, parts=parts).fit(X, y)
        theirs = LogisticRegression(C=1 / (0.01 * len(y)), tol=1e-10, max_iter=5000)
        theirs.fit(X.astype(float), y)
        np.testing.assert_allclose(model.coef_, theirs.coef_, atol=1e-4)
        theirs.intercept_ -= theirs.intercept_.mean() if len(theirs.intercept_) > 1 else 0
        np.testing.assert_allclose(model.intercept_, theirs.intercept_, atol=1e-4)

    def test_the_gap_is_that_of_the_certificate(self):
        X, y = reviews()
        model = SGDLogisticRegression(**EXACT).fit(X, y)
        certificate = certify(Objective(X, y, 0.01), model.coef_[0])
        assert certificate.gap == pytest.approx(model.minimum_.gap, rel=1e-4)
        assert certificate.objective == pytest.approx(model.minimum_.objective, rel=1e-12)
        assert certificate.intercept == pytest.approx(model.intercept_[0], rel=1e-6)

    def test_the_epochs_of_sgd_are_the_same_with_and_without_it(self):
        X, y = reviews()
        exact = SGDLogisticRegression(**EXACT).fit(X, y)
        plain = SGDLogisticRegression(**EXACT | {"exact": False}).fit(X, y)
        assert exact.history_ == plain.history_
        assert exact.kept_.number == 2
        assert exact.kept_.objective < plain.kept_.objective
        assert plain.minimum_ is None

    def test_a_gap_that_is_not_reached_is_told(self, monkeypatch):
        monkeypatch.setattr(lbfgs, "STEPS", 2)
        X, y = reviews()
        reached = SGDLogisticRegression(**EXACT, gap=1e-9).fit(X, y).minimum_
        assert (reached.is_reached, reached.n_steps) == (False, 2)
        assert reached.gap > 1e-9

    def test_rounding_ends_the_search_for_a_gap_that_no_float_reaches(self):
        X, y = reviews()
        reached = SGDLogisticRegression(**EXACT, gap=1e-40).fit(X, y).minimum_
        assert not reached.is_reached
        assert reached.gap < 1e-12

    def test_frequent_and_rare_words_take_few_steps_together(self):
        """Their curvatures are 10,000 times apart; without a scale it takes 443 steps."""
        X, y = reviews(300, 20)
        X = csr_array(X.toarray() * np.geomspace(0.1, 10, 20, dtype=np.float32))
        model = SGDLogisticRegression(**EXACT | {"l2": 1e-4}, gap=1e-8).fit(X, y)
        assert model.minimum_.is_reached
        assert model.minimum_.n_steps < 40

    def test_starts_where_every_probability_is_0_or_1(self):
        """There is no curvature there, and nothing to scale by."""
        X, y = np.array([[3e4], [-3e4]] * 5), np.array([1, 0] * 5)
        settings = {"l2": 1e-3, "schedule": "constant", "learning_rate": 2e-6, "batch_size": 10}
        with np.errstate(all="raise", under="ignore"):
            model = SGDLogisticRegression(**settings, epochs=1, exact=True).fit(X, y)
        assert model.minimum_.is_reached

    def test_weights_of_an_earlier_fit_leave_nothing(self):
        X, y = reviews()
        model = SGDLogisticRegression(**EXACT).fit(X, y)
        assert model.set_params(exact=False).fit(X, y).minimum_ is None


class TestRefused:
    @pytest.mark.parametrize(
        ("others", "said"),
        [
            ({"l2": 0.0}, r"^exact: expected l2 > 0 with it, got 0; "),
            ({"patience": 3, "validation": 0.2}, r"^patience: expected 0 with exact, got 3$"),
            ({"gap": 0.0}, r"^gap: expected a number > 0, got 0\.0$"),
        ],
        ids=str,
    )
    def test_settings_without_a_minimum_to_find(self, others, said):
        with pytest.raises(ValueError, match=said):
            SGDLogisticRegression(**EXACT | others).fit(*reviews())

    def test_a_class_that_costs_nothing(self):
        said = r"^train\.exact: the best intercept is infinite, because a mistake on class 1 costs"
        with pytest.raises(CorpusError, match=said):
            SGDLogisticRegression(**EXACT, class_weight={1: 0.0}).fit(*reviews())


class TestSameBytes:
    """Workers, threads, blocks in files and BLAS change no byte."""

    @pytest.mark.parametrize("data", [reviews, three_classes])
    def test_with_any_workers(self, data, tmp_path, monkeypatch):
        X, y = data()
        monkeypatch.setattr(parts_module, "BLOCK", 40)
        model = SGDLogisticRegression(**EXACT, gap=1e-6, parts=3, ratio="counts")
        expected = digest(model.fit(X, y))
        for folder, threads in product((None, tmp_path), ("1", "3")):
            monkeypatch.setenv("SENTIMENT_THREADS", threads)
            assert digest(model.fit(X, y, spread=Spread(Backwards(), folder))) == expected

    def test_one_part_does_not_leave_the_process(self):
        X, y = reviews()
        model = SGDLogisticRegression(**EXACT)
        expected = digest(model.fit(X, y))
        assert digest(model.fit(X, y, spread=Spread(None, None))) == expected

    def test_with_any_number_of_threads_of_blas(self):
        """Its dot products of more than 10,000 numbers are summed in threads."""
        code = """
import hashlib
import numpy as np
from scipy.sparse import random_array
from pipeline import SGDLogisticRegression

X = random_array((300, 30_000), density=0.01, format="csr", rng=np.random.default_rng(0))
y = np.asarray(X[:, :15_000].sum(axis=1) > X[:, 15_000:].sum(axis=1), int)
model = SGDLogisticRegression(l2=0.01, epochs=1, exact=True, gap=1e-6).fit(X, y)
print(hashlib.sha256(model.coef_.tobytes()).hexdigest())
"""
        found = set()
        for threads in ("1", "2"):
            env = os.environ | {
                "OPENBLAS_NUM_THREADS": threads,
                "PYTHONPATH": os.pathsep.join(sys.path),
            }
            done = subprocess.run(
                [sys.executable, "-c", code], env=env, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            found.add(done.stdout)
        assert len(found) == 1
