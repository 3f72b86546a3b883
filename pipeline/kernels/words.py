"""The `words` tokenizer over UTF-8 bytes: lowercase, find words, write them out.

A document takes two loops. `_normalise` writes its bytes again, lowercased, with zeros for all
that belongs to no token. `_encode` numbers the runs of bytes between the zeros, each distinct run
in order of first appearance.

`folded` has an entry for each code point: the code point to write for it, 0 if it separates
tokens, or flags that ask for more than that.

`_encode` reads eight bytes at a time, as one uint64 with the first byte lowest. It assumes a
little-endian machine, as all are that numba compiles for. `kernels.distinct` says how distinct
tokens are stored and found.
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.distinct import LONG, mixed, slot_of
from pipeline.kernels.hashing import FULL, ONE, ZERO

# An entry of `folded`: a code point to write, in 21 bits, and flags.
CODE_POINT = 0x1FFFFF
ALONE = 1 << 21  # a token of its own; without this flag, a flagged entry separates tokens
JOINS = 1 << 22  # part of a token between two letters: an apostrophe
OPENS_BREAK = 1 << 23  # a separator with what follows, if that makes an HTML break
CONTEXTUAL = 1 << 24  # a letter whose lower case depends on its neighbours

APOSTROPHE = 0x27
LESS_THAN = 0x3C
# The two letters of Unicode whose lower case is not one code point that depends on the letter
# alone: I with a dot above becomes two, capital sigma depends on its neighbours.
DOTTED_I = 0x130
CAPITAL_SIGMA = 0x3A3

# Marks a byte in the table of bytes that cannot be looked up alone. No ASCII byte has this bit.
CLOSER_LOOK = 0x80
# Bytes of that table, which lies at the end of the workspace.
TABLE_SIZE = 256

# The first zero byte of a uint64, and its place (Warren, Hacker's Delight, 6-1).
LOW_BITS = np.uint64(0x0101010101010101)
HIGH_BITS = np.uint64(0x8080808080808080)
PLACES = np.uint64(0x0001020304050607)
SEVEN, TOP_BYTE, LAST_BIT = np.uint64(7), np.uint64(56), np.uint64(63)

# Rows of `bounds`.
TEXT, TOKENS = 0, 1
# Positions in `state`.
DOCUMENT, N_TOKENS, N_DISTINCT, N_CONTEXTUAL = 0, 1, 2, 3
STATE_SIZE = 4


@kernel(
    "void(uint8[::1], int64[:, ::1], int32[::1], uint64[::1], int32[::1], uint64[::1], int64[::1],"
    " uint64[::1], int32[::1], int64[::1])"
)
def tokenise(text, bounds, folded, clean, ids, pool, starts, keys, values, state):
    """Tokenise documents that lie one after the other in a buffer of UTF-8 bytes.

    Stops before a document whose tokens may not fit the hash table. The caller doubles the table
    (`rehash`) and calls again.

    Parameters
    ----------
    text : uint8 array
        Valid UTF-8.
    bounds : int64 array, shape (2, n_documents + 1)
        Document d is `text[bounds[TEXT, d]:bounds[TEXT, d + 1]]`. Row TOKENS, which begins with
        0, receives the same for its tokens in `ids`.
    folded : int32 array, shape (0x110000,) or (0x10000,)
        An entry for each code point. The shorter one is enough for a text without code points
        above 0xFFFF.
    clean : uint64 array
        Workspace. Holds a normalised document, of three bytes for each of its bytes at most, 16
        bytes more, and TABLE_SIZE bytes.
    ids : int32 array
        Receives the numbers of the tokens.
    pool, starts, keys, values
        The distinct tokens; see `kernels.distinct`.
    state : int64 array, shape (STATE_SIZE,)
        Changed in place: DOCUMENT, the next document; N_TOKENS and N_DISTINCT, the tokens and
        distinct tokens so far; N_CONTEXTUAL, the CONTEXTUAL letters so far.
    """
    clean_bytes = clean.view(np.uint8)
    plain = clean_bytes[clean_bytes.size - TABLE_SIZE :]
    for byte in range(TABLE_SIZE):
        is_plain = byte < CLOSER_LOOK and folded[byte] < CLOSER_LOOK
        plain[byte] = folded[byte] if is_plain else CLOSER_LOOK
    offsets, token_offsets = bounds[TEXT], bounds[TOKENS]
    for d in range(state[DOCUMENT], offsets.size - 1):
        size, n_contextual = _normalise(
            text, offsets[d], offsets[d + 1], folded, plain, clean_bytes
        )
        # A token takes two bytes at least, its own and a zero.
        if state[N_DISTINCT] + size // 2 + 1 > FULL * keys.size:
            return
        n_tokens, n_distinct = _encode(
            clean, size, ids, state[N_TOKENS], pool, starts, keys, values, state[N_DISTINCT]
        )
        token_offsets[d + 1] = n_tokens
        state[N_TOKENS], state[N_DISTINCT] = n_tokens, n_distinct
        state[N_CONTEXTUAL] += n_contextual
        state[DOCUMENT] = d + 1


def _normalise(text, start, end, folded, plain, clean):
    """Write a document's folded bytes and a zero to `clean`.

    Returns the number of bytes without that zero, and the number of CONTEXTUAL letters.
    """
    i, size, n_contextual = start, 0, 0
    while i < end:
        size, n_plain = _copy_plain(text, i, end, plain, clean, size)
        i += n_plain
        if i == end:
            break
        first = i
        code, i = _code_point(text, i)
        entry = np.int64(folded[code])
        if entry <= CODE_POINT:
            size = _write(entry, clean, size)
            continue
        if entry & JOINS and size > 0 and clean[size - 1] != 0 and _is_word(text, i, end, folded):
            clean[size] = APOSTROPHE
            size += 1
            continue
        if entry & OPENS_BREAK:
            behind = _behind_break(text, first, end)
            if behind > first:
                i, entry = behind, 0
        n_contextual += entry & CONTEXTUAL > 0
        clean[size] = 0
        size += 1
        if entry & ALONE:
            size = _write(entry & CODE_POINT, clean, size)
            clean[size] = 0
            size += 1
    clean[size] = 0
    return size, n_contextual


def _write(code, clean, size):
    """Write a code point as UTF-8 behind the first `size` bytes; return the new size."""
    if code < 0x80:
        clean[size] = code
        return size + 1
    if code < 0x800:
        clean[size] = 0xC0 | code >> 6
    else:
        if code < 0x10000:
            clean[size] = 0xE0 | code >> 12
        else:
            clean[size] = 0xF0 | code >> 18
            size += 1
            clean[size] = 0x80 | (code >> 12 & 0x3F)
        size += 1
        clean[size] = 0x80 | (code >> 6 & 0x3F)
    clean[size + 1] = 0x80 | (code & 0x3F)
    return size + 2


def _copy_plain(text, i, end, plain, clean, size):
    """Fold bytes up to one that needs a closer look; return the new size and their number.

    Most bytes need none, so eight are looked up at a time, and one test serves them all.
    """
    start = i
    while i + 8 <= end:
        # The compiler knows that an index into a slice is not negative.
        b, c = text[i : i + 8], clean[size : size + 8]
        c0, c1, c2, c3 = plain[b[0]], plain[b[1]], plain[b[2]], plain[b[3]]
        c4, c5, c6, c7 = plain[b[4]], plain[b[5]], plain[b[6]], plain[b[7]]
        if c0 | c1 | c2 | c3 | c4 | c5 | c6 | c7 >= CLOSER_LOOK:
            break
        c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7] = c0, c1, c2, c3, c4, c5, c6, c7
        size += 8
        i += 8
    while i < end and plain[text[i]] < CLOSER_LOOK:
        clean[size] = plain[text[i]]
        size += 1
        i += 1
    return size, i - start


def _code_point(text, i):
    """Return the code point that begins at byte i, and the index behind it."""
    code = np.int64(text[i])
    if code < 0x80:
        return code, i + 1
    if code < 0xE0:
        return (code & 0x1F) << 6 | (text[i + 1] & 0x3F), i + 2
    # Widened, because without numba a shifted byte stays a byte.
    if code < 0xF0:
        code = (code & 0x0F) << 12 | np.int64(text[i + 1] & 0x3F) << 6
        return code | (text[i + 2] & 0x3F), i + 3
    code = (code & 0x07) << 18 | np.int64(text[i + 1] & 0x3F) << 12
    return code | np.int64(text[i + 2] & 0x3F) << 6 | (text[i + 3] & 0x3F), i + 4


def _is_word(text, i, end, folded):
    """Return True if a letter, digit or underscore stands at i."""
    if i >= end:
        return False
    code, _ = _code_point(text, i)
    return 0 < folded[code] <= CODE_POINT


def _behind_break(text, i, end):
    """Return the index behind the HTML break that opens at i, or i if none does."""
    if i + 3 >= end or text[i + 1] | 0x20 != 0x62 or text[i + 2] | 0x20 != 0x72:
        return i
    j = i + 3
    while j < end and (text[j] == 0x20 or 0x09 <= text[j] <= 0x0D):
        j += 1
    if j < end and text[j] == 0x2F:
        j += 1
    if j < end and text[j] == 0x3E:
        return j + 1
    return i


def _encode(clean, size, ids, n_tokens, pool, starts, keys, values, n_distinct):
    """Append the ids of a normalised document; return the numbers of tokens, all and distinct."""
    clean_bytes = clean.view(np.uint8)
    first = starts[n_distinct]
    i = 0
    while i < size:
        if clean_bytes[i] == 0:
            i += 1
            continue
        last = first
        key = LONG
        while True:
            k, shift = i >> 3, np.uint64((i & 7) << 3)
            # Shifted in two steps, because a shift by 64 is not defined.
            bits = clean[k] >> shift | (clean[k + 1] << ONE) << (LAST_BIT - shift)
            zeros = (bits - LOW_BITS) & ~bits & HIGH_BITS
            if zeros != ZERO:
                break
            pool[last] = bits
            last += 1
            key = mixed(key, bits)
            i += 8
        end_bit = (zeros & (~zeros + ONE)) >> SEVEN
        bits &= end_bit - ONE
        i += np.int64(end_bit * PLACES >> TOP_BYTE)
        pool[last] = bits
        key = mixed(key, bits) | LONG if last > first else bits
        slot = slot_of(key, pool, first, last, starts, keys, values)
        if keys[slot] == ZERO:
            keys[slot] = key
            values[slot] = n_distinct
            n_distinct += 1
            first = last + 1
            starts[n_distinct] = first
        ids[n_tokens] = values[slot]
        n_tokens += 1
    return n_tokens, n_distinct
