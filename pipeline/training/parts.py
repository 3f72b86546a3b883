"""Parts of the training set: which documents they have, in memory or in files for workers.

A part is worked on by itself, in a thread or in another process. It is cut once, before training.
Workers that do not share the memory of this process find the counts of a part in a file, which
they map into memory when they first work on it. So the counts reach a worker once.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from pipeline.cluster.workers import HERE, Workers, in_this_process
from pipeline.errors import ConfigError
from pipeline.model.logistic import Array
from pipeline.storage.arrays import read_arrays, write_arrays
from pipeline.storage.counts import map_counts, write_counts
from pipeline.storage.replacing import temporary_folder
from pipeline.training.sgd import Problem
from pipeline.training.shuffle import BUFFER, Shuffle
from pipeline.training.softmax import ClassProblem

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Non-zeros of the rows that are copied, or added up, at a time: 8 megabytes. It is no setting,
# because sums depend on it.
BLOCK = 1 << 20
# Rows whose sizes are added up at a time.
_ROWS = 1 << 18


class Part(NamedTuple):
    """Documents of a problem.

    Attributes
    ----------
    problem : Problem
    rows : int array
        In ascending order.
    """

    problem: Problem
    rows: Array


class Parts(Protocol):
    """What gives a task its part."""

    @property
    def n_parts(self) -> int:
        """The number of parts."""

    def part(self, number: int) -> Part:
        """Return a part by its number, from 0."""


class PartsInMemory(NamedTuple):
    """Parts of a problem that is in the memory of this process, or mapped into it.

    Attributes
    ----------
    problem : Problem
    rows : sequence of int arrays
        Those of each part.
    """

    problem: Problem
    rows: Sequence[Array]

    @property
    def n_parts(self) -> int:
        """The number of parts."""
        return len(self.rows)

    def part(self, number: int) -> Part:
        """Return a part by its number."""
        return Part(self.problem, self.rows[number])


class PartFiles(NamedTuple):
    """Parts in files, which a process maps into memory when it first works on them.

    Attributes
    ----------
    folder : Path
        Where all processes find it.
    n_parts : int
    l2 : float
    fit_intercept : bool
    n_classes : int
    """

    folder: Path
    n_parts: int
    l2: float
    fit_intercept: bool
    n_classes: int

    @classmethod
    def write(cls, folder: Path, problem: Problem, rows: Sequence[Array]) -> PartFiles:
        """Write the documents of each part, a block of them at a time."""
        counts, n_classes, ratio = problem.counts, 2, None
        if isinstance(problem, ClassProblem):
            n_classes, ratio = problem.n_classes, problem.ratio
        if ratio is not None:
            write_arrays(folder / "ratio.safetensors", {"ratio": ratio})
        for number, of_part in enumerate(rows):
            blocks = (_rows(counts, block) for block in row_blocks(counts.indptr, of_part))
            write_counts(folder / f"{number}.safetensors", blocks, counts.shape[1])
            targets = {"targets": problem.targets[of_part]}
            write_arrays(folder / f"{number}.targets.safetensors", targets)
        return cls(folder, len(rows), problem.l2, problem.fit_intercept, n_classes)

    def part(self, number: int) -> Part:
        """Return a part by its number."""
        mapped = _mapped(self.folder)
        if number not in mapped:
            mapped[number] = self._read(number)
        return mapped[number]

    def _read(self, number: int) -> Part:
        counts = map_counts(self.folder / f"{number}.safetensors")
        targets = read_arrays(self.folder / f"{number}.targets.safetensors")["targets"]
        given = counts, targets, self.l2, self.fit_intercept
        problem = Problem(*given)
        if self.n_classes > 2:
            path = self.folder / "ratio.safetensors"
            ratio = read_arrays(path)["ratio"] if path.exists() else None
            problem = ClassProblem(*given, self.n_classes, ratio)
        return Part(problem, np.arange(counts.shape[0]))


@functools.lru_cache(1)
def _mapped(folder: Path) -> dict[int, Part]:
    """Return the parts in a folder that this process has mapped into memory.

    It keeps those of one training: a file that is mapped has an open descriptor, and stays on the
    disk after it was deleted.
    """
    return {}


def _rows(counts: csr_array, rows: Array) -> tuple[Array, Array, Array]:
    """Return data, indices and indptr of some rows.

    Beyond 2^31 non-zeros `counts[rows]` would first copy all indices to int64.
    """
    sizes = counts.indptr[rows + 1] - counts.indptr[rows]
    ends = np.cumsum(sizes, dtype=np.int64)
    at = np.arange(ends[-1]) + np.repeat(counts.indptr[rows] - (ends - sizes), sizes)
    return counts.data[at], counts.indices[at], np.append(0, ends)


class Spread(NamedTuple):
    """Where parts are worked on.

    Attributes
    ----------
    workers : Workers
    folder : Path or None
        Where files may lie while a model is trained: those of the parts, for workers that do not
        share the memory of this process, and what is beyond memory.
    """

    workers: Workers = HERE
    folder: Path | None = None

    def folder_beyond_memory(self, counts: csr_array) -> Path | None:
        """Return the folder if the shuffle's buffer does not hold some counts, else None."""
        return self.folder if counts.nnz > BUFFER else None

    @contextmanager
    def parts(self, problem: Problem, rows: Sequence[Array]) -> Iterator[Parts]:
        """Give the parts of a problem: in files if workers need them and there are several."""
        if self.folder is None or len(rows) == 1 or in_this_process(self.workers):
            yield PartsInMemory(problem, rows)
            return
        # A worker may have parts of an earlier training mapped: each has a name of its own.
        with temporary_folder(self.folder / f"parts-{uuid.uuid4().hex}") as folder:
            yield PartFiles.write(folder, problem, rows)


IN_MEMORY = Spread()


def cut(shuffle: Shuffle, n_parts: int, seed: int) -> list[Array]:
    """Return the rows of each part: int arrays, in ascending order.

    Raises
    ------
    ConfigError
        If there are more parts than documents.

    Examples
    --------
    >>> shuffle = Shuffle(np.array([0, 2, 4, 6]), np.array([0, 1, 2]))
    >>> sorted(len(rows) for rows in cut(shuffle, 2, seed=0))
    [1, 2]
    """
    n = len(shuffle.documents)
    if n_parts > n:
        raise ConfigError(
            f"train.parts: expected at most one for each of {n:,} training reviews, got {n_parts:,}"
        )
    if n_parts == 1:
        return [shuffle.documents]
    # A third number that is not 0 makes a random stream that neither runs nor the validation set
    # have: [seed] and [seed, k].
    order = shuffle.order(np.random.default_rng([seed, 0, 1]))
    return [np.sort(rows) for rows in np.array_split(order, n_parts)]


def row_blocks(indptr: Array, rows: Array) -> Iterator[Array]:
    """Yield some rows in blocks of about BLOCK non-zeros: int64 arrays, as the kernels take them.

    Examples
    --------
    >>> [block.tolist() for block in row_blocks(np.array([0, BLOCK, BLOCK + 1]), np.arange(2))]
    [[0], [1]]
    """
    end, number, block = 0, 0, [rows[:0]]
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        ends = end + np.cumsum(indptr[some + 1] - indptr[some], dtype=np.int64)
        block_of = np.maximum(ends - 1, 0) // BLOCK
        same, *others = np.split(some, np.flatnonzero(np.diff(block_of, prepend=number)))
        block.append(same)
        for other in others:
            if any(map(len, block)):
                yield np.concatenate(block, dtype=np.int64)
            block = [other]
        end, number = int(ends[-1]), int(block_of[-1])
    yield np.concatenate(block, dtype=np.int64)


def total(results: Iterable[tuple[Array, ...]]) -> tuple[Array, ...]:
    """Add tuples of arrays, one after the other in their order.

    Examples
    --------
    >>> one, two = np.ones(2), np.full(2, 2.0)
    >>> [each.tolist() for each in total([(one, two), (one, two)])]
    [[2.0, 2.0], [4.0, 4.0]]
    """
    return functools.reduce(lambda a, b: tuple(map(np.add, a, b)), results)
