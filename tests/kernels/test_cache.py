"""Compiled kernels are kept where nobody else can write, and are loaded from nowhere else."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.kernels import cache, compiled, distinct, logistic, native

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")


@pytest.fixture
def place(monkeypatch, tmp_path) -> cache.Place:
    """Return the only place for object files: a cache of this user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    _, private = cache.places()
    monkeypatch.setattr(cache, "places", lambda: iter([private]))
    return private


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_what_is_kept_is_for_its_user_alone_whatever_the_umask(place, umask):
    before = os.umask(umask)
    try:
        assert cache.keep("a.o", b"code")
    finally:
        os.umask(before)
    assert cache.find("a.o") == (b"code", [])
    assert mode(place.folder) == 0o700
    assert {path.name: mode(path) for path in place.folder.iterdir()} == {"a.o": 384, "key": 384}
    assert mode(place.above) & 0o077 == 0


def test_the_folder_of_an_earlier_version_is_closed_to_others(place):
    place.folder.mkdir(parents=True)
    place.folder.chmod(0o777)
    assert cache.keep("a.o", b"code")
    assert mode(place.folder) == 0o700


@pytest.mark.parametrize("which", ["file", "key", "folder", "cache"])
@pytest.mark.parametrize("bits", [0o020, 0o002])
def test_what_others_can_write_to_is_refused(place, which, bits):
    cache.keep("a.o", b"code")
    paths = {"file": place.folder / "a.o", "key": place.folder / "key"}
    path = (paths | {"folder": place.folder, "cache": place.above})[which]
    path.chmod(path.stat().st_mode | bits)
    content, refused = cache.find("a.o")
    assert content is None
    assert set(refused) == {path}


@as_root
@pytest.mark.parametrize("which", ["file", "key", "folder", "cache"])
def test_what_another_user_owns_is_refused(place, which):
    cache.keep("a.o", b"code")
    paths = {"file": place.folder / "a.o", "key": place.folder / "key"}
    path = (paths | {"folder": place.folder, "cache": place.above})[which]
    os.chown(path, NOBODY, NOBODY)
    content, refused = cache.find("a.o")
    assert content is None
    assert set(refused) == {path}


def test_a_shared_cache_with_the_sticky_bit_is_taken(place):
    """As /tmp is: others can write files of their own, and touch no one else's."""
    place.above.mkdir()
    place.above.chmod(0o1777)
    assert cache.keep("a.o", b"code")
    assert cache.find("a.o") == (b"code", [])


def test_nothing_is_written_where_others_could_replace_it(place):
    place.above.mkdir()
    place.above.chmod(0o777)
    assert not cache.keep("a.o", b"code")
    assert not list(place.folder.glob("*"))


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(bytes(99)),
        lambda file: file.unlink(),
        lambda file: file.rename(file.with_name("b.o")) and file.symlink_to("b.o"),
        lambda file: file.unlink() or os.mkfifo(file),
        lambda file: file.unlink() or file.mkdir(),
        lambda file: file.with_name("key").write_bytes(bytes(32)),
        lambda file: file.with_name("key").unlink(),
        lambda file: file.with_name("key").write_bytes(b""),
    ],
    ids="cut empty zeros gone link pipe folder other-key no-key empty-key".split(),
)
def test_a_file_that_is_not_as_it_was_kept_is_as_good_as_none(place, change):
    cache.keep("a.o", b"code")
    change(place.folder / "a.o")
    assert cache.find("a.o")[0] is None


def test_a_file_under_another_name_or_with_another_users_seal_is_as_good_as_none(place, tmp_path):
    """A right digest is no seal: that takes the key, and the name for which it was made.

    LLVM ends the process if an object file is none, so it must not get to see one.
    """
    cache.keep("a.o", b"code")
    (place.folder / "a.o").rename(place.folder / "b.o")
    assert cache.find("b.o") == (None, [])
    (place.folder / "b.o").write_bytes(cache._seal("b.o", b"code", b"") + b"code")
    assert cache.find("b.o") == (None, [])


@pytest.mark.parametrize("value", ["", "cache", "./cache", "~/cache"])
def test_a_relative_cache_is_ignored(monkeypatch, tmp_path, value):
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    package, private = cache.places()
    assert package.folder == Path(native.__file__).parent / "__pycache__"
    assert private == cache.Place(
        tmp_path / ".cache" / "sentiment-pipeline", tmp_path / ".cache", True
    )


def test_a_user_without_a_home_has_no_cache(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "nowhere")
    assert len(list(cache.places())) == 1


def test_in_the_package_all_users_read_one_file(monkeypatch, tmp_path):
    package = cache.Place(tmp_path / "__pycache__", None, False)
    monkeypatch.setattr(cache, "places", lambda: iter([package]))
    assert cache.keep("a.o", b"code")
    assert mode(package.folder / "a.o") == 0o644
    assert cache.find("a.o") == (b"code", [])
    (package.folder / "a.o").chmod(0o664)
    assert cache.find("a.o") == (None, [package.folder / "a.o"])


# In a process that cannot keep anything, or loads what somebody else left

USE = """
    import sys
    from pathlib import Path
    import numpy as np
    from pipeline.kernels import cache, compiled, compilers, logistic, native, distinct
    compiled.on_compile = print
    private = cache.Place(Path(sys.argv[1], "sentiment-pipeline"), Path(sys.argv[1]), True)
    cache.places = lambda: iter([private])
    slow, native.compile_to_object = native.compile_to_object, lambda module: (
        slow(module) if module.__name__ in (logistic.__name__, distinct.__name__) else b"none"
    )
    compilers.subprocess.Popen = lambda *args, **options: (_ for _ in ()).throw(OSError)
    result = np.empty(1)
    row = np.full(1, 3, np.float32), np.zeros(1, np.int32), np.array([0, 1])
    logistic.scores(*row, np.array([2.0]), 0.5, result)
    numbers = np.empty(2, np.int32)
    distinct.renumber(np.array([1, 0], np.int32), np.array([7, 9], np.int32), numbers)
    print(result[0], *numbers)
"""


def use_in_process(folder: Path) -> list[str]:
    """Use kernels of two files; return the lines that are said. The other files take no time."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(USE), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_where_nothing_can_be_kept_a_process_compiles_once_and_says_so_once(tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("in the way of a folder")
    compiling, kept, result = use_in_process(nowhere)
    assert compiling.startswith("compiling the numerical loops, once")
    assert kept == (
        f"they cannot be kept in {nowhere}/sentiment-pipeline: every process compiles them again"
    )
    assert result == "6.5 9 7"


def test_what_others_can_write_to_is_compiled_again_and_said_once(tmp_path):
    assert len(use_in_process(tmp_path / "cache")) == 2
    assert use_in_process(tmp_path / "cache") == ["6.5 9 7"]
    (tmp_path / "cache").chmod(0o777)
    refused, compiling, kept, result = use_in_process(tmp_path / "cache")
    expected = "not loaded, because another user owns it or can write to it"
    assert refused == f"{tmp_path}/cache: {expected}"
    assert (compiling.split()[0], kept.split()[0], result) == ("compiling", "they", "6.5 9 7")


def object_of(module: ModuleType) -> bytes:
    compiled.compile_all()
    code, _ = cache.find(native.file_name(module))
    assert code is not None
    return code


def test_an_object_file_without_the_function_is_an_error_before_it_is_called(monkeypatch):
    """A call to address 0 would end the process."""
    other = native.load(object_of(distinct))
    monkeypatch.setattr(compiled, "_library", lambda name: other)
    monkeypatch.setattr(compiled, "misfit", None)
    said: list[str] = []
    monkeypatch.setattr(compiled, "on_compile", said.append)
    kernel = compiled.Kernel(logistic.scores.py_func, logistic.scores.signature)
    kernel._load()
    assert "no function kernel_scores" in said[0]
