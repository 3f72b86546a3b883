"""Token ids to sums of weights: scores without counts between."""

from pipeline.kernels.compiled import kernel
from pipeline.kernels.counting import MAX_N, N_COLUMNS, descend

# Rows of `found`.
KNOWN, FEATURES = 0, 1


@kernel("void(int32[::1], int64[::1], int32[::1], float64[::1], float64[::1], int64[:, ::1])")
def sum_tokens(ids, offsets, columns, weights, sums, found):
    """Sum the weights of the tokens of each document.

    Parameters
    ----------
    ids : int32 array
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    columns : int32 array, shape (n_distinct,)
        The column of each distinct token; `weights.size - 1` if it has none.
    weights : float64 array, shape (n_columns + 1,)
        The weight of each column, and a zero.
    sums : float64 array, shape (n_documents,)
        Receives the sums.
    found : int64 array, shape (2, n_documents)
        Receives in row KNOWN how many tokens have a column, and in row FEATURES the same.

    Examples
    --------
    Three distinct tokens, of which the last has no column:

    >>> import numpy as np
    >>> ids, offsets = np.array([0, 1, 0, 2], np.int32), np.array([0, 3, 4])
    >>> columns, weights = np.array([1, 0, 2], np.int32), np.array([-1.0, 2.0, 0.0])
    >>> sums, found = np.empty(2), np.empty((2, 2), np.int64)
    >>> sum_tokens(ids, offsets, columns, weights, sums, found)
    >>> sums, found[KNOWN]
    (array([3., 0.]), array([3, 0]))
    """
    none = weights.size - 1
    for d in range(sums.size):
        total, n = 0.0, 0
        for token in ids[offsets[d] : offsets[d + 1]]:
            column = columns[token]
            total += weights[column]
            n += column != none
        sums[d] = total
        found[KNOWN, d] = found[FEATURES, d] = n


@kernel(
    "void(int32[::1], int64[::1], int32[::1], uint64[::1], int64[::1], float64[::1],"
    " int32[:, ::1], float64[::1], int64[:, ::1])"
)
def sum_ngrams(ids, offsets, roots, edges, params, weights, space, sums, found):
    """Sum the weights of the n-grams of each document; `kernels.counting` describes the trie.

    Parameters
    ----------
    ids, offsets
        As in `sum_tokens`.
    roots : int32 array, shape (n_distinct,)
        The root of each distinct token, or `weights.size - 1`.
    edges : uint64 array
        The hash table of edges.
    params : int64 array
        MAX_N, N_COLUMNS, N_NODES and N_BITS of the trie.
    weights : float64 array, shape (n_nodes + 1,)
        The weight of each column; zeros for the other nodes, and for none.
    space : int32 array, shape (3, at least one more than the tokens of the longest document)
        Workspace.
    sums, found
        As in `sum_tokens`; row KNOWN counts tokens that have a root, row FEATURES n-grams.
    """
    none, n_columns = weights.size - 1, params[N_COLUMNS]
    for d in range(sums.size):
        document = ids[offsets[d] : offsets[d + 1]]
        tokens, nodes = space[0, : document.size], space[1, : document.size]
        n_known, n_features, total = 0, 0, 0.0
        for i in range(document.size):
            tokens[i] = roots[document[i]]
            n_known += tokens[i] != none
        for n in range(1, min(params[MAX_N], document.size) + 1):
            ngrams = tokens
            if n > 1:
                prefixes = tokens if n == 2 else nodes
                ngrams = nodes[: document.size - n + 1]
                descend(prefixes, tokens[n - 1 :], edges, params, space[2], ngrams)
            for node in ngrams:
                total += weights[node]
                n_features += node < n_columns
        sums[d] = total
        found[KNOWN, d], found[FEATURES, d] = n_known, n_features


@kernel("void(int32[::1], int64[::1], bool[::1], int64[::1])")
def count_known(ids, offsets, known, n_known):
    """Write how many tokens of each document are among the known ones.

    Parameters
    ----------
    ids, offsets
        As in `sum_tokens`.
    known : bool array, shape (n_distinct,)
    n_known : int64 array, shape (n_documents,)
    """
    for d in range(n_known.size):
        n = 0
        for token in ids[offsets[d] : offsets[d + 1]]:
            n += known[token]
        n_known[d] = n
