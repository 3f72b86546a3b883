"""Tokens to their character n-grams, and the counts of these in documents.

A token is padded by a space on both sides. Its character n-grams are all runs of `low` to `high`
code points of the padded token, but not a space alone. A padded token that is shorter than `low`
is an n-gram itself.

The n-grams of each distinct token are found once. Those of token t are
`nodes[ends[t]:ends[t + 1]]`, one entry for each place. A table of strings (`kernels.distinct`)
numbers them; their bytes include the padding.
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.counting import BINARY, N_BEFORE, N_COLUMNS, mark_and_count, write_row
from pipeline.kernels.distinct import EIGHT, LONG, WIDTH, mixed, slot_in
from pipeline.kernels.hashing import FULL, HALF, ZERO

PADDING = np.uint8(0x20)
# Positions in `state`.
LOW, HIGH, ADDS, TOKEN, N_KNOWN = 0, 1, 2, 3, 4
STATE_SIZE = 5


@kernel(
    "void(uint8[::1], int64[::1], uint64[::1], int64[::1], uint64[::1], int32[::1], uint64[::1],"
    " int64[::1], int64[::1], int32[::1])"
)
def find(data, offsets, pool, starts, keys, values, ngram, state, ends, nodes):
    """Find the character n-grams of tokens.

    If it adds, it stops before a token whose n-grams may not fit the table. The caller enlarges the
    table and calls again. If not, the table is only read, so several threads may search it.

    Parameters
    ----------
    data, offsets : uint8 and int64 arrays
        Token t has the bytes `data[offsets[t]:offsets[t + 1]]`, valid UTF-8 without white space.
    pool, starts, keys, values
        The known n-grams; see `kernels.distinct`.
    ngram : uint64 array, shape (HIGH // 2 + 1,)
        Workspace: an n-gram, as it is in a pool. A code point has four bytes at most.
    state : int64 array, shape (STATE_SIZE,)
        LOW and HIGH, the lengths in code points; ADDS, 1 to add n-grams that are not known, 0 to
        leave them out. Changed in place: TOKEN, the next token; N_KNOWN, the known n-grams.
    ends : int64 array, shape (n_tokens + 1,)
        Receives where the n-grams of each token end; begins with 0.
    nodes : int32 array, an item for each place of an n-gram
        Receives the numbers of the n-grams.
    """
    low, high, adds = state[LOW], state[HIGH], state[ADDS] > 0
    for token in range(state[TOKEN], offsets.size - 1):
        n_known, n_found = state[N_KNOWN], ends[token]
        begin, size = offsets[token], offsets[token + 1] - offsets[token] + 2
        if adds and not _has_room(n_known, size * (high - low + 1), ngram.size, pool, starts, keys):
            return
        for i in range(size):
            if not _begins(data, begin, size, i):
                continue
            key, bits, shift, last, n, j = LONG, ZERO, ZERO, 0, 0, i
            while j < size and n < high:
                key, bits, shift, last, j = _append(
                    data, begin, size, j, ngram, key, bits, shift, last
                )
                n += 1
                is_padding = n == 1 and (i == 0 or j == size)
                if is_padding or (n < low and not (i == 0 and j == size)):
                    continue
                ngram[last] = bits
                whole = mixed(key, bits) | LONG if last > 0 else bits
                slot = slot_in(whole, ngram, 0, last, pool, starts, keys, values)
                if keys[slot] == ZERO:
                    if not adds:
                        continue
                    keys[slot], values[slot] = whole, n_known
                    first = starts[n_known]
                    for k in range(last + 1):
                        pool[first + k] = ngram[k]
                    n_known += 1
                    starts[n_known] = first + last + 1
                nodes[n_found] = values[slot]
                n_found += 1
        ends[token + 1] = n_found
        state[TOKEN], state[N_KNOWN] = token + 1, n_known


def _has_room(n_known, n_new, size, pool, starts, keys):
    """Return True if the table has space for more n-grams of up to `size` uint64s."""
    is_full = n_known + n_new > FULL * keys.size or n_known + n_new >= starts.size
    return not is_full and starts[n_known] + n_new * size <= pool.size


def _begins(data, begin, size, i):
    """Return True if a code point begins at byte i of a padded token of `size` bytes."""
    return i == 0 or i >= size - 1 or data[begin + i - 1] & 0xC0 != 0x80


def _append(data, begin, size, j, ngram, key, bits, shift, last):
    """Append the code point at byte j of a padded token to an n-gram.

    The n-gram has the uint64s `ngram[:last]` with the hash `key`, and then `bits`, which end at
    `shift`. Returns these for the longer one, and the byte behind the code point.
    """
    while True:
        byte = data[begin + j - 1] if 0 < j < size - 1 else PADDING
        bits |= np.uint64(byte) << shift
        shift += EIGHT
        j += 1
        if shift == WIDTH:
            ngram[last] = bits
            key, last, bits, shift = mixed(key, bits), last + 1, ZERO, ZERO
        if _begins(data, begin, size, j):
            return key, bits, shift, last, j


@kernel("void(int32[::1], int64[::1], int64[::1], int32[::1], int32[::1], int32[::1], int32[::1])")
def document_frequency(ids, offsets, ends, nodes, last_token, last, frequency):
    """Count the documents that hold each n-gram.

    Parameters
    ----------
    ids : int32 array
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    ends, nodes
        From `find`.
    last_token, last : int32 arrays, shape (n_distinct,) and (n_ngrams,), of -1
        Workspace: the last document that holds each token, and each n-gram.
    frequency : int32 array, shape (n_ngrams,), of zeros
        Receives the number of documents.
    """
    for d in range(offsets.size - 1):
        for i in range(offsets[d], offsets[d + 1]):
            token = ids[i]
            if last_token[token] == d:
                continue
            last_token[token] = d
            for p in range(ends[token], ends[token + 1]):
                # Without a branch, as `ngrams.document_frequency`.
                frequency[nodes[p]] += last[nodes[p]] != d
                last[nodes[p]] = d


@kernel("void(int32[::1], int64[::1], int64[::1], int64[::1])")
def count_places(ids, offsets, ends, before):
    """Count the places of n-grams in the documents before each one.

    Parameters
    ----------
    ids, offsets, ends
        As in `document_frequency`.
    before : int64 array, shape (n_documents + 1,)
        Receives the numbers; begins with 0.
    """
    for d in range(offsets.size - 1):
        n = before[d]
        for i in range(offsets[d], offsets[d + 1]):
            n += ends[ids[i] + 1] - ends[ids[i]]
        before[d + 1] = n


@kernel(
    "int64(int32[::1], int64[::1], int64[::1], int32[::1], int64[::1], uint64[::1], float32[::1],"
    " int32[::1], int64[::1])"
)
def count(ids, offsets, ends, columns, params, marks, data, indices, indptr):
    """Count the character n-grams of a vocabulary in every document; return the non-zeros.

    Parameters
    ----------
    ids : int32 array
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    ends, columns : int64 and int32 arrays
        From `find`, with the column of each n-gram for its number.
    params : int64 array, shape (N_PARAMS,)
        N_COLUMNS; N_BEFORE, the number of documents that were counted before with these `marks`;
        BINARY, 1 to write 1 for every count.
    marks : uint64 array of zeros
        Workspace, as in `counting.count`: the columns of a document in two levels of bits, and
        for each column the last document that holds it and how often.
    data, indices : float32 and int32 arrays, shape (n_places,)
        Receive the counts and their columns, ascending in each row.
    indptr : int64 array, shape (n_documents + 1,)
        Receives where each row ends.
    """
    n_columns, binary = params[N_COLUMNS], params[BINARY] > 0
    n_summary, n_bits = (n_columns >> 12) + 1, (n_columns >> 6) + 1
    summary, bits = marks[:n_summary], marks[n_summary : n_summary + n_bits]
    seen = marks[n_summary + n_bits :]
    n_nonzeros = 0
    for d in range(offsets.size - 1):
        this_document = np.uint64(params[N_BEFORE] + d + 1) << HALF
        for i in range(offsets[d], offsets[d + 1]):
            found = columns[ends[ids[i]] : ends[ids[i] + 1]]
            mark_and_count(found, n_columns, bits, summary, this_document, seen)
        n_nonzeros = write_row(bits, summary, seen, binary, data, indices, n_nonzeros)
        indptr[d + 1] = n_nonzeros
    return n_nonzeros


@kernel(
    "int64(float32[::1], int32[::1], int64[::1], float32[::1], int32[::1], int64[::1],"
    " float32[::1], int32[::1], int64[::1])"
)
def merge(data_a, indices_a, indptr_a, data_b, indices_b, indptr_b, data, indices, indptr):
    """Merge the rows of two CSR matrices without a column in common; return the non-zeros.

    Parameters
    ----------
    data_a, indices_a, indptr_a, data_b, indices_b, indptr_b
        The matrices; the indices ascend in each row.
    data, indices : float32 and int32 arrays, as long as both together
        Receive the rows, in which the indices ascend, too.
    indptr : int64 array, shape (n_rows + 1,)
        Receives where each row ends.
    """
    n = 0
    for row in range(indptr.size - 1):
        a, b = indptr_a[row], indptr_b[row]
        end_a, end_b = indptr_a[row + 1], indptr_b[row + 1]
        while a < end_a or b < end_b:
            if b == end_b or (a < end_a and indices_a[a] < indices_b[b]):
                indices[n], data[n] = indices_a[a], data_a[a]
                a += 1
            else:
                indices[n], data[n] = indices_b[b], data_b[b]
                b += 1
            n += 1
        indptr[row + 1] = n
    return n
