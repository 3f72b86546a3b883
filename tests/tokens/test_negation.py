"""Claims about negation marks; NLTK's own marking is the counter-example.

A loop that reads tokens from left to right, a character at a time, is the judge.
"""

import numpy as np
import pyarrow as pa
import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st
from nltk.sentiment import util as nltk_sentiment
from words_reference import EMOTICON

from pipeline.config.tokens import TokensSection
from pipeline.tokens.negation import NEGATIONS, is_negation, mark_negation
from pipeline.tokens.tokenizer import Tokenizer

# Those that the config allows with the marks; the last two are patterns of one's own.
TOKENIZERS = {
    "words": {},
    "treebank": {"tokenizer": "treebank"},
    "tweet": {"tokenizer": "tweet"},
    "pattern": {"tokenizer": "pattern", "pattern": r"\w+(?:'\w+)*|[^\w\s]"},
    "spaces": {"tokenizer": "pattern", "pattern": r"\S+"},
}
every_tokenizer = pytest.mark.parametrize("name", TOKENIZERS)


def negated(text: str, name: str = "words", **changed) -> str:
    """Return the marked tokens, punctuation and all."""
    settings = {"punctuation": True, "mark_negation": True} | TOKENIZERS[name] | changed
    return " ".join(Tokenizer(**settings)([text]).document(0))


def words_of(marked: str) -> str:
    """Return what is left without punctuation, around words as well."""
    words = (regex.sub(r"^\W+|[\W\p{M}]+$", "", token) for token in marked.split())
    words = (regex.sub(r"^NOT_\W+", "NOT_", word) for word in words)
    return " ".join(word for word in words if word)


def negated_by_nltk(text: str) -> str:
    """Return what NLTK marks among the same tokens, written as here."""
    tokens = Tokenizer(punctuation=True)([text]).document(0)
    marked = nltk_sentiment.mark_negation(tokens)
    return " ".join(
        f"NOT_{token.removesuffix('_NEG')}" if token.endswith("_NEG") else token for token in marked
    )


def test_negation_is_marked_as_in_jurafsky_and_martin():
    """Speech and Language Processing, optimising naive Bayes for sentiment analysis."""
    text = "didn't like this movie , but I"
    assert negated(text) == "didn't NOT_like NOT_this NOT_movie , but i"
    assert negated_by_nltk(text) == "didn't NOT_like NOT_this NOT_movie NOT_, NOT_but NOT_i"


# Where NLTK marks nothing, or all the rest


@every_tokenizer
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nobody liked it", "nobody NOT_liked NOT_it"),
        ("nobody's perfect here", "nobody's NOT_perfect NOT_here"),
        ("hardly any fun", "hardly NOT_any NOT_fun"),
        ("it scarcely moves", "it scarcely NOT_moves"),
        ("barely watchable", "barely NOT_watchable"),
        ("you cannot lose", "you cannot NOT_lose"),
        ("without a doubt", "without NOT_a NOT_doubt"),
        ("neither good nor bad", "neither NOT_good NOT_nor NOT_bad"),
        ("nor is it funny", "nor NOT_is NOT_it NOT_funny"),
        ("you shouldnt and neednt go", "you shouldnt NOT_and NOT_neednt NOT_go"),
        ("mustnt see", "mustnt NOT_see"),
    ],
)
def test_a_negation_that_nltk_does_not_know_is_one(name, text, words):
    # Treebank's tokenizer takes some words apart.
    apart = {"cannot": "can not", "nobody's": "nobody NOT_'s"} if name == "treebank" else {}
    for whole, parts in apart.items():
        words = words.replace(whole, parts)
    assert negated(text, name) == words
    # But for one of them, the only one that NLTK spells without an apostrophe.
    assert ("NOT_" in negated_by_nltk(text)) == ("shouldnt" in text)


@every_tokenizer
@pytest.mark.parametrize("apostrophe", ["'", "\u2019"])
@pytest.mark.parametrize("verb", ["don", "DON", "Isn", "ain", "couldn", "mustn", "shan", "won"])
def test_a_contraction_negates_whatever_its_apostrophe(name, verb, apostrophe):
    text = f"It {verb}{apostrophe}{'T' if verb.isupper() else 't'} matter, it is fine"
    marked = words_of(negated(text, name))
    assert marked.endswith("t NOT_matter it is fine")
    assert marked.count("NOT_") == 1


@pytest.mark.parametrize("apostrophe", "\u2018\u02bc\uff07\u0060\u00b4")
def test_other_signs_for_an_apostrophe_are_understood_where_a_token_holds_them(apostrophe):
    assert is_negation(f"didn{apostrophe}t")
    assert is_negation(f"Nobody{apostrophe}s")


def test_nltk_misses_the_curly_apostrophe():
    text = ["don\u2019t", "go"]
    assert nltk_sentiment.mark_negation(text) == text
    assert negated(" ".join(text)) == "don't NOT_go"


@every_tokenizer
@pytest.mark.parametrize(
    "end",
    [
        *[", ", ". ", "; ", ": ", "! ", "? ", "... ", " . . . ", "\u2026 ", "?! ", "!!! ", " :) "],
        *[" (", ") ", " [", "] ", " \u2014 ", "\u2014", " \u2013 ", " -- ", '." ', '" (', ".) "],
        *["<br />", "<br>", " <br/><br/> ", "</p>. "],
    ],
)
def test_a_clause_ends_there_for_every_tokenizer(name, end):
    """If a token holds the end and both words, the clause ends after it."""
    marked = words_of(negated(f"It is not so good{end}but nice to see", name)).split()
    assert marked[:4] == ["it", "is", "not", "NOT_so"]
    assert marked[4].startswith("NOT_good")
    assert marked[-3:] == ["nice", "to", "see"]
    assert "NOT_but" not in marked
    assert "NOT_br" not in marked


@pytest.mark.parametrize("end", [",", "(", ")", "[", "\u2026", "\u2014", "\u2013", "--", "<br>"])
def test_nltk_runs_on_through_it(end):
    text = f"not good {end} but nice"
    assert negated_by_nltk(text).endswith("NOT_but NOT_nice")
    assert negated(text).endswith("but nice")
    assert "NOT_but" not in negated(text)


# How far a scope reaches


@every_tokenizer
@pytest.mark.parametrize(
    "middle", [" ", "\n", "\r\n\r\n", "\t", " \U0001f600 ", " \u2764\ufe0f ", ' " ', " / ", " & "]
)
def test_space_lines_emoji_and_quotes_do_not_end_a_clause_and_are_not_marked(name, middle):
    marked = negated(f"not good{middle}nice", name)
    assert words_of(marked) == "not NOT_good NOT_nice"
    assert marked.count("NOT_") == 2


def test_nltk_marks_emoji_and_quotes():
    text = 'not a "good" film \U0001f600'
    assert negated_by_nltk(text) == 'not NOT_a NOT_" NOT_good NOT_" NOT_film NOT_\U0001f600'
    assert negated(text) == 'not NOT_a " NOT_good " NOT_film \U0001f600'


def test_a_break_that_counts_as_a_space_ends_nothing():
    text = "not good<br />but nice"
    assert negated(text, html="breaks") == "not NOT_good NOT_but NOT_nice"
    assert negated(text) == "not NOT_good < br / > but nice"


@every_tokenizer
def test_a_text_without_punctuation_is_one_clause(name):
    text = "it is not " + "so good " * 200
    assert negated(text, name) == "it is not " + " ".join(["NOT_so NOT_good"] * 200)


@every_tokenizer
@pytest.mark.parametrize("text", ["it is not", "it is not.", "never", "not , not", "...", ""])
def test_a_negation_without_a_word_after_it_marks_nothing(name, text):
    assert "NOT_" not in negated(text, name)


@every_tokenizer
def test_a_scope_never_leaves_its_document(name):
    texts = ["it is not", "good", "", "never", "", "bad not bad", "it -", "- isn't -", "- good"]
    tokenizer = Tokenizer(mark_negation=True, punctuation=True, **TOKENIZERS[name])
    tokens = tokenizer(texts)
    assert [" ".join(tokens.document(d)) for d in range(len(texts))] == [
        negated(text, name) for text in texts
    ]
    assert words_of(negated("- good", name)) == "good"


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_blocks_and_threads_change_nothing(size, monkeypatch):
    texts = ["it is not", "good", "", "never so bad. good", "NOT_bad", "bad not bad"] * 3
    whole = Tokenizer(mark_negation=True, lowercase=False)(texts)
    monkeypatch.setattr("pipeline.tokens.tokenizer.BLOCK_IN_MEMORY", size)
    monkeypatch.setenv("SENTIMENT_THREADS", "3")
    found = Tokenizer(mark_negation=True, lowercase=False)(texts)
    np.testing.assert_array_equal(found.ids, whole.ids)
    assert found.distinct.equals(whole.distinct)


@every_tokenizer
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("can not lose", "can not NOT_lose"),
        ("not good, not bad", "not NOT_good not NOT_bad"),
        ("not only not good but bad", "not NOT_only NOT_not NOT_good NOT_but NOT_bad"),
        ("it is not that I don't care", "it is not NOT_that NOT_i NOT_don't NOT_care"),
        ("good, not bad, fine", "good not NOT_bad fine"),
        ("NEVER Again! Good", "never NOT_again good"),
        ("knot another notable nothingness", "knot another notable nothingness"),
        ("no one left, noone stays", "no NOT_one NOT_left noone NOT_stays"),
    ],
)
def test_a_word_is_marked_from_a_negation_to_the_end_of_its_clause(name, text, words):
    """A second negation neither ends nor reverses the first."""
    if name == "treebank":
        words = words.replace("NOT_don't", "NOT_do NOT_n't")
    assert words_of(negated(text, name)) == words


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("isn't a well-made film", "isn't NOT_a NOT_well - NOT_made NOT_film"),
        ("not a \"good\" 'film'", "not NOT_a \" NOT_good \" ' NOT_film '"),
        ("not $ 5 / 10", "not $ NOT_5 / NOT_10"),
        ("not bad -- good - bad", "not NOT_bad - - good - bad"),
        ("No-one left", "no - NOT_one NOT_left"),
        (", not", ", not"),
    ],
)
def test_punctuation_is_never_marked_and_may_be_dropped_after_marking(text, marked):
    assert negated(text) == marked
    dropped = " ".join(token for token in marked.split() if regex.search(r"\w", token))
    assert negated(text, punctuation=False) == dropped


@pytest.mark.parametrize("name", ["treebank", "tweet"])
def test_a_sign_inside_a_number_or_a_word_ends_nothing(name):
    text = "not a well-made 3.5 or 10:30 no-nonsense film"
    marked = "not " + " ".join(f"NOT_{word}" for word in text.split()[1:])
    assert negated(text, name) == marked


@pytest.mark.parametrize(
    "token", ["*not*", "_not_", '"nothing', "\u201cNever", "(no", "no-one", "not."]
)
def test_a_negation_is_known_with_marks_around_it(token):
    assert is_negation(token)


def test_treebanks_half_of_a_contraction_negates():
    assert negated("it didn't work", "treebank") == "it did n't NOT_work"


def test_treebank_leaves_full_stops_at_words_and_they_end_clauses():
    text = "This is not good. But that is. Nothing works\u2026 here"
    marked = "this is not NOT_good. but that is. nothing NOT_works\u2026 here"
    assert negated(text, "treebank") == marked


# Case and names


def test_negation_ignores_case_where_texts_keep_theirs():
    marked = negated("It was NOT good. DON'T Go", lowercase=False)
    assert marked == "It was NOT NOT_good . DON'T NOT_Go"


def test_a_mark_that_spells_an_existing_token_is_that_token():
    tokens = Tokenizer(mark_negation=True, lowercase=False)(["NOT_good is not good", "not good"])
    assert [tokens.document(d) for d in range(2)] == [
        ["NOT_good", "is", "not", "NOT_good"],
        ["not", "NOT_good"],
    ]
    assert tokens.distinct.to_pylist() == ["NOT_good", "is", "not"]


@pytest.mark.parametrize("word", sorted(NEGATIONS))
def test_every_negation_of_the_list_negates(word):
    assert is_negation(word)
    assert is_negation(word.upper())


@every_tokenizer
def test_the_config_allows_the_marks_with_these_tokenizers(name):
    assert TokensSection(mark_negation=True, **TOKENIZERS[name]).mark_negation


# Reading from left to right

NEGATING = ["not", "never", "nobody", "hardly", "cannot", "without", "didn't", "isn't", "nor"]
ENDING = [*",.:;!?()[]", "\u2026", "\u2014", "--", "...", "<br />", ":)", ":D", '."']
NEUTRAL = ["-", '"', "'", "$", "%", "/", "\U0001f600"]
PLAIN = ["good", "bad", "knot", "Film", "don", "NOT_good", "10", "it's", "3.5", "well-made"]
CAPITAL_AND_CURLY = ["Never", "NOT", "Didn\u2019t", "isn\u2019T", "It\u2019s", "Nobody\u2019s"]


def ends_in(token: str) -> tuple[bool, bool]:
    """Return whether a clause ends before a token, and whether it ends after it."""
    behind = word = False
    before = token.strip("/><_") == "br" and token.startswith("br")
    for i, sign in enumerate(token):
        inside_number = sign in ".,:\u2013" and token[i + 1 : i + 2].isdigit()
        is_end = (
            sign in ".,:;!?()[]{}\u2026\u2014\u2013"
            or token[i : i + 2] == "--"
            or token[i : i + 3] == "<br"
        )
        if is_end and not inside_number:
            before, behind = before or not word, behind or word
        word = word or sign.isalnum()
    return before, behind


def negates(token: str) -> bool:
    word = token.lower()
    while word and not word[0].isalnum():
        word = word[1:]
    while word and not word[-1].isalnum():
        word = word[:-1]
    return word.split("'")[0] in NEGATING or "n't" in word


def is_emoticon(token: str) -> bool:
    return regex.fullmatch(EMOTICON, token, regex.V1 | regex.VERBOSE) is not None


def marked_one_by_one(tokens: list[str]) -> list[str]:
    """Return the tokens with their marks by reading them from left to right."""
    marked, inside, last = [], False, None
    for token in tokens:
        before, behind = (True, False) if is_emoticon(token) else ends_in(token)
        if before or (token == "-" and last == "-"):
            inside = False
        is_word = any(sign.isalnum() for sign in token) and not is_emoticon(token)
        marked.append(f"NOT_{token}" if inside and is_word else token)
        if negates(token):
            inside = True
        if behind:
            inside = False
        last = token
    return marked


pieces = st.sampled_from(NEGATING) | st.sampled_from(ENDING) | st.sampled_from(NEUTRAL)
pieces = pieces | st.sampled_from(PLAIN + CAPITAL_AND_CURLY)
texts = st.lists(st.tuples(pieces, st.sampled_from([" ", " ", "", "\n"])), max_size=15).map(
    lambda parts: "".join(piece + space for piece, space in parts)
)


@every_tokenizer
@given(st.lists(texts, max_size=5), st.booleans(), st.booleans())
@example(["not a - - b", "not -", "- b", "not a -- b"], True, True)
def test_marks_are_those_of_reading_from_left_to_right(name, corpus, lowercase, punctuation):
    of_name = TOKENIZERS[name] | {"lowercase": lowercase}
    plain = Tokenizer(punctuation=True, **of_name)(corpus)
    found = Tokenizer(mark_negation=True, punctuation=punctuation, **of_name)(corpus)
    for d in range(len(corpus)):
        marked = marked_one_by_one(plain.document(d))
        words = [t for t in marked if regex.search(r"\w|\U0001f600", t) or is_emoticon(t)]
        assert found.document(d) == (marked if punctuation else words)
    names = found.distinct.to_pylist()
    assert len(set(names)) == len(names)
    assert list(dict.fromkeys(found.ids.tolist())) == list(range(len(names)))


def test_the_kernel_means_the_same_without_numba(uncompiled):
    text = "It didn't work -- not at all... NOT_good, nobody's (fault) is not fault - - never"
    tokens = Tokenizer(punctuation=True, lowercase=False)([text, "", "not", text])
    ids, distinct = mark_negation(tokens.ids, tokens.offsets, tokens.distinct)
    expected = [t for d in range(4) for t in marked_one_by_one(tokens.document(d))]
    assert distinct.take(pa.array(ids)).to_pylist() == expected
    assert distinct.to_pylist() == list(dict.fromkeys(expected))


def test_no_tokens_have_no_marks():
    for texts in ([], [""], ["", ""]):
        tokens = Tokenizer(mark_negation=True)(texts)
        assert (len(tokens.ids), len(tokens.distinct), tokens.n_documents) == (0, 0, len(texts))
