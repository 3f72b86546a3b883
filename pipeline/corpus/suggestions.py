"""Which keys of a config would take the labels that a rule does not know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from pipeline.corpus.labels import MOST_CLASSES, LabelRule, Scalar, canonical

_LISTED = 10
_POSITIVE = re.compile(r"\b(pos\w*|good|yes|true|fresh|like|up|recommended)\b", re.IGNORECASE)
_NEGATIVE = re.compile(
    r"\b(neg\w*|bad|no|false|rotten|dislike|down|not recommended)\b", re.IGNORECASE
)


def suggested_keys(
    labels: Iterable[Scalar],
    rule: LabelRule,
    known: Iterable[Scalar] = (),
    takes_classes: bool = True,
) -> str:
    """Return keys of a config that would take labels: the classes if they tell, else `ignore`.

    Where there are more labels than two, a class of each is suggested as well.

    Parameters
    ----------
    labels : iterable of labels
        The distinct labels that have no class, the most frequent first.
    rule : LabelRule
    known : iterable of labels
        The distinct labels that have a class.
    takes_classes : bool
        Whether more classes than two may be suggested.

    Examples
    --------
    >>> rule = LabelRule((1, "pos"), (0, "neg"))
    >>> suggested_keys(["neutral"], rule, ["pos", "neg"])
    'set corpus.ignore = ["neutral"], or corpus.classes = "found" for a class of each label'
    >>> suggested_keys(["2"], rule, ["1"])
    'set corpus.positive = ["2"] and corpus.negative = ["1"]'
    >>> suggested_keys([-1], rule, [0, 1], takes_classes=False)
    'set corpus.ignore = [-1]'
    >>> suggested_keys(["5", "1", "4", "2"], rule, takes_classes=False)
    'set corpus.positive_from = 4 and corpus.negative_to = 2'
    >>> suggested_keys(["Bad", "Good", "So so"], rule, takes_classes=False)
    'set corpus.positive = ["Good"], corpus.negative = ["Bad"] and corpus.ignore = ["So so"]'
    """
    labels, known = list(labels), list(known)
    keys = _of_two_classes(labels, rule, known)
    n_labels = len(labels) + len(known)
    has_defaults = rule.classes is None and rule.positive_from is None
    if has_defaults and takes_classes and 2 < n_labels <= MOST_CLASSES:
        keys += ', or corpus.classes = "found" for a class of each label'
    return keys


def _of_two_classes(labels: list[Scalar], rule: LabelRule, known: list[Scalar]) -> str:
    """Suggest keys that take labels with the classes that the rule has."""
    if rule.classes is not None:
        return f"set {_key('ignore', labels)}, or give them to a class in corpus.classes"
    if rule.positive_from is not None:
        return f"set {_key('ignore', labels)}"
    both = [*labels, *known]
    numbers = sorted(number for number in map(_number, both) if number is not None)
    is_stray = len(labels) == 1 and len(known) > 1  # as -1 is next to 0 and 1
    if len(numbers) == len(both) > 1 and not is_stray:
        return _by_number(both, numbers)
    negative = [label for label in labels if _NEGATIVE.search(str(label))]
    positive = [label for label in labels if label not in negative and _POSITIVE.search(str(label))]
    if not known and not (positive and negative):
        return (
            "set corpus.positive and corpus.negative to the labels of each class, and "
            "corpus.ignore to those of neither"
        )
    if known:
        positive = [*rule.positive, *positive] if positive else []
        negative = [*rule.negative, *negative] if negative else []
    ignore = [label for label in labels if label not in positive and label not in negative]
    parts = [
        _key(name, values)
        for name, values in (("positive", positive), ("negative", negative), ("ignore", ignore))
        if values
    ]
    return f"set {', '.join(parts[:-1])}{' and ' if parts[1:] else ''}{parts[-1]}"


def _by_number(labels: list[Scalar], numbers: list[float]) -> str:
    """Suggest the upper of two numbers as positive, or ratings above the middle of more."""
    if len(labels) == 2:
        low, high = sorted(labels, key=lambda label: _number(label) or 0)
        return f"set {_key('positive', [high])} and {_key('negative', [low])}"
    middle = (numbers[0] + numbers[-1]) / 2
    high = next(number for number in numbers if number > middle)
    low = next(number for number in reversed(numbers) if number < middle)
    return f"set corpus.positive_from = {high:g} and corpus.negative_to = {low:g}"


def _key(name: str, labels: list[Scalar]) -> str:
    listed = [
        json.dumps(label, ensure_ascii=False) if isinstance(label, str) else canonical(label)
        for label in labels[:_LISTED]
    ]
    more = [", ..."] if len(labels) > _LISTED else []
    return f"corpus.{name} = [{', '.join(listed)}{''.join(more)}]"


def _number(label: Scalar) -> float | None:
    try:
        number = None if isinstance(label, bool) else float(canonical(label))
    except ValueError:
        return None
    return number if number is not None and abs(number) < float("inf") else None
