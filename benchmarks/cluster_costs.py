"""From measured figures to half a billion reviews on a cluster: bytes, hours, and cost.

All of it is arithmetic; nothing was run at that size. The time of a stage is extended by its own
exponent of the last step that was measured, but by no less than 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.scale_points import Point, bytes_a_review, fit

# Amazon Reviews 2023 (Hou et al. 2024): the table of versions on its page.
AMAZON_REVIEWS, AMAZON_TOKENS = 571_540_000, 30.14e9
# A c5.4xlarge of Amazon EC2 in us-east-1 in an example of AWS's own documentation, which says that
# it is not the current price.
VCPUS, MEMORY, PRICE = 16, 32 * 2**30, 0.68
NETWORK = 10e9 / 8  # bytes a second between the driver and all workers: 10 Gbit/s
# The share of its processors that a worker uses. Two threads are 1.4 times as fast as one in
# tokenising and counting here, which are bound by memory.
EFFICIENCY = 0.7
# Bytes a second that a worker writes, or reads, of the folder that all share.
STORAGE = 0.5e9
# Seconds of one thread of the driver for each review: looking for copies, and learning the
# vocabulary. Of half a million reviews of `make growth`, on 2026-11-28.
ON_DRIVER = {"corpus": 0.5e-6, "features": 0.8e-6}
SHARD = 256 * 2**20  # bytes of text in a shard
STATE = 16  # bytes of a column in the state of an SGD run: two float64
EPOCHS, PARTS = 4, 16
SPREAD = ("corpus", "tokens", "features")
WORKERS = (1, 4, 16, 64)


@dataclass(frozen=True)
class Need:
    """What the whole corpus needs, however many workers there are.

    Attributes
    ----------
    reviews, shards, n_words : int
    text_bytes, kept_bytes, written_bytes : float
        The text, the files of the run, and all that is written on the way to them.
    cpu_hours : dict of str to float
        Of each stage, on processors as those of the measurement.
    memory : dict of str to float
        Anonymous bytes of one process in each stage.
    """

    reviews: int
    shards: int
    n_words: int
    text_bytes: float
    kept_bytes: float
    written_bytes: float
    cpu_hours: dict[str, float]
    memory: dict[str, float]

    @property
    def epoch_bytes(self) -> float:
        """Bytes over the driver's network in an epoch: the state of each part, both ways."""
        return PARTS * self.n_words * STATE * 2


@dataclass(frozen=True)
class Bill:
    """What a number of workers need: hours of each phase, and the price.

    Attributes
    ----------
    workers : int
    spread_hours : float
        Reading, tokenising and counting, on all workers.
    driver_hours : float
        Looking for copies, the vocabulary, and the resamples.
    train_hours : float
    transfer_hours : float
        All that is written and read again, and the states of training.
    dollars : float
    """

    workers: int
    spread_hours: float
    driver_hours: float
    train_hours: float
    transfer_hours: float
    dollars: float

    @property
    def hours(self) -> float:
        """Hours of all phases."""
        return self.spread_hours + self.driver_hours + self.train_hours + self.transfer_hours


def need(points: Sequence[Point], reviews: int = AMAZON_REVIEWS) -> Need:
    """Extend what runs in one mode needed to a number of reviews.

    Parameters
    ----------
    points : sequence of Point
        At least two sizes.
    reviews : int
    """
    largest = max(points, key=lambda point: point.reviews)
    times = reviews / largest.reviews

    def grown(value: float, exponent: float) -> float:
        return value * times**exponent

    cpu_hours, memory = {}, {}
    for stage in largest.stages:
        name = stage.stage
        fitted = fit(points, lambda point, name=name: point.stage(name).cpu_seconds)
        exponent = max(1.0, fitted.last_step) if fitted else 1.0
        cpu_hours[name] = grown(stage.cpu_seconds, exponent) / 3600
        more = max(0.0, bytes_a_review(points, name)) * (reviews - largest.reviews)
        memory[name] = stage.peak_anonymous + more
    words = fit(points, lambda point: point.n_words)
    text = grown(largest.n_characters, 1)
    return Need(
        reviews,
        round(text / SHARD),
        round(grown(largest.n_words, words.last_step if words else 1.0)),
        text,
        grown(sum(stage.kept_bytes for stage in largest.stages), 1),
        grown(sum(stage.written_bytes for stage in largest.stages), 1),
        cpu_hours,
        memory,
    )


def bill(of: Need, workers: int, price: float = PRICE) -> Bill:
    """Return the hours and the price of a number of workers, with the driver on one more.

    `PARTS` parts are trained at the same time, each by one thread.
    """
    processors = workers * VCPUS * EFFICIENCY
    alone = sum(ON_DRIVER.values()) * of.reviews / 3600
    spread = (sum(of.cpu_hours[name] for name in SPREAD) - alone) / processors
    driver = alone + of.cpu_hours["eval"] / (VCPUS * EFFICIENCY)
    train = of.cpu_hours["train"] / min(PARTS, processors)
    files = 2 * of.written_bytes / (workers * STORAGE)
    transfer = (files + EPOCHS * of.epoch_bytes / NETWORK) / 3600
    hours = spread + driver + train + transfer
    return Bill(workers, spread, driver, train, transfer, hours * (workers + 1) * price)


def breaks_first(of: Need, memory: float = MEMORY) -> list[tuple[str, float]]:
    """Return the stages that need more than a machine's memory in one process, the worst first."""
    over = [(name, size) for name, size in of.memory.items() if size > memory]
    return sorted(over, key=lambda stage: -stage[1])


@dataclass(frozen=True)
class Record:
    """What another system was reported to do; docs/scale.md names the source of each.

    Attributes
    ----------
    system : str
    examples, features : float
        Features of all examples.
    machines : str
    seconds : float
    """

    system: str
    examples: float
    features: float
    machines: str
    seconds: float

    @property
    def features_a_second(self) -> float:
        """Features of all examples over the seconds of the whole training."""
        return self.features / self.seconds


# A line of Criteo's has 39 columns (results/metrics.tsv of the benchmark).
RECORDS = (
    Record("Vowpal Wabbit, AllReduce, 2011", 17e9, 2.1e12, "1,000 machines", 70 * 60),
    Record("Vowpal Wabbit 8.3, 2017", 3e9, 3e9 * 39, "1 machine", 17_798),
    Record("Spark ML 2.1, 2017", 3e9, 3e9 * 39, "512 cores", 5_727),
)


def trained_features_a_second(point: Point, epochs: int = EPOCHS) -> float:
    """Return the counts that the train stage visits in a second, those of each epoch together."""
    return epochs * point.n_nonzeros / point.stage("train").cpu_seconds
