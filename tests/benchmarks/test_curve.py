"""The benchmark of `sentiment curve` asks the whole corpus what its parts predicted."""

from functools import partial

import pytest

from benchmarks import curve
from benchmarks.curve import Held, lines
from pipeline.evaluation import learning_curve
from pipeline.studies import curve as study
from pipeline.studies.curve import Design


def test_the_table_has_a_row_for_each_config():
    held = [Held(100, 200, True, True, False, 0.02), Held(100, 400, True, False, False, 0.04)]
    header, _, row = lines({"sample": held})
    assert header.count("|") == row.count("|")
    assert "| 2 | 100% | **50%** | 3.0 | 0% |" in row


def test_a_part_predicts_what_the_whole_training_set_shows(monkeypatch):
    monkeypatch.setitem(curve.PARTS, "sample", {2: (1.6,)})
    monkeypatch.setattr(curve, "RESAMPLES", 5)
    monkeypatch.setattr(learning_curve, "_RESAMPLES", 40)
    monkeypatch.setattr(study, "_draw", lambda *_: None)
    monkeypatch.setattr(curve, "Design", partial(Design, n_folds=5, repeats=1))
    first, second = curve.measure("sample", None)
    assert (first.n, first.then, second.n) == (1000, 1600, 1000)
    assert first.width == pytest.approx(second.width, abs=0.05)
