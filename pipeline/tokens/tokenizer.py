"""Texts to tokens, columnar: one array of ids for a whole split.

The `words` tokenizer is compiled; the others are NLTK's own. What follows a tokenizer
(negation marks, stop words, dropping punctuation) works on the distinct tokens and on
whole arrays. Texts are tokenised in blocks, in parallel threads. The distinct tokens of the
blocks are merged in block order, so the result is the same for any block size and any number
of threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa

from pipeline.kernels.distinct import renumber
from pipeline.nltk_data import nltk_corpus
from pipeline.parallel import Workspace, chunks, map_with_workspace
from pipeline.storage import arrays, arrow, files
from pipeline.tokens.distinct import DistinctTokens
from pipeline.tokens.negation import NEGATED, is_negation, mark_negation
from pipeline.tokens.nltk import tokenise_with_nltk
from pipeline.tokens.words import is_word, tokenise_words

# Bytes of text that are tokenised at a time, each such block in a thread of its own: into a file,
# and into memory, where larger ones have fewer distinct tokens to merge.
BLOCK = 1 << 22
WHOLE = 1 << 26


@dataclass(frozen=True)
class Tokens:
    """The tokens of a split of documents.

    Attributes
    ----------
    ids : int32 array, shape (n_tokens,)
        All documents' tokens, one document after the other.
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    distinct : pyarrow.LargeStringArray, length n_distinct
        The distinct tokens in order of first appearance. None holds white space.
    """

    ids: np.ndarray
    offsets: np.ndarray
    distinct: pa.LargeStringArray

    def __post_init__(self) -> None:
        self.ids.flags.writeable = False
        self.offsets.flags.writeable = False

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return len(self.offsets) - 1

    def select(self, chosen: np.ndarray) -> Tokens:
        """Return the documents for which `chosen`, a bool for each, is true; `distinct` stays."""
        lengths = np.diff(self.offsets)
        offsets = np.concatenate(([0], np.cumsum(lengths[chosen])))
        return Tokens(self.ids[np.repeat(chosen, lengths)], offsets, self.distinct)

    def document(self, d: int) -> list[str]:
        """Return the tokens of one document as strings."""
        ids = self.ids[self.offsets[d] : self.offsets[d + 1]]
        tokens: list[str] = self.distinct.take(arrow.numbers(ids)).to_pylist()
        return tokens


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer and all its settings; calling it turns texts into `Tokens`.

    Attributes
    ----------
    tokenizer : str
        `words`, the compiled one; NLTK's `wordpunct`, `treebank`, `tweet` or
        `toktok`; or `pattern`, NLTK's `RegexpTokenizer` of `pattern`.
    pattern : str, optional
        A regular expression without capturing groups, for `pattern` only.
    lowercase : bool
        Whether texts are lowercased first.
    strip_breaks : bool
        Whether `<br>`, `<br/>` and `<br />` count as a space.
    punctuation : bool
        Whether tokens without a letter, digit or underscore are kept.
    mark_negation : bool
        Whether words between a negation and the next clause end become `NOT_word`
        (Jurafsky & Martin, Speech and Language Processing, section on optimising
        naive Bayes for sentiment; Das & Chen 2001).
    stop_words : tuple of str
        Tokens to drop, in lower case, whatever their case here and marked or not.
    """

    tokenizer: str = "words"
    pattern: str | None = None
    lowercase: bool = True
    strip_breaks: bool = False
    punctuation: bool = False
    mark_negation: bool = False
    stop_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = ("words", "wordpunct", "treebank", "tweet", "toktok", "pattern")
        if self.tokenizer not in names:
            raise ValueError(f"tokenizer: expected {', '.join(names)}, got {self.tokenizer!r}")

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Self:
        """Return the tokenizer of what `to_dict` gave."""
        return cls(**{**facts, "stop_words": tuple(facts["stop_words"])})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        return asdict(self)

    def __call__(self, texts: pa.LargeStringArray | pa.ChunkedArray | Sequence[str]) -> Tokens:
        """Tokenise texts.

        Parameters
        ----------
        texts : pyarrow.LargeStringArray, ChunkedArray of it, or sequence of str
            One text a document, without nulls, valid UTF-8.

        Returns
        -------
        Tokens
        """
        if not isinstance(texts, (pa.LargeStringArray, pa.ChunkedArray)):
            texts = arrow.strings(texts)
        # No token is shorter than a byte, so a block's ids have a place of their own, and move up
        # from there. What is not written to takes no memory.
        ids, offsets = np.empty(_n_bytes(texts), np.int32), np.zeros(len(texts) + 1, np.int64)
        distinct, n, d = DistinctTokens(), 0, 0

        def placed() -> Iterator[tuple[pa.LargeStringArray, np.ndarray]]:
            begin = 0
            for block in _blocks(texts, WHOLE):
                end = begin + _n_bytes(block)
                yield block, ids[begin:end]
                begin = end

        for block in map_with_workspace(
            lambda block, workspace: self._tokenise(*block, workspace), placed()
        ):
            offsets[d + 1 : d + len(block.offsets)] = n + block.offsets[1:]
            numbers = distinct.add(block.distinct)
            if d:  # the numbers of the first one are its own, and they lie where they belong
                renumber(block.ids, numbers, ids[n : n + len(block.ids)])
            n, d = n + len(block.ids), d + len(block.offsets) - 1
        ids.resize(n, refcheck=False)
        return Tokens(ids, offsets, distinct.spelled())

    def stream(
        self, texts: pa.LargeStringArray | pa.ChunkedArray, distinct: DistinctTokens
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Tokenise texts block by block, in threads; what is held in memory is a few blocks.

        Parameters
        ----------
        texts : pyarrow.LargeStringArray or ChunkedArray of it
        distinct : DistinctTokens
            Receives the distinct tokens; the ids are their numbers there.

        Yields
        ------
        ids, offsets : int32 and int64 arrays
            As in `Tokens`, of the documents of a block, in order. Good until the next ones are
            asked for.
        """

        def tokenise(block: pa.LargeStringArray, workspace: Workspace) -> _Block:
            return self._tokenise(
                block, workspace.array("ids", _n_bytes(block), np.int32), workspace
            )

        for block in map_with_workspace(tokenise, _blocks(texts, BLOCK)):
            renumber(block.ids, distinct.add(block.distinct), block.ids)
            yield block.ids, block.offsets

    def _tokenise(
        self, texts: pa.LargeStringArray, place: np.ndarray, workspace: Workspace
    ) -> _Block:
        """Tokenise a block of texts; its ids are written to a place."""
        # Punctuation ends the scope of a negation, so it stays until that is marked.
        keep_punctuation = self.punctuation or self.mark_negation
        settings = self.lowercase, self.strip_breaks
        if self.tokenizer == "words":
            block = _Block(*tokenise_words(texts, *settings, keep_punctuation, place, workspace))
            if not self.mark_negation and not self.stop_words:
                return block
            tokens = Tokens(block.ids, block.offsets, block.distinct.spelled())
        else:
            tokens = Tokens(*tokenise_with_nltk(texts, self.tokenizer, self.pattern, *settings))
        tokens = self._rewritten(tokens)
        ids = place[: len(tokens.ids)]
        ids[:] = tokens.ids
        return _Block(ids, tokens.offsets, DistinctTokens.of(tokens.distinct))

    def _rewritten(self, tokens: Tokens) -> Tokens:
        """Do what follows the tokenizer."""
        if self.mark_negation:
            ids, distinct = mark_negation(tokens.ids, tokens.offsets, tokens.distinct)
            tokens = Tokens(ids, tokens.offsets, distinct)
        return _drop(tokens, self.unwanted(tokens.distinct.to_pylist()))

    def unwanted(self, distinct: Iterable[str]) -> set[str]:
        """Return those of some tokens, as they are once marked, that the settings drop."""
        distinct = set(distinct)
        dropped = set() if self.punctuation else {t for t in distinct if not is_word(t)}
        if self.stop_words:
            stop = set(self.stop_words)
            dropped |= {t for t in distinct if t.removeprefix(NEGATED).lower() in stop}
        return dropped


def stop_words() -> tuple[str, ...]:
    """Return NLTK's English stop words without the negations.

    The stems that a tokenizer without apostrophes leaves of a contraction ("don" of
    "don't") stay out of the list too: they are all that is left of the negation.
    """
    words = set(nltk_corpus("stopwords").words("english"))
    negations = {word for word in words if is_negation(word)}
    # The list has the stem of ain't without the word.
    stems = {word.removesuffix("'t") for word in negations | {"ain't"}}
    return tuple(sorted(words - negations - stems))


class _Block(NamedTuple):
    """`Tokens` of a block of texts; its distinct tokens are in a table that finds them."""

    ids: np.ndarray
    offsets: np.ndarray
    distinct: DistinctTokens


def _n_bytes(texts: pa.LargeStringArray | pa.ChunkedArray) -> int:
    arrow_chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    return sum(int(offsets[-1] - offsets[0]) for _, offsets in map(arrow.buffers, arrow_chunks))


def _blocks(
    texts: pa.LargeStringArray | pa.ChunkedArray, largest: int
) -> Iterator[pa.LargeStringArray]:
    """Cut texts into blocks for threads; several chunks are such blocks, if not too large."""
    arrow_chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    for chunk in arrow_chunks:
        if len(arrow_chunks) > 1 and _n_bytes(chunk) < 2 * largest:
            yield chunk
            continue
        _, offsets = arrow.buffers(chunk)
        for part in chunks(offsets, largest):
            yield chunk[part]


def _drop(tokens: Tokens, unwanted: set[str]) -> Tokens:
    """Drop every occurrence of some tokens; the rest keep their order."""
    kept = np.array([t not in unwanted for t in tokens.distinct.to_pylist()], bool)
    if kept.all():
        return tokens
    keep = kept[tokens.ids]
    dropped_before = np.searchsorted(np.flatnonzero(~keep), tokens.offsets)
    renumbered = (np.cumsum(kept) - 1).astype(np.int32)
    return Tokens(
        renumbered[tokens.ids[keep]],
        tokens.offsets - dropped_before,
        tokens.distinct.take(arrow.numbers(np.flatnonzero(kept))),
    )


def write_tokens(
    path: Path, tokenizer: Tokenizer, texts: pa.LargeStringArray | pa.ChunkedArray
) -> Tokens:
    """Tokenise texts into files, block by block, and return what they hold.

    The ids and the offsets go to `path`, the distinct tokens to a word list next to it.
    """
    distinct, total = DistinctTokens(), 0
    with arrays.ArrayWriter(path, ids=np.int32, offsets=np.int64) as file:
        file.append("offsets", np.zeros(1, np.int64))
        for ids, offsets in tokenizer.stream(texts, distinct):
            file.append("ids", ids)
            file.append("offsets", offsets[1:] + total)
            total += len(ids)
    files.write_words(path.with_suffix(".distinct.txt"), distinct.spelled())
    return read_tokens(path)


def read_tokens(path: Path) -> Tokens:
    """Map what `write_tokens` wrote into memory."""
    found = arrays.read_arrays(path)
    distinct = files.read_words(path.with_suffix(".distinct.txt"))
    return Tokens(found["ids"], found["offsets"], distinct)
