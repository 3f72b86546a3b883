"""The benchmark of `sentiment suspects` counts the labels that it flipped."""

from pathlib import Path

import pytest

from benchmarks.suspects import TARGETS, find_flipped, lines
from pipeline.config.loading import find_config, load_config
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run


@pytest.mark.parametrize("name", ["sample", "three_classes"])
def test_of_the_first_hundred_suspects_the_target_is_flipped(tmp_path, name):
    config = load_config(find_config(Path(name)).path).without_tune()
    run_stages(config, Run(tmp_path / "clean"), "corpus", SILENT)
    found = find_flipped(config, tmp_path, seed=0)
    assert found.n_flipped == found.n // 20 >= 100
    assert TARGETS[name] <= found.in_first <= found.in_all <= min(found.n_flipped, found.n_suspects)
    header, _, row = lines({name: [found]})
    assert header.count("|") == row.count("|")
    assert f"**{found.in_first:.1f}**" in row
