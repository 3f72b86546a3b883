"""`make determinism` varies what it says, and says how far two platforms agree."""

import json

import pytest

from tools.proofs.axes import axes
from tools.proofs.platforms import agreement


def test_the_quick_form_varies_one_or_two_values_of_each_condition(tmp_path):
    found = list(axes(tmp_path, quick=True))
    names = {axis.name for axis in found}
    assert names == {
        *["process", "threads", "hash seed", "working directory", "locale", "time zone"],
        *["BLAS threads", "interruption"],
    }
    assert all(axis.promised for axis in found)
    assert sum(axis.killed for axis in found) == 1


@pytest.fixture
def saved(tmp_path):
    """Return a function that writes the file of a platform."""

    def save(name: str, digests: dict[str, str], **numbers: list[float]):
        value = {"platform": name, "digests": digests, "numbers": {"probabilities": [], **numbers}}
        (tmp_path / name).write_text(json.dumps(value))
        return tmp_path / name

    return save


def test_platforms_that_agree_are_said_to(saved):
    files = [saved(name, {"a": "1"}, probabilities=[0.25, 0.75]) for name in ("x86", "arm")]
    text = agreement(files)
    assert "x86 and arm" in text
    assert "differ:" not in text
    assert [line.split("|")[2:4] for line in text.splitlines()[4:]] == [
        ["  1 ", "        1 "],
        ["  2 ", "        2 "],
        ["  2 ", "        2 "],
    ]


def test_what_differs_is_counted_measured_and_named(saved):
    x86 = saved("x86", {"a": "1", "b": "1"}, probabilities=[0.25, 0.5], weights=[1.0, 2.0, 3.0])
    arm = saved("arm", {"a": "1", "b": "2"}, probabilities=[0.25, 0.4375], weights=[1.0, 2.0, 3.0])
    text = agreement([x86, arm])
    rows = {line.split("|")[1].strip(): line.split("|")[2:5] for line in text.splitlines()[2:-2]}
    found = {name: [cell.strip() for cell in cells] for name, cells in rows.items()}
    assert found["files"] == ["2", "1", ""]
    assert found["probabilities"] == ["2", "1", "6.2e-02"]
    assert found["weights"] == ["3", "3", "0.0e+00"]
    assert found["predictions"] == ["2", "1", ""]
    assert text.endswith("These files differ: b.")
