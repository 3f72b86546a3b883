"""Commands that take --workers and --scheduler give them to what computes."""

import contextlib

import pytest

from pipeline.cli import cluster, command
from pipeline.cluster.workers import ThisProcess


class Counting(ThisProcess):
    """Counts the functions whose tasks it runs."""

    def __init__(self):
        self.ran = []

    def map(self, work, items, *shared):
        self.ran.append(work.__name__)
        return super().map(work, items, *shared)

    def map_in_threads(self, work, items, *shared):
        self.ran.append(work.__name__)
        return super().map_in_threads(work, items, *shared)


@pytest.fixture
def asked(monkeypatch):
    """Return what was asked for, and the workers that were given instead."""
    places, workers = [], Counting()

    @contextlib.contextmanager
    def workers_of(where, folder, say):
        places.append(where)
        yield workers

    for module in command, cluster:
        monkeypatch.setattr(module, "workers_of", workers_of)
    return places, workers


@pytest.mark.parametrize(
    ("study", "options", "tasks"),
    [
        ("tune", ["--set", "tune.train.l2=[1e-3]"], {"_scores"}),
        ("crossval", ["--folds", "2"], {"_score_fold"}),
        ("curve", ["--folds", "2", "--sizes", "20,40"], {"_measure"}),
        ("stability", ["--refits", "2"], {"_refit"}),
        ("suspects", ["--folds", "2"], {"_learn"}),
    ],
)
def test_a_study_takes_workers(sentiment, copied_run, asked, study, options, tasks):
    run = ["--run", copied_run.path]
    of = [copied_run.config, *run] if study in ("tune", "crossval", "curve") else [copied_run.path]
    result = sentiment(study, *of, *options, "--workers", 3)
    assert result.exit_code == 0, result.output
    assert asked[0] == [3]
    assert tasks <= set(asked[1].ran)


def test_predicting_files_takes_workers(sentiment, small_run, asked, tmp_path):
    (tmp_path / "texts.txt").write_text("a superb film\n")
    address = "tcp://10.0.0.1:8786"
    of = small_run.path, tmp_path / "texts.txt", "--out", tmp_path / "out"
    assert sentiment("predict", *of, "--scheduler", address).exit_code == 0
    assert (asked[0], asked[1].ran) == ([address], ["_score"])


def test_predicting_lines_takes_none(sentiment, small_run):
    result = sentiment("predict", small_run.path, "--workers", 2, input="a superb film\n")
    assert result.exit_code == 2
    assert "--workers and --scheduler: use them with --out DIR, which writes files" in result.stderr
