"""What commands write: lines that are inert, on standard output and error, and JSON.

Nothing else in this package writes with click; `display/terminal.py` writes tables and colours.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from pipeline.boundary.inert import escaped_json, inert, message


def say(text: str) -> None:
    """Print a message on standard error: one line, cut where it is long."""
    click.echo(message(text), err=True)


def echo(*lines: str) -> None:
    """Print lines on standard output; a line break within one is written as such an escape."""
    for line in lines:
        click.echo(message(line, most=None))


def echo_text(text: str) -> None:
    """Print a text of several lines on standard output."""
    click.echo(inert(text), nl=False)


def write(data: bytes) -> None:
    """Write lines for a program, which get them as they are; on a terminal they are inert."""
    if sys.stdout.isatty():
        data = inert(data.decode()).encode()
    click.echo(data, nl=False)


def fields(result: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as JSON can hold them: NaN becomes None."""
    import dataclasses

    from pipeline.storage.files import null_for_nan

    plain: dict[str, Any] = null_for_nan(dataclasses.asdict(result))
    return plain


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    import json

    click.echo(escaped_json(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)))
