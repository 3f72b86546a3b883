"""Studies on workers: the files are those of a study without them, and little is sent."""

import dataclasses
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from processes import Processes

from pipeline.errors import ConfigError, RunError
from pipeline.storage.journal import DEPENDS, read_journal
from pipeline.storage.run import Run
from pipeline.studies import search
from pipeline.studies.crossval import cross_validate
from pipeline.studies.curve import Design, measure_curve
from pipeline.studies.execution import Execution
from pipeline.studies.grid import trials_of
from pipeline.studies.journal import Journal
from pipeline.studies.splits import CountedSplit, Reviews
from pipeline.studies.stability import measure_stability
from pipeline.studies.suspects import find_suspects
from pipeline.studies.trained_run import TrainedRun
from pipeline.studies.tune import tune

GRID = "[tune]\nvalidation = 0.3\ntrain.l2 = [1e-4, 1e-2]\ntrain.epochs = [2, 5]\n"
STUDIES = ("crossval", "tune", "stability", "suspects", "curve")
Study = Callable[[Path, Execution], object]


@pytest.fixture
def studies(config_of) -> dict[str, Study]:
    """Return studies by the name of their folder; all but the first have two or three tasks."""
    config, plain = config_of(GRID), config_of("")
    return {
        "crossval": lambda path, how: cross_validate(config, path, 2, 1, how),
        "plain": lambda path, how: cross_validate(plain, path, 3, 1, how),
        "tune": lambda path, how: tune(config, path, how),
        "stability": lambda path, how: measure_stability(path, 2, execution=how),
        "suspects": lambda path, how: find_suspects(path, 2, execution=how),
        "curve": lambda path, how: measure_curve(plain, path, Design((20, 50), n_folds=2), how),
    }


def written(folder: Path) -> dict[str, object]:
    """Return the bytes of each file of a study, and the results in its journal."""
    files = {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name not in ("journal.jsonl", ".lock")
    }
    journal = read_journal(folder / "journal.jsonl")
    results = {name: journal[name] for name in journal if name not in (DEPENDS, "id")}
    return files | {"journal": results}


@pytest.mark.parametrize("name", STUDIES)
def test_the_files_are_those_without_workers_and_little_is_sent(
    name, studies, copied_run, tmp_path
):
    here = shutil.copytree(copied_run.path, tmp_path / "here")
    workers = Processes(are_kept=name == "crossval")
    studies[name](here, Execution())
    studies[name](copied_run.path, Execution(workers=workers))
    found = written(copied_run.path / name)
    assert found == written(here / name)
    assert len(found) > 1
    # No text, and no count: for each review the number of its fold, and its score.
    assert len(workers.item_sizes) >= 2
    n = len(copied_run.texts)
    assert max(workers.shared_sizes) < 3000 + 20 * n < sum(map(len, copied_run.texts))
    assert max(workers.item_sizes) < 6000
    assert max(workers.result_sizes) < 200 + 16 * n


@pytest.mark.parametrize("dask_workers", [1, 2], indirect=True)
@pytest.mark.parametrize("name", STUDIES)
def test_a_cluster_writes_the_same_bytes(name, studies, copied_run, tmp_path, dask_workers):
    here = shutil.copytree(copied_run.path, tmp_path / "here")
    studies[name](here, Execution())
    studies[name](copied_run.path, Execution(workers=dask_workers))
    assert written(copied_run.path / name) == written(here / name)


def test_a_study_resumes_with_workers_what_it_began_without(studies, copied_run, tmp_path, steps):
    here = shutil.copytree(copied_run.path, tmp_path / "here")
    studies["plain"](here, Execution())
    with pytest.raises(KeyboardInterrupt):
        studies["plain"](copied_run.path, Execution(listener=steps(1)))
    workers, listener = Processes(), steps()
    studies["plain"](copied_run.path, Execution(listener=listener, workers=workers))
    assert written(copied_run.path / "crossval") == written(here / "crossval")
    assert len(workers.item_sizes) == 2
    assert listener.steps == [1, 1, 1]


def test_a_study_resumes_without_workers_what_it_began_with(studies, copied_run, steps):
    with pytest.raises(KeyboardInterrupt):
        studies["plain"](copied_run.path, Execution(listener=steps(1), workers=Processes()))
    listener = steps()
    studies["plain"](copied_run.path, Execution(listener=listener))
    assert listener.steps == [1, 1, 1]


def test_a_worker_counts_a_split_once_for_all_that_learn_from_it(
    config_of, copied_run, monkeypatch
):
    """As long as its tasks get the same object, which it has received once."""
    config = config_of(GRID + "features.ngrams = [1, 2]\n")
    config = config.but(train=config.train.but(learning_rate=0.05))  # whatever the epochs are
    reviews = Reviews.read(Run(copied_run.path), "train")
    everywhere = search.Searched(reviews, {"": np.ones(len(reviews.labels), bool)})
    received = pickle.loads(pickle.dumps(everywhere))
    of, counted = CountedSplit.of, []
    monkeypatch.setattr(CountedSplit, "of", lambda *given: counted.append(given[-1]) or of(*given))
    journal = Journal(copied_run.path / "j", {})
    wanted = [search.Training("", 0, each) for each in search._candidates(trials_of(config))]
    trainings = search._grouped(wanted, journal)
    for training in trainings:
        assert len(search._scores(training, received)) == 2
    assert len(trainings) == 4
    assert [section.ngrams for section in counted] == [1, 2]


def test_an_error_on_a_worker_is_the_line_that_it_is_here(config_of, copied_run):
    config = config_of("[tune]\nfolds = 60\ntrain.l2 = [1e-4]\n")
    said = []
    for how in Execution(), Execution(workers=Processes(1, are_kept=True)):
        with pytest.raises(ConfigError, match=r"^tune\.folds: expected 2 to 55 folds") as refused:
            tune(config, copied_run.path, how)
        said.append(str(refused.value))
    assert said[0] == said[1]


READ = {
    "corpus": lambda path: Reviews.read(Run(path), "train"),
    "model": TrainedRun.read,
}


@pytest.mark.parametrize("what", READ)
def test_a_worker_refuses_a_run_that_has_changed_since_the_study_began(what, planted):
    """Because what a study has read is pickled as its place."""
    path = planted(f"changed-{what}")
    before = READ[what](path)
    sent = pickle.dumps(before)
    assert (pickle.loads(sent).labels == before.labels).all()
    planted(path.name, f'corpus.train="{path.parent}/test.jsonl"')
    with pytest.raises(RunError, match=f"{path}: the {what} has changed since the study began"):
        pickle.loads(sent)


def test_reviews_of_no_run_are_pickled_as_they_are(reviews):
    half = dataclasses.replace(reviews, labels=1 - reviews.labels)
    found = pickle.loads(pickle.dumps(half))
    assert (found.labels == half.labels).all()
    assert found.texts == half.texts
