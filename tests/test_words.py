"""The words of the project: one term for one thing, and the field's own.

docs/glossary.md has the terms; here are words that were given up for them.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GIVEN_UP = (
    *["ladder", "rung", "settled", "settling", "in_rooms", "in_order", "Mixture", "anew"],
    *["commoner", "called positive", "called negative", "left_stale", "unread", "beside"],
    "(train|training|test|validation) parts?",
)
# An underscore ends a word: identifiers count, too.
PATTERN = re.compile(rf"(?<![a-z])({'|'.join(GIVEN_UP)})(?![a-z])", re.IGNORECASE)
TEXTS = sorted(
    path
    for pattern in (
        "*.md",
        "Makefile",
        "configs/*",
        "docs/**/*",
        "pipeline/**/*",
        "benchmarks/*.py",
        "coursework/**/*",
    )
    for path in ROOT.glob(pattern)
    if path.suffix in {"", ".css", ".j2", ".js", ".md", ".py", ".toml"}
    and path.is_file()
    and not {"sample", "generated", "__pycache__"} & set(path.parts)
)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_word_that_was_given_up_does_not_come_back(path):
    """In code, in messages or in pages; a line break is a space like any other."""
    text = re.sub(r"\s+(?:# |\* )?", " ", path.read_text("utf-8"))
    found = [text[max(0, m.start() - 30) : m.end() + 30] for m in PATTERN.finditer(text)]
    assert not found
