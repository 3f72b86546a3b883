"""Texts to tokens, columnar: one array of ids for a whole split.

The `words` tokenizer is compiled; the others are NLTK's own. What follows a tokenizer
(negation marks, stop words, dropping punctuation) works on the distinct tokens and on
whole arrays. Texts are tokenised in blocks, side by side in threads, and a block's types
get their numbers among all types when its turn comes: the result is the same for blocks
of any size and any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import regex

from pipeline import arrays, arrow, artifacts
from pipeline.kernels.types import renumber
from pipeline.negation import NEGATED, is_negation, mark_negation
from pipeline.nltk_data import nltk_corpus
from pipeline.threads import Room, in_rooms, n_threads, shares
from pipeline.token_types import Types
from pipeline.words import is_word, tokenise_words

HTML_BREAK = regex.compile(r"<br\s*/?>", regex.ASCII | regex.IGNORECASE)

# Bytes of text that are tokenised at a time, each such block in a thread of its own.
BLOCK = 1 << 22
# Up to so many, one thread takes them all at a time: what it finds is not copied.
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
    types : pyarrow.LargeStringArray, length n_types
        The distinct tokens in order of first appearance. None holds white space.
    """

    ids: np.ndarray
    offsets: np.ndarray
    types: pa.LargeStringArray

    def __post_init__(self) -> None:
        self.ids.flags.writeable = False
        self.offsets.flags.writeable = False

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return len(self.offsets) - 1

    def document(self, d: int) -> list[str]:
        """Return the tokens of one document as strings."""
        ids = self.ids[self.offsets[d] : self.offsets[d + 1]]
        tokens: list[str] = self.types.take(arrow.numbers(ids)).to_pylist()
        return tokens


_NO_TYPES = arrow.strings([])


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
        blocks = list(_blocks(texts))
        if len(blocks) == 1:
            return self._tokenise(blocks[0], Room())
        types = Types()
        # No token is shorter than a byte. What is not written to takes no memory.
        ids = np.empty(_n_bytes(texts), np.int32)
        offsets = np.zeros(len(texts) + 1, np.int64)
        n, d = 0, 0
        for block in self.stream(texts, types):
            offsets[d + 1 : d + 1 + block.n_documents] = n + block.offsets[1:]
            ids[n : n + len(block.ids)] = block.ids
            n, d = n + len(block.ids), d + block.n_documents
        return Tokens(ids[:n], offsets, types.spelled())

    def stream(
        self, texts: pa.LargeStringArray | pa.ChunkedArray, types: Types
    ) -> Iterator[Tokens]:
        """Tokenise texts block by block, in threads; what is held in memory is a few blocks.

        Parameters
        ----------
        texts : pyarrow.LargeStringArray or ChunkedArray of it
        types : Types
            Receives the types; a block's ids are their numbers there.

        Yields
        ------
        Tokens
            Of the documents of a block, in order; their own types they bear no more. Good
            until the next ones are asked for.
        """
        room = Room()
        for tokens in in_rooms(self._tokenise, _blocks(texts)):
            ids, is_first = tokens.ids, not len(types)
            numbers = types.add(tokens.types)
            if not is_first:  # whose numbers are its own
                ids = room.array("ids", len(ids), np.int32)[: len(ids)]
                renumber(tokens.ids, numbers, ids)
            yield Tokens(ids, tokens.offsets, _NO_TYPES)

    def _tokenise(self, texts: pa.LargeStringArray, room: Room) -> Tokens:
        """Tokenise a block of texts."""
        # Punctuation ends the scope of a negation, so it stays until that is marked.
        keep_punctuation = self.punctuation or self.mark_negation
        if self.tokenizer == "words":
            settings = self.lowercase, self.strip_breaks, keep_punctuation
            tokens = Tokens(*tokenise_words(texts, *settings, room))
        else:
            tokens = _tokenise_each(map(self._prepare, texts.to_pylist()), self._nltk_tokenizer())
        if self.mark_negation:
            ids, types = mark_negation(tokens.ids, tokens.offsets, tokens.types)
            tokens = Tokens(ids, tokens.offsets, types)
        if not self.punctuation and (self.tokenizer != "words" or keep_punctuation):
            tokens = _drop(tokens, {t for t in tokens.types.to_pylist() if not is_word(t)})
        if self.stop_words:
            unwanted = set(self.stop_words)
            words = tokens.types.to_pylist()
            stop = {word for word in words if word.removeprefix(NEGATED).lower() in unwanted}
            tokens = _drop(tokens, stop)
        return tokens

    def _prepare(self, text: str) -> str:
        """Do in Python what the compiled tokenizer does to a text before it splits it."""
        text = text.lower() if self.lowercase else text
        text = text.replace("\u2019", "'")
        return HTML_BREAK.sub(" ", text) if self.strip_breaks else text

    def _nltk_tokenizer(self) -> Callable[[str], list[str]]:
        from nltk import tokenize

        makers: dict[str, Callable[[], Any]] = {
            "wordpunct": tokenize.WordPunctTokenizer,
            "treebank": tokenize.TreebankWordTokenizer,
            "tweet": tokenize.TweetTokenizer,
            "toktok": tokenize.ToktokTokenizer,
            "pattern": lambda: tokenize.RegexpTokenizer(self.pattern),
        }
        tokenise: Callable[[str], list[str]] = makers[self.tokenizer]().tokenize
        return tokenise


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


def _n_bytes(texts: pa.LargeStringArray | pa.ChunkedArray) -> int:
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    return sum(int(offsets[-1] - offsets[0]) for _, offsets in map(arrow.buffers, chunks))


def _blocks(texts: pa.LargeStringArray | pa.ChunkedArray) -> Iterator[pa.LargeStringArray]:
    """Cut texts into blocks for threads."""
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        _, offsets = arrow.buffers(chunk)
        for part in shares(offsets, WHOLE if n_threads() == 1 else BLOCK):
            yield chunk[part]


def _tokenise_each(texts: Iterable[str], tokenise: Callable[[str], list[str]]) -> Tokens:
    """Give numbers to the tokens that a Python tokenizer returns, text by text.

    White space inside a token, as in a telephone number, becomes an underscore: the
    tokens of an n-gram are told apart by the space between them. So does a NUL, for a
    zero byte ends a type. Empty tokens, which a pattern may match, are left out.
    """
    number: dict[str, int] = {}
    ids: list[int] = []
    offsets = [0]
    for text in texts:
        names = ("_".join(token.replace("\0", " ").split()) for token in tokenise(text))
        ids.extend(number.setdefault(name, len(number)) for name in names if name)
        offsets.append(len(ids))
    types = arrow.strings(list(number))
    return Tokens(np.array(ids, np.int32), np.array(offsets, np.int64), types)


def _drop(tokens: Tokens, unwanted: set[str]) -> Tokens:
    """Drop every occurrence of some types; the rest keep their order."""
    keep_type = np.array([t not in unwanted for t in tokens.types.to_pylist()], bool)
    if keep_type.all():
        return tokens
    keep = keep_type[tokens.ids]
    kept_before = np.concatenate(([0], np.cumsum(keep)))
    renumbered = (np.cumsum(keep_type) - 1).astype(np.int32)
    return Tokens(
        renumbered[tokens.ids[keep]],
        kept_before[tokens.offsets],
        tokens.types.take(arrow.numbers(np.flatnonzero(keep_type))),
    )


def write_tokens(
    path: Path, tokenizer: Tokenizer, texts: pa.LargeStringArray | pa.ChunkedArray
) -> Tokens:
    """Tokenise texts into files, block by block, and return what they hold.

    `path` gets the ids and the offsets, and a list of words beside it the types.
    """
    types, total = Types(), 0
    with arrays.ArrayWriter(path, ids=np.int32, offsets=np.int64) as file:
        file.append("offsets", np.zeros(1, np.int64))
        for block in tokenizer.stream(texts, types):
            file.append("ids", block.ids)
            file.append("offsets", block.offsets[1:] + total)
            total += len(block.ids)
    artifacts.write_words(path.with_suffix(".types.txt"), types.spelled())
    return read_tokens(path)


def read_tokens(path: Path) -> Tokens:
    """Map what `write_tokens` wrote into memory."""
    found = arrays.read_arrays(path)
    return Tokens(
        found["ids"], found["offsets"], artifacts.read_words(path.with_suffix(".types.txt"))
    )
