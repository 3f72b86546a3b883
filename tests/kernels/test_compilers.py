"""Files of kernels are compiled in other processes, and here if there are none."""

import importlib
import sys

import pytest

from pipeline.kernels import compilers, logistic, native, negation


@pytest.fixture
def compiled_here(monkeypatch) -> list[str]:
    """Compile nothing in this process; return the names of what would be."""
    names: list[str] = []

    def compile_to_object(module):
        names.append(module.__name__)
        return b"here"

    monkeypatch.setattr(native, "compile_to_object", compile_to_object)
    return names


def test_other_processes_compile_and_this_one_does_not(compiled_here):
    modules = [logistic, negation]
    objects = compilers.objects_of(modules)
    assert set(objects) == {module.__name__ for module in modules}
    assert compiled_here == []
    assert native.load(objects[logistic.__name__]).get_function_address("kernel_scores")
    assert native.load(objects[negation.__name__]).get_function_address("kernel_mark")


def test_other_processes_import_from_where_this_one_does(tmp_path, monkeypatch, compiled_here):
    source = """
from pipeline.kernels.compiled import kernel

@kernel("int64(int64)")
def doubled(n):
    return 2 * n
"""
    (tmp_path / "found_by_path_alone.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("found_by_path_alone")
    code = compilers.objects_of([module])["found_by_path_alone"]
    assert compiled_here == []
    assert native.load(code).get_function_address("kernel_doubled")


@pytest.mark.parametrize("program", ["/bin/false", "/no/such/program"])
def test_what_no_other_process_compiles_is_compiled_here(monkeypatch, compiled_here, program):
    monkeypatch.setattr(sys, "executable", program)
    names = [logistic.__name__, negation.__name__]
    assert compilers.objects_of([logistic, negation]) == dict.fromkeys(names, b"here")
    assert compiled_here == names


def test_a_file_that_another_process_cannot_compile_says_why_here(monkeypatch):
    def compile_to_object(module):
        raise TypeError(f"{module.__name__} has a fault")

    monkeypatch.setattr(native, "compile_to_object", compile_to_object)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(TypeError, match="logistic has a fault"):
        compilers.objects_of([logistic])


def test_the_file_with_the_most_sources_is_the_first():
    """A long one that is begun last would keep the others waiting."""
    from pipeline.kernels import words

    sizes = {module: compilers._source_size(module) for module in (logistic, negation, words)}
    assert max(sizes, key=sizes.__getitem__) is words
