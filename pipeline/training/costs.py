"""The cost c_i of a mistake on each document, and the target: label and cost as one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.model.logistic import Array
from pipeline.storage.arrays import scratch


def document_costs(
    y: Array,
    classes: Sequence[Any],
    class_weight: str | Mapping[Any, float] | None,
    sample_weight: Array | None = None,
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
    sample_weight : float64 array, shape (n,), optional
        1 each by default.

    Raises
    ------
    ValueError
        If `class_weight` is something else, names another class, or has a cost below 0.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 1])
    >>> document_costs(y, ["neg", "pos"], "balanced").round(4).tolist()
    [0.6667, 0.6667, 0.6667, 2.0]
    >>> document_costs(y, ["neg", "pos"], {"pos": 5}).tolist()
    [1.0, 1.0, 1.0, 5.0]
    """
    match class_weight:
        case None:
            by_class = np.ones(len(classes))
        case "balanced":
            total = len(y) if sample_weight is None else sample_weight.sum()
            by_class = total / (len(classes) * np.bincount(y, sample_weight))
        case Mapping() as given:
            if set(given) - set(classes) or not all(cost >= 0 for cost in given.values()):
                raise ValueError(
                    f"class_weight: expected costs >= 0 of {list(classes)}, got {dict(given)}"
                )
            by_class = np.array([float(given.get(each, 1.0)) for each in classes])
        case other:
            raise ValueError(f"class_weight: expected None, balanced or a mapping, got {other}")
    costs: Array = by_class[y]
    if sample_weight is not None:
        costs *= sample_weight
        costs *= len(y) / sample_weight.sum()
    return costs


def targets_of(y: Array, costs: Array, n_classes: int, folder: Path | None = None) -> Array:
    """Return labels and costs as the kernels take them; `costs_of` has the costs of them.

    Parameters
    ----------
    y : int array, shape (n,)
    costs : float64 array, shape (n,)
        Changed in place. With two classes and no folder, this array is returned.
    n_classes : int
    folder : Path, optional
        Where they lie, in a file without a name; else in memory.

    Returns
    -------
    float64 array
        Of two classes c_i for a positive document and -c_i for a negative one, shape (n,); of
        more the number of the class and c_i, shape (n, 2).

    Examples
    --------
    >>> targets_of(np.array([0, 1]), np.array([3.0, 1.0]), 2).tolist()
    [-3.0, 1.0]
    """
    if n_classes > 2:
        costs = np.column_stack([y, costs])
    else:
        np.negative(costs, out=costs, where=y == 0)
    if folder is None:
        return costs
    targets = scratch(costs.size, np.float64, folder).reshape(costs.shape)
    targets[:] = costs
    return targets


def costs_of(targets: Array) -> Array:
    """Return c_i of documents, from their targets: float64, shape (n,)."""
    costs: Array = targets[:, 1] if targets.ndim == 2 else np.abs(targets)
    return costs
