"""NLTK's own tokenizers, run text by text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import regex

from pipeline.storage import arrow

HTML_BREAK = regex.compile(r"<br\s*/?>", regex.ASCII | regex.IGNORECASE)


def tokenise_with_nltk(
    texts: pa.LargeStringArray,
    tokenizer: str,
    pattern: str | None,
    lowercase: bool,
    strip_breaks: bool,
) -> tuple[np.ndarray, np.ndarray, pa.LargeStringArray]:
    """Run a tokenizer of NLTK; the settings are those of `Tokenizer`, the result is of `Tokens`.

    White space inside a token, as in a telephone number, becomes an underscore: the
    tokens of an n-gram are told apart by the space between them. So does a NUL, because a
    zero byte ends a token. Empty tokens, which a pattern may match, are left out.
    """
    tokenise: Callable[[str], list[str]] = nltk_tokenizer(tokenizer, pattern).tokenize
    number: dict[str, int] = {}
    ids: list[int] = []
    offsets = [0]
    for text in texts.to_pylist():
        tokens = tokenise(_prepared(text, lowercase, strip_breaks))
        names = map(token_name, tokens)
        ids.extend(number.setdefault(name, len(number)) for name in names if name)
        offsets.append(len(ids))
    distinct = arrow.strings(list(number))
    return np.array(ids, np.int32), np.array(offsets, np.int64), distinct


def token_name(token: str) -> str:
    """Return a token without white space or NUL in it, as it is known here."""
    return "_".join(token.replace("\0", " ").split())


def _prepared(text: str, lowercase: bool, strip_breaks: bool) -> str:
    """Do in Python what the compiled tokenizer does to a text before it splits it."""
    text = text.lower() if lowercase else text
    text = text.replace("\u2019", "'")
    return HTML_BREAK.sub(" ", text) if strip_breaks else text


def nltk_tokenizer(name: str, pattern: str | None) -> Any:
    """Return a tokenizer of NLTK by the name it has here."""
    from nltk import tokenize

    makers: dict[str, Callable[[], Any]] = {
        "wordpunct": tokenize.WordPunctTokenizer,
        "treebank": tokenize.TreebankWordTokenizer,
        "tweet": tokenize.TweetTokenizer,
        "toktok": tokenize.ToktokTokenizer,
        "pattern": lambda: tokenize.RegexpTokenizer(pattern),
    }
    return makers[name]()


def tweet_rewriting() -> list[tuple[regex.Pattern[str], Callable[[str], str]]]:
    """Return what NLTK's `TweetTokenizer` replaces first: entities, then runs longer than three."""
    from nltk.tokenize import casual

    return [
        (casual.ENT_RE, casual._replace_html_entities),
        (casual.HANG_RE, lambda run: run[0] * 3),
    ]
