"""The last value that was computed: once for all threads, and never two of them in memory."""

import pickle
import threading
import time
import weakref

import pytest

from pipeline.studies.latest import Latest


def test_threads_that_ask_for_one_key_get_one_value():
    latest, computed = Latest(), []

    def compute():
        time.sleep(0.05)
        computed.append(object())
        return computed[-1]

    found = []
    threads = [
        threading.Thread(target=lambda: found.append(latest.get("key", compute))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(computed) == 1
    assert all(value is computed[0] for value in found)


def test_the_last_value_has_gone_before_the_next_is_computed():
    class Large:
        pass

    latest = Latest()
    first = weakref.ref(latest.get(1, Large))
    assert first() is not None
    latest.get(2, lambda: first())
    assert latest.get(2, Large) is None


def test_what_fails_is_computed_again():
    latest = Latest()
    with pytest.raises(ZeroDivisionError):
        latest.get("key", lambda: 1 / 0)
    assert latest.get("key", lambda: 1) == 1


def test_the_value_is_not_pickled():
    latest = Latest()
    latest.get("key", lambda: "x" * 1000)
    sent = pickle.dumps(latest)
    assert len(sent) < 200
    assert pickle.loads(sent).get("key", lambda: 2) == 2
