"""Which tokens stand between a negation and the end of its clause."""

from pipeline.kernels.compiled import kernel

# What a type is, as bits.
WORD = 1  # may be marked
NEGATES = 2  # a scope begins behind it
ENDS = 4  # a clause ends before it
CLOSES = 8  # a clause ends behind it
HYPHEN = 16  # ends a clause where another one stands before it


@kernel("int64(int32[::1], int64[::1], uint8[::1], int32[::1], int32[::1], int32[::1])")
def mark(ids, offsets, kinds, numbers, marked, codes):
    """Read documents from left to right and number what is read, in order of first appearance.

    Parameters
    ----------
    ids : int32 array
        The types of all tokens.
    offsets : int64 array, shape (n_documents + 1,)
        Where each document begins.
    kinds : uint8 array, shape (n_types,)
        What each type is.
    numbers : int32 array, shape (2 * n_types,)
        Filled with -1; room for the numbers of the types, then of the types with a mark.
    marked : int32 array
        Receives the number of each token.
    codes : int32 array, shape (2 * n_types,)
        Receives the place in `numbers` of each number.

    Returns
    -------
    int
        How many numbers there are.
    """
    n = 0
    for d in range(offsets.size - 1):
        inside, after_hyphen = False, False
        for p in range(offsets[d], offsets[d + 1]):
            kind = kinds[ids[p]]
            hyphen = kind & HYPHEN != 0
            if kind & ENDS or (hyphen and after_hyphen):
                inside = False
            code = ids[p] + (kinds.size if inside and kind & WORD else 0)
            if numbers[code] < 0:
                numbers[code] = n
                codes[n] = code
                n += 1
            marked[p] = numbers[code]
            if kind & CLOSES:
                inside = False
            elif kind & NEGATES:
                inside = True
            after_hyphen = hyphen
    return n
