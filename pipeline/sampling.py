"""Drawing a part of labelled documents at random, by class."""

import numpy as np

from pipeline.errors import CorpusError


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
    for label, name in ((0, "negative"), (1, "positive")):
        rows = np.flatnonzero(labels == label)
        size = round(fraction * len(rows))
        if len(rows) and not 0 < size < len(rows):
            raise CorpusError(
                f"{setting} = {fraction:g} leaves one part without a {name} review, "
                f"of which there are {len(rows)}; expected some in both"
            )
        drawn[draw.permutation(rows)[:size]] = True
    return drawn
