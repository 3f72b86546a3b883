"""`fewest_to_flip`: words without which the prediction would be the other one."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from pipeline.inspection.explanation import Explanation
from pipeline.inspection.places import Places
from pipeline.model.logistic import decide, sigmoid


def fewest_to_flip(explanation: Explanation, places: Places) -> tuple[str, ...] | None:
    """Return words whose removal changes the prediction, as few as a greedy search finds.

    Of more than two classes, they are the words without which the runner-up is more probable than
    what is predicted. A third class may then be the most probable, or may be so before.

    Removing a word removes every feature that holds it, and a character n-gram as often as it
    occurs in the word. Each step removes the word that moves the score most, the first in the
    text on ties; one character n-gram that counts once is shared by the words that hold it. If the
    effects of words are independent, as with single words as features, no smaller set does it.
    With n-grams of words, binary counts of characters, or counts of unit length, there may be one.

    Parameters
    ----------
    explanation : Explanation
    places : Places
        Where the features of the text stand.

    Returns
    -------
    tuple of str, or None
        None if the prediction stays the same without all words that support it.
    """
    left = _FeaturesLeft(explanation, places)
    is_positive = explanation.is_positive
    side = 1.0 if is_positive else -1.0
    effects = {
        token: side * left.share_of(token) for token in places.characters if token in places.held
    }
    score, removed = explanation.log_odds, list[str]()
    while not removed or _stays(explanation, score):
        strongest = max(effects, key=effects.__getitem__, default=None)
        if strongest is None or effects[strongest] <= 0:
            return None
        removed.append(strongest)
        del effects[strongest]
        for other in left.without(strongest):
            if other in effects:
                effects[other] = side * left.share_of(other)
        score = left.score()
    return tuple(removed)


def _stays(explanation: Explanation, score: float) -> bool:
    """Return True if a score has the prediction of the explanation."""
    if explanation.ranking:
        return score >= 0
    found = decide(sigmoid(np.array(score)), explanation.threshold)
    return bool(found == explanation.is_positive)


class _FeaturesLeft:
    """The features of a text while words are removed from it."""

    def __init__(self, explanation: Explanation, places: Places) -> None:
        self._explanation = explanation
        self._contributions = {c.word: c.contribution for c in explanation.contributions}
        self._counts = {c.word: c.count for c in explanation.contributions}
        self._held, self._places = places.held, dict(places.total)
        self._holders: dict[str, list[str]] = {name: [] for name in places.total}
        for token, names in self._held.items():
            for name in names:
                self._holders[name].append(token)

    def share_of(self, token: str) -> float:
        """Return a token's share of the contributions, by the places that would go with it."""
        return sum(
            self._contributions[name] * n / self._places[name]
            for name, n in self._held[token].items()
            if name in self._contributions
        )

    def without(self, token: str) -> Iterator[str]:
        """Remove a token; yield the tokens whose shares change."""
        changed: dict[str, None] = {}
        for name, n in self._held[token].items():
            if name not in self._contributions:
                continue
            is_counted = self._counts[name] == self._places[name]  # and not only once
            if n == self._places[name]:
                del self._contributions[name], self._counts[name]
            elif is_counted:
                self._contributions[name] *= 1 - n / self._places[name]
                self._counts[name] -= n
            if n == self._places[name] or not is_counted:
                changed |= dict.fromkeys(self._holders[name])
            self._places[name] -= n
        yield from changed

    def score(self) -> float:
        """Return the score of what is left."""
        total = sum(self._contributions.values())
        scale = self._explanation.scale
        if self._counts and scale != 1:
            # The remaining counts have another length, so each contribution is scaled by it.
            total /= scale * math.sqrt(sum(count**2 for count in self._counts.values()))
        return self._explanation.intercept + total
