"""Errors travel from a worker of a cluster as they are."""

import pickle

import pytest

from pipeline import errors

ALL = [name for name, each in vars(errors).items() if isinstance(each, type)]


@pytest.mark.parametrize("name", ALL)
def test_an_error_can_travel(name):
    kind = getattr(errors, name)
    error = kind(15) if name == "Interrupted" else kind("reviews.csv, line 1: no text")
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is kind
    assert (str(arrived), vars(arrived)) == (str(error), vars(error))
