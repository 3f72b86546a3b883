"""What the Markdown files insert is text: a parser of Markdown finds no markup in it."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.boundary.inert import inert, message
from pipeline.report.markdown import escaped

markdown_it = pytest.importorskip("markdown_it")  # rich brings it
PARSER = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKUP = "a1 \u00e9\\`*_[](){}<>&;|~$#+-=!.:/\n\t\x1b\u202e\u05d0"
texts = st.text(MARKUP) | st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
@example("1. a")
@example("# a #")
@example("<b>&lt; ![a](b) **c** __d__ ~~e~~ `f` | g")
@example("     code")
@example("--- *** +++ ===")
def test_a_text_is_shown_as_it_is_in_a_heading_a_list_and_a_cell(text):
    shown = escaped(text)
    page = f"# {shown}\n\n- {shown}\n\n| a | b |\n|---|---|\n| {shown} | 1 |\n"
    found = [token for token in PARSER.parse(page) if token.type == "inline"]
    contents = []
    for token in found:
        assert {child.type for child in token.children} <= {"text", "text_special"}
        contents.append("".join(child.content for child in token.children))
    expected = message(text).strip()
    names = [expected, expected] if expected else [""]  # an empty item has no text
    assert contents == [*names, "a", "b", expected, "1"]


@given(texts)
def test_no_character_that_acts_is_left(text):
    shown = re.sub("\u2068([^\u2068\u2069]*)\u2069", r"\1", escaped(text))
    assert inert(shown) == shown
    assert "\n" not in shown
