"""`Tokenizer`: its settings, and texts to token ids, block by block in threads.

The `words` tokenizer is compiled; the others are NLTK's own. Negation marks, stop words and the
dropping of punctuation come after a tokenizer and work on the distinct tokens and on whole
arrays. Texts are tokenised in blocks, in parallel threads. The distinct tokens of the blocks are
merged in block order, so the result is the same for any block size and any number of threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
import pyarrow as pa

from pipeline.kernels.distinct import renumber
from pipeline.parallel import Workspace, chunks, in_slices, map_with_workspace
from pipeline.storage import arrays, arrow, files
from pipeline.tokens.distinct import DistinctTokens
from pipeline.tokens.grammar import is_word
from pipeline.tokens.negation import NEGATED, mark_negation
from pipeline.tokens.nltk import is_emoticon_of_tweets, require_pattern, tokenise_with_nltk
from pipeline.tokens.preparation import Preparation
from pipeline.tokens.tokens import Tokens, distinct_path
from pipeline.tokens.words import tokenise_words

Texts: TypeAlias = pa.LargeStringArray | pa.ChunkedArray | Sequence[str]

# Bytes of text in a block. On the way to a file a block is small, because some blocks are held
# in memory; otherwise it is large, because larger blocks have fewer distinct tokens to merge.
BLOCK_TO_FILE = 1 << 22
BLOCK_IN_MEMORY = 1 << 26
# Ids that a thread renumbers at a time.
RENUMBERED = 1 << 19


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer with its settings. Call it to turn texts into `Tokens`.

    Attributes
    ----------
    tokenizer : str
        `words`, the compiled one; NLTK's `wordpunct`, `treebank`, `tweet` or `toktok`; or
        `pattern`, NLTK's `RegexpTokenizer` with `pattern`.
    pattern : str, optional
        A regular expression without capturing groups, for `pattern` only.
    lowercase : bool
        Lowercase the texts first.
    html : str
        `keep` it; `breaks`, where `<br>` becomes a space; or `text`, where tags go and entities
        such as `&amp;` become the characters that they stand for.
    tweets : bool
        Write URLs as `@url` and the names of users as `@user`, leave a letter that is repeated
        more than three times three times, and keep hashtags whole.
    punctuation : bool
        Keep tokens that are no word, number, emoji or emoticon.
    mark_negation : bool
        Write words between a negation and the end of its clause as `NOT_word` (Jurafsky &
        Martin, Speech and Language Processing, on optimising naive Bayes for sentiment;
        Das & Chen 2001).
    stop_words : tuple of str
        Tokens to drop, in lower case. They are dropped in any case, marked or not.

    Examples
    --------
    >>> tokens = Tokenizer()(["A good film.", "Don't miss it!"])
    >>> tokens.document(1)
    ["don't", 'miss', 'it']
    >>> tokenizer = Tokenizer(mark_negation=True, stop_words=("a",))
    >>> tokenizer(["Not a good film, but fun"]).document(0)
    ['not', 'NOT_good', 'NOT_film', 'but', 'fun']
    """

    tokenizer: str = "words"
    pattern: str | None = None
    lowercase: bool = True
    html: str = "keep"
    tweets: bool = False
    punctuation: bool = False
    mark_negation: bool = False
    stop_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = ("words", "wordpunct", "treebank", "tweet", "toktok", "pattern")
        if self.tokenizer not in names:
            raise ValueError(f"tokenizer: expected {', '.join(names)}, got {self.tokenizer!r}")
        if self.html not in ("keep", "breaks", "text"):
            raise ValueError(f"html: expected keep, breaks or text, got {self.html!r}")

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Self:
        """Return the tokenizer with the settings that `to_dict` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the settings are not such ones, or the pattern is not one to run.
        """
        stop_words = settings["stop_words"]
        if not isinstance(stop_words, (list, tuple)) or not all(
            isinstance(word, str) for word in stop_words
        ):
            raise TypeError("stop_words: expected a list of strings")
        for name in ("lowercase", "tweets", "punctuation", "mark_negation"):
            if not isinstance(settings.get(name, False), bool):
                raise TypeError(f"{name}: expected true or false, got {settings[name]!r}")
        for name in sorted(settings.keys() - {field.name for field in fields(cls)}):
            raise TypeError(f"{name}: this version has no such setting; train the model again")
        found = cls(**{**settings, "stop_words": tuple(stop_words)})
        if (found.tokenizer == "pattern") != (found.pattern is not None):
            raise ValueError('pattern: expected with tokenizer = "pattern", and only with it')
        if found.pattern is not None:
            require_pattern(found.pattern)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        return asdict(self)

    @property
    def preparation(self) -> Preparation:
        """What happens to a text before it is split."""
        return Preparation(self.html, self.tweets, self.lowercase)

    def __call__(self, texts: Texts) -> Tokens:
        """Tokenise texts.

        Parameters
        ----------
        texts : sequence of str, or Arrow array of strings
            One text a document.

        Returns
        -------
        Tokens

        Raises
        ------
        TypeError
            If `texts` is a single string, or if a text is not a string.
        """
        texts = arrow.texts(texts)
        # A token has at least one byte. So block k can write its ids at the position of its first
        # byte, before the number of tokens in earlier blocks is known; they move up from there.
        # Memory that is never written to is never allocated.
        ids, offsets = np.empty(_n_bytes(texts), np.int32), np.zeros(len(texts) + 1, np.int64)
        distinct, n, d = DistinctTokens(), 0, 0

        def with_room() -> Iterator[tuple[pa.LargeStringArray, np.ndarray]]:
            begin = 0
            for block in _blocks(texts, BLOCK_IN_MEMORY):
                end = begin + _n_bytes(block)
                yield block, ids[begin:end]
                begin = end

        for block in map_with_workspace(
            lambda block, workspace: self._tokenise(*block, workspace), with_room()
        ):
            offsets[d + 1 : d + len(block.offsets)] = n + block.offsets[1:]
            numbers = distinct.add(block.distinct)
            if d:  # the ids of the first block are final, and in place
                _renumber(block.ids, numbers, ids[n : n + len(block.ids)])
            n, d = n + len(block.ids), d + len(block.offsets) - 1
        ids.resize(n, refcheck=False)
        return Tokens(ids, offsets, distinct.spelled())

    def stream(
        self, texts: pa.LargeStringArray | pa.ChunkedArray, distinct: DistinctTokens
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Tokenise texts in threads and yield the tokens of one block after the other.

        Only a few blocks are in memory at a time.

        Parameters
        ----------
        texts : pyarrow.LargeStringArray or ChunkedArray of it
        distinct : DistinctTokens
            Receives the distinct tokens, which the ids refer to.

        Yields
        ------
        ids, offsets : int32 and int64 arrays
            As in `Tokens`, for the documents of a block. Valid until the next iteration.
        """

        for block in map_with_workspace(self.block, _blocks(texts, BLOCK_TO_FILE)):
            renumber(block.ids, distinct.add(block.distinct), block.ids)
            yield block.ids, block.offsets

    def block(self, texts: pa.LargeStringArray, workspace: Workspace) -> TokenBlock:
        """Tokenise a block of texts in this thread.

        The result is valid until the workspace is used again.
        """
        room = workspace.array("ids", _n_bytes(texts), np.int32)
        return self._tokenise(texts, room, workspace)

    def _tokenise(
        self, texts: pa.LargeStringArray, room: np.ndarray, workspace: Workspace
    ) -> TokenBlock:
        """Tokenise a block of texts; its ids are written to `room`."""
        # Punctuation ends the scope of a negation, so it stays until negation is marked.
        keep_punctuation = self.punctuation or self.mark_negation
        preparation = self.preparation
        if self.tokenizer == "words":
            found = tokenise_words(texts, preparation, keep_punctuation, room, workspace)
            block = TokenBlock(*found)
            if not self.mark_negation and not self.stop_words:
                return block
            tokens = Tokens(block.ids, block.offsets, block.distinct.spelled())
        else:
            tokens = Tokens(*tokenise_with_nltk(texts, self.tokenizer, self.pattern, preparation))
        if self.mark_negation:
            ids, distinct = mark_negation(tokens.ids, tokens.offsets, tokens.distinct)
            tokens = Tokens(ids, tokens.offsets, distinct)
        tokens = tokens.without(self.unwanted(tokens.distinct.to_pylist()))
        ids = room[: len(tokens.ids)]
        ids[:] = tokens.ids
        return TokenBlock(ids, tokens.offsets, DistinctTokens.of(tokens.distinct))

    def unwanted(self, tokens: Iterable[str]) -> set[str]:
        """Return those of some tokens that the settings drop, after negation is marked."""
        tokens = set(tokens)
        dropped = set() if self.punctuation else {t for t in tokens if not is_word(t)}
        if self.tokenizer == "tweet":
            dropped = {t for t in dropped if not is_emoticon_of_tweets(t)}
        if self.stop_words:
            stop = set(self.stop_words)
            dropped |= {t for t in tokens if t.removeprefix(NEGATED).lower() in stop}
        return dropped


class TokenBlock(NamedTuple):
    """`Tokens` of a block of texts; its distinct tokens are in a table that finds them."""

    ids: np.ndarray
    offsets: np.ndarray
    distinct: DistinctTokens


def _renumber(ids: np.ndarray, numbers: np.ndarray, moved: np.ndarray) -> None:
    """Write `numbers[ids]` to `moved`, in threads if none would write what another one reads."""
    size = max(1, len(ids)) if np.may_share_memory(ids, moved) else RENUMBERED
    in_slices(lambda part: renumber(ids[part], numbers, moved[part]), len(ids), size)


def _n_bytes(texts: pa.LargeStringArray | pa.ChunkedArray) -> int:
    arrow_chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    return sum(int(offsets[-1] - offsets[0]) for _, offsets in map(arrow.buffers, arrow_chunks))


def _blocks(
    texts: pa.LargeStringArray | pa.ChunkedArray, largest: int
) -> Iterator[pa.LargeStringArray]:
    """Cut texts into blocks for threads. Arrow chunks are blocks already, unless too large."""
    arrow_chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    for chunk in arrow_chunks:
        if len(arrow_chunks) > 1 and _n_bytes(chunk) < 2 * largest:
            yield chunk
            continue
        _, offsets = arrow.buffers(chunk)
        for part in chunks(offsets, largest):
            yield chunk[part]


def write_tokens(
    path: Path, tokenizer: Tokenizer, texts: pa.LargeStringArray | pa.ChunkedArray
) -> int:
    """Tokenise the texts of a shard into files, block by block; return the number of tokens.

    The ids and the offsets go to `path`, the distinct tokens to a word list next to it.
    """
    distinct, total = DistinctTokens(), 0
    with arrays.ArrayWriter(path, ids=np.int32, offsets=np.int64) as file:
        file.append("offsets", np.zeros(1, np.int64))
        for ids, offsets in tokenizer.stream(texts, distinct):
            file.append("ids", ids)
            file.append("offsets", offsets[1:] + total)
            total += len(ids)
    files.write_words(distinct_path(path), distinct.spelled())
    return total
