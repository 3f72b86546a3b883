"""Where the features of a text stand in it: in which tokens, and in which of their characters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.features.characters import characters_of, name_of


class Place(NamedTuple):
    """The tokens [start, end) of a feature.

    Of a character n-gram, which lies in a single token, also its code points [first, last) there,
    without the padding. Both are 0 for an n-gram of tokens.
    """

    start: int
    end: int
    first: int = 0
    last: int = 0


def places_of(names: Iterable[str], tokens: Sequence[str]) -> dict[str, list[Place]]:
    """Return all places of some features in a text.

    Parameters
    ----------
    names : iterable of str
        As in a vocabulary.
    tokens : sequence of str
        The tokens of the text.

    Examples
    --------
    >>> places_of(["not", ' "no"', ' "ot "'], ["not", "a", "knot"])
    {'not': [Place(start=0, end=1, first=0, last=0)], \
' "no"': [Place(start=0, end=1, first=0, last=2), Place(start=2, end=3, first=1, last=3)], \
' "ot "': [Place(start=0, end=1, first=1, last=3), Place(start=2, end=3, first=2, last=4)]}
    """
    places: dict[str, list[Place]] = {name: [] for name in names}
    lengths = {name: characters_of(name) for name in places}
    longest = max((name.count(" ") + 1 for name, c in lengths.items() if c is None), default=0)
    sizes = sorted({len(characters) for characters in lengths.values() if characters is not None})
    inside: dict[str, list[tuple[str, int, int]]] = {}
    for start, token in enumerate(tokens):
        name = ""
        for end in range(start + 1, min(start + longest, len(tokens)) + 1):
            name = f"{name} {tokens[end - 1]}" if name else token
            if name in places:
                places[name].append(Place(start, end))
        if token not in inside:
            inside[token] = [found for found in _characters(token, sizes) if found[0] in places]
        for name, first, last in inside[token]:
            places[name].append(Place(start, start + 1, first, last))
    return places


def _characters(token: str, sizes: Sequence[int]) -> Iterable[tuple[str, int, int]]:
    """Yield the names of character n-grams of some lengths, and the code points they cover."""
    padded = f" {token} "
    for start in range(len(padded)):
        for size in sizes:
            end = start + size
            if end <= len(padded):
                covered = max(start - 1, 0), min(end - 1, len(token))
                yield name_of(padded[start:end]), *covered


def holders_of(places: dict[str, list[Place]], tokens: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return, by token and by feature, how many places of the feature hold the token."""
    held: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name, found in places.items():
        for place in found:
            for token in dict.fromkeys(tokens[place.start : place.end]):
                held[token][name] += 1
    return held
