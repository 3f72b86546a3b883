"""The rows of a Hub, which `test_faults` runs in a process of their own."""

import pytest
from faults import hub
from faults.ground import require_told


@pytest.mark.parametrize("fault", hub.TABLE, ids=lambda fault: fault.name)
def test_what_the_hub_answers_is_told_in_one_line_and_in_time(
    fault, ground, sentiment, monkeypatch
):
    with hub.answering(fault.name, ground, monkeypatch):
        require_told(fault, ground, sentiment)
