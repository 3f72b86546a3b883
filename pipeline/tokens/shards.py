"""`TokenShards`: the tokens of a set, of which each shard numbers its distinct tokens itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.kernels.distinct import renumber
from pipeline.storage import arrow
from pipeline.storage.arrays import scratch
from pipeline.tokens.distinct import DistinctTokens
from pipeline.tokens.tokens import Tokens, read_tokens


class TokenShard(NamedTuple):
    """The tokens of a shard.

    Attributes
    ----------
    ids, offsets : int32 and int64 arrays
        As `Tokens` has them.
    numbers : int32 array
        For each id, where its token is among the distinct tokens of all shards.
    """

    ids: np.ndarray
    offsets: np.ndarray
    numbers: np.ndarray

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return len(self.offsets) - 1


@dataclass(frozen=True)
class TokenShards:
    """The tokens of a set's shards.

    Attributes
    ----------
    shards : list of TokenShard
    distinct : pyarrow.LargeStringArray, length n_distinct
        The distinct tokens of all shards in order of first appearance, as if they were one.
    folder : Path or None
        As `Tokens` has it.
    """

    shards: list[TokenShard]
    distinct: pa.LargeStringArray
    folder: Path | None

    @classmethod
    def of(cls, shards: Iterable[Tokens]) -> TokenShards:
        """Merge the distinct tokens of shards, one shard after the other.

        Examples
        --------
        >>> from pipeline.tokens.tokenizer import Tokenizer
        >>> found = TokenShards.of([Tokenizer()(["a film"]), Tokenizer()(["good film"])])
        >>> found.distinct.to_pylist(), found.joined().ids.tolist()
        (['a', 'film', 'good'], [0, 1, 2, 1])
        """
        # Those of a shard are in memory only until they are merged.
        merged, found = DistinctTokens(), []
        for shard in shards:
            numbers = merged.add(DistinctTokens.of(shard.distinct))
            found.append(TokenShard(shard.ids, shard.offsets, numbers))
        return cls(found, merged.spelled(), shard.folder)

    @classmethod
    def read(cls, paths: Sequence[Path]) -> TokenShards:
        """Map the shards that `write_tokens` wrote into memory.

        Raises
        ------
        RunError
            If a file is not valid, or an id or an offset is out of bounds.
        """
        if len(paths) == 1:  # nothing to merge
            whole = read_tokens(paths[0])
            numbers = np.arange(len(whole.distinct), dtype=np.int32)
            shard = TokenShard(whole.ids, whole.offsets, numbers)
            return cls([shard], whole.distinct, whole.folder)
        return cls.of(map(read_tokens, paths))

    @property
    def n_tokens(self) -> int:
        """Number of tokens of all documents."""
        return sum(len(shard.ids) for shard in self.shards)

    def document(self, d: int) -> list[str]:
        """Return the tokens of document `d`, counted over all shards, as strings."""
        for shard in self.shards:
            if d < shard.n_documents:
                break
            d -= shard.n_documents
        ids = shard.ids[shard.offsets[d] : shard.offsets[d + 1]]
        tokens: list[str] = self.distinct.take(arrow.numbers(shard.numbers[ids])).to_pylist()
        return tokens

    def n_occurring_once(self) -> int:
        """Return how many of the distinct tokens occur once in all documents."""
        n = np.zeros(len(self.distinct), np.int64)
        for ids, _, numbers in self.shards:
            n[numbers] += np.bincount(ids, minlength=len(numbers))
        return int((n == 1).sum())

    def joined(self) -> Tokens:
        """Return the tokens of all shards as one; a single shard is returned as it is.

        Those of more are a copy, mapped from a file without a name in their folder.
        """
        if len(self.shards) == 1:
            (only,) = self.shards
            return Tokens(only.ids, only.offsets, self.distinct, self.folder)
        n_documents = sum(shard.n_documents for shard in self.shards)
        ids = scratch(self.n_tokens, np.int32, self.folder)
        offsets = scratch(n_documents + 1, np.int64, self.folder)
        offsets[0], row, end = 0, 0, 0
        for shard in self.shards:
            renumber(shard.ids, shard.numbers, ids[end : end + len(shard.ids)])
            np.add(shard.offsets[1:], end, out=offsets[row + 1 : row + 1 + shard.n_documents])
            row, end = row + shard.n_documents, end + len(shard.ids)
        return Tokens(ids, offsets, self.distinct, self.folder)
