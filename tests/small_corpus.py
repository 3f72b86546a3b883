"""A small corpus of made-up reviews, and functions to write and read a corpus."""

import itertools
import json
from pathlib import Path

import pyarrow as pa

from pipeline.corpus.columns import TABLE_SCHEMA, Columns
from pipeline.corpus.files import read_batches
from pipeline.corpus.labels import LabelRule
from pipeline.corpus.shards import SetSource
from pipeline.corpus.tally import Tally

POSITIVE = ("superb", "moving", "funny", "don't miss it,", "a joy,")
NEGATIVE = ("dreadful", "boring", "clumsy", "I don\u2019t recommend it,", "a waste,")
SUBJECTS = ("the film", "this caf\u00e9", "her second novel", "the hotel", "that old game")
ENDINGS = ("and the ending was too long.", "though the staff was kind.", "as I said before!")


def small_reviews() -> tuple[list[str], list[int]]:
    """Make 150 reviews, of which a few have a word of the other side."""
    texts, labels = [], []
    for n, (subject, k, ending) in enumerate(itertools.product(SUBJECTS, range(5), ENDINGS)):
        for label, (own, other) in enumerate(((NEGATIVE, POSITIVE), (POSITIVE, NEGATIVE))):
            words = f"{own[k]} {own[(k + n) % 5]}" + (f" not {other[k]}" if n % 4 == 0 else "")
            texts.append(f"{words} {subject}, {ending}")
            labels.append(label)
    return texts, labels


def write_jsonl(path: Path, texts: list[str], labels: list[int]) -> None:
    """Write a corpus as JSON lines."""
    rows = ({"text": text, "label": label} for text, label in zip(texts, labels, strict=True))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def read_source_rows(source: SetSource) -> tuple[pa.Table, Tally]:
    """Read all parts of a set, one after the other, and count their rows."""
    tally = Tally()
    batches = [batch for read in source.parts for batch in read(tally)]
    return pa.Table.from_batches(batches), tally


def read_corpus(
    pattern: Path | str, rule: LabelRule, text: str = "text", label: str = "label"
) -> pa.Table:
    """Read a labelled corpus from files, as a table of one chunk a column."""
    found = read_batches(str(pattern), Columns(text, label), rule)
    return pa.Table.from_batches(found, TABLE_SCHEMA).combine_chunks()
