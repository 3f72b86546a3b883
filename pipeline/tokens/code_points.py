"""The kind of each character, and what it becomes in lower case.

The kinds come from Unicode's properties, as `regex` knows them, and are listed in
`kernels.code_points`. Each character is lowercased on its own, so that a word has one spelling
wherever it stands: İ becomes i, the final sigma becomes the other, and ß becomes ss, as in STRASSE.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import regex

from pipeline.kernels import code_points as kernels

# What people type for an apostrophe: the typewriter's, the typographic one and its opening form,
# the grave and the acute accent, the letter, the full-width form, and the prime.
APOSTROPHES = "'\u2019\u2018`\u00b4\u02bc\uff07\u2032"
# Lower case of one letter alone where `str.lower` gives two, depends on the place, or keeps ς.
LOWER = {"\u0130": "i", "\u03a3": "\u03c3", "\u03c2": "\u03c3", "\u00df": "ss", "\u1e9e": "ss"}
SHARP_S = "\u00df\u1e9e"

# Invisible: selectors of a variant, soft hyphens, marks of direction, a byte-order mark. Joiners,
# tags and the zero-width space are not among them.
IGNORED = (
    r"[\p{Variation_Selector}"
    r"[[\p{Cf}&&\p{Default_Ignorable_Code_Point}]--[\u200b-\u200d\U000e0020-\U000e007f]]]+"
)

# What Unicode draws as pictures, without signs of print such as (c), and the stars, ticks and
# crosses of the same blocks.
PICTOGRAPH = r"[[\p{Extended_Pictographic}--[\0-\u2319\u24c2]][[\u2600-\u27bf]&&\p{So}]]"

# Kinds by Unicode's properties. Later ones go before earlier ones.
_KINDS = (
    (kernels.LETTER, r"\w+"),
    (kernels.MARK, r"[\p{M}\p{GCB=SpacingMark}]+"),
    (kernels.CHARACTER, r"[[\p{Han}\p{Hiragana}]&&[\w--\p{M}]]+"),
    (kernels.KATAKANA, r"[[\p{Katakana}&&\w]\u30fc\uff70\uff9e\uff9f]+"),
    (kernels.CLUSTER, r"[\p{Line_Break=SA}&&[\w--[\p{M}\p{GCB=SpacingMark}]]]+"),
    (kernels.PICTOGRAPH, PICTOGRAPH),
    (kernels.IGNORED, IGNORED),
)
# Where to look for which: the plane of most scripts, that of emoji, two of Chinese characters
# and other letters, and invisible characters. No other code point has a kind, as a test checks.
BLOCKS = (
    (range(0x10000), _KINDS),
    (range(0x10000, 0x20000), _KINDS),
    (range(0x20000, 0x40000), ((kernels.LETTER, r"\w+"), (kernels.CHARACTER, r"\p{Han}+"))),
    (range(0xE0000, 0xE1000), ((kernels.MARK, r"\p{M}+"), (kernels.IGNORED, IGNORED))),
)
# Kinds of single characters, which go before those.
_SINGLE = (
    (kernels.MARK, "\u200c"),
    (kernels.JOINER, "\u200d"),
    (kernels.STACKER, "\u1039\u17d2\u1a60"),
    (kernels.KEYCAP, "\u20e3"),
    (kernels.APOSTROPHE, APOSTROPHES),
    (kernels.DIGIT, "0123456789"),
    (kernels.SIGIL, "#*@"),
    (kernels.EMOTICON, ":;=<^("),
)
_SINGLE_ASTRAL = (
    (kernels.TONE, "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"),
    (kernels.REGIONAL, "".join(map(chr, range(0x1F1E6, 0x1F200)))),
    (kernels.TAG, "".join(map(chr, range(0xE0020, 0xE0080)))),
)
_SPACE = r"[\s\0\u200b]+"
_UNSTABLE = r"[\p{NFC_QC=N}\p{NFC_QC=M}\P{CCC=0}]+"


def lower(text: str) -> str:
    """Return a text in lower case, each character on its own.

    Examples
    --------
    >>> [lower(word) for word in ("STRASSE", "Straße", "İstanbul", "ΟΔΟΣ", "οδος")]
    ['strasse', 'strasse', 'istanbul', 'οδοσ', 'οδοσ']
    """
    if not text.isascii():
        for letter, becomes in LOWER.items():
            text = text.replace(letter, becomes)
    return text.lower()


@functools.cache
def entries(lowercase: bool, astral: bool) -> np.ndarray:
    """Return the kind of each code point and what it becomes, as `kernels.code_points` packs them.

    Parameters
    ----------
    lowercase : bool
        Whether letters become small.
    astral : bool
        Whether all code points are there: int32, shape (0x110000,). The first 65,536 take less
        time, and are enough for most texts.
    """
    size = 0x110000 if astral else 0x10000
    found = np.arange(size, dtype=np.int32)
    found |= kernels.SYMBOL << kernels.KIND
    for block, kinds in BLOCKS if astral else BLOCKS[:1]:
        text = _all_of(block)
        codes, part = _becomes(text, lowercase), found[block.start : block.stop]
        for kind, pattern in kinds:
            for a, b in _runs(pattern, text):
                part[a:b] = kind << kernels.KIND | codes[a:b]
        for a, b in _runs(_UNSTABLE, text):
            part[a:b] |= kernels.UNSTABLE
    for kind, characters in (*_SINGLE, *_SINGLE_ASTRAL) if astral else _SINGLE:
        places = [ord(character) for character in characters]
        found[places] &= kernels.UNSTABLE
        found[places] |= kind << kernels.KIND | np.array(places, np.int32)
    for a, b in _runs(_SPACE, _all_of(BLOCKS[0][0])):
        found[a:b] = 0
    found[[ord(c) for c in APOSTROPHES]] = kernels.APOSTROPHE << kernels.KIND | kernels.QUOTE
    if lowercase:
        found[[ord(c) for c in SHARP_S]] = kernels.DOUBLED << kernels.KIND | ord("s")
    found.flags.writeable = False
    return found


def _all_of(block: range) -> str:
    """Return the characters of some code points."""
    codes = np.arange(block.start, block.stop, dtype="<u4")
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def _becomes(text: str, lowercase: bool) -> np.ndarray:
    """Return the code point that each character becomes; that of a sharp s is one of the two."""
    if lowercase:
        for letter in SHARP_S:
            text = text.replace(letter, "s")
        text = lower(text)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.int32)


def _runs(pattern: str, text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in regex.finditer(pattern, text, regex.V1))


class Folding(NamedTuple):
    """What the kernel is told about characters.

    Attributes
    ----------
    lowercase : bool
        Whether letters become small.
    breaks : bool
        Whether an HTML break separates tokens.
    tweets : bool
        Whether # and @ are the first character of a word.
    punctuation : bool
        Whether symbols are tokens.
    composed : bool
        Whether the texts are known to be composed (NFC).
    """

    lowercase: bool
    breaks: bool
    tweets: bool
    punctuation: bool
    composed: bool = False

    def table(self, astral: bool) -> np.ndarray:
        """Return the table `folded` of the kernel, of as many code points as `entries`."""
        return _folded(self, astral)


@functools.cache
def _folded(folding: Folding, astral: bool) -> np.ndarray:
    table = entries(folding.lowercase, astral).copy()
    kinds = table >> kernels.KIND & kernels.KIND_BITS
    if folding.punctuation:
        table[kinds >= kernels.APOSTROPHE] |= kernels.ALONE
    else:
        table[kinds == kernels.SYMBOL] = 0
    if folding.breaks:
        table[kernels.LESS_THAN] |= kernels.OPENS_BREAK
    if folding.tweets:
        table[[kernels.AT, ord("#")]] |= kernels.OPENS_WORD
    if folding.composed:
        table &= ~kernels.UNSTABLE
    table.flags.writeable = False
    return table
