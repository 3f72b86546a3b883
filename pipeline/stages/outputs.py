"""The JSON outputs of stages, read back: each has the form that its readers rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.errors import RunError
from pipeline.storage.files import read_json
from pipeline.storage.forms import require_form
from pipeline.storage.run import Run
from pipeline.stratified import TWO_CLASSES

if TYPE_CHECKING:
    from pipeline.tokens.tokenizer import Tokenizer

_UNDEFINED = float | None
_SHARES = dict.fromkeys(("precision", "recall", "f1"), _UNDEFINED)
_OF_CLASS = _SHARES | {"support": int}
_CELLS = ("true_negative", "false_positive", "false_negative", "true_positive")
_OF_SCORES = ("roc_auc", "average_precision", "log_loss", "brier", "ece")
_BIN = dict.fromkeys(("mean_probability", "share_positive"), _UNDEFINED) | {"n": int}
_ENDS = ("coverage", "coverage_low", "coverage_high")
_ABSTAIN = {
    **dict.fromkeys(("bound", *_ENDS, "aurc"), float),
    **dict.fromkeys(("accuracy", "accuracy_low", "accuracy_high"), _UNDEFINED),
    **dict.fromkeys(("n", "n_unsure"), int),
}
_METRICS = {
    **dict.fromkeys(("prevalence", "threshold", "confidence"), float),
    **dict.fromkeys(("accuracy", "accuracy_low", "accuracy_high"), float),
    **dict.fromkeys(_OF_SCORES, _UNDEFINED),
    **_SHARES,
    "n": int,
    "n_groups?": int,
    "abstain?": _ABSTAIN,
    "negative": _OF_CLASS,
    "positive": _OF_CLASS,
    "confusion": dict.fromkeys(_CELLS, int),
    "calibration": [_BIN],
    "intervals": {str: (_UNDEFINED, _UNDEFINED)},
}
_OF_RATINGS = dict.fromkeys(("mean_absolute_error", "quadratic_kappa"), _UNDEFINED)
_METRICS_OF_MORE = {
    **dict.fromkeys(("confidence", "accuracy", "accuracy_low", "accuracy_high"), float),
    **dict.fromkeys(("roc_auc", "log_loss", "brier", "ece"), _UNDEFINED),
    **_SHARES,
    "n": int,
    "n_groups?": int,
    "abstain?": _ABSTAIN,
    "classes": [str],
    "of_class": {str: _OF_CLASS},
    "confusion": [[int]],
    "roc_auc_of_class": {str: _UNDEFINED},
    "calibration": [_BIN],
    "ratings?": _OF_RATINGS,
    "intervals": {str: (_UNDEFINED, _UNDEFINED)},
}
_COUNTS = ("reviews", "positive", "negative", "empty", "exact_duplicates", "near_duplicates")
_LENGTHS = dict.fromkeys(("minimum", "median", "mean", "maximum"), _UNDEFINED)
_OF_SET = dict.fromkeys((f"n_{name}" for name in _COUNTS), int) | {"words": _LENGTHS}
_CARD = {
    "source": {"source": str, "dataset?": str, "revision?": str, "name?": str},
    "train": _OF_SET,
    "test": _OF_SET,
    **dict.fromkeys(("n_overlap", "n_near_overlap", "n_conflicting"), int),
    "groups?": dict.fromkeys(("n_train", "n_test", "n_shared"), int),
}
_OF_SET_OF_MORE = {
    key: form for key, form in _OF_SET.items() if key not in ("n_positive", "n_negative")
} | {"n_of_class": {str: int}}
_CARD_OF_MORE = _CARD | {"classes": [str], "train": _OF_SET_OF_MORE, "test": _OF_SET_OF_MORE}
_VALIDATION = ("validation_loss", "validation_accuracy")
_EPOCH = {"number": int, "loss": float, "accuracy": float, **dict.fromkeys(_VALIDATION, _UNDEFINED)}
_MINIMUM = _EPOCH | {"n_steps": int, "objective": float, "gap": float, "is_reached": bool}
_STEPS = {"epochs": int, "learning_rate": float}
_AT = {"threshold": float, "accuracy": float} | _SHARES
_THRESHOLD = {"goal": str, "threshold": float, "n": int, "at": _AT, "at_half": _AT}
HINT = "use --force to compute it again"


def read_metrics(run: Run) -> dict[str, Any]:
    """Return the metrics of the test set, of two classes or of more."""
    forms = {"of_class": _METRICS_OF_MORE, "positive": _METRICS}
    file = "eval/metrics.json"
    test = _read(run, file, {"test": dict})["test"]
    form = next((form for key, form in forms.items() if key in test), _METRICS)
    metrics: dict[str, Any] = _read(run, file, {"test": form})["test"]
    return metrics


def read_card(run: Run) -> dict[str, Any]:
    """Return the audit of the corpus, of two classes or of more."""
    file = "corpus/card.json"
    card = _read(run, file, {})
    return _read(run, file, _CARD_OF_MORE if "classes" in card else _CARD)


def read_classes(run: Run) -> tuple[str, ...]:
    """Return the names of a run's classes, in the order of their numbers."""
    return tuple(read_card(run).get("classes", TWO_CLASSES))


def read_epochs(run: Run) -> list[dict[str, Any]]:
    """Return the epochs of the training, at least one; either all were validated or none."""
    file = "model/history.json"
    epochs: list[dict[str, Any]] = _read(run, file, {"epochs": [_EPOCH]})["epochs"]
    if len({epoch[key] is None for epoch in epochs for key in _VALIDATION}) != 1:
        raise RunError(f"{run.path / file}: not the file that was written; {HINT}")
    return epochs


def read_steps(run: Run) -> dict[str, Any]:
    """Return the epochs and the learning rate that were asked for or chosen, as numbers.

    A run of an earlier version has none: they are in its config.
    """
    steps: dict[str, Any] = _read(run, "model/history.json", {"steps?": _STEPS}).get("steps", {})
    return steps


def read_minimum(run: Run) -> dict[str, Any] | None:
    """Return what L-BFGS came to after the epochs; None if it was not asked for."""
    found = _read(run, "model/history.json", {"minimum?": _MINIMUM})
    minimum: dict[str, Any] | None = found.get("minimum")
    return minimum


def read_decision(run: Run) -> dict[str, Any]:
    """Return a model's temperature, and how threshold and bound were chosen; None where not."""
    file = "model/decision.json"
    nothing: dict[str, Any] = {"threshold": None, "abstain": None}
    nothing |= {"temperature": 1.0, "n_scored": 0, "n_folds": 0}
    if file not in run.digests("train"):
        return nothing
    of_temperature = {"temperature": float, "n_scored?": int, "n_folds?": int}
    found = _read(run, file, of_temperature)
    forms = {"threshold": _THRESHOLD, "abstain": {"goal": str, "validation": _ABSTAIN}}
    chosen = {key: form for key, form in forms.items() if found.get(key) is not None}
    return nothing | _read(run, file, of_temperature | chosen)


def read_tokenizer(run: Run) -> Tokenizer:
    """Return the tokenizer that split the reviews."""
    from pipeline.tokens.tokenizer import Tokenizer

    path = run.output("tokens/tokenizer.json")
    try:
        return Tokenizer.of(read_json(path))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path}: not the file that was written: {error}; {HINT}") from None


def _read(run: Run, file: str, form: Any) -> dict[str, Any]:
    path = run.output(file)
    found = read_json(path)
    require_form(found, form, path, HINT)
    return found
