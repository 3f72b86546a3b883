"""The meaning of the tokenizer `words`: which characters of a text are a token.

A text is prepared first (`tokens.preparation`): HTML, normalisation, lower case. Then each
character is replaced by one that stands for its kind, and a regular expression over these says
what a token is:

- a **word**: letters and digits with their marks, an apostrophe between two of them, and a point
  or slash between two digits (don't, 7.5/10);
- an **emoji** as a whole, with skin tone, joined pictures, flags and keycaps;
- an **emoticon** such as :-) or <3;
- a **unit** of a script that puts no spaces between words: a Chinese character, a hiragana, a run
  of katakana, a Thai, Lao, Khmer or Burmese letter with its vowel signs. These are the word
  boundaries of Unicode (UAX #29), and where Unicode asks for a dictionary, its grapheme clusters;
- any other character but white space and marks alone, if punctuation is kept.

The compiled tokenizer (`kernels.code_points`) reads bytes and is many times as fast. The page of a
report runs this expression in JavaScript. The tests hold both to it for any text.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import regex

from pipeline.kernels import code_points as kinds
from pipeline.tokens.code_points import APOSTROPHES, entries

# An ASCII character stands for itself, but ' stands for every apostrophe, and a space for all
# white space.
STAND_INS = {
    kinds.MARK: "¨",
    kinds.KEYCAP: "□",
    kinds.JOINER: "⁀",
    kinds.TAG: "†",
    kinds.STACKER: "¤",
    kinds.CHARACTER: "字",
    kinds.KATAKANA: "カ",
    kinds.CLUSTER: "ก",
    kinds.PICTOGRAPH: "☺",
    kinds.TONE: "◐",
    kinds.REGIONAL: "⚑",
    kinds.DOUBLED: "ß",
    kinds.APOSTROPHE: "'",
    kinds.SYMBOL: "§",
    kinds.IGNORED: "·",
}
_LETTER, _MARK = "0-9A-Z_a-z", "¨⁀†¤"
_IN_WORD = f"[{_LETTER}][{_MARK}]*"
_WORD = (
    rf"[{_LETTER}][{_LETTER}{_MARK}]*(?:(?:'|(?<=\d)[./](?=\d))[{_LETTER}][{_LETTER}{_MARK}]*)*□?"
)
_EMOTICONS = (
    r"[:;=]'?-?(?:[)(\][|\\]|\/(?!\/))",  # :) ;-( =] :'( :/
    rf"(?<!{_IN_WORD})[:;=]'?-?[DPOdpo3](?![{_LETTER}])",  # :D ;P =3
    r"\(-?[:;]",  # (: and (-;
    r"\^_?\^",  # ^^ and ^_^
    rf"<\/?3(?![{_LETTER}])",  # <3 and </3
)
_UNITS = (
    f"字[{_MARK}□]*",
    f"カ[カ{_MARK}□]*",
    f"ก(?:[{_MARK}□]|(?<=¤)ก)*",
    "☺[◐†]*(?:⁀☺[◐†]*)*|◐|⚑⚑?",
)
OTHER = f"[^ {_MARK}□]"
# What a token holds that is not emoji, emoticon or punctuation alone.
OF_WORDS = "[0-9A-Za-z字カก]"

_EMOTICON = regex.compile("|".join(_EMOTICONS))
_OF_WORD = regex.compile(r"[\w--[\p{M}\p{Join_Control}]]", regex.V1)
_STRAIGHT = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))
_OF_EMOJI = regex.compile("[☺◐⚑□]")


def grammar(tweets: bool) -> str:
    """Return the regular expression of a token, in the notation of `regex` and of JavaScript.

    `OTHER` is that of punctuation.

    Parameters
    ----------
    tweets : bool
        Whether # and @ are the first character of a word.
    """
    word = rf"(?:(?<!{_IN_WORD})[#@](?=[{_LETTER}]))?{_WORD}" if tweets else _WORD
    return "|".join((*_EMOTICONS, "[#*]□", word, *_UNITS))


@functools.cache
def stand_ins(lowercase: bool) -> np.ndarray:
    """Return the character that stands for each code point: uint16, shape (0x110000,)."""
    table = entries(lowercase, True)
    kind = table >> kinds.KIND & kinds.KIND_BITS
    found = np.where(table == 0, np.uint16(ord(" ")), np.uint16(ord("L")))
    for number, character in STAND_INS.items():
        found[kind == number] = ord(character)
    ascii_codes = np.arange(128, dtype=np.uint16)
    itself = (table[:128] != 0) & (kind[:128] != kinds.APOSTROPHE)
    found[:128] = np.where(itself, ascii_codes, found[:128])
    found.flags.writeable = False
    return found


def kinds_of(text: str, lowercase: bool) -> str:
    """Return a text with each character replaced by the one that stands for its kind.

    Examples
    --------
    >>> kinds_of("très beau 10/10 ❤, 很好!", True)
    'trLs beau 10/10 ☺, 字字!'
    """
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    return stand_ins(lowercase)[codes].tobytes().decode("utf-16-le")


def find_tokens(
    text: str, lowercase: bool, punctuation: bool, tweets: bool
) -> Iterator[tuple[str, int, int]]:
    """Yield the tokens of a prepared text, each with its place: [start, end) in code points.

    Examples
    --------
    >>> [token for token, _, _ in find_tokens("don't, iphone很好 :-) 7.5/10", True, False, False)]
    ["don't", 'iphone', '很', '好', ':-)', '7.5/10']
    """
    pattern = _compiled(grammar(tweets) + (f"|{OTHER}" if punctuation else ""))
    text = text.translate(_STRAIGHT)
    for match in pattern.finditer(kinds_of(text, lowercase)):
        start, end = match.span()
        yield text[start:end], start, end


@functools.cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.ASCII)


def is_emoticon(token: str) -> bool:
    """Return True for a token such as :-) or <3."""
    return _EMOTICON.fullmatch(token) is not None


def is_word(token: str) -> bool:
    """Return True if a token holds a letter, digit or underscore, or is an emoji or emoticon."""
    if token.isalpha() or _OF_WORD.search(token):
        return True
    return is_emoticon(token) or bool(_OF_EMOJI.search(kinds_of(token, False)))
