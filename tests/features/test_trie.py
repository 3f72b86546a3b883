"""The hash table of a trie, whose entries hold a part of an edge's hash."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.features import trie as module
from pipeline.features.counting import count_features
from pipeline.features.vocabulary import Vocabulary
from pipeline.kernels import counting as kernels
from pipeline.storage import arrow
from pipeline.tokens.tokenizer import Tokenizer

MODULUS = 1 << 64


@given(n_bits=st.integers(22, 31), n_buckets=st.integers(1, 1 << 32), data=st.data())
def test_hashes_with_the_same_tag_are_further_apart_than_a_search_reaches(n_bits, n_buckets, data):
    unit, period = 1 << 64 - 2 * n_bits, 1 << 128 - 3 * n_bits
    first = data.draw(st.integers(0, MODULUS // unit - 1)) * unit
    second = (first + data.draw(st.integers(1, MODULUS // period - 1)) * period) % MODULUS
    assert tag(first, n_bits) == tag(second, n_bits)
    buckets = [(hashed >> 32) * n_buckets >> 32 for hashed in (first, second)]
    apart = abs(buckets[0] - buckets[1])
    # A search of one bucket meets the entries of that bucket alone.
    assert min(apart, n_buckets - apart) >= module._reach(n_buckets, n_bits)


def tag(hashed, n_bits):
    return int(kernels._tag(np.uint64(hashed), n_bits))


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.randoms())
def test_the_longest_search_visits_a_run_of_full_buckets_and_one_more(is_full, random):
    assume(not all(is_full))
    edges = np.zeros(len(is_full) * kernels.BUCKET, np.uint64)
    edges[:: kernels.BUCKET] = random.randint(0, 1)
    edges[kernels.BUCKET - 1 :: kernels.BUCKET] = is_full
    around = "".join("x" if full else " " for full in is_full * 2)
    assert module._longest_search(edges) == 1 + max(map(len, around.split(" ")))


def test_a_table_whose_searches_reach_too_far_grows_and_finds_the_same(monkeypatch):
    tokens = [f"t{k}" for k in range(40)]
    every = [f"{first} {second}" for first in tokens for second in tokens]
    words = arrow.strings(tokens + every[::3])
    documents = Tokenizer()(every)
    known = np.zeros(len(every), bool)
    known[::3] = True

    def slots_and_pairs():
        vocabulary = Vocabulary(words, np.ones(len(words), np.int32))
        counts = count_features(documents, vocabulary).toarray()[:, len(tokens) :]
        return len(vocabulary._finders.words.edges), counts

    n_slots, pairs = slots_and_pairs()
    np.testing.assert_array_equal(pairs, np.eye(len(every))[:, known])
    monkeypatch.setattr(module, "_reach", lambda *_: 1)  # a search may visit one bucket
    n_larger, same = slots_and_pairs()
    assert n_larger > n_slots
    np.testing.assert_array_equal(same, pairs)
