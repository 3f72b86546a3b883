"""The places of tokens: they are the tokenizer's tokens, and add up to the text with the gaps."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyarrow import parquet

import pipeline
from pipeline.tokens.spans import token_spans
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.tokens.tokens import Tokens

SETTINGS = [
    {},
    {"lowercase": False},
    {"html": "breaks"},
    {"html": "text"},
    {"tweets": True, "html": "text"},
    {"tweets": True, "mark_negation": True},
    {"punctuation": True},
    {"punctuation": True, "html": "breaks", "lowercase": False},
    {"mark_negation": True},
    {"mark_negation": True, "punctuation": True},
    {"stop_words": ("the", "a")},
    {"mark_negation": True, "stop_words": ("the", "a", "film")},
    {"tokenizer": "wordpunct", "punctuation": True},
    {"tokenizer": "treebank", "html": "breaks"},
    {"tokenizer": "treebank", "punctuation": True, "mark_negation": True},
    {"tokenizer": "tweet", "punctuation": True, "html": "breaks"},
    {"tokenizer": "tweet", "lowercase": False, "mark_negation": True},
    {"tokenizer": "toktok", "punctuation": True},
    {"tokenizer": "pattern", "pattern": r"\w+|[^\w\s]*", "punctuation": True},
]
TEXT = (
    'Don\u2019t miss it!!!!!! <br /><BR>The \u0130stanbul scene isn\'t "good", \u03a3\u03a3 '
    "``quite'' \0 a\u0301 \u0928\u092e\u0938\u094d\u0924\u0947 | \tAT&amp;T & co -- "
    "(555) 123-4567 \U0001f600\U0001f600 4.5/5 ''so'' caf\u00e9.... \u2764\ufe0f :-) won\u00adder "
    "<b>f</b>un @ann soooo www.t.co #x \u597d\u597d n\u00b4t Stra\u00dfe \u1112\u1161\u11ab H\u0331"
)


def settings_name(settings):
    return "-".join(map(str, settings.values())) or "default"


every_setting = pytest.mark.parametrize("settings", SETTINGS, ids=settings_name)


def documents(tokens: Tokens) -> Iterator[list[str]]:
    distinct = tokens.distinct.to_pylist()
    for start, end in itertools.pairwise(tokens.offsets.tolist()):
        yield [distinct[i] for i in tokens.ids[start:end].tolist()]


def check(tokenizer: Tokenizer, text: str, tokens: list[str] | None = None):
    spans = token_spans(tokenizer, text)
    assert [s.token for s in spans] == (tokens or tokenizer([text]).document(0))
    rebuilt, here = "", 0
    for span in spans:
        assert here <= span.start <= span.end <= len(text)
        rebuilt += text[here : span.start] + text[span.start : span.end]
        here = span.end
    assert rebuilt + text[here:] == text
    return spans


@every_setting
def test_the_tokens_are_the_tokenizers_and_the_spans_and_gaps_are_the_text(settings):
    assert check(Tokenizer(**settings), TEXT)


@every_setting
@given(
    st.lists(
        st.sampled_from(
            [
                *TEXT.split(" "),
                *'<>&;\u2019\u0130\u03a3\u0307!"`\t\n\0',
                "<br",
                " ",
                "&amp;",
                "<b>",
                "\u00df",
                "@a",
            ]
        )
    ).map("".join)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
@example("")
@example("\u0130\u0130x")
@example("&lt;br&gt; &#65;&nbsp;b &#x;")
def test_this_holds_for_any_text(settings, text):
    check(Tokenizer(**settings), text)


@every_setting
def test_a_span_is_the_text_that_its_token_came_from(settings):
    """They are equal except for case, apostrophes, marks and what some tokenizers rewrite."""
    text = "Don\u2019t  miss The<br />caf\u00e9 of \u0130zmir"
    for span in check(Tokenizer(**settings), text):
        original = text[span.start : span.end].replace("\u2019", "'").replace("\u0130", "i")
        token = span.token.removeprefix("NOT_").replace("\u0130", "i")
        assert original.lower() == token.lower()


def test_places_are_of_the_original_text():
    spans = token_spans(Tokenizer(html="breaks"), "\u0130I<br/>can\u2019t \U0001f600 go")
    assert spans == [("ii", 0, 2), ("can't", 7, 12), ("\U0001f600", 13, 14), ("go", 15, 17)]


def test_a_place_covers_all_that_became_the_token():
    text = "caf\u0065\u0301 \u2764\ufe0f won\u00adder Stra\u00dfe un<b>do</b> &lt;3 @ann sooooo"
    tokenizer = Tokenizer(html="text", tweets=True)
    spans = {span.token: text[span.start : span.end] for span in check(tokenizer, text)}
    assert spans == {
        "caf\u00e9": "caf\u0065\u0301",
        "\u2764": "\u2764\ufe0f",
        "wonder": "won\u00adder",
        "strasse": "Stra\u00dfe",
        "undo": "un<b>do",
        "<3": "&lt;3",
        "@user": "@ann",
        "sooo": "sooooo",
    }


@pytest.mark.slow
@pytest.mark.parametrize("part", [0, 1])
def test_this_holds_for_every_test_review_of_imdb(shared_data, part):
    texts = parquet.read_table(shared_data / "data" / "imdb" / "test.parquet")["text"].to_pylist()
    assert len(texts) == 25_000
    texts = texts[part::2]
    tokenizer = Tokenizer(html="breaks")
    for text, tokens in zip(texts, documents(tokenizer(texts)), strict=True):
        check(tokenizer, text, tokens)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wordpunct", "treebank", "tweet", "toktok"])
def test_this_holds_for_nltks_tokenizers_on_the_bundled_reviews(name):
    file = Path(pipeline.__file__).parent / "corpus" / "sample" / "test.jsonl"
    tokenizer = Tokenizer(tokenizer=name, punctuation=True)
    for line in file.read_text(encoding="utf-8").splitlines():
        text = json.loads(line)["text"]
        for span in check(tokenizer, text):
            assert span.start < span.end
