"""SST-5 and tweets: which data and settings a row needs, what it must reach, how it is shown."""

import json

import pytest

from benchmarks import more_classes, reproduce
from benchmarks.harness import MissingError
from benchmarks.more_classes import TASKS, Measured
from pipeline.config.loading import load_config
from pipeline.stages.from_config import class_names

MEASURED = Measured((42.0, 40.0, 44.1), (36.0, 34.0, 38.0), 39.5, 36.1)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return a folder with empty files of all tasks, as if scikit-learn were installed."""
    monkeypatch.setattr(more_classes, "is_installed", lambda module: True)
    for task in TASKS.values():
        for file in task.files:
            path = tmp_path / "data" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return tmp_path


@pytest.mark.parametrize("name", TASKS)
def test_the_settings_of_a_task_are_those_of_a_config(name, data, tmp_path):
    path = more_classes.write_config(name, data, tmp_path / "runs")
    config = load_config(path)
    assert len(class_names(config)) in (3, 5)
    assert (config.corpus.test is None) == (len(TASKS[name].files) == 1)
    assert json.dumps(TASKS[name].peer) in path.read_text(encoding="utf-8").splitlines()[0]


def test_what_a_task_lacks_is_named(data, tmp_path, monkeypatch):
    (data / "data" / TASKS["sst5"].files[1]).unlink()
    with pytest.raises(MissingError, match=r"^no .*test\.parquet$"):
        more_classes.write_config("sst5", data, tmp_path)
    with pytest.raises(MissingError, match="SENTIMENT_DATA"):
        more_classes.write_config("sst5", None, tmp_path)
    monkeypatch.setattr(more_classes, "is_installed", lambda module: False)
    with pytest.raises(MissingError, match="scikit-learn is not installed"):
        more_classes.write_config("sst5", data, tmp_path)


def test_a_target_is_a_published_accuracy_or_the_macro_f1_of_the_peer():
    assert more_classes.is_met("sst5", MEASURED)
    assert not more_classes.is_met("airline", MEASURED)
    lines = list(more_classes.table({"sst5": MEASURED, "airline": MEASURED}))
    assert "**42.00** (40.00 to 44.10) | **36.00** (34.00 to 38.00)" in lines[2]
    assert lines[2].endswith("| accuracy 41.90 | met |")
    assert lines[3].endswith("| macro F1 36.10 | **not met** |")


def test_every_task_stands_on_the_page_with_a_target_that_it_meets():
    page = reproduce.PAGE.read_text(encoding="utf-8")
    table = page.split("<!-- classes -->")[1].split("<!-- end of classes -->")[0]
    for name in TASKS:
        assert f"(`{name}`)" in table
    assert table.count("| met |") == len(TASKS)


@pytest.mark.parametrize("vectorizer", ["counts", "tfidf"])
def test_the_peer_is_measured_on_the_sets_of_a_run(tmp_path, vectorizer):
    """In a process of its own, as the table has it."""
    pytest.importorskip("sklearn")
    import pyarrow as pa

    from benchmarks.harness import python_child, run_child

    words = {0: "abysmal", 1: "fair", 2: "awesome"}
    for name in ("train", "test"):
        labels = [k % 3 for k in range(30)]
        table = pa.table({"text": [f"a {words[k]} film" for k in labels], "label": labels})
        with pa.ipc.new_file(tmp_path / f"{name}.arrow", table.schema) as file:
            file.write_table(table)
    options = json.dumps({"vectorizer": vectorizer, "ngrams": 2, "C": 1.0, "class_weight": None})
    sets = [tmp_path / f"{name}.arrow" for name in ("train", "test")]
    child = run_child(python_child("benchmarks.peers.sklearn_classes", *sets, options))
    assert json.loads(child.output) == {"accuracy": 1.0, "f1": 1.0}
