"""Random validation sets and folds, stratified by class."""

import numpy as np

from pipeline.errors import ConfigError, CorpusError

_NAMES = ("negative", "positive")


def draw_by_class(
    labels: np.ndarray, fraction: float, draw: np.random.Generator, setting: str
) -> np.ndarray:
    """Draw the same fraction of each class at random.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    fraction : float in (0, 1)
    draw : numpy.random.Generator
    setting : str
        The setting that the fraction comes from; an error names it.

    Returns
    -------
    bool array, shape (n,)
        True for the documents that are drawn.

    Raises
    ------
    CorpusError
        If a class is too small to have documents on both sides.

    Examples
    --------
    >>> labels = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    >>> drawn = draw_by_class(labels, 0.25, np.random.default_rng(0), "train.validation")
    >>> labels[drawn]
    array([0, 1])
    """
    drawn = np.zeros(len(labels), bool)
    for label, name in enumerate(_NAMES):
        rows = np.flatnonzero(labels == label)
        size = round(fraction * len(rows))
        if len(rows) and not 0 < size < len(rows):
            raise CorpusError(
                f"{setting} = {fraction:g} leaves one set without a {name} review, "
                f"of which there are {len(rows)}; expected some in both"
            )
        drawn[draw.permutation(rows)[:size]] = True
    return drawn


def draw_folds(labels: np.ndarray, n_folds: int, seed: int, setting: str) -> np.ndarray:
    """Deal documents into folds at random, one class after the other.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    n_folds : int
        At least 2.
    seed : int
    setting : str
        The setting that the number comes from; an error names it.

    Returns
    -------
    int64 array, shape (n,)
        The fold of each document, from 0. The sizes of the folds differ by at most one, and
        so do the numbers of documents of each class in them.

    Raises
    ------
    ConfigError
        If there are fewer than two folds, or more folds than documents of a class.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> draw_folds(labels, 3, seed=1, setting="--folds")
    array([0, 1, 2, 1, 2, 0])
    """
    classes = [np.flatnonzero(labels == label) for label in (0, 1)]
    n, name = min((len(rows), name) for rows, name in zip(classes, _NAMES, strict=True))
    if not 2 <= n_folds <= n:
        raise ConfigError(
            f"{setting}: expected 2 to {n} folds, because each needs a review of either class "
            f"and there are {n:,} {name} ones; got {n_folds}"
        )
    draw = np.random.default_rng(seed)
    dealt = np.concatenate([draw.permutation(rows) for rows in classes])
    folds = np.empty(len(labels), np.int64)
    folds[dealt] = np.arange(len(dealt)) % n_folds
    return folds
