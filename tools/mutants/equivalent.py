"""Mutants that no test can notice, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mutants.trials import Trial


class Equivalent(NamedTuple):
    """Mutants of a file by their line and the one before, and by their change; "" for any."""

    file: str
    code: str
    after: str
    reason: str


_FETCHED = "what is loaded ahead of its use changes no result, only the time"
_EQUIVALENT = (
    Equivalent("model/logistic.py", "np.where(z >= 0, 1.0, small)", "z > 0", "at 0 both are 1 / 2"),
    Equivalent(
        "training/threshold.py", "np.array([-1.0", "2.0", "every probability is above -1 and -2"
    ),
    Equivalent("kernels/sgd.py", "fetched = 0", "", _FETCHED),
    Equivalent("kernels/sgd.py", "== fetched:", "", _FETCHED),
    Equivalent("kernels/softmax.py", "fetched = 0", "", _FETCHED),
    Equivalent("kernels/softmax.py", "== fetched:", "", _FETCHED),
    Equivalent("kernels/steps.py", "return total", "", _FETCHED),
    Equivalent(
        "kernels/characters.py",
        "_has_room(n_known, size * (high - low + 1)",
        "high + low",
        "it asks for more room than it needs, and then gets it",
    ),
    Equivalent(
        "kernels/negation.py",
        "if numbers[code] < 0:",
        "1",
        "a token that is numbered twice is one again as soon as it has a name",
    ),
    Equivalent(
        "evaluation/class_sums.py",
        "strict=True",
        "False",
        "each chunk of resamples measures each model, so that the lengths are equal",
    ),
    Equivalent(
        "kernels/characters.py",
        "if last_token[token] == d: continue",
        "(nothing)",
        "the n-grams of a token are not new twice",
    ),
    Equivalent(
        "kernels/code_points.py",
        "0 < entry <= CODE_POINT",
        "0 < entry < CODE_POINT",
        "no entry is 0x1FFFFF: code points end at 0x10FFFF",
    ),
    Equivalent("kernels/code_points.py", "UNSTABLE = 1 << 29", "30", "another free bit"),
    Equivalent(
        "kernels/duplicates.py",
        "hashes[i + 3] * _Q3 + hashes[i + 4] * _Q4",
        "hashes[i + 3] * _Q3 - hashes[i + 4] * _Q4",
        "-_Q4 is an odd multiplier, too",
    ),
    Equivalent(
        "kernels/duplicates.py",
        "* np.uint64(0x9E3779B97F4A7C15)",
        "11400714819323198486",
        "other random numbers for the bytes, which differ as well",
    ),
    Equivalent(
        "kernels/hashing.py",
        "MULTIPLIER = np.uint64(",
        "11400714819323198486",
        "a table finds its keys whatever their hashes are, in more or less time",
    ),
)


def reason_of(trial: Trial) -> str | None:
    """Return why a mutant behaves as the code does, or None if it may not."""
    for file, code, after, reason in _EQUIVALENT:
        same_place = trial.file == f"pipeline/{file}" and code in trial.code
        if same_place and after in ("", trial.mutant.after):
            return reason
    return None
