"""Training in parts, judged by a dense reference; the bytes are those of any workers."""

from pathlib import Path

import numpy as np
import pytest
import reference
from hypothesis import assume, given
from hypothesis import strategies as st
from processes import Backwards, Processes
from reference import Settings, reviews, three_classes

from pipeline import SGDLogisticRegression
from pipeline.cluster.workers import HERE
from pipeline.errors import ConfigError, DivergenceError
from pipeline.stages.listener import SILENT, HeardWorkers
from pipeline.storage.counts import Counts
from pipeline.training import parts as module
from pipeline.training import shuffle as shuffles
from pipeline.training.folds import LearnedReviews
from pipeline.training.held_out import held_out
from pipeline.training.parts import IN_MEMORY, PartFiles, Spread, cut, row_blocks
from pipeline.training.shuffle import Shuffle

SCHEDULES = ("constant", "inverse", "adagrad", "fisher")


def part_orders(seed, rows, n_parts, epochs, run=0):
    """Return the order of each part in every epoch, as training promises it."""
    shuffled = np.random.default_rng([seed, 0, 1]).permutation(rows)
    parts = [np.sort(part) for part in np.array_split(shuffled, n_parts)]
    return [
        [
            np.random.default_rng([seed, run, 2 + number, epoch]).permutation(part)
            for number, part in enumerate(parts)
        ]
        for epoch in range(1, epochs + 1)
    ]


def assert_near(found, expected):
    size = max(np.abs(expected).max(), 1e-6)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9 * size)


@st.composite
def rules(draw):
    schedule = draw(st.sampled_from(SCHEDULES))
    by_coordinate = schedule in ("adagrad", "fisher")
    return Settings(
        learning_rate=draw(st.sampled_from([0.02, 0.1, 0.3])),
        schedule=schedule,
        l2=draw(st.sampled_from([0.0, 1e-3, 0.1, 2.0])),
        batch_size=draw(st.sampled_from([1, 3, 100])),
        average_from=draw(st.sampled_from([0] if by_coordinate else [0, 1, 2])),
        fit_intercept=draw(st.booleans()),
    )


class TestDenseReference:
    """A run on parts is runs of the dense rule, each from the mean of the states before."""

    @given(rules(), st.integers(1, 4), st.integers(2, 7), st.sampled_from([0.0, 0.3]))
    def test_of_two_classes_agrees_with_it(self, rule, epochs, n_parts, validation):
        X, y = reviews(40, 12)
        model = SGDLogisticRegression(
            **vars(rule), epochs=epochs, parts=n_parts, validation=validation, seed=3
        )
        try:
            model.fit(X, y)
        except DivergenceError:
            return
        orders = part_orders(3, np.flatnonzero(~model.in_validation_), n_parts, epochs)
        trace = reference.train_parts(X.toarray(), y, orders, rule)
        assume(rule.schedule != "adagrad" or trace.sharpness > 1e-5)
        w, b = trace.weights[-1]
        assert_near(model.coef_[0], w)
        assert_near(model.intercept_, np.array([b]))

    @pytest.mark.parametrize("schedule", SCHEDULES)
    @pytest.mark.parametrize("ratio", ["none", "documents"])
    def test_of_three_classes_agrees_with_it(self, schedule, ratio):
        X, y = three_classes()
        rule = Settings(0.1, schedule, 0.01, 1, 2 * (schedule in ("constant", "inverse")))
        model = SGDLogisticRegression(**vars(rule), epochs=3, parts=4, ratio=ratio, seed=3)
        model.fit(X, y)
        factor = None
        if ratio != "none":
            counts = [(X.toarray()[y == k] > 0).sum(axis=0) + 1 for k in range(3)]
            others = [(X.toarray()[y != k] > 0).sum(axis=0) + 1 for k in range(3)]
            n = [((y == k).sum() + 1, (y != k).sum() + 1) for k in range(3)]
            factor = np.stack([np.log(counts[k] / n[k][0] / others[k] * n[k][1]) for k in range(3)])
        orders = part_orders(3, np.arange(len(y)), 4, 3)
        W, b = reference.train_classes(X.toarray(), y, orders, rule, 3, ratio=factor)[-1]
        assert_near(model.coef_, W if factor is None else W * factor)
        assert_near(model.intercept_, b)

    def test_averaged_runs_have_the_same_parts_in_orders_of_their_own(self):
        X, y = reviews(40, 12)
        rule = Settings(schedule="fisher")
        model = SGDLogisticRegression(**vars(rule), epochs=2, parts=3, averaged_runs=2).fit(X, y)
        runs = []
        for run in range(2):
            orders = part_orders(0, np.arange(40), 3, 2, run)
            runs.append(reference.train_parts(X.toarray(), y, orders, rule).weights[-1])
        assert_near(model.coef_[0], (runs[0][0] + runs[1][0]) / 2)
        assert_near(model.intercept_[0], (runs[0][1] + runs[1][1]) / 2)

    def test_a_rare_word_gets_the_weight_that_the_one_part_with_it_has_learned(self):
        """Its mean by the divisors; a plain mean would leave a fourth of it."""
        X = np.ones((8, 2), np.float32)
        X[1:, 1] = 0
        rule = {"l2": 0.0, "epochs": 1, "learning_rate": 0.05, "parts": 4}
        model = SGDLogisticRegression(**rule).fit(X, [1, 0] * 4)
        assert model.coef_[0, 1] == pytest.approx(0.05, rel=1e-12)


RULES = (
    {"schedule": "adagrad", "validation": 0.2, "averaged_runs": 2},
    {"schedule": "inverse", "average_from": 2, "batch_size": 5, "ratio": "counts"},
)


def digest(model):
    return model.coef_.tobytes() + model.intercept_.tobytes()


class TestWorkers:
    """Where the parts run changes no byte."""

    @pytest.mark.parametrize(("rule", "data"), [*zip(RULES, (reviews, three_classes), strict=True)])
    def test_processes_learn_the_same_bytes_from_files(self, rule, data, tmp_path):
        X, y = data()
        model = SGDLogisticRegression(**rule, epochs=2, parts=3)
        expected = digest(model.fit(X, y))
        workers = Processes(are_kept=True)
        assert digest(model.fit(X, y, spread=Spread(workers, tmp_path))) == expected
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("rule", RULES, ids=str)
    @pytest.mark.parametrize("data", [reviews, three_classes])
    @pytest.mark.parametrize("in_files", [False, True])
    @pytest.mark.parametrize("buffer", [shuffles.BUFFER, 60])
    def test_tasks_that_finish_in_another_order_learn_them_too(
        self, rule, data, in_files, buffer, tmp_path, monkeypatch
    ):
        """Where the parts are larger than the buffer of the shuffle, too."""
        monkeypatch.setattr(shuffles, "BUFFER", buffer)
        monkeypatch.setattr(module, "BUFFER", buffer)
        monkeypatch.setattr(shuffles, "CHUNK", 12)
        X, y = data()
        model = SGDLogisticRegression(**rule, epochs=3, parts=3)
        expected = digest(model.fit(X, y))
        monkeypatch.setattr(module, "BLOCK", 50)
        spread = Spread(Backwards(), tmp_path if in_files else None)
        assert digest(model.fit(X, y, spread=spread)) == expected

    @pytest.mark.parametrize("parts", [1, 3])
    @pytest.mark.parametrize("data", [reviews, three_classes])
    @pytest.mark.parametrize("validation", [0.0, 0.2])
    def test_what_lies_in_files_changes_no_byte(
        self, parts, data, validation, tmp_path, monkeypatch
    ):
        """Beyond the buffer: targets, orders, losses, and the scores of the folds."""
        for of in (shuffles, module):
            monkeypatch.setattr(of, "BUFFER", 60)
        monkeypatch.setattr(shuffles, "CHUNK", 12)
        X, y = data(400)
        model = SGDLogisticRegression(epochs=2, parts=parts, validation=validation)
        found = []
        for spread in (IN_MEMORY, Spread(HERE, tmp_path)):
            of = model.fit(X, y, spread=spread)
            scored = held_out(of, LearnedReviews(X, y), spread)
            found.append((digest(of), repr(of.history_), scored.scores.tobytes()))
        assert found[0] == found[1]
        assert isinstance(scored.scores, np.memmap)
        assert list(tmp_path.iterdir()) == []

    def test_where_documents_begin_may_lie_in_a_file_without_a_name(self, tmp_path):
        X, y = reviews()
        offsets = module.Problem(X, np.where(y, 1.0, -1.0), 0.0, True, folder=tmp_path).triplet[2]
        assert isinstance(offsets, np.memmap)
        assert (offsets.dtype, offsets.tolist()) == (np.int64, X.indptr.tolist())
        assert list(tmp_path.iterdir()) == []

    def test_a_second_training_has_parts_of_its_own(self, tmp_path):
        """In the memory of the same workers, beside the same folder."""
        model = SGDLogisticRegression(epochs=1, parts=3)
        for X, y in (reviews(seed=1), reviews(seed=2)):
            expected = digest(model.fit(X, y))
            assert digest(model.fit(X, y, spread=Spread(Backwards(), tmp_path))) == expected

    def test_files_of_earlier_trainings_are_not_kept_open(self, tmp_path):
        X, y = reviews()
        model = SGDLogisticRegression(epochs=1, parts=3)
        n_open = []
        for _ in range(3):
            model.fit(X, y, spread=Spread(Backwards(), tmp_path))
            n_open.append(len(list(Path("/dev/fd").iterdir())))
        assert n_open[2] == n_open[0]

    def test_counts_travel_once_and_the_state_in_every_epoch(self, tmp_path):
        X, y = reviews(400, 30)
        workers = Processes(are_kept=True)
        SGDLogisticRegression(epochs=2, parts=2).fit(X, y, spread=Spread(workers, tmp_path))
        state = 8 * (2 * 30 + 8)
        assert X.data.nbytes > 4 * state
        sent = *workers.item_sizes, *workers.shared_sizes, *workers.result_sizes
        assert len(sent) == 2 * (2 + 1 + 2)
        assert max(sent) < state + 1000

    def test_one_part_does_not_leave_the_process(self):
        X, y = reviews()
        model = SGDLogisticRegression()
        expected = digest(model.fit(X, y))
        # Nothing else can run a task.
        assert digest(model.fit(X, y, spread=Spread(None, None))) == expected

    @pytest.mark.parametrize("here", [HERE, HeardWorkers(HERE, SILENT)])
    def test_in_this_process_no_file_is_written(self, here, tmp_path):
        """Nor if somebody hears of the tasks, as in a stage."""
        seen = []
        X, y = reviews()
        model = SGDLogisticRegression(epochs=1, parts=2)
        model.fit(
            X, y, None, lambda _: seen.extend(tmp_path.iterdir()), None, Spread(here, tmp_path)
        )
        assert not seen
        elsewhere = Spread(Backwards(), tmp_path)
        model.fit(X, y, None, lambda _: seen.extend(tmp_path.iterdir()), None, elsewhere)
        assert seen

    @pytest.mark.parametrize("threads", ["1", "3"])
    def test_the_number_of_threads_does_not_matter(self, threads, monkeypatch):
        X, y = reviews()
        model = SGDLogisticRegression(epochs=2, parts=5)
        expected = digest(model.fit(X, y))
        monkeypatch.setenv("SENTIMENT_THREADS", threads)
        assert digest(model.fit(X, y)) == expected


sizes = st.lists(st.integers(0, 9), min_size=2, max_size=60)


class TestCut:
    @given(sizes, st.data())
    def test_each_document_is_in_one_part_and_parts_differ_by_one_at_most(self, sizes, data):
        indptr = np.append(0, np.cumsum(sizes))
        taken = data.draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
        documents = np.flatnonzero(taken)
        assume(len(documents))
        n_parts = data.draw(st.integers(1, len(documents)))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shuffles, "BUFFER", data.draw(st.sampled_from([10, 10_000])))
            patch.setattr(shuffles, "CHUNK", 4)
            parts = cut(Shuffle(indptr, documents), n_parts, seed=0)
        assert np.sort(np.concatenate(parts)).tolist() == documents.tolist()
        assert np.ptp([len(part) for part in parts]) <= 1
        assert all((np.diff(part) > 0).all() for part in parts)

    def test_has_documents_of_both_ends_of_a_sorted_file_in_each_part(self):
        shuffle = Shuffle(np.arange(1001), np.arange(1000))
        for part in cut(shuffle, 10, seed=0):
            assert 30 < (part < 500).sum() < 70

    def test_refuses_more_parts_than_documents(self):
        X, y = reviews(10)
        message = r"^train\.parts: expected at most one for each of 8 training reviews, got 9$"
        with pytest.raises(ConfigError, match=message):
            SGDLogisticRegression(parts=9, validation=0.2).fit(X, y)

    @given(sizes, st.integers(1, 20), st.integers(1, 60))
    def test_blocks_hold_each_row_once_in_order_and_few_non_zeros(self, sizes, block, at_a_time):
        indptr, rows = np.append(0, np.cumsum(sizes)), np.arange(0, len(sizes), 2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "BLOCK", block)
            whole = list(row_blocks(indptr, rows))
            patch.setattr(module, "_ROWS", at_a_time)
            blocks = list(row_blocks(indptr, rows))
        assert [each.tolist() for each in blocks] == [each.tolist() for each in whole]
        assert np.concatenate(blocks).tolist() == rows.tolist()
        # A block ends with the row that reaches the limit.
        assert all(sum(sizes[row] for row in each[1:]) <= block for each in blocks)


def test_part_files_hold_what_memory_holds(tmp_path):
    X, y = reviews(20)
    problem = module.Problem(X, np.where(y, 1.0, -2.0), 0.5, True)
    rows = [np.array([1, 3, 4]), np.array([0, 19])]
    files = PartFiles.write(tmp_path, problem, rows)
    for number, of_part in enumerate(rows):
        found, local = files.part(number)
        assert local.tolist() == list(range(len(of_part)))
        assert (found.counts.csr().toarray() == X.toarray()[of_part]).all()
        assert found.targets.tolist() == problem.targets[of_part].tolist()
        assert (found.l2, found.fit_intercept, type(found.counts)) == (0.5, True, Counts)
    assert files.part(0)[0] is files.part(0)[0]  # mapped once
