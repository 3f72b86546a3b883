"""Files at URLs: the rows and refusals of local files, and what only a store can get wrong."""

import contextlib
import errno
import gzip
import json
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from remote_store import ROOT, put, store
from small_corpus import read_corpus, small_reviews, write_jsonl

from pipeline.boundary import urls
from pipeline.boundary.urls import is_url, without_secrets
from pipeline.config.loading import load_config
from pipeline.corpus import remote
from pipeline.corpus.columns import Columns
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.files import read_batches, read_texts
from pipeline.corpus.labels import LabelRule
from pipeline.corpus.places import Place, place_parts, place_paths
from pipeline.errors import ConfigError, CorpusError, NoFileError, PipelineError
from pipeline.stages.from_config import source_digests

__all__ = ["store"]
RULE = LabelRule(positive=(1, "pos"), negative=(0, "neg"))
CSV = b"text,label\na fine film,1\na dull film,0\n"


def refusal(work: Callable[[], object], kind: type[PipelineError] = CorpusError) -> str:
    with pytest.raises(kind) as caught:
        work()
    (line,) = str(caught.value).splitlines()
    return line


# file:// URLs are paths.

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1)


@given(
    name=names.map(lambda name: f"{name[:20]} %41#.csv"),
    texts=st.lists(st.text("ab ,é\n", min_size=1), min_size=1),
)
def test_a_file_url_gives_what_its_path_gives(
    tmp_path_factory: pytest.TempPathFactory, name: str, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("files")
    paths = [folder / name, folder / f"{name}.jsonl"]
    write_jsonl(paths[1], texts, [n % 2 for n in range(len(texts))])
    paths[0].write_bytes(CSV)
    for path in paths:
        assert read_corpus(path.as_uri(), RULE) == read_corpus(path, RULE)
    both: list[Place] = [[str(path) for path in paths], [path.as_uri() for path in paths]]
    assert place_parts(both[0], RULE) == place_parts(both[1], RULE)


def test_a_file_url_may_be_a_glob_or_a_folder(tmp_path: Path) -> None:
    for name in ("a 1.csv", "a 2.csv"):
        (tmp_path / name).write_bytes(CSV)
    for label in ("pos", "neg"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_text("a film")
    assert read_corpus(f"{tmp_path.as_uri()}/a*.csv", RULE).num_rows == 4
    assert read_corpus(tmp_path.as_uri(), RULE)["label"].to_pylist() == [1, 0]


# URLs that are refused, and never shown with what may be secret.


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("ftp://host/a.csv", "ftp://host/a.csv: expected a path or s3://, gs://, az://, hf:// or "),
        ("https://example.org/a.csv", "https://example.org/a.csv: the web is not read, because it"),
        ("https://me:s3cret@example.org/a.csv", "https://...: the web is not read, because it"),
        ("simplecache::s3://b/a.csv", "simplecache://...: expected one URL, not a chain of them"),
        ("zip://a.csv::s3://me:s3cret@b/a.zip", "zip://...: expected one URL, not a chain of them"),
        ("s3://me:s3cret@b/a.csv", "s3://...: expected a URL without a user name or a password"),
        ("s3://AKIA:a/s3cret@b/a.csv", "s3://...: expected a URL without a user name or a passwor"),
        ("gs://s3cret@b/a.csv", "gs://...: expected a URL without a user name or a password; cred"),
        ("az://c@account:s3cret/a.csv", "az://...: expected a URL without a user name or a passwo"),
        ("s3://b/a.csv?X-Amz-Signature=s3cret", "s3://b/a.csv?...: expected a URL without a query"),
        ("az://c/a-?.csv?sig=s3cret", "az://c/a-?.csv?...: expected a URL without a query; creden"),
        ("s3:///a.csv", "s3:///a.csv: expected s3://bucket/reviews.parquet, whose bucket is no "),
        ("s3://*/a.csv", "s3://*/a.csv: expected s3://bucket/reviews.parquet, whose bucket is no "),
        ("file://host/a.csv", "file://host/a.csv: expected a file of this machine, as in file:///"),
    ],
)
def test_a_url_that_is_not_read_is_refused_without_its_secrets(
    url: str, line: str, tmp_path: Path
) -> None:
    found = refusal(lambda: place_paths(url, RULE))
    assert found.startswith(line)
    assert "s3cret" not in found
    config = tmp_path / "c.toml"
    config.write_text(f'[corpus]\nsource = "files"\ntrain = ["a.csv", "{url}"]\n')
    assert refusal(lambda: load_config(config), ConfigError) == f"corpus.train: {found} ({config})"
    overrides = [f'corpus.test={{ pos = ["{url}"], neg = "b.csv" }}']
    config.write_text('[corpus]\nsource = "files"\ntrain = "a.csv"\n')
    found = refusal(lambda: load_config(config, overrides), ConfigError)
    assert found.startswith(f"corpus.test: {line}")
    assert "s3cret" not in found


def test_a_path_may_hold_colons() -> None:
    assert not any(map(is_url, ["a::b.csv", "a:/b.csv", "./s3://a", "1:2://a", "", "://"]))


def test_what_a_library_says_of_urls_is_told_without_their_secrets() -> None:
    said = "http://u:s3cret@host/a?t=s3cret and s3://b/c?s3cret, really"
    assert without_secrets(said) == "http://...@host/a?... and s3://b/c?... really"


# A store has the rows, the order and the refusals of a disk.


def write_files(folder: Path) -> None:
    texts, labels = small_reviews()
    write_jsonl(folder / "a.jsonl", texts, labels)
    (folder / "a.jsonl.gz").write_bytes(gzip.compress((folder / "a.jsonl").read_bytes()))
    (folder / "excel.csv").write_bytes(b"\xff\xfe" + CSV.decode().encode("utf-16-le"))
    (folder / "semicolon.csv").write_bytes(b"sep=;\n" + CSV.replace(b",", b";"))
    (folder / "latin.csv").write_bytes(CSV.replace(b"fine", b"caf\xe9"))
    (folder / "fasttext.txt").write_bytes(b"__label__1 a fine film\n__label__0 a dull film\n")
    with zipfile.ZipFile(folder / "packed.zip", "w") as archive:
        archive.writestr("reviews.csv", CSV)
    table = read_corpus(folder / "a.jsonl", RULE)
    from pyarrow import feather, parquet

    parquet.write_table(table, folder / "a.parquet")
    feather.write_feather(table, str(folder / "a.feather"))
    # These are not read, and say why.
    (folder / "cut.csv.gz").write_bytes(gzip.compress(CSV * 99)[:50])
    (folder / "two.zip").write_bytes(b"PK\5\6" + bytes(18))
    (folder / "ragged.csv").write_bytes(CSV + b"a,b,c\n")
    (folder / "quote.csv").write_bytes(CSV + b'"open,1\n')
    (folder / "binary").write_bytes(bytes(100))
    (folder / "bad.json").write_bytes(b"[{")
    (folder / "bad.parquet").write_bytes(b"PAR1")
    (folder / "empty.csv").write_bytes(b"")


def told(name: str) -> object:
    """Return the rows at a name, or why it is refused, without the folder."""
    found: list[object] = []
    for read in (
        lambda: read_corpus(name, RULE).to_pylist(),
        lambda: [
            batch.to_pylist()
            for path in place_paths(name, RULE)
            for batch in read_texts(path, "text", Dialect(encoding="latin-1"))
        ],
    ):
        try:
            found.append(read())
        except CorpusError as error:
            found.append(str(error).replace(name, Path(name).name))
    return found


def test_a_file_of_any_format_gives_the_rows_or_the_refusal_of_a_local_one(store, tmp_path):
    write_files(tmp_path)
    put(store, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    for name in names:
        assert told(f"{ROOT}/{name}") == told(str(tmp_path / name)), name
    assert len(names) == 17


FOLDERS = st.lists(st.sampled_from(["a", "b", "ab", ".a"]), max_size=2)
KEYS = st.lists(
    st.builds(
        lambda folders, name: "/".join([*folders, name]),
        FOLDERS,
        st.sampled_from(["a", "b", "ab", ".a", "a.csv", "b.csv"]),
    ),
    min_size=1,
    max_size=6,
)
PATTERNS = ["*", "*.csv", "a*", "?.csv", "[ab].csv", "[!a].csv", "*/*.csv", "**/*.csv", "a/**/b*"]


@given(keys=KEYS, pattern=st.sampled_from([*PATTERNS, ".*", "a/.*", "a.csv", "no"]))
def test_a_glob_matches_the_files_that_it_matches_on_a_disk_in_their_order(keys, pattern) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patched:
        folder = Path(name)
        for key in keys:
            path = folder / key
            if not path.exists() and not any(parent.is_file() for parent in path.parents):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"-")
        generator = store.__wrapped__(patched)
        put(next(generator), folder)
        found = []
        for root in (name, ROOT):
            try:
                paths = place_paths({"pos": f"{root}/{pattern}"}, RULE)
                found.append([str(path).removeprefix(root) for path in paths])
            except CorpusError as error:
                found.append([str(error).replace(root, "")])
        list(generator)
    assert found[0] == found[1]


def test_a_folder_has_a_folder_for_each_class(store, tmp_path):
    for key in ("pos/1.txt", "pos/2.txt.gz", "neg/1.txt", "neg/no.csv", "other/1.txt"):
        text = key.encode()
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_bytes(gzip.compress(text) if key.endswith("gz") else text)
    put(store, tmp_path)
    for name in ("", "/"):
        assert read_corpus(f"{ROOT}{name}", RULE) == read_corpus(tmp_path, RULE)
    table: Place = {"pos": f"{ROOT}/pos", "neg": [f"{ROOT}/neg/", f"{ROOT}/other"]}
    parts = place_parts(table, RULE)
    assert [(len(part.paths), part.label, part.is_whole) for part in parts] == [
        (2, 1, True),
        (1, 0, True),
        (1, 0, True),
    ]
    store.rm("/bucket/neg", recursive=True)
    assert refusal(lambda: place_paths(ROOT, RULE)).startswith(
        f"{ROOT}: expected *.txt files in the sub-folders pos/ and neg/; there is no neg/; set "
    )


def test_texts_of_a_folder_are_fetched_several_at_a_time(store, monkeypatch):
    for n in range(8):
        store.pipe(f"/bucket/{('neg', 'pos')[n % 2]}/{n}.txt", str(n).encode())
    opened, both = type(store).open, threading.Barrier(2, timeout=30)

    def wait(*args: object, **kwargs: object) -> object:
        both.wait()  # for another one
        return opened(*args, **kwargs)

    monkeypatch.setattr(type(store), "open", wait)
    assert read_corpus(ROOT, RULE)["text"].to_pylist() == list("13570246")


def test_a_file_that_is_not_there_is_refused_as_on_a_disk(store):
    store.pipe("/bucket/a.csv", CSV)
    assert refusal(lambda: place_paths(f"{ROOT}/b.csv", RULE), NoFileError) == (
        f"{ROOT}/b.csv: no such file; expected a file, a glob, or a folder with pos/ and neg/"
    )
    assert refusal(lambda: place_paths(f"{ROOT}/b*.csv", RULE)).startswith(
        f"{ROOT}/b*.csv: no file matches; expected a file, a glob, or a folder with pos/ and neg/"
    )


# What only a store can get wrong.


def listed(store) -> remote.RemoteFile:
    store.pipe("/bucket/a.csv", CSV)
    (file,) = place_paths(f"{ROOT}/a.csv".replace("memory", "Memory"), RULE)
    assert isinstance(file, remote.RemoteFile)
    return file


def fetch(file: remote.RemoteFile) -> bytes:
    with remote.fetched(file) as copy:
        return copy.read_bytes()


def test_a_file_that_changed_since_it_was_listed_is_refused(store):
    file = listed(store)
    assert fetch(file) == CSV
    store.pipe("/bucket/a.csv", CSV[::-1])  # of the same size
    assert refusal(lambda: fetch(file)) == (
        f"{ROOT}/a.csv: it has changed since it was listed; run the command again"
    )
    store.rm("/bucket/a.csv")
    assert refusal(lambda: fetch(file)) == f"{ROOT}/a.csv: not there"


def test_a_file_that_changes_while_it_is_read_is_refused(store, monkeypatch):
    monkeypatch.setattr(remote, "_BLOCK", 8)
    file, opened = listed(store), type(store).open

    def change(self, path, mode="rb", **kwargs):
        found = opened(self, path, mode, **kwargs)
        if mode == "rb":

            def read(size, read=found.read):
                store.pipe("/bucket/a.csv", CSV[::-1])
                return read(size)

            found.read = read
        return found

    monkeypatch.setattr(type(store), "open", change)
    assert refusal(lambda: fetch(file)).startswith(f"{ROOT}/a.csv: it has changed")


@pytest.mark.parametrize(
    ("raised", "line"),
    [
        (PermissionError("Access Denied"), "no access (Access Denied); credentials come from the"),
        (ConnectionResetError("peer\nreset"), "cannot be read (peer)"),
        (TimeoutError(), "cannot be read (TimeoutError)"),
        (RuntimeError("[Errno -2] Name not known"), "cannot be read (Name not known)"),
        (RuntimeError("GET http://a/b?sig=s3cret"), "cannot be read (GET http://a/b?...)"),
        (OSError(errno.ENOSPC, "No space"), f"no room for its {len(CSV)} bytes in {{}}; set TMPDI"),
    ],
)
def test_what_a_store_raises_is_told_in_one_line(store, monkeypatch, raised, line):
    file = listed(store)

    def fail(*args: object, **kwargs: object) -> object:
        raise raised

    monkeypatch.setattr(type(store), "open", fail)
    found = refusal(lambda: fetch(file))
    assert found.startswith(f"{ROOT}/a.csv: {line.format(tempfile.gettempdir())}")
    monkeypatch.setattr(type(store), "info", fail)
    if not isinstance(raised, OSError) or raised.errno is None:
        assert refusal(lambda: place_paths(file.url, RULE)) == found


def test_a_disk_that_is_full_is_told_in_one_line_with_the_variable(store):
    file = listed(store)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, limits[1]))
    try:
        found = refusal(lambda: fetch(file))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert found == (
        f"{ROOT}/a.csv: no room for its {len(CSV)} bytes in {tempfile.gettempdir()}; set TMPDIR to "
        "a folder with more"
    )


def test_a_temporary_folder_that_is_not_there_is_told(store, tmp_path, monkeypatch):
    file = listed(store)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert refusal(lambda: fetch(file)).startswith(
        f"{ROOT}/a.csv: no temporary file can be made: No such file or directory; set TMPDIR to a "
    )


def test_a_connection_that_ends_early_is_no_end_of_the_file(store, monkeypatch):
    file, opened = listed(store), type(store).open

    def short(*args: object, **kwargs: object) -> object:
        whole = opened(*args, **kwargs)
        whole.read = lambda size, read=whole.read: read(size)[:10]
        return whole

    monkeypatch.setattr(type(store), "open", short)
    assert refusal(lambda: fetch(file)) == (
        f"{ROOT}/a.csv: cut off: got 10 of {len(CSV)} bytes; run the command again"
    )


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system has no /proc")
def test_a_copy_has_no_name_and_there_is_one_at_a_time(store, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def copies() -> set[Path]:
        targets = set()
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):  # another thread may close it meanwhile
                targets.add(link.readlink())
        return {target for target in targets if tmp_path in target.parents}

    for name in "abc":
        store.pipe(f"/bucket/{name}.csv", CSV)
    batches = read_batches(f"{ROOT}/*.csv", Columns(), RULE)
    for _ in range(2):
        next(batches)
        assert len(copies()) == 1
        assert list(tmp_path.iterdir()) == []
    batches.close()  # as when a later stage fails
    assert copies() == set()


def test_where_the_system_has_no_proc_a_copy_has_a_name_while_it_is_read(
    store, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(remote, "_DESCRIPTORS", tmp_path / "none")
    store.pipe("/bucket/a.csv.gz", gzip.compress(CSV))
    batches = read_batches(f"{ROOT}/a.csv.gz", Columns(), RULE)
    assert next(batches)["text"].to_pylist() == ["a fine film", "a dull film"]
    assert len(list(tmp_path.iterdir())) == 1
    batches.close()
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_from_the_start_to_the_end(store, monkeypatch):
    file, seen = listed(store), []
    monkeypatch.setattr(urls, "on_fetch", lambda *told: seen.append(told))
    monkeypatch.setattr(remote, "_BLOCK", 16)
    fetch(file)
    assert seen == [(file.url, n, len(CSV)) for n in (0, 16, 32, 39)]


def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it(monkeypatch):
    for package in ("s3fs", "gcsfs", "adlfs"):
        monkeypatch.setitem(sys.modules, package, None)
    assert refusal(lambda: place_paths("s3://b/a.csv", RULE)) == (
        "s3://b/a.csv: needs the package s3fs; pip install 'sentiment-pipeline[s3]' into "
        + sys.prefix
    )
    for scheme, package in {"gs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}.items():
        assert refusal(lambda scheme=scheme: place_paths(f"{scheme}://b/a.csv", RULE)) == (
            f"{scheme}://b/a.csv: needs the package {package}; "
            f"pip install {package} into {sys.prefix}"
        )


# Whether a run is up to date.


def test_what_a_store_says_of_a_file_stands_for_its_content(store, tmp_path, monkeypatch):
    store.pipe("/bucket/a.csv", CSV)
    config = tmp_path / "c.toml"
    config.write_text(f'[corpus]\nsource = "files"\ntrain = "{ROOT}/*.csv"\n')
    opened = []
    monkeypatch.setattr(remote, "_fetch", lambda *args: opened.append(args))
    first = source_digests(load_config(config))
    assert list(first) == [f"{ROOT}/a.csv"]
    assert source_digests(load_config(config)) == first
    store.pipe("/bucket/a.csv", CSV[::-1])
    assert source_digests(load_config(config)) != first
    store.pipe("/bucket/b.csv", CSV)
    assert len(source_digests(load_config(config))) == 2
    assert opened == []


def test_the_version_is_the_checksum_of_a_store_or_its_time():
    common = {"size": 3, "type": "file", "LastModified": "today"}
    assert remote._version({**common, "ETag": '"1f-2"'}) == "ETag 1f-2"
    assert remote._version({**common, "blob_id": "c0", "xet_hash": "b1"}) == "blob_id c0"
    assert remote._version(common) == "LastModified today"


def test_a_run_of_urls_has_the_bytes_of_one_of_paths(store, tmp_path, sentiment):
    texts, labels = small_reviews()
    for n in range(3):
        write_jsonl(tmp_path / f"{n}.jsonl", texts[n::3], labels[n::3])
    put(store, tmp_path)
    outputs, command = {}, ["eval", "c.toml", "-q", "--set", "train.epochs=2"]
    for root in (str(tmp_path), ROOT):
        config = tmp_path / "c.toml"
        config.write_text(f'[corpus]\nsource = "files"\ntrain = "{root}/*.jsonl"\n')
        run = tmp_path / f"run{len(outputs)}"
        command = ["eval", config, "--run", run, "--set", "train.epochs=2"]
        done = sentiment(*command)
        assert done.exit_code == 0, done.output
        names = ("corpus/train.arrow", "corpus/test.arrow", "model/weights.safetensors")
        outputs[root] = [(run / name).read_bytes() for name in names]
    assert outputs[ROOT] == outputs[str(tmp_path)]
    assert "up to date" in sentiment(*command).stderr.splitlines()[1]
    manifest = json.loads((run / "manifest.json").read_text())
    assert tempfile.gettempdir() not in json.dumps(manifest["stages"]["corpus"]["depends"])
    store.pipe("/bucket/2.jsonl", store.cat("/bucket/1.jsonl"))
    assert "up to date" not in sentiment(*command).stderr.splitlines()[1]


def test_predict_reads_urls_and_writes_what_it_writes_of_paths(
    store, tmp_path, small_run, sentiment
):
    texts, labels = small_reviews()
    (tmp_path / "in").mkdir()
    write_jsonl(tmp_path / "in" / "a.jsonl", texts, labels)
    (tmp_path / "in" / "b.txt").write_text("\n".join(texts))
    put(store, tmp_path / "in")
    for options in ([], ["--json"], ["--keep", "label", "--out", tmp_path / "out"]):
        found = []
        for root in (str(tmp_path / "in"), ROOT):
            files = [f"{root}/a.jsonl"] if "--keep" in options else [f"{root}/*"]
            done = sentiment("predict", small_run.path, *files, *options)
            assert done.exit_code == 0, done.output
            found.append(done.stdout)
        assert found[0] == found[1]
    again = sentiment("predict", small_run.path, f"{ROOT}/a.jsonl", *options)
    assert "1 file up to date" in again.stderr
    done = sentiment("score", small_run.path, f"{ROOT}/a.jsonl", "--json")
    local = sentiment("score", small_run.path, tmp_path / "in" / "a.jsonl", "--json")
    assert done.exit_code == local.exit_code == 0
    assert json.loads(done.stdout) == json.loads(local.stdout)


def test_nothing_is_imported_for_urls_where_there_are_none(tmp_path):
    (tmp_path / "a.csv").write_bytes(CSV)
    code = (
        "import sys\n"
        "from pipeline.corpus.columns import Columns\n"
        "from pipeline.corpus.files import read_batches\n"
        "from pipeline.corpus.labels import LabelRule\n"
        f"for name in ({str(tmp_path / 'a.csv')!r}, {(tmp_path / 'a.csv').as_uri()!r}):\n"
        "    print(sum(b.num_rows for b in read_batches(name, Columns(), LabelRule((1,), (0,)))))\n"
        "print(sorted({'aiobotocore', 'fsspec', 's3fs'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "2", "[]"]
