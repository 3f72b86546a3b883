"""`Places`: which tokens of a text hold which features, and in which of their characters."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.features.names import characters_of, name_of


class Inside(NamedTuple):
    """A character n-gram in a token, and the code points [first, last) that it covers there."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Places:
    """Where the features of a text stand.

    Attributes
    ----------
    words : dict of list of range
        By n-gram of tokens, the positions of its tokens at each place.
    characters : dict of list of Inside
        By distinct token in order of first appearance, the character n-grams in it, each place
        on its own.
    held : dict of dict of int
        By distinct token and by feature, how many places of the feature hold the token.
    total : dict of int
        By feature, its number of places.
    """

    words: dict[str, list[range]]
    characters: dict[str, list[Inside]]
    held: dict[str, dict[str, int]]
    total: dict[str, int]

    @classmethod
    def of(cls, names: Iterable[str], tokens: Sequence[str]) -> Places:
        """Find some features of a vocabulary in the tokens of a text.

        Examples
        --------
        >>> places = Places.of(["not", "a knot", ' "ot "'], ["not", "a", "knot"])
        >>> places.words
        {'not': [range(0, 1)], 'a knot': [range(1, 3)]}
        >>> places.characters["knot"]
        [Inside(name=' "ot "', first=2, last=4)]
        >>> places.total[' "ot "'], places.held["knot"]
        (2, {'a knot': 1, ' "ot "': 1})
        """
        characters = {name: spelled for name in names if (spelled := characters_of(name))}
        words: dict[str, list[range]] = {name: [] for name in names if name not in characters}
        _add_word_places(words, tokens)
        sizes = sorted(set(map(len, characters.values())))
        frequency = Counter(tokens)
        inside = {
            token: [found for found in _inside(token, sizes) if found.name in characters]
            if sizes
            else []
            for token in frequency
        }
        total = {name: len(places) for name, places in words.items() if places}
        held: dict[str, dict[str, int]] = defaultdict(dict)
        for name, n in total.items():
            for token in name.split(" "):
                held[token][name] = n
        for token, n in frequency.items():
            for name, n_inside in Counter(found.name for found in inside[token]).items():
                held[token][name] = n * n_inside
                total[name] = total.get(name, 0) + n * n_inside
        return cls(words, inside, dict(held), total)


def _add_word_places(places: dict[str, list[range]], tokens: Sequence[str]) -> None:
    """Add to the list of each name where its tokens follow each other."""
    longest = max((name.count(" ") + 1 for name in places), default=0)
    for start in range(len(tokens)):
        name = ""
        for end in range(start + 1, min(start + longest, len(tokens)) + 1):
            name = f"{name} {tokens[end - 1]}" if name else tokens[start]
            if name in places:
                places[name].append(range(start, end))


def _inside(token: str, sizes: Sequence[int]) -> Iterator[Inside]:
    """Yield the runs of some lengths in a padded token."""
    padded = f" {token} "
    for start in range(len(padded)):
        for size in sizes:
            end = start + size
            if end <= len(padded):
                covered = max(start - 1, 0), min(end - 1, len(token))
                yield Inside(name_of(padded[start:end]), *covered)
