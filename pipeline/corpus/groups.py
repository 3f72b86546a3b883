"""Groups of reviews that belong together, such as those of one film, product or author."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.storage import arrow

_N_EXAMPLES = 3


@dataclass(frozen=True)
class GroupAudit:
    """The groups of a corpus.

    Attributes
    ----------
    n_train, n_test : int
        Groups of the training set and of the test set.
    n_shared : int
        Groups that have reviews in both.
    n_test_reviews : int
        Test reviews of those groups.
    examples : tuple of str
        The first few of them, in the order of the test set.
    """

    n_train: int
    n_test: int
    n_shared: int
    n_test_reviews: int
    examples: tuple[str, ...]


def audit_groups(train: pa.Table, test: pa.Table) -> GroupAudit | None:
    """Count the groups of two sets, and those that are in both; None if there are no groups."""
    if "group" not in train.column_names or "group" not in test.column_names:
        return None
    of_train, of_test = (table["group"].unique() for table in (train, test))
    shared = of_test.filter(pc.is_in(of_test, of_train))
    return GroupAudit(
        len(of_train),
        len(of_test),
        len(shared),
        pc.sum(pc.is_in(test["group"], shared)).as_py() or 0,
        tuple(shared[:_N_EXAMPLES].to_pylist()),
    )


def group_numbers(*tables: pa.Table) -> npt.NDArray[np.int64] | None:
    """Return the number of each review's group; None if a table has no column `group`.

    Returns
    -------
    int64 array, shape (n,), or None
        Over one table after the other: reviews with equal numbers belong together.

    Examples
    --------
    >>> group_numbers(pa.table({"group": ["b", "a", "b"]})).tolist()
    [0, 1, 0]
    """
    if any("group" not in table.column_names for table in tables):
        return None
    chunks = [chunk for table in tables for chunk in table["group"].chunks]
    encoded = pa.chunked_array(chunks, tables[0].schema.field("group").type).dictionary_encode()
    numbers = encoded.combine_chunks() if len(encoded) else None
    if numbers is None:
        return np.empty(0, np.int64)
    return arrow.values(numbers.indices).astype(np.int64)
