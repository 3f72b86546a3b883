"""Reviews in a script without spaces, from the file to the accuracy."""

import json
import statistics

import pytest

from pipeline.config.loading import load_config
from pipeline.stages.listener import Listener
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run


def accuracies(shared_data, folder, tokens: str) -> list[float]:
    """Return the accuracy of pairs of tokens on five splits of the hotel reviews."""
    found = []
    for seed in range(5):
        config = folder / f"{seed}.toml"
        source = json.dumps(str(shared_data / "data" / "hotels_zh" / "reviews.parquet"))
        config.write_text(
            f'[corpus]\nsource = "files"\ntrain = {source}\nseed = {seed}\n'
            f"{tokens}\n[features]\nngrams = 2\n"
        )
        run = Run(folder / f"run-{seed}")
        run_stages(load_config(config), run, "eval", Listener())
        metrics = json.loads((run.path / "eval" / "metrics.json").read_text())
        found.append(metrics["test"]["accuracy"])
    return found


@pytest.mark.slow
def test_pairs_of_characters_are_enough_for_chinese(shared_data, tmp_path):
    """As good as if each character were matched by a pattern."""
    folders = [tmp_path / name for name in ("words", "pattern")]
    for folder in folders:
        folder.mkdir()
    default = statistics.mean(accuracies(shared_data, folders[0], ""))
    pattern = "[tokens]\ntokenizer = 'pattern'\npattern = '\\w'\n"
    by_pattern = statistics.mean(accuracies(shared_data, folders[1], pattern))
    assert default > 0.889
    assert default == pytest.approx(by_pattern, abs=0.005)
