"""The trials of [tune], each as a config: all combinations of its values, or those of a grid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config import limits
from pipeline.config.loading import with_values
from pipeline.config.schema import Config
from pipeline.config.tuning import Range, TuneSection
from pipeline.errors import ConfigError
from pipeline.studies import auto_grid

_SECTIONS = ("tokens", "features", "train")


@dataclass(frozen=True)
class Trial:
    """A combination of values, and the config that has them.

    Attributes
    ----------
    number : int
        The place in the grid, from 0.
    values : dict
        By key, such as `train.l2`.
    config : Config
    """

    number: int
    values: dict[str, Any]
    config: Config


def tune_section(config: Config) -> TuneSection:
    """Return the `[tune]` section of a config, or raise a ConfigError if it has nothing to try."""
    tune, expected = config.tune, "lists of values, such as train.l2 = [1e-6, 1e-5]"
    if tune is None:
        raise ConfigError(
            f"tune: the config has no [tune] section; expected one with {expected}, or --grid auto"
        )
    if tune.grid == "lists" and not tune.listed:
        raise ConfigError(f"tune: expected keys with {expected}, or --grid auto")
    return tune


def trials_of(config: Config) -> list[Trial]:
    """Return the trials of a config; the last key changes first.

    These are all combinations of the values in `[tune]`, or those from the grid for all
    corpora.

    Raises
    ------
    ConfigError
        If there is no `[tune]` section, a key does not accept one of its values, or there are too
        many combinations.

    Examples
    --------
    >>> from pipeline.config.checking import checked
    >>> tune = {"train": {"l2": [1e-6, 1e-5]}, "features": {"ngrams": [1, 2]}}
    >>> for trial in trials_of(checked({"tune": tune}, Config)):
    ...     print(trial.values)
    {'features.ngrams': 1, 'train.l2': 1e-06}
    {'features.ngrams': 1, 'train.l2': 1e-05}
    {'features.ngrams': 2, 'train.l2': 1e-06}
    {'features.ngrams': 2, 'train.l2': 1e-05}
    """
    tune = tune_section(config)
    where, fixed, combinations = "[tune]", {}, _combinations(tune)
    if tune.grid == "auto":
        where, fixed = "the grid for all corpora", auto_grid.fixed(config)
        combinations = auto_grid.combinations(tune.trials, tune.seed)
    return [
        Trial(number, values, with_values(config, fixed | values, where))
        for number, values in enumerate(combinations)
    ]


def _combinations(tune: TuneSection) -> Iterator[dict[str, Any]]:
    """Yield every combination of the listed values."""
    choices = {
        f"{section}.{key}": _values(listed)
        for section in _SECTIONS
        for key, listed in getattr(tune, section).items()
    }
    n_trials = math.prod(map(len, choices.values()))
    if n_trials > limits.TRIALS:
        raise ConfigError(
            f"tune: expected at most {limits.TRIALS:,} combinations of values, got {n_trials:,}; "
            "list fewer values"
        )
    for combination in itertools.product(*choices.values()):
        yield dict(zip(choices, combination, strict=True))


def _values(listed: Sequence[Any] | Range) -> list[Any]:
    """Return the values of a list or a range."""
    if not isinstance(listed, Range):
        return list(listed)
    space = np.geomspace if listed.scale == "log" else np.linspace
    # Six digits give 0.001 where the range gives 0.0010000000000000002.
    numbers = [float(f"{x:.6g}") for x in space(listed.low, listed.high, listed.steps)]
    if isinstance(listed.low, int) and isinstance(listed.high, int):
        return list(dict.fromkeys(round(x) for x in numbers))
    return numbers
