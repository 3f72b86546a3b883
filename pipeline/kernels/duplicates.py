"""Hash and shingle the bytes of reviews, and compare those that may be near-copies.

A document is a slice `text[offsets[d]:offsets[d + 1]]` of a buffer of UTF-8 bytes. The two
documents of a pair may lie in two buffers, each with its own numbers.

A word is a maximal run of ASCII letters, digits and bytes >= 0x80, lowercased where ASCII. A
shingle is five consecutive words. A document of one to four words has one shingle, all of it; a
document without words has none. A shingle is represented by a hash of 64 bits, so two different
ones are taken for equal with a probability of about 2**-64.

References
----------
A. Z. Broder, "On the resemblance and containment of documents", SEQUENCES 1997.
J. D. Cohen, "Recursive hashing functions for n-grams", ACM TOIS 15(3), 1997.
G. Fowler, L. C. Noll, K.-P. Vo, "The FNV non-cryptographic hash algorithm" (FNV-1a, 64 bits).
"""

import numpy as np

from pipeline.kernels.compiled import kernel

WORDS_PER_SHINGLE = 5
NO_HASH = np.uint32(0xFFFFFFFF)  # an empty bucket of a sketch

# All constants are uint64, because numba turns uint64 with int64 into float64.
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_LEFT, _RIGHT = np.uint64(5), np.uint64(59)  # a rotation by 5 bits, coprime with 64
_FNV_BASIS, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
# The finaliser of MurmurHash3 (A. Appleby, public domain): each input bit affects each output bit.
_SHIFT, _HALF = np.uint64(33), np.uint64(32)
_MIX_1, _MIX_2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)


def _mixed(values):
    """Return hashes of small integers (uint64 array in, uint64 array out)."""
    hashes = (values + _ONE) * np.uint64(0x9E3779B97F4A7C15)
    hashes = (hashes ^ (hashes >> _SHIFT)) * _MIX_1
    hashes = (hashes ^ (hashes >> _SHIFT)) * _MIX_2
    return hashes ^ (hashes >> _SHIFT)


def _word_table():
    """Return a random number for each byte of words, the same for both cases; 0 for all others."""
    byte = np.arange(256)
    byte = np.where((byte >= ord("A")) & (byte <= ord("Z")), byte + 32, byte)
    letter = (byte >= ord("a")) & (byte <= ord("z"))
    digit = (byte >= ord("0")) & (byte <= ord("9"))
    in_word = letter | digit | (byte >= 0x80)
    return np.where(in_word, _mixed(byte.astype(np.uint64)), _ZERO)


_WORD = _word_table()
_SPACE = np.isin(np.arange(256), [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]).astype(np.uint64)
# Odd multipliers, one for each word of a shingle (multilinear hashing).
_Q0, _Q1, _Q2, _Q3, _Q4 = _mixed(np.arange(256, 256 + WORDS_PER_SHINGLE, dtype=np.uint64)) | _ONE


def _wide_space(document, i):
    """Return True if white space beyond ASCII, as `str.isspace` has it, begins at byte `i`."""
    if document[i] == 0xC2 and i + 1 < document.size:
        return document[i + 1] == 0x85 or document[i + 1] == 0xA0
    if document[i] < 0xE1 or document[i] > 0xE3 or i + 2 >= document.size:
        return False
    high, middle = np.int64(document[i] & 0x0F), np.int64(document[i + 1] & 0x3F)
    point = high << 12 | middle << 6 | np.int64(document[i + 2] & 0x3F)
    if 0x2000 <= point <= 0x200A or 0x2028 <= point <= 0x2029:
        return True
    return point == 0x1680 or point == 0x202F or point == 0x205F or point == 0x3000


def _read(document, hashes):
    """Hash the words of a document, and count its characters and white-space-separated fields.

    The hash of a word is rotated by 5 bits for each of its bytes, and the random number of the
    byte is added: Cohen's cyclic polynomials with addition instead of exclusive or, because with
    the latter a letter repeated 128 times would cancel out.

    The loop does not branch on the kind of an ASCII byte, because words end too irregularly for a
    processor to predict. The hash so far is stored at every byte; only the index to store it at
    moves on at the end of a word.

    Parameters
    ----------
    document : uint8 array
        UTF-8 bytes.
    hashes : uint64 array, at least `document.size // 2 + 2` long
        Receives the hash of each word.

    Returns
    -------
    tuple of (int, int, int, uint64)
        The number of words, of characters, of fields as `str.split` makes them, and the FNV-1a
        hash of all bytes.
    """
    fingerprint = _FNV_BASIS
    rolling, n_words, in_word = _ZERO, _ZERO, _ZERO
    n_fields, after_space, n_continuations = _ZERO, _ONE, 0
    for i in range(document.size):
        byte = document[i]
        fingerprint = (fingerprint ^ np.uint64(byte)) * _FNV_PRIME
        number = _WORD[byte]
        belongs = np.uint64(number != _ZERO)
        n_words += in_word & ~belongs
        rolling = ((rolling << _LEFT | rolling >> _RIGHT) + number) & (_ZERO - belongs)
        hashes[n_words] = rolling
        in_word = belongs
        space = _SPACE[byte]
        if byte >= 0x80:
            if byte < 0xC0:
                space = after_space  # a continuation byte: the kind of the byte before
                n_continuations += 1
            elif _wide_space(document, i):
                space = _ONE
        n_fields += after_space & ~space
        after_space = space
    n_characters = document.size - n_continuations
    return np.int64(n_words + in_word), n_characters, np.int64(n_fields), fingerprint


def _shingle(hashes, n_words, shingles):
    """Hash every shingle of a document; return the number of shingles, repeats included."""
    if n_words == 0:
        return 0
    for i in range(n_words, WORDS_PER_SHINGLE):
        hashes[i] = _ZERO
    n_shingles = max(n_words - WORDS_PER_SHINGLE + 1, 1)
    for i in range(n_shingles):
        mixed = hashes[i] * _Q0 + hashes[i + 1] * _Q1 + hashes[i + 2] * _Q2
        mixed += hashes[i + 3] * _Q3 + hashes[i + 4] * _Q4
        mixed = (mixed ^ (mixed >> _SHIFT)) * _MIX_1
        mixed = (mixed ^ (mixed >> _SHIFT)) * _MIX_2
        shingles[i] = mixed ^ (mixed >> _SHIFT)
    return n_shingles


def _sketch(shingles, sketch):
    """Keep the smallest hash of each bucket: its high 32 bits. The low bits choose the bucket."""
    last_bits = np.uint64(sketch.size - 1)
    for shingle in shingles:
        bucket = shingle & last_bits
        sketch[bucket] = min(sketch[bucket], np.uint32(shingle >> _HALF))


@kernel(
    "void(uint8[::1], int64[::1], uint64[::1], uint64[::1], int32[:, ::1], uint64[::1],"
    " uint32[:, ::1])"
)
def scan(text, offsets, hashes, shingles, counts, fingerprints, sketches):
    """Read every document of a buffer once.

    Parameters
    ----------
    text : uint8 array
        UTF-8 bytes.
    offsets : int64 array, shape (n + 1,)
        Document d is `text[offsets[d]:offsets[d + 1]]`.
    hashes, shingles : uint64 arrays, half the bytes of the longest document and 8 more
        Workspace.
    counts : int32 array, shape (n, 2)
        Receives the numbers of characters and of white-space-separated words, as `str.split`.
    fingerprints : uint64 array, shape (n,)
        Receives a hash of the bytes.
    sketches : uint32 array, shape (n, n_buckets), filled with `NO_HASH`
        Receives the high half of the smallest shingle hash of each bucket: one-permutation
        MinHash (P. Li, A. Owen, C.-H. Zhang, "One permutation hashing", NIPS 2012). n_buckets is
        a power of two.
    """
    for document in range(offsets.size - 1):
        content = text[offsets[document] : offsets[document + 1]]
        n_words, n_characters, n_fields, fingerprint = _read(content, hashes)
        counts[document, 0] = n_characters
        counts[document, 1] = n_fields
        fingerprints[document] = fingerprint
        _sketch(shingles[: _shingle(hashes, n_words, shingles)], sketches[document])


@kernel("void(uint8[::1], int64[::1], uint8[::1], int64[::1], int64[:, ::1], bool[::1])")
def same_bytes(text, offsets, more_text, more_offsets, pairs, same):
    """Compare the bytes of pairs of documents.

    Parameters
    ----------
    text, offsets, more_text, more_offsets : uint8 and int64 arrays
        The buffers of the first and of the second documents of the pairs.
    pairs : int64 array, shape (n_pairs, 2)
        Numbers of documents, each in its buffer.
    same : bool array, shape (n_pairs,)
        Receives whether both documents have the same bytes.
    """
    for i in range(pairs.shape[0]):
        left, right = offsets[pairs[i, 0]], more_offsets[pairs[i, 1]]
        left_size = offsets[pairs[i, 0] + 1] - left
        right_size = more_offsets[pairs[i, 1] + 1] - right
        k = 0
        if left_size == right_size:
            while k < left_size and text[left + k] == more_text[right + k]:
                k += 1
        same[i] = left_size == right_size == k


def _may_resemble(left, right):
    """Return True if two sketches agree in more than an eighth of the buckets that they use."""
    n_used = n_equal = 0
    for i in range(left.size):
        n_used += min(left[i], right[i]) != NO_HASH
        n_equal += left[i] == right[i] and left[i] != NO_HASH
    return 8 * n_equal > n_used


@kernel("int64(uint64[::1], uint64, int64, uint32[:, ::1], int64[:, ::1])")
def candidates(keys, document_bits, group_limit, sketches, pairs):
    """List pairs of documents that share a hash and have similar sketches; return their number.

    Parameters
    ----------
    keys : uint64 array, ascending
        A hash each, in the high bits, and the number of the document that has it, in the last
        `document_bits` bits.
    document_bits : uint64
    group_limit : int
        From so many documents with one hash on, a document is compared with the previous one
        alone. Otherwise a phrase that ends all reviews would make the work quadratic.
    sketches : uint32 array, shape (n, n_buckets)
        From `scan`.
    pairs : int64 array, shape (max_pairs, 2)
        Receives the pairs, the smaller number first. More pairs than fit are only counted.
    """
    n_pairs = start = 0
    last_bits = (_ONE << document_bits) - _ONE
    for i in range(1, keys.size):
        if keys[i] >> document_bits != keys[start] >> document_bits:
            start = i
        document = keys[i] & last_bits
        for j in range(start if i - start < group_limit else i - 1, i):
            earlier = keys[j] & last_bits
            if earlier == document or not _may_resemble(sketches[earlier], sketches[document]):
                continue
            if n_pairs < pairs.shape[0]:
                pairs[n_pairs, 0] = earlier
                pairs[n_pairs, 1] = document
            n_pairs += 1
    return n_pairs


def _resemblance(shingles, n_left, table):
    """Return |A and B| / |A or B| of two sets of hashes, given with repeats; 0 if both are empty.

    The first `n_left` of `shingles` are A, the others B. `table` is an open-addressed hash table
    of a power of two slots: the first column is 0 if a slot is empty, 1 for a hash found in A
    alone and 2 for one found in B; the second column is the hash.
    """
    last_bits = np.uint64(table.shape[0] - 1)
    for slot in range(table.shape[0]):
        table[slot, 0] = _ZERO
    n_distinct = n_shared = 0
    for i in range(shingles.size):
        owner = 1 if i < n_left else 2
        slot = shingles[i] & last_bits
        while table[slot, 0] != _ZERO and table[slot, 1] != shingles[i]:
            slot = (slot + _ONE) & last_bits
        n_distinct += table[slot, 0] == 0
        n_shared += table[slot, 0] == 1 and owner == 2
        table[slot, 0] = owner
        table[slot, 1] = shingles[i]
    return n_shared / max(n_distinct, 1)


@kernel(
    "void(uint8[::1], int64[::1], uint8[::1], int64[::1], int64[:, ::1], uint64[::1], uint64[::1],"
    " uint64[:, ::1], float64[::1])"
)
def resemblances(text, offsets, more_text, more_offsets, pairs, hashes, shingles, table, out):
    """Compute the resemblance |A and B| / |A or B| of the shingles of pairs of documents.

    Parameters
    ----------
    text, offsets, more_text, more_offsets, pairs : uint8 and int64 arrays
        As in `same_bytes`.
    hashes, shingles : uint64 arrays
        Workspace: as in `scan`, and twice as long.
    table : uint64 array, shape (n_slots, 2)
        Workspace. n_slots is a power of two, at least twice the size of `shingles`.
    out : float64 array, shape (n_pairs,)
        Receives the resemblance, 0 if neither document has a word.
    """
    for i in range(pairs.shape[0]):
        n_left = n_shingles = 0
        for side in range(2):
            n_left = n_shingles
            if side == 0:
                document = text[offsets[pairs[i, 0]] : offsets[pairs[i, 0] + 1]]
            else:
                document = more_text[more_offsets[pairs[i, 1]] : more_offsets[pairs[i, 1] + 1]]
            n_words = _read(document, hashes)[0]
            n_shingles += _shingle(hashes, n_words, shingles[n_left:])
        size = 8
        while size < 2 * n_shingles:
            size *= 2
        out[i] = _resemblance(shingles[:n_shingles], n_left, table[:size])
