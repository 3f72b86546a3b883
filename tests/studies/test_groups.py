"""Groups stay together in every split, and every fit takes the weights of the corpus."""

import itertools
import json

import numpy as np
import pytest

from pipeline.config.loading import load_config, with_values
from pipeline.evaluation.accuracy import accuracy_interval, paired_p_value
from pipeline.evaluation.metrics import evaluate
from pipeline.evaluation.uncertainty import Scored
from pipeline.model.logistic import objective
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.listener import SILENT
from pipeline.stages.read_run import read_groups, read_labels, read_weights
from pipeline.stages.runner import run_stages
from pipeline.storage import files
from pipeline.storage.run import Run
from pipeline.studies import baselines, certify, compare, crossval, search, stability, suspects
from pipeline.studies.predictions import Predictions
from pipeline.studies.splits import Reviews
from pipeline.studies.trained_run import TrainedRun
from pipeline.training.intercepts import best_intercept

N_FILMS = 40


def write_films(path, seed=0, first=0):
    """Write reviews of some films with their weights; a film's own word is in all its reviews."""
    draw = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        for film in range(first, first + N_FILMS):
            for _ in range(int(draw.integers(2, 9))):
                label = int(draw.random() < (0.75 if film % 2 else 0.25))
                words = [f"w{k}" for k in draw.integers(0, 30, 6)] + [f"film{film}"]
                words.append(("bad", "good")[label if draw.random() < 0.8 else 1 - label])
                weight = int(draw.integers(1, 4))
                row = {"text": " ".join(words), "label": label, "film": film, "cost": weight}
                file.write(json.dumps(row) + "\n")


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    """Return a function that trains on the films, and returns the run folder."""
    folder = tmp_path_factory.mktemp("films")
    write_films(folder / "all.jsonl")
    (folder / "c.toml").write_text(
        f'[corpus]\nsource = "files"\ntrain = "{folder}/all.jsonl"\ngroup = "film"\n'
        'weight = "cost"\n[train]\nl2 = 1e-2\nepochs = 5\nvalidation = 0.2\n'
    )

    def run(name, *overrides, last="eval"):
        config = load_config(folder / "c.toml", overrides)
        run_stages(config, Run(folder / name), last, SILENT)
        return folder / name

    run("run")
    return run


@pytest.fixture
def run(train):
    return train("run")


def together(groups, split):
    """Return whether each group is on one side of a split, or in one fold."""
    return all(len(set(split[groups == group].tolist())) == 1 for group in set(groups.tolist()))


def test_no_film_is_in_both_sets_and_the_test_set_is_near_its_fraction(run):
    sets = [files.read_table(run / "corpus" / f"{name}.arrow") for name in ("train", "test")]
    films = [set(table["group"].to_pylist()) for table in sets]
    assert not films[0] & films[1]
    n = sum(table.num_rows for table in sets)
    assert sets[1].num_rows / n == pytest.approx(0.2, abs=0.02)
    card = json.loads((run / "corpus" / "card.json").read_text())
    assert card["groups"] == {
        "n_train": len(films[0]),
        "n_test": len(films[1]),
        "n_shared": 0,
        "n_test_reviews": 0,
        "examples": [],
    }


def test_a_film_in_both_given_files_is_counted_and_warned_about(train, tmp_path):
    write_films(tmp_path / "test.jsonl", seed=1, first=N_FILMS - 2)
    run = train("given", f'corpus.test="{tmp_path}/test.jsonl"', last="corpus")
    found = json.loads((run / "corpus" / "card.json").read_text())["groups"]
    test = files.read_table(run / "corpus" / "test.arrow")["group"].to_pylist()
    n_reviews = sum(film in ("38", "39") for film in test)
    assert found["n_shared"] == 2
    assert found["n_test_reviews"] == n_reviews
    (warning,) = (w for w in Run(run).stage("corpus")["warnings"] if "group" in w)
    assert warning == (
        f"2 groups of the test set also have training reviews: {n_reviews} test reviews, "
        "such as those of '38', '39'."
    )


def test_training_keeps_a_film_on_one_side_of_its_validation_set(run):
    trained = TrainedRun.read(run)
    assert trained.groups.tolist() == read_groups(Run(run), "train").tolist()
    learned = trained.learned_rows()
    assert together(trained.groups, learned)
    assert np.mean(~learned) == pytest.approx(0.2, abs=0.05)
    epochs = json.loads((run / "model" / "history.json").read_text())["epochs"]
    z = trained.model.regression.decision_function(trained.counts)
    right = (z > 0) == trained.labels
    assert epochs[-1]["validation_accuracy"] == right[~learned].mean()


def test_folds_of_every_study_keep_a_film_together(run):
    config = load_config(run / "config.toml")
    whole = crossval.cross_validate(config, run, 4)
    groups = read_groups(Run(run), "train", "test")
    assert together(groups, whole.fold_of)
    assert (whole.low, whole.high) == accuracy_interval(
        whole.predicted == whole.labels, groups=groups
    )
    assert whole.pooled.n_groups == N_FILMS
    found = suspects.find_suspects(run, 4)
    assert together(read_groups(Run(run), "train"), found.fold_of)


@pytest.mark.parametrize("kind", ["folds = 3", "validation = 0.3"])
def test_tuning_keeps_a_film_on_one_side(run, tmp_path, kind):
    text = (run / "config.toml").read_text() + f"[tune]\n{kind}\ntrain.epochs = [1]\n"
    (tmp_path / "c.toml").write_text(text)
    config = load_config(tmp_path / "c.toml")
    reviews = Reviews.read(Run(run), "train")
    within = reviews.groups % 3 > 0
    for split in search._splits(config.tune, reviews, within):
        assert not (split.learned & split.scored).any()
        assert ((split.learned | split.scored) == within).all()
        sides = (set(reviews.groups[side].tolist()) for side in (split.learned, split.scored))
        assert not set.intersection(*sides)


def test_an_evaluation_resamples_films(run):
    labels, groups = read_labels(Run(run), "test"), read_groups(Run(run), "test")
    predicted = Predictions.read(run)
    saved = json.loads((run / "eval" / "metrics.json").read_text())["test"]
    assert saved["n_groups"] == len(set(groups.tolist()))
    scores = predicted.scored.scores
    assert saved == evaluate(labels, Scored(scores, 0.5, groups)).to_dict()
    assert saved["intervals"] != evaluate(labels, Scored(scores)).to_dict()["intervals"]


def test_runs_are_compared_by_whole_films(train, run, sentiment):
    other = train("other", "train.epochs=1", "features.min_df=3")
    found = compare.compare(run, other)
    a, b = (Predictions.read(path) for path in (run, other))
    right_a, right_b = a.predicted == a.labels, b.predicted == b.labels
    groups = read_groups(Run(run), "test")
    assert found.p_value == paired_p_value(right_a, right_b, groups)
    assert found.to_dict()["n_groups"] == len(set(groups.tolist()))
    shown = sentiment("compare", run, other).stdout
    assert f"randomisation test of {found.n_groups} groups: p = {found.p_value:.4f}" in shown


def test_baselines_are_compared_by_whole_films():
    draw = np.random.default_rng(0)
    labels, groups = draw.integers(0, 2, 60), np.arange(60) // 6
    journal = {
        name: {"predicted": draw.integers(0, 2, 60).tolist(), "seconds": 0.0, "peak_bytes": 1}
        for name in baselines.NAMES
    }
    found = list(baselines._results(journal, baselines.NAMES, labels, 0.95, groups))
    right = [np.array(journal[name]["predicted"]) == labels for name in baselines.NAMES]
    assert [result.p for result in found[1:]] == [
        paired_p_value(this, previous, groups) for previous, this in itertools.pairwise(right)
    ]
    assert (found[0].low, found[0].high) == accuracy_interval(right[0], 0.95, groups)


def test_refits_draw_whole_films(run):
    trained = TrainedRun.read(run)
    rows = stability._resample(trained, np.random.default_rng(0))
    learned = np.flatnonzero(trained.learned_rows())
    assert set(rows.tolist()) <= set(learned.tolist())
    times = np.bincount(rows, minlength=len(trained.labels))
    assert together(trained.groups[learned], times[learned])
    assert stability.measure_stability(run, n_refits=2).n_refits == 2


def test_the_certificate_is_of_the_weighted_objective(run):
    trained = TrainedRun.read(run)
    learned = trained.learned_rows()
    counts, labels = trained.counts[learned], trained.labels[learned]
    costs = trained.weights[learned] / trained.weights.mean()
    w = trained.model.weights
    b = best_intercept(counts @ w, labels, costs)
    expected = objective(counts, labels, w, b, 1e-2, costs)
    assert certify.certify_run(run).objective == pytest.approx(expected)
    assert expected != pytest.approx(objective(counts, labels, w, b, 1e-2))


DESCENT = (
    *("train.validation=0", "train.batch_size=100000", "train.epochs=30", "train.calibrate=false"),
    *('train.schedule="constant"', "train.learning_rate=0.5"),
)


@pytest.mark.parametrize("ratio", ["none", "documents", "counts"])
def test_a_review_of_weight_2_is_learned_from_as_if_it_were_there_twice(train, tmp_path, ratio):
    """Under gradient descent, whose steps do not depend on the order of the reviews."""
    weighted = train("weighted", f'train.ratio="{ratio}"', *DESCENT)
    table = files.read_table(weighted / "corpus" / "train.arrow")
    rows = [
        {"text": text, "label": label}
        for text, label, weight in zip(
            *(table[name].to_pylist() for name in ("text", "label", "weight")), strict=True
        )
        for _ in range(int(weight))
    ]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "c.toml").write_text(
        f'[corpus]\nsource = "files"\ntrain = "{tmp_path}/train.jsonl"\n'
        f'test = "{tmp_path}/train.jsonl"\n[train]\nl2 = 1e-2\nratio = "{ratio}"\n'
    )
    run_stages(load_config(tmp_path / "c.toml", DESCENT), Run(tmp_path / "run"), "train", SILENT)
    models = [TextClassifier.load(path) for path in (weighted, tmp_path / "run")]
    by_word = [
        dict(zip(model.vocabulary.words.to_pylist(), model.weights.tolist(), strict=True))
        for model in models
    ]
    assert by_word[0] == pytest.approx(by_word[1], rel=1e-4, abs=1e-6)
    assert models[0].intercept == pytest.approx(models[1].intercept, rel=1e-4)


def test_studies_learn_with_the_weights_and_count_each_scored_review_once(run, train):
    """Other weights give other scores; the metrics are the plain ones of those scores."""
    config = load_config(run / "config.toml")
    found = crossval.cross_validate(config, run, 3)
    plain = with_values(config, {"corpus.weight": None}, "")
    path = train("plain", last="corpus")
    without = crossval.cross_validate(plain, path, 3)
    assert (found.fold_of == without.fold_of).all()
    assert (found.scores != without.scores).any()
    assert found.accuracy == np.mean(found.predicted == found.labels)


def test_weights_are_those_of_the_file(run):
    table = files.read_table(run / "corpus" / "train.arrow")
    assert read_weights(Run(run), "train").tolist() == table["weight"].to_pylist()
    assert set(table["weight"].to_pylist()) == {1.0, 2.0, 3.0}
