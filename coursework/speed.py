"""The hidden tests of speed: how much longer an answer takes where there is more of something."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from coursework.checks import matches
from coursework.drawing import Inputs
from coursework.trial import Trial, require

N_STEPS, FEW_WORDS, MANY_WORDS = 3000, 300, 200_000  # of timed epochs
FEW_TOKENS, MORE_TOKENS = 300, 16  # of timed counts: so many, and so many times as many
SLOWER = 5.0  # so many times longer than it should take with more of something is too slow
ROUNDS = 6  # of timing, at most
PAUSE = 0.1  # seconds before the second round; twice as many before the third, and so on
HOPELESS = 5.0  # seconds that no disturbance takes twice


def takes_time_for_nonzeros_alone(trial: Trial) -> None:
    """Time the steps on the same documents among few words and among many.

    What an epoch without a step takes is no part of it: to copy weights takes time for each.
    """
    sizes = FEW_WORDS, MANY_WORDS
    few, many = (trial.draw.epoch(n=50, d=d, n_steps=N_STEPS) | {"l2": 0.01} for d in sizes)
    matches(trial, few)
    none = {"order": np.zeros(0, int)}

    def slower(best: list[float]) -> float:
        few_steps, no_few, many_steps, no_many = best
        return (many_steps - no_many) / max(few_steps - no_few, 1e-4)

    message = "takes longer the more words there are, although the documents have as few of them"
    require(_is_fast(trial, [few, few | none, many, many | none], slower), message)


def takes_time_in_proportion(trial: Trial) -> None:
    """Time texts of different length, of words that occur once."""
    sizes = FEW_TOKENS, FEW_TOKENS * MORE_TOKENS
    few, many = (trial.draw.tokens(n_tokens=n, n_distinct=n) | {"n": 2} for n in sizes)
    matches(trial, few)
    message = "takes much more than twice as long for twice as many tokens"
    require(_is_fast(trial, [few, many], lambda best: best[1] / best[0] / MORE_TOKENS), message)


def _is_fast(trial: Trial, questions: list[Inputs], slower: Callable[[list[float]], float]) -> bool:
    """Return True if the best times of some rounds, on the grader's clock, suffice.

    Another program, or a virtual machine that stands still, makes any time longer, a short one in
    particular. So two rounds tell that an answer is fast, and only all of them that it is slow.
    Pauses part the rounds, so that they do not fall into the same disturbance.
    """
    best = [np.inf] * len(questions)
    for n_before in range(ROUNDS):
        time.sleep(n_before * PAUSE)
        for number, inputs in enumerate(questions):
            trial.ask(inputs)
            best[number] = min(best[number], trial.worker.seconds)
        if n_before and (slower(best) < SLOWER or max(best) > HOPELESS):
            break
    return slower(best) < SLOWER
