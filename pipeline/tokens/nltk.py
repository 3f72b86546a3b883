"""NLTK's own tokenizers, run on one text after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import regex

from pipeline.errors import ConfigError
from pipeline.storage import arrow
from pipeline.tokens.code_points import APOSTROPHES
from pipeline.tokens.preparation import Preparation

_APOSTROPHE = regex.compile(rf"\u2019|(?<=\w)[{APOSTROPHES}](?=\w)")
# Marks and joiners that belong to nothing, which some tokenizers make a token.
_MARKS = regex.compile(r"[\p{M}\p{Join_Control}\u200b]+")


def tokenise_with_nltk(
    texts: pa.LargeStringArray, tokenizer: str, pattern: str | None, preparation: Preparation
) -> tuple[np.ndarray, np.ndarray, pa.LargeStringArray]:
    """Run a tokenizer of NLTK.

    White space inside a token, as in a telephone number, becomes an underscore, because a space
    separates the tokens of an n-gram. So does a NUL, because a zero byte ends a token. Empty
    tokens, which a pattern may match, are left out.

    Parameters
    ----------
    texts : pyarrow.LargeStringArray
    tokenizer, pattern
        As in `Tokenizer`.
    preparation : Preparation

    Returns
    -------
    ids, offsets, distinct
        The fields of `Tokens`.
    """
    tokenise: Callable[[str], list[str]] = nltk_tokenizer(tokenizer, pattern).tokenize
    number: dict[str, int] = {}
    ids: list[int] = []
    offsets = [0]
    for text in texts.to_pylist():
        with in_time(pattern):
            tokens = tokenise(straightened(preparation.prepare(text)))
        names = map(token_name, tokens)
        ids.extend(number.setdefault(name, len(number)) for name in names if name)
        offsets.append(len(ids))
    distinct = arrow.strings(list(number))
    return np.array(ids, np.int32), np.array(offsets, np.int64), distinct


def token_name(token: str) -> str:
    """Return a token with an underscore in place of white space and NUL; "" for marks alone."""
    return "" if _MARKS.fullmatch(token) else "_".join(token.replace("\0", " ").split())


def straightened(text: str) -> str:
    """Return a text with ' for the typographic apostrophe, and for others between two letters."""
    straight: str = _APOSTROPHE.sub("'", text)
    return straight


def is_emoticon_of_tweets(token: str) -> bool:
    """Return True for what NLTK's tokenizer of tweets takes for an emoticon."""
    from nltk.tokenize import casual

    return casual.EMOTICON_RE.fullmatch(token) is not None


def nltk_tokenizer(name: str, pattern: str | None) -> Any:
    """Return a tokenizer of NLTK, given its name in `Tokenizer`."""
    from nltk import tokenize

    makers: dict[str, Callable[[], Any]] = {
        "wordpunct": tokenize.WordPunctTokenizer,
        "treebank": tokenize.TreebankWordTokenizer,
        "tweet": tokenize.TweetTokenizer,
        "toktok": tokenize.ToktokTokenizer,
        "pattern": lambda: tokenize.RegexpTokenizer(pattern),
    }
    return makers[name]()


def require_pattern(pattern: str) -> None:
    """Refuse a pattern that has capturing groups or that NLTK would not run.

    Raises
    ------
    TypeError, ValueError
    """
    from nltk import redos

    if not isinstance(pattern, str):
        raise TypeError(f"pattern: expected a regular expression, got {pattern!r}")
    try:
        n_groups = redos.compile(pattern).groups
    except redos.error as error:
        raise ValueError(f"pattern: expected a regular expression: {error}") from None
    if n_groups:
        raise ValueError("pattern: expected no capturing groups; write (?:...)")


@contextmanager
def in_time(pattern: str | None) -> Iterator[None]:
    """Turn the limits of NLTK and `regex` for one text into one line; only a pattern exceeds them.

    They are five seconds and a gigabyte, which a pattern takes that contains itself: `(?R)`.
    """
    try:
        yield
    except MemoryError:
        raise ConfigError(
            f"tokens.pattern: {pattern!r} takes too much memory on a text; expected one that does "
            "not contain itself"
        ) from None
    except TimeoutError:
        raise ConfigError(
            f"tokens.pattern: {pattern!r} takes too long on a text; it tries ever more ways to "
            "match, as an alternative inside a repetition does"
        ) from None


def tweet_rewriting() -> list[tuple[regex.Pattern[str], Callable[[str], str]]]:
    """Return what NLTK's `TweetTokenizer` replaces first: entities, and runs longer than three."""
    from nltk.tokenize import casual

    return [
        (casual.ENT_RE, casual._replace_html_entities),
        (casual.HANG_RE, lambda run: run[0] * 3),
    ]
