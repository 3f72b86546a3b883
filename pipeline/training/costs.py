"""The cost c_i of a mistake on each document, from the weight of its class and its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.model.logistic import Array


def document_costs(
    y: Array,
    classes: Sequence[Any],
    class_weight: str | Mapping[Any, float] | None,
    sample_weight: Array,
) -> Array:
    """Return the cost of a mistake on each document: float64, shape (n,).

    Costs are scaled so that doubling all weights of documents changes nothing.

    Parameters
    ----------
    y : int array, shape (n,)
        Number of each document's class.
    classes : sequence
        The classes that they number.
    class_weight : None, "balanced" or mapping from class to cost
        Balanced costs are n / (K n_class), with K classes. A class that a mapping does not name
        costs 1.
    sample_weight : float64 array, shape (n,)

    Raises
    ------
    ValueError
        If `class_weight` is something else, names another class, or has a cost below 0.

    Examples
    --------
    >>> y, ones = np.array([0, 0, 0, 1]), np.ones(4)
    >>> document_costs(y, ["neg", "pos"], "balanced", ones).round(4).tolist()
    [0.6667, 0.6667, 0.6667, 2.0]
    >>> document_costs(y, ["neg", "pos"], {"pos": 5}, ones).tolist()
    [1.0, 1.0, 1.0, 5.0]
    """
    match class_weight:
        case None:
            by_class = np.ones(len(classes))
        case "balanced":
            by_class = sample_weight.sum() / (len(classes) * np.bincount(y, sample_weight))
        case Mapping() as given:
            if set(given) - set(classes) or not all(cost >= 0 for cost in given.values()):
                raise ValueError(
                    f"class_weight: expected costs >= 0 of {list(classes)}, got {dict(given)}"
                )
            by_class = np.array([float(given.get(each, 1.0)) for each in classes])
        case other:
            raise ValueError(f"class_weight: expected None, balanced or a mapping, got {other}")
    costs: Array = by_class[y] * sample_weight * (len(y) / sample_weight.sum())
    return costs
