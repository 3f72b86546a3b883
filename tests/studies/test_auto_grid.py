"""The grid for all corpora: what is drawn from it, and what stays of a config."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.loading import load_config, with_values
from pipeline.config.schema import Config
from pipeline.errors import ConfigError
from pipeline.studies.auto_grid import (
    EPOCHS,
    KNOWN,
    SPACE,
    drawn,
    fixed,
    is_known,
    relative_cost,
    settings,
    with_auto_grid,
)
from pipeline.studies.grid import trials_of

CONFIGS = Path(__file__).parents[2] / "configs"


def test_every_value_of_the_grid_is_one_that_its_key_takes():
    for key, values in SPACE.items():
        for value in values:
            with_values(Config(), fixed(Config()) | {key: value}, "")


@given(st.integers(1, 100), st.integers(0, 2**63 - 1))
def test_a_value_is_drawn_as_often_as_it_is_listed(n_trials, seed):
    found = drawn(n_trials, seed)
    assert len(found) <= n_trials
    for key in ("features.ngrams", "train.learning_rate", "features.characters"):
        counts, n_listed = Counter(each[key] for each in found), Counter(SPACE[key])
        for value, listed in n_listed.items():
            expected = n_trials * listed / len(SPACE[key])
            assert counts[value] <= expected + listed
            if len(found) == n_trials:
                assert counts[value] >= expected - listed


def test_what_is_drawn_depends_on_the_seed_alone():
    assert drawn(20, 3) == drawn(20, 3) != drawn(20, 4)


def test_no_settings_are_drawn_twice_and_none_that_change_nothing():
    found = drawn(3000, 0)
    assert len({tuple(each.items()) for each in found}) == len(found) < 3000
    for each in found:
        assert ("train.alpha" in each) == ("train.beta" in each) == (each["train.ratio"] != "none")


def test_known_settings_are_from_the_grid_and_differ():
    for row in KNOWN:
        for value, values in zip(row, SPACE.values(), strict=True):
            assert value in values
    found = [str(each) for each in settings(2 * len(KNOWN), 0)]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(("n_trials", "n_known"), [(1, 0), (2, 1), (7, 3), (60, len(KNOWN))])
@pytest.mark.parametrize("seed", [0, 1])
def test_at_most_half_of_the_trials_are_known_and_come_first(n_trials, n_known, seed):
    found = settings(n_trials, seed)
    assert len(found) == n_trials
    assert [is_known(each) for each in found] == [True] * n_known + [False] * (n_trials - n_known)
    assert found[n_known:] == drawn(n_trials - n_known, seed)
    assert found[:n_known] == settings(60, 5)[:n_known]


def test_settings_are_known_with_any_number_of_epochs():
    first, last = settings(2, 0)
    assert all(is_known(first | {"train.epochs": n}) for n in EPOCHS)
    assert not is_known(last | {"train.epochs": 2})
    assert not is_known({})


def test_a_trial_is_one_training_that_is_scored_after_several_epochs():
    trials = trials_of(with_auto_grid(Config(), 5))
    assert len(trials) == 5 * len(EPOCHS)
    first = [trial.values for trial in trials[: len(EPOCHS)]]
    assert [values.pop("train.epochs") for values in first] == list(EPOCHS)
    assert all(values == first[0] for values in first)


@pytest.mark.parametrize("config", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_it_goes_with_every_bundled_config(config):
    assert len(trials_of(with_auto_grid(load_config(config), 8))) == 8 * len(EPOCHS)


def test_it_goes_with_any_config(tmp_path):
    """Also with one of another schedule, of early stopping, or to the exact minimum."""
    texts = (
        '[train]\nschedule = "inverse"\naverage_from = 2\nlearning_rate = 1.0\nl2 = 0.5\n',
        "[train]\nvalidation = 0.1\npatience = 2\n",
        "[train]\nexact = true\n[features]\ncharacters = [2, 4]\nngrams = 0\n",
    )
    for text in texts:
        (tmp_path / "c.toml").write_text(text)
        for trial in trials_of(with_auto_grid(load_config(tmp_path / "c.toml"), 8)):
            assert trial.config.train.schedule == "adagrad"
            assert not trial.config.train.exact
            assert not trial.config.train.patience


@pytest.mark.parametrize(("of_config", "kept"), [(0, 1_000_000), (500, 500)])
def test_a_large_corpus_does_not_keep_all_its_features(of_config, kept):
    config = with_auto_grid(with_values(Config(), {"features.max_features": of_config}, ""), 3)
    assert {trial.config.features.max_features for trial in trials_of(config)} == {kept}


def test_of_a_tune_section_all_but_the_lists_stays(tmp_path):
    (tmp_path / "c.toml").write_text(
        '[tune]\nby = "log_loss"\nseed = 3\nfolds = 4\ntrain.l2 = [0, 1]\n'
    )
    tune = with_auto_grid(load_config(tmp_path / "c.toml"), 7).tune
    assert (tune.by, tune.seed, tune.folds, tune.trials) == ("log_loss", 3, 4, 7)
    assert tune.train == {}
    (tmp_path / "c.toml").write_text('[tune]\nby = "log_loss"\n')  # and no list
    tune = with_auto_grid(load_config(tmp_path / "c.toml")).tune
    assert (tune.by, tune.folds) == ("log_loss", 5)
    assert with_auto_grid(Config()).tune.folds == 5
    assert with_auto_grid(Config()).tune.trials == 60


def test_a_config_may_ask_for_it(tmp_path):
    (tmp_path / "c.toml").write_text('[tune]\ngrid = "auto"\ntrials = 9\n')
    config = load_config(tmp_path / "c.toml")
    assert config.tune.folds == 5
    assert len(trials_of(config)) == 9 * len(EPOCHS)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            'grid = "auto"\ntrain.l2 = [1e-3]\nfeatures.ngrams = [1, 2]',
            r'tune.grid: expected no listed values with "auto", got features.ngrams, train.l2',
        ),
        ('grid = "all"', 'tune.grid: expected "lists" or "auto", got "all"'),
        (
            'grid = "auto"\ntrials = 0',
            "tune.trials: expected a whole number from 1 to 10000, got 0",
        ),
    ],
)
def test_a_section_that_contradicts_itself_is_refused_in_one_line(tmp_path, lines, said):
    (tmp_path / "c.toml").write_text(f"[tune]\n{lines}\n")
    with pytest.raises(ConfigError, match=said) as refused:
        load_config(tmp_path / "c.toml")
    assert "\n" not in str(refused.value)


def test_more_features_and_more_runs_cost_more():
    costs = [
        relative_cost(with_values(Config(), values, ""))
        for values in (
            {},
            {"features.ngrams": 2, "features.min_df": 2},
            {"features.ngrams": 2},
            {"features.characters": [2, 5]},
            {"features.characters": [2, 5], "train.averaged_runs": 5},
        )
    ]
    assert costs == sorted(set(costs))
