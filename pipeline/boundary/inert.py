r"""Text from outside, made fit to be shown: it moves no cursor, reorders no line, floods no screen.

Column names, keys, file names, words, labels and reviews can come from anyone, and hold characters
that act on a terminal or a page. Here is what becomes of them. The command line, the Markdown files
and the pages each call this in one place: `cli/output.py` and `cli/display/terminal.py`,
`report/markdown.py`, `report/html.py` (and `page.js`).

- A character that acts is written as in Python: `\x1b`, `\u202e`. These are the controls, the
  separators U+2028 and U+2029, what overrides or isolates the direction of text, tags outside of a
  flag, and what is no character. In a name, invisible characters are written so, too.
- Text from right to left stays as it is, between U+2068 and U+2069, which keep it from reordering
  what is around it.
"""

from __future__ import annotations

import re

# The most characters of a message or of a cell.
LONGEST = 1000
# What begins a list in which the direction of text is its own, and what ends it.
ISOLATE, END = "\u2068", "\u2069"

# Tags spell the flag of England. Line breaks and tabs are layout, which a text of lines may have.
_FLAG = "\U0001f3f4[\U000e0030-\U000e007a]{3,6}\U000e007f"
_ACTING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
# Joiners and selectors are part of emoji and of Persian, but not of a name in Latin letters.
_INVISIBLE = (
    "[\xad\u200b\u2060-\u2065\u3164\ufeff\uffa0]"
    "|(?<=[A-Za-z])[\u200c\u200d\ufe00-\ufe0f]|[\u200c\u200d](?=[!-~])"
)
# Compiled when used: that takes as long as all other imports of a help text.
_IN_TEXT = f"({_FLAG})|(\r(?=\n))|[{_ACTING}]"
_IN_NAME = f"({_FLAG})|[\t\n{_ACTING}]|{_INVISIBLE}"

# The blocks of the scripts that are written from right to left, and two marks of their direction.
_RIGHT_TO_LEFT = (
    "\u0590-\u08ff\u061c\u200f\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff"
)
# Words in such a script, or what is isolated already.
_RUN = (
    f"{ISOLATE}[^{END}]*{END}"
    f"|([{_RIGHT_TO_LEFT}](?:[{_RIGHT_TO_LEFT}\u200c\u200d ]*[{_RIGHT_TO_LEFT}])?)"
)


def inert(text: str) -> str:
    r"""Return a text of several lines with every character that acts written as in Python.

    A carriage return before a line break, as Windows ends lines, is left out.

    >>> print(inert("a\x1b[31m b\u202e c"))
    a\x1b[31m b\u202e c
    """
    # Nothing that acts is printable, and to ask for that is faster than to search a large table.
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return re.sub(_IN_TEXT, _written, text)


def one_line(text: str) -> str:
    r"""Return a name or a message on one line; invisible characters are written as well.

    >>> print(one_line("te\u200bxt\n"))
    te\u200bxt\n
    """
    if _is_plain(text):
        return text
    return re.sub(_IN_NAME, _written, text)


def cut(text: str, most: int = LONGEST) -> str:
    """Return a text without its middle if it is longer than `most`, and say how much that was.

    >>> cut("abcdefghij", 4)
    'abc… (6 characters left out) …j'
    """
    n = len(text) - most
    if n <= 0:
        return text
    head, tail = text[: most * 3 // 4], text[len(text) - most // 4 :]
    return f"{head}\u2026 ({len(text) - len(head) - len(tail):,} characters left out) \u2026{tail}"


def isolated(text: str) -> str:
    r"""Return each line that holds text from right to left between U+2068 and U+2069.

    >>> isolated("good"), isolated("\u05d8\u05d5\u05d1") == "\u2068\u05d8\u05d5\u05d1\u2069"
    ('good', True)
    """
    if not has_right_to_left(text):
        return text
    lines = text.split("\n")
    return "\n".join(f"{ISOLATE}{line}{END}" if has_right_to_left(line) else line for line in lines)


def has_right_to_left(text: str) -> bool:
    """Return True if a text holds a letter that is written from right to left."""
    return not text.isascii() and re.search(f"[{_RIGHT_TO_LEFT}]", text) is not None


def runs_to_isolate(text: str) -> list[tuple[int, int]]:
    """Return where the words from right to left in a sentence begin and end."""
    if text.isascii():
        return []
    return [found.span(1) for found in re.finditer(_RUN, text) if found[1]]


def message(text: str, most: int | None = LONGEST) -> str:
    """Return a message as a line that shows what it says and does nothing else; cut if long."""
    line = one_line(text) if most is None else cut(one_line(text), most)
    for start, end in reversed(runs_to_isolate(line)):
        line = f"{line[:start]}{ISOLATE}{line[start:end]}{END}{line[end:]}"
    return line


def name(text: str) -> str:
    r"""Return the name of a class for a line, which isolates what is written from right to left.

    >>> name("so\tso")
    'so\\tso'
    """
    return cut(one_line(text))


def cell(text: str) -> str:
    """Return a name or a word for a place of its own, such as a cell of a table; cut if long."""
    return isolated(name(text))


def escaped_json(text: str) -> str:
    r"""Return JSON with each character that acts as its escape: the same value.

    >>> print(escaped_json('"\x9b \u202e"'))
    "\u009b \u202e"
    """
    if text.isascii() and "\x7f" not in text:  # JSON escapes the other controls itself
        return text
    import json

    return re.sub(f"[{_ACTING}]", lambda found: json.dumps(found[0])[1:-1], text)


def escaped_toml(text: str) -> str:
    """Return a string of TOML with each character that acts as its escape: the same value."""
    if _is_plain(text):
        return text
    return re.sub(f"[{_ACTING}]", lambda found: _unicode(ord(found[0])), text)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


_SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def _written(found: re.Match[str]) -> str:
    """Return a character as Python writes it; a flag as it is; no carriage return at an end."""
    if found.lastindex:
        return found[1] or ""
    code = ord(found[0])
    return _SHORT.get(found[0]) or (f"\\x{code:02x}" if code < 0x100 else _unicode(code))


def _unicode(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
