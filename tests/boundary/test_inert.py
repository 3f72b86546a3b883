"""What is shown acts on nothing: no cursor, no colour, no direction of what is around it."""

import json
import re
import tomllib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.boundary.inert import (
    LONGEST,
    cell,
    cut,
    escaped_json,
    escaped_toml,
    inert,
    isolated,
    message,
    one_line,
)

EVERY = [chr(code) for code in range(0x110000)]
# By Unicode's own properties: what the module lists by its code points.
CONTROLS = {c for c in EVERY if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"}} - {"\n", "\t"}
DIRECTIONS = {
    c
    for c in EVERY
    if unicodedata.bidirectional(c)
    in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
}
ACTING = CONTROLS | DIRECTIONS
texts = st.text(st.one_of(st.characters(codec=None), st.sampled_from(sorted(ACTING)))) | st.text(
    "ab \t\n\u05d0\u0634\u200c\u200d\U0001f3f4\U000e0067\U000e0062\U000e007f\u202e\x1b'"
)
READABLE = (
    "a plain text, with a tab\t and\na line",
    "\u05d4\u05e1\u05e8\u05d8 \u05d4\u05d9\u05d4 \u05de\u05e6\u05d5\u05d9\u05df!",  # Hebrew
    "\u0641\u064a\u0644\u0645 \u0631\u0627\u0626\u0639\u060c \u062c\u062f\u064b\u0627",  # Arabic
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with its non-joiner
    "\U0001f469\u200d\U0001f4bb \u2764\ufe0f 1\ufe0f\u20e3",  # joined emoji, selectors
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England
    "caf\u00e9 na\u00efve \u4f60\u597d \u0e44\u0e17\u0e22",
)


def acts(text: str) -> set[str]:
    return {c for c in text if c in ACTING}


def without_isolates(text: str) -> str:
    """Take out isolates that hold one another nowhere; what is left must have none."""
    return re.sub("\u2068([^\u2068\u2069]*)\u2069", r"\1", text)


@given(texts)
def test_no_character_that_acts_is_left(text):
    assert not acts(inert(text))
    for shown in (one_line(text), without_isolates(message(text)), without_isolates(cell(text))):
        assert not acts(shown)
        assert not {"\n", "\t"} & set(shown)


@given(texts)
def test_what_is_inert_stays_as_it_is(text):
    assert inert(inert(text)) == inert(text)


def test_every_character_that_acts_is_written_as_python_writes_it():
    for character in ACTING:
        shown = inert(character)
        assert shown.isascii()
        assert shown.isprintable()
        assert shown == repr(character)[1:-1]


@pytest.mark.parametrize("text", READABLE)
def test_a_text_that_people_write_stays_readable(text):
    assert inert(text) == text
    assert isolated(text).replace("\u2068", "").replace("\u2069", "") == text


@pytest.mark.parametrize(
    "name", ["te\u200bxt", "te\u200dxt", "t\xadext", "text\ufeff", "text\u200c"]
)
def test_a_name_that_only_looks_like_another_is_told_from_it(name):
    assert one_line(name) != name
    assert one_line(name).isascii()


def test_letters_from_right_to_left_are_isolated_by_their_own_property():
    for c in EVERY:
        strong = unicodedata.bidirectional(c) in {"R", "AL"} and unicodedata.category(c) != "Cn"
        if strong and c not in ACTING:
            assert isolated(c) == f"\u2068{c}\u2069", hex(ord(c))
        if unicodedata.bidirectional(c) == "L":
            assert isolated(c) == c, hex(ord(c))


def test_each_name_in_a_message_is_isolated_on_its_own():
    said = message(
        "a.csv: no column '\u05e9\u05dd \u05d8\u05d5\u05d1'; the columns are '\u05d0', 'b'"
    )
    assert said == (
        "a.csv: no column '\u2068\u05e9\u05dd \u05d8\u05d5\u05d1\u2069'; the columns are "
        "'\u2068\u05d0\u2069', 'b'"
    )


def test_a_review_is_isolated_line_by_line():
    assert isolated("\u05d0, \u05d1!\nb") == "\u2068\u05d0, \u05d1!\u2069\nb"


@given(st.text("ab\u05d0", min_size=LONGEST + 1, max_size=3 * LONGEST))
def test_a_long_message_keeps_its_ends_and_says_how_much_is_left_out(text):
    head, n, tail = re.fullmatch(
        r"(.*)\u2026 \(([\d,]+) characters left out\) \u2026(.*)", cut(text)
    ).groups()
    assert len(head) + len(tail) == LONGEST
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(head) + len(tail) + int(n.replace(",", "")) == len(text)


@given(st.text(max_size=LONGEST))
def test_a_message_of_usual_length_is_whole(text):
    assert cut(text) == text


@given(texts)
def test_json_keeps_its_value_and_holds_nothing_that_acts(text):
    written = escaped_json(json.dumps({text: [text]}, ensure_ascii=False))
    assert json.loads(written) == {text: [text]}
    assert not acts(written)


@given(texts.filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_toml_keeps_its_value_and_holds_nothing_that_acts(text):
    written = escaped_toml(json.dumps(text, ensure_ascii=False))
    assert tomllib.loads(f"key = {written}") == {"key": text}
    assert not acts(written)
