"""Mark the tokens between a negation and the end of its clause."""

from pipeline.kernels.compiled import kernel

# What a token is: the bits of its kind.
WORD = 1  # may be marked
NEGATES = 2  # a negated scope begins behind it
ENDS = 4  # a clause ends before it
CLOSES = 8  # a clause ends behind it
HYPHEN = 16  # ends a clause if the previous token is a hyphen, too


@kernel("int64(int32[::1], int64[::1], uint8[::1], int32[::1], int32[::1], int32[::1])")
def mark(ids, offsets, kinds, numbers, marked, codes):
    """Mark the tokens in the scope of a negation, and number all in order of first appearance.

    The code of an unmarked token is its id. That of a marked one is its id plus n_distinct.

    Parameters
    ----------
    ids : int32 array
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    kinds : uint8 array, shape (n_distinct,)
        The kind of each distinct token.
    numbers : int32 array, shape (2 * n_distinct,), of -1
        Receives the number of each code that occurs.
    marked : int32 array, as long as `ids`
        Receives the number of each token.
    codes : int32 array, shape (2 * n_distinct,)
        Receives the code of each number.

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
