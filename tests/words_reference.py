"""What the tokenizer `words` finds, written with Unicode's properties over the text itself.

Slow and direct: no table of kinds, no stand-ins, no bytes.
"""

import functools
import unicodedata

import regex

from pipeline.tokens.preparation import HTML_BREAK

FLAGS = regex.V1 | regex.VERBOSE
INVISIBLE = r"[\p{Variation_Selector}[[\p{Cf}&&\p{DI}]--[\u200b\u200c\u200d\U000e0020-\U000e007f]]]"
LOWER = {"İ": "i", "Σ": "σ", "ς": "σ", "ß": "ss", "ẞ": "ss"}
SPACE = r"[\s\0\u200b]"
MARK = r"[\p{M}\p{GCB=SpacingMark}\u200c\u200d\U000e0020-\U000e007f]"
INSIDE = rf"[{MARK}--\u20e3]"  # a frame ends a word
PICTURE = r"[[\p{Extended_Pictographic}--[\0-\u2319\u24c2]][[\u2600-\u27bf]&&\p{So}]]"
TONE, REGIONAL, TAG = "[🏻-🏿]", "[🇦-🇿]", "[\U000e0020-\U000e007f]"
KATAKANA = r"[[\p{Katakana}&&\w]\u30fc\uff70\uff9e\uff9f]"
CHARACTER = rf"[[\p{{Han}}\p{{Hiragana}}]&&[\w--{MARK}--{PICTURE}]]"
DENSE = rf"[\p{{Line_Break=SA}}&&[\w--{MARK}]]"
LETTER = rf"[\w--{MARK}--{KATAKANA}--{CHARACTER}--{DENSE}--{PICTURE}--{TONE}--{REGIONAL}--\u02bc]"
IN_WORD = rf"{LETTER}{INSIDE}*"

EMOTICON = rf"""
    [:;=] '? -? (?: [()|\\\[\]] | /(?!/) )
  | (?<!{IN_WORD}) [:;=] '? -? [dDpPoO3] (?!{LETTER})
  | \( -? [:;]
  | \^ _? \^
  | < /? 3 (?!{LETTER})
"""
WORD = rf"""
    {IN_WORD} (?: (?: {LETTER} | ' (?={LETTER}) | (?<=[0-9]) [./] (?=[0-9]) ) {INSIDE}* )* \u20e3?
"""
UNITS = rf"""
    [\#*] \u20e3
  | {CHARACTER} {MARK}*
  | {KATAKANA} [{KATAKANA}{MARK}]*
  | {DENSE} (?: {MARK} | (?<=[\u1039\u17d2\u1a60]) {DENSE} )*
  | {PICTURE} [{TONE}{TAG}]* (?: \u200d {PICTURE} [{TONE}{TAG}]* )*
  | {TONE}
  | {REGIONAL} {REGIONAL}?
"""


@functools.cache
def token(punctuation: bool, tweets: bool) -> regex.Pattern:
    word = rf"(?: (?<!{IN_WORD}) [\#@] (?={LETTER}) )? {WORD}" if tweets else WORD
    other = rf" | [^{SPACE}{MARK}]" if punctuation else ""
    return regex.compile(rf"{EMOTICON} | [\#*] \u20e3 | {word} | {UNITS} {other}", FLAGS)


def prepared(text: str, lowercase: bool, breaks: bool) -> str:
    """Return a text composed, in lower case a character at a time, visible, with one apostrophe."""
    text = unicodedata.normalize("NFC", HTML_BREAK.sub(" ", text) if breaks else text)
    if lowercase:
        text = "".join(LOWER.get(c, c.lower()) for c in text)
        text = unicodedata.normalize("NFC", text)
    text = regex.sub(INVISIBLE, "", text, flags=regex.V1)
    return regex.sub("[’‘`´ʼ＇′]", "'", text)


def words(text: str, lowercase=True, breaks=False, punctuation=False, tweets=False) -> list[str]:
    """Return the tokens of a text."""
    return token(punctuation, tweets).findall(prepared(text, lowercase, breaks))
