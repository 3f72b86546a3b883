"""Say at the end what the hidden tests will do."""

import json
from pathlib import Path

ABOUT = json.loads(Path(__file__).with_name("about.json").read_text("utf-8"))


def pytest_terminal_summary(terminalreporter):
    """Print how many public tests pass, and how many hidden ones there are."""
    passed = len(terminalreporter.stats.get("passed", []))
    terminalreporter.line(
        f"Public {passed} of {ABOUT['n_public']}; {ABOUT['n_hidden']} hidden tests run at grading."
    )
