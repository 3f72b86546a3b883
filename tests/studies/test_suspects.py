"""Suspects: wrong labels are found by models that did not learn from them."""

import shutil

import numpy as np
import pytest
from small_corpus import write_jsonl

from pipeline.config.loading import load_config
from pipeline.errors import ConfigError, RunError
from pipeline.evaluation.label_errors import find_label_errors
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.listener import SILENT
from pipeline.stages.read_run import read_labels, read_reviews
from pipeline.stages.runner import run_stages
from pipeline.stages.test_uses import read_test_uses
from pipeline.storage.run import Run
from pipeline.stratified import draw_folds
from pipeline.studies.execution import Execution
from pipeline.studies.splits import CountedSplit, Reviews, Split
from pipeline.studies.suspects import find_suspects, suspects_file

N_FLIPPED = 20


@pytest.fixture(scope="module")
def flipped(planted, tmp_path_factory):
    """Return a run on the planted reviews with some labels flipped, and the flipped rows."""
    folder = tmp_path_factory.mktemp("flipped")
    run = planted("clean", last="corpus")
    texts = read_reviews(run, "train").texts.to_pylist()
    labels = read_labels(Run(run), "train").copy()
    rows = np.random.default_rng(1).choice(len(labels), N_FLIPPED, replace=False)
    labels[rows] = 1 - labels[rows]
    write_jsonl(folder / "train.jsonl", texts, labels.tolist())
    config = load_config(run / "config.toml", [f'corpus.train="{folder}/train.jsonl"'])
    run_stages(config, Run(folder / "run"), "corpus", SILENT)
    return folder / "run", rows


@pytest.fixture
def run(flipped, tmp_path):
    return shutil.copytree(flipped[0], tmp_path / "run")


def test_all_suspects_are_flipped_and_most_flipped_reviews_are_suspect(flipped, run):
    """A review that also has the other side's word, as one in ten has, may be in doubt."""
    suspects = set(find_suspects(run).found.rows.tolist())
    assert suspects <= set(flipped[1].tolist())
    assert len(suspects) >= 0.75 * N_FLIPPED


def test_each_review_is_scored_by_a_model_of_the_other_folds(run):
    result = find_suspects(run, 4, seed=3)
    config, reviews = load_config(run / "config.toml"), Reviews.read(Run(run), "train")
    folds = draw_folds(reviews.labels, 4, 3, "")
    for fold in range(4):
        split = Split(folds != fold, folds == fold)
        tokens = reviews.tokens(config.tokens)
        counted = CountedSplit.of(tokens, reviews, split, config.features)
        expected = counted.learn(config.train).decision_function(counted.scored)
        assert (result.scores[split.scored] == expected).all()
        saved = TextClassifier.load(run / "suspects" / f"fold-{fold + 1}")
        texts = [text for text, scored in zip(reviews.texts, split.scored, strict=True) if scored]
        assert saved.decision_function([text.as_py() for text in texts]) == pytest.approx(expected)
    assert (result.found.rows == find_label_errors(reviews.labels, result.scores).rows).all()


def test_a_suspect_is_explained_by_the_model_that_scored_it(run):
    for suspect in find_suspects(run).top(3):
        assert suspect.highlight.explanation.probability == pytest.approx(suspect.probability)
        assert "".join(piece.text for piece in suspect.highlight.pieces) == suspect.text
        assert (suspect.probability > 0.5) == (suspect.label == "negative")


def test_the_table_has_a_line_for_each_suspect_whatever_its_white_space(planted, tmp_path):
    source = planted("spaces", last="corpus")
    labels = read_labels(Run(source), "train").tolist()
    texts = [f"{text}\tone\r\ntwo\x00" for text in read_reviews(source, "train").texts.to_pylist()]
    write_jsonl(tmp_path / "train.jsonl", texts, [1 - labels[0], *labels[1:]])
    config = load_config(source / "config.toml", [f'corpus.train="{tmp_path}/train.jsonl"'])
    run_stages(config, Run(tmp_path / "run"), "corpus", SILENT)
    result = find_suspects(tmp_path / "run")
    header, *lines = suspects_file(tmp_path / "run").read_text("utf-8").splitlines()
    assert header.split("\t") == ["row", "label", "probability", "text"]
    rows = [line.split("\t") for line in lines]
    assert [int(row) for row, *_ in rows] == result.found.rows.tolist()
    for row, label, probability, text in rows:
        assert label == ("negative", "positive")[result.labels[int(row)]]
        assert 0 < float(probability) < 1
        assert text == texts[int(row)].replace("\t", " ").replace("\r\n", " ").replace("\0", " ")


def test_an_interrupted_search_resumes_and_ends_alike(run, tmp_path, steps):
    whole = find_suspects(shutil.copytree(run, tmp_path / "whole"))
    with pytest.raises(KeyboardInterrupt):
        find_suspects(run, execution=Execution(listener=steps(2)))
    before = (run / "suspects" / "journal.jsonl").read_text()
    assert before.count("\n") == 3
    again = find_suspects(run)
    assert (run / "suspects" / "journal.jsonl").read_text().startswith(before)
    assert (again.scores == whole.scores).all()


def test_a_model_that_is_gone_is_learned_again(run):
    first = find_suspects(run)
    shutil.rmtree(run / "suspects" / "fold-1")
    assert (find_suspects(run).scores == first.scores).all()
    assert len(first.top(5)) == 5


def test_the_test_set_and_the_other_stages_are_not_needed(run):
    (run / "corpus" / "test.arrow").write_bytes(b"x" * (run / "corpus/test.arrow").stat().st_size)
    assert len(find_suspects(run).found.rows)
    assert not read_test_uses(run)


def test_a_run_without_a_training_set_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(RunError, match="no training set here; `sentiment corpus CONFIG` makes one"):
        find_suspects(tmp_path / "run")


def test_more_folds_than_reviews_of_a_class_are_refused(run):
    with pytest.raises(ConfigError, match=r"^--folds: expected 2 to"):
        find_suspects(run, 1000)
