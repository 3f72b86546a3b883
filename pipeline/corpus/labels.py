"""Labels of any source to classes: their numbers, or why a row has none.

Sources spell a label in different ways: 1, 1.0, true, "TRUE", "pos", nine stars out of ten. Labels
are compared by value, as `canonical` has it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import pyarrow as pa

from pipeline.errors import CorpusError

Scalar = str | int | float | bool
MOST_CLASSES = 100
# How pandas writes and reads what is missing.
_MISSING = {"", "nan", "na", "n/a", "#n/a", "<na>", "null", "none"}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_ACCEPTED_AS_THEY_ARE = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_integer,
    pa.types.is_boolean,
    pa.types.is_null,
)


class Meaning(IntEnum):
    """What a label says: the number of a class, or why it gives none; here those of two classes."""

    POSITIVE = 1
    NEGATIVE = 0
    BETWEEN = -1
    IGNORED = -2
    MISSING = -3
    INVALID = -4
    UNKNOWN = -5
    UNUSABLE = -6  # not the label but the weight of its row


@dataclass(frozen=True)
class LabelRule:
    """Which labels are of which class, and which rows are left out.

    Attributes
    ----------
    positive, negative : tuple of str, int, float or bool
        The labels of each class, compared by value: 1, 1.0, "1" and "1.0" are one label, and so
        are true and "TRUE".
    positive_from, negative_to : float, optional
        If both are given, labels are ratings: positive from `positive_from` upwards, negative
        up to `negative_to`, and left out in between. `positive` and `negative` are not used.
    classes : mapping from str to tuple of labels, optional
        More classes, or others than these two: the labels of each, by its name. The four
        attributes above are not used.
    found : set of str, optional
        If given, any label has the class 0, and its spelling is added to this set.
    ignore : tuple of str, int, float or bool
        Labels whose rows are left out.
    drop : tuple of {"missing", "invalid"}
        Which other rows are left out: those without a text or a label, and those that cannot be
        decoded.

    Examples
    --------
    >>> rule = LabelRule(positive=("pos", 1), negative=("neg", 0), ignore=("neutral",))
    >>> meaning_of = meanings(rule, "reviews.csv")
    >>> [int(meaning_of(label)) for label in ("neg", "1.0", True, "neutral", "")]
    [0, 1, -5, -2, -3]
    >>> stars = LabelRule((), (), positive_from=4, negative_to=2)
    >>> [int(meanings(stars, "reviews.csv")(label)) for label in (5, "1", 3)]
    [1, 0, -1]
    """

    positive: tuple[Scalar, ...] = ()
    negative: tuple[Scalar, ...] = ()
    positive_from: float | None = None
    negative_to: float | None = None
    ignore: tuple[Scalar, ...] = ()
    drop: tuple[str, ...] = ()
    classes: Mapping[str, tuple[Scalar, ...]] | None = None
    found: set[str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their numbers."""
        return ("negative", "positive") if self.classes is None else tuple(self.classes)

    @property
    def keys(self) -> dict[str, tuple[int, tuple[Scalar, ...]]]:
        """The keys of a config that list labels: the meaning of each, and its labels."""
        keys: dict[str, tuple[int, tuple[Scalar, ...]]] = {
            "positive": (Meaning.POSITIVE, self.positive),
            "negative": (Meaning.NEGATIVE, self.negative),
        }
        if self.classes is not None:
            numbered = enumerate(self.classes.items())
            keys = {f"classes.{name}": (k, labels) for k, (name, labels) in numbered}
        return keys | {"ignore": (Meaning.IGNORED, self.ignore)}

    def refusal(self) -> str:
        """Return in words why a label has no class."""
        if self.positive_from is not None and self.negative_to is not None:
            return (
                f"is not a finite number, as corpus.positive_from = {self.positive_from:g} "
                f"and corpus.negative_to = {self.negative_to:g} expect"
            )
        if self.classes is not None:
            listed = "; ".join(f"{name}: {_listed(of)}" for name, of in self.classes.items())
            return f"is of no class ({listed})"
        positive, negative = _listed(self.positive), _listed(self.negative)
        return f"is neither positive ({positive}) nor negative ({negative})"


def canonical(value: Scalar) -> str:
    """Return the text by which a label is compared.

    A number is written without a fraction of zeros, true and false in small letters, a string
    without the white space around it. A string that spells a number or a truth value counts as
    one. "01", "+1" and "1e3" are not the usual spelling of a number and stay strings.

    Examples
    --------
    >>> [canonical(value) for value in (1, 1.0, "1.0", "0.50", "TRUE", True, " pos ", "01")]
    ['1', '1', '1', '0.5', 'true', 'true', 'pos', '01']
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip().removeprefix("__label__")  # as fastText writes it
    if _NUMBER.fullmatch(text):
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    return text.lower() if text.lower() in ("true", "false") else text


def meanings(
    rule: LabelRule, where: str, names: Sequence[str] = ()
) -> Callable[[Scalar | None], int]:
    """Return a rule as a function of a label: the number of a class, or a `Meaning` below 0.

    Parameters
    ----------
    rule : LabelRule
    where : str
        The source of the labels; an error names it.
    names : sequence of str
        Class names. The rule may call the integer k either k or ``names[k]``, as in a
        ClassLabel column of Hugging Face datasets.

    Raises
    ------
    CorpusError
        If a label is listed twice with two meanings; from the function, if a number and its
        class name have two meanings.
    """
    if rule.found is not None:
        return _finder(rule, rule.found, where, names)
    low, high = rule.negative_to, rule.positive_from
    if low is None or high is None:
        by_text = _listed_meanings(rule, where)
    else:
        by_text = {canonical(value): int(Meaning.IGNORED) for value in rule.ignore}

    def meaning_of(value: Scalar | None) -> int:
        if value is None:
            return by_text.get("", Meaning.MISSING)
        spellings = _spellings(value, names)
        found = {by_text[text] for text in spellings if text in by_text}
        if len(found) > 1:
            listed = ", ".join(f"{key} ({_listed(of)})" for key, (_, of) in rule.keys.items())
            first, second, *_ = rule.keys
            raise CorpusError(
                f"{where}: label {shown(value, names)} has two meanings: {listed}; "
                f"set corpus.{first} and corpus.{second}"
            )
        if found:
            return found.pop()
        if spellings[0].lower() in _MISSING:
            return Meaning.MISSING
        return Meaning.UNKNOWN if low is None or high is None else _rated(value, low, high)

    return meaning_of


def _finder(
    rule: LabelRule, found: set[str], where: str, names: Sequence[str]
) -> Callable[[Scalar | None], int]:
    """Return a function that takes any label for class 0, and notes its spelling."""
    ignored = set(map(canonical, rule.ignore))

    def note(value: Scalar | None) -> int:
        spellings = [""] if value is None else _spellings(value, names)
        if ignored.intersection(spellings):
            return Meaning.IGNORED
        if spellings[0].lower() in _MISSING:
            return Meaning.MISSING
        found.add(spellings[-1])
        if len(found) > MOST_CLASSES:
            raise CorpusError(
                f"{where}: more than {MOST_CLASSES} labels, such as {shown(value or '')}; "
                "expected a class each: is corpus.label right? else list them in corpus.classes"
            )
        return 0

    return note


def found_classes(found: set[str]) -> dict[str, tuple[Scalar, ...]]:
    """Return each label that was found as a class: numbers in their order, else by code point.

    >>> list(found_classes({"10", "9"})), list(found_classes({"so-so", "good"}))
    (['9', '10'], ['good', 'so-so'])
    """
    are_numbers = all(_NUMBER.fullmatch(text) for text in found)
    return {text: (text,) for text in sorted(found, key=float if are_numbers else str)}


def _listed_meanings(rule: LabelRule, where: str) -> dict[str, int]:
    by_text: dict[str, int] = {}
    lists = rule.keys
    for key, (meaning, values) in lists.items():
        for text in map(canonical, values):
            other = by_text.setdefault(text, meaning)
            if other != meaning:
                first = next(name for name, (listed, _) in lists.items() if listed == other)
                raise CorpusError(
                    f"{where}: label {text} is listed both in corpus.{first} "
                    f"({_listed(lists[first][1])}) and in corpus.{key} ({_listed(values)}); "
                    "expected it in one of them"
                )
    return by_text


def _rated(value: Scalar, negative_to: float, positive_from: float) -> int:
    try:
        rating = math.nan if isinstance(value, bool) else float(canonical(value))
    except ValueError:
        rating = math.nan
    if not math.isfinite(rating):
        return Meaning.UNKNOWN
    if rating >= positive_from:
        return Meaning.POSITIVE
    return Meaning.NEGATIVE if rating <= negative_to else Meaning.BETWEEN


def label_values(column: pa.Array, where: str) -> pa.Array:
    """Return a label column as an array of strings, integers, doubles or booleans.

    Raises
    ------
    CorpusError
        If it is of another type.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    if not any(accepts(kind) for accepts in _ACCEPTED_AS_THEY_ARE):
        raise CorpusError(
            f"{where}: the label column is of type {kind}; expected strings, numbers or booleans"
        )
    return column


def _spellings(value: Scalar, names: Sequence[str]) -> list[str]:
    """Return a label's text and, if it is the number of a class, the name of the class."""
    spellings = [canonical(value)]
    # Hugging Face marks an unlabelled document with -1, which is not the number of a class.
    if type(value) is int and 0 <= value < len(names):
        spellings.append(canonical(names[value]))
    return spellings


def shown(value: Scalar, names: Sequence[str] = ()) -> str:
    """Return a label as a message shows it: on one line, and shortened if it is long."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    number, *name = _spellings(value, names)
    return f"{number} ({name[0]})" if name else number


def _listed(values: tuple[Scalar, ...]) -> str:
    return ", ".join(canonical(value) for value in values)
