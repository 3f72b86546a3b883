"""The uses of the test set: each is recorded, and none is forgotten or counted twice."""

import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from pipeline.config.loading import load_config
from pipeline.config.schema import Config
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
    uses = test_uses.read_test_uses(copied_run.path)
    assert len({use.config for use in uses}) == 2
    assert len({use.result for use in uses}) == 3


@pytest.mark.parametrize("uses", [{}, [3], [{"who": "eval"}]], ids=str)
def test_uses_that_were_not_written_here_are_refused_by_name(tmp_path, uses):
    run = Run(tmp_path)
    run.manifest["test_uses"] = uses
    run.save()
    with pytest.raises(RunError, match=r"manifest\.json: not the file that was written"):
        test_uses.read_test_uses(tmp_path)


def test_an_evaluation_that_is_up_to_date_is_no_further_use(copied_run):
    before = test_uses.read_test_uses(copied_run.path)
    run_stages(load_config(copied_run.config), Run(copied_run.path), "report", Listener())
    assert test_uses.read_test_uses(copied_run.path) == before


def test_a_use_of_a_result_that_is_recorded_is_no_further_use(tmp_path):
    use, other = (test_uses.TestUse.of("crossval", Config(), name) for name in ("a", "b"))
    for uses in ([use], [use, other], [other]):
        test_uses.record_test_uses(tmp_path, uses)
    assert test_uses.read_test_uses(tmp_path) == [use, other]


# In a process of its own, whose copies end at each step that changes a file.
KILLED = """
    import os, shutil, sys
    from pathlib import Path
    from pipeline.config.loading import load_config
    from pipeline.stages.listener import Listener
    from pipeline.stages.runner import run_stages
    from pipeline.storage.run import Run

    def evaluate(folder, last_step=0):
        steps = 0
        def counting(step):
            def wrapped(*args, **options):
                nonlocal steps
                steps += 1
                if steps == last_step:
                    os._exit(9)
                return step(*args, **options)
            return wrapped
        for owner, name in ((Path, "mkdir"), (Path, "rename"), (Path, "replace"),
                            (shutil, "rmtree")):
            setattr(owner, name, counting(getattr(owner, name)))
        run_stages(load_config(Path(sys.argv[2]), ["eval.bins=7"]), Run(folder), "eval", Listener())
        os._exit(0)

    def code_of(*args):
        pid = os.fork()
        if pid == 0:
            evaluate(*args)
        return os.waitpid(pid, 0)[1]

    for n in range(1, 99):
        folder = Path(f"{sys.argv[1]}-{n:02}")
        shutil.copytree(sys.argv[1], folder)
        killed = code_of(folder, n)
        assert code_of(folder) == 0
        if not killed:
            break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_an_evaluation_that_is_killed_at_any_step_and_repeated_is_one_use(copied_run):
    command = [sys.executable, "-c", textwrap.dedent(KILLED), copied_run.path, copied_run.config]
    environment = os.environ | {"SENTIMENT_THREADS": "1"}
    subprocess.run([*map(str, command)], check=True, timeout=300, env=environment)
    folders = sorted(copied_run.path.parent.glob("run-*"))
    assert len(folders) > 5
    assert [len(test_uses.read_test_uses(folder)) for folder in folders] == [2] * len(folders)


@pytest.mark.slow
@pytest.mark.parametrize("study", ["eval", "crossval", "baselines"])
def test_killing_at_random_moments_never_adds_a_use(study, copied_run, lexicon_data, tmp_path):
    """Cross-validation takes the test set where it was drawn from the training set."""
    drawn = tmp_path / "drawn.toml"
    train = load_config(copied_run.config).corpus.train
    drawn.write_text(f'[corpus]\nsource = "files"\ntrain = "{train}"\n[train]\nepochs = 2\n')
    expected = {"eval": ["eval"], "crossval": ["crossval"], "baselines": ["baselines"] * 3}[study]
    command = [sys.executable, "-m", "pipeline", study, str(drawn), "--run", str(tmp_path / "r")]
    environment = os.environ | {"NLTK_DATA": str(lexicon_data)}
    draw = random.Random(study)
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=120)
    seconds = time.perf_counter() - start
    shutil.rmtree(tmp_path / "r")
    for _ in range(3):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        time.sleep(draw.uniform(0.5, 1.1) * seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=120)
    assert [use.by for use in test_uses.read_test_uses(tmp_path / "r")] == expected
