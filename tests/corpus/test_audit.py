"""The corpus audit, compared with a slow and obvious count of the same things."""

import contextlib
import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.corpus import audit as audit_module
from pipeline.corpus import duplicates
from pipeline.corpus.audit import Audit, warnings
from pipeline.corpus.duplicates import RESEMBLANCE
from pipeline.kernels import duplicates as kernels
from pipeline.storage import arrow

Rows = list[tuple[str, int]]  # text and label

# The same examples every time: a near-duplicate is missed with small but real odds.
steady = settings(derandomize=True, max_examples=150)


def table(rows: Rows) -> pa.Table:
    texts = pa.array([text for text, _ in rows], pa.large_string())
    labels = pa.array([label for _, label in rows], pa.int8())
    return pa.table({"text": texts, "label": labels})


def scanned(*splits: pa.Table) -> duplicates.TextStatistics:
    chunks = [chunk for split in splits for chunk in split["text"].chunks]
    return duplicates.TextStatistics.joined([duplicates.text_statistics(chunk) for chunk in chunks])


def audit(train: pa.Table, test: pa.Table) -> Audit:
    return audit_module.audit(train, test, scanned(train, test))


def overlapping_rows(train: pa.Table, test: pa.Table) -> np.ndarray:
    return audit_module.overlapping_rows(train, test, scanned(train, test))


# The slow twin


def shingle_set(text: str) -> set[tuple[bytes, ...]]:
    words = re.findall(rb"[a-z0-9\x80-\xff]+", text.encode().lower())
    if len(words) < 5:
        return {tuple(words)} if words else set()
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def resemblance(left: str, right: str) -> float:
    a, b = shingle_set(left), shingle_set(right)
    return len(a & b) / len(a | b) if a | b else 0.0


def near(left: str, right: str) -> bool:
    return left != right and resemblance(left, right) >= RESEMBLANCE


def spread(values: list[int]) -> dict[str, Any]:
    if not values:
        return dict.fromkeys(("minimum", "median", "mean", "maximum"))
    return {
        "minimum": min(values),
        "median": float(np.median(values)),
        "mean": pytest.approx(sum(values) / len(values)),
        "maximum": max(values),
    }


def split_reference(rows: Rows) -> dict[str, Any]:
    texts = [text for text, _ in rows]
    repeats = [text in texts[:i] for i, text in enumerate(texts)]
    return {
        "n_reviews": len(rows),
        "n_positive": sum(label == 1 for _, label in rows),
        "n_negative": sum(label == 0 for _, label in rows),
        "n_empty": sum(not text.strip() for text in texts),
        "n_exact_duplicates": sum(count - 1 for count in Counter(texts).values()),
        "n_near_duplicates": sum(
            not repeats[i] and any(near(text, earlier) for earlier in texts[:i])
            for i, text in enumerate(texts)
        ),
        "characters": spread([len(text) for text in texts]),
        "words": spread([len(text.split()) for text in texts]),
    }


def reference(train: Rows, test: Rows) -> dict[str, Any]:
    known = {text for text, _ in train}
    return {
        "near_duplicate_resemblance": 0.8,
        "train": split_reference(train),
        "test": split_reference(test),
        "n_overlap": sum(text in known for text, _ in test),
        "n_near_overlap": sum(
            text not in known and any(near(text, other) for other in known) for text, _ in test
        ),
        "n_conflicting": len(
            {text for text, label in train + test if label == 0}
            & {text for text, label in train + test if label == 1}
        ),
    }


def without_examples(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        key: without_examples(value) if isinstance(value, dict) else value
        for key, value in facts.items()
        if not key.endswith("_examples")
    }


# Small corpora with everything planted


vocabulary = [
    "a",
    "I",
    "The",
    "film",
    "not",
    "GOOD",
    "bad",
    "acting",
    "é",
    "ÉTÉ",
    "映画",
    "10",
    "x9",
]
word = st.sampled_from(vocabulary)
gap = st.sampled_from([" "] * 6 + [", ", "<br />", "\n", "\u3000", "\xa0", "...", "\x85"])
empty = st.sampled_from(["", " ", "\t\n", "\u2003\u2028", "\u3000", "\x1f"])


@st.composite
def reviews(draw: st.DrawFn, least: int = 0, most: int = 40) -> str:
    words = draw(st.lists(word, min_size=least, max_size=most))
    return "".join(w + draw(gap) for w in words)


@st.composite
def variants(draw: st.DrawFn, text: str) -> str:
    """Change a text a little, at any place or at its end, or only its letters' case."""
    words = text.split(" ")
    place = draw(st.sampled_from([0, len(words) - 1, len(words) // 2]))
    words[place] = draw(st.one_of(word, st.just(words[place].upper()), st.just("")))
    return " ".join(words) + draw(st.sampled_from(["", "!", " the end"]))


@st.composite
def corpora(draw: st.DrawFn) -> tuple[Rows, Rows]:
    some = st.one_of(reviews(), reviews(5, 12), reviews(25, 40), empty, st.text(max_size=30))
    texts = draw(st.lists(some, min_size=1, max_size=8))
    for _ in range(draw(st.integers(2, 10))):
        text = draw(st.sampled_from(texts))
        texts.append(draw(st.one_of(st.just(text), variants(text))))
    rows = [(text, draw(st.integers(0, 1))) for text in draw(st.permutations(texts))]
    n_train = draw(st.integers(0, len(rows)))
    return rows[:n_train], rows[n_train:]


@given(corpora())
@steady
def test_counts_are_those_of_a_slow_count(corpus: tuple[Rows, Rows]) -> None:
    train, test = corpus
    facts = audit(table(train), table(test)).to_dict()
    assert without_examples(facts) == reference(train, test)


@given(corpora())
@steady
def test_examples_are_real_ones(corpus: tuple[Rows, Rows]) -> None:
    train, test = corpus
    found = audit(table(train), table(test))
    rows = {"train": train, "test": test}

    def pairs(examples: tuple[Any, ...], count: int) -> Iterator[Any]:
        assert len(examples) == min(count, 5)
        for (split_a, a), (split_b, b) in examples:
            yield (split_a, a, rows[split_a][a]), (split_b, b, rows[split_b][b])

    for name, split in (("train", found.train), ("test", found.test)):
        for a, b in pairs(split.exact_duplicate_examples, split.n_exact_duplicates):
            assert a[0] == b[0] == name
            assert a[1] < b[1]
            assert a[2][0] == b[2][0]
        for a, b in pairs(split.near_duplicate_examples, split.n_near_duplicates):
            assert a[0] == b[0] == name
            assert a[1] < b[1]
            assert near(a[2][0], b[2][0])
    for a, b in pairs(found.overlap_examples, found.n_overlap):
        assert (a[0], b[0]) == ("train", "test")
        assert a[2][0] == b[2][0]
    for a, b in pairs(found.near_overlap_examples, found.n_near_overlap):
        assert (a[0], b[0]) == ("train", "test")
        assert near(a[2][0], b[2][0])
    for a, b in pairs(found.conflict_examples, found.n_conflicting):
        assert a[2] == (b[2][0], 0)
        assert b[2][1] == 1


@given(corpora(), st.randoms(use_true_random=False))
@steady
def test_order_of_rows_matters_to_near_duplicates_only(
    corpus: tuple[Rows, Rows], random: Any
) -> None:
    def facts(train: Rows, test: Rows) -> dict[str, Any]:
        found = without_examples(audit(table(train), table(test)).to_dict())
        for split in ("train", "test"):
            del found[split]["n_near_duplicates"]
            found[split]["words"]["mean"] = pytest.approx(found[split]["words"]["mean"])
        return found

    before = facts(*corpus)
    for rows in corpus:
        random.shuffle(rows)
    assert facts(*corpus) == before


@given(corpora())
@steady
def test_overlapping_rows_are_the_train_rows_whose_text_is_in_test(
    corpus: tuple[Rows, Rows],
) -> None:
    train, test = corpus
    mask = overlapping_rows(table(train), table(test))
    assert mask.dtype == np.bool_
    assert mask.tolist() == [text in {other for other, _ in test} for text, _ in train]


@given(corpora(), st.integers(0, 5), st.integers(0, 5))
@steady
def test_sliced_and_chunked_tables_are_audited_like_fresh_ones(
    corpus: tuple[Rows, Rows], before: int, after: int
) -> None:
    train, test = corpus
    padding = [("padding of a few words and ü", 1)] * 5
    sliced = table(padding[:before] + train + padding[:after]).slice(before, len(train))
    chunked = pa.concat_tables([table(test[:2]), table(test[2:])])
    fresh = audit(table(train), table(test)).to_dict()
    assert audit(sliced, chunked).to_dict() == fresh
    overlap = overlapping_rows(table(train), table(test)).tolist()
    assert overlapping_rows(sliced, chunked).tolist() == overlap


# The kernels


@contextlib.contextmanager
def interpreted() -> Iterator[None]:
    """Run every kernel of the module as plain Python."""
    marked = {name: kernel for name, kernel in vars(kernels).items() if hasattr(kernel, "py_func")}
    with pytest.MonkeyPatch.context() as patch, np.errstate(over="ignore"):
        for name, kernel in marked.items():
            patch.setattr(kernels, name, kernel.py_func)
        yield


@given(corpora())
@settings(steady, max_examples=40)
def test_interpreted_kernels_agree_with_compiled_ones(corpus: tuple[Rows, Rows]) -> None:
    train, test = table(corpus[0]), table(corpus[1])
    compiled, found = scanned(train, test), audit(train, test).to_dict()
    with interpreted():
        interpreted_scan = scanned(train, test)
        for name, ours in vars(compiled).items():
            np.testing.assert_array_equal(ours, getattr(interpreted_scan, name))
        assert audit(train, test).to_dict() == found


@given(st.lists(reviews(), min_size=2, max_size=6))
@steady
def test_resemblance_is_the_jaccard_similarity_of_real_shingle_sets(texts: list[str]) -> None:
    assert_resemblances(texts)


def test_each_word_of_a_shingle_tells_it_from_others() -> None:
    words = "one two three four five".split()
    changed = [" ".join(["x" if k == n else w for n, w in enumerate(words)]) for k in range(5)]
    with interpreted():
        assert_resemblances([" ".join(words), *changed, " ".join(words[::-1])])


def assert_resemblances(texts: list[str]) -> None:
    buffers = arrow.buffers(table([(text, 0) for text in texts])["text"].chunk(0))
    text = buffers[0]
    pairs = np.array([(a, b) for a in range(len(texts)) for b in range(len(texts))])
    words, both = np.empty(text.size + 8, np.uint64), np.empty(2 * text.size + 16, np.uint64)
    slots = np.empty((1 << (2 * both.size).bit_length(), 2), np.uint64)
    out = np.empty(len(pairs))
    kernels.resemblances(*buffers, *buffers, pairs, words, both, slots, out)
    assert out.tolist() == [resemblance(texts[a], texts[b]) for a, b in pairs]


@pytest.mark.parametrize("n_chunks", [1, 2, 6])
def test_texts_of_one_fingerprint_are_compared_byte_by_byte(n_chunks: int) -> None:
    texts = ["a", "b", "a", "b", "ab", "ab"]
    size = len(texts) // n_chunks
    parts = [table([(t, 0) for t in texts[k : k + size]]) for k in range(0, len(texts), size)]
    column = pa.concat_tables(parts)["text"]
    for n_train in range(n_chunks + 1):
        train, test = column.slice(0, n_train * size), column.slice(n_train * size)
        documents = duplicates.Documents(train, test)
        first = duplicates.first_occurrences(documents, np.zeros(6, np.uint64))
        assert first.tolist() == [0, 1, 0, 1, 4, 4]


@given(corpora(), st.integers(1, 5))
@steady
def test_chunks_do_not_change_what_is_found(corpus: tuple[Rows, Rows], size: int) -> None:
    parts = [table(rows) for rows in corpus]
    chunked = [
        pa.Table.from_batches(part.to_batches(max_chunksize=size), part.schema) for part in parts
    ]
    expected = audit(*parts).to_dict()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_BLOCK", size)
        assert audit(*chunked).to_dict() == expected


# Planted cases


def test_long_reviews_changed_in_one_place_are_all_found() -> None:
    """200 pairs of about 0.9, each missed with odds of a few in a million."""
    rng = np.random.default_rng(7)
    rows = []
    for _ in range(200):
        words = rng.integers(0, 5000, 100).astype(str)
        changed = words.copy()
        changed[rng.integers(0, 100)] = "other"
        rows += [(" ".join(words), 0), (" ".join(changed), 0)]
    found = audit(table(rows[::2]), table(rows[1::2]))
    assert (found.n_near_overlap, found.train.n_near_duplicates) == (200, 0)


def test_a_template_used_many_times_is_found_each_time() -> None:
    """More reviews than the limit of a group, where only neighbours are compared."""
    template = " ".join(f"word{i}" for i in range(60))
    rows = [(f"{template} {i}", 0) for i in range(500)]
    assert audit(table(rows), table([])).train.n_near_duplicates == 499


def test_a_stock_phrase_makes_no_near_duplicates() -> None:
    rng = np.random.default_rng(7)
    phrase = "this review was written for the weekly column of the local paper"
    rows = [(" ".join(rng.integers(0, 10**6, 50).astype(str)) + phrase, 0) for _ in range(300)]
    assert audit(table(rows), table(rows[:0])).train.n_near_duplicates == 0


@pytest.mark.parametrize("letter", ["a", "b", "é"])
def test_one_letter_repeated_is_a_word_like_any_other(letter: str) -> None:
    rows = [(letter * 128, 0), ("c" * 128, 0), (letter.upper() * 128, 0)]
    assert audit(table(rows), table([])).train.n_near_duplicates == (letter != "é")


@pytest.mark.parametrize("character", [chr(c) for c in range(0x11000) if chr(c).isspace()])
def test_white_space_is_that_of_python(character: str) -> None:
    found = audit(table([(character, 0), (f"a{character}b", 0)]), table([]))
    assert (found.train.n_empty, found.train.words.maximum) == (1, 2)


@pytest.mark.parametrize("block", range(0x80, 0x11000, 0x800))
def test_no_other_character_is_white_space(block: int) -> None:
    points = [chr(c) for c in range(block, block + 0x800) if not 0xD800 <= c < 0xE000]
    rows = [(f"a{c}b", 0) for c in points if not c.isspace()]
    assert audit(table(rows), table([])).train.words.maximum == 1


# What a reader gets


clean = [("a fine film with a plot", 1), ("dull, long and badly acted", 0)]


def test_a_clean_corpus_has_no_warnings() -> None:
    assert warnings(audit(table(clean), table([("quite another review", 1), ("no", 0)]))) == []
    assert warnings(audit(table([]), table([]))) == []


def test_each_flaw_has_a_sentence() -> None:
    long = " ".join(f"w{i}" for i in range(30))
    train = [("copied", 1), ("copied", 0), ("", 1), (long, 1)]
    test = [("copied", 1), ("", 0), (f"{long} again", 0), (f"{long} more", 0)]
    assert warnings(audit(table(train), table(test))) == [
        "The test set holds 2 exact copies of training reviews.",
        "The test set holds 2 near-copies of training reviews.",
        "The corpus holds 2 texts with both labels.",
        "The training set holds 1 exact repeat of its own reviews.",
        "The training set holds 1 empty review.",
        "The training set is 75.0% positive.",
        "The test set holds 1 near-repeat of its own reviews.",
        "The test set holds 1 empty review.",
        "The test set is 25.0% positive.",
    ]


def test_60_to_40_is_balanced_enough() -> None:
    rows = [(f"review {i}", int(i < 6)) for i in range(10)]
    assert warnings(audit(table(rows), table([]))) == []


def test_an_audit_is_json_and_the_same_every_time() -> None:
    rows = table([*clean, *clean])
    facts = audit(rows, table([])).to_dict()
    text = json.dumps(facts, allow_nan=False)
    assert json.loads(text) == facts
    assert text == json.dumps(audit(rows, table([])).to_dict())
    assert facts["train"]["exact_duplicate_examples"] == [
        [["train", 0], ["train", 2]],
        [["train", 1], ["train", 3]],
    ]
    assert facts["test"]["words"]["mean"] is None
    names = [field.name for field in dataclasses.fields(Audit)]
    assert list(facts)[1:] == [name for name in names if name != "groups"]  # these have none


def test_the_statistics_of_many_texts_lie_in_files(tmp_path, monkeypatch) -> None:
    texts = [f"review {k} of many" for k in range(60)]
    chunks = [arrow.strings(texts[:25]), arrow.strings(texts[25:])]
    expected = duplicates.TextStatistics.joined([duplicates.text_statistics(c) for c in chunks])
    monkeypatch.setattr(duplicates, "_IN_MEMORY", 10)
    paths = [tmp_path / f"{k}.safetensors" for k in range(2)]
    for path, chunk in zip(paths, chunks, strict=True):
        with duplicates.statistics_file(path) as file:
            for start in range(0, len(chunk), 10):
                duplicates.text_statistics(chunk.slice(start, 10)).appended(file)
    parts = [duplicates.TextStatistics.read(path) for path in paths]
    found = duplicates.TextStatistics.joined(parts, tmp_path)
    order = np.arange(60)[::-1]
    taken = found.take(order, tmp_path)
    for name in ("counts", "fingerprints", "sketches"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        np.testing.assert_array_equal(getattr(taken, name), getattr(expected, name)[order])
        assert isinstance(getattr(found, name), np.memmap)
        assert isinstance(getattr(taken, name), np.memmap)
    assert sorted(tmp_path.iterdir()) == paths


def test_imdb_holds_the_duplicates_it_is_known_for(shared_data: Path) -> None:
    """The near-duplicates are those of a comparison of all pairs by real shingle sets."""
    folder = shared_data / "data" / "imdb"
    train, test = (
        pq.read_table(folder / f"{split}.parquet", columns=["text", "label"]).cast(
            pa.schema([("text", pa.large_string()), ("label", pa.int8())])
        )
        for split in ("train", "test")
    )
    found = audit(train, test)
    assert (found.train.n_exact_duplicates, found.test.n_exact_duplicates) == (96, 199)
    assert (found.train.n_near_duplicates, found.test.n_near_duplicates) == (17, 16)
    assert (found.n_overlap, found.n_near_overlap, found.n_conflicting) == (123, 0, 0)
    assert overlapping_rows(train, test).sum() == 123
    assert (found.train.words.median, found.test.words.median) == (174, 172)
