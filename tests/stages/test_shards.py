"""Shards: however a set is cut, what is learned from it and said of it is the same."""

import hashlib
import json
import weakref
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import Processes
from pyarrow import parquet
from small_corpus import small_reviews, write_jsonl

from pipeline.cluster.workers import HERE
from pipeline.config.checking import checked
from pipeline.config.schema import Config
from pipeline.corpus import parts, shards
from pipeline.errors import CorpusError, RunError
from pipeline.stages import runner
from pipeline.stages.listener import SILENT
from pipeline.stages.read_run import read_labels, read_set
from pipeline.stages.runner import run_stages
from pipeline.stages.versions import versions
from pipeline.storage import files
from pipeline.storage.counts import read_counts
from pipeline.storage.run import Run
from pipeline.storage.shards import shard_paths, shards_among
from pipeline.tokens.shards import TokenShards
from pipeline.tokens.tokenizer import Tokenizer

SETS = ("train", "test")
STAGE_NAMES = ("corpus", "tokens", "features", "train", "eval")
# What does not say how its set is cut.
WHOLE = ("model", "eval", "report", "features/vocabulary.txt", "tokens/tokenizer.json")


def config_of(train: str, corpus: dict | None = None, **sections: dict) -> Config:
    source = {"source": "files", "train": train}
    given = {"corpus": source | (corpus or {}), "train": {"epochs": 3}, **sections}
    return checked(given, Config)


def write_files(folder: Path, n: int) -> str:
    """Write the small corpus as `n` files, and return a glob of them."""
    folder.mkdir(parents=True)
    texts, labels = small_reviews()
    for k, rows in enumerate(np.array_split(np.arange(len(texts)), n)):
        path = folder / f"{k:02d}.jsonl"
        write_jsonl(path, [texts[row] for row in rows], [labels[row] for row in rows])
    return str(folder / "*.jsonl")


def outputs(path: Path) -> dict[str, str]:
    """Return the digests of what does not depend on how sets are cut."""
    stages = Run(path).manifest["stages"].values()
    return {
        file: output["xxh3_128"]
        for entry in stages
        for file, output in entry["outputs"].items()
        if file.startswith(WHOLE) and not file.startswith("report/")
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Return a run on one file, whose sets are single shards."""
    folder = tmp_path_factory.mktemp("whole")
    run_stages(config_of(write_files(folder / "files", 1)), Run(folder / "run"), "report", SILENT)
    return folder / "run"


@pytest.fixture
def many_shards(monkeypatch):
    """Cut sets after each file and each few hundred bytes."""
    monkeypatch.setattr(parts, "TOGETHER", 1)
    monkeypatch.setattr(shards, "SHARD", 900)
    monkeypatch.setattr("pipeline.corpus.batches.BATCH_BYTES", 300)


def test_the_number_of_files_and_shards_changes_nothing_that_is_learned(
    tmp_path, whole, many_shards
):
    config = config_of(write_files(tmp_path / "files", 5))
    run = Run(tmp_path / "run")
    run_stages(config, run, "report", SILENT)
    assert len(run.shards("corpus/train.arrow")) > 10
    assert len(run.shards("tokens/train.safetensors")) == len(run.shards("corpus/train.arrow"))
    assert outputs(run.path) == outputs(whole)
    assert len(outputs(whole)) > 6
    of_whole = Run(whole)
    for name in ("train", "test"):
        assert read_set(run, name).equals(read_set(of_whole, name))
        ours, theirs = (
            read_counts(each.shards(f"features/{name}.safetensors")) for each in (run, of_whole)
        )
        for field in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(ours, field), getattr(theirs, field), strict=True)
    cards = [json.loads((each.path / "corpus/card.json").read_text()) for each in (run, of_whole)]
    for card in cards:
        del card["source"]
    assert cards[0] == cards[1]


def test_shards_are_worked_on_in_other_processes_with_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "TOGETHER", 1)
    config = config_of(write_files(tmp_path / "files", 3), corpus={"drop_overlap": True})
    digests = []
    there = Processes(are_kept=True)
    for workers in (HERE, there):
        run = Run(tmp_path / type(workers).__name__)
        run_stages(config, run, "eval", SILENT, workers=workers)
        digests.append([run.digests(stage) for stage in STAGE_NAMES])
    assert digests[0] == digests[1]
    assert len(there.item_sizes) > 15


def test_overlap_is_dropped_across_shards(tmp_path, many_shards):
    write_files(tmp_path / "train", 4)
    texts, labels = small_reviews()
    write_jsonl(tmp_path / "test.jsonl", texts[::9], labels[::9])
    section = {"test": str(tmp_path / "test.jsonl"), "drop_overlap": True}
    config = config_of(str(tmp_path / "train" / "*.jsonl"), corpus=section)
    run = Run(tmp_path / "run")
    run_stages(config, run, "corpus", SILENT)
    left = read_set(run, "train")["text"].to_pylist()
    assert left == [text for text in texts if text not in set(texts[::9])]
    card = json.loads((run.path / "corpus/card.json").read_text())
    assert card["dropped_overlap"] == len(texts) - len(left)
    assert card["n_overlap"] == 0


def test_rows_that_are_left_out_are_counted_over_all_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "TOGETHER", 1)
    for k in range(4):
        rows = [{"text": f"good {k}", "label": 1}, {"text": f"bad {k}", "label": 0}]
        odd = [{"text": "so so", "label": 7}] * k
        lines = [json.dumps(row) for row in [*rows, *odd]]
        (tmp_path / f"{k}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    config = config_of(str(tmp_path / "*.jsonl"), corpus={"ignore": 7})
    run = Run(tmp_path / "run")
    run_stages(config, run, "corpus", SILENT)
    rows = json.loads((run.path / "corpus/card.json").read_text())["rows"]["train"]
    assert (rows["n_rows"], rows["n_left_out"]) == (14, 6)
    assert [example.split(", row ")[0][-7:] for example in rows["examples"]] == [
        "1.jsonl",
        "2.jsonl",
        "2.jsonl",
    ]


def test_a_bad_file_among_many_is_named_and_the_rest_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "TOGETHER", 1)
    pattern = write_files(tmp_path / "files", 4)
    (tmp_path / "files" / "02.jsonl").write_text('{"text": "fine", "label": 1}\n{"text"', "utf-8")
    run = Run(tmp_path / "run")
    with pytest.raises(CorpusError, match=r"02\.jsonl, line 2.*; [123] of 4 shards are kept"):
        run_stages(config_of(pattern), run, "corpus", SILENT)
    assert not (tmp_path / "run" / "corpus").exists()
    write_jsonl(tmp_path / "files" / "02.jsonl", ["fine", "poor"], [1, 0])
    again = Counting()
    try_stages(run.path, config_of(pattern), "corpus", again)
    # Besides the four files, reviews are drawn from each for the test set and the training set.
    assert again.n < 4 + 2 * 4
    assert read_set(Run(run.path), "train").num_rows > 80


def test_a_shard_that_changed_is_refused(tmp_path, many_shards):
    run = Run(tmp_path / "run")
    run_stages(config_of(write_files(tmp_path / "files", 3)), run, "corpus", SILENT)
    path = run.shards("corpus/train.arrow")[1]
    path.write_bytes(path.read_bytes()[:-8] + b"damaged!")
    with pytest.raises(RunError, match=r"train-00001\.arrow: not the file that was written"):
        read_labels(Run(run.path), "train")


# Their names


@given(st.integers(1, 12), st.randoms())
def test_the_shards_of_a_set_are_found_in_order_among_other_files(n, random):
    whole = Path("features/train.safetensors")
    names = [str(path) for path in shard_paths(whole, n)]
    others = [
        "features/train.distinct.txt",
        "features/train-1.safetensors",
        "features/train-00.txt",
    ]
    listed = [*names, *others, "features/test.safetensors", "eval/train.safetensors"]
    random.shuffle(listed)
    assert shards_among(listed, str(whole)) == names


def test_more_shards_than_five_digits_can_number_stay_in_order():
    names = [path.name for path in shard_paths(Path("a.arrow"), 100_002)]
    assert shards_among(sorted(names), "a.arrow") == names


# Their tokens

documents = st.lists(st.sampled_from(["", "a", "a film", "b a b", "good film, c", "d"]), max_size=9)


@given(st.lists(documents, min_size=1, max_size=5))
def test_joined_shards_are_the_tokens_of_all_texts(parts):
    tokenizer = Tokenizer()
    found = TokenShards.of([tokenizer(part) for part in parts])
    texts = [text for part in parts for text in part]
    expected, joined = tokenizer(texts), found.joined()
    np.testing.assert_array_equal(joined.ids, expected.ids, strict=True)
    np.testing.assert_array_equal(joined.offsets, expected.offsets, strict=True)
    assert joined.distinct.equals(expected.distinct)
    assert found.n_tokens == len(expected.ids)
    assert found.n_occurring_once() == int((np.bincount(expected.ids) == 1).sum())
    assert [found.document(d) for d in range(len(texts))] == [
        expected.document(d) for d in range(len(texts))
    ]


def test_the_words_of_a_shard_are_dropped_once_they_are_merged():
    seen = []

    def shards():
        for n in range(5):
            tokens = Tokenizer()([f"a film{n}"])
            seen.append(weakref.ref(tokens.distinct))
            yield tokens
            del tokens
            assert sum(each() is not None for each in seen) <= 1

    assert len(TokenShards.of(shards()).distinct) == 6


# Real reviews


def test_imdb_in_sixteen_files_is_sixteen_shards_and_the_same_model(tmp_path, shared_data):
    table = parquet.read_table(shared_data / "data" / "imdb" / "train.parquet")
    table = table.take(np.random.default_rng(0).permutation(table.num_rows)[:4_000])
    digests = []
    for n in (1, 16):
        folder = tmp_path / f"{n}"
        folder.mkdir()
        for k, rows in enumerate(np.array_split(np.arange(table.num_rows), n)):
            parquet.write_table(table.take(pa.array(rows)), folder / f"{k:02d}.parquet")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parts, "TOGETHER", 1)
            config = config_of(str(folder / "*.parquet"), features={"ngrams": 2, "min_df": 2})
            run = Run(tmp_path / f"run-{n}")
            run_stages(config, run, "eval", SILENT)
        assert len(run.shards("features/train.safetensors")) == n
        digests.append(outputs(run.path))
    assert digests[0] == digests[1]


# What a stage that failed has left


class Counting:
    """Runs tasks here, and fails after some of them."""

    def __init__(self, most: int = 10**6) -> None:
        self.most, self.n = most, 0

    def map(self, work, items, *shared):
        for item in items:
            if self.n == self.most:
                raise CorpusError("the disk is full")
            self.n += 1
            yield work(item, *shared)

    def map_in_threads(self, work, items, *shared):
        return self.map(work, items, *shared)


def try_stages(run: Path, config: Config, last: str, workers: Counting) -> None:
    run_stages(config, Run(run), last, SILENT, workers=workers)


@pytest.mark.parametrize("last", ["corpus", "tokens", "features"])
def test_the_next_try_takes_the_shards_that_are_complete(tmp_path, many_shards, last):
    config = config_of(write_files(tmp_path / "files", 5))
    undisturbed, path = tmp_path / "undisturbed", tmp_path / "run"
    n = {}
    for stage in ("corpus", "tokens", "features"):
        workers = Counting()
        try_stages(undisturbed, config, stage, workers)
        n[stage] = workers.n
        if stage == last:
            break
        try_stages(path, config, stage, Counting())
    with pytest.raises(CorpusError, match="the disk is full"):
        try_stages(path, config, last, Counting(4))
    assert not (path / last).exists()
    again = Counting()
    try_stages(path, config, last, again)
    assert again.n == n[last] - 4
    assert Run(path).digests(last) == Run(undisturbed).digests(last)
    assert not list(path.glob(".*shards"))


def test_a_shard_is_made_again_if_its_file_or_a_setting_changed(tmp_path, many_shards):
    pattern = write_files(tmp_path / "files", 5)
    undisturbed = Counting()
    try_stages(tmp_path / "undisturbed", config_of(pattern), "corpus", undisturbed)
    changes = {
        "a file": lambda: write_jsonl(tmp_path / "files" / "01.jsonl", ["fine", "bad"], [1, 0]),
        "a setting": lambda: None,
        "what was kept": lambda: next(path.glob(".corpus.shards/*/*.arrow")).write_bytes(b"?"),
    }
    for name, change in changes.items():
        path = tmp_path / f"run of {name}"
        with pytest.raises(CorpusError):
            try_stages(path, config_of(pattern), "corpus", Counting(4))
        change()
        given = {"drop": ["missing"]} if name == "a setting" else {}
        again = Counting()
        try_stages(path, config_of(pattern, corpus=given), "corpus", again)
        fresh = Counting()
        try_stages(tmp_path / f"new of {name}", config_of(pattern, corpus=given), "corpus", fresh)
        n_kept = {"a file": 3, "a setting": 0, "what was kept": 3}[name]
        assert fresh.n - again.n == n_kept, name
        assert Run(path).digests("corpus") == Run(tmp_path / f"new of {name}").digests("corpus")


@pytest.mark.parametrize("of", ["versions", "processor"])
def test_a_shard_is_made_again_with_other_versions_and_on_another_processor(
    tmp_path, many_shards, monkeypatch, of
):
    """Although the code and the config are the same."""
    config = config_of(write_files(tmp_path / "files", 5))
    try_stages(tmp_path / "run", config, "tokens", Counting())
    with pytest.raises(CorpusError):
        try_stages(tmp_path / "run", config, "features", Counting(4))
    other = {"versions": lambda: versions() | {"pyarrow": "0.1"}, "processor": lambda: "another"}
    monkeypatch.setattr(runner, of, other[of])
    again = Counting()
    try_stages(tmp_path / "run", config, "features", again)
    run = Run(tmp_path / "run")
    assert again.n == sum(len(run.shards(f"features/{name}.safetensors")) for name in SETS)


def test_force_takes_nothing_that_was_kept(tmp_path, many_shards):
    config = config_of(write_files(tmp_path / "files", 5))
    with pytest.raises(CorpusError):
        try_stages(tmp_path / "run", config, "corpus", Counting(4))
    forced, fresh = Counting(), Counting()
    forced_run = Run(tmp_path / "run", from_scratch=True)
    run_stages(config, forced_run, "corpus", SILENT, workers=forced)
    try_stages(tmp_path / "fresh", config, "corpus", fresh)
    assert forced.n == fresh.n


def test_a_stage_of_two_files_keeps_nothing(tmp_path):
    write_files(tmp_path / "train", 1)
    (tmp_path / "test.jsonl").write_text('{"text"', encoding="utf-8")
    section = {"test": str(tmp_path / "test.jsonl")}
    with pytest.raises(CorpusError, match=r"test\.jsonl"):
        try_stages(
            tmp_path / "run",
            config_of(str(tmp_path / "train" / "*"), section),
            "corpus",
            Counting(),
        )
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


def test_counts_are_made_again_if_the_tokens_of_another_shard_changed(tmp_path, many_shards):
    """The vocabulary may be another one."""
    pattern, path = write_files(tmp_path / "files", 5), tmp_path / "run"
    try_stages(path, config_of(pattern), "tokens", Counting())
    with pytest.raises(CorpusError):
        try_stages(path, config_of(pattern), "features", Counting(4))
    before = Run(path).digests("tokens")
    lines = sorted((tmp_path / "files").iterdir())[-1]
    lines.write_text(lines.read_text().replace(': "', ': "well, '))
    try_stages(path, config_of(pattern), "tokens", Counting())
    after = Run(path).digests("tokens")
    same = [file for file, digest in after.items() if before.get(file) == digest]
    assert "tokens/train-00000.safetensors" in same
    assert len(same) < len(after)
    again = Counting()
    try_stages(path, config_of(pattern), "features", again)
    run = Run(path)
    assert again.n == sum(len(run.shards(f"features/{name}.safetensors")) for name in SETS)


class Sized(Counting):
    """Remembers how many files each task says that it depends on."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: set[int] = set()

    def map(self, work, items, *shared):
        for item in items:
            task = getattr(item, "task", item)
            self.inputs.add(len(getattr(task, "inputs", ())))
            yield from super().map(work, [item], *shared)


def test_a_task_of_many_says_no_more_than_one_of_few(tmp_path, many_shards):
    """Otherwise the time of a stage grows with the square of the number of shards."""
    workers = Sized()
    config = config_of(write_files(tmp_path / "files", 5))
    try_stages(tmp_path / "run", config, "features", workers)
    assert max(workers.inputs) == 1


def test_the_shards_of_a_set_are_looked_up_once(tmp_path, many_shards, monkeypatch):
    config = config_of(write_files(tmp_path / "files", 5))
    try_stages(tmp_path / "run", config, "corpus", Counting())
    run, n, listed = Run(tmp_path / "run"), [0], Run._outputs

    def counted(run):
        n[0] += 1
        return listed(run)

    monkeypatch.setattr(Run, "_outputs", counted)
    assert len(run.shards("corpus/train.arrow")) > 10
    assert len(run.digest_of_set("corpus/train.arrow")) == 32
    assert n[0] == 2


def test_shards_of_one_set_are_kept_when_those_of_the_other_fail(tmp_path, many_shards):
    config = config_of(write_files(tmp_path / "files", 5))
    try_stages(tmp_path / "run", config, "tokens", Counting())
    n_train = len(Run(tmp_path / "run").shards("tokens/train.safetensors"))
    with pytest.raises(CorpusError):
        try_stages(tmp_path / "run", config, "features", Counting(n_train + 2))
    again = Counting()
    try_stages(tmp_path / "run", config, "features", again)
    assert again.n == len(Run(tmp_path / "run").shards("features/test.safetensors")) - 2


def test_shards_are_kept_until_the_stage_has_its_folder(tmp_path, many_shards, monkeypatch):
    """A full disk may end a stage when all shards are there."""
    config = config_of(write_files(tmp_path / "files", 5))
    path = tmp_path / "run"
    try_stages(path, config, "corpus", Counting())
    with monkeypatch.context() as patch:
        patch.setattr(Run, "save", lambda run: (_ for _ in ()).throw(RunError("the disk is full")))
        with pytest.raises(RunError, match="the disk is full"):
            try_stages(path, config, "tokens", Counting())
    again = Counting()
    try_stages(path, config, "tokens", again)
    assert again.n == len(Run(path).shards("corpus/train.arrow"))  # looked at for HTML alone
    assert not list(path.glob(".*shards"))


def test_an_output_is_read_once_for_its_digest(tmp_path, many_shards, monkeypatch):
    """Of a shard, where it is made, or where it is found by the next try."""
    read, file_digest = Counter(), hashlib.file_digest

    def counted(file, algorithm):
        read[files.identity(Path(file.name))] += 1
        return file_digest(file, algorithm)

    config = config_of(write_files(tmp_path / "files", 5))
    path = tmp_path / "run"
    try_stages(path, config, "corpus", Counting())
    with pytest.raises(CorpusError, match="the disk is full"):
        try_stages(path, config, "tokens", Counting(4))
    monkeypatch.setattr(hashlib, "file_digest", counted)
    try_stages(path, config, "features", Counting())
    run = Run(path)
    written = run.digests("tokens") | run.digests("features")
    assert len(written) > 40
    assert {read[files.identity(path / name)] for name in written} == {1}
    assert {name: files.digest(path / name) for name in written} == written
