"""Drawing parts of labelled documents at random, by class."""

import numpy as np

from pipeline.errors import ConfigError, CorpusError

_NAMES = ("negative", "positive")


def draw_by_class(
    labels: np.ndarray, fraction: float, draw: np.random.Generator, setting: str
) -> np.ndarray:
    """Draw the same fraction of each class.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    fraction : float in (0, 1)
    draw : numpy.random.Generator
    setting : str
        What set the fraction, as an error names it.

    Returns
    -------
    bool array, shape (n,)
        True for the documents drawn.

    Raises
    ------
    CorpusError
        If a class is too small to have documents on both sides.
    """
    drawn = np.zeros(len(labels), bool)
    for label, name in enumerate(_NAMES):
        rows = np.flatnonzero(labels == label)
        size = round(fraction * len(rows))
        if len(rows) and not 0 < size < len(rows):
            raise CorpusError(
                f"{setting} = {fraction:g} leaves one part without a {name} review, "
                f"of which there are {len(rows)}; expected some in both"
            )
        drawn[draw.permutation(rows)[:size]] = True
    return drawn


def draw_folds(labels: np.ndarray, n_folds: int, seed: int, setting: str) -> np.ndarray:
    """Deal documents into folds, those of each class in turn.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    n_folds : int
        At least 2.
    seed : int
    setting : str
        What set the number, as an error names it.

    Returns
    -------
    int64 array, shape (n,)
        The fold of each document, from 0. Sizes differ by one at most, and so do
        the numbers of each class in them.

    Raises
    ------
    ConfigError
        If there are fewer than two folds, or more than a class has documents.
    """
    classes = [np.flatnonzero(labels == label) for label in (0, 1)]
    n, name = min((len(rows), name) for rows, name in zip(classes, _NAMES, strict=True))
    if not 2 <= n_folds <= n:
        raise ConfigError(
            f"{setting}: expected 2 to {n} folds, for there are {n:,} {name} reviews "
            f"and each fold needs one; got {n_folds}"
        )
    draw = np.random.default_rng(seed)
    dealt = np.concatenate([draw.permutation(rows) for rows in classes])
    folds = np.empty(len(labels), np.int64)
    folds[dealt] = np.arange(len(dealt)) % n_folds
    return folds
