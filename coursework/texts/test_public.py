"""The public tests: each compares a function with a worked example of examples.json."""

import pytest
from tests.examples import EXAMPLES, said_of


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["test"])
def test_worked_example(example):
    """The function returns what the example says, and changes none of its inputs."""
    if said := said_of(example):
        pytest.fail(said, pytrace=False)
