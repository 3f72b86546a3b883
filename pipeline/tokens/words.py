"""The tokenizer `words`, compiled. `tokens.grammar` defines what it finds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.kernels import words as kernels
from pipeline.parallel import Workspace
from pipeline.storage import arrow
from pipeline.tokens.code_points import Folding
from pipeline.tokens.distinct import DistinctTokens
from pipeline.tokens.preparation import Preparation


def tokenise_words(
    texts: pa.LargeStringArray,
    preparation: Preparation,
    punctuation: bool,
    ids: np.ndarray,
    workspace: Workspace,
) -> tuple[np.ndarray, np.ndarray, DistinctTokens]:
    """Run the compiled tokenizer.

    It lowercases, and reads an HTML break as a space. If a text needs more than that, as one that
    is not composed (NFC) does, all are prepared as Python strings first.

    Parameters
    ----------
    texts : pyarrow.LargeStringArray
    preparation : Preparation
    punctuation : bool
        Whether symbols are tokens.
    ids : int32 array
        Receives the ids. It has an item for each byte of the texts, because no token is shorter.
    workspace : Workspace
        Holds a part of the results, which are valid until it is used again.

    Returns
    -------
    ids : int32 array, shape (n_tokens,)
        The items that were written.
    offsets : int64 array, shape (n_texts + 1,)
        As in `Tokens`.
    distinct : DistinctTokens

    Examples
    --------
    >>> texts, ids = arrow.strings(["A film; a film!"]), np.empty(15, np.int32)
    >>> ids, offsets, distinct = tokenise_words(texts, Preparation(), False, ids, Workspace())
    >>> ids, offsets, distinct.spelled().to_pylist()
    (array([0, 1, 0, 1], dtype=int32), array([0, 4]), ['a', 'film'])
    """
    breaks, tweets = preparation.html == "breaks", preparation.tweets
    folding = Folding(preparation.lowercase, breaks, tweets, punctuation)
    if preparation.html != "text" and not tweets:
        found = _run(texts, folding, ids, workspace)
        if found is not None:
            return found
    prepared = arrow.strings([preparation.prepare(text) for text in texts.to_pylist()])
    found = _run(prepared, folding._replace(breaks=False, composed=True), ids, workspace)
    assert found is not None
    return found


def _run(
    texts: pa.LargeStringArray, folding: Folding, ids: np.ndarray, workspace: Workspace
) -> tuple[np.ndarray, np.ndarray, DistinctTokens] | None:
    """Run the kernel; return None if a text may have to be composed first."""
    text, offsets = arrow.buffers(texts)
    # Most texts need the first 65,536 code points only. In UTF-8 others begin with 0xF0 or more.
    astral = bool(text[offsets[0] : offsets[-1]].max(initial=0) >= 0xF0)
    folded = folding.table(astral)
    n_bytes, longest = int(offsets[-1] - offsets[0]), int(np.diff(offsets).max(initial=0))
    # Sized for the worst case, because memory that is never written to is never allocated:
    # punctuation becomes three bytes, and each byte a distinct token.
    size = 3 * longest + 16 + kernels.TABLE_SIZE
    clean = workspace.array("clean", size // 8 + 1, np.uint64)
    distinct = DistinctTokens(
        workspace.array("pool", 2 * n_bytes + longest + 4, np.uint64),
        workspace.array("starts", n_bytes + 2, np.int64),
    )
    distinct.reserve(min(n_bytes // 64, 1 << 15))
    bounds = np.stack((offsets, np.zeros_like(offsets)))
    state = np.zeros(kernels.STATE_SIZE, np.int64)
    while True:
        known = distinct.pool, distinct.starts, distinct.keys, distinct.values
        kernels.tokenise(text, bounds, folded, clean, ids, *known, state)
        if state[kernels.UNSTABLE_TEXT]:
            return None
        if state[kernels.DOCUMENT] == len(texts):
            break
        distinct.reserve(len(distinct.keys))
    distinct.n = int(state[kernels.N_DISTINCT])
    return ids[: state[kernels.N_TOKENS]], bounds[kernels.TOKENS], distinct
