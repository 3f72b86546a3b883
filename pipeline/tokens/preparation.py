"""What happens to a text before it is split: HTML, tweets, normalisation and lower case.

`Preparation.prepare` does it. `Preparation.trace` does the same and keeps the place of each
character in the original text.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

import regex

from pipeline.tokens.code_points import IGNORED, LOWER, SHARP_S, lower

HTML_BREAK = regex.compile(r"<br[\t-\r ]*\/?>", regex.IGNORECASE)

# The elements of HTML. Others between angle brackets are text, such as <grin> and <3.
_INLINE = (
    "a abbr acronym b bdi bdo big cite code data dfn em font i ins kbd mark q s samp small span "
    "strike strong sub sup time tt u var wbr"
)
_BLOCK = (
    "address area article aside audio base blockquote body br button canvas caption center col "
    "colgroup dd del details dialog dir div dl dt embed fieldset figcaption figure footer form "
    "frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe img input label legend li "
    "link main map menu meta meter nav noframes noscript object ol optgroup option output p param "
    "picture pre progress rp rt ruby search section select slot source summary svg table tbody td "
    "template textarea tfoot th thead title tr track ul video"
)
_ATTRIBUTES = r"(?:[\t-\r \/][^<>]*)?>"


def _any_of(names: str) -> str:
    return rf"(?:{'|'.join(names.split())})"


# Formatting within a word leaves nothing; any other tag, a script or a comment leaves a space.
_INLINE_TAG = rf"<\/?{_any_of(_INLINE)}{_ATTRIBUTES}"
_BLOCK_TAG = (
    rf"<(script|style){_ATTRIBUTES}[\s\S]*?<\/\1[\t-\r ]*>"
    rf"|<\/?{_any_of(_BLOCK + ' script style')}{_ATTRIBUTES}|<!--[\s\S]*?-->|<!doctype{_ATTRIBUTES}"
)
# As in html.unescape.
_ENTITY = r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)"

_URL = (
    r"(?<![\p{L}\p{N}_])(?:https?:\/\/|www\.)"
    r"[^\0-\x20\x7f-\xa0\u2000-\u200a\u2028\u2029\u3000<>]+"
)
# HTML for sure: an entity that ends as it should, or a tag.
HTML = rf"&(?:#[0-9]+|#x[0-9a-f]+|[a-z][a-z0-9]+);|{_INLINE_TAG}|{_BLOCK_TAG}"

_USER = r"(?<![\p{L}\p{N}_@])@[\p{L}\p{N}_]+"
_RUN = r"(\p{L})\1{3,}"

# A character with the marks behind it, and Korean syllables in pieces: what NFC works on.
_COMPOSED = regex.compile(
    r"[\u1100-\u115f\uac00-\ud7a3][\u1160-\u11ff]+|[\s\S][\p{M}[\p{NFC_QC=M}--[\u1160-\u11ff]]]*",
    regex.V1,
)
_SHARP_S = regex.compile(f"[{SHARP_S}]")
_IGNORED = regex.compile(IGNORED, regex.V1)
_BEFORE_IGNORED = regex.compile(rf"[^{IGNORED.removesuffix('+')}]{IGNORED}", regex.V1)


class Preparation(NamedTuple):
    """What happens to a text before it is split.

    Attributes
    ----------
    html : str
        `keep`; `breaks`, where a `<br>` becomes a space; or `text`, where tags go and entities
        become the characters that they stand for.
    tweets : bool
        Whether a URL becomes `@url`, the name of a user `@user`, and a letter that is repeated
        more than three times is left three times. No user is `@url`, because all are `@user`.
    lowercase : bool
        Whether letters become small.

    Examples
    --------
    >>> text = "<p>Caf&eacute; by @ann is soooooo <b>G</b>ood: https://t.co/x"
    >>> Preparation("text", tweets=True).prepare(text)
    ' café by @user is sooo good: @url'
    """

    html: str = "keep"
    tweets: bool = False
    lowercase: bool = True

    def rewritings(self) -> list[tuple[str, str]]:
        """Return what is replaced, one after the other: patterns, and what a match becomes.

        Patterns ignore case and mean the same in JavaScript. A match becomes the given text, but
        `decode` stands for the characters of an entity and `shorten` for the first three.
        """
        found = []
        if self.html == "breaks":
            found.append((HTML_BREAK.pattern, " "))
        if self.html == "text":
            found += [(_BLOCK_TAG, " "), (_INLINE_TAG, ""), (_ENTITY, "decode")]
        if self.tweets:
            found += [(_USER, "@user"), (_URL, "@url"), (_RUN, "shorten")]
        return found

    def prepare(self, text: str) -> str:
        """Return a text rewritten, composed (NFC), in lower case if asked, and all visible.

        It is composed again after lowercasing, because some letters with a mark are composed only
        if small.
        """
        for pattern, by in _compiled(self):
            text = pattern.sub(lambda match, by=by: by(match[0]), text)
        text = unicodedata.normalize("NFC", text)
        text = unicodedata.normalize("NFC", lower(text)) if self.lowercase else text
        return text if text.isascii() else _IGNORED.sub("", text)

    def trace(self, text: str) -> Traced:
        """Return a prepared text with the places of its characters."""
        traced = Traced.of(text)
        for pattern, by in _compiled(self):
            traced = traced.replaced(pattern, by)
        traced = traced.composed()
        if self.lowercase:
            doubled = traced.replaced(_SHARP_S, LOWER.__getitem__)
            traced = doubled._replace(text=lower(doubled.text)).composed()
        # What is left out belongs to the character before it, as a selector does to its heart.
        traced = traced.replaced(_BEFORE_IGNORED, lambda part: part[0])
        return traced.replaced(_IGNORED, lambda invisible: "")


@functools.cache
def _compiled(
    preparation: Preparation,
) -> list[tuple[regex.Pattern[str], Callable[[str], str]]]:
    """Return `rewritings` as patterns and functions of a match."""

    def becomes(name: str) -> Callable[[str], str]:
        if name == "decode":
            from html import unescape  # for texts with HTML only: its table of names is long

            return unescape
        return (lambda run: run[:3]) if name == "shorten" else (lambda match: name)

    return [
        (regex.compile(pattern, regex.IGNORECASE), becomes(name))
        for pattern, name in preparation.rewritings()
    ]


class Traced(NamedTuple):
    """A rewritten text, with the range of original code points that each of its own stands for."""

    text: str
    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, text: str) -> Traced:
        """Return a text as it is."""
        places = list(range(len(text) + 1))
        return cls(text, places[:-1], places[1:])

    def replaced(self, pattern: regex.Pattern[str], by: Callable[[str], str]) -> Traced:
        """Replace every match; its last new code point stands for all that are left of it."""
        parts, starts, ends, done = [], list[int](), list[int](), 0
        for match in pattern.finditer(self.text):
            a, b = match.span()
            written = by(match.group())
            if written == match.group():
                continue
            parts += [self.text[done:a], written]
            of = [min(a + k, b - 1) for k in range(len(written))]
            starts += self.starts[done:a] + [self.starts[k] for k in of]
            ends += self.ends[done:a] + [self.ends[k] for k in of[:-1]]
            ends += self.ends[b - 1 : b] if written else []
            done = b
        if not done:
            return self
        parts.append(self.text[done:])
        return Traced("".join(parts), starts + self.starts[done:], ends + self.ends[done:])

    def composed(self) -> Traced:
        """Return the text in Unicode's composed form (NFC)."""
        if unicodedata.is_normalized("NFC", self.text):
            return self
        return self.replaced(_COMPOSED, lambda part: unicodedata.normalize("NFC", part))

    def place(self, start: int, end: int, after: int = 0) -> tuple[int, int]:
        """Return where [start, end) of this text is in the original, not before `after`.

        Two tokens may come from one code point. Then the first has it.
        """
        if start == end:
            return after, after
        return max(after, self.starts[start]), max(after, self.ends[end - 1])
