"""The benchmark of the temperature scores reviews that no model learned from, in each way."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.calibration import NAMES, WAYS, Calibration, calibrated, lines
from benchmarks.reproduce import put
from pipeline.config.loading import find_config, load_config
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run
from pipeline.studies.splits import Reviews


def test_of_the_sample_folds_give_better_probabilities_and_the_same_accuracy(tmp_path):
    config = load_config(find_config(Path("sample")).path, ["train.epochs=5"]).without_tune()
    run_stages(config, Run(tmp_path), "corpus", SILENT)
    found = calibrated(config, Reviews.read(Run(tmp_path), "train"), n_learned=400)
    assert found.n_learned == 400
    assert found.accuracy["none"] == found.accuracy["folds"]
    assert found.gain == pytest.approx(found.loss["none"] - found.loss["folds"])
    assert found.gain > found.half_width
    assert found.ece["folds"] < found.ece["none"]


def test_a_table_goes_between_its_markers():
    labels, z = np.array([0, 1, 1]), np.array([-1.0, 2.0, -0.5])
    found = Calibration.of(labels, dict.fromkeys(WAYS, z), 12)
    assert (found.gain, found.half_width) == (0, 0)
    header, rule, row = lines({"sample": found})
    assert header.count("|") == rule.count("|") == row.count("|")
    page = Path(__file__).parents[2].joinpath("docs", "metrics.md").read_text(encoding="utf-8")
    for marker in ("calibration", "calibration of few"):
        assert row in put(page, marker, [header, rule, row], NAMES)
