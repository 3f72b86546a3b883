"""What a growing corpus needs, stage by stage: the numbers, the exponents fitted to them, files."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.growth import exponent

STAGES = ("corpus", "tokens", "features", "train", "eval", "report")


@dataclass(frozen=True)
class StagePoint:
    """What one stage of one run needed.

    Attributes
    ----------
    stage : str
    seconds : float
        Of the stage itself, as the manifest of the run says.
    cpu_seconds : float
        Of all processors, of the whole command: with its start, about .4 s.
    peak_anonymous, peak_anonymous_sum : int
        Bytes that are no mapped file: of the largest process, and of all of them.
    written_bytes, kept_bytes : int
        What was written to disk, and what is left of it as outputs.
    """

    stage: str
    seconds: float
    cpu_seconds: float
    peak_anonymous: int
    peak_anonymous_sum: int
    written_bytes: int
    kept_bytes: int


@dataclass(frozen=True)
class Point:
    """One run: a corpus and a mode, and what each stage needed.

    Attributes
    ----------
    mode : str
    reviews, files : int
        Of both sets.
    n_characters : int
        Of both sets.
    n_tokens, n_words, n_nonzeros : int
        Of the training set: tokens, columns of the vocabulary, and counts that are not zero.
    accuracy : float
        On the test set.
    model_digest : str
        Equal for equal weights.
    stages : tuple of StagePoint
    """

    mode: str
    reviews: int
    files: int
    n_characters: int
    n_tokens: int
    n_words: int
    n_nonzeros: int
    accuracy: float
    model_digest: str
    stages: tuple[StagePoint, ...]

    @property
    def seconds(self) -> float:
        """Seconds of all stages."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def cpu_seconds(self) -> float:
        """Seconds of all processors in all stages."""
        return sum(stage.cpu_seconds for stage in self.stages)

    @property
    def peak_anonymous(self) -> int:
        """The largest anonymous memory of a process in any stage."""
        return max(stage.peak_anonymous for stage in self.stages)

    @property
    def peak_anonymous_sum(self) -> int:
        """The largest anonymous memory of all processes in any stage."""
        return max(stage.peak_anonymous_sum for stage in self.stages)

    def stage(self, name: str) -> StagePoint:
        """Return what one stage needed."""
        return next(stage for stage in self.stages if stage.stage == name)


@dataclass(frozen=True)
class Exponents:
    """How a number grows with the reviews: n^a over all sizes, and over the last step."""

    over_all: float
    last_step: float


def fit(points: Sequence[Point], of: Callable[[Point], float]) -> Exponents | None:
    """Fit a number of runs in one mode to a power of their reviews; None of fewer than two sizes.

    The fit over all sizes leaves none out. The start of Python and of libraries counts most in the
    smallest ones; the last step shows it least.

    Examples
    --------
    >>> sizes = [Point("memory", n, 1, 0, 0, n, 0, 0.0, "", ()) for n in (10, 100, 1000)]
    >>> fit(sizes, lambda point: point.n_words ** 0.5).last_step
    0.5
    """
    ordered = sorted(points, key=lambda point: point.reviews)
    if len(ordered) < 2:
        return None
    sizes = [float(point.reviews) for point in ordered]
    values = [of(point) for point in ordered]
    return Exponents(round(exponent(sizes, values), 3), round(exponent(sizes[-2:], values[-2:]), 3))


def bytes_a_review(points: Sequence[Point], stage: str) -> float:
    """Return how many anonymous bytes a stage takes for each more review, over the last step.

    NaN of fewer than two sizes.
    """
    ordered = sorted(points, key=lambda point: point.reviews)[-2:]
    if len(ordered) < 2:
        return math.nan
    few, many = ordered
    more = many.stage(stage).peak_anonymous - few.stage(stage).peak_anonymous
    return more / (many.reviews - few.reviews)


def by_mode(points: Sequence[Point]) -> dict[str, list[Point]]:
    """Group runs by their mode, each with the smallest corpus first."""
    found: dict[str, list[Point]] = {}
    for point in sorted(points, key=lambda point: point.reviews):
        found.setdefault(point.mode, []).append(point)
    return found


def typical(points: Sequence[Point]) -> list[Point]:
    """Return the runs of many files, or of the first mode if there are not two sizes of them."""
    modes = by_mode(points)
    found = modes.get("many files", [])
    return found if len(found) > 1 else next(iter(modes.values()))


def write(points: Sequence[Point], facts: dict[str, Any], stem: Path) -> list[Path]:
    """Write the numbers as JSON, and a line for each stage as TSV."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = [Path(f"{stem}.json"), Path(f"{stem}.tsv")]
    content = {"facts": facts, "points": [asdict(point) for point in points]}
    paths[0].write_text(json.dumps(content, indent=1) + "\n")
    names = [field.name for field in fields(StagePoint)]
    lines = [["mode", "reviews", *names]]
    lines += [
        [point.mode, str(point.reviews), *map(str, asdict(stage).values())]
        for point in points
        for stage in point.stages
    ]
    paths[1].write_text("".join("\t".join(line) + "\n" for line in lines))
    return paths


def read(path: Path) -> tuple[list[Point], dict[str, Any]]:
    """Read what `write` wrote: the numbers and the facts."""
    content = json.loads(path.read_text())
    points = [
        Point(**{**each, "stages": tuple(StagePoint(**stage) for stage in each["stages"])})
        for each in content["points"]
    ]
    return points, content["facts"]
