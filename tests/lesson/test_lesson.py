"""The chapters say what is there: functions, tests, figures and measurements by their names."""

import ast
import importlib
import json
import re
import shlex
from pathlib import Path

import figures
import measure
import notebook
import pytest
import timing

ROOT = Path(__file__).parents[2]
LESSON = ROOT / "docs" / "lesson"
CHAPTERS = sorted(path for path in LESSON.glob("*.md") if path.stem not in {"index", "answers"})
NAMED = re.compile(r"\*Computed by (.*?);\s+checked\s+by\s+(.*?)\.\*", re.DOTALL)
every_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)


def formulas(page):
    """Return the names of functions and of tests under each formula of a chapter."""
    found = NAMED.findall(page.read_text("utf-8"))
    return [[re.findall(r"`([^`]+)`", names) for names in pair] for pair in found]


def names_of_tests(path):
    """Return the names of tests in a file, as pytest has them."""
    names = set()
    for node in ast.parse((ROOT / path).read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{f.name}" for f in node.body if isinstance(f, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
    return names


@every_chapter
def test_the_functions_under_a_formula_are_there(page):
    for functions, _ in formulas(page):
        assert functions
        for name in functions:
            module, _, attribute = name.rpartition(".")
            assert callable(getattr(importlib.import_module(module), attribute)), name


@every_chapter
def test_the_tests_under_a_formula_are_there(page):
    for _, tests in formulas(page):
        assert tests
        for name in tests:
            path, _, test = name.partition("::")
            assert test in names_of_tests(path), name


@every_chapter
def test_each_formula_on_its_own_lines_has_a_function_and_a_test(page):
    """All but steps of a calculation: each section with formulas names at least one of both."""
    for section in re.split(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE):
        if "$$" in section:
            assert NAMED.search(section), section.partition("\n")[0]


def test_no_word_of_a_name_is_lost():
    """A name in a form that the other tests would not see is a fault of the page."""
    for page in CHAPTERS:
        assert page.read_text("utf-8").count("*Computed by") == len(formulas(page)), page.stem


@every_chapter
def test_a_chapter_names_sections_of_the_textbook_and_ends_with_a_command(page):
    text = page.read_text("utf-8")
    assert re.match(r"# .+\n\n\*In the textbook: ", text)
    assert "```console\n$ " in text.rpartition("\n## Run it\n")[2]


def test_every_figure_is_drawn_committed_and_shown():
    shown = re.findall(r"\]\(figures/(\w+)\.svg\)", "".join(p.read_text("utf-8") for p in CHAPTERS))
    committed = {path.stem for path in (LESSON / "figures").iterdir()}
    assert set(shown) == set(figures.FIGURES) == committed


def test_every_measurement_that_a_page_shows_is_there_and_all_are_shown():
    commands = [
        shlex.split(line)[3:]
        for page in CHAPTERS
        for line in page.read_text("utf-8").splitlines()
        if line.startswith("$ python docs/lesson/measure.py")
    ]
    assert {command[0] for command in commands} == set(measure.MEASUREMENTS)


def title(page):
    """Return the heading of a page."""
    return page.read_text("utf-8").partition("\n")[0].removeprefix("# ")


def test_every_chapter_is_in_the_contents_in_their_order():
    """In the list that GitHub shows as in the one that MyST reads."""
    ordered = notebook.chapters()[1:]
    assert sorted(ordered) == CHAPTERS
    index = (LESSON / "index.md").read_text("utf-8")
    found = re.findall(r"^(\d+)\. \[(.+)\]\((\S+)\)$", index, re.MULTILINE)
    assert found == [(str(n), title(page), page.name) for n, page in enumerate(ordered, 1)]


def test_each_chapter_ends_with_a_link_to_the_next():
    ordered = notebook.chapters()[1:]
    for page, following in zip(ordered, [*ordered[1:], None], strict=True):
        link = f"\nNext: [{title(following)}]({following.name})\n" if following else ""
        assert page.read_text("utf-8").partition("\nNext: ")[2] == link.removeprefix("\nNext: ")


@pytest.mark.parametrize("page", sorted(LESSON.glob("*.md")), ids=lambda page: page.stem)
def test_another_chapter_is_named_by_the_number_or_the_place_that_it_has(page):
    """Only in a link: a number without one could go out of date unseen."""
    ordered = [path.name for path in notebook.chapters()]
    text = page.read_text("utf-8")
    named = re.findall(r"\[(\w+ chapter|[Cc]hapter \d+)\]\(([\w-]+\.md)\)", text)
    for words, target in named:
        places = {"next chapter": 1, "last chapter": -1}
        if words in places:
            place = ordered.index(page.name) + places[words]
        else:
            place = int(words.split()[1])
        assert ordered[place] == target, words
    assert len(named) == len(re.findall(r"\b(?:(?:next|last) chapter|[Cc]hapter\s+\d+)\b", text))


def test_the_table_of_tricks_has_the_times_of_the_figure():
    page = (LESSON / "sparse.md").read_text("utf-8")
    times = json.loads(timing.FILE.read_text("utf-8"))
    seconds = list(times["tricks"].values())
    expected = [(f"{each * 1e3:.1f}", f"{seconds[0] / each:.1f}") for each in seconds]
    assert re.findall(r"\| +(\d+\.\d) \| +(\d+\.\d) \|", page) == expected
    few, *_, many = times["growth"]
    for kind, digits, said in (("dense", -1, "takes {:.0f} times"), ("sparse", 1, "{:.1f} times")):
        assert said.format(round(many[f"epoch_{kind}"] / few[f"epoch_{kind}"], digits)) in page


def test_measurements_are_listed_without_a_name(capsys):
    assert measure.main([]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in measure.MEASUREMENTS)
    assert measure.main(["no-such-thing"]) == 2


@pytest.mark.parametrize("name", ["sigmoid", "branches", "guesses"])
def test_a_figure_is_drawn_to_the_same_bytes(name, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    figures.main([name])
    first = (tmp_path / f"{name}.svg").read_bytes()
    figures.main([name])
    assert (tmp_path / f"{name}.svg").read_bytes() == first


def test_the_notebook_is_that_of_the_chapters():
    """If not, `make lesson` writes it."""
    assert notebook.main(["--check"]) == 0


def test_the_notebook_is_valid_and_holds_every_command_with_its_output():
    found = json.loads(notebook.FILE.read_text("utf-8"))
    assert (found["nbformat"], found["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in found["cells"]}) == len(found["cells"])
    sources = "".join("".join(cell["source"]) + "\n" for cell in found["cells"])
    for page in CHAPTERS:
        for line in page.read_text("utf-8").splitlines():
            if line.startswith("$ "):
                assert f"!{line[2:]}" in sources
    printed = "".join(
        line for cell in found["cells"] for out in cell.get("outputs", []) for line in out["text"]
    )
    assert "iteration 30: cost" in printed
    assert "{toctree}" not in sources
