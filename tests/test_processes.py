"""The double of `Workers`: what it refuses, and what it loses, as a cluster does."""

import os
import pickle

import pytest
from processes import Processes, process_of


def test_results_are_in_the_order_of_the_items():
    assert list(Processes().map(pow, range(5), 2)) == [0, 1, 4, 9, 16]


def test_a_process_runs_one_task_unless_processes_are_kept():
    ran = list(Processes().map(process_of, range(4)))
    assert len({*ran, os.getpid()}) == 5
    kept = list(Processes(n=1, are_kept=True).map_in_threads(process_of, range(4)))
    assert len({*kept, os.getpid()}) == 2


def test_what_cannot_be_pickled_fails():
    for arguments in (lambda item: item, [1]), (pow, [lambda: 1]), (pow, [1], lambda: 1):
        with pytest.raises((AttributeError, pickle.PicklingError)):
            list(Processes().map(*arguments))


def test_an_error_of_a_task_is_raised_as_it_is():
    with pytest.raises(ZeroDivisionError):
        list(Processes().map(divmod, [1], 0))
