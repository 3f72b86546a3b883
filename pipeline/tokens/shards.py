"""`TokenShards`: the tokens of a set, of which each shard numbers its distinct tokens itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.kernels.distinct import renumber
from pipeline.storage.arrays import scratch
from pipeline.tokens.distinct import DistinctTokens
from pipeline.tokens.tokens import Tokens, read_tokens


@dataclass(frozen=True)
class TokenShards:
    """The tokens of a set's shards.

    Attributes
    ----------
    shards : list of Tokens
    distinct : pyarrow.LargeStringArray, length n_distinct
        The distinct tokens of all shards in order of first appearance, as if they were one.
    numbers : list of int32 arrays
        For each shard, where in `distinct` each of its own distinct tokens is.
    """

    shards: list[Tokens]
    distinct: pa.LargeStringArray
    numbers: list[np.ndarray]

    @classmethod
    def of(cls, shards: list[Tokens]) -> TokenShards:
        """Merge the distinct tokens of shards, in the order of the shards.

        Examples
        --------
        >>> from pipeline.tokens.tokenizer import Tokenizer
        >>> found = TokenShards.of([Tokenizer()(["a film"]), Tokenizer()(["good film"])])
        >>> found.distinct.to_pylist(), found.joined().ids.tolist()
        (['a', 'film', 'good'], [0, 1, 2, 1])
        """
        if len(shards) == 1:
            (whole,) = shards
            return cls(shards, whole.distinct, [np.arange(len(whole.distinct), dtype=np.int32)])
        distinct = DistinctTokens()
        numbers = [distinct.add(DistinctTokens.of(shard.distinct)) for shard in shards]
        return cls(shards, distinct.spelled(), numbers)

    @classmethod
    def read(cls, paths: Sequence[Path]) -> TokenShards:
        """Map the shards that `write_tokens` wrote into memory.

        Raises
        ------
        RunError
            If a file is not valid, or an id or an offset is out of bounds.
        """
        return cls.of([read_tokens(path) for path in paths])

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
        return shard.document(d)

    def n_occurring_once(self) -> int:
        """Return how many of the distinct tokens occur once in all documents."""
        n = np.zeros(len(self.distinct), np.int64)
        for shard, numbers in zip(self.shards, self.numbers, strict=True):
            n[numbers] += np.bincount(shard.ids, minlength=len(numbers))
        return int((n == 1).sum())

    def joined(self) -> Tokens:
        """Return the tokens of all shards as one; a single shard is returned as it is.

        Those of more are a copy, mapped from a file without a name in their folder.
        """
        if len(self.shards) == 1:
            return self.shards[0]
        folder = self.shards[0].folder
        n_documents = sum(shard.n_documents for shard in self.shards)
        ids = scratch(self.n_tokens, np.int32, folder)
        offsets = scratch(n_documents + 1, np.int64, folder)
        offsets[0], row, end = 0, 0, 0
        for shard, numbers in zip(self.shards, self.numbers, strict=True):
            renumber(shard.ids, numbers, ids[end : end + len(shard.ids)])
            np.add(shard.offsets[1:], end, out=offsets[row + 1 : row + 1 + shard.n_documents])
            row, end = row + shard.n_documents, end + len(shard.ids)
        return Tokens(ids, offsets, self.distinct, folder)
