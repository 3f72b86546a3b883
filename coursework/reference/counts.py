"""From tokens to counts of n-grams."""

from collections import Counter


def count_ngrams(tokens: list[str], n: int) -> dict[str, int]:
    """Return how often each sequence of 1 to n neighbouring tokens occurs.

    An n-gram is written as its tokens with " " between them.

    Examples
    --------
    >>> count_ngrams(["very", "very", "good"], 2)
    {'very': 2, 'good': 1, 'very very': 1, 'very good': 1}
    """
    counts: Counter[str] = Counter()
    for length in range(1, n + 1):
        for first in range(len(tokens) - length + 1):
            counts[" ".join(tokens[first : first + length])] += 1
    return dict(counts)
