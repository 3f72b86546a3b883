"""Token ids to counts of the n-grams of a vocabulary.

N-grams are the nodes of a trie; those below `n_columns` are the columns of the same number.
The edges lie in one open-addressed table, of slots of two numbers: the key of (node, token),
zero where a slot is free, and the node that the edge leads to.
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.hashing import ONE, ZERO, scattered
from pipeline.kernels.vocabulary import edge_key

FREQUENCY = 0xFFFFFFFF


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
TOP_SIX = np.uint64(58)


@kernel("int64(int32[::1], int64[::1], int64[::1], int32[::1], int32[::1], uint64[::1])")
def build(tokens, offsets, order, path, roots, edges):
    """Build the trie of a vocabulary, for `count`; return its number of nodes.

    Parameters
    ----------
    tokens : int32 array
        The tokens of every n-gram, one n-gram after the other.
    offsets : int64 array, shape (n_columns + 1,)
        N-gram c, the one of column c, is `tokens[offsets[c]:offsets[c + 1]]`.
    order : int64 array, shape (n_columns,)
        The columns in an order in which none comes before one that it begins with. Where
        that is the alphabetical one, nodes of the n-gram before are not looked up again.
    path : int32 array, shape (max_n,)
        Room to work in: the nodes of the n-gram before.
    roots : int32 array, shape (n_types,), of -1
        Receives the node of each single token.
    edges : uint64 array of zeros, a power of two long
        Receives the table of edges. Where it may be too small, -1 is returned.
    """
    n_nodes = order.size
    n_edges = 0
    before, end_before = 0, 0
    for c in order:
        first, last = offsets[c], offsets[c + 1] - 1
        if 3 * (n_edges + last - first) > edges.size:
            return -1
        same = 0  # tokens that are those of the n-gram before
        while (
            first + same < last
            and before + same < end_before
            and tokens[first + same] == tokens[before + same]
        ):
            same += 1
        before, end_before = first, last + 1
        for k in range(same, last - first + 1):
            token = tokens[first + k]
            child = c if k == last - first else n_nodes
            if k == 0:
                if roots[token] < 0:
                    roots[token] = child
                    n_nodes += child == n_nodes
                path[k] = roots[token]
                continue
            key = edge_key(path[k - 1], token)
            slot = _edge(edges, key)
            if edges[slot] == ZERO:
                edges[slot] = key
                edges[slot + ONE] = np.uint64(child)
                n_edges += 1
                n_nodes += child == n_nodes
            path[k] = np.int32(edges[slot + ONE])
    return n_nodes


@kernel(
    "int64(int32[::1], int64[::1], int64, int32[::1], int32[::1], uint64[::1], int64, int64, bool,"
    " int32[::1], int32[::1], int64[::1], uint64[::1], uint64[::1], float32[::1], int32[::1],"
    " int64[::1])"
)
def count(
    ids,
    offsets,
    n_before,
    numbers,
    first,
    edges,
    max_n,
    n_columns,
    binary,
    nodes,
    row,
    seen,
    words,
    summary,
    data,
    indices,
    indptr,
):
    """Count the n-grams of a vocabulary in every document; return the number of non-zeros.

    Parameters
    ----------
    ids : int32 array
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    n_before : int
        How many documents come before these, in which `seen` may have been used.
    numbers : int32 array, shape (n_types,)
        For each id, the number of that token in `build`; -1 for one outside it.
    first : int32 array, shape (n_types,)
        For each id, the node of that token alone; the number of nodes for one without.
    edges
        From `build`.
    max_n, n_columns : int
    binary : bool
        Ones for counts.
    nodes, row : int32 arrays, as long as the longest document and `max_n` times that and 1
        Room to work in.
    seen : int64 array, at first of zeros, shape (n_nodes + 1,)
        Room to work in: the last document that held each node, and how often.
    words, summary : uint64 arrays of zeros, a bit for each column and for each word of these
        Room to work in.
    data, indices : float32 and int32 arrays
        Receive the counts and their columns, ascending in each row.
    indptr : int64 array, shape (n_documents + 1,)
        Receives where each row begins.
    """
    nowhere = np.int32(seen.size - 1)
    n_nonzeros = 0
    for d in range(offsets.size - 1):
        document = ids[offsets[d] : offsets[d + 1]]
        this_document = np.int64(n_before + d + 1) << 32
        for i in range(document.size):
            nodes[i] = first[document[i]]
        size = _count_nodes(nodes[: document.size], n_columns, this_document, seen, row, 0)
        for n in range(2, min(max_n, document.size) + 1):
            begins = nodes[: document.size - n + 1]
            _descend(begins, document[n - 1 :], numbers, edges, nowhere)
            size = _count_nodes(begins, n_columns, this_document, seen, row, size)
        _sort(row[:size], words, summary, indices, n_nonzeros)
        for p in range(n_nonzeros, n_nonzeros + size):
            data[p] = 1 if binary else seen[indices[p]] & FREQUENCY
        n_nonzeros += size
        indptr[d + 1] = n_nonzeros
    return n_nonzeros


def _count_nodes(nodes, n_columns, this_document, seen, row, size):
    """Count nodes in `seen`, list those that are columns in `row`; return how many there are."""
    for i in range(nodes.size):
        node = nodes[i]
        # Without a branch, as in `document_frequency`.
        before = seen[node]
        new = np.int64(before < this_document)
        seen[node] = this_document | (1 - new) * (before & FREQUENCY) + 1
        row[size] = node
        size += new & np.int64(node < n_columns)
    return size


def _descend(nodes, following, numbers, edges, nowhere):
    """Move every node along the edge of the token that follows it.

    A loop of its own for each length of n-gram: its looks at the table do not wait for
    one another.
    """
    for i in range(nodes.size):
        token = numbers[following[i]]
        if nodes[i] == nowhere or token < 0:
            nodes[i] = nowhere
            continue
        slot = _edge(edges, edge_key(nodes[i], token))
        nodes[i] = nowhere if edges[slot] == ZERO else np.int32(edges[slot + ONE])


def _sort(row, words, summary, indices, start):
    """Write the columns of a row to `indices` in ascending order.

    A bit for each column, and a bit for each word of these bits: walking them in
    order sorts the row without comparing. Both are clear again afterwards.
    """
    for k in range(row.size):
        word = row[k] >> 6
        words[word] |= ONE << np.uint64(row[k] & 63)
        summary[word >> 6] |= ONE << np.uint64(word & 63)
    for s in range(summary.size):
        block = summary[s]
        summary[s] = ZERO
        while block != ZERO:
            low = block & (~block + ONE)
            block ^= low
            w = (s << 6) + POSITIONS[low * DE_BRUIJN >> TOP_SIX]
            word = words[w]
            words[w] = ZERO
            while word != ZERO:
                low = word & (~word + ONE)
                word ^= low
                indices[start] = (w << 6) + POSITIONS[low * DE_BRUIJN >> TOP_SIX]
                start += 1


def _edge(edges, key):
    """Return where the slot of a key begins, or of the free one where it belongs."""
    mask = np.uint64(edges.size // 2 - 1)
    slot = scattered(key) & mask
    while edges[slot << ONE] != ZERO and edges[slot << ONE] != key:
        slot = (slot + ONE) & mask
    return slot << ONE
