"""README and documentation say what is there: links, commands, targets, settings and Python."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pipeline.cli import main
from pipeline.config.loading import load_config

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [README, *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("lesson/*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page, *languages):
    return [body for name, body in FENCED.findall(page.read_text("utf-8")) if name in languages]


def commands(page):
    """Return the commands of a page: lines of consoles, and code in the text."""
    text = page.read_text("utf-8")
    lines = [
        line[2:]
        for body in blocks(page, "console")
        for line in body.splitlines()
        if line[:2] == "$ "
    ]
    in_text = re.findall(r"`([^`\n]+)`", FENCED.sub("", text))
    return [command for line in lines for command in line.split(" | ")] + in_text


EVERY_COMMAND = sorted({(page.name, command) for page in PAGES for command in commands(page)})


def test_the_readme_is_read_in_a_few_minutes():
    assert len(README.read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_to_is_there(page):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", FENCED.sub("", page.read_text("utf-8")))
    missing = {target for target in targets if not (page.parent / target).exists()}
    assert not missing


def test_every_page_is_in_the_table_of_contents():
    listed = {
        line if index.parent == DOCS else f"lesson/{line}"
        for index in (DOCS / "index.md", DOCS / "lesson" / "index.md")
        for body in re.findall(r"```{toctree}(.*?)```", index.read_text("utf-8"), re.DOTALL)
        for line in body.split()
    }
    names = {str(page.relative_to(DOCS).with_suffix("")) for page in PAGES[1:]}
    assert names - {"index"} <= listed


@pytest.mark.parametrize(
    ("page", "command"), [each for each in EVERY_COMMAND if each[1].startswith("sentiment ")]
)
def test_every_command_that_a_page_shows_is_understood(page, command):
    """Its name is known, and so is each of its options."""
    words = shlex.split(command.removesuffix(" \\"))[1:]
    names = [word for word in words if word in main.list_commands(click.Context(main))]
    known = {"--help", "--version", "--debug", "-v", "-q"}
    if names:
        found = main.get_command(click.Context(main), names[0])
        known |= {option for parameter in found.params for option in parameter.opts}
        known |= {"-h"}
    else:
        assert words[0].isupper() or words[0].startswith("--"), f"{page}: {command}"
    options = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert options <= known, f"{page}: {command}"


@pytest.mark.parametrize(
    ("page", "command"), [each for each in EVERY_COMMAND if each[1].startswith("make ")]
)
def test_every_make_target_that_a_page_shows_is_there(page, command):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    named = [word for word in shlex.split(command)[1:] if re.fullmatch("[a-z]+", word)]
    assert set(named) <= targets, f"{page}: {command}"


@pytest.mark.parametrize(
    ("page", "text"), [(page.name, text) for page in PAGES for text in blocks(page, "toml")]
)
def test_every_toml_that_a_page_shows_is_a_config(page, text, tmp_path):
    """Alone, or as lines of the section that the text names."""
    table = tomllib.loads(text)
    section = "train" if {"threshold", "calibrate"} & set(table) else "corpus"
    of_section = {"threshold", "classes"} & set(table)
    if not any(isinstance(value, dict) for value in table.values()) or of_section:
        text = f"[{section}]\n{text}"
    if "[corpus]" not in text:
        text = f'{text}\n[corpus]\nsource = "sample"\n'
    if "source" not in text:
        text = text.replace("[corpus]", '[corpus]\nsource = "files"')
    if 'source = "files"' in text and "train =" not in text.split("[corpus]")[1]:
        text = text.replace('source = "files"', 'source = "files"\ntrain = "reviews.csv"')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    load_config(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python")], ids=lambda p: p.name
)
def test_the_python_of_a_page_runs_from_top_to_bottom(page, small_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(small_run.path, tmp_path / "runs" / "sample")
    if "sklearn" in page.read_text("utf-8"):
        pytest.importorskip("sklearn")
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(block, names)


def test_the_example_of_three_classes_prints_what_its_page_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    first, *others = blocks(DOCS / "python.md", "python")
    (example,) = (block for block in others if "labels_of_three" in block)
    names: dict[str, object] = {}
    exec(first, names)
    capsys.readouterr()
    exec(example, names)
    said = [re.split("[,;] in ", line)[0] for line in re.findall(r"# (.+)", example)]
    assert capsys.readouterr().out.splitlines() == said
    shown = [body for body in blocks(DOCS / "predict.md", "console") if "of-three" in body]
    assert len(shown) == 2
    for command, answer in map(str.splitlines, shown):
        text, words = re.match(r'\$ echo "(.+)" \| sentiment (.+)', command).groups()
        assert CliRunner().invoke(main, words.split(), input=text).output == f"{answer}\n"


def test_the_design_shows_every_file_of_the_package_with_its_own_words():
    """If not, `python tools/tour.py` writes it."""
    check = [sys.executable, str(ROOT / "tools" / "tour.py"), "--check"]
    assert subprocess.run(check, check=False).returncode == 0


def test_an_output_that_a_page_shows_is_of_a_command():
    """Each is written by tools/outputs.py, from the line above it."""
    for page in PAGES:
        for body in re.findall(
            r"<!-- output: \w+ -->\n+```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL
        ):
            assert body.startswith("$ "), page.name
