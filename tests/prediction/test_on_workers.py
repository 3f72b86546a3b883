"""Predicting files on workers: the outputs are those without them, and texts alone are sent."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from processes import Processes
from pyarrow import parquet

from pipeline.cluster.workers import HERE
from pipeline.errors import CorpusError, RunError
from pipeline.model.text_classifier import TextClassifier, model_folder
from pipeline.prediction.files import plan, predict_file
from pipeline.prediction.scorer import Scorer, _load, _Texts
from pipeline.prediction.settings import Settings


@pytest.fixture
def inputs(small_run, tmp_path) -> list[Path]:
    """Return a table whose batches are slices of it, and lines."""
    n = len(small_run.texts)
    table = pa.table({"id": range(n), "text": pa.array(small_run.texts, pa.large_string())})
    files = [tmp_path / "table.arrow", tmp_path / "lines.jsonl"]
    with pa.OSFile(str(files[0]), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=30)
    rows = ({"text": text, "more": "x" * 5000} for text in small_run.texts[:40])
    files[1].write_text("".join(json.dumps(row) + "\n" for row in rows))
    return files


@pytest.fixture
def predict(small_run):
    """Return a function that predicts files into a folder, and returns what a user is told."""
    scorer = Scorer(TextClassifier.load(small_run.path), small_run.path)

    def run(inputs, folder, workers):
        settings = Settings(known=True)
        jobs = plan(inputs, folder, model_folder(small_run.path), settings)
        return [
            predict_file(scorer, job, settings, lambda rows: None, workers=workers) for job in jobs
        ]

    return run


def test_outputs_are_the_same_bytes_and_texts_alone_are_sent(predict, inputs, tmp_path):
    workers = Processes(are_kept=True)
    told = predict(inputs, tmp_path / "here", HERE)
    assert predict(inputs, tmp_path / "there", workers) == told
    for file in inputs:
        name = f"{file.stem}.parquet"
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    rows = parquet.read_table(tmp_path / "there" / "table.parquet")["id"].to_pylist()
    assert rows == [*range(110)]
    assert len(workers.item_sizes) >= 5
    assert max(workers.item_sizes) < 6000  # 30 of 110 texts, and not the other columns
    assert max(workers.shared_sizes) < 500  # a path


@pytest.mark.parametrize("dask_workers", [1, 2], indirect=True)
def test_a_cluster_writes_the_same_bytes(predict, inputs, tmp_path, dask_workers):
    predict(inputs, tmp_path / "here", HERE)
    predict(inputs, tmp_path / "there", dask_workers)
    for file in inputs:
        name = f"{file.stem}.parquet"
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_an_interrupt_while_a_cluster_starts_is_one_line(small_run, inputs, tmp_path):
    psutil = pytest.importorskip("psutil", reason="needs the extra `cluster`")
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "pipeline", "predict", small_run.path, *inputs]
    with subprocess.Popen(
        [*map(str, command), "--out", str(out), "--workers", "2"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        while not psutil.Process(process.pid).children() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
    assert (process.returncode, said) == (130, "sentiment: interrupted\n")
    assert not out.exists() or not list(out.iterdir())


def test_an_error_names_the_row_and_leaves_no_output(predict, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "good"}\n{"text": null}\n')
    said = []
    for workers in HERE, Processes():
        with pytest.raises(CorpusError, match=r"bad\.jsonl, row 2") as refused:
            predict([bad], tmp_path / "out", workers)
        said.append(str(refused.value))
        assert not list((tmp_path / "out").glob("*"))
    assert said[0] == said[1]


def test_a_worker_refuses_another_model(small_run):
    """A model is pickled as its folder, where training may have put another one since."""
    scorer = Scorer(TextClassifier.load(small_run.path), small_run.path)
    load, (path, digest) = scorer.__reduce__()
    assert load(path, digest).digest == digest
    with pytest.raises(RunError, match="the model has changed since prediction began"):
        _load(path, "0" * 32)


def test_a_slice_is_sent_without_the_rest_of_its_array():
    texts = pa.array(["x" * 100] * 1000, pa.large_string())
    workers = Processes(1)
    (found,) = workers.map(_Texts.__reduce__, [_Texts(texts[:3], "rows 1 to 3")])
    assert found[1][0].to_pylist() == ["x" * 100] * 3
    assert found[1][1] == "rows 1 to 3"
    assert workers.item_sizes[0] < 1000
