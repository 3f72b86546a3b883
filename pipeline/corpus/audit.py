"""The audit of a corpus: counts, lengths, copies, overlap of the sets, and what to warn of.

It counts sizes, labels, empty reviews, exact and near duplicates within each set and across
the two, and texts with both labels. It changes nothing; `overlapping_rows` serves the setting
that drops overlapping reviews.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.corpus.duplicates import (
    RESEMBLANCE,
    Documents,
    Ints,
    TextStatistics,
    blocks,
    first_occurrences,
    near_duplicates,
    with_text,
)
from pipeline.corpus.groups import GroupAudit, audit_groups
from pipeline.storage import arrow
from pipeline.storage.files import null_for_nan
from pipeline.stratified import TWO_CLASSES

_N_EXAMPLES = 5

Place = tuple[str, int]  # set ("train" or "test") and row
Pair = tuple[Place, Place]


@dataclass(frozen=True)
class Spread:
    """The spread of a number over the reviews of a set; all NaN if it has none."""

    minimum: float
    median: float
    mean: float
    maximum: float


@dataclass(frozen=True)
class SplitAudit:
    """The audit of one set.

    Characters are Unicode code points and words are those of `str.split`, per review. A review
    is an exact duplicate if its text occurs earlier in the set. It is a near-duplicate if it is
    not an exact one and resembles an earlier review. So no review counts twice, and the number
    of near-duplicates depends on the order of the rows. Examples give the earlier review first.
    """

    n_reviews: int
    n_of_class: dict[str, int]
    n_empty: int
    n_exact_duplicates: int
    n_near_duplicates: int
    characters: Spread
    words: Spread
    exact_duplicate_examples: tuple[Pair, ...]
    near_duplicate_examples: tuple[Pair, ...]


@dataclass(frozen=True)
class Audit:
    """The audit of a corpus.

    Attributes
    ----------
    train, test : SplitAudit
    n_overlap : int
        Test reviews whose exact text is in the training set.
    n_near_overlap : int
        Other test reviews that have a near-duplicate in the training set.
    n_conflicting : int
        Distinct texts that occur with more than one label.
    overlap_examples, near_overlap_examples, conflict_examples : tuple of pairs of places
        The first few of each.
    groups : GroupAudit or None
        None if the reviews have no groups.
    """

    train: SplitAudit
    test: SplitAudit
    n_overlap: int
    n_near_overlap: int
    n_conflicting: int
    overlap_examples: tuple[Pair, ...]
    near_overlap_examples: tuple[Pair, ...]
    conflict_examples: tuple[Pair, ...]
    groups: GroupAudit | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as JSON can hold it: lists for tuples, null for NaN.

        Without groups there is no `groups`.
        """
        plain: dict[str, Any] = null_for_nan(asdict(self))
        if self.groups is None:
            del plain["groups"]
        for name in ("train", "test"):
            # Two classes have a key each, more of them one together.
            sizes = plain[name].pop("n_of_class")
            of_two = {"n_positive": sizes.get("positive"), "n_negative": sizes.get("negative")}
            more = of_two if list(sizes) == list(TWO_CLASSES) else {"n_of_class": sizes}
            plain[name] = {"n_reviews": plain[name].pop("n_reviews"), **more, **plain[name]}
        return {"near_duplicate_resemblance": RESEMBLANCE, **plain}


def audit(
    train: pa.Table,
    test: pa.Table,
    statistics: TextStatistics,
    names: Sequence[str] = TWO_CLASSES,
) -> Audit:
    """Audit a corpus.

    Parameters
    ----------
    train, test : pyarrow.Table
        Columns `text` (large_string) and `label` (int8, the number of a class), without nulls;
        and perhaps `group` (large_string).
    statistics : TextStatistics
        Of the training texts, followed by the test texts.
    names : sequence of str
        The name of each class.
    """
    documents = Documents(train["text"], test["text"])
    first = first_occurrences(documents, statistics.fingerprints)
    near = near_duplicates(documents, statistics, first)
    labels = np.concatenate([arrow.values(table["label"]) for table in (train, test)])
    n_train = train.num_rows
    copies = np.flatnonzero(first[n_train:] < n_train) + n_train
    near_originals, near_copies = _near_overlap(first, near, n_train)
    one, other = _conflicts(first, labels)
    sizes = [_sizes(arrow.values(table["label"]), names) for table in (train, test)]
    sets = slice(0, n_train), slice(n_train, first.size)
    of_train, of_test = (
        _split_audit(rows, n_train, of_class, statistics, first, near)
        for rows, of_class in zip(sets, sizes, strict=True)
    )
    return Audit(
        train=of_train,
        test=of_test,
        n_overlap=copies.size,
        n_near_overlap=near_copies.size,
        n_conflicting=one.size,
        overlap_examples=_examples(first[copies], copies, n_train),
        near_overlap_examples=_examples(near_originals, near_copies, n_train),
        conflict_examples=_examples(one, other, n_train),
        groups=audit_groups(train, test),
    )


def overlapping_rows(
    train: pa.Table, test: pa.Table, statistics: TextStatistics
) -> npt.NDArray[np.bool_]:
    """Return which rows of `train` have a text that is also in `test`: bool, one a row."""
    first = first_occurrences(Documents(train["text"], test["text"]), statistics.fingerprints)
    shared = np.zeros(first.size, np.bool_)
    shared[first[train.num_rows :]] = True
    return shared[first[: train.num_rows]]


def warnings(audit: Audit) -> list[str]:
    """Return a sentence for each problem of a corpus; an empty list if it has none."""
    found = []
    if audit.n_overlap:
        copies = _number(audit.n_overlap, "exact copy")
        found.append(f"The test set holds {copies} of training reviews.")
    if audit.n_near_overlap:
        copies = _number(audit.n_near_overlap, "near-copy")
        found.append(f"The test set holds {copies} of training reviews.")
    if audit.n_conflicting:
        labels = "both labels" if len(audit.train.n_of_class) == 2 else "different labels"
        found.append(f"The corpus holds {_number(audit.n_conflicting, 'text')} with {labels}.")
    if audit.groups is not None and audit.groups.n_shared:
        shared = audit.groups
        found.append(
            f"{_number(shared.n_shared, 'group')} of the test set also "
            f"{'has' if shared.n_shared == 1 else 'have'} training reviews: "
            f"{_number(shared.n_test_reviews, 'test review')}, such as those of "
            f"{', '.join(map(repr, shared.examples))}."
        )
    for name, split in (("training", audit.train), ("test", audit.test)):
        if split.n_exact_duplicates:
            repeats = _number(split.n_exact_duplicates, "exact repeat")
            found.append(f"The {name} set holds {repeats} of its own reviews.")
        if split.n_near_duplicates:
            repeats = _number(split.n_near_duplicates, "near-repeat")
            found.append(f"The {name} set holds {repeats} of its own reviews.")
        if split.n_empty:
            found.append(f"The {name} set holds {_number(split.n_empty, 'empty review')}.")
        of_class = split.n_of_class
        largest = max(of_class, key=of_class.__getitem__)
        if 5 * of_class[largest] > 3 * split.n_reviews:  # beyond 60/40
            told = "positive" if list(of_class) == list(TWO_CLASSES) else largest
            found.append(f"The {name} set is {of_class[told] / split.n_reviews:.1%} {told}.")
    return found


def _number(count: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def _split_audit(
    rows: slice,
    n_train: int,
    n_of_class: dict[str, int],
    statistics: TextStatistics,
    first: Ints,
    near: Ints,
) -> SplitAudit:
    """Audit the documents numbered `rows`, which are one of the two sets."""
    n_characters, n_words = statistics.counts[rows].T
    characters, words = _spread(n_characters), _spread(n_words)
    entry = np.full(first.size, -1, first.dtype)  # where a text first occurs in this set, or -1
    repeated = [np.empty(0, np.int64)]
    for block in blocks(rows):
        texts, documents = first[block], np.arange(block.start, block.stop)
        new = entry[texts] < 0
        entry[texts[new][::-1]] = documents[new][::-1]  # of equal ones, the last to be set stays
        repeated.append(documents[entry[texts] != documents])
    repeats = np.concatenate(repeated)
    here = entry[near]
    here = here[(here >= 0).all(axis=1)]
    originals, variants = _earliest(here.min(axis=1), here.max(axis=1))
    return SplitAudit(
        n_reviews=rows.stop - rows.start,
        n_of_class=n_of_class,
        n_empty=int(np.sum(n_words == 0)),
        n_exact_duplicates=repeats.size,
        n_near_duplicates=variants.size,
        characters=characters,
        words=words,
        exact_duplicate_examples=_examples(entry[first[repeats]], repeats, n_train),
        near_duplicate_examples=_examples(originals, variants, n_train),
    )


def _sizes(labels: npt.NDArray[np.int8], names: Sequence[str]) -> dict[str, int]:
    return {name: int(np.count_nonzero(labels == k)) for k, name in enumerate(names)}


def _near_overlap(first: Ints, near: Ints, n_train: int) -> tuple[Ints, Ints]:
    """Return test documents without an exact copy in train, and the near-duplicates there."""
    # Pairs are of first occurrences, so a test document among them has no exact copy in train.
    across = near[(near[:, 0] < n_train) & (near[:, 1] >= n_train)]
    originals, texts = _earliest(across[:, 0], across[:, 1])
    copies = with_text(first, texts)
    return originals[np.searchsorted(texts, first[copies])], copies


def _earliest(earlier: Ints, later: Ints) -> tuple[Ints, Ints]:
    """Return the smallest `earlier` of each distinct `later`, and the sorted distinct `later`."""
    order = np.lexsort((earlier, later))
    distinct, entries = np.unique(later[order], return_index=True)
    return earlier[order][entries], distinct


def _conflicts(first: Ints, labels: npt.NDArray[np.int8]) -> tuple[Ints, Ints]:
    """Return, of each text with more than one label, the first document of two of them."""
    repeated = with_text(first, first[first != np.arange(first.size, dtype=first.dtype)])
    order = repeated[np.lexsort((labels[repeated], first[repeated]))]
    text, label = first[order], labels[order]  # by text, then by label, then by document
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (text[1:] != text[:-1]) | (label[1:] != label[:-1])
    documents, text = order[is_first], text[is_first]
    pairs = np.flatnonzero(text[1:] == text[:-1])
    pairs = pairs[np.append(True, text[pairs[1:]] != text[pairs[:-1]])[: len(pairs)]]
    return documents[pairs], documents[pairs + 1]


def _spread(values: npt.NDArray[np.int32]) -> Spread:
    if values.size == 0:
        return Spread(math.nan, math.nan, math.nan, math.nan)
    return Spread(
        minimum=float(values.min()),
        median=float(np.median(values)),
        mean=float(values.mean()),
        maximum=float(values.max()),
    )


def _examples(left: Ints, right: Ints, n_train: int) -> tuple[Pair, ...]:
    """Return the first few pairs of documents, each document as its set and row."""

    def place(document: int) -> Place:
        return ("train", document) if document < n_train else ("test", document - n_train)

    pairs = zip(left[:_N_EXAMPLES].tolist(), right[:_N_EXAMPLES].tolist(), strict=True)
    return tuple((place(a), place(b)) for a, b in pairs)
