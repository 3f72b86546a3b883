"""The fewest words that decide a prediction: without them, it would be the other one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.inspection.explanation import Explanation
from pipeline.inspection.places import holders_of, places_of
from pipeline.model.logistic import decide, sigmoid


def fewest_to_flip(explanation: Explanation, tokens: Sequence[str]) -> tuple[str, ...] | None:
    """Return words whose removal changes the prediction, as few as a greedy search finds.

    Removing a word removes every feature that holds it, and a character n-gram as often as it
    occurs in the word. Each step removes the word that moves the score most, the first in the
    text on ties. If the effects of words are independent, as with single words as features, no
    smaller set changes the prediction. With n-grams of words, binary counts of characters, or
    counts of unit length, there may be one.

    Parameters
    ----------
    explanation : Explanation
    tokens : sequence of str
        The tokens of the text.

    Returns
    -------
    tuple of str, or None
        None if the prediction stays the same without all words that support it.
    """
    left = _FeaturesLeft(explanation, tokens)
    is_positive = explanation.is_positive
    side = 1.0 if is_positive else -1.0
    effects = {t: side * left.lost_with(t) for t in dict.fromkeys(tokens) if t in left.held}
    score, removed = explanation.log_odds, list[str]()
    while decide(sigmoid(np.array(score)), explanation.threshold) == is_positive:
        strongest = max(effects, key=effects.__getitem__, default=None)
        if strongest is None or effects[strongest] <= 0:
            return None
        removed.append(strongest)
        del effects[strongest]
        for other in left.without(strongest):
            if other in effects:
                effects[other] = side * left.lost_with(other)
        score = left.score()
    return tuple(removed)


class _FeaturesLeft:
    """The features of a text while words are removed from it.

    Attributes
    ----------
    held : dict of dict of int
        By token and by feature, how many places of the feature hold the token.
    """

    def __init__(self, explanation: Explanation, tokens: Sequence[str]) -> None:
        self._explanation = explanation
        self._contributions = {c.word: c.contribution for c in explanation.contributions}
        self._counts = {c.word: c.count for c in explanation.contributions}
        places = places_of(self._contributions, tokens)
        self.held = holders_of(places, tokens)
        self._places = {name: len(found) for name, found in places.items()}
        self._holders: dict[str, list[str]] = {name: [] for name in places}
        for token, names in self.held.items():
            for name in names:
                self._holders[name].append(token)

    def lost_with(self, token: str) -> float:
        """Return what the features of a token would lose if it were removed."""
        return sum(self._lost(name, n) for name, n in self.held[token].items())

    def _lost(self, name: str, n: int) -> float:
        """Return what a feature would lose if `n` of its places were removed."""
        contribution, n_places = self._contributions.get(name, 0.0), self._places[name]
        if n == n_places:
            return contribution
        return contribution * n / n_places if self._is_counted(name) else 0.0

    def _is_counted(self, name: str) -> bool:
        """Return True if a feature counts as often as it occurs, and not only once."""
        return self._counts.get(name) == self._places[name]

    def without(self, token: str) -> Iterator[str]:
        """Remove a token; yield tokens whose removal would then lose something else."""
        changed: dict[str, None] = {}
        for name, n in self.held[token].items():
            if name not in self._contributions:
                continue
            if n == self._places[name]:
                del self._contributions[name], self._counts[name]
            elif self._is_counted(name):
                self._contributions[name] -= self._lost(name, n)
                self._counts[name] -= n
                self._places[name] -= n
                continue  # what each other place adds stays
            else:
                self._places[name] -= n
            changed |= dict.fromkeys(self._holders[name])
        yield from changed

    def score(self) -> float:
        """Return the score of what is left."""
        total = sum(self._contributions.values())
        scale = self._explanation.scale
        if self._counts and scale != 1:
            # The remaining counts have another length, so each contribution is scaled by it.
            total /= scale * math.sqrt(sum(count**2 for count in self._counts.values()))
        return self._explanation.intercept + total
