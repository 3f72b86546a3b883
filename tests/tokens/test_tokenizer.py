"""Tokens, compared with NLTK, its engine `regex` and plain Python."""

import html
import re
import sys
import unicodedata
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
from nltk.tokenize import casual
from pyarrow import parquet
from words_reference import EMOTICON, PICTURE
from words_reference import words as reference_words

from pipeline.kernels import hashing
from pipeline.tokens.code_points import BLOCKS, entries
from pipeline.tokens.negation import NEGATIONS
from pipeline.tokens.preparation import Preparation
from pipeline.tokens.spans import token_spans
from pipeline.tokens.stop_words import stop_words
from pipeline.tokens.tokenizer import Tokenizer, write_tokens
from pipeline.tokens.tokens import Tokens, read_tokens

# lowercase, breaks, punctuation
WORDS_SETTINGS = list(product((True, False), repeat=3))
DEFAULT = True, False, False

# Each is here because a tokenizer over bytes, or one that folds by a table, could get it wrong.
AWKWARD = [
    *"' \u2019 '' '\u2019 a'b n\u2019t '_' \u2018 \uff07 `".split(),
    *"don't Don\u2019T rock'n'roll 'tis dogs'".split(),
    *"7 42 ² ½ ٣ \U0001d7d8 _ __ Ⅷ ª \u0301 e\u0301 \u0307 \u0345 अनुच्छेद \u20dd".split(),
    *"Σ ΟΔΟΣ ΑΣ ΑΣ' Σ\u0301 ς ß ẞ Ⓐ İ I \u0131 \u212a \u2126 ŉ ﬁ ǅ".split(),
    # Georgian, Cherokee, Deseret, Adlam, Warang Citi; the last is the highest letter.
    *"Ა ა Ⴀ \u13a0 \uab70 ᏸ 𐐀 𐐨 𞤀 \U000118a0 日本 語 한 𠀀 \U00033479".split(),
    *"😀 👩\u200d👩 \u200d \u200c \u200b \ufe0f \u00ad \ufeff … — …\u2019".split(),
    *"❤ ❤\ufe0f ☆ © ™ 🅰 Ⓜ 👍🏽 🏽 🇩 🇩🇪 🇩🇪🇫 1\ufe0f\u20e3 #\ufe0f\u20e3 *\u20e3 \u20e3 #a".split(),
    *"👩🏽\u200d❤\ufe0f\u200d👩 🏴\U000e0067\U000e0062\U000e007f \U000e0067 \ufe0e \u200e".split(),
    *":) :-( ;D :d :'( :/ :// =3 :-p <3 </3 <30 (: ^^ ^_^ :| a:D a:) :Da".split(),
    *"8/10 7.5/10. 1/2/3 a/b 1.x x.1 ٣/٣ 3' 1\u0301/2 ´ ʼ ＇ ′ don´t a`b".split(),
    *"中文 々〇 が か\u3099 カー ﾊﾞ スーパー銀 ไม่ดี ำ ก\u0e33 ខ្មែរ \u17d2 ក \u1039 မြန်မာ ລາວ".split(),
    "@a",
    *"क\u093c क़ \u0958 ك\u064b ש\u05b0 \u1112\u1161\u11ab \u1161 H\u0331 J\u030c ǰ I\u0307".split(),
    "=\u0338",
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
    named = zip(("lowercase", "breaks", "punctuation"), of_words, strict=True)
    return "-".join(name for name, on in named if on) or "none"


def words(lowercase, breaks, punctuation) -> Tokenizer:
    html = "breaks" if breaks else "keep"
    return Tokenizer(lowercase=lowercase, html=html, punctuation=punctuation)


def reference(text, lowercase, breaks, punctuation) -> list[str]:
    return reference_words(text, lowercase, breaks, punctuation)


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


# The compiled tokenizer is the reference


@pytest.mark.parametrize("of_words", WORDS_SETTINGS, ids=setting_names)
@given(any_text)
@example("The movie wasn\u2019t good.<br /><br />It was 'GREAT' -- 10/10 ... naïve Straße")
@example("<3=D \u0301=D a\u0301:D <br>:D 1\u20e3:D 字:D")
def test_words_are_those_of_the_reference(of_words, text):
    assert listed(words(*of_words)([text])) == [reference(text, *of_words)]


@given(any_text, st.booleans())
def test_hashtags_are_those_of_the_reference(text, punctuation):
    """Without what `tweets` rewrites first."""
    tokenizer = Tokenizer(tweets=True, punctuation=punctuation)
    written = Preparation(tweets=True, lowercase=False).prepare(text)
    expected = reference_words(written, punctuation=punctuation, tweets=True)
    assert listed(tokenizer([text])) == [expected]


def test_without_emoji_and_the_like_the_words_are_one_line_of_nltk():
    """On English text with straight apostrophes."""
    nltk_words = tokenize.RegexpTokenizer(r"\w+(?:'\w+)*")
    for text in [SENTENCES[0], "It isn't GOOD", "'tis the dogs' rock'n'roll d''oh '"]:
        text = text.replace("\u2019", "'")
        assert Tokenizer()([text]).document(0) == nltk_words.tokenize(text.lower())


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
def test_every_code_point_of_unicode_is_read_as_the_reference_reads_it(lowercase, punctuation):
    code_points = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    of_words = lowercase, False, punctuation
    for first in range(0, len(code_points), 4096):
        text = " ".join(f"x{c} {c}" for c in code_points[first : first + 4096])
        found = words(*of_words)([text]).document(0)
        assert found == reference(text, *of_words), f"from U+{ord(code_points[first]):04X}"


@pytest.mark.parametrize("first", ["a'", "\u2019", "<", "", "İ", "Σ"])
@pytest.mark.parametrize("last", ["\U0001d400", "\U0001f600", "\U0010ffff", "\U00020000"])
def test_a_code_point_beyond_the_first_65536_is_read_by_the_whole_table(first, last):
    """The short table is enough for most texts; no other code point may be looked up in it."""
    for of_words in WORDS_SETTINGS:
        text = f"{first}{last} b{last}"
        assert listed(words(*of_words)([text])) == [reference(text, *of_words)]


def test_no_character_of_a_kind_lies_outside_the_table():
    inside = {code for block, _ in BLOCKS for code in block}
    outside = "".join(chr(c) for c in range(sys.maxunicode + 1) if c not in inside)
    kinds = r"[\w\s\p{M}\p{Extended_Pictographic}\p{NFC_QC=N}\p{NFC_QC=M}\P{CCC=0}]"
    assert regex.search(kinds, outside) is None
    assert outside.lower() == outside


@pytest.mark.parametrize("lowercase", [True, False])
def test_the_short_table_is_the_beginning_of_the_whole_one(lowercase):
    np.testing.assert_array_equal(entries(lowercase, False), entries(lowercase, True)[:0x10000])


@pytest.mark.parametrize("of_words", WORDS_SETTINGS, ids=setting_names)
def test_the_kernels_mean_the_same_without_numba(uncompiled, of_words):
    corpus = ["".join(AWKWARD), "", " ".join(AWKWARD[::-1]), "don't <br/> don\u2019t \U0001f600."]
    tokens = words(*of_words)(corpus)
    assert listed(tokens) == [reference(text, *of_words) for text in corpus]
    assert_columnar(tokens)


@pytest.mark.parametrize("of_words", WORDS_SETTINGS, ids=setting_names)
def test_a_text_ends_where_it_ends_whatever_begins_there(uncompiled, of_words):
    """As Python, a kernel that read on would leave the array, or take what the next text has."""
    ends = ["<", "<b", "<br", "<br ", "<br/", ":", ":-", "(", "(-", "^", "^_", "'", "7.", "7", "#"]
    corpus = [f"good {end}" for end in ends]
    corpus += ["a<br>b", "a<BR />b", "a<br x>b", "\u0928\u200d\u0915 a\u200db", "1\u20e3b a\u20e3b"]
    for texts in (corpus, corpus[::-1], *([text] for text in corpus)):
        expected = [reference(text, *of_words) for text in texts]
        assert listed(words(*of_words)(texts)) == expected


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


# One spelling for one word


APOSTROPHES = "'\u2019\u2018`\u00b4\u02bc\uff07\u2032"


@given(texts, settings_of_words, st.sampled_from(APOSTROPHES))
def test_all_apostrophes_give_the_same_tokens(text, of_words, apostrophe):
    other = text.translate(dict.fromkeys(map(ord, APOSTROPHES), apostrophe))
    assert listed(words(*of_words)([text])) == listed(words(*of_words)([other]))


@given(texts, settings_of_words, st.sampled_from(["NFC", "NFD"]))
def test_composed_and_decomposed_texts_give_the_same_tokens(text, of_words, form):
    other = unicodedata.normalize(form, text)
    if "<" in text or "&" in text:  # a stroke through < or > unmakes the tag
        other, text = other.replace("<", ""), text.replace("<", "")
    assert listed(words(*of_words)([text])) == listed(words(*of_words)([other]))


@given(
    texts, settings_of_words, st.sampled_from(["\ufe0f", "\ufe0e", "\u00ad", "\u200e", "\ufeff"])
)
def test_an_invisible_character_changes_nothing(text, of_words, invisible):
    """Nowhere but in what normalisation joins, and in a tag."""
    text = regex.sub(r"[\p{M}\u1100-\u11ff<]", "", text)
    for place in {0, len(text) // 2, len(text)}:
        with_it = text[:place] + invisible + text[place:]
        assert listed(words(*of_words)([with_it])) == listed(words(*of_words)([text]))


@given(any_text, settings_of_words)
def test_no_token_is_a_mark_or_selector_or_joiner_alone(text, of_words):
    tokens = words(*of_words)([text]).document(0)
    alone = r"[\p{M}\p{Join_Control}\p{Variation_Selector}[\p{Cf}&&\p{DI}]]+"
    assert not [token for token in tokens if regex.fullmatch(alone, token, regex.V1)]


@given(any_text)
def test_lower_and_upper_case_give_the_same_tokens(text):
    """For letters of which each has one partner."""
    text = "".join(c for c in text if len(c.upper()) == 1 and c.upper().lower() == c.lower())
    assert Tokenizer()([text.upper()]).document(0) == Tokenizer()([text.lower()]).document(0)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I don't, he can't", ["i", "don't", "he", "can't"]),
        ("It isn\u2019t GOOD", ["it", "isn't", "good"]),
        ("don\u00b4t don`t don\u2018t don\uff07t don\u02bct don\u2032t", ["don't"] * 6),
        ("rock'n'roll", ["rock'n'roll"]),
        ("'tis the dogs' 'own' d''oh '", ["tis", "the", "dogs", "own", "d", "oh"]),
        ("snake_case 1990's", ["snake_case", "1990's"]),
        ("Stra\u00dfe STRASSE STRA\u1e9eE", ["strasse"] * 3),
        ("\u0130STANBUL \u0130stanbul istanbul", ["istanbul"] * 3),
        ("\u039f\u0394\u039f\u03a3 \u03bf\u03b4\u03bf\u03c2", ["\u03bf\u03b4\u03bf\u03c3"] * 2),
        ("caf\u00e9 cafe\u0301 CAFE\u0301", ["caf\u00e9"] * 3),
        ("won\u00adderful \ufeffwell\u200e", ["wonderful", "well"]),
        ("हिन्दी: 8½", ["हिन्दी", "8"]),
    ],
)
def test_a_word_has_one_spelling(text, tokens):
    assert Tokenizer()([text]).document(0) == tokens


def test_an_apostrophe_that_joins_nothing_is_punctuation():
    tokens = Tokenizer(punctuation=True)(["'tis the dogs' 'own' d''oh n\u2019t"]).document(0)
    assert " ".join(tokens) == "' tis the dogs ' ' own ' d ' ' oh n't"


# Emoji, emoticons, scores


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("\u2764\ufe0f \u2764 good\u2764\ufe0f", ["\u2764", "\u2764", "good", "\u2764"]),
        ("👍🏽👍 👩\u200d👩\u200d👧!", ["👍🏽", "👍", "👩\u200d👩\u200d👧"]),
        ("👩\u200d\u2764\ufe0f\u200d👩", ["👩\u200d\u2764\u200d👩"]),
        ("🇩🇪🇫🇷 🇩", ["🇩🇪", "🇫🇷", "🇩"]),
        ("🏴\U000e0067\U000e0062\U000e007f", ["🏴\U000e0067\U000e0062\U000e007f"]),
        ("1\ufe0f\u20e32\ufe0f\u20e3 #\ufe0f\u20e3", ["1\u20e3", "2\u20e3", "#\u20e3"]),
        ("★★☆ ✓ © ™", ["★", "★", "☆", "✓"]),
    ],
)
def test_a_whole_emoji_is_one_token(text, tokens):
    assert Tokenizer()([text]).document(0) == tokens


@pytest.mark.parametrize(
    "emoticon",
    ":) :-) :( :-( ;) ;-) :D :-D :P =) =( :/ :-/ :| :] :[ :'( :'-( <3 </3 (: ^^ ^_^ :3".split(),
)
def test_an_emoticon_is_one_token(emoticon):
    found = Tokenizer()([f"well {emoticon} said {emoticon}!"]).document(0)
    assert found == ["well", emoticon.lower(), "said", emoticon.lower()]
    assert Tokenizer(punctuation=True)([emoticon]).document(0) == [emoticon.lower()]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("great:) bad:(", ["great", ":)", "bad", ":("]),
        ("http://x", ["http", "x"]),
        ("note:d :day vitamin:D", ["note", "d", "day", "vitamin", "d"]),
        ("2:30 x<30 (see:2)", ["2", "30", "x", "30", "see", "2"]),
    ],
)
def test_what_looks_like_one_is_none_within_words_and_addresses(text, tokens):
    assert Tokenizer()([text]).document(0) == tokens


def test_a_score_is_one_token():
    tokens = Tokenizer()(["8/10, 10/10. A 7.5/10! and/or 3.5 v2.0 1/"]).document(0)
    assert tokens == ["8/10", "10/10", "a", "7.5/10", "and", "or", "3.5", "v2.0", "1"]


# Scripts without spaces


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("房间很干净，服务很好", "房 间 很 干 净 服 务 很 好"),
        ("iPhone很好5星", "iphone 很 好 5 星"),
        ("スーパー銀行はとても良い", "スーパー 銀 行 は と て も 良 い"),
        ("ไม่ดี", "ไ ม่ ดี"),
        ("ខ្មែរ", "ខ្មែ រ"),
        ("မြန်မာ", "မြ န် မာ"),
        ("한국어 영화", "한국어 영화"),
    ],
)
def test_a_script_without_spaces_is_split_into_characters(text, tokens):
    assert Tokenizer()([text]).document(0) == tokens.split()


# HTML


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("it isn&#39;t &quot;good&quot; &amp; bar", "it isn't good bar"),
        ("it isn&rsquo;t caf&eacute; &#x2764;", "it isn't café ❤"),
        ("good<br/>film<p class='x'>a <b>W</b>ord</p>", "good film a word"),
        ("&amp;eacute; &lt;b&gt;", "eacute b"),  # decoded once
        ("<3 <grin> a < b > c <script>let x;</script><!-- no -->d", "<3 grin a b c d"),
        ("AT&T R&D &; &nosuch; &#xd800;", "at t r d nosuch"),
    ],
)
def test_html_becomes_the_text_that_a_reader_sees(text, tokens):
    tokenizer = Tokenizer(html="text")
    assert tokenizer([text]).document(0) == tokens.split()
    assert [span.token for span in token_spans(tokenizer, text)] == tokens.split()


@given(any_text, settings_of_words)
def test_text_without_html_is_the_same_with_and_without_decoding(text, of_words):
    text = regex.sub("[<&]", "", text)
    lowercase, _, punctuation = of_words
    decoded = Tokenizer(lowercase=lowercase, punctuation=punctuation, html="text")
    assert listed(decoded([text])) == listed(words(lowercase, False, punctuation)([text]))


@given(
    st.lists(
        st.sampled_from(["&", "#", "x", "39", "amp", ";", "lt", "nbsp", "A", "&#0;", "not", "it"])
    ).map("".join)
)
def test_entities_are_those_of_the_standard_library(text):
    visible = html.unescape(text).replace("\u2062", "")  # &it; is an invisible sign
    expected = unicodedata.normalize("NFC", visible)
    assert Preparation("text", lowercase=False).prepare(text) == expected


# Tweets


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("@ann_1 thx!! @Bob", "@user thx @user"),
        ("see https://t.co/x?a=1 and www.x.org/y", "see @url and @url"),
        ("soooooo goooood SOOOO sooo soo", "sooo goood sooo sooo soo"),
        ("#NoFilter #1 a#b ## x", "#nofilter #1 a b x"),
        ("me@x.com @url", "me x com @user"),
        ("10000000 !!!!!!", "10000000"),
    ],
)
def test_tweets_have_one_token_for_users_and_for_links(text, tokens):
    tokenizer = Tokenizer(tweets=True)
    assert tokenizer([text]).document(0) == tokens.split()
    assert [span.token for span in token_spans(tokenizer, text)] == tokens.split()


def test_the_tokenizer_of_tweets_keeps_emoji_and_emoticons():
    text = "fine :) :-( <3 ❤\ufe0f 👍🏽 >:( 8-) ..."
    tokens = Tokenizer(tokenizer="tweet")([text]).document(0)
    assert tokens == ["fine", ":)", ":-(", "<3", "❤", "👍🏽", ">:(", "8-)"]


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
        pytest.param(["!" * 100_000, "'" * 100_000, "^^" * 50_000], id="punctuation alone"),
        pytest.param(["😀" * 20_000, "好" * 30_000, "ẞ" * 30_000], id="units alone"),
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


def is_word(name: str, token: str) -> bool:
    """Return True for a word, an emoji or an emoticon."""
    if regex.search(
        rf"[[\w--[\p{{M}}\p{{Join_Control}}]]\u20e3{PICTURE}🏻-🏿🇦-🇿]", token, regex.V1
    ):
        return True
    if name == "tweet" and casual.EMOTICON_RE.fullmatch(token):
        return True
    return regex.fullmatch(EMOTICON, token, regex.V1 | regex.VERBOSE) is not None


def tokenizer_named(name: str, **changed) -> Tokenizer:
    pattern = PATTERN if name == "pattern" else None
    return Tokenizer(tokenizer=name, pattern=pattern, **changed)


@pytest.mark.parametrize("name", NLTK_TOKENIZERS)
@settings(max_examples=40)
@given(st.sampled_from(SENTENCES) | any_text, settings_of_words)
def test_the_other_tokenizers_are_nltks_on_the_prepared_text(name, text, of_words):
    """White space (and NUL) in a token is an underscore; an empty token and marks are none."""
    lowercase, breaks, punctuation = of_words
    html = "breaks" if breaks else "keep"
    prepared = Preparation(html, lowercase=lowercase).prepare(text)
    prepared = regex.sub("\u2019|(?<=\\w)[\u2018`\u00b4\u02bc\uff07\u2032](?=\\w)", "'", prepared)
    found = NLTK_TOKENIZERS[name].tokenize(prepared)
    expected = ["_".join(token.replace("\0", " ").split()) for token in found]
    expected = [t for t in expected if regex.sub(r"[\p{M}\p{Join_Control}\u200b]", "", t)]
    if not punctuation:
        expected = [token for token in expected if is_word(name, token)]
    tokenizer = tokenizer_named(name, lowercase=lowercase, html=html, punctuation=punctuation)
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
        n = write_tokens(tmp_path / "train.safetensors", tokenizer, texts)
        found = read_tokens(tmp_path / "train.safetensors")
        np.testing.assert_array_equal(found.ids, tokens.ids, strict=True)
        np.testing.assert_array_equal(found.offsets, tokens.offsets, strict=True)
        assert found.distinct.equals(tokens.distinct)
        assert n == len(tokens.ids)
        assert_columnar(found)


def test_the_distinct_tokens_are_a_text_file_of_a_token_a_line(tmp_path):
    texts = pa.array(["A good film, isn\u2019t it?", "", "日本 film"], pa.large_string())
    write_tokens(tmp_path / "train.safetensors", Tokenizer(), texts)
    words = (tmp_path / "train.distinct.txt").read_text(encoding="utf-8")
    assert words.splitlines() == ["a", "good", "film", "isn't", "it", "日", "本"]


@given(corpora, settings_of_words, st.integers(1, 40), st.sampled_from(["1", "2", "3", "7"]))
def test_blocks_and_threads_change_nothing(corpus, of_words, size, threads):
    whole = words(*of_words)(corpus)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("BLOCK_TO_FILE", "BLOCK_IN_MEMORY", "RENUMBERED"):
            patch.setattr(f"pipeline.tokens.tokenizer.{name}", size)
        patch.setattr("pipeline.tokens.distinct.SEARCH", size)
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
