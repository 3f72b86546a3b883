"""The `words` tokenizer: the table of characters, and calls of its kernel.

It returns what NLTK's `RegexpTokenizer(WORDS)` returns for the lowercased text with straight
apostrophes. The tests check this for any text.

`WORDS` is a pattern of `regex`, the engine of NLTK's own tokenizers. There a combining mark is
part of a word, as Hindi and Thai need. In `re` of the standard library it is not.
"""

from __future__ import annotations

import functools

import numpy as np
import pyarrow as pa
import regex

from pipeline.kernels import words as kernels
from pipeline.parallel import Workspace
from pipeline.storage import arrow
from pipeline.tokens.distinct import DistinctTokens

# Letters, digits and underscores, with apostrophes inside: don't is one token.
WORDS = r"\w+(?:'\w+)*"
# The same, and every other character that is not white space or NUL.
WORDS_AND_PUNCTUATION = WORDS + r"|[^\w\s\0]"
_WORD_CHARACTER = regex.compile(r"\w")

# All letters, digits, marks and white space of Unicode are in these blocks, as a test checks.
_BLOCKS = (range(0x10000), range(0x10000, 0x40000), range(0xE0000, 0xE1000))


def is_word(token: str) -> bool:
    """Return True if a token holds a letter, digit or underscore."""
    return token.isalpha() or _WORD_CHARACTER.search(token) is not None


def character_table(lowercase: bool) -> np.ndarray:
    """Return the tokenizer's table of code points: int32, shape (0x110000,).

    A letter, digit, mark or underscore has the code point that it becomes, white space has 0, and
    anything else has -1. I with a dot above and capital sigma have their own code point, because
    the lower case of the first is two code points, and that of the second depends on its place.
    """
    folded = _folded(lowercase, False, True, True).copy()
    special = [kernels.DOTTED_I, kernels.CAPITAL_SIGMA]
    folded[special] = special
    folded[folded > kernels.CODE_POINT] = -1
    return folded


def tokenise_words(
    texts: pa.LargeStringArray,
    lowercase: bool,
    strip_breaks: bool,
    keep_punctuation: bool,
    ids: np.ndarray,
    workspace: Workspace,
) -> tuple[np.ndarray, np.ndarray, DistinctTokens]:
    """Run the compiled tokenizer.

    Parameters
    ----------
    texts : pyarrow.LargeStringArray
    lowercase, strip_breaks, keep_punctuation : bool
        As in `Tokenizer`.
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
    >>> ids, offsets, distinct = tokenise_words(texts, True, False, False, ids, Workspace())
    >>> ids, offsets, distinct.spelled().to_pylist()
    (array([0, 1, 0, 1], dtype=int32), array([0, 4]), ['a', 'film'])
    """
    text, offsets = arrow.buffers(texts)
    # Most texts need the first 65,536 code points only. In UTF-8 others begin with 0xF0 or more.
    astral = bool(text[offsets[0] : offsets[-1]].max(initial=0) >= 0xF0)
    folded = _folded(lowercase, strip_breaks, keep_punctuation, astral)
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
        if state[kernels.DOCUMENT] == len(texts):
            break
        distinct.reserve(len(distinct.keys))
    distinct.n = int(state[kernels.N_DISTINCT])
    if state[kernels.N_CONTEXTUAL] and lowercase:
        lowered = arrow.strings([text.lower() for text in texts.to_pylist()])
        return tokenise_words(lowered, False, strip_breaks, keep_punctuation, ids, workspace)
    return ids[: state[kernels.N_TOKENS]], bounds[kernels.TOKENS], distinct


@functools.cache
def _folded(
    lowercase: bool, strip_breaks: bool, keep_punctuation: bool, astral: bool
) -> np.ndarray:
    """Return the table of what each code point becomes; `kernels.words` describes it.

    The first 65,536 code points take little time. The others are there only if `astral`.
    """
    size = 0x110000 if astral else 0x10000
    folded = np.zeros(size, np.int32)
    if keep_punctuation:
        folded[:] = kernels.ALONE | np.arange(size, dtype=np.int32)
    for block in _BLOCKS if astral else _BLOCKS[:1]:
        letters = "".join(map(chr, block))
        # Except for I with a dot above, the lower case of a letter is one code point.
        lowered = letters.replace("\u0130", "i").lower() if lowercase else letters
        codes = np.frombuffer(lowered.encode("utf-32-le", "surrogatepass"), np.int32)
        part = folded[block.start : block.stop]
        part[:] = kernels.ALONE | codes if keep_punctuation else 0
        for separators in regex.finditer(r"\s+", letters):
            part[separators.start() : separators.end()] = 0
        for word in regex.finditer(r"\w+", letters):
            part[word.start() : word.end()] = codes[word.start() : word.end()]
    alone = kernels.ALONE if keep_punctuation else 0
    if lowercase:
        folded[[kernels.DOTTED_I, kernels.CAPITAL_SIGMA]] = kernels.CONTEXTUAL
    if strip_breaks:
        folded[kernels.LESS_THAN] = kernels.OPENS_BREAK | kernels.LESS_THAN | alone
    folded[0] = 0  # NUL is white space here
    folded[[kernels.APOSTROPHE, 0x2019]] = kernels.JOINS | kernels.APOSTROPHE | alone
    folded.flags.writeable = False
    return folded
