"""A run is trained again: its bytes agree, or what differs first is named, with what else is."""

import json

import pytest
from small_corpus import write_jsonl

from pipeline.config.loading import load_config
from pipeline.errors import RunError
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.stages.test_uses import read_test_uses
from pipeline.stages.verification import read_verification
from pipeline.storage.run import Run
from pipeline.studies.verify import recorded_config, verify_run

TEXTS = ["a good film", "good fun", "bad acting", "a bad film"] * 10


@pytest.fixture
def trained(tmp_path):
    """Return a function that trains a run on a small file, with overrides."""
    write_jsonl(tmp_path / "train.jsonl", TEXTS, [1, 1, 0, 0] * 10)
    write_jsonl(tmp_path / "test.jsonl", TEXTS[:4], [1, 1, 0, 0])
    config = tmp_path / "c.toml"
    config.write_text(
        f'[corpus]\nsource = "files"\ntrain = "{tmp_path}/train.jsonl"\n'
        f'test = "{tmp_path}/test.jsonl"\n[train]\nepochs = 2\n'
    )

    def train(*overrides, last="eval"):
        run_stages(load_config(config, overrides), Run(tmp_path / "run"), last, SILENT)
        return tmp_path / "run"

    return train


def altered(run, stage, **values):
    """Rewrite the entry of a stage in a manifest."""
    manifest = Run(run)
    manifest.manifest["stages"][stage] |= values
    manifest.save()


def test_a_run_that_is_trained_again_has_the_same_bytes(trained):
    run = trained()
    found = verify_run(run)
    assert found.agrees
    assert found.first_difference is None
    assert [stage.name for stage in found.stages] == [
        "corpus",
        "tokens",
        "features",
        "train",
        "eval",
    ]
    assert found.changes == found.out_of_date == ()


def test_nothing_but_the_record_is_left_and_the_test_set_is_not_used_again(trained):
    run = trained()
    before = {path.name for path in run.iterdir()}
    manifest = (run / "manifest.json").read_bytes()
    verify_run(run)
    assert {path.name for path in run.iterdir()} - before == {"verification.json"}
    assert (run / "manifest.json").read_bytes() == manifest
    assert len(read_test_uses(run)) == 1


def test_a_changed_corpus_differs_first_and_its_file_is_named(trained, tmp_path):
    run = trained()
    write_jsonl(tmp_path / "train.jsonl", ["good", *TEXTS[1:]], [1, 1, 0, 0] * 10)
    found = verify_run(run)
    assert not found.agrees
    assert found.first_difference.name == "corpus"
    assert "corpus/train.arrow" in found.first_difference.differing
    assert [change.what for change in found.changes] == ["train.jsonl"]


def test_a_corpus_may_lie_elsewhere(trained, tmp_path):
    run = trained()
    for name in ("train", "test"):
        (tmp_path / "moved").mkdir(exist_ok=True)
        (tmp_path / f"{name}.jsonl").rename(tmp_path / "moved" / f"{name}.jsonl")
    places = [f"corpus.{name}={tmp_path}/moved/{name}.jsonl" for name in ("train", "test")]
    found = verify_run(run, recorded_config(run, places))
    assert found.agrees
    assert [change.what for change in found.changes] == ["corpus.test", "corpus.train"]


def test_other_versions_processors_and_sources_are_named_though_the_bytes_agree(trained):
    run = trained()
    entry = Run(run).stage("corpus")
    altered(run, "corpus", versions=entry["versions"] | {"numpy": "1.0"}, processor="abacus")
    depends = Run(run).stage("train")["depends"]
    altered(run, "train", depends=depends | {"source": "0" * 64})
    found = verify_run(run)
    assert found.agrees
    assert [(change.what, change.then) for change in found.changes] == [
        ("numpy", "1.0"),
        ("processor", "abacus"),
        ("source of `train`", "0" * 12),
    ]


def test_a_setting_that_the_run_did_not_know_is_named_unless_it_is_not_set_now_either(trained):
    run = trained()
    depends = Run(run).stage("train")["depends"]
    train = {key: value for key, value in depends["config"]["train"].items() if key != "parts"}
    assert train.pop("abstain") is None
    altered(run, "train", depends=depends | {"config": {"train": train}})
    changes = [(change.what, change.then, change.now) for change in verify_run(run).changes]
    assert changes == [("train.parts", "none", "1")]


def test_settings_that_differ_are_named_before_anything_else(trained):
    run = trained()
    found = verify_run(run, recorded_config(run, ["train.l2=1"]))
    assert found.first_difference.name == "train"
    assert [(change.what, change.now) for change in found.changes] == [("train.l2", "1.0")]


def test_a_stage_that_is_out_of_date_is_not_verified_and_named(trained):
    trained()
    found = verify_run(trained("train.epochs=3", last="train"))
    assert found.agrees
    assert found.stages[-1].name == "train"
    assert found.out_of_date == ("eval",)


def test_a_damaged_file_is_refused_rather_than_called_a_difference(trained):
    run = trained()
    file = run / "features" / "vocabulary.txt"
    file.write_bytes(file.read_bytes().replace(b"good", b"gold"))
    with pytest.raises(RunError, match="not the file that was written"):
        verify_run(run)
    assert not list(run.glob(".verification*"))


def test_a_run_without_a_model_is_refused(trained):
    with pytest.raises(RunError, match="no model that was trained on the features"):
        verify_run(trained(last="features"))


def test_a_verification_is_of_the_model_that_was_trained_again(trained):
    run = trained()
    assert read_verification(Run(run)) is None
    verify_run(run)
    assert read_verification(Run(run))["agrees"]
    trained("train.epochs=3")
    assert read_verification(Run(run)) is None


def test_the_model_card_says_when_a_run_was_last_verified(trained):
    run = trained(last="report")
    card = run / "MODEL_CARD.md"
    assert "Verified on" not in card.read_text()
    date = verify_run(run).date
    trained(last="report")
    assert f"Verified on {date}: trained again from these settings, with the same bytes" in (
        card.read_text()
    )


def test_the_record_can_be_read_as_json(trained):
    run = trained()
    found = verify_run(run)
    written = json.loads((run / "verification.json").read_text())
    assert written["agrees"] is True
    assert written["date"] == found.date
