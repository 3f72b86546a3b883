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
assumes a little-endian machine, as all that numba compiles for are. `kernels.distinct`
says how types are kept and found.
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.distinct import LONG, mixed, slot_of
from pipeline.kernels.hashing import FULL, ONE, ZERO

# No byte that is a character by itself has this bit.
CLOSER_LOOK = 0x80
APOSTROPHE = 0x27
LESS_THAN = 0x3C
# The two letters of Unicode whose lower case is not one code point chosen by the
# letter alone: I with a dot above becomes two, capital sigma looks around itself.
DOTTED_I = 0x130
CAPITAL_SIGMA = 0x3A3

# Finding the first zero byte of a word, and its place (Warren, Hacker's Delight, 6-1).
LOW_BITS = np.uint64(0x0101010101010101)
HIGH_BITS = np.uint64(0x8080808080808080)
PLACES = np.uint64(0x0001020304050607)
SEVEN, TOP_BYTE, LAST_BIT = np.uint64(7), np.uint64(56), np.uint64(63)


# Where `tokenise` has got to.
DOCUMENT, N_TOKENS, N_TYPES, N_CONTEXT = 0, 1, 2, 3
STATE_SIZE = 4


@kernel(
    "void(uint8[::1], int64[::1], int32[::1], uint8[::1], bool, bool, uint64[::1], int32[::1],"
    " int64[::1], uint64[::1], int64[::1], uint64[::1], int32[::1], int64[::1])"
)
def tokenise(
    text,
    offsets,
    folded,
    plain,
    keep_punctuation,
    strip_breaks,
    words,
    ids,
    token_offsets,
    pool,
    starts,
    keys,
    values,
    state,
):
    """Tokenise documents that lie one after the other in a buffer of UTF-8 bytes.

    Stops before a document for whose types the table may be too small. The caller
    doubles it (`rehash`) and calls again.

    Parameters
    ----------
    text : uint8 array
        Valid UTF-8.
    offsets : int64 array, shape (n_documents + 1,)
        Document d is `text[offsets[d]:offsets[d + 1]]`.
    folded : int32 array, shape (0x110000,) or (0x10000,)
        What each code point becomes; see the head of this file. The first 65,536 are enough
        for a text of these alone.
    plain : uint8 array, shape (256,)
        The same for bytes that are a character each; `CLOSER_LOOK` for those that need one.
    keep_punctuation, strip_breaks : bool
        Whether punctuation makes tokens; whether `<br>` separates.
    words : uint64 array
        Workspace for the longest document, normalised: three bytes for one, and two words more.
    ids : int32 array
        Receives the tokens' numbers.
    token_offsets : int64 array, shape (n_documents + 1,)
        Receives where each document's tokens begin and end.
    pool, starts, keys, values
        The types, and the table that finds them.
    state : int64 array, shape (STATE_SIZE,)
        DOCUMENT is the next one; N_TOKENS and N_TYPES are there so far; N_CONTEXT letters
        were met whose lower case depends on their neighbours.
    """
    clean = words.view(np.uint8)
    for d in range(state[DOCUMENT], offsets.size - 1):
        size, n_context = _normalise(
            text, offsets[d], offsets[d + 1], folded, plain, keep_punctuation, strip_breaks, clean
        )
        # A token takes two bytes at least, its own and a zero.
        if state[N_TYPES] + size // 2 + 1 > FULL * keys.size:
            return
        n_tokens, n_types = _encode(
            words, size, ids, state[N_TOKENS], pool, starts, keys, values, state[N_TYPES]
        )
        token_offsets[d + 1] = n_tokens
        state[N_TOKENS], state[N_TYPES] = n_tokens, n_types
        state[N_CONTEXT] += n_context
        state[DOCUMENT] = d + 1


def _normalise(text, start, end, folded, plain, keep_punctuation, strip_breaks, clean):
    """Write a document's folded bytes to `clean`, zeros behind them; return their number.

    The second item returned counts the letters that need a look at their neighbours.
    """
    i, size, n_context = start, 0, 0
    while i < end:
        size, n_plain = _copy_plain(text, i, end, plain, clean, size)
        i += n_plain
        if i == end:
            break
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


def _copy_plain(text, i, end, plain, clean, size):
    """Fold bytes up to one that needs a closer look; return the new size and their number.

    Most bytes need none, so eight are looked up at a time, and of all one bit is looked at.
    """
    start = i
    while i + 8 <= end:
        # Slices, for within them no index is negative.
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
    # Widened, for outside numba a byte that is shifted stays a byte.
    if code < 0xF0:
        code = (code & 0x0F) << 12 | np.int64(text[i + 1] & 0x3F) << 6
        return code | (text[i + 2] & 0x3F), i + 3
    code = (code & 0x07) << 18 | np.int64(text[i + 1] & 0x3F) << 12
    return code | np.int64(text[i + 2] & 0x3F) << 6 | (text[i + 3] & 0x3F), i + 4


def _opens_word(text, i, end, folded):
    """Tell whether a letter, digit or underscore stands at i."""
    if i >= end:
        return False
    code, _ = _code_point(text, i)
    return folded[code] > 0


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


def _encode(words, size, ids, n_tokens, pool, starts, keys, values, n_types):
    """Append the ids of a normalised document; return the numbers of tokens and types."""
    clean = words.view(np.uint8)
    first = starts[n_types]
    i = 0
    while i < size:
        if clean[i] == 0:
            i += 1
            continue
        last = first
        key = LONG
        while True:
            w, shift = i >> 3, np.uint64((i & 7) << 3)
            # Shifted in two steps, for shifting by 64 is not defined.
            word = words[w] >> shift | (words[w + 1] << ONE) << (LAST_BIT - shift)
            zeros = (word - LOW_BITS) & ~word & HIGH_BITS
            if zeros != ZERO:
                break
            pool[last] = word
            last += 1
            key = mixed(key, word)
            i += 8
        end_bit = (zeros & (~zeros + ONE)) >> SEVEN
        word &= end_bit - ONE
        i += np.int64(end_bit * PLACES >> TOP_BYTE)
        pool[last] = word
        key = mixed(key, word) | LONG if last > first else word
        slot = slot_of(key, pool, first, last, starts, keys, values)
        if keys[slot] == ZERO:
            keys[slot] = key
            values[slot] = n_types
            n_types += 1
            first = last + 1
            starts[n_types] = first
        ids[n_tokens] = values[slot]
        n_tokens += 1
    return n_tokens, n_types
