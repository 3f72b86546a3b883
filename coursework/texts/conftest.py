"""Say at the end what the hidden tests will do."""

import json
from pathlib import Path

ABOUT = json.loads(Path(__file__).with_name("about.json").read_text("utf-8"))


def pytest_terminal_summary(terminalreporter):
    """Print how many of the public tests that ran pass, and how many hidden ones there are."""
    passed, failed, errors = (
        len(terminalreporter.stats.get(outcome, [])) for outcome in ("passed", "failed", "error")
    )
    ran = passed + failed + errors
    some = f" that ran, of {ABOUT['n_public']} in all" if ran < ABOUT["n_public"] else ""
    hidden = f"{ABOUT['n_hidden']} hidden tests run at grading."
    terminalreporter.line(f"Public {passed} of {ran}{some}; {hidden}")
