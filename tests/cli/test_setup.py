"""The command that compiles the kernels ahead of the first run."""

import pytest

from pipeline.kernels import compiled


@pytest.fixture(autouse=True)
def _restored(monkeypatch):
    monkeypatch.setattr(compiled, "misfit", None)
    monkeypatch.setattr(compiled, "on_compile", compiled.on_compile)


def test_it_says_that_nothing_is_left_to_compile(sentiment):
    sentiment("compile")
    assert sentiment("compile").stdout == "the numerical loops are already compiled\n"


def test_it_says_that_nothing_was_compiled_where_the_loader_does_not_fit(monkeypatch, sentiment):
    def refuse(_: bool) -> bool:
        raise AttributeError("no attribute 'create_mcjit_compiler'")

    monkeypatch.setattr(compiled, "_compile_files", refuse)
    result = sentiment("compile")
    assert "do not fit the loader of kernels" in result.stderr
    assert result.stdout.startswith("nothing was compiled ahead: every run compiles")
