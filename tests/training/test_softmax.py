"""Claims about training with more than two classes, judged by a dense twin and by others."""

import numpy as np
import pytest
import reference
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import Settings
from scipy.optimize import minimize
from scipy.sparse import csr_array

from pipeline.errors import CorpusError, DivergenceError
from pipeline.model.logistic import cross_entropy, gradient, objective, scores
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.log_count_ratio import log_count_ratio

GLOBAL = ("constant", "inverse")
SCHEDULES = (*GLOBAL, "adagrad", "fisher")


def reviews(n=120, d=8, n_classes=4, seed=0):
    """Return counts of d words in n documents, and the classes that they make likely."""
    draw = np.random.default_rng(seed)
    X = draw.poisson(draw.uniform(0.1, 1.0, d), (n, d)).astype(np.float32)
    y = (X @ draw.normal(size=(d, n_classes)) + draw.gumbel(size=(n, n_classes))).argmax(axis=1)
    y[:n_classes] = np.arange(n_classes)
    return csr_array(X), y


def orders(seed, n, epochs):
    stream = np.random.default_rng(seed)
    return [[stream.permutation(np.arange(n))] for _ in range(epochs)]


@st.composite
def problems(draw):
    """A few documents of three or four classes, a rule, costs or none, a ratio or none."""
    n, d, k = draw(st.integers(4, 9)), draw(st.integers(1, 5)), draw(st.integers(3, 4))
    values = st.just(0.0) | st.integers(1, 3).map(float) | st.integers(-20, 20).map(lambda i: i / 7)
    X = draw(hnp.arrays(np.float32, (n, d), elements=values))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, k - 1)))
    y[:k] = np.arange(k)
    schedule = draw(st.sampled_from(SCHEDULES))
    rule = Settings(
        learning_rate=draw(st.sampled_from([0.01, 0.1, 0.3])),
        schedule=schedule,
        l2=draw(st.sampled_from([0.0, 1e-3, 0.1])),
        batch_size=draw(st.sampled_from([1, 3, n, n + 5])),
        average_from=draw(st.sampled_from([0, 1, 2] if schedule in GLOBAL else [0])),
        fit_intercept=draw(st.booleans()),
    )
    return (
        X,
        y,
        rule,
        draw(st.none() | hnp.arrays(np.float64, n, elements=st.sampled_from([0.25, 1.0, 3.0]))),
    )


def fitted(X, y, rule, epochs, seed=3, sample_weight=None, **others):
    model = SGDLogisticRegression(**vars(rule), epochs=epochs, seed=seed, **others)
    return model.fit(X, y, sample_weight)


class TestDenseTwin:
    @given(problems(), st.integers(1, 3))
    def test_sparse_training_is_the_dense_rule_to_rounding(self, problem, epochs):
        X, y, rule, weights = problem
        # A first AdaGrad step has the length of the rate for noise as for a gradient: differences
        # of counts could cancel to noise.
        assume(rule.schedule != "adagrad" or rule.batch_size == 1)
        costs = np.ones(len(y)) if weights is None else weights * len(y) / weights.sum()
        twin = reference.train_classes(X, y, orders(3, len(y), epochs), rule, y.max() + 1, costs)
        try:
            model = fitted(X, y, rule, epochs, sample_weight=weights)
        except DivergenceError:
            return
        W, b = twin[-1]
        size = max(np.abs(W).max(), np.abs(b).max(), 1e-6)
        np.testing.assert_allclose(model.coef_, W, rtol=1e-9, atol=1e-9 * size)
        np.testing.assert_allclose(model.intercept_, b, rtol=1e-9, atol=1e-9 * size)

    @pytest.mark.parametrize("schedule", SCHEDULES)
    @pytest.mark.parametrize("batch_size", [1, 5])
    @pytest.mark.parametrize("ratio", ["documents", "counts"])
    def test_the_ratio_of_each_class_multiplies_its_counts(self, schedule, batch_size, ratio):
        X, y = reviews()
        rule = Settings(schedule=schedule, batch_size=batch_size, l2=0.01)
        against_the_rest = np.stack([log_count_ratio(X, y == k, ratio) for k in range(4)])
        twin = reference.train_classes(
            X.toarray(), y, orders(3, len(y), 3), rule, 4, ratio=against_the_rest
        )
        W, b = twin[-1]
        model = fitted(X, y, rule, 3, ratio=ratio)
        np.testing.assert_allclose(model.coef_, W * against_the_rest, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(model.intercept_, b, rtol=1e-8, atol=1e-10)

    @pytest.mark.parametrize("schedule", SCHEDULES)
    @pytest.mark.parametrize("batch_size", [1, 5])
    def test_compiled_and_plain_python_agree(self, schedule, batch_size, request):
        X, y = reviews(n=30)
        average = 2 if schedule in GLOBAL else 0
        rule = Settings(schedule=schedule, batch_size=batch_size, l2=0.01, average_from=average)
        compiled = fitted(X, y, rule, 3)
        request.getfixturevalue("uncompiled")
        plain = fitted(X, y, rule, 3)
        np.testing.assert_allclose(plain.coef_, compiled.coef_, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(plain.intercept_, compiled.intercept_, rtol=1e-12, atol=1e-14)

    def test_a_penalty_that_shrinks_weights_a_millionfold_stays_exact(self):
        X, y = reviews(n=40)
        rule = Settings(schedule="constant", learning_rate=0.5, l2=1.2, average_from=2)
        W, b = reference.train_classes(X.toarray(), y, orders(3, 40, 4), rule, 4)[-1]
        model = fitted(X, y, rule, 4)
        np.testing.assert_allclose(model.coef_, W, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(model.intercept_, b, rtol=1e-9, atol=1e-12)


class TestOptimum:
    def optimum(self, X, y, l2, n_classes):
        """Return J, W and b where SciPy's L-BFGS ends."""
        shape = n_classes, X.shape[1] + 1

        def value_and_slope(v):
            W, b = v.reshape(shape)[:, :-1], v.reshape(shape)[:, -1]
            slope = np.column_stack(gradient(X, y, W, b, l2))
            return objective(X, y, W, b, l2), slope.ravel()

        options = {"ftol": 1e-16, "gtol": 1e-10, "maxiter": 10_000}
        found = minimize(
            value_and_slope, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options
        )
        return found.fun, found.x.reshape(shape)[:, :-1], found.x.reshape(shape)[:, -1]

    @pytest.mark.parametrize(
        ("how", "within"),
        [
            ({"schedule": "inverse", "learning_rate": 0.5}, 1e-6),
            ({"schedule": "fisher", "learning_rate": 0.1, "batch_size": 7}, 5e-4),
            ({"schedule": "adagrad", "learning_rate": 0.1}, 1e-3),
            ({"schedule": "constant", "learning_rate": 0.5, "batch_size": 120}, 1e-4),
        ],
    )
    def test_is_that_of_lbfgs(self, how, within):
        X, y = reviews()
        least, *_ = self.optimum(X, y, 0.02, 4)
        model = SGDLogisticRegression(l2=0.02, epochs=400, **how).fit(X, y)
        assert 0 <= model.history_[-1].objective - least < within

    def test_is_that_of_scikit_learn(self):
        from sklearn.linear_model import LogisticRegression

        X, y = reviews()
        theirs = LogisticRegression(C=1 / (0.02 * len(y)), tol=1e-10, max_iter=10_000).fit(X, y)
        ours = SGDLogisticRegression(
            l2=0.02, schedule="inverse", learning_rate=0.5, epochs=1000, average_from=500
        ).fit(X, y)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-3)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=5e-3)


class TestHistory:
    def test_has_the_numbers_recomputed_from_the_weights(self):
        X, y = reviews()
        found = []
        model = SGDLogisticRegression(validation=0.2, epochs=4, seed=1)
        model.fit(X, y, on_epoch=lambda epoch: found.append((epoch, model.coef_, model.intercept_)))
        for epoch, W, b in found:
            for mask, loss, accuracy in (
                (~model.in_validation_, epoch.loss, epoch.accuracy),
                (model.in_validation_, epoch.validation_loss, epoch.validation_accuracy),
            ):
                z = scores(X[mask].data, X[mask].indices, X[mask].indptr, W, b)
                assert loss == pytest.approx(cross_entropy(z, y[mask]).mean(), rel=1e-12)
                assert accuracy == np.mean(z.argmax(axis=1) == y[mask])

    def test_the_objective_is_of_the_weights_without_their_ratio(self):
        X, y = reviews()
        model = SGDLogisticRegression(ratio="documents", l2=0.1, epochs=2).fit(X, y)
        ratio = np.stack([log_count_ratio(X, y == k) for k in range(4)])
        loss = objective(X, y, model.coef_, model.intercept_, 0.0)
        penalty = 0.05 * np.square(model.coef_ / ratio).sum()
        assert model.history_[-1].objective == pytest.approx(loss + penalty, rel=1e-5)

    def test_divergence_is_an_error_that_names_the_rate(self):
        X, y = reviews()
        with pytest.raises(DivergenceError, match=r"train\.learning_rate \(1e\+06\)"):
            SGDLogisticRegression(schedule="constant", learning_rate=1e6, l2=0).fit(X * 100, y)


class TestOptions:
    @pytest.mark.parametrize("schedule", SCHEDULES)
    @pytest.mark.parametrize("batch_size", [1, 5])
    def test_without_intercepts_they_are_zero(self, schedule, batch_size):
        X, y = reviews(n=30)
        model = fitted(X, y, Settings(0.1, schedule, 0.01, batch_size, fit_intercept=False), 2)
        assert model.intercept_.tolist() == [0.0] * 4
        assert model.coef_.any()

    def test_the_validation_set_has_the_same_fraction_of_each_class(self):
        X, y = reviews(n=200)
        model = SGDLogisticRegression(validation=0.25, epochs=1).fit(X, y)
        drawn = np.bincount(y[model.in_validation_], minlength=4)
        assert drawn.tolist() == [round(0.25 * n) for n in np.bincount(y)]

    def test_a_class_too_small_for_a_validation_set_is_named(self):
        (X, _), y = reviews(n=60), np.arange(60) % 4
        y[y == 2] = 1
        y[2] = 2
        names = np.array(["bad", "fair", "fine", "good"])[y]
        with pytest.raises(CorpusError, match=r"without a fine review \(1 in all\)"):
            SGDLogisticRegression(validation=0.25).fit(X, names)

    def test_a_class_is_named_on_one_line(self):
        X, y = reviews(n=40)
        y[y == 2] = 1
        y[2] = 2
        names = np.array(["bad", "fair", "fi\tne\n" + "x" * 5000, "good"])[y]
        with pytest.raises(CorpusError, match=r"without a fi\\tne\\nx+\u2026 .* left out") as told:
            SGDLogisticRegression(validation=0.25).fit(X, names)
        assert str(told.value).isprintable()

    @pytest.mark.parametrize("labels", [[None, "good", "bad"], [1, "good", "bad"]])
    def test_labels_without_an_order_are_refused(self, labels):
        X, y = reviews(n=40, n_classes=3)
        with pytest.raises(TypeError, match=r"^y: expected labels of one type, .* got \w+, str$"):
            SGDLogisticRegression().fit(X, np.array(labels, object)[y])

    def test_balanced_costs_give_each_class_the_same_sum(self):
        X, y = reviews()
        model = SGDLogisticRegression(class_weight="balanced").fit(X, y)
        sums = np.bincount(y, model.costs(y))
        np.testing.assert_allclose(sums, len(y) / 4)

    def test_class_weights_go_by_the_names_of_the_classes(self):
        X, y = reviews()
        names = np.array(["bad", "fair", "fine", "good"])[y]
        model = SGDLogisticRegression(class_weight={"good": 3.0}).fit(X, names)
        assert model.classes_.tolist() == ["bad", "fair", "fine", "good"]
        assert model.costs(y)[y == 3].max() == 3.0 * model.costs(y)[y == 0].max()

    def test_a_threshold_has_no_meaning(self):
        X, y = reviews()
        with pytest.raises(ValueError, match=r"^threshold: expected none \(0\.5\).* 4 classes"):
            SGDLogisticRegression(threshold=0.7).fit(X, y)

    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_more_runs_are_averaged_whatever_the_threads(self, schedule, monkeypatch):
        X, y = reviews()
        digests = set()
        for threads in ("1", "2", "3"):
            monkeypatch.setenv("SENTIMENT_THREADS", threads)
            model = SGDLogisticRegression(schedule=schedule, averaged_runs=3).fit(X, y)
            digests.add(model.coef_.tobytes() + model.intercept_.tobytes())
        assert len(digests) == 1
