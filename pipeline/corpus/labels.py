"""Labels of any source to classes: positive, negative, or why a row has neither.

Sources spell a label in different ways: 1, 1.0, true, "TRUE", "pos", nine stars out of ten. Labels
are compared by value, as `canonical` has it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import pyarrow as pa

from pipeline.errors import CorpusError

Scalar = str | int | float | bool
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
    """What a label says: a class, or why it gives none."""

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
    """Which labels are positive and which are negative, and which rows are left out.

    Attributes
    ----------
    positive, negative : tuple of str, int, float or bool
        The labels of each class, compared by value: 1, 1.0, "1" and "1.0" are one label, and so
        are true and "TRUE".
    positive_from, negative_to : float, optional
        If both are given, labels are ratings: positive from `positive_from` upwards, negative
        up to `negative_to`, and left out in between. `positive` and `negative` are not used.
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

    positive: tuple[Scalar, ...]
    negative: tuple[Scalar, ...]
    positive_from: float | None = None
    negative_to: float | None = None
    ignore: tuple[Scalar, ...] = ()
    drop: tuple[str, ...] = ()

    def refusal(self) -> str:
        """Return in words why a label has no class."""
        if self.positive_from is not None and self.negative_to is not None:
            return (
                f"is not a finite number, as corpus.positive_from = {self.positive_from:g} "
                f"and corpus.negative_to = {self.negative_to:g} expect"
            )
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
) -> Callable[[Scalar | None], Meaning]:
    """Return a rule as a function of a label.

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
    low, high = rule.negative_to, rule.positive_from
    if low is None or high is None:
        by_text = _listed_meanings(rule, where)
    else:
        by_text = {canonical(value): Meaning.IGNORED for value in rule.ignore}

    def meaning_of(value: Scalar | None) -> Meaning:
        if value is None:
            return by_text.get("", Meaning.MISSING)
        spellings = _spellings(value, names)
        found = {by_text[text] for text in spellings if text in by_text}
        if len(found) > 1:
            raise CorpusError(
                f"{where}: label {shown(value, names)} has two meanings: positive "
                f"({_listed(rule.positive)}), negative ({_listed(rule.negative)}), ignored "
                f"({_listed(rule.ignore)}); set corpus.positive and corpus.negative"
            )
        if found:
            return found.pop()
        if spellings[0].lower() in _MISSING:
            return Meaning.MISSING
        return Meaning.UNKNOWN if low is None or high is None else _rated(value, low, high)

    return meaning_of


def _listed_meanings(rule: LabelRule, where: str) -> dict[str, Meaning]:
    by_text: dict[str, Meaning] = {}
    lists = {
        "positive": (Meaning.POSITIVE, rule.positive),
        "negative": (Meaning.NEGATIVE, rule.negative),
        "ignore": (Meaning.IGNORED, rule.ignore),
    }
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


def _rated(value: Scalar, negative_to: float, positive_from: float) -> Meaning:
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
