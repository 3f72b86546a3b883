"""Walk a trie of n-grams over token ids, and write the counts as CSR.

The n-grams of a vocabulary, their prefixes and their tokens are the nodes of a trie. Node k is
the n-gram of column k if k < n_columns; the other nodes are not columns themselves. A token that
occurs in any n-gram has a node of its own, its root.

An edge leads from the node of (t_1, ..., t_n-1) by the root of t_n to the node of (t_1, ..., t_n).
All edges are in one open-addressed hash table, `edges`. The search for an edge begins at a bucket
of eight slots, which a processor fetches at once, and continues in the next bucket if that one is
full. The high bits of its hash choose the bucket, so an entry need only hold the low ones, its tag
(Cleary 1984, Compact Hash Tables Using Bidirectional Linear Probing). The `n_bits` bits that are
left hold n_nodes less the node that the edge leads to. An empty slot is 0.
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.hashing import HALF, MULTIPLIER, ONE, ZERO

# Slots of the hash table in a bucket: 64 bytes, a line of memory.
BUCKET = 8
# Positions in `params` of `count`.
MAX_N, N_COLUMNS, N_NODES, N_BITS, N_BEFORE, BINARY = 0, 1, 2, 3, 4, 5
N_PARAMS = 6
# The half of an entry of `seen` that is a count; the other is a document's number.
FREQUENCY = np.uint64(0xFFFFFFFF)


def _bit_positions():
    """Return the position of the one bit of x at the index that a De Bruijn product gives.

    Leiserson, Prokop & Randall 1998, Using de Bruijn Sequences to Index a 1 in a
    Computer Word.
    """
    positions = np.zeros(64, np.int64)
    for k in range(64):
        positions[((1 << k) * int(DE_BRUIJN) & (1 << 64) - 1) >> 58] = k
    return positions


DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
POSITIONS = _bit_positions()
TOP_SIX, BITS = np.uint64(58), np.uint64(64)


@kernel("int64(int32[:, ::1], int32[::1], int64, int32[::1])")
def assign_roots(digits, columns, n_columns, roots):
    """Give every token of a vocabulary its root; return the number of nodes so far.

    Parameters
    ----------
    digits : int32 array, shape (n_ngrams, max_n)
        The tokens of each n-gram, numbered from 1; 0 behind the last.
    columns : int32 array, shape (n_ngrams,)
        The column of each n-gram; -1 if it is not in the vocabulary.
    n_columns : int
    roots : int32 array, shape (n_tokens,), of -1
        Receives the root of each token: the column of a token that is one, a new node for a
        token of longer n-grams only. A token of neither keeps -1.
    """
    for ngram in range(columns.size):
        if columns[ngram] >= 0 and (digits.shape[1] == 1 or digits[ngram, 1] == 0):
            roots[digits[ngram, 0] - 1] = columns[ngram]
    n_nodes = n_columns
    for ngram in range(columns.size):
        if columns[ngram] >= 0:
            for digit in digits[ngram]:
                if digit == 0:
                    break
                if roots[digit - 1] < 0:
                    roots[digit - 1] = n_nodes
                    n_nodes += 1
    return n_nodes


@kernel(
    "int64(int32[:, ::1], int32[::1], int32[::1], int64, int64, uint64, int32[::1], int64[::1],"
    " uint64[::1], int32[::1])"
)
def list_edges(digits, columns, roots, n_roots, n_bits, shift, path, ends, hashes, children):
    """List the edges of a vocabulary's trie; return the number of all nodes.

    Called twice: first to count the edges, with `hashes` and `children` empty and `ends` of zeros;
    then to write them by partitions, which lie close together in the hash table.

    Parameters
    ----------
    digits, columns, roots
        As in `assign_roots`. N-grams are in alphabetical order, so that those with a common prefix
        follow each other, the shortest first.
    n_roots : int
        What `assign_roots` returned.
    n_bits : int
        Every node is less than 2^n_bits.
    shift : uint64
        The hash of an edge, shifted right by so many bits, is its partition.
    path : int32 array, shape (max_n,)
        Workspace: the nodes of the previous n-gram's prefixes.
    ends : int64 array, shape (n_partitions,)
        Where each partition begins; moved to where it ends.
    hashes, children : uint64 and int32 arrays, shape (n_edges,) or (0,)
        Receive the hash of each edge, and the node that it leads to.
    """
    n_nodes, previous = n_roots, -1
    for ngram in range(columns.size):
        if columns[ngram] < 0:
            continue
        last = 0
        while last + 1 < digits.shape[1] and digits[ngram, last + 1] > 0:
            last += 1
        n_same = 0  # leading tokens that the previous n-gram has, too
        while previous >= 0 and n_same < last and digits[ngram, n_same] == digits[previous, n_same]:
            n_same += 1
        previous = ngram
        path[0] = roots[digits[ngram, 0] - 1]
        for k in range(max(n_same, 1), last + 1):
            path[k] = columns[ngram]
            if k < last:  # a prefix that is no column
                path[k] = n_nodes
                n_nodes += 1
            hashed = edge_hash(path[k - 1], roots[digits[ngram, k] - 1], n_bits)
            p = np.int64(hashed >> shift)
            if hashes.size:
                hashes[ends[p]], children[ends[p]] = hashed, path[k]
            ends[p] += 1
    return n_nodes


@kernel("void(uint64[::1], int32[::1], int64, int64, uint64[::1])")
def insert(hashes, children, n_nodes, n_bits, edges):
    """Insert edges into an empty hash table.

    Parameters
    ----------
    hashes, children : uint64 and int32 arrays, shape (n_edges,)
        From `list_edges`, by partitions: each fills a part of the table that fits a cache.
    n_nodes, n_bits : int
    edges : uint64 array of zeros, shape (n_slots,), whole buckets
        Receives the edges.
    """
    for i in range(hashes.size):
        slot = _bucket(edges, hashes[i])
        while edges[slot] != ZERO:
            slot = slot + 1 if slot + 1 < edges.size else 0
        edges[slot] = _tag(hashes[i], n_bits) | np.uint64(n_nodes - children[i])


@kernel(
    "int64(int32[::1], int64[::1], int32[::1], uint64[::1], int64[::1], uint64[::1],"
    " float32[::1], int32[::1], int64[::1])"
)
def count(ids, offsets, roots, edges, params, marks, data, indices, indptr):
    """Count the n-grams of a vocabulary in every document; return the number of non-zeros.

    Parameters
    ----------
    ids : int32 array
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    roots : int32 array, shape (n_distinct,)
        The root of each id; n_nodes stands for none.
    edges : uint64 array, shape (n_slots,)
        The hash table.
    params : int64 array, shape (N_PARAMS,)
        MAX_N, N_COLUMNS, N_NODES and N_BITS of the trie; N_BEFORE, the number of documents that
        were counted before with these `marks`; BINARY, 1 to write 1 for every count.
    marks : uint64 array of zeros, shape (n_nodes >> 12) + 1 + (n_nodes >> 6) + 1 + n_nodes + 1
        Workspace, three levels of what is known of the nodes: 64 nodes of the second level a
        uint64, 64 nodes a uint64, and, not needed if BINARY, for each node the last document
        that holds it (high half) and how often (low half).
    data, indices : float32 and int32 arrays, shape (MAX_N * n_tokens,)
        Receive the counts and their columns, ascending in each row.
    indptr : int64 array, shape (n_documents + 1,)
        Receives where each row ends.
    """
    max_n, n_columns, n_nodes = params[MAX_N], params[N_COLUMNS], params[N_NODES]
    binary = params[BINARY] > 0
    n_summary, n_bits = (n_nodes >> 12) + 1, (n_nodes >> 6) + 1
    summary, bits = marks[:n_summary], marks[n_summary : n_summary + n_bits]
    seen = marks[n_summary + n_bits :]
    unsigned = data.view(np.uint32)
    n_nonzeros = 0
    for d in range(offsets.size - 1):
        document = ids[offsets[d] : offsets[d + 1]]
        this_document = np.uint64(params[N_BEFORE] + d + 1) << HALF
        # The workspace of a document lies where its row will be written.
        tokens = indices[n_nonzeros : n_nonzeros + document.size]
        nodes = indices[n_nonzeros + document.size : n_nonzeros + 2 * document.size]
        slots = unsigned[n_nonzeros : n_nonzeros + document.size + 1]
        for i in range(document.size):
            tokens[i] = roots[document[i]]
        for n in range(1, min(max_n, document.size) + 1):
            found = tokens
            if n > 1:
                prefixes = tokens if n == 2 else nodes
                found = nodes[: document.size - n + 1]
                descend(prefixes, tokens[n - 1 :], edges, params, slots, found)
            if binary:
                _mark(found, n_columns, bits, summary)
            else:
                mark_and_count(found, n_columns, bits, summary, this_document, seen)
        n_nonzeros = write_row(bits, summary, seen, binary, data, indices, n_nonzeros)
        indptr[d + 1] = n_nonzeros
    return n_nonzeros


def descend(prefixes, tokens, edges, params, slots, nodes):
    """Write to `nodes` where the edge of each prefix and the token behind it leads.

    All buckets are fetched before any is searched, so that the loads overlap instead of waiting
    for each other.
    """
    n_nodes, n_bits = params[N_NODES], params[N_BITS]
    fetched = ZERO
    for i in range(nodes.size):
        slots[i] = _bucket(edges, edge_hash(prefixes[i], tokens[i], n_bits))
        fetched |= edges[slots[i]]
    slots[nodes.size] = fetched != ZERO  # used, so that the compiler keeps the loads
    for i in range(nodes.size):
        tag = _tag(edge_hash(prefixes[i], tokens[i], n_bits), n_bits)
        nodes[i] = n_nodes - _found(edges, tag, n_bits, np.uint64(slots[i]))


def _mark(nodes, n_columns, bits, summary):
    """Set the bits of the nodes that are columns, in both levels.

    Without a branch, which a processor would often predict wrongly.
    """
    for node in nodes:
        bit = np.uint64(node < n_columns)
        bits[node >> 6] |= bit << np.uint64(node & 63)
        summary[node >> 12] |= bit << np.uint64(node >> 6 & 63)


def mark_and_count(nodes, n_columns, bits, summary, this_document, seen):
    """Set the bits as `_mark` does, and count the nodes."""
    for node in nodes:
        bit = np.uint64(node < n_columns)
        bits[node >> 6] |= bit << np.uint64(node & 63)
        summary[node >> 12] |= bit << np.uint64(node >> 6 & 63)
        before = seen[node]
        again = np.uint64(before >= this_document)
        seen[node] = this_document | again * (before & FREQUENCY) + ONE


def write_row(bits, summary, seen, binary, data, indices, start):
    """Write the columns whose bits are set, and their counts, from `start`; return their end.

    Reading the bits in order sorts the columns without a comparison. All are clear afterwards.
    """
    end = start
    for s in range(summary.size):
        block = summary[s]
        summary[s] = ZERO
        while block != ZERO:
            low = block & (~block + ONE)
            block ^= low
            b = (s << 6) + POSITIONS[low * DE_BRUIJN >> TOP_SIX]
            left = bits[b]
            bits[b] = ZERO
            while left != ZERO:
                low = left & (~left + ONE)
                left ^= low
                indices[end] = (b << 6) + POSITIONS[low * DE_BRUIJN >> TOP_SIX]
                end += 1
    for p in range(start, end):
        data[p] = 1 if binary else np.int32(seen[indices[p]] & FREQUENCY)
    return end


def edge_hash(node, token, n_bits):
    """Return the hash of an edge, which no other edge has: in the highest 2 n_bits bits."""
    bits = np.uint64(n_bits)
    return ((np.uint64(node) << bits | np.uint64(token)) << (BITS - bits - bits)) * MULTIPLIER


def _bucket(edges, hashed):
    """Return where the bucket of an edge begins: by the high bits of its hash."""
    n_buckets = np.uint64(edges.size // BUCKET)
    return np.int64((hashed >> HALF) * n_buckets >> HALF) * BUCKET


def _tag(hashed, n_bits):
    """Return the low bits of a hash in the place that they have in an entry."""
    bits = np.uint64(n_bits)
    return hashed >> (BITS - bits - bits) << bits


def _found(edges, tag, n_bits, slot):
    """Return the low bits of the entry with a tag, or 0; its bucket begins at `slot`."""
    low = (ONE << np.uint64(n_bits)) - ONE
    # Unsigned, because numba checks whether an index with a sign is negative.
    end = slot + np.uint64(BUCKET)
    while True:
        found = ZERO
        for k in range(end - np.uint64(BUCKET), end):  # without a branch, as in `_mark`
            found |= edges[k] if edges[k] & ~low == tag else ZERO
        if found != ZERO or edges[end - ONE] == ZERO:
            return np.int64(found & low)
        end = end % np.uint64(edges.size) + np.uint64(BUCKET)
