"""Cross-validation: no review is scored by a model that saw it."""

import dataclasses
import itertools
import json
import shutil

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from small_corpus import write_jsonl

from pipeline.config.checking import checked
from pipeline.config.loading import load_config
from pipeline.config.schema import Config
from pipeline.errors import ConfigError
from pipeline.evaluation.accuracy import accuracy_interval, wilson_interval
from pipeline.evaluation.classes import ClassScores, evaluate_classes
from pipeline.stages.from_config import regression_of
from pipeline.stages.test_uses import read_test_uses
from pipeline.storage import files
from pipeline.storage.run import Run
from pipeline.stratified import TWO_CLASSES, draw_folds
from pipeline.studies import crossval, search
from pipeline.studies.execution import Execution
from pipeline.studies.journal import Journal
from pipeline.studies.splits import CountedSplit, Reviews, Split


def test_every_review_is_scored_by_a_model_of_the_other_folds(config_of, reviews, copied_run):
    config = config_of("")
    found = crossval.cross_validate(config, copied_run.path, 5, 3)
    folds = draw_folds(reviews.labels, 5, 3, "")
    assert (found.fold_of == folds).all()
    for fold in range(5):
        split = Split(folds != fold, folds == fold)
        counted = CountedSplit.of(reviews.tokens(config.tokens), reviews, split, config.features)
        model = regression_of(config.train, TWO_CLASSES)
        model.fit(counted.learned, counted.learned_labels)
        expected = model.decision_function(counted.scored)
        assert found.scores[split.scored] == pytest.approx(expected, abs=0)
    assert found.pooled.accuracy == np.mean((found.scores > 0) == reviews.labels)
    assert found.mean == np.mean([fold.accuracy for fold in found.folds])
    assert found.deviation == np.std([fold.accuracy for fold in found.folds], ddof=1)


@pytest.mark.parametrize("threshold", ["0.3", "{ min_recall = 0.9 }"])
def test_all_reviews_are_decided_at_the_thresholds_of_their_folds(
    config_of, reviews, copied_run, threshold
):
    """So that the accuracy of all of them is the mean of the folds, by their sizes."""
    config = config_of(f"threshold = {threshold}\nvalidation = 0.2\n")
    found = crossval.cross_validate(config, copied_run.path, 5, 3)
    n_right = sum(round(fold.accuracy * fold.n) for fold in found.folds)
    assert found.accuracy == n_right / len(reviews.labels)
    assert found.accuracy == np.mean(found.predicted == reviews.labels)
    assert (found.low, found.high) == wilson_interval(n_right, len(reviews.labels))
    assert found.accuracy != np.mean((found.scores > 0) == reviews.labels)
    if threshold == "0.3":
        assert (found.pooled.threshold, found.pooled.accuracy) == (0.3, found.accuracy)


def test_settings_are_chosen_inside_each_fold(config_of, grid, reviews, copied_run, tmp_path):
    """By what tuning finds on the reviews of the other folds."""
    config = config_of(grid)
    found = crossval.cross_validate(config, copied_run.path, 3, 0)
    for number, fold in enumerate(found.folds):
        others = search.Searched(reviews, {"": found.fold_of != number})
        (alone,) = search.search(config, others, Journal(tmp_path / f"{number}", {}))
        assert fold.chosen == alone.tried[0].values


def test_a_word_of_the_fold_that_is_scored_is_in_no_vocabulary(config_of, reviews):
    split = Split(np.arange(110) >= 10, np.arange(110) < 10)
    tokens = reviews.tokens(config_of("").tokens)
    few = CountedSplit.of(tokens, reviews, split, config_of("").features)
    words = set()
    for row in np.flatnonzero(split.learned):
        document = tokens.document(row)
        words |= {*document, *(" ".join(pair) for pair in itertools.pairwise(document))}
    assert few.learned.shape[1] == few.scored.shape[1] == len(words)


@pytest.mark.parametrize("tuned", [False, True])
def test_an_interrupted_cross_validation_resumes_and_ends_alike(
    config_of, grid, copied_run, tmp_path, steps, tuned
):
    config, path = config_of(grid if tuned else ""), copied_run.path
    n_steps, listener = 4 * (49 if tuned else 1), steps()
    whole = crossval.cross_validate(config, shutil.copytree(path, tmp_path / "whole"), 4, 0)
    with pytest.raises(KeyboardInterrupt):
        crossval.cross_validate(config, path, 4, 0, Execution(listener=steps(n_steps // 2)))
    journal = path / "crossval" / "journal.jsonl"
    before = journal.read_text()
    again = crossval.cross_validate(config, path, 4, 0, Execution(listener=listener))
    assert journal.read_text().startswith(before)
    assert again.to_dict() == whole.to_dict()
    assert sum(listener.steps) == listener.n_steps == n_steps


def test_a_corpus_in_one_piece_is_a_use_of_its_test_set_once(small_run, tmp_path):
    """From Python as from the command, because the study records it."""
    write_jsonl(tmp_path / "all.jsonl", small_run.texts, small_run.labels)
    config = checked({"corpus": {"source": "files", "train": str(tmp_path / "all.jsonl")}}, Config)
    for _ in range(2):
        found = crossval.cross_validate(config, tmp_path / "run", 2)
        assert found.pooled.n == 110
        assert [use.by for use in read_test_uses(tmp_path / "run")] == ["crossval"]


@pytest.mark.parametrize("study", ["crossval", "tune"])
def test_a_study_says_that_it_lets_no_model_abstain(
    config_of, copied_run, sentiment, study, tmp_path
):
    config_of("abstain = 0.8\n[tune]\ntrain.l2 = [1e-3]\n")
    said = sentiment(study, tmp_path / "with.toml", "--run", copied_run.path).stderr
    told = f"{study} ! train.abstain is left out: each review is scored, sure or not"
    assert told in " ".join(said.split())


@pytest.fixture(scope="module")
def scored_three(three):
    path = three("crossval", last="corpus")
    config = load_config(path.parent / "c.toml", ["train.ratio=documents"])
    return path, config, crossval.cross_validate(config, path, 3, 1)


class TestThreeClasses:
    def test_every_review_is_scored_by_a_model_of_the_other_folds(self, scored_three):
        path, config, found = scored_three
        reviews = Reviews.read(Run(path), "train")
        folds = draw_folds(reviews.labels, 3, 1, "", names=reviews.classes)
        assert (found.fold_of == folds).all()
        for fold in range(3):
            assert set(np.bincount(reviews.labels[folds == fold]).tolist()) == {23, 24}
            split = Split(folds != fold, folds == fold)
            tokens = reviews.tokens(config.tokens)
            counted = CountedSplit.of(tokens, reviews, split, config.features)
            model = regression_of(config.train, reviews.classes).fit(
                counted.learned, counted.learned_labels
            )
            expected = model.decision_function(counted.scored)
            assert found.scores[split.scored] == pytest.approx(expected, abs=0)
        assert (found.predicted == found.scores.argmax(axis=1)).all()
        assert found.accuracy == found.pooled.accuracy == np.mean(found.predicted == found.labels)
        assert found.accuracy > 0.8

    def test_the_files_say_what_was_found_in_the_form_of_the_classes(self, scored_three):
        path, config, found = scored_three
        metrics = files.read_json(path / "crossval" / "metrics.json")
        scores = ClassScores(found.scores, ["bad", "fair", "good"])
        expected = evaluate_classes(found.labels, scores, **config.section("eval")).to_dict()
        assert metrics["pooled"] == json.loads(json.dumps(expected))
        table = parquet.read_table(path / "crossval" / "predictions.parquet")
        assert table.column_names == [
            *("row", "fold", "label", "predicted", "probabilities", "scores")
        ]
        assert table["fold"].type == pa.int64()
        assert table["fold"].to_pylist() == [fold + 1 for fold in found.fold_of.tolist()]
        assert (np.array(table["scores"].to_pylist()) == found.scores).all()
        assert (table["predicted"].to_numpy() == found.predicted).all()

    @pytest.mark.parametrize("ratio", ["none", "documents"])
    def test_renaming_the_classes_renames_the_columns_of_the_scores(self, three, tmp_path, ratio):
        """With the same folds, which are drawn class after class."""
        path, order = three("renamed", last="corpus"), np.array([2, 0, 1])
        config = load_config(path.parent / "c.toml", [f"train.ratio={ratio}"])
        reviews = Reviews.read(Run(path), "train")
        names = tuple(reviews.classes[k] for k in order)
        numbers = np.argsort(order)[reviews.labels].astype(np.int8)
        renamed = dataclasses.replace(reviews, labels=numbers, classes=names)
        folds = draw_folds(reviews.labels, 2, 0, "", names=reviews.classes)
        found, after = (
            crossval._score_folds(config, each, folds, Journal(tmp_path / str(k), {}))
            for k, each in enumerate((reviews, renamed))
        )
        np.testing.assert_allclose(after.scores, found.scores[:, order], rtol=1e-9, atol=1e-9)
        assert (order[after.predicted] == found.predicted).all()
        assert after.accuracy == found.accuracy
        assert after.pooled.of_class == found.pooled.of_class
        assert after.pooled.f1 == pytest.approx(found.pooled.f1)

    def test_reviews_of_one_group_are_in_one_fold_and_one_observation(self, three):
        path = three("grouped", last="corpus")
        config = load_config(path.parent / "c.toml")
        reviews = Reviews.read(Run(path), "train")
        groups = np.arange(len(reviews.labels)) // 6
        grouped = dataclasses.replace(reviews, groups=groups)
        folds = draw_folds(reviews.labels, 3, 0, "", groups, reviews.classes)
        found = crossval._score_folds(config, grouped, folds, Journal(path / "j", {}))
        assert all(len(np.unique(folds[groups == g])) == 1 for g in range(groups.max() + 1))
        assert found.pooled.n_groups == 35
        assert (found.low, found.high) == accuracy_interval(
            found.predicted == found.labels, 0.95, groups
        )

    def test_it_resumes(self, scored_three, three, steps):
        _, config, found = scored_three
        path = three("resumed", last="corpus")
        with pytest.raises(KeyboardInterrupt):
            crossval.cross_validate(config, path, 3, 1, Execution(listener=steps(2)))
        again = crossval.cross_validate(config, path, 3, 1)
        assert again.to_dict() == found.to_dict()
        assert (again.scores == found.scores).all()

    def test_accuracy_and_macro_f1_are_shown(self, scored_three, sentiment):
        path, _, found = scored_three
        shown = sentiment(
            *("crossval", path.parent / "c.toml", "--run", path, "--folds", "3", "--seed", "1"),
            *("--set", "train.ratio=documents"),
        ).stdout
        assert f"accuracy over all 210 reviews {found.accuracy:.2%}" in shown
        low, _ = found.pooled.intervals["f1"]
        expected = f"macro F1 over all 210 reviews {found.pooled.f1:.2%} (95% interval {low:.2%} to"
        assert expected in shown

    @pytest.mark.parametrize(
        "settings",
        [
            ["train.threshold=0.7"],
            ["train.validation=0.1", "train.threshold={best='f1'}"],
            ["tune.train.threshold=[0.5, 0.7]"],
        ],
    )
    def test_a_threshold_is_refused_before_anything_is_scored(self, three, settings):
        path = three("refused", last="corpus")
        config = load_config(path.parent / "c.toml", settings)
        with pytest.raises(ConfigError, match=r"train.threshold: expected none where there are 3"):
            crossval.cross_validate(config, path, 3)
        assert not (path / "crossval").exists()

    def test_too_many_folds_name_the_smallest_class(self, three):
        path = three("folds", last="corpus")
        config = load_config(path.parent / "c.toml")
        with pytest.raises(ConfigError, match="there are 70 bad ones; got 80"):
            crossval.cross_validate(config, path, 80)
