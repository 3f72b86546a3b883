"""Learning curves: what each model learns from, what is measured, and what is refused."""

import itertools
import json
import shutil

import numpy as np
import pytest

from pipeline.cli.display.curve import print_curve
from pipeline.config.loading import load_config
from pipeline.errors import ConfigError, CorpusError
from pipeline.evaluation import learning_curve
from pipeline.evaluation.calibration import expected_calibration_error, reliability
from pipeline.evaluation.metrics import log_loss
from pipeline.stages.test_uses import read_test_uses
from pipeline.storage.run import Run
from pipeline.stratified import draw_folds
from pipeline.studies import curve
from pipeline.studies.curve import Design, measure_curve
from pipeline.studies.execution import Execution
from pipeline.studies.splits import CountedSplit, Reviews
from pipeline.studies.subsets import NestedSubsets, Subset


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Draw few resamples, and no figures; those have tests of their own."""
    monkeypatch.setattr(learning_curve, "_RESAMPLES", 40)
    monkeypatch.setattr(curve, "_draw", lambda *_: None)


FEW = Design((20, 44, 88), n_folds=5, repeats=2, seed=3)
SIX = Design((20, 30, 40, 55, 70, 88), n_folds=5, repeats=1)


def test_a_point_is_the_mean_of_models_that_learned_from_subsets_of_its_size(
    config_of, reviews, copied_run
):
    config = config_of("")
    found = measure_curve(config, copied_run.path, FEW)
    assert [(p.size, p.n_models) for p in found.points] == [(20, 10), (44, 10), (88, 5)]
    fold_of = draw_folds(reviews.labels, 5, 3, "")
    subsets = NestedSubsets(fold_of, 2, 3)
    for point in found.points[1:]:
        right, losses, gaps = [], [], []
        for series in range(point.n_models // 5):
            scores = np.empty(len(fold_of))
            for fold in range(5):
                split = subsets.split(Subset(fold, series, point.size), reviews)
                counted = reviews.counted(split, config)
                model = counted.learn(config.train)
                scores[split.scored] = model.decision_function(counted.scored)
            right.append(np.mean((scores > 0) == reviews.labels))
            losses.append(log_loss(reviews.labels, scores))
            gaps.append(expected_calibration_error(reliability(reviews.labels, scores)))
        assert point.accuracy.value == pytest.approx(np.mean(right))
        assert point.log_loss.value == pytest.approx(np.mean(losses))
        assert point.ece.value == pytest.approx(np.mean(gaps))


def test_the_vocabulary_is_that_of_the_subset_alone(config_of, copied_run, monkeypatch):
    of, seen = CountedSplit.of, []

    def counted(tokens, reviews, split, section):
        found = of(tokens, reviews, split, section)
        words = set()
        for row in np.flatnonzero(split.learned):
            document = tokens.document(row)
            words |= {*document, *map(" ".join, itertools.pairwise(document))}
        seen.append((len(found.learned_labels), set(found.vocabulary.words.to_pylist()) == words))
        return found

    monkeypatch.setattr(CountedSplit, "of", counted)
    measure_curve(config_of(""), copied_run.path, FEW)
    assert {size for size, _ in seen} == {20, 44, 88}
    assert all(same for _, same in seen)


def test_an_interrupted_curve_resumes_and_ends_alike(config_of, copied_run, tmp_path, steps):
    config, path = config_of(""), copied_run.path
    whole = measure_curve(config, shutil.copytree(path, tmp_path / "whole"), FEW)
    n_steps, listener = 10 * (20 + 22) + 10 * (44 + 22) + 5 * (88 + 22), steps()
    with pytest.raises(KeyboardInterrupt):
        measure_curve(config, path, FEW, Execution(listener=steps(n_steps // 2)))
    before = (path / "curve" / "journal.jsonl").read_text()
    again = measure_curve(config, path, FEW, Execution(listener=listener))
    assert (path / "curve" / "journal.jsonl").read_text().startswith(before)
    assert again == whole
    assert sum(listener.steps) == listener.n_steps == n_steps
    written = (path / "curve" / "curve.json").read_bytes()
    assert written == (tmp_path / "whole" / "curve" / "curve.json").read_bytes()


def test_other_sizes_take_the_models_that_are_there(config_of, copied_run, steps):
    config, listener = config_of(""), steps()
    measure_curve(config, copied_run.path, FEW)
    fewer = Design((20, 88), n_folds=5, repeats=2, seed=3)
    found = measure_curve(config, copied_run.path, fewer, Execution(listener=listener))
    assert [point.size for point in found.points] == [20, 88]
    assert listener.steps == [listener.n_steps]


def test_the_test_set_is_neither_read_nor_counted(config_of, copied_run):
    uses = read_test_uses(copied_run.path)
    (copied_run.path / "corpus" / "test.arrow").write_bytes(b"")
    reviews = Reviews.read(Run(copied_run.path), "train")
    nested = NestedSubsets(draw_folds(reviews.labels, 5, 3, ""), 2, 3)
    found = curve._measure(Subset(0, 0, 44), config_of(""), reviews, nested)
    assert found["accuracy"] > 0.5
    assert read_test_uses(copied_run.path) == uses


def test_a_curve_is_no_use_of_the_test_set(config_of, copied_run):
    uses = read_test_uses(copied_run.path)
    measure_curve(config_of(""), copied_run.path, FEW)
    assert read_test_uses(copied_run.path) == uses


def test_enough_sizes_are_extrapolated_to_twice_the_reviews(config_of, copied_run):
    config = config_of("")
    found = measure_curve(config, copied_run.path, SIX)
    beyond = found.extrapolation
    assert (found.n, beyond.now, beyond.then) == (110, 110, 220)
    assert beyond.law.chance == 0.5
    assert beyond.accuracy_then.low <= beyond.accuracy_then.value <= beyond.accuracy_then.high
    written = json.loads((copied_run.path / "curve" / "curve.json").read_text())
    assert written == found.to_dict()
    assert written["extrapolation"]["helps"] is beyond.helps


def test_few_sizes_are_not_extrapolated(config_of, copied_run):
    assert measure_curve(config_of(""), copied_run.path, FEW).extrapolation is None


def test_a_curve_that_is_no_better_than_chance_promises_nothing(
    config_of, copied_run, monkeypatch, capsys
):
    """A law of it is flat, whatever is resampled: it would be certain that reviews hardly help."""
    draw = np.random.default_rng(0)

    def by_chance(*_):
        return {"accuracy": draw.normal(0.45, 0.05), "log_loss": 0.7, "gaps": [0.0] * 10}

    monkeypatch.setattr(curve, "_measure", by_chance)
    found = measure_curve(config_of(""), copied_run.path, SIX)
    assert found.extrapolation is None
    print_curve(found, copied_run.path)
    assert "for more reviews: at 88, the accuracy is not clearly above" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("design", "said"),
    [
        (Design(n_folds=56), "--folds: expected 2 to 55 folds"),
        (Design((20, 88), 300, n_folds=5), "--to: expected a curve of at least 5 sizes"),
        (Design(SIX.sizes, 110, n_folds=5), "--to: expected more than the 110 training reviews"),
        (Design(SIX.sizes, 353, n_folds=5), "at most 352, 4 times the largest size, got 353"),
        (Design((88, 89), n_folds=5), "--sizes: expected sizes from 20 to 88"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(design, said, config_of, copied_run):
    with pytest.raises(ConfigError) as refused:
        measure_curve(config_of(""), copied_run.path, design)
    assert said in str(refused.value)
    assert not (copied_run.path / "curve").exists()


def test_too_few_reviews_are_refused(config_of, copied_run):
    with pytest.raises(CorpusError, match="curve: expected at least 100 training reviews"):
        measure_curve(config_of(""), copied_run.path)


def test_more_than_two_classes_have_a_curve(three):
    path = three("curve", last="corpus")
    config = load_config(path.parent / "c.toml", ["train.ratio=documents"])
    found = measure_curve(config, path, Design((30, 45, 70, 100, 157), n_folds=4, repeats=1))
    assert found.points[-1].accuracy.value > 0.8
    assert found.points[-1].ece.value < 1
    assert found.extrapolation.law.chance == pytest.approx(2 / 3)


def test_reviews_of_a_group_are_not_learned_from_and_scored(config_of, copied_run, monkeypatch):
    groups, seen = np.arange(110) // 5, []
    monkeypatch.setattr(curve, "_measure", None)
    read = Reviews.read

    def grouped(*given):
        reviews = read(*given)
        reviews.groups = groups
        return reviews

    def measured(subset, config, reviews, nested):
        split = nested.split(subset, reviews)
        seen.append(set(groups[split.learned]) & set(groups[split.scored]))
        return {"accuracy": 0.5, "log_loss": 0.7, "gaps": [0.0]}

    monkeypatch.setattr(Reviews, "read", grouped)
    monkeypatch.setattr(curve, "_measure", measured)
    measure_curve(config_of(""), copied_run.path, Design((20, 40), n_folds=5))
    assert len(seen) == 5 * (3 + 2)
    assert not any(seen)
