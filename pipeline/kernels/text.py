"""Text bytes to token ids: the fast path of the `words` tokenizer.

A document goes through two loops. `_normalise` writes its bytes again with every
byte that belongs to no token set to zero; `_encode` numbers the runs between the
zeros, each distinct run (a type) in order of first appearance.

`folded` says what a code point becomes. A positive value is the code point to
write; zero separates tokens; a negative value asks for a closer look: punctuation
to keep as a token of its own, a `<` that may open an HTML break, or a letter
whose lower case depends on its neighbours. An apostrophe joins the letters on
its two sides and separates otherwise.
"""

import numpy as np
from numba import njit

APOSTROPHE = 0x27
LESS_THAN = 0x3C
# The two letters of Unicode whose lower case is not one code point chosen by the
# letter alone: I with a dot above becomes two, capital sigma looks around itself.
DOTTED_I = 0x130
CAPITAL_SIGMA = 0x3A3

# Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4).
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(32)
BYTE = np.uint64(8)
ONE = np.uint64(1)
ZERO = np.uint64(0)


@njit(cache=True, nogil=True)
def tokenise(text, offsets, folded, keep_punctuation, strip_breaks):
    """Tokenise documents that lie one after the other in a buffer of UTF-8 bytes.

    Parameters
    ----------
    text : uint8 array
        Valid UTF-8.
    offsets : int64 array, shape (n_documents + 1,)
        Document d is `text[offsets[d]:offsets[d + 1]]`.
    folded : int32 array, shape (0x110000,)
        What each code point becomes; see the head of this file.
    keep_punctuation, strip_breaks : bool
        Whether punctuation makes tokens; whether `<br>` separates.

    Returns
    -------
    ids : int32 array, shape (n_tokens,)
    token_offsets : int64 array, shape (n_documents + 1,)
    type_bytes : uint8 array
    type_offsets : int64 array, shape (n_types + 1,)
    n_context : int
        How many letters were met whose lower case depends on their neighbours.
        Where it is not zero the caller lowers such documents and calls again.
    """
    n_documents = offsets.size - 1
    token_offsets = np.zeros(n_documents + 1, np.int64)
    ids = np.empty(text.size // 5 + 16, np.int32)
    clean = np.empty(1 << 12, np.uint8)
    pool = np.empty(1 << 12, np.uint64)
    starts = np.zeros(1 << 12, np.int64)
    hashes = np.empty(1 << 12, np.uint64)
    table = np.full(1 << 13, -1, np.int32)
    n_tokens, n_types, n_context = 0, 0, 0
    for d in range(n_documents):
        # Three bytes at most for one: punctuation between two zeros.
        room = 3 * (offsets[d + 1] - offsets[d]) + 2
        if room > clean.size:
            clean = np.empty(2 * room, np.uint8)
        size, seen = _normalise(
            text, offsets[d], offsets[d + 1], folded, keep_punctuation, strip_breaks, clean
        )
        n_context += seen
        if n_tokens + size > ids.size:
            ids = _grown(ids, n_tokens + size)
        if starts[n_types] + size + 1 > pool.size:
            pool = _grown(pool, starts[n_types] + size + 1)
        if n_types + size + 1 > starts.size:
            starts = _grown(starts, n_types + size + 1)
            hashes = _grown(hashes, n_types + size + 1)
        if 2 * (n_types + size) > table.size:
            table = _rehashed(hashes[:n_types], 2 * (n_types + size))
        n_tokens, n_types = _encode(
            clean, size, keep_punctuation, ids, n_tokens, pool, starts, hashes, table, n_types
        )
        token_offsets[d + 1] = n_tokens
    type_bytes, type_offsets = _unpacked(pool, starts[: n_types + 1])
    return ids[:n_tokens].copy(), token_offsets, type_bytes, type_offsets, n_context


@njit(cache=True, nogil=True)
def _normalise(text, start, end, folded, keep_punctuation, strip_breaks, clean):
    """Write a document's folded bytes to `clean`, two zeros behind them; return their number."""
    i, size, n_context = start, 0, 0
    while i < end:
        code = np.int64(text[i])
        first = i
        if code < 0x80:
            i += 1
        elif code < 0xE0:
            code = (code & 0x1F) << 6 | (text[i + 1] & 0x3F)
            i += 2
        elif code < 0xF0:
            code = (code & 0x0F) << 12 | (text[i + 1] & 0x3F) << 6 | (text[i + 2] & 0x3F)
            i += 3
        else:
            code = (code & 0x07) << 18 | (text[i + 1] & 0x3F) << 12
            code |= (text[i + 2] & 0x3F) << 6 | (text[i + 3] & 0x3F)
            i += 4
        code = np.int64(folded[code])
        if 0 <= code < 0x80:
            clean[size] = code
            size += 1
            continue
        alone = code < 0
        if alone:
            code = -code
            if code == LESS_THAN and strip_breaks:
                after = _after_break(text, first, end)
                if after > first:
                    i = after
                    keep = False
                else:
                    keep = keep_punctuation
            elif code in (DOTTED_I, CAPITAL_SIGMA):
                n_context += 1
                keep = False
            else:
                keep = True
            clean[size] = 0
            size += 1
            if not keep:
                continue
        if code < 0x80:
            clean[size] = code
        else:
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
            size += 1
            clean[size] = 0x80 | (code & 0x3F)
        size += 1
        if alone:
            clean[size] = 0
            size += 1
    clean[size] = 0
    clean[size + 1] = 0
    return size, n_context


@njit(cache=True, nogil=True)
def _after_break(text, i, end):
    """Return the index behind an HTML break that opens at i, or i where none does."""
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


@njit(cache=True, nogil=True)
def _encode(clean, size, keep_punctuation, ids, n_tokens, pool, starts, hashes, table, n_types):
    """Append the ids of a normalised document; return the numbers of tokens and types.

    A type's bytes are kept in words of eight, the last one filled up with zeros, so
    that hashing and comparing take one step for eight bytes. The bytes at hand are
    written behind the known types: where they are new, they are already in place.
    """
    mask = np.uint64(table.size - 1)
    free = starts[n_types]
    i = 0
    while i < size:
        byte = clean[i]
        if byte == 0 or (byte == APOSTROPHE and not keep_punctuation):
            i += 1
            continue
        alone = byte == APOSTROPHE
        word, shift, tail, hashed = ZERO, ZERO, free, ZERO
        while True:
            word |= np.uint64(byte) << shift
            shift += BYTE
            if shift == 64:
                pool[tail] = word
                tail += 1
                hashed = (hashed ^ word) * MULTIPLIER
                hashed ^= hashed >> HALF
                word, shift = ZERO, ZERO
            i += 1
            byte = clean[i]
            if byte == 0 or alone:
                break
            if byte == APOSTROPHE and (clean[i + 1] == 0 or clean[i + 1] == APOSTROPHE):
                break
        pool[tail] = word
        tail += 1
        hashed = (hashed ^ word) * MULTIPLIER
        hashed ^= hashed >> HALF
        slot = hashed & mask
        while True:
            k = table[slot]
            if k < 0:
                k = n_types
                table[slot] = k
                hashes[k] = hashed
                n_types += 1
                starts[n_types] = tail
                free = tail
                break
            if hashes[k] == hashed:
                known, new = starts[k], free
                while new < tail and pool[known] == pool[new]:
                    known += 1
                    new += 1
                if new == tail and known == starts[k + 1]:
                    break
            slot = (slot + ONE) & mask
        ids[n_tokens] = k
        n_tokens += 1
    return n_tokens, n_types


@njit(cache=True, nogil=True)
def _grown(array, needed):
    """Return a copy with room for `needed` items, at least twice the room it had."""
    larger = np.empty(max(needed, 2 * array.size), array.dtype)
    larger[: array.size] = array
    return larger


@njit(cache=True, nogil=True)
def _rehashed(hashes, needed):
    """Return a table, a power of two above `needed`, that leads each hash to its type."""
    size = 1 << 13
    while size < needed:
        size *= 2
    table = np.full(size, -1, np.int32)
    mask = np.uint64(size - 1)
    for k in range(hashes.size):
        slot = hashes[k] & mask
        while table[slot] >= 0:
            slot = (slot + ONE) & mask
        table[slot] = k
    return table


@njit(cache=True, nogil=True)
def _unpacked(pool, starts):
    """Return the types' bytes one after the other, and where each begins."""
    n_types = starts.size - 1
    offsets = np.zeros(n_types + 1, np.int64)
    data = np.empty(8 * starts[n_types], np.uint8)
    size = 0
    for k in range(n_types):
        for w in range(starts[k], starts[k + 1]):
            word = pool[w]
            while word != ZERO:
                data[size] = word & np.uint64(0xFF)
                size += 1
                word >>= BYTE
        offsets[k + 1] = size
    return data[:size].copy(), offsets
