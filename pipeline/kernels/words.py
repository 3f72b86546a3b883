"""The `words` tokenizer over UTF-8 bytes: lowercase, find words, write them out.

A document takes two loops. `_normalise` writes its bytes again, lowercased, with zeros for all
that belongs to no token. `_encode` numbers the runs of bytes between the zeros, each distinct run
in order of first appearance.

`kernels.code_points` describes `folded`, the table of what each code point becomes.

`_encode` reads eight bytes at a time, as one uint64 with the first byte lowest. It assumes a
little-endian machine, as all are that numba compiles for. `kernels.distinct` says how distinct
tokens are stored and found.
"""

import numpy as np

from pipeline.kernels.code_points import write_next
from pipeline.kernels.compiled import kernel
from pipeline.kernels.distinct import LONG, first_zero, mixed, place_of, slot_of
from pipeline.kernels.hashing import FULL, ONE, ZERO

# Marks a byte in the table of bytes that cannot be looked up alone. No ASCII byte has this bit.
CLOSER_LOOK = 0x80
# Bytes of that table, which lies at the end of the workspace.
TABLE_SIZE = 256

LAST_BIT = np.uint64(63)

# Rows of `bounds`.
TEXT, TOKENS = 0, 1
# Positions in `state`.
DOCUMENT, N_TOKENS, N_DISTINCT, UNSTABLE_TEXT = 0, 1, 2, 3
STATE_SIZE = 4


@kernel(
    "void(uint8[::1], int64[:, ::1], int32[::1], uint64[::1], int32[::1], uint64[::1], int64[::1],"
    " uint64[::1], int32[::1], int64[::1])"
)
def tokenise(text, bounds, folded, clean, ids, pool, starts, keys, values, state):
    """Tokenise documents that lie one after the other in a buffer of UTF-8 bytes.

    Stops before a document whose tokens may not fit the hash table. The caller doubles the table
    (`rehash`) and calls again. Stops as well before one that normalisation may change.

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
        distinct tokens so far; UNSTABLE_TEXT, 1 if that document may not be normalised.
    """
    clean_bytes = clean.view(np.uint8)
    plain = clean_bytes[clean_bytes.size - TABLE_SIZE :]
    for byte in range(TABLE_SIZE):
        is_plain = byte < CLOSER_LOOK and folded[byte] < CLOSER_LOOK
        plain[byte] = folded[byte] if is_plain else CLOSER_LOOK
    offsets, token_offsets = bounds[TEXT], bounds[TOKENS]
    for d in range(state[DOCUMENT], offsets.size - 1):
        size = _normalise(text, offsets[d], offsets[d + 1], folded, plain, clean_bytes)
        if size < 0:
            state[UNSTABLE_TEXT] = 1
            return
        # A token takes two bytes at least, its own and a zero.
        if state[N_DISTINCT] + size // 2 + 1 > FULL * keys.size:
            return
        n_tokens, n_distinct = _encode(
            clean, size, ids, state[N_TOKENS], pool, starts, keys, values, state[N_DISTINCT]
        )
        token_offsets[d + 1] = n_tokens
        state[N_TOKENS], state[N_DISTINCT] = n_tokens, n_distinct
        state[DOCUMENT] = d + 1


def _normalise(text, start, end, folded, plain, clean):
    """Write a document's folded bytes and a zero to `clean`.

    Returns the number of bytes without that zero, or -1 if Unicode's normalisation may change the
    document.
    """
    i, size = start, 0
    while i < end:
        size, n_plain = _copy_plain(text, i, end, plain, clean, size)
        i += n_plain
        if i == end:
            break
        i, size = write_next(text, start, i, end, folded, clean, size)
        if size < 0:
            return size
    clean[size] = 0
    return size


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
            end_bit = first_zero(bits)
            if end_bit != ZERO:
                break
            pool[last] = bits
            last += 1
            key = mixed(key, bits)
            i += 8
        bits &= end_bit - ONE
        i += place_of(end_bit)
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
