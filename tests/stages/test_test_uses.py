"""The uses of the test set: each is recorded, and none is forgotten."""

import json

import pytest

from pipeline.config.loading import load_config
from pipeline.errors import RunError
from pipeline.stages import test_uses
from pipeline.stages.listener import Listener
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run


def test_uses_outlive_force_and_are_of_a_config_each(copied_run, sentiment):
    args = ("eval", copied_run.config, "--run", copied_run.path)
    assert "has evaluated one config on the test set, once" in sentiment(*args).stdout
    sentiment(*args, "--force")
    output = sentiment(*args, "--set", "train.l2=0.01").stdout
    assert "has evaluated 2 configs on the test set, 3 times" in output
    uses = json.loads((copied_run.path / "test_uses.json").read_text())["uses"]
    assert len({use["config"] for use in uses}) == 2


@pytest.mark.parametrize("text", ["{}", '{"uses": 3}', '{"uses": [{"who": "eval"}]}'])
def test_uses_that_were_not_written_here_are_refused_by_name(tmp_path, text):
    (tmp_path / "test_uses.json").write_text(text)
    with pytest.raises(RunError, match=r"test_uses\.json: not the file that was saved"):
        test_uses.read_test_uses(tmp_path)


def test_an_evaluation_that_is_up_to_date_is_no_further_use(copied_run):
    before = (copied_run.path / "test_uses.json").read_bytes()
    run_stages(load_config(copied_run.config), Run(copied_run.path), "report", Listener())
    assert (copied_run.path / "test_uses.json").read_bytes() == before
