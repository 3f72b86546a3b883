"""`warnings`: what the history says of a training that ended too early, or went on for too long.

The thresholds were read from trainings on IMDB, `movie_reviews`, `sentence_polarity` and the
bundled reviews, at rates a hundredfold apart.

The training loss. It falls less and less: with AdaGrad's steps, in the last of n epochs by much
less than 1/n of the whole fall. Where it was more than 0.3 of that, the accuracy on other reviews
was 1 to 8 points below the best of more epochs or a higher rate. The default comes to at most 0.23.
With the other schedules the loss falls more evenly, and the same holds from 0.5 on; the default
comes to 0.37.

The validation loss. Where it ended up to a fifth above its lowest, the accuracy was as high as
there (within 0.1 points in the mean); where it ended higher, it had fallen. The default comes to
at most 0.14.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.training.estimator import SGDLogisticRegression
    from pipeline.training.history import Epoch

FALLING, FALLING_OF_OTHERS, TURNED = 0.3, 0.5, 0.2


def warnings(model: SGDLogisticRegression) -> list[str]:
    """Return a line for each sign that other epochs or another rate would do better.

    With `patience` the validation loss decides when to stop, and there is nothing to say.

    Examples
    --------
    >>> from pipeline import SGDLogisticRegression
    >>> X, y = [[1, 0], [0, 1]] * 9, [1, 0] * 9
    >>> (line,) = warnings(SGDLogisticRegression(learning_rate=1e-3).fit(X, y))
    >>> line.partition(";")[2]
    ' raise train.epochs, or set train.learning_rate = "auto"'
    """
    if model.patience:
        return []
    found = [_falling(model), _turned(model.history_)]
    return [line for line in found if line]


def _falling(model: SGDLogisticRegression) -> str:
    """Return a warning if the training loss still falls, or nothing."""
    losses = [math.log(len(model.classes_)), *(epoch.loss for epoch in model.history_)]
    n, fall = len(losses) - 1, losses[0] - losses[-1]
    last = min(losses[:-1]) - losses[-1]  # not what an earlier epoch had lost
    share = FALLING if model.schedule == "adagrad" else FALLING_OF_OTHERS
    if n < 2 or fall <= 0 or last * n <= share * fall:
        return ""
    advice = "raise train.epochs"
    if model.learning_rate != "auto":
        advice += ', or set train.learning_rate = "auto"'
    return (
        f"The training loss still falls: by {last:.2g} in the last of {n} epochs, "
        f"{last * n / fall:.0%} of its mean fall; {advice}"
    )


def _turned(history: Sequence[Epoch]) -> str:
    """Return a warning if the validation loss ended far above its lowest, or nothing."""
    lowest = min(history, key=lambda epoch: epoch.validation_loss)
    last = history[-1]
    if not last.validation_loss > (1 + TURNED) * lowest.validation_loss:
        return ""  # as where there is no validation set, and the losses are NaN
    return (
        f"The validation loss turned: it was lowest after epoch {lowest.number} "
        f"({lowest.validation_loss:.3f}) and is {last.validation_loss:.3f} after {last.number}; "
        "set train.patience to stop there, or raise train.l2"
    )
