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


def cells(kind):
    found = json.loads(notebook.FILE.read_text("utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def printed(cell):
    return "".join(line for output in cell["outputs"] for line in output["text"])


def test_the_notebook_is_that_of_the_chapters():
    """If not, `make lesson` runs it and writes it. Here, no command is run."""
    by_source = notebook.committed()
    outputs = {n: by_source.get(cell[1].strip("\n")) for n, cell in enumerate(notebook.cells())}
    outputs = {n: text for n, text in outputs.items() if text is not None}
    assert notebook.FILE.read_text("utf-8") == notebook.notebook(outputs)


def test_the_notebook_is_valid_and_has_every_command_of_the_chapters_in_a_cell_of_its_own():
    found = json.loads(notebook.FILE.read_text("utf-8"))
    assert (found["nbformat"], found["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in found["cells"]}) == len(found["cells"])
    sources = ["".join(cell["source"]) for cell in cells("code")]
    shown = [
        line.removeprefix("$ ")
        for page in notebook.chapters()
        for line in page.read_text("utf-8").splitlines()
        if line.startswith("$ ")
    ]
    assert sources[1:] == [f"!{command}" for command in shown]
    assert not any("{toctree}" in line for cell in cells("markdown") for line in cell["source"])


def test_the_cells_that_a_kernel_ran_are_numbered_and_have_outputs():
    first, *rest = cells("code")
    assert first["outputs"] == []
    run = [cell for cell in (first, *rest) if cell["execution_count"]]
    assert [cell["execution_count"] for cell in run] == list(range(1, len(run) + 1))
    not_run = [cell for cell in rest if cell["execution_count"] is None]
    assert len(not_run) < 5, "what needs other data than a clone has"
    quiet = {"".join(c["source"]) for c in rest if not c["outputs"]}
    assert all(" -q" in source for source in quiet), "these print nothing"


def test_an_output_agrees_with_another_one_but_for_seconds_and_the_last_digit():
    agree = notebook.all_agree
    assert agree("train  (0.3 s)\nlength 19.77\n", "train  (12.1 s)\nlength 19.78")
    assert agree("error 3.7e-08", "error 3.8e-08")
    for other in ("length 19.79", "length 19.77 more", "length 19.770", "width 19.77", ""):
        assert not agree("length 19.77", other)
    assert not agree("20 steps", "21 steps")
    assert not agree("-0.2", "+0.2")


def run_by_a_kernel(monkeypatch, tmp_path, chapter):
    """Return the notebook module with one short chapter, and the file that it writes."""
    pytest.importorskip("nbclient", reason="make lesson installs the kernel")
    pytest.importorskip("ipykernel", reason="make lesson installs the kernel")
    (tmp_path / "chapter.md").write_text(chapter, "utf-8")
    monkeypatch.setattr(notebook, "chapters", lambda: [tmp_path / "chapter.md"])
    monkeypatch.setattr(notebook, "FILE", tmp_path / "lesson.ipynb")
    monkeypatch.setattr(notebook, "START", "seconds = 0.1\n")


CHAPTER = """\
Text, with $x$.

<!-- output: sample -->

```console
$ echo "took 0.1 s"; printf 'caf\\303\\251   \\n'
took 0.1 s
caf\u00e9

$ true
```

<!-- output: imdb -->

```console
$ no-such-command
what it printed
```

```console
$ echo "$((1 + 1)), not on the page"; echo "took $(date +%N).1 s"
```
"""


def test_a_kernel_runs_the_commands_and_writes_the_same_bytes_again(monkeypatch, tmp_path):
    run_by_a_kernel(monkeypatch, tmp_path, CHAPTER)
    assert notebook.main([]) == 0
    first = notebook.FILE.read_bytes()
    *_, shown, silent, needs, last = cells("code")
    assert printed(shown) == "took 0.1 s\ncaf\u00e9"
    assert silent["outputs"] == []
    assert (needs["execution_count"], printed(needs)) == (None, "what it printed")
    assert printed(last).startswith("2, not on the page\ntook ")
    assert notebook.main(["--check"]) == 0
    assert notebook.main([]) == 0
    assert notebook.FILE.read_bytes() == first


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("took 0.1 s\ncaf", "took 0.1 h\ncaf", "a page shows another output"),
        ("not on the page", "changed", "not what its commands print"),
        ("$ true", "$ false", "false: exit code 1"),
    ],
)
def test_a_notebook_that_is_not_what_is_printed_fails(
    old, new, said, monkeypatch, tmp_path, capsys
):
    run_by_a_kernel(monkeypatch, tmp_path, CHAPTER.replace(old, new))
    notebook.FILE.write_text(notebook.notebook({5: "2, not on the page"}), "utf-8")
    first = notebook.FILE.read_bytes()
    assert notebook.main(["--check"]) == 1
    assert said in capsys.readouterr().err
    assert notebook.FILE.read_bytes() == first
