"""The settings that tuning tries: every combination of the values that a config lists."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.loading import with_values
from pipeline.config.schema import Config, Range
from pipeline.errors import ConfigError

_SECTIONS = ("tokens", "features", "train")


@dataclass(frozen=True)
class Trial:
    """A combination of values, and the config that has them.

    Attributes
    ----------
    values : dict of str
        By key, such as `train.l2`.
    config : Config
    """

    values: dict[str, Any]
    config: Config


def trials_of(config: Config) -> list[Trial]:
    """Return every combination of the values that `[tune]` lists, the last key changing first.

    Raises
    ------
    ConfigError
        If there is no such section, or a value is one that its key does not take.
    """
    tune = config.tune
    if tune is None:
        raise ConfigError(
            "tune: the config has no [tune] section; expected one that lists values, "
            "such as train.l2 = [1e-6, 1e-5]"
        )
    choices = {
        f"{section}.{key}": _values(listed)
        for section in _SECTIONS
        for key, listed in getattr(tune, section).items()
    }
    trials = []
    for combination in itertools.product(*choices.values()):
        values = dict(zip(choices, combination, strict=True))
        trials.append(Trial(values, with_values(config, values, "[tune]")))
    return trials


def _values(listed: Sequence[Any] | Range) -> list[Any]:
    if not isinstance(listed, Range):
        return list(listed)
    space = np.geomspace if listed.scale == "log" else np.linspace
    # To six digits, for 0.001 is what is meant by 0.0010000000000000002.
    numbers = [float(f"{x:.6g}") for x in space(listed.low, listed.high, listed.steps)]
    if isinstance(listed.low, int) and isinstance(listed.high, int):
        return list(dict.fromkeys(round(x) for x in numbers))
    return numbers
