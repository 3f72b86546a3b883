"""`train` in parts and to the minimum: what it says, writes and leaves, on any workers."""

import json

import pytest
from processes import Backwards
from small_corpus import small_reviews, write_jsonl

from pipeline.config.checking import checked
from pipeline.config.schema import Config
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run
from pipeline.studies.certify import certify_run
from pipeline.studies.verify import verify_run
from pipeline.training import lbfgs

EXACT = {"exact": True, "l2": 1e-2, "epochs": 2, "parts": 3}


@pytest.fixture
def train(tmp_path):
    """Return a function that trains on the small corpus, and returns the run folder."""
    write_jsonl(tmp_path / "train.jsonl", *small_reviews())

    def trained(name, workers=None, **settings):
        corpus = {"source": "files", "train": str(tmp_path / "train.jsonl")}
        config = checked({"corpus": corpus, "train": EXACT | settings}, Config)
        more = {} if workers is None else {"workers": workers}
        run_stages(config, Run(tmp_path / name), "train", SILENT, **more)
        return tmp_path / name

    return trained


def entry(run):
    return Run(run).stage("train")


def test_says_and_records_how_near_to_the_minimum_it_came(train):
    run = train("run", calibrate=True, validation=0.2, ratio="documents")
    history = json.loads((run / "model" / "history.json").read_text())
    minimum, said = history["minimum"], entry(run)["summary"]
    assert len(history["epochs"]) == 2
    steps = f"2 epochs at rate {history['steps']['learning_rate']:g}"
    assert said.startswith(f"{steps}, L-BFGS: {minimum['n_steps']} steps, J ")
    assert entry(run)["warnings"] == []
    certificate = certify_run(run, steps=0)
    assert certificate.objective == pytest.approx(minimum["objective"], rel=1e-9)
    assert certificate.gap == pytest.approx(minimum["gap"], rel=1e-3)
    assert certificate.gap <= 1e-5


def test_shows_what_it_came_to_below_the_epochs(sentiment, tmp_path):
    overrides = ("train.exact=true", "train.epochs=2", "train.validation=0.2")
    options = [option for each in overrides for option in ("--set", each)]
    shown = sentiment("train", "sample", "--run", tmp_path / "run", *options).stdout.splitlines()
    rows = [line.split() for line in shown if line.split()[:1] in (["1"], ["2"], ["L-BFGS"])]
    assert [row[0] for row in rows] == ["1", "2", "L-BFGS"]
    minimum = json.loads((tmp_path / "run" / "model" / "history.json").read_text())["minimum"]
    assert rows[2][1:3] == [f"{minimum['loss']:.3f}", f"{minimum['accuracy']:.1%}"]
    assert rows[2][4] == f"{minimum['validation_accuracy']:.1%}"


def test_warns_where_the_gap_is_not_reached(train, monkeypatch):
    monkeypatch.setattr(lbfgs, "STEPS", 1)
    (warning,) = entry(train("run"))["warnings"]
    assert warning.startswith("train.exact: L-BFGS ended at step 1, where J is within ")
    assert "not train.gap = 1e-05; raise train.gap" in warning


def test_other_workers_train_the_same_bytes_and_leave_no_file(train):
    here, there = train("here"), train("there", Backwards())
    for file in ("weights.safetensors", "history.json", "model.json"):
        assert (here / "model" / file).read_bytes() == (there / "model" / file).read_bytes()
    names = [sorted(path.name for path in run.rglob("*")) for run in (here, there)]
    assert names[0] == names[1]


def test_can_be_verified(train):
    assert verify_run(train("run")).agrees
