"""Run folders: a stage appears whole or not at all, and what is written is read back."""

import errno
import hashlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from safetensors.numpy import load_file
from scipy.sparse import csr_array, random_array

from pipeline.errors import RunError
from pipeline.storage import arrays, files
from pipeline.storage import counts as counts_module
from pipeline.storage import run as storage_run
from pipeline.storage.counts import map_counts, read_counts, write_counts
from pipeline.storage.locking import locked
from pipeline.storage.run import Run

WORD_TYPES = {"word": pa.large_string(), "n": pa.int64()}
words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r"), min_size=1
) | st.sampled_from(
    ['"', '""', 'a "b" c', "a,b", "'", "\\", "NULL", "nan", "NA", "#", "d\u00e9j\u00e0"]
)


def entry_of(content: str) -> dict[str, Any]:
    """Return what the manifest says of a stage besides its outputs."""
    depends = {"config": {}, "inputs": {}, "source": content}
    numbers = {"seconds": 0.25, "peak_bytes": 1 << 20}
    return {"depends": depends, "versions": {}, "summary": content, "warnings": [], **numbers}


def write_stage(run: Run, content: str, error: type[BaseException] | None = None) -> None:
    with run.writing("tokens", "tokens", f"[{content}]\n") as (path, entry):
        (path / "a.txt").write_text(content)
        (path / "deeper").mkdir()
        (path / "deeper" / "b.txt").write_text(content[::-1])
        entry |= entry_of(content)
        if error:
            raise error


def tree(path: Path) -> dict[str, bytes]:
    """Return the content of every file under a folder, hidden ones included."""
    return {
        str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()
    }


def one_line(error: pytest.ExceptionInfo[RunError], path: Path) -> bool:
    return "\n" not in str(error.value) and str(error.value).startswith(str(path))


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


# Writing a stage


def test_a_stage_is_there_with_its_entry_and_config_once_it_is_written(tmp_path):
    run = Run(tmp_path / "runs" / "a")
    assert run.stage("tokens") is None
    assert not run.has_outputs("tokens")
    write_stage(run, "one")
    expected = {
        file: {"xxh3_128": xxhash.xxh3_128_hexdigest(content), "bytes": len(content)}
        for file, content in (("tokens/a.txt", b"one"), ("tokens/deeper/b.txt", b"eno"))
    }
    for seen in (run, Run(run.path)):
        assert seen.has_outputs("tokens")
        assert seen.stage("tokens") == entry_of("one") | {"outputs": expected}
        assert seen.digests("tokens") == {f: output["xxh3_128"] for f, output in expected.items()}
    assert sorted(tree(run.path)) == [
        *["config.toml", "manifest.json", "tokens/a.txt", "tokens/deeper/b.txt"]
    ]
    assert (run.path / "config.toml").read_text() == "[one]\n"


def test_a_stage_written_again_replaces_all_of_the_old_one(tmp_path):
    run = Run(tmp_path)
    with run.writing("tokens", "tokens", "") as (path, entry):
        entry |= entry_of("old")
        (path / "old.txt").write_text("old")
    write_stage(run, "new")
    assert not (tmp_path / "tokens" / "old.txt").exists()
    assert Run(tmp_path).has_outputs("tokens")


@pytest.mark.parametrize("error", [ValueError, RunError, KeyboardInterrupt, SystemExit])
def test_a_stage_that_fails_leaves_all_as_it_was(tmp_path, error):
    run = Run(tmp_path)
    write_stage(run, "one")
    before = tree(tmp_path)
    with pytest.raises(error):
        write_stage(run, "new", error)
    assert tree(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *["config.toml", "manifest.json", "tokens"]
    ]
    assert run.stage("tokens") == Run(tmp_path).stage("tokens")
    assert run.has_outputs("tokens")


def test_the_first_stage_that_fails_leaves_no_stage(tmp_path):
    run = Run(tmp_path / "a")
    with pytest.raises(ZeroDivisionError):
        write_stage(run, "one", ZeroDivisionError)
    assert tree(tmp_path) == {}
    assert Run(tmp_path / "a").stage("tokens") is None


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_text("longer")])
def test_an_output_that_is_gone_or_of_another_size_is_noticed(tmp_path, change):
    run = Run(tmp_path)
    write_stage(run, "one")
    change(tmp_path / "tokens" / "a.txt")
    assert not run.has_outputs("tokens")


def test_a_run_from_scratch_ignores_what_is_there(tmp_path):
    write_stage(Run(tmp_path), "one")
    assert Run(tmp_path, from_scratch=True).stage("tokens") is None
    (tmp_path / "manifest.json").write_text("{")
    assert Run(tmp_path, from_scratch=True).stage("tokens") is None


def test_a_hidden_file_is_no_output_because_it_may_go_at_any_time(tmp_path):
    """Such as one that NFS keeps while it is mapped, or a task that is late is writing."""
    run = Run(tmp_path)
    with run.locked(), run.writing("tokens", "tokens", "") as (folder, entry):
        (folder / ".parts").mkdir()
        for name in ("a.txt", ".nfs0001", ".parts/0.txt"):
            (folder / name).write_text("a")
        entry |= {"depends": {}}
    assert list(run.digests("tokens")) == ["tokens/a.txt"]


@pytest.mark.parametrize("pid", [dead_pid, os.getpid, lambda: 2**40])
def test_what_a_killed_process_left_is_swept(tmp_path, pid):
    """Even that of one with this process's number, as it happens in containers."""
    run, number = Run(tmp_path), pid()
    write_stage(run, "one")
    for left in (f".tokens.{number}", f".tokens.{number}.old"):
        (tmp_path / left / "deeper").mkdir(parents=True)
        (tmp_path / left / "deeper" / "a.txt").write_text("half")
    (tmp_path / f".manifest.json.{number}").write_text("{")
    (tmp_path / f".config.toml.{number}").write_text("[")
    with run.locked():
        write_stage(run, "two")
    assert [path.name for path in tmp_path.glob(".*")] == [".lock"]
    assert Run(tmp_path).has_outputs("tokens")


def test_what_a_user_keeps_there_under_a_like_name_is_left_alone(tmp_path):
    kept = {".tokens.backup", ".gitignore"}
    Run(tmp_path).save()
    for name in kept:
        (tmp_path / name).mkdir()
    with Run(tmp_path).locked():
        write_stage(Run(tmp_path), "one")
    assert {path.name for path in tmp_path.glob(".*")} == {".lock", *kept}


def test_a_run_that_was_waited_for_is_read_again(tmp_path):
    """What another process wrote between the first look and the lock is not lost."""
    early = Run(tmp_path)
    write_stage(Run(tmp_path), "one")
    with early.locked():
        assert early.has_outputs("tokens")


KILLED = """
    import json, os, shutil, sys
    from pathlib import Path
    from pipeline.storage.locking import locked
    from pipeline.storage.run import Run

    def stage(run, content):
        with run.writing("tokens", "tokens", content) as (path, entry):
            (path / "a.txt").write_text(content)
            entry |= json.loads(sys.argv[2]) | {"summary": content}

    def killed_before(n, run):
        steps = 0
        def counting(step):
            def wrapped(*args, **options):
                nonlocal steps
                steps += 1
                if steps == n:
                    os._exit(9)
                return step(*args, **options)
            return wrapped
        for owner, name in ((Path, "mkdir"), (Path, "rename"), (Path, "replace"),
                            (Path, "write_text"), (shutil, "rmtree"), (Path, "open")):
            setattr(owner, name, counting(getattr(owner, name)))
        stage(run, "new")
        os._exit(0)

    for n in range(1, 99):
        run = Run(Path(sys.argv[1]) / f"{n:02}")
        stage(run, "old")
        pid = os.fork()
        if pid == 0:
            killed_before(n, run)
        if os.waitpid(pid, 0)[1] == 0:
            break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_process_killed_at_any_step_leaves_no_stage_that_only_looks_up_to_date(tmp_path):
    """Old and new outputs are of one size, so that nothing but the order of steps helps."""
    entry = json.dumps(entry_of(""))
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), entry]
    subprocess.run(command, check=True, timeout=300)
    folders = sorted(tmp_path.iterdir())
    assert len(folders) > 6
    found = []
    for folder in folders:
        run = Run(folder)
        if run.has_outputs("tokens"):
            content = (folder / "tokens" / "a.txt").read_text()
            assert run.stage("tokens")["summary"] == content
            assert run.digests("tokens") == {
                "tokens/a.txt": xxhash.xxh3_128_hexdigest(content.encode())
            }
            found.append(content)
        else:
            found.append("stale")
        with run.locked():
            write_stage(run, "later")
        assert Run(folder).has_outputs("tokens")
        assert [path.name for path in folder.glob(".*")] == [".lock"]
    assert set(found) == {"old", "stale", "new"}
    assert found == sorted(found, key=["old", "stale", "new"].index)


def test_a_lock_that_is_another_users_is_named_in_one_line(tmp_path, monkeypatch):
    """Of a relative path, too: the error names the lock by its absolute path."""
    monkeypatch.chdir(tmp_path)

    def refuse(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))

    with Run(Path("run")).locked():
        pass
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(RunError, match=r"run/\.lock: cannot write the run: Permission denied"):
        locked(Path("run")).__enter__()


def test_a_run_folder_that_cannot_be_made_is_named_in_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunError, match=r"cannot write the run: .*; choose another") as error:
            write_stage(Run(path), "one")
        assert one_line(error, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_run_folder_without_permission_is_named_in_one_line(tmp_path):
    write_stage(Run(tmp_path), "one")
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="Permission denied") as error:
        write_stage(Run(tmp_path), "two")
    tmp_path.chmod(0o700)
    assert one_line(error, tmp_path)


# Manifests


def test_a_run_of_another_format_version_is_refused_in_one_line(tmp_path):
    write_stage(Run(tmp_path), "one")
    manifest = tmp_path / "manifest.json"
    facts = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(facts | {"format_version": 99}))
    with pytest.raises(RunError, match="expected format version 1, got 99; ") as error:
        Run(tmp_path)
    assert one_line(error, manifest)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", '{"format_version": 1}', '{"format_version": 1, "stages": []}', "\xff"],
)
def test_a_file_that_is_not_a_manifest_is_refused_in_one_line(tmp_path, content):
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(content.encode("latin-1"))
    with pytest.raises(RunError) as error:
        Run(tmp_path)
    assert one_line(error, manifest)


# Files: what is written is read back


@given(
    array=arrays_of.arrays(
        st.sampled_from([np.float64, np.float32, np.int64, np.int32, np.uint64, np.uint8]),
        arrays_of.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
    ),
    name=st.text("ab\u00e9 ", min_size=1),
)
def test_arrays_come_back_bit_by_bit(tmp_path_factory, array, name):
    path = tmp_path_factory.mktemp("arrays") / "a.safetensors"
    arrays.write_arrays(path, {name: array, "turned": array.T})
    found = arrays.read_arrays(path)
    assert set(found) == {name, "turned"}
    for key, expected in ((name, array), ("turned", array.T)):
        assert found[key].dtype == expected.dtype
        assert found[key].shape == expected.shape
        assert found[key].tobytes() == expected.tobytes()
    for key, expected in load_file(path).items():  # the format's own library
        np.testing.assert_array_equal(found[key], expected, strict=True)


def test_arrays_that_grew_part_by_part_are_those_of_one_piece(tmp_path):
    ids, ends = np.arange(10, dtype=np.int32), np.array([0, 4, 10])
    with arrays.ArrayWriter(tmp_path / "parts", ids=np.int32, ends=np.int64) as file:
        for start in (0, 3, 3):
            file.append("ids", ids[start : start + 3] if start == 0 else ids[3:][:0])
        file.append("ends", ends)
        file.append("ids", ids[3:])
    arrays.write_arrays(tmp_path / "whole", {"ids": ids, "ends": ends})
    assert (tmp_path / "parts").read_bytes() == (tmp_path / "whole").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts", "whole"]


def test_arrays_that_failed_to_grow_leave_nothing(tmp_path):
    def write() -> None:
        with arrays.ArrayWriter(tmp_path / "parts", ids=np.int32, ends=np.int64) as file:
            file.append("ids", np.arange(3, dtype=np.int32))
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write()
    assert not list(tmp_path.iterdir())


def blocks_of(counts: csr_array, size: int) -> Iterator[tuple[np.ndarray, ...]]:
    for start in range(0, counts.shape[0], size):
        block = counts[start : start + size]
        yield block.data, block.indices, block.indptr


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 3), (7, 5)])
def test_counts_come_back(tmp_path, shape):
    draw = np.random.default_rng(0)
    counts = csr_array(random_array(shape, density=0.4, dtype=np.float32, rng=draw))
    counts.sort_indices()
    for size in (1, 2, 10):
        path = tmp_path / "c.safetensors"
        assert write_counts(path, blocks_of(counts, size), shape[1]) == counts.nnz
        found = read_counts(path)
        assert found.shape == shape
        assert found.dtype == np.float32
        for name in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(found, name), getattr(counts, name))
        assert found.indices.dtype == np.int32
        mapped = map_counts(path)
        assert (mapped.shape, mapped.nnz) == (shape, counts.nnz)
        np.testing.assert_array_equal(mapped.indptr, counts.indptr)
        for rows in (slice(1, None), np.arange(shape[0])[::-1]):
            np.testing.assert_array_equal(mapped[rows].toarray(), counts[rows].toarray())


def test_a_table_comes_back_in_one_chunk(tmp_path):
    part = pa.table({"text": pa.array(["a", "d\u00e9j\u00e0 vu"], pa.large_string()), "n": [1, 2]})
    table = pa.concat_tables([part, part])
    files.write_batches(tmp_path / "t.arrow", table.schema, table.combine_chunks().to_batches())
    found = files.read_table(tmp_path / "t.arrow")
    assert found.equals(table)
    assert found["text"].num_chunks == 1


@given(st.lists(words | st.just("")))
def test_any_words_come_back_from_a_list_of_words(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("words") / "w.txt"
    column = pa.array(["before", *names], pa.large_string())
    files.write_words(path, column[1:])
    assert files.read_words(path).to_pylist() == names


@given(st.lists(words))
def test_any_words_come_back_from_a_tsv(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("tsv") / "w.tsv"
    table = pa.table(
        {"word": pa.array(names, pa.large_string()), "n": pa.array(range(len(names)), pa.int64())}
    )
    files.write_tsv(path, table)
    assert files.read_tsv(path, WORD_TYPES).equals(table)
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines[: len(names) + 1] == ["word\tn", *(f"{w}\t{n}" for n, w in enumerate(names))]


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_values_come_back_from_json(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("json") / "f.json"
    values = {key.encode("utf-8", "replace").decode(): value for key, value in values.items()}
    values = {
        k: v.encode("utf-8", "replace").decode() if isinstance(v, str) else v
        for k, v in values.items()
    }
    files.write_json(path, values)
    assert files.read_json(path) == values


def test_undefined_numbers_are_never_written_as_json(tmp_path):
    files.write_json(tmp_path / "f.json", {"a": float("nan"), "b": [{"c": float("nan")}]})
    assert files.read_json(tmp_path / "f.json") == {"a": None, "b": [{"c": None}]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "g.json", {"a": float("inf")})
    assert not (tmp_path / "g.json").exists()


def test_a_word_of_any_length_is_read_again(tmp_path):
    table = pa.table({"word": pa.array(["x" * 3_000_000, "y"], pa.large_string())})
    files.write_tsv(tmp_path / "words.txt", table)
    assert files.read_tsv(tmp_path / "words.txt", {"word": pa.large_string()}) == table


def test_digests_are_those_of_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 99_999)
    assert files.digest(tmp_path / "a") == xxhash.xxh3_128_hexdigest(b"abc" * 99_999)
    assert files.sha256(tmp_path / "a") == hashlib.sha256(b"abc" * 99_999).hexdigest()


# Files: what is corrupt is refused

Read = Callable[[Path], Any]


def read_words(path: Path) -> pa.Table:
    return files.read_tsv(path, WORD_TYPES)


READERS: list[Read] = [
    arrays.read_arrays,
    read_counts,
    files.read_json,
    files.read_table,
    read_words,
]


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 300, b"hello\n", b"\0" * 300], ids=["empty", "ff", "text", "zeros"]
)
def test_a_file_of_something_else_is_refused_in_one_line(tmp_path, read, content):
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(RunError) as error:
        read(path)
    assert one_line(error, path)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_a_file_that_is_missing_or_a_folder_is_refused_in_one_line(tmp_path, read):
    for path in (tmp_path / "no", tmp_path):
        with pytest.raises(RunError) as error:
            read(path)
        assert one_line(error, path)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_refused(tmp_path, keep):
    counts, table = tmp_path / "c.safetensors", tmp_path / "t.arrow"
    write_counts(counts, blocks_of(csr_array(np.eye(50, dtype=np.float32)), 20), 50)
    reviews = pa.table({"text": ["a review"] * 50})
    files.write_batches(table, reviews.schema, reviews.to_batches())
    for path, read in ((counts, read_counts), (table, files.read_table)):
        path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
        with pytest.raises(RunError) as error:
            read(path)
        assert one_line(error, path)


MATRIX = {
    "indices": np.array([0, 2, 1], np.int32),
    "data": np.ones(3, np.float32),
    "indptr": np.array([0, 2, 3]),
    "shape": np.array([2, 3]),
}


@pytest.mark.parametrize(
    "change",
    [
        {"shape": np.array([5, 3])},
        {"shape": np.array([2, 2])},
        {"shape": np.array([2, 3, 1])},
        {"shape": np.array([-1, 3])},
        {"indptr": np.array([0, 1, 9])},
        {"indptr": np.array([0, 4, 3])},
        {"indptr": np.array([1, 2, 3])},
        {"indptr": np.array([0, -1, 3])},
        {"indptr": np.array([], np.int64)},
        {"indptr": np.array([0, 2, 3], np.int32)},
        {"indices": np.array([0, 3, 1], np.int32)},
        {"indices": np.array([-1, 2, 1], np.int32)},
        {"indices": np.array([2, 0, 1], np.int32)},
        {"indices": np.array([1, 1, 1], np.int32)},
        {"indices": np.array([0, 1], np.int32)},
        {"data": np.ones(3)},
        {"data": np.ones((3, 1), np.float32)},
        {"weights": np.ones(2)},
    ],
    ids=str,
)
def test_arrays_that_are_not_a_matrix_are_refused(tmp_path, change):
    path = tmp_path / "c.safetensors"
    arrays.write_arrays(path, MATRIX)
    assert read_counts(path).toarray().tolist() == [[1, 0, 1], [0, 1, 0]]
    arrays.write_arrays(path, MATRIX | change)
    with pytest.raises(RunError) as error:
        read_counts(path)
    assert one_line(error, path)


@given(
    st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=6),
    st.integers(1, 5),
)
def test_columns_are_checked_alike_in_blocks_of_any_size(rows, size):
    indices = np.array([column for row in rows for column in row], np.int32)
    indptr = np.cumsum([0, *map(len, rows)])
    expected = all(sorted(set(row)) == row and max(row, default=0) < 4 for row in rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counts_module, "_BLOCK", size)
        assert counts_module._are_columns(indices, indptr, 4) == expected


def safetensors(header: bytes, content: bytes = b"", length: int | None = None) -> bytes:
    return (len(header) if length is None else length).to_bytes(8, "little") + header + content


def entry(shape: Any, begin: Any, end: Any, dtype: str = "F64") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


HEADERS: dict[str, Any] = {
    "a negative offset": {"a": entry([1], -8, 0)},
    "offsets that overlap": {"a": entry([1], 0, 8), "b": entry([1], 0, 8)},
    "a gap": {"a": entry([0], 0, 0), "b": entry([1], 8, 16)},
    "bytes left over": {"a": entry([1], 0, 8)},
    "beyond the end": {"a": entry([3], 0, 24)},
    "another size than its shape's": {"a": entry([1], 0, 16)},
    "an unknown type": {"a": entry([2], 0, 16, "BF16")},
    "a negative length": {"a": entry([-2], 0, 16)},
    "a length of 10^5000": {"a": entry([10**4000], 0, 16)},
    "a shape that overflows": {"a": entry([0, 1 << 62], 0, 0), "b": entry([2], 0, 16)},
    "a shape of another type": {"a": entry([2.0], 0, 16)},
    "a shape that is true": {"a": entry([True, 2], 0, 16)},
    "a number for a shape": {"a": entry(2, 0, 16)},
    "many dimensions": {"a": entry([1] * 100 + [2], 0, 16)},
    "no offsets": {"a": {"dtype": "F64", "shape": [2]}},
    "three offsets": {"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 8, 16]}},
    "an entry that is a number": {"a": 3},
    "a list": [],
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_that_does_not_describe_its_file_is_refused(tmp_path, header):
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors(json.dumps(header).encode(), bytes(16)))
    with pytest.raises(RunError) as error:
        arrays.read_arrays(path)
    assert one_line(error, path)


@pytest.mark.parametrize(
    "content",
    [
        safetensors(b"[" * 100_000),
        safetensors(b'{"a":' * 100_000),
        safetensors(b"{}", length=2**63),
        safetensors(b"{}", length=2**64 - 1),
        safetensors(b"{}".ljust(1 << 21)),
        safetensors(b"\xff"),
        bytes(7),
    ],
    ids=["lists", "objects", "2^63", "2^64 - 1", "2 MB", "no UTF-8", "7 bytes"],
)
def test_a_header_of_any_size_and_depth_is_refused(tmp_path, content):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(RunError) as error:
        arrays.read_arrays(path)
    assert one_line(error, path)


def test_arrays_that_other_programs_wrote_are_read(tmp_path):
    """A header may end anywhere, so that an array need not begin at a multiple of its size."""
    header = json.dumps({"__metadata__": {"by": "x"}, "a": entry([2], 0, 16)}).encode()
    for spaces in range(8):
        path = tmp_path / f"{spaces}.safetensors"
        path.write_bytes(safetensors(header + b" " * spaces, np.array([1.5, -2.0]).tobytes()))
        found = arrays.read_arrays(path, a=np.float64)["a"]
        assert found.tolist() == [1.5, -2.0]
        assert found.flags.aligned


def test_deep_and_large_json_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": ' * 100_000)
    with pytest.raises(RunError, match="nested too deep"):
        files.read_json(path)
    path.write_text("{}".ljust(100))
    assert files.read_json(path, 100) == {}
    with pytest.raises(RunError, match="larger than 99 bytes"):
        files.read_json(path, 99)


@pytest.mark.parametrize(
    "read", [*READERS, files.digest, files.read_words], ids=lambda read: read.__qualname__
)
def test_a_device_or_a_pipe_is_refused_before_it_is_read(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(RunError, match="expected a file, got a device or a pipe") as error:
            read(path)
        assert one_line(error, path)


# What stands in a run folder is checked before it is read


def test_an_output_that_another_process_changed_is_refused(tmp_path):
    write_stage(Run(tmp_path), "one")
    path = tmp_path / "tokens" / "a.txt"
    assert Run(tmp_path).output("tokens/a.txt") == path
    path.write_text("two")  # of the same size
    os.utime(path, ns=(0, 1))
    with pytest.raises(RunError) as error:
        Run(tmp_path).output("tokens/a.txt")
    expected = "not the file that was written; use --force to compute it again"
    assert str(error.value) == f"{path}: {expected}"
    path.unlink()
    with pytest.raises(RunError, match="cannot be read") as error:
        Run(tmp_path).output("tokens/a.txt")
    with pytest.raises(RunError, match="no stage of this run has written it"):
        Run(tmp_path).output("tokens/c.txt")


def test_what_this_process_has_written_or_checked_is_not_read_again(tmp_path, monkeypatch):
    write_stage(Run(tmp_path), "one")
    monkeypatch.setattr(storage_run, "digest", None)
    Run(tmp_path).output("tokens/a.txt")
    monkeypatch.undo()
    monkeypatch.setattr(storage_run, "_known", {})
    Run(tmp_path).output("tokens/a.txt")
    monkeypatch.setattr(storage_run, "digest", None)
    Run(tmp_path).output("tokens/a.txt")


def test_an_arrow_file_is_validated_in_full_even_if_its_digest_is_right(tmp_path, monkeypatch):
    table = pa.table({"text": pa.array(["a review", "another"], pa.large_string())})
    run = Run(tmp_path)
    with run.writing("corpus", "corpus", "") as (path, entry):
        entry |= entry_of("")
        files.write_batches(path / "a.arrow", table.schema, table.to_batches())
        content = (path / "a.arrow").read_bytes()
        offsets = np.array([0, 8, 15]).tobytes()
        assert offsets in content
        wrong = np.array([0, 1 << 40, 15]).tobytes()
        (path / "a.arrow").write_bytes(content.replace(offsets, wrong))
    monkeypatch.setattr(storage_run, "_known", {})
    with pytest.raises(RunError, match=r"a\.arrow: cannot be read: .*offset"):
        Run(tmp_path).output("corpus/a.arrow")


@pytest.mark.parametrize("old", ['"one"', '"bytes"', "1"])
def test_a_manifest_with_a_changed_character_is_refused(tmp_path, old):
    write_stage(Run(tmp_path), "one")
    manifest = tmp_path / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace(old, old.translate({ord("o"): "x", ord("b"): "d", 49: "2"})))
    assert manifest.read_text() != text
    with pytest.raises(RunError) as error:
        Run(tmp_path)
    assert one_line(error, manifest)
    assert Run(tmp_path, from_scratch=True).stage("tokens") is None


def test_the_stages_of_an_earlier_version_are_out_of_date(tmp_path):
    write_stage(Run(tmp_path), "one")
    manifest = tmp_path / "manifest.json"
    content = json.loads(manifest.read_text())
    content.pop("xxh3_128")
    manifest.write_text(json.dumps(content))
    assert Run(tmp_path).stage("tokens") is None


@pytest.mark.parametrize("content", ["word\tn\na\tmany\n", "word\tn\na\n", "word\nb\n"])
def test_a_tsv_with_other_columns_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "w.tsv"
    path.write_text(content)
    with pytest.raises(RunError) as error:
        read_words(path)
    assert one_line(error, path)


def test_indices_beyond_two_billion_stay_as_they_are_mapped(tmp_path, monkeypatch):
    """As if int32 ended at 9: SciPy would copy them to int64."""
    from pipeline.training.estimator import SGDLogisticRegression
    from pipeline.training.log_count_ratio import weighted

    whole = csr_array(np.random.default_rng(0).integers(0, 3, (40, 7)).astype(np.float32))
    labels = np.arange(40) % 2
    settings = {"validation": 0.2, "ratio": "documents", "epochs": 3}
    expected = SGDLogisticRegression(**settings).fit(whole, labels)
    monkeypatch.setattr(counts_module, "LARGEST_INT32", 9)
    paths = [tmp_path / "0.safetensors", tmp_path / "1.safetensors"]
    for path, rows in zip(paths, (slice(0, 25), slice(25, 40)), strict=True):
        write_counts(path, blocks_of(whole[rows], 10), 7)
    found = read_counts(paths)
    assert (found.indices.dtype, found.indptr.dtype) == (np.int32, np.int64)
    ratio = np.linspace(-1, 1, 7)
    assert weighted(found, ratio).indices is found.indices
    np.testing.assert_array_equal(weighted(found, ratio).data, weighted(whole, ratio).data)
    ours = SGDLogisticRegression(**settings).fit(found, labels)
    np.testing.assert_array_equal(ours.coef_, expected.coef_, strict=True)
    scores = ours.decision_function(found)
    np.testing.assert_array_equal(scores, expected.decision_function(whole), strict=True)
    assert found.indices.dtype == np.int32
