"""The fault tables: each bad input is told in one line, with its exit code, in time."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from faults import command_lines, configs, corpora, hub, models, runs
from faults.ground import require_told

TABLES = (configs, corpora, models, runs, command_lines, hub)
ROWS = [
    pytest.param(fault, id=f"{table.__name__.rpartition('.')[2]}-{fault.name}")
    for table in TABLES
    for fault in table.TABLE
    if table is not hub
]


@pytest.mark.parametrize("fault", ROWS)
def test_it_is_told_in_one_line_with_its_code_and_in_time(fault, ground, sentiment):
    require_told(fault, ground, sentiment)


def test_the_tables_hold_at_least_120_rows_and_no_name_twice():
    names = [(table.__name__, fault.name) for table in TABLES for fault in table.TABLE]
    assert len(names) >= 120
    assert len(set(names)) == len(names)
    assert all(len(table.TABLE) >= 10 for table in TABLES)


def test_the_documentation_says_how_many_rows_there_are():
    page = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8")
    section = page.partition("## Bad inputs")[2].partition("\n## ")[0]
    stated = [int(n) for n in re.findall(r"\| +(\d+) \|$", section, re.MULTILINE)]
    counts = [len(table.TABLE) for table in TABLES]
    assert stated == [*counts, sum(counts)]


@pytest.mark.slow
def test_what_a_hub_answers_is_told_in_one_line_and_in_time():
    """In a process of its own: `huggingface_hub` keeps connections and answers of other tests."""
    rows = Path(__file__).with_name("hub_rows.py")
    options = [
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-o",
        f"python_files={rows.name}",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(rows)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"{len(hub.TABLE)} passed" in done.stdout
