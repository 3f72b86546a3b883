"""The rule for "auto": the same movement on every corpus, whatever the rows, weights or workers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from processes import Processes
from reference import reviews, three_classes
from scipy.sparse import csr_array

from pipeline import SGDLogisticRegression
from pipeline.training import automatic
from pipeline.training.automatic import RowSize, Steps, resolve
from pipeline.training.parts import Spread

SCHEDULES = ("constant", "inverse", "adagrad", "fisher")
AUTO = ("auto", "auto")


def steps(n=1000, size=None, schedule="adagrad", asked=AUTO, l2=0.0):
    return resolve(asked, schedule, l2, n, lambda: size or RowSize(20.0))


def digest(model):
    return model.coef_.tobytes() + model.intercept_.tobytes()


class TestEpochs:
    @pytest.mark.parametrize(
        ("n", "epochs"),
        [(2, 20), (2_000, 20), (12_500, 20), (20_000, 12), (25_000, 10), (10**7, 10)],
    )
    def test_fall_with_the_number_of_documents_between_two_bounds(self, n, epochs):
        assert steps(n).epochs == epochs

    def test_of_parts_are_those_of_as_many_documents_as_a_part_has(self, monkeypatch):
        monkeypatch.setattr(automatic, "STEPS", 600)
        X, y = reviews(60)
        for parts, epochs in ((1, 10), (2, 20), (4, 20)):
            assert SGDLogisticRegression(parts=parts).fit(X, y).epochs_ == epochs

    def test_do_not_count_the_validation_set(self, monkeypatch):
        monkeypatch.setattr(automatic, "STEPS", 600)
        assert SGDLogisticRegression(validation=0.25).fit(*reviews(60)).epochs_ == 13

    def test_are_the_most_that_patience_takes(self):
        X, y = reviews(60)
        model = SGDLogisticRegression(validation=0.3, patience=1, learning_rate=2.0).fit(X, y)
        assert len(model.history_) < model.epochs_ == 20


class TestRate:
    def test_of_adagrad_is_a_constant_over_the_size_of_a_row_and_the_root_of_the_epochs(self):
        size = RowSize(n_nonzeros=36.0, value=0.5)
        assert steps(size=size, asked=(4, "auto")) == Steps(4, round(0.85 / (0.5 * 6 * 2), 5))

    @pytest.mark.parametrize(
        ("schedule", "numerator"), [("constant", 10), ("inverse", 10), ("fisher", 50)]
    )
    def test_of_other_schedules_is_over_the_square_of_both(self, schedule, numerator):
        size = RowSize(n_nonzeros=36.0, value=0.5, cost=2.0)
        found = steps(size=size, schedule=schedule, asked=(20, "auto")).learning_rate
        assert found == pytest.approx(numerator / (9 * 20 * 2), rel=1e-4)

    @pytest.mark.parametrize("schedule", ["constant", "inverse"])
    @pytest.mark.parametrize("l2", [0.0, 1e-4, 1.0, 1e6])
    @pytest.mark.parametrize("epochs", [1, 2, 20])
    def test_of_one_rate_is_within_the_curvature_of_loss_and_penalty(self, schedule, l2, epochs):
        rate = steps(schedule=schedule, asked=(epochs, "auto"), l2=l2).learning_rate
        assert rate <= 4 / 20 * (1 + 1e-4)
        assert rate * l2 < 1

    @given(
        hnp.arrays(np.float32, (6, 4), elements=st.integers(-3, 3).map(float)),
        hnp.arrays(np.float64, 6, elements=st.sampled_from([0.0, 0.5, 1.0, 3.0])),
        hnp.arrays(np.bool_, 6),
    )
    def test_measures_the_learned_rows_weighted_by_their_costs(self, X, costs, learned):
        rows = np.flatnonzero(learned)
        if not len(rows):
            return
        targets = np.where(np.arange(6) % 2, costs, -costs)
        size = RowSize.of(csr_array(X), rows, targets)
        used, of = np.abs(X[rows]).astype(np.float64), costs[rows]
        nonzeros, total = of @ (used != 0).sum(axis=1), of @ used.sum(axis=1)
        assert size.n_nonzeros * (of.sum() or 1) == pytest.approx(nonzeros)
        assert size.value * (nonzeros or 1) == pytest.approx(total)
        assert size.cost == pytest.approx(of.mean())

    def test_is_measured_in_blocks(self, monkeypatch):
        from pipeline.training import parts

        X, y = reviews(60)
        rows, targets = np.flatnonzero(np.arange(60) % 3), np.where(y == 1, 1.0, -2.0)
        whole = RowSize.of(X, rows, targets)
        monkeypatch.setattr(parts, "BLOCK", 7)
        assert RowSize.of(X, rows, targets) == pytest.approx(whole)

    @pytest.mark.parametrize("schedule", SCHEDULES)
    @pytest.mark.parametrize("times", [0.125, 8.0])
    def test_undoes_the_scale_of_the_rows(self, schedule, times):
        """So the scores are the same, as long as neither penalty nor intercept has a scale."""
        X, y = reviews(60)
        rule = {"schedule": schedule, "l2": 0.0, "fit_intercept": False}
        here, there = (SGDLogisticRegression(**rule).fit(Z, y) for Z in (X, X * np.float32(times)))
        found = there.decision_function(X * np.float32(times))
        assert found == pytest.approx(here.decision_function(X), rel=0.02, abs=0.02)

    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_of_rows_without_a_feature_learns_the_intercept(self, schedule):
        X, y = csr_array((8, 3), dtype=np.float32), [1, 1, 1, 0] * 2
        model = SGDLogisticRegression(schedule=schedule).fit(X, y)
        assert not model.coef_.any()
        assert model.intercept_[0] > 0

    def test_does_not_depend_on_log_count_ratios(self):
        X, y = reviews(60)
        rates = {
            SGDLogisticRegression(ratio=r).fit(X, y).learning_rate_ for r in ("none", "counts")
        }
        assert len(rates) == 1


class TestBoth:
    @pytest.mark.parametrize("data", [reviews, three_classes])
    @pytest.mark.parametrize(
        "rule",
        [
            *({"schedule": schedule} for schedule in SCHEDULES),
            {"parts": 3, "averaged_runs": 2, "validation": 0.2},
            {"ratio": "counts", "class_weight": "balanced", "batch_size": 7},
            {"exact": True, "l2": 0.1},
        ],
        ids=str,
    )
    def test_as_numbers_they_give_the_same_bytes(self, data, rule):
        X, y = data()
        auto = SGDLogisticRegression(**rule).fit(X, y)
        chosen = {"epochs": auto.epochs_, "learning_rate": auto.learning_rate_}
        again = SGDLogisticRegression(**rule, **chosen).fit(X, y)
        assert digest(again) == digest(auto)
        assert (again.epochs_, again.learning_rate_) == (auto.epochs_, auto.learning_rate_)

    def test_are_the_same_wherever_the_parts_run(self, tmp_path):
        X, y = reviews()
        model = SGDLogisticRegression(parts=3)
        here = digest(model.fit(X, y))
        assert digest(model.fit(X, y, spread=Spread(Processes(), tmp_path))) == here

    @pytest.mark.parametrize("name", ["epochs", "learning_rate"])
    def test_other_words_are_refused(self, name):
        with pytest.raises(
            ValueError, match=rf'^{name}: expected a number .* or "auto", got \'many\''
        ):
            SGDLogisticRegression(**{name: "many"}).fit(*reviews())

    @pytest.mark.parametrize("n_words", [3, 60])
    def test_short_and_long_texts_are_learned_as_well_as_each_can_be(self, n_words):
        """With words that tell the class in as much of the texts, as log-odds of 1 each."""
        draw = np.random.default_rng(0)
        weights = draw.choice([-1.0, 1.0], 2000) * (3 / n_words) ** 0.5
        words = draw.integers(0, 2000, (3000, n_words))
        X = csr_array(
            (np.ones(words.size, np.float32), words.ravel(), np.arange(0, words.size + 1, n_words)),
            shape=(3000, 2000),
        )
        X.sum_duplicates()
        y = draw.random(3000) < 1 / (1 + np.exp(-(X @ weights)))
        model = SGDLogisticRegression().fit(X[:2000], y[:2000])
        grid = [
            SGDLogisticRegression(epochs=20, learning_rate=rate).fit(X[:2000], y[:2000])
            for rate in (0.01, 0.03, 0.1, 0.3, 1.0)
        ]
        best = max(each.score(X[2000:], y[2000:]) for each in grid)
        assert model.score(X[2000:], y[2000:]) > best - 0.02
