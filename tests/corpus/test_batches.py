"""Batches of a corpus: they end by the reviews alone, and import only what they need."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from small_corpus import read_corpus

import pipeline
from pipeline.config.loading import load_config
from pipeline.corpus import batches, files
from pipeline.corpus.columns import TABLE_SCHEMA, Columns
from pipeline.corpus.labels import LabelRule
from pipeline.errors import CorpusError
from pipeline.stages.compute import StageContext, compute_corpus
from pipeline.storage.files import read_table
from pipeline.storage.run import Run

ROOT = str(Path(pipeline.__file__).parents[1])
RULE = LabelRule((1,), (0,))
PARTS = ("train", "test")
ABSENT = ("datasets", "matplotlib", "nltk", "numba", "numpy.ma", "pandas", "scipy.linalg")


def table(texts: list[str]) -> pa.Table:
    labels = [k % 2 for k in range(len(texts))]
    return pa.table({"text": texts, "label": labels}, schema=TABLE_SCHEMA)


def sliced(whole: pa.Table, sizes: list[int]) -> Iterator[pa.RecordBatch]:
    """Yield a table in batches of the given sizes, and the rest in one."""
    (batch,) = whole.combine_chunks().to_batches()
    start = 0
    for size in [*sizes, batch.num_rows]:
        yield batch.slice(start, size)
        start += min(size, batch.num_rows - start)


texts = st.lists(st.text(max_size=12), min_size=1, max_size=30)
sizes = st.lists(st.integers(0, 6), max_size=6)


@given(texts, sizes, st.integers(1, 200))
def test_batches_depend_on_the_reviews_alone(texts: list[str], sizes: list[int], size: int) -> None:
    whole = table(texts)
    found = list(batches.rebatch(sliced(whole, sizes), size))
    assert found == list(batches.rebatch(whole.to_batches(), size))
    assert pa.Table.from_batches(found).equals(whole)


@given(texts, st.integers(1, 200))
def test_a_batch_ends_with_the_review_that_fills_it(texts: list[str], size: int) -> None:
    found = list(batches.rebatch(table(texts).to_batches(), size))
    parts = [[len(text.encode()) + 8 for text in batch["text"].to_pylist()] for batch in found]
    assert all(sum(part) >= size for part in parts[:-1])
    assert all(sum(part[:-1]) < size for part in parts)


@given(texts, sizes, st.data())
def test_rows_are_selected_in_their_order(
    texts: list[str], sizes: list[int], data: st.DataObject
) -> None:
    whole = pa.Table.from_batches(sliced(table(texts), sizes))
    rows = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))))
    found = pa.Table.from_batches(batches.select(whole.to_batches(), rows), TABLE_SCHEMA)
    assert found.equals(whole.filter(pa.array(rows)))


# The stage


def run_stage(folder: Path, train: Path, *settings: str) -> dict[str, bytes]:
    """Compute the corpus stage on a file without a test set; return what it has written."""
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(
        f'[corpus]\nsource = "files"\ntrain = {json.dumps(str(train))}\n[features]\n[train]\n'
    )
    out = folder / "out"
    out.mkdir()
    compute_corpus(StageContext(load_config(config, settings), Run(folder / "run"), out, {}, print))
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


@pytest.fixture
def reviews(monkeypatch: pytest.MonkeyPatch) -> pa.Table:
    """Return reviews that fill several batches, some of them more than once there."""
    monkeypatch.setattr(batches, "BATCH_BYTES", 5000)
    texts = [f"review {k % 900} of é things " + "and so on " * (k % 900 % 17) for k in range(1000)]
    return table(texts)


@pytest.mark.parametrize("overlap", ["false", "true"])
def test_the_same_reviews_are_the_same_bytes(
    tmp_path: Path, reviews: pa.Table, monkeypatch: pytest.MonkeyPatch, overlap: str
) -> None:
    """For any format and row groups of the file, and any number of threads."""
    setting = f"corpus.drop_overlap={overlap}"
    written = []
    for n_threads in ("1", "3"):
        for group in (7, 333, 5000):
            monkeypatch.setenv("SENTIMENT_THREADS", n_threads)
            path = tmp_path / "reviews.parquet"
            parquet.write_table(reviews, path, row_group_size=group)
            written.append(run_stage(tmp_path / f"{n_threads}-{group}", path, setting))
    path = tmp_path / "reviews.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in reviews.to_pylist()))
    written.append(run_stage(tmp_path / "jsonl", path, setting))
    assert list(written[0]) == ["card.json", "test.arrow", "train.arrow"]
    for files_written in written:
        del files_written["card.json"]  # it names the source
    assert all(other == written[0] for other in written)


def test_sets_are_read_back_in_several_chunks_without_a_copy(
    tmp_path: Path, reviews: pa.Table
) -> None:
    path = tmp_path / "reviews.parquet"
    parquet.write_table(reviews, path)
    run_stage(tmp_path / "run", path)
    before = pa.total_allocated_bytes()
    train, test = (read_table(tmp_path / "run" / "out" / f"{p}.arrow") for p in PARTS)
    assert pa.total_allocated_bytes() == before
    assert train["text"].num_chunks > 1 < test["text"].num_chunks
    assert train.num_rows + test.num_rows == reviews.num_rows
    rows = [(row["text"], row["label"]) for row in reviews.to_pylist()]
    found = [(row["text"], row["label"]) for part in (train, test) for row in part.to_pylist()]
    assert sorted(found) == sorted(rows)


def test_reviews_of_train_that_are_in_test_are_dropped(tmp_path: Path, reviews: pa.Table) -> None:
    path = tmp_path / "reviews.parquet"
    parquet.write_table(reviews, path)
    run_stage(tmp_path / "kept", path)
    run_stage(tmp_path / "dropped", path, "corpus.drop_overlap=true")
    kept, test, dropped, same_test = (
        read_table(tmp_path / name / "out" / f"{part}.arrow")
        for name in ("kept", "dropped")
        for part in PARTS
    )
    assert same_test.equals(test)
    in_test = set(test["text"].to_pylist())
    expected = [row for row in kept.to_pylist() if row["text"] not in in_test]
    assert 0 < len(expected) < kept.num_rows
    assert dropped.to_pylist() == expected


@pytest.mark.parametrize("source", ["parquet", "jsonl", "csv"])
def test_the_stage_imports_nothing_that_others_need(tmp_path: Path, source: str) -> None:
    """Pandas, which pyarrow imports when given a list, takes a third of a second and 30 MB.

    NumPy's masked arrays, which a plain `numpy.unique` imports, take a twentieth.
    """
    rows = table([f"review {k}, with a few words" for k in range(20)])
    path = tmp_path / f"reviews.{source}"
    if source == "parquet":
        parquet.write_table(rows, path)
    elif source == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows.to_pylist()))
    else:
        lines = (f'"{row["text"]}",{row["label"]}\n' for row in rows.to_pylist())
        path.write_text("text,label\n" + "".join(lines))
    config, out = tmp_path / "config.toml", tmp_path / "out"
    name = json.dumps(str(path))
    config.write_text(
        f'[corpus]\nsource = "files"\ntrain = {name}\ntest = {name}\n[features]\n[train]\n'
    )
    out.mkdir()
    run = Run(tmp_path / "run")
    compute_corpus(StageContext(load_config(config), run, out, {}, print))  # compiles
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pipeline.config.loading import load_config\n"
        "from pipeline.storage.run import Run\n"
        "from pipeline.stages.compute import StageContext, compute_corpus\n"
        "config, out = map(Path, sys.argv[1:])\n"
        "compute_corpus(StageContext(load_config(config), Run(out / 'run'), out, {}, print))\n"
        f"print([name for name in {ABSENT} if name in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(config), str(out)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert result.stdout == "[]\n"


# Errors count rows through batches


def label_error(path: Path) -> str:
    with pytest.raises(CorpusError) as caught:
        list(files.read_batches(str(path), Columns(), RULE))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize("row", [1, files.BATCH, files.BATCH + 1, 2 * files.BATCH + 3])
@pytest.mark.parametrize("label", [7, None])
def test_a_label_is_named_by_its_row_in_any_batch(
    tmp_path: Path, row: int, label: int | None
) -> None:
    labels: list[int | None] = [1, 0] * (files.BATCH + 2)
    labels[row - 1] = label
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": ["a"] * len(labels), "label": labels}), path)
    what = "label 7 is neither" if label else "the label is missing"
    assert label_error(path).startswith(f"a.parquet, row {row}: {what}")


def test_what_is_wrong_with_a_file_is_named_before_a_label_in_it(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = [*["a"] * (3 * files.BATCH), None]
    parquet.write_table(pa.table({"text": texts, "label": [7] * len(texts)}), path)
    row = len(texts)
    assert label_error(path).startswith(f"a.parquet, row {row}: the text is missing (1 of ")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_row_too_long_for_a_small_block_neither_repeats_nor_loses_rows(
    tmp_path: Path, name: str
) -> None:
    texts = [f"review {k} {'and so on ' * 20}" for k in range(20_000)]
    texts[15_000] = "long, " * 500_000
    labels = [k % 2 for k in range(len(texts))]
    rows = zip(texts, labels, strict=True)
    if name == "a.csv":
        lines = ["text,label\n", *(f'"{text}",{label}\n' for text, label in rows)]
    else:
        lines = [json.dumps({"text": text, "label": label}) + "\n" for text, label in rows]
    (tmp_path / name).write_text("".join(lines))
    table = read_corpus(tmp_path / name, RULE)
    assert table["text"].to_pylist() == texts
    assert table["label"].to_pylist() == labels


def test_a_folder_is_read_a_few_files_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 2)
    for name in ("pos", "neg"):
        (tmp_path / name).mkdir()
        for k in range(5):
            (tmp_path / name / f"{k}.txt").write_text(f"{name} {k}")
    found = list(files.read_batches(str(tmp_path), Columns(), RULE))
    assert [batch.num_rows for batch in found] == [2, 2, 1] * 2
    whole = pa.Table.from_batches(found)
    assert whole["text"].to_pylist() == [f"{n} {k}" for n in ("pos", "neg") for k in range(5)]
    assert whole["label"].to_pylist() == [1] * 5 + [0] * 5
