"""`train.class_weight`: the cost of a mistake on a review of each class, by the class's name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pipeline.config.section import Positive, accepted
from pipeline.config.toml import toml_key, toml_value
from pipeline.errors import ConfigError

# By name, and checked here, because msgspec would not name the class.
Costs = dict[str, Any]
_KEY = "train.class_weight"


def checked_costs(costs: Mapping[str, Any]) -> dict[str, float]:
    """Return costs as floats.

    Raises
    ------
    ConfigError
        If a cost is not a number above 0; the message names its class.
    """
    found = {}
    for name, cost in costs.items():
        try:
            found[name] = msgspec.convert(cost, Positive)
        except msgspec.ValidationError:
            raise ConfigError(
                f"{_KEY}.{toml_key(name)}: expected {accepted(Positive)}, got {toml_value(cost)}"
            ) from None
    return found


def costs_of_classes(costs: Mapping[str, float], classes: Sequence[str]) -> dict[str, float]:
    """Return the cost of each class, in their order; it is 1 for a class that is not named.

    Raises
    ------
    ConfigError
        If a name is that of no class.

    Examples
    --------
    >>> costs_of_classes({"positive": 2.0}, ["negative", "neutral", "positive"])
    {'negative': 1.0, 'neutral': 1.0, 'positive': 2.0}
    """
    for name in costs:
        if name not in classes:
            near = difflib.get_close_matches(name, classes, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            names = ", ".join(classes)
            raise ConfigError(f"{_KEY}.{toml_key(name)}: unknown class; {meant}accepted: {names}")
    return {name: costs.get(name, 1.0) for name in classes}
