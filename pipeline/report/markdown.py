"""Fill the templates of the Markdown files: what they insert is text, and never markup.

Names, words and warnings may hold what Markdown or HTML would read as markup. Everything that a
template inserts is escaped here, in one place. Numbers are not strings, or come from a filter.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.boundary.inert import message
from pipeline.report import numbers

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FOLDER = Path(__file__).parent / "templates"
# What is markup anywhere, and what is at the start of a block. `$` is mathematics in some dialects.
_MARKUP = re.compile(r"[\\`*\[\]<>&|~$#]|(?<![^\W_])_|_(?![^\W_])|^[+\-=]")
_NUMBERED = re.compile(r"^(\d{1,9})(?=[.)](?:\s|$))")


def escaped(text: str) -> str:
    r"""Return a text as Markdown that shows it, on one line.

    >>> print(escaped("<b>a|b</b>"), escaped("- *c*"), escaped("1. well-known (1.5)"))
    \<b\>a\|b\</b\> \- \*c\* 1\. well-known (1.5)
    """
    return _NUMBERED.sub(r"\1\\", _MARKUP.sub(r"\\\g<0>", message(text).strip()))


def rendered(template: str, **values: Any) -> str:
    """Return a template of Markdown with values in it."""
    return _environment().get_template(template).render(**values)


def front_matter(metadata: dict[str, Any]) -> Markup:
    """Return the block of YAML above a text: each value as JSON in ASCII, which YAML reads."""
    from markupsafe import Markup

    lines = (f"{key}: {json.dumps(value)}" for key, value in metadata.items())
    return Markup("\n".join(["---", *lines, "---"]))


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def shown(value: Any) -> Any:
        # Jinja2 escapes what is not marked as markup; this is done before, and for Markdown.
        is_text = isinstance(value, str) and not isinstance(value, Markup)
        return Markup(escaped(value)) if is_text else value

    def figure(write: Any) -> Any:
        return lambda *values: Markup(write(*values))

    found = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters |= {
        "counted": figure(numbers.counted),
        "grouped": figure(lambda n: "" if n is None else f"{n:,}"),
        "number": figure(numbers.number),
        "plus": figure(lambda weight: f"{weight:+.3f}"),
        "share": figure(numbers.share),
        "short": figure(lambda value: f"{value:g}"),
    }
    for sentence in (
        numbers.abstaining_of,
        numbers.calibration_of,
        numbers.correct_of,
        numbers.interval_of,
    ):
        found.globals[sentence.__name__] = figure(sentence)
    return found
