"""Text bytes to token ids: the fast path of the `words` tokenizer.

A document goes through two loops. `_normalise` writes its bytes again with every
byte that belongs to no token set to zero; `_encode` numbers the runs between the
zeros, each distinct run (a type) in order of first appearance.

`folded` says what a code point becomes. A positive value is the code point to
write; zero separates tokens; a negative value asks for a closer look: an apostrophe,
which joins the letters on its two sides and separates otherwise, punctuation to
keep as a token of its own, a `<` that may open an HTML break, or a letter whose
lower case depends on its neighbours.

`_encode` takes eight bytes at a time, as one word with the first byte lowest: it
assumes a little-endian machine, as all that numba compiles for are.
"""

import numpy as np
from numba import njit

APOSTROPHE = 0x27
LESS_THAN = 0x3C
# The two letters of Unicode whose lower case is not one code point chosen by the
# letter alone: I with a dot above becomes two, capital sigma looks around itself.
DOTTED_I = 0x130
CAPITAL_SIGMA = 0x3A3

ZERO, ONE = np.uint64(0), np.uint64(1)
# Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4).
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(32)
# Finding the first zero byte of a word, and its place (Warren, Hacker's Delight, 6-1).
LOW_BITS = np.uint64(0x0101010101010101)
HIGH_BITS = np.uint64(0x8080808080808080)
PLACES = np.uint64(0x0001020304050607)
SEVEN, TOP_BYTE, LAST_BIT = np.uint64(7), np.uint64(56), np.uint64(63)
# The key of a type of eight bytes or more is a hash with this bit. That of a shorter
# one is the word that holds it, whose last byte is zero.
LONG = np.uint64(1 << 63)


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
    words = np.empty(1 << 10, np.uint64)
    pool = np.empty(1 << 12, np.uint64)
    starts = np.zeros(1 << 12, np.int64)
    keys = np.zeros(1 << 13, np.uint64)
    values = np.empty(1 << 13, np.int32)
    # Typed, for numba would compile a callee once more for a literal zero.
    n_tokens, n_types, n_context = np.int64(0), np.int64(0), np.int64(0)
    for d in range(n_documents):
        # Three bytes at most for one, punctuation between two zeros, and two words of zeros.
        room = 3 * (offsets[d + 1] - offsets[d]) // 8 + 4
        if room > words.size:
            words = np.empty(2 * room, np.uint64)
        clean = words.view(np.uint8)
        size, seen = _normalise(
            text, offsets[d], offsets[d + 1], folded, keep_punctuation, strip_breaks, clean
        )
        n_context += seen
        # A token takes two bytes at least, its own and a zero.
        most = size // 2 + 1
        if n_tokens + most > ids.size:
            ids = _grown(ids, n_tokens + most)
        if starts[n_types] + size + 1 > pool.size:
            pool = _grown(pool, starts[n_types] + size + 1)
        if n_types + most + 1 > starts.size:
            starts = _grown(starts, n_types + most + 1)
        if 3 * (n_types + most) // 2 > keys.size:
            keys, values = _rehashed(keys, values, 3 * (n_types + most) // 2)
        n_tokens, n_types = _encode(words, size, ids, n_tokens, pool, starts, keys, values, n_types)
        token_offsets[d + 1] = n_tokens
    type_bytes, type_offsets = _unpacked(pool, starts[: n_types + 1])
    # Not copied: what lies behind was never touched, and so takes no memory.
    return ids[:n_tokens], token_offsets, type_bytes, type_offsets, n_context


@njit(cache=True, nogil=True)
def _normalise(text, start, end, folded, keep_punctuation, strip_breaks, clean):
    """Write a document's folded bytes to `clean`, zeros behind them; return their number.

    The second item returned counts the letters that need a look at their neighbours.
    """
    i, size, n_context = start, 0, 0
    while i < end:
        byte = text[i]
        code = np.int64(folded[byte])
        if byte < 0x80 and code >= 0:
            clean[size] = code
            size += 1
            i += 1
            continue
        first = i
        code, i = _code_point(text, i)
        code = np.int64(folded[code])
        alone = code < 0
        if alone:
            code = -code
            keep = keep_punctuation
            if code == APOSTROPHE:
                if size > 0 and clean[size - 1] != 0 and _opens_word(text, i, end, folded):
                    clean[size] = APOSTROPHE
                    size += 1
                    continue
            elif code == LESS_THAN and strip_breaks:
                after = _after_break(text, first, end)
                if after > first:
                    i = after
                    keep = False
            elif code in (DOTTED_I, CAPITAL_SIGMA):
                n_context += 1
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
    return size, n_context


@njit(cache=True, nogil=True)
def _code_point(text, i):
    """Return the code point that begins at byte i, and the index behind it."""
    code = np.int64(text[i])
    if code < 0x80:
        return code, i + 1
    if code < 0xE0:
        return (code & 0x1F) << 6 | (text[i + 1] & 0x3F), i + 2
    # Widened, for outside numba a byte that is shifted stays a byte.
    if code < 0xF0:
        code = (code & 0x0F) << 12 | np.int64(text[i + 1] & 0x3F) << 6
        return code | (text[i + 2] & 0x3F), i + 3
    code = (code & 0x07) << 18 | np.int64(text[i + 1] & 0x3F) << 12
    return code | np.int64(text[i + 2] & 0x3F) << 6 | (text[i + 3] & 0x3F), i + 4


@njit(cache=True, nogil=True)
def _opens_word(text, i, end, folded):
    """Tell whether a letter, digit or underscore stands at i."""
    if i >= end:
        return False
    code, _ = _code_point(text, i)
    return folded[code] > 0


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
def _encode(words, size, ids, n_tokens, pool, starts, keys, values, n_types):
    """Append the ids of a normalised document; return the numbers of tokens and types.

    Parameters
    ----------
    words : uint64 array
        The normalised bytes, eight to a word.
    size : int
        Their number.
    ids, n_tokens
        Where ids go, and how many are there.
    pool, starts
        The bytes of type k, in words of which only the last ends in a zero, are
        `pool[starts[k]:starts[k + 1]]`. A new type is written behind the others.
    keys, values, n_types
        An open-addressed table from a type's key to its id; a free slot has the key 0.
    """
    clean = words.view(np.uint8)
    mask = np.uint64(keys.size - 1)
    free = starts[n_types]
    i = 0
    while i < size:
        if clean[i] == 0:
            i += 1
            continue
        tail = free
        key = LONG
        while True:
            w, shift = i >> 3, np.uint64((i & 7) << 3)
            # Shifted in two steps, for shifting by 64 is not defined.
            word = words[w] >> shift | (words[w + 1] << ONE) << (LAST_BIT - shift)
            zeros = (word - LOW_BITS) & ~word & HIGH_BITS
            if zeros != ZERO:
                break
            pool[tail] = word
            tail += 1
            key = (key ^ word) * MULTIPLIER
            key ^= key >> HALF
            i += 8
        end_bit = (zeros & (~zeros + ONE)) >> SEVEN
        word &= end_bit - ONE
        i += np.int64(end_bit * PLACES >> TOP_BYTE)
        long = tail > free
        pool[tail] = word
        tail += 1
        if long:
            key = (key ^ word) * MULTIPLIER
            key = (key ^ key >> HALF) | LONG
        else:
            key = word
        hashed = key * MULTIPLIER
        slot = (hashed ^ hashed >> HALF) & mask
        while True:
            if keys[slot] == ZERO:
                k = n_types
                keys[slot] = key
                values[slot] = k
                n_types += 1
                starts[n_types] = tail
                free = tail
                break
            if keys[slot] == key:
                k = np.int64(values[slot])
                if not long:
                    break
                known, new = starts[k], free
                while new < tail and pool[known] == pool[new]:
                    known += 1
                    new += 1
                if new == tail:
                    break
            slot = (slot + ONE) & mask
        ids[n_tokens] = k
        n_tokens += 1
    return n_tokens, n_types


@njit(cache=True, nogil=True)
def _grown(array, needed):
    """Return a copy with room for `needed` items, at least twice the room it had."""
    larger = np.empty(max(needed, 2 * array.size), array.dtype)
    for k in range(array.size):  # a slice assignment takes seconds to compile
        larger[k] = array[k]
    return larger


@njit(cache=True, nogil=True)
def _rehashed(keys, values, needed):
    """Return a table with the same entries whose size is a power of two, `needed` or more."""
    size = keys.size
    while size < needed:
        size *= 2
    mask = np.uint64(size - 1)
    new_keys = np.zeros(size, np.uint64)
    new_values = np.empty(size, np.int32)
    for old in range(keys.size):
        if keys[old] != ZERO:
            hashed = keys[old] * MULTIPLIER
            slot = (hashed ^ hashed >> HALF) & mask
            while new_keys[slot] != ZERO:
                slot = (slot + ONE) & mask
            new_keys[slot] = keys[old]
            new_values[slot] = values[old]
    return new_keys, new_values


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
                word >>= np.uint64(8)
        offsets[k + 1] = size
    return data[:size].copy(), offsets
