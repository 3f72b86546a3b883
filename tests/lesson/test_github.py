r"""Formulas reach a reader on GitHub as they are written.

GitHub reads a page as Markdown first and looks for `$` in what is left. So a formula must come
through Markdown unchanged: `\,` loses its backslash, and two `*` become italics. What else GitHub
does not draw is collected in https://github.com/nschloe/github-math-bugs.
"""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$]+\$", re.DOTALL)
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def faults(page):
    """Yield what GitHub would not draw in a page, each with the text that it stands in."""
    for token in READER.parse(page):
        if token.type == "inline":
            yield from faults_of_paragraph(token.content, token.children)


def faults_of_paragraph(source, children):
    """Yield the faults of a paragraph, a heading or a cell, from its source and its parts."""
    source = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "CODE", source, flags=re.DOTALL)
    left = "".join(
        {"softbreak": "\n", "code_inline": "CODE"}.get(c.type, c.content) for c in children
    )
    if "$" in FORMULA.sub("", source):
        yield f"a $ without another one: {source}"
    for match in FORMULA.finditer(source):
        formula, before, after = match[0], source[: match.start()], source[match.end() :]
        if formula not in left:
            yield f"Markdown changes it: {formula}"
        if re.search(r"\S<|<\S", formula):
            yield f"< needs spaces: {formula}"
        if formula.startswith("$$"):
            if before or after:
                yield f"text next to a formula on its own lines: {source}"
            continue
        if "\n" in formula:
            yield f"a line ends inside it: {formula}"
        if re.search(r"[^\s(]\Z", before) or re.match(r"[\w$*-]", after):
            yield f"a letter or a sign touches it: {before[-1:]}{formula}{after[:1]}"
        if re.search(r"\[[^\]]*\Z", before) and re.match(r"[^\[]*\]\(", after):
            yield f"in the text of a link: {formula}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_github_draws_every_formula_of_a_page(page):
    assert list(faults(page.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        r"a thin space $a \, b$",
        r"braces $\{0, 1\}$",
        r"a new line $$a \\ b$$",
        "italics $a *b$ and $c* d$",
        "italics $x_{ij}_{k}$ and $\\bar{x}_{ij}_{k}$ again",
        "a line $a +\nb$ ends",
        "a list:\n\n$$a\n+ b$$",
        "$a<b$ is a tag",
        "text $$a$$",
        "a$b$",
        "$b$c",
        "[chapter $a$](score.md)",
        "$5",
        "| a | b |\n| - | - |\n| $|b|$ | c |",
    ],
)
def test_what_github_breaks_is_found(text):
    assert list(faults(text))


@pytest.mark.parametrize(
    "text",
    [
        r"$a (1 - a)$, ($x_j$) and $\lVert w \rVert^2$.",
        "$$\\frac{1}{N} \\sum_{i=1}^{N} x_{ij}\n= 0$$",
        "`$HOME` and $x_1 < x_2$",
    ],
)
def test_what_github_draws_is_no_fault(text):
    assert list(faults(text)) == []
