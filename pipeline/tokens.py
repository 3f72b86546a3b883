"""Texts to tokens, columnar: one array of ids for a whole split.

The `words` tokenizer is compiled; what it means is said in one line of NLTK,
`RegexpTokenizer(WORDS)` on the lowercased text with straight apostrophes, and the
tests hold the two equal on any text. The other tokenizers are NLTK's own. What
follows a tokenizer (negation marks, stop words, dropping punctuation) works on
the distinct tokens and on whole arrays.

`regex` is the engine that NLTK's own tokenizers run on. To it a combining mark is
part of a word, as the words of Hindi and Thai need; to `re` of the standard library
it is not.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import regex

from pipeline import artifacts
from pipeline.kernels import text as kernels
from pipeline.nltk_data import nltk_corpus

# Letters, digits and underscores, with apostrophes inside: don't is one token.
WORDS = r"\w+(?:'\w+)*"
# The same, and every other character that is not white space. Here NUL is white space.
WORDS_AND_PUNCTUATION = WORDS + r"|[^\w\s\0]"
HTML_BREAK = regex.compile(r"<br\s*/?>", regex.ASCII | regex.IGNORECASE)

NEGATIONS = frozenset(
    """
    no not never none nobody nothing nowhere neither nor cannot without hardly scarcely barely n't
    aint arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt shouldnt wasnt werent wont
    wouldnt
    """.split()
)
# What ends the scope of a negation: punctuation between clauses, not inside words.
CLAUSE_END = regex.compile(r"[.,:;!?…()\[\]{}\u2014\u2013]+")
NEGATED = "NOT_"

# All letters, digits, marks and white space of Unicode stand here; a test asks the engine.
_BLOCKS = (range(0x40000), range(0xE0000, 0xE1000))


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
        tokens: list[str] = self.types.take(pa.array(ids)).to_pylist()
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

    def __call__(self, texts: pa.LargeStringArray | Sequence[str]) -> Tokens:
        """Tokenise texts.

        Parameters
        ----------
        texts : pyarrow.LargeStringArray or sequence of str
            One text a document, without nulls, valid UTF-8.

        Returns
        -------
        Tokens
        """
        if not isinstance(texts, pa.LargeStringArray):
            texts = pa.array(texts, pa.large_string())
        # Punctuation ends the scope of a negation, so it stays until that is marked.
        keep_punctuation = self.punctuation or self.mark_negation
        if self.tokenizer == "words":
            tokens = _tokenise_words(texts, self.lowercase, self.strip_breaks, keep_punctuation)
        else:
            tokens = _tokenise_each(map(self._prepare, texts.to_pylist()), self._nltk_tokenizer())
        if self.mark_negation:
            tokens = _mark_negation(tokens)
        if not self.punctuation and (self.tokenizer != "words" or keep_punctuation):
            tokens = _drop(tokens, {t for t in tokens.types.to_pylist() if not _is_word(t)})
        if self.stop_words:
            unwanted, types = set(self.stop_words), tokens.types.to_pylist()
            stop = {t for t in types if t.removeprefix(NEGATED).lower() in unwanted}
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
    negations = {word for word in words if _is_negation(word)}
    # The list has the stem of ain't without the word.
    stems = {word.removesuffix("'t") for word in negations | {"ain't"}}
    return tuple(sorted(words - negations - stems))


def _is_negation(token: str) -> bool:
    return token.lower() in NEGATIONS or token.lower().endswith("n't")


def _is_word(token: str) -> bool:
    return regex.search(r"\w", token) is not None


def _tokenise_words(
    texts: pa.LargeStringArray, lowercase: bool, strip_breaks: bool, keep_punctuation: bool
) -> Tokens:
    """Run the compiled tokenizer."""
    folded = _folded(lowercase, strip_breaks, keep_punctuation)
    *columns, n_context = kernels.tokenise(*_buffers(texts), folded, keep_punctuation, strip_breaks)
    if n_context:
        lowered = pa.array([text.lower() for text in texts.to_pylist()], pa.large_string())
        *columns, _ = kernels.tokenise(*_buffers(lowered), folded, keep_punctuation, strip_breaks)
    ids, offsets, type_bytes, type_offsets = columns
    types = pa.LargeStringArray.from_buffers(
        len(type_offsets) - 1, pa.py_buffer(type_offsets), pa.py_buffer(type_bytes)
    )
    return Tokens(ids, offsets, types)


def _buffers(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes and the offsets of a string array, without copying either."""
    _, offsets, data = texts.buffers()
    first = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data if data is not None else b"", np.uint8), first


@functools.cache
def _folded(lowercase: bool, strip_breaks: bool, keep_punctuation: bool) -> np.ndarray:
    """Build the table of what each code point becomes; `kernels.text` says how it is read."""
    code_points = np.arange(0x110000, dtype=np.int32)
    folded = -code_points if keep_punctuation else np.zeros_like(code_points)
    for block in _BLOCKS:
        letters = "".join(map(chr, block))
        # Dotted I apart, the lower case of a letter is one code point.
        lowered = letters.replace("\u0130", "i").lower() if lowercase else letters
        codes = np.frombuffer(lowered.encode("utf-32-le", "surrogatepass"), np.int32)
        part = folded[block.start : block.stop]
        part[:] = -codes if keep_punctuation else 0
        for separators in regex.finditer(r"\s+", letters):
            part[separators.start() : separators.end()] = 0
        for word in regex.finditer(r"\w+", letters):
            part[word.start() : word.end()] = codes[word.start() : word.end()]
    if lowercase:
        for letter in (kernels.DOTTED_I, kernels.CAPITAL_SIGMA):
            folded[letter] = -letter
    if strip_breaks:
        folded[kernels.LESS_THAN] = -kernels.LESS_THAN
    folded[[kernels.APOSTROPHE, 0x2019]] = -kernels.APOSTROPHE
    folded.flags.writeable = False
    return folded


def _tokenise_each(texts: Iterable[str], tokenise: Callable[[str], list[str]]) -> Tokens:
    """Give numbers to the tokens that a Python tokenizer returns, text by text.

    White space inside a token, as in a telephone number, becomes an underscore: the
    tokens of an n-gram are told apart by the space between them. Empty tokens, which
    a pattern may match, are left out.
    """
    number: dict[str, int] = {}
    ids: list[int] = []
    offsets = [0]
    for text in texts:
        names = ("_".join(token.split()) for token in tokenise(text))
        ids.extend(number.setdefault(name, len(number)) for name in names if name)
        offsets.append(len(ids))
    types = pa.array(list(number), pa.large_string())
    return Tokens(np.array(ids, np.int32), np.array(offsets, np.int64), types)


def _mark_negation(tokens: Tokens) -> Tokens:
    """Put `NOT_` before every word between a negation and the end of its clause."""
    types = tokens.types.to_pylist()
    ids, n_types = tokens.ids, len(types)
    position = np.arange(len(ids))
    negation = np.array([_is_negation(t) for t in types], bool)[ids]
    end = np.array([CLAUSE_END.fullmatch(t) is not None for t in types], bool)[ids]
    # The last negation and the last end at or before each place; a document's start ends too.
    starts = tokens.offsets[:-1][np.diff(tokens.offsets) > 0]
    last_end = np.where(end, position, -1)
    last_end[starts] = np.maximum(last_end[starts], starts - 1)
    last_negation = np.maximum.accumulate(np.where(negation, position, -1))
    before = np.concatenate(([-1], last_negation[:-1]))
    word = np.array([_is_word(t) for t in types], bool)[ids]
    marked = word & (before > np.maximum.accumulate(last_end))
    coded = pa.array(ids + marked * n_types, pa.int32()).dictionary_encode()
    names = [
        types[c] if c < n_types else NEGATED + types[c - n_types]
        for c in coded.dictionary.to_pylist()
    ]
    # Once more, for a text that keeps its case may itself say NOT_word.
    named = pa.array(names, pa.large_string()).dictionary_encode()
    return Tokens(named.indices.take(coded.indices).to_numpy(), tokens.offsets, named.dictionary)


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
        tokens.types.filter(pa.array(keep_type)),
    )


def write_tokens(path: Path, tokens: Tokens) -> None:
    """Write tokens as an Arrow file with one list of words for each document.

    The words are dictionary-encoded, so the file holds the three arrays of `Tokens`
    and nothing more, and any reader of Arrow shows the words.
    """
    words = pa.DictionaryArray.from_arrays(pa.array(tokens.ids), tokens.types)
    documents = pa.LargeListArray.from_arrays(pa.array(tokens.offsets), words)
    artifacts.write_table(path, pa.table({"tokens": documents}))


def read_tokens(path: Path) -> Tokens:
    """Map what `write_tokens` wrote into memory."""
    documents = artifacts.read_table(path)["tokens"].chunk(0)
    words = documents.values
    return Tokens(words.indices.to_numpy(), documents.offsets.to_numpy(), words.dictionary)
