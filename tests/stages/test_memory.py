"""Memory is measured and given back where the system can do so, and nothing fails elsewhere."""

import ctypes
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.stages.memory import peak_memory, reset_peak_memory, return_freed_memory


def no_library(name: None) -> None:
    raise OSError("dynamic loading is not supported")


def null_is_no_name(name: None) -> None:
    raise TypeError("expected a string, got None")


@pytest.mark.parametrize(
    "open_library",
    [lambda name: SimpleNamespace(), no_library, null_is_no_name],
    ids=["macOS and musl: no mallopt", "a static build", "Windows"],
)
def test_without_glibc_giving_memory_back_does_nothing(monkeypatch, open_library):
    monkeypatch.setattr(ctypes, "CDLL", open_library)
    return_freed_memory()


def test_with_glibc_it_sets_the_size_from_which_blocks_are_given_back(monkeypatch):
    calls = []
    library = SimpleNamespace(mallopt=lambda *settings: calls.append(settings))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    return_freed_memory()
    assert calls == [(-3, 1 << 22)]  # M_MMAP_THRESHOLD of malloc.h


def test_the_peak_holds_what_was_allocated_since_the_reset():
    reset_peak_memory()
    before = peak_memory()
    np.ones(1 << 23)  # 64 MB
    assert peak_memory() >= before + (32 << 20)
