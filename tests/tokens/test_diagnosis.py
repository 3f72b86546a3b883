"""Warnings about tokens: each kind where it is due, with its figures and a key, and none else."""

import json
from pathlib import Path

import nltk
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk import corpus
from pyarrow import parquet

import pipeline
from pipeline.tokens import diagnosis
from pipeline.tokens.shards import TokenShards
from pipeline.tokens.tokenizer import Tokenizer

SENTENCES = [f"the film number {k} is a good one, and we like it" for k in range(200)]
CHINESE = [f"房间很干净{k}，服务很好{k}，我们还会再来的{k}" for k in range(400)]


def warned(texts: list[str] | pa.LargeStringArray, **settings) -> list[str]:
    tokenizer = Tokenizer(**settings)
    texts = pa.array(texts, pa.large_string()) if isinstance(texts, list) else texts
    html = [diagnosis.find_html(texts)] if tokenizer.html == "keep" else []
    return diagnosis.warnings(tokenizer, TokenShards.of([tokenizer(texts)]), texts, html)


@pytest.mark.parametrize(
    ("html", "example"),
    [
        ("isn&#39;t", "&#39;"),
        ("R &amp; B", "&amp;"),
        ("a<BR />b", "<BR />"),
        ("&#X2019;", "&#X2019;"),
        ("<p class='x'>a</p>", "<p class='x'>"),
        ("<!-- a -->", "<!-- a -->"),
    ],
)
def test_html_is_counted_and_shown(html, example):
    (line,) = warned([html, *SENTENCES[:150], f"and {html} {html}"])
    assert line == (
        f'2 of 152 training reviews hold HTML such as {example}: set tokens.html = "text"'
    )


def test_html_in_less_than_a_hundredth_of_the_reviews_is_let_pass():
    assert not warned(["a &amp; b", *SENTENCES])


@pytest.mark.parametrize("text", ["AT&T", "a < b > c", "<3", "<grin>", "& ;", "R&D", "&#x;"])
def test_signs_that_are_no_html_are_none(text):
    assert not warned([text] * 10)


@pytest.mark.parametrize("html", ["breaks", "text"])
def test_html_that_is_read_is_not_warned_of(html):
    assert not warned(["good<br />film"] * 10, html=html)


@given(st.lists(st.sampled_from(["a&amp;", "é<br>", "&", "<", "x", ""]), max_size=9), st.data())
def test_the_count_of_html_is_that_of_the_texts_in_any_chunks(texts, data):
    cut = data.draw(st.integers(0, len(texts)))
    whole = pa.array(texts, pa.large_string())
    chunked = pa.chunked_array([whole[:cut], whole[cut:]], pa.large_string())
    n = sum("&amp;" in text or "<br>" in text for text in texts)
    found = [line for line in warned(chunked) if "HTML" in line]
    assert [line.split(" hold")[0] for line in found] == (
        [f"{n} of {len(texts)} training reviews"] if n else []
    )


def test_tokens_that_occur_once_are_counted():
    (line,) = warned(CHINESE, tokenizer="pattern", pattern=r"\w+")
    assert line.startswith("1,200 of 1,200 tokens of the training set occur once only")
    assert line.endswith("set features.characters = [2, 5]")
    assert not warned(CHINESE)


def test_few_tokens_may_all_occur_once():
    assert not warned(["every word is another one here"])


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["x" * 31 + " z " + "y" * 31], "2 of 3 distinct tokens have more than 30 characters"),
        ([f"{'好' * 101}{k} a b" for k in "ab"] * 2, "more than 100 characters, such as 好好"),
    ],
)
def test_long_tokens_are_shown(texts, said):
    (line,) = warned(texts, tokenizer="pattern", pattern=r"\S+")
    assert said in line
    assert 'tokens.tokenizer = "words"' in line
    assert len(line) < 250


def test_a_single_long_token_is_no_reason_to_warn():
    assert not warned([*SENTENCES, "a" * 10_000])


@pytest.mark.parametrize(
    ("texts", "settings", "key"),
    [
        (CHINESE, {"tokenizer": "pattern", "pattern": "[a-z0-9]+"}, "tokens.pattern"),
        (["the the the film"], {"stop_words": ("the",)}, "tokens.stop_words"),
        (["the the the film"], {"tokenizer": "tweet", "stop_words": ("the",)}, "tokens.tokenizer"),
    ],
)
def test_a_tokenizer_that_leaves_out_most_of_the_text_is_noticed(texts, settings, key):
    (line,) = warned(texts, **settings)
    assert "letters and digits" in line
    assert line.endswith(f"check {key}")


def test_the_letters_left_out_are_counted():
    (line,) = warned(["abcd 12"] * 3, tokenizer="pattern", pattern="[0-9]")
    assert line.startswith("the tokens hold 6 of the 18 letters and digits in 3 training reviews;")


@pytest.mark.parametrize("texts", [[], [""], ["", "!!!", "😀"]])
def test_without_letters_nothing_is_left_out(texts):
    assert warned(texts) == []


@pytest.mark.parametrize("settings", [{}, {"mark_negation": True, "punctuation": True}])
def test_the_sample_needs_no_warning(settings):
    file = Path(pipeline.__file__).parent / "corpus" / "sample" / "train.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    assert not warned([json.loads(line)["text"] for line in lines], **settings)


@pytest.mark.parametrize("name", ["imdb/train", "hotels_zh/reviews", "airline/tweets"])
def test_real_reviews_need_no_warning_with_the_right_settings(shared_data, name):
    column = parquet.read_table(shared_data / "data" / f"{name}.parquet", columns=["text"])["text"]
    assert not warned(column.cast(pa.large_string()), html="text")


@pytest.mark.parametrize("name", ["movie_reviews", "sentence_polarity"])
def test_the_corpora_of_nltk_need_no_warning(shared_data, monkeypatch, name):
    monkeypatch.setattr(nltk.data, "path", [str(shared_data / "nltk_data")])
    reader = getattr(corpus, name)
    raw = [reader.raw(file) for file in reader.fileids()]
    assert not warned(raw if name == "movie_reviews" else "".join(raw).splitlines())
