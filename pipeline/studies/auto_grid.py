"""One grid for all corpora: the settings that `sentiment tune --grid auto` takes its trials from.

The grid was frozen on 2026-11-28, so that figures of corpora that it was not made for are worth
something. Its ranges were chosen on training sets alone: the bundled sample, 2,000 reviews of IMDB,
the two-class sentences of the Stanford Sentiment Treebank, whole and cut to six tokens, and Chinese
hotel reviews; 40 to 82 random settings on one to three folds of each. Of the corpora of NLTK, one
thing was known: the grid of movie_reviews chose its edge at `alpha = 5`, so this one goes to 20.

What these trials said: 16 epochs at a rate of up to 0.4 reach as far as 30 (0.1 points at most
apart); reviews of unit length lose 0 to 5 points on average, so they are not in the grid. No other
range could be made smaller: each value is in one of the six best settings of one of these corpora.

Twelve known settings were added on the same day, after the random trials alone had fallen .5 points
short on sentence_polarity. They were chosen on 1,000 reviews of IMDB, 5,000 tweets about airlines,
3,000 Chinese hotel reviews, and the sentences of SST, whole and cut to six tokens: 40 to 210 random
trials of each, smoothed by a Gaussian process. Ten that were chosen on the tweets and IMDB alone
raised the accuracy on the sentences of SST from 80.6 to 81.0 in a search of 20 trials, and from
80.9 to 81.1 in one of 60.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.config.tuning import TuneSection

# The values of each setting; one that stands there twice is drawn twice as often.
SPACE: dict[str, tuple[Any, ...]] = {
    "tokens.punctuation": (False, True),
    "tokens.mark_negation": (False, True),
    "features.ngrams": (1, 2, 3, 4),
    "features.characters": (None, None, None, (2, 5)),
    "features.min_df": (1, 2),
    "features.binary": (False, True, True),
    "train.ratio": ("none", "documents", "counts"),
    "train.alpha": (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0),
    "train.beta": (0.25, 0.5, 1.0),
    "train.l2": (1e-6, 1e-5, 1e-4, 1e-3),
    "train.averaged_runs": (1, 5),
    "train.learning_rate": (0.02, 0.05, 0.1, 0.2, 0.4),
}
# Settings that were together best on the training sets above, in the order of `SPACE`; each adds
# most to the best of those before it. The tenth is a published recipe (Wang & Manning 2012), with
# another beta.
KNOWN: tuple[tuple[Any, ...], ...] = (
    (True, True, 3, (2, 5), 1, True, "counts", 1.0, 0.5, 1e-5, 5, 0.05),
    (True, False, 3, None, 1, True, "none", 1.0, 0.5, 1e-5, 5, 0.1),
    (True, True, 3, (2, 5), 1, True, "counts", 0.5, 1.0, 1e-4, 1, 0.02),
    (True, True, 2, (2, 5), 1, True, "documents", 2.0, 1.0, 1e-4, 5, 0.05),
    (True, False, 4, None, 2, False, "documents", 0.1, 1.0, 1e-6, 1, 0.02),
    (False, True, 2, (2, 5), 2, True, "documents", 1.0, 1.0, 1e-5, 5, 0.2),
    (True, True, 4, (2, 5), 1, True, "counts", 0.5, 1.0, 1e-3, 5, 0.02),
    (True, False, 1, (2, 5), 2, True, "none", 1.0, 0.5, 1e-5, 5, 0.1),
    (True, True, 1, (2, 5), 2, False, "documents", 2.0, 1.0, 1e-3, 5, 0.1),
    (True, False, 2, None, 1, True, "documents", 1.0, 0.5, 1e-5, 5, 0.1),
    (True, False, 2, None, 1, True, "none", 1.0, 0.5, 1e-6, 5, 0.1),
    (True, False, 3, (2, 5), 2, True, "counts", 2.0, 0.5, 1e-5, 5, 0.2),
)
# A trial is one training, which is scored after each of these numbers of epochs.
EPOCHS = (2, 4, 8, 16)
# What these ranges are made for. A schedule with one rate for all weights needs other rates.
_FIXED: dict[str, Any] = {
    "train.schedule": "adagrad",
    "train.average_from": 0,
    "train.batch_size": 1,
    "train.patience": 0,
    "train.exact": False,
}
# Unless the config keeps fewer features. A large corpus has many millions of 4-grams, most of which
# occur once, and each takes memory in all runs that are averaged.
_MAX_FEATURES = 1_000_000
# Without a log-count ratio, these change nothing.
_OF_RATIO = ("train.alpha", "train.beta")


def with_auto_grid(config: Config, n_trials: int | None = None) -> Config:
    """Return a config whose `[tune]` section takes trials from the grid for all corpora.

    The metric that decides, the folds and the seed stay; listed values are left out.

    Parameters
    ----------
    config : Config
    n_trials : int, optional

    Examples
    --------
    >>> found = with_auto_grid(Config(), 20).tune
    >>> found.grid, found.trials, found.folds
    ('auto', 20, 5)
    """
    tune = TuneSection(grid="auto") if config.tune is None else config.tune
    trials = tune.trials if n_trials is None else n_trials
    lists: dict[str, Any] = {"tokens": {}, "features": {}, "train": {}}
    return config.but(tune=tune.but(grid="auto", trials=trials, **lists))


def fixed(config: Config) -> dict[str, Any]:
    """Return the settings that all trials have, whatever the config says."""
    return _FIXED | {"features.max_features": config.features.max_features or _MAX_FEATURES}


def is_known(values: dict[str, Any]) -> bool:
    """Return True if the settings of a trial, whatever its epochs, are in `KNOWN`."""
    return {key: value for key, value in values.items() if key in SPACE} in _KNOWN_USED


def settings(n_trials: int, seed: int) -> list[dict[str, Any]]:
    """Return different settings, without epochs: known ones, at most half, before drawn ones.

    Parameters
    ----------
    n_trials, seed : int
        There are fewer trials if some came up twice.

    Examples
    --------
    >>> [is_known(values) for values in settings(4, seed=0)]
    [True, True, False, False]
    """
    known = _KNOWN_USED[: n_trials // 2]
    return known + [each for each in drawn(n_trials - len(known), seed) if not is_known(each)]


def drawn(n_trials: int, seed: int) -> list[dict[str, Any]]:
    """Draw different settings, without epochs; each value of a setting is drawn equally often.

    This is a Latin hypercube (McKay, Beckman & Conover 1979): with few trials, chance leaves no
    value out.

    Parameters
    ----------
    n_trials, seed : int

    Returns
    -------
    list of dict
        At most `n_trials`; those that came up before are left out.

    Examples
    --------
    >>> found = drawn(12, seed=0)
    >>> sorted(values["features.ngrams"] for values in found)
    [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    """
    # Its own random stream: the folds are drawn with the same seed.
    draw = np.random.default_rng([seed, 1])
    columns = {
        key: [values[k] for k in draw.permutation(n_trials) % len(values)]
        for key, values in SPACE.items()
    }
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    different = {tuple(row.items()): row for row in map(_without_unused, rows)}
    return list(different.values())


def _without_unused(values: dict[str, Any]) -> dict[str, Any]:
    """Return settings without those that change nothing."""
    unused = _OF_RATIO if values["train.ratio"] == "none" else ()
    return {key: value for key, value in values.items() if key not in unused}


_KNOWN_USED = [_without_unused(dict(zip(SPACE, row, strict=True))) for row in KNOWN]


def combinations(n_trials: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield all settings with each number of epochs; the epochs change first."""
    for values in settings(n_trials, seed):
        yield from ({**values, "train.epochs": n} for n in EPOCHS)


def relative_cost(config: Config) -> float:
    """Return about how long a training takes, in units of one with single words.

    >>> relative_cost(Config())
    1.0
    """
    features, train = config.features, config.train
    n = features.ngrams
    # Measured on 2,000 reviews of IMDB, and in between on three other corpora.
    cost = (n * n - n + 1 if features.min_df == 1 else n) + (8.0 if features.characters else 0.0)
    # A third of it is counting; the epochs of all trials are the same.
    return cost * (1 + 2 * train.averaged_runs) / 3
