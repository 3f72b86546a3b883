"""Tokens, compared with NLTK, its engine `regex` and plain Python."""

import functools
import re
import sys
from itertools import product
from pathlib import Path

import nltk
import numpy as np
import pyarrow as pa
import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nltk import tokenize
from pyarrow import parquet

from pipeline.kernels import hashing
from pipeline.kernels import words as kernels
from pipeline.tokens.negation import NEGATIONS
from pipeline.tokens.nltk import HTML_BREAK
from pipeline.tokens.stop_words import stop_words
from pipeline.tokens.tokenizer import Tokenizer, write_tokens
from pipeline.tokens.tokens import Tokens, read_tokens
from pipeline.tokens.words import _BLOCKS, WORDS, WORDS_AND_PUNCTUATION

# lowercase, strip_breaks, punctuation
WORDS_SETTINGS = list(product((True, False), repeat=3))
DEFAULT = True, False, False
CONTEXTUAL = "İΣ"  # lower case of these is two code points, or depends on the neighbours

# Each is here because a tokenizer over bytes, or one that folds by a table, could get it wrong.
AWKWARD = [
    *"' \u2019 '' '\u2019 a'b n\u2019t '_' \u2018 \uff07 `".split(),
    *"don't Don\u2019T rock'n'roll 'tis dogs'".split(),
    *"7 42 ² ½ ٣ \U0001d7d8 _ __ Ⅷ ª \u0301 e\u0301 \u0307 \u0345 अनुच्छेद \u20dd".split(),
    *"Σ ΑΣ ΑΣ' Σ\u0301 ς ß ẞ Ⓐ İ I \u0131 \u212a \u2126 ŉ ﬁ ǅ".split(),
    # Georgian, Cherokee, Deseret, Adlam, Warang Citi; the last is the highest letter.
    *"Ა ა Ⴀ \u13a0 \uab70 ᏸ 𐐀 𐐨 𞤀 \U000118a0 日本 語 한 𠀀 \U00033479".split(),
    *"😀 👩\u200d👩 \u200d \u200c \u200b \ufe0f \u00ad \ufeff … — …\u2019".split(),
    *[" ", "\t", "\n", "\r", "\x0b", "\x1c", "\x1f", "\x85", "\xa0", "\u2003", "\u2028", "\u3000"],
    *["\0", "\x01", "\x7f", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0010ffff"],
    *["<br>", "<BR />", "<bR\t/>", "<br\n\r/>", "<br /", "<br\xa0>", "<br\x1c>", "<br/ >", "< br>"],
    *"<br <b < <br/ <br//> </br> <brr> <bs> <ar> <<br>> >".split(),
    *'x Word exactly8 ninebytes - well-made . ... !? 10/10 a.b \\ "'.split(),
]
texts = st.lists(
    st.sampled_from(AWKWARD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    max_size=12,
).map("".join)
any_text = texts | st.text(st.characters(exclude_categories=["Cs"]))
corpora = st.lists(any_text, max_size=5)
settings_of_words = st.sampled_from(WORDS_SETTINGS)


def setting_names(of_words) -> str:
    named = zip(("lowercase", "strip_breaks", "punctuation"), of_words, strict=True)
    return "-".join(name for name, on in named if on) or "none"


def words(lowercase, strip_breaks, punctuation) -> Tokenizer:
    return Tokenizer(lowercase=lowercase, strip_breaks=strip_breaks, punctuation=punctuation)


def prepared(text: str, lowercase: bool, strip_breaks: bool) -> str:
    text = text.lower() if lowercase else text
    text = text.replace("\u2019", "'")
    return HTML_BREAK.sub(" ", text) if strip_breaks else text


@functools.cache
def nltk_tokenizer(pattern: str) -> tokenize.RegexpTokenizer:
    return tokenize.RegexpTokenizer(pattern)


def reference(text, lowercase, strip_breaks, punctuation) -> list[str]:
    """Return the tokens as the module's docstring defines them: one line of NLTK."""
    pattern = WORDS_AND_PUNCTUATION if punctuation else WORDS
    return nltk_tokenizer(pattern).tokenize(prepared(text, lowercase, strip_breaks))


def listed(tokens: Tokens) -> list[list[str]]:
    return [tokens.document(d) for d in range(tokens.n_documents)]


def assert_columnar(tokens: Tokens) -> None:
    """Check what the docstring of `Tokens` says about its arrays."""
    names = tokens.distinct.to_pylist()
    assert tokens.ids.dtype == np.int32
    assert tokens.offsets.dtype == np.int64
    assert tokens.distinct.type == pa.large_string()
    assert tokens.distinct.null_count == 0
    assert tokens.offsets[0] == 0
    assert (np.diff(tokens.offsets) >= 0).all()
    assert tokens.offsets[-1] == len(tokens.ids)
    assert len(set(names)) == len(names)
    assert list(dict.fromkeys(tokens.ids.tolist())) == list(range(len(names)))
    assert not any(regex.search(r"\s", name) for name in names)
    assert "" not in names


# The compiled tokenizer is one line of NLTK


@pytest.mark.parametrize("of_words", WORDS_SETTINGS, ids=setting_names)
@given(any_text)
@example("The movie wasn\u2019t good.<br /><br />It was 'GREAT' -- 10/10 ... naïve Straße")
def test_words_are_what_nltk_finds_in_the_prepared_text(of_words, text):
    assert listed(words(*of_words)([text])) == [reference(text, *of_words)]


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        (
            "a film",
            TypeError,
            "texts: expected a sequence of str, got str; wrap one text in a list",
        ),
        (b"a film", TypeError, "texts: expected a sequence of str, got bytes"),
        (None, TypeError, "texts: expected a sequence of str, got NoneType"),
        (3, TypeError, "texts: expected a sequence of str, got int"),
        (["a", "b", None], TypeError, "texts[2]: expected str, got NoneType"),
        (["a", b"b"], TypeError, "texts[1]: expected str, got bytes"),
        ([0.5], TypeError, "texts[0]: expected str, got float"),
        (np.array([["a"]]), TypeError, "texts[0]: expected str, got ndarray"),
        (["a", "b\ud800"], ValueError, "texts[1]: expected valid Unicode, got half of a surrogate"),
        (pa.array(["a", None]), TypeError, "texts[1]: expected str, got null"),
        (pa.array([1, 2]), TypeError, "texts: expected strings, got an Arrow array of int64"),
    ],
    ids=str,
)
def test_what_is_not_a_text_is_refused_with_its_position_and_type(texts, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        Tokenizer()(texts)


@pytest.mark.parametrize(
    "texts",
    [
        ("a film", "", "b"),
        np.array(["a film", "", "b"]),
        iter(["a film", "", "b"]),
        pa.array(["a film", "", "b"]),
        pa.array(["a film", "", "b"], pa.string_view()),
        pa.chunked_array([["a film"], [], ["", "b"]]),
    ],
    ids=lambda texts: type(texts).__name__,
)
def test_texts_come_in_any_sequence_of_strings(texts):
    tokens = Tokenizer()(texts)
    assert [tokens.document(d) for d in range(3)] == [["a", "film"], [], ["b"]]


@given(corpora, settings_of_words)
@example(["", "a", "", "", "b a", ""], DEFAULT)
@example([], DEFAULT)
def test_documents_are_tokenised_apart_from_each_other(corpus, of_words):
    tokens = words(*of_words)(corpus)
    assert listed(tokens) == [reference(text, *of_words) for text in corpus]
    assert_columnar(tokens)


@given(corpora, settings_of_words, st.data())
def test_a_slice_of_an_arrow_array_is_read_as_its_own_rows(corpus, of_words, data):
    start = data.draw(st.integers(0, len(corpus)))
    length = data.draw(st.integers(0, len(corpus) - start))
    rows = pa.array(corpus, pa.large_string()).slice(start, length)
    tokens = words(*of_words)(rows)
    assert listed(tokens) == listed(words(*of_words)(corpus[start : start + length]))
    assert_columnar(tokens)


@pytest.mark.parametrize("punctuation", [True, False])
@pytest.mark.parametrize("lowercase", [True, False])
def test_every_code_point_of_unicode_is_read_as_nltk_reads_it(lowercase, punctuation):
    """The two contextual letters come last, because one of them sends a whole call to Python."""
    code_points = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    table = [c for c in code_points if c not in CONTEXTUAL]
    chunks = [table[first : first + 4096] for first in range(0, len(table), 4096)]
    of_words = lowercase, False, punctuation
    for chunk in [*chunks, list(CONTEXTUAL)]:
        text = " ".join(f"x{c}" for c in chunk)
        found = words(*of_words)([text]).document(0)
        assert found == reference(text, *of_words), f"from U+{ord(chunk[0]):04X}"


@pytest.mark.parametrize("first", ["a'", "\u2019", "<", "", "İ", "Σ"])
@pytest.mark.parametrize("last", ["\U0001d400", "\U0001f600", "\U0010ffff"])
def test_a_code_point_beyond_the_first_65536_is_read_by_the_whole_table(first, last):
    """The short table is enough for most texts; no other code point may be looked up in it."""
    for of_words in WORDS_SETTINGS:
        text = f"{first}{last} b{last}"
        assert listed(words(*of_words)([text])) == [reference(text, *of_words)]


def test_no_letter_or_digit_or_white_space_lies_outside_the_table():
    inside = {code for block in _BLOCKS for code in block}
    outside = "".join(chr(c) for c in range(sys.maxunicode + 1) if c not in inside)
    assert regex.search(r"[\w\s]", outside) is None
    assert outside.lower() == outside


def test_only_two_letters_have_a_lower_case_that_is_not_one_fixed_code_point():
    """Alone, before a letter, or after one."""
    letters = (chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000)
    contextual = [
        c
        for c in letters
        if len(c.lower()) != 1 or f"A{c}A {c} A{c}".lower() != "a{0}a {0} a{0}".format(c.lower())
    ]
    assert "".join(contextual) == CONTEXTUAL
    assert tuple(map(ord, CONTEXTUAL)) == (kernels.DOTTED_I, kernels.CAPITAL_SIGMA)


def test_one_contextual_letter_leaves_the_other_documents_as_they_are():
    corpus = ["ὈΔΥΣΣΕΎΣ", "Don\u2019t <BR> İstanbul", "", "ΟΔΟΣ. K\u212aK", "plain"]
    tokens = Tokenizer(strip_breaks=True)(corpus)
    assert listed(tokens) == [
        ["ὀδυσσεύς"],
        ["don't", "i\u0307stanbul"],
        [],
        ["οδος", "kkk"],
        ["plain"],
    ]


@pytest.mark.parametrize("of_words", WORDS_SETTINGS, ids=setting_names)
def test_the_kernels_mean_the_same_without_numba(uncompiled, of_words):
    corpus = ["".join(AWKWARD), "", " ".join(AWKWARD[::-1]), "don't <br/> don\u2019t \U0001f600."]
    tokens = words(*of_words)(corpus)
    assert listed(tokens) == [reference(text, *of_words) for text in corpus]
    assert_columnar(tokens)


def test_the_kernels_grow_their_arrays_without_numba(uncompiled):
    corpus = ["a", " ".join(f"w{n}" for n in range(5_000)), "z" * 40_000, "w4999 a"]
    assert listed(Tokenizer()(corpus)) == [text.split() for text in corpus]


def test_tokens_are_distinguished_even_if_all_hashes_are_equal(uncompiled, monkeypatch):
    monkeypatch.setattr(hashing, "MULTIPLIER", hashing.ZERO)
    stems = ["a", "exactly8", "exactly9", "sixteen_letters_", "sixteen_letters_and_more"]
    corpus = [" ".join(f"{a}{b} {a}" for a in stems for b in ["", "x", *stems])] * 2
    tokens = Tokenizer()(corpus)
    assert listed(tokens) == [text.split() for text in corpus]
    assert_columnar(tokens)


# Apostrophes and marks


@given(texts, settings_of_words)
def test_straight_and_curly_apostrophes_give_the_same_tokens(text, of_words):
    straight = text.replace("\u2019", "'")
    curly = text.replace("'", "\u2019")
    assert listed(words(*of_words)([straight])) == listed(words(*of_words)([curly]))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I don't, he can't", ["i", "don't", "he", "can't"]),
        ("It isn\u2019t GOOD", ["it", "isn't", "good"]),
        ("rock'n'roll", ["rock'n'roll"]),
        ("'tis the dogs' 'own' d''oh '", ["tis", "the", "dogs", "own", "d", "oh"]),
        ("snake_case 1990's", ["snake_case", "1990's"]),
    ],
)
def test_an_apostrophe_joins_letters_and_separates_otherwise(text, tokens):
    assert Tokenizer()([text]).document(0) == tokens


def test_combining_marks_belong_to_the_word_and_fractions_to_none():
    tokens = Tokenizer()(["हिन्दी, ไม่ดี: cafe\u0301 8½"]).document(0)
    assert tokens == ["हिन्दी", "ไม่ดี", "cafe\u0301", "8"]


def test_an_apostrophe_that_joins_nothing_is_punctuation():
    tokens = Tokenizer(punctuation=True)(["'tis the dogs' 'own' d''oh n\u2019t"]).document(0)
    assert " ".join(tokens) == "' tis the dogs ' ' own ' d ' ' oh n't"


# Sizes at which the kernels' arrays grow


@pytest.mark.parametrize("punctuation", [True, False])
@pytest.mark.parametrize(
    "corpus",
    [
        pytest.param(["Good film. " * 50_000, "film"], id="a very long document"),
        pytest.param(["it's", "a" * 1_000_003 + "'" + "é" * 99_999], id="a very long token"),
        pytest.param(
            [" ".join(f"w{n}" for n in range(60_000))], id="many distinct tokens in a document"
        ),
        pytest.param(
            [f"w{n} w{n // 2}." for n in range(10_000)], id="many distinct tokens in many documents"
        ),
        pytest.param(["!" * 100_000, "'" * 100_000, "😀" * 20_000], id="punctuation alone"),
        pytest.param(["a " * 30_000] * 3, id="more tokens than a fifth of the bytes"),
        pytest.param(["", " " * 100_000, ""], id="white space alone"),
    ],
)
def test_size_changes_nothing(corpus, punctuation):
    tokens = Tokenizer(punctuation=punctuation)(corpus)
    assert listed(tokens) == [reference(text, True, False, punctuation) for text in corpus]
    assert_columnar(tokens)


@pytest.mark.parametrize("length", [*range(1, 26), 63, 64, 65])
def test_tokens_that_differ_in_one_byte_are_distinguished(length):
    """A token is kept in numbers of eight bytes, so lengths around eight matter."""
    stem = "a" * length
    corpus = [f"{stem} {stem}b {stem[:-1]}b b{stem} {stem}aaaaaaaa {stem} {stem}b"]
    assert listed(Tokenizer()(corpus)) == [corpus[0].split()]


# NLTK's tokenizers

PATTERN = r"[a-z]*|\d+ \d+|[^a-z\s]+"  # matches nothing, and matches a space
NLTK_TOKENIZERS = {
    "wordpunct": tokenize.WordPunctTokenizer(),
    "treebank": tokenize.TreebankWordTokenizer(),
    "tweet": tokenize.TweetTokenizer(),
    "toktok": tokenize.ToktokTokenizer(),
    "pattern": tokenize.RegexpTokenizer(PATTERN),
}
SENTENCES = [
    "I can't wait, said the 'critic'; it isn\u2019t OVER (yet)...",
    "@user soooo good : ) :-D <3 http://example.com/a?b #movie call 555 123 4567",
    "10/10<br /><br />would watch again & again -- $5.00, 50%!",
    "gonna wanna cannot <BR>",
    "",
]


def tokenizer_named(name: str, **changed) -> Tokenizer:
    pattern = PATTERN if name == "pattern" else None
    return Tokenizer(tokenizer=name, pattern=pattern, **changed)


@pytest.mark.parametrize("name", NLTK_TOKENIZERS)
@settings(max_examples=40)
@given(st.sampled_from(SENTENCES) | any_text, settings_of_words)
def test_the_other_tokenizers_are_nltks_on_the_prepared_text(name, text, of_words):
    """White space (and NUL) in a token is an underscore, an empty token is none."""
    lowercase, strip_breaks, punctuation = of_words
    found = NLTK_TOKENIZERS[name].tokenize(prepared(text, lowercase, strip_breaks))
    expected = ["_".join(token.replace("\0", " ").split()) for token in found]
    expected = [token for token in expected if token]
    if not punctuation:
        expected = [token for token in expected if regex.search(r"\w", token)]
    tokenizer = tokenizer_named(
        name, lowercase=lowercase, strip_breaks=strip_breaks, punctuation=punctuation
    )
    tokens = tokenizer([text, "", text])
    assert listed(tokens) == [expected, [], expected]
    assert_columnar(tokens)


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("wordpunct", ["i", "can", "'", "t", ":", ")", "555", "123", "4567"]),
        ("treebank", ["i", "ca", "n't", ":", ")", "555", "123", "4567"]),
        ("tweet", ["i", "can't", ":", ")", "555_123_4567"]),
        ("toktok", ["i", "can", "'", "t", ":", ")", "555", "123", "4567"]),
        ("pattern", ["i", "can", "'", "t", ":", ")", "555_123", "4567"]),
    ],
)
def test_a_token_holds_no_space_even_if_nltk_leaves_one(name, tokens):
    text = "I can\u2019t : ) 555 123 4567"
    assert tokenizer_named(name, punctuation=True)([text]).document(0) == tokens


def test_empty_matches_of_a_pattern_vanish():
    tokens = Tokenizer(tokenizer="pattern", pattern="b*", punctuation=True)(["abba", "aaa", "b"])
    assert listed(tokens) == [["bb"], [], ["b"]]


# Stop words


@given(corpora, st.sets(st.sampled_from(["x", "don't", "word", "a'b", "7", "_", "br", "absent"])))
def test_dropping_stop_words_keeps_the_order_of_the_rest(corpus, unwanted):
    tokens = Tokenizer(stop_words=tuple(unwanted))(corpus)
    every = listed(Tokenizer()(corpus))
    assert listed(tokens) == [[t for t in tokens if t not in unwanted] for tokens in every]
    assert_columnar(tokens)


def test_stop_words_are_dropped_after_marking_marked_or_not():
    tokenizer = Tokenizer(mark_negation=True, stop_words=("the", "not"))
    assert tokenizer(["the plot is not the point"]).document(0) == [
        *["plot", "is", "NOT_point"],
    ]


@pytest.fixture
def nltk_stop_words(shared_data, monkeypatch):
    monkeypatch.setattr(nltk.data, "path", [str(shared_data / "nltk_data")])
    return set(nltk.corpus.stopwords.words("english"))


def test_the_stop_words_are_nltks_without_negations_and_their_stems(nltk_stop_words):
    kept = set(stop_words())
    contractions = {word for word in nltk_stop_words if word.endswith("n't")}
    assert {"the", "and", "was"} <= kept <= nltk_stop_words
    assert contractions
    assert not kept & (NEGATIONS | contractions | {word[:-2] for word in contractions})
    assert not kept & {"no", "nor", "not", "don", "isn", "won", "couldn", "ain"}
    # And nothing else is left out.
    left_out = nltk_stop_words - kept
    assert all(w in {"no", "nor", "not"} or w.endswith(("n't", "n")) for w in left_out)
    assert {"can", "in", "on", "than", "t", "own"} & nltk_stop_words <= kept


def test_the_stop_words_leave_what_is_negated(nltk_stop_words):
    tokenizer = Tokenizer(stop_words=stop_words())
    text = "It wasn't the worst, nor was it a film that I would not see"
    assert tokenizer([text]).document(0) == [
        "wasn't",
        "worst",
        "nor",
        "film",
        "would",
        "not",
        "see",
    ]


# Files


@pytest.mark.parametrize(
    "corpus",
    [
        pytest.param(["A good film, isn't it?", "", "film 日本 😀 film"], id="usual"),
        pytest.param(["", "", ""], id="without tokens"),
        pytest.param(["\0'"], id="one empty"),
        pytest.param([f"w{n} w{n // 3}" for n in range(5_000)], id="many"),
    ],
)
def test_tokens_come_back_from_their_file(tmp_path, monkeypatch, corpus):
    """For blocks of any size."""
    tokenizer = Tokenizer(punctuation=True)
    tokens, texts = tokenizer(corpus), pa.array(corpus, pa.large_string())
    for size in (1, 100, 1 << 20):
        monkeypatch.setattr("pipeline.tokens.tokenizer.BLOCK_TO_FILE", size)
        monkeypatch.setattr("pipeline.tokens.tokenizer.BLOCK_IN_MEMORY", size)
        written = write_tokens(tmp_path / "train.safetensors", tokenizer, texts)
        for found in (written, read_tokens(tmp_path / "train.safetensors")):
            np.testing.assert_array_equal(found.ids, tokens.ids, strict=True)
            np.testing.assert_array_equal(found.offsets, tokens.offsets, strict=True)
            assert found.distinct.equals(tokens.distinct)
            assert_columnar(found)


def test_the_distinct_tokens_are_a_text_file_of_a_token_a_line(tmp_path):
    texts = pa.array(["A good film, isn\u2019t it?", "", "日本 film"], pa.large_string())
    write_tokens(tmp_path / "train.safetensors", Tokenizer(), texts)
    words = (tmp_path / "train.distinct.txt").read_text(encoding="utf-8")
    assert words.splitlines() == ["a", "good", "film", "isn't", "it", "日本"]


@given(corpora, settings_of_words, st.integers(1, 40), st.sampled_from(["1", "2", "5"]))
def test_blocks_and_threads_change_nothing(corpus, of_words, size, threads):
    whole = words(*of_words)(corpus)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.tokens.tokenizer.BLOCK_TO_FILE", size)
        patch.setattr("pipeline.tokens.tokenizer.BLOCK_IN_MEMORY", size)
        patch.setenv("SENTIMENT_THREADS", threads)
        found = words(*of_words)(corpus)
        cut = [corpus[:1], corpus[1:]]
        chunks = pa.chunked_array([pa.array(c, pa.large_string()) for c in cut], pa.large_string())
        in_chunks = words(*of_words)(chunks)
    for tokens in (found, in_chunks):
        np.testing.assert_array_equal(tokens.ids, whole.ids, strict=True)
        np.testing.assert_array_equal(tokens.offsets, whole.offsets, strict=True)
        assert tokens.distinct.equals(whole.distinct)


def test_tokens_cannot_be_changed_in_place():
    tokens = Tokenizer()(["a b"])
    for array in (tokens.ids, tokens.offsets):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


# On real reviews


def reviews_of_imdb(shared_data: Path, split: str) -> pa.LargeStringArray:
    path = shared_data / "data" / "imdb" / f"{split}.parquet"
    column = parquet.read_table(path, columns=["text"])["text"]
    return column.cast(pa.large_string()).combine_chunks()


@pytest.mark.parametrize("of_words", [DEFAULT, (True, True, True)], ids=setting_names)
def test_reviews_are_what_nltk_finds_in_them(shared_data, of_words):
    reviews = reviews_of_imdb(shared_data, "train")[:2000]
    tokens = words(*of_words)(reviews)
    assert listed(tokens) == [reference(text, *of_words) for text in reviews.to_pylist()]
    assert_columnar(tokens)


@pytest.mark.slow
@pytest.mark.parametrize("of_words", [DEFAULT, (True, True, True)], ids=setting_names)
@pytest.mark.parametrize("split", ["train", "test"])
def test_all_reviews_are_what_nltk_finds_in_them(shared_data, split, of_words):
    reviews = reviews_of_imdb(shared_data, split)
    tokens = words(*of_words)(reviews)
    assert_columnar(tokens)
    for d, text in enumerate(reviews.to_pylist()):
        assert tokens.document(d) == reference(text, *of_words), f"review {d}"
