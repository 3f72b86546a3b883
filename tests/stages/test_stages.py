"""Stages: each is computed once, and again exactly when what it depends on has changed."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xxhash
from small_corpus import read_corpus

import pipeline
from pipeline.config.loading import load_config
from pipeline.corpus.labels import LabelRule
from pipeline.errors import CorpusError, DivergenceError, RunError
from pipeline.stages import runner, versions
from pipeline.stages.freshness import _closure, _imported, _module_file
from pipeline.stages.listener import Listener
from pipeline.stages.read_run import load_model
from pipeline.stages.runner import StageResult, run_stages
from pipeline.stages.table import STAGES
from pipeline.storage.run import Run

pytestmark = pytest.mark.usefixtures("plain_figures")

ALL = ["corpus", "tokens", "features", "train", "eval", "report"]


class Heard(Listener):
    """A listener that remembers."""

    def __init__(self, interrupt: bool = False) -> None:
        self.interrupt = interrupt
        self.computed: list[str] = []
        self.epochs: list[int] = []
        self.results: list[StageResult] = []
        self.changed: list[str] = []

    def started(self, stage: str) -> None:
        self.computed.append(stage)

    def epoch(self, epoch: Any, n_epochs: int) -> None:
        self.epochs.append(epoch.number)
        if self.interrupt:
            raise KeyboardInterrupt

    def ended(self, result: StageResult) -> None:
        self.results.append(result)

    def out_of_date(self, stage: str, reason: str) -> None:
        pass

    def computed_with_others(self, changed: str) -> None:
        self.changed.append(changed)


def compute(config: Path, path: Path, *overrides: str, last: str = "report") -> list[str]:
    """Run stages; return those that were computed."""
    heard = Heard()
    run_stages(load_config(config, overrides), Run(path), last, heard)
    return heard.computed


def manifest(path: Path) -> dict[str, Any]:
    return json.loads((path / "manifest.json").read_text(encoding="utf-8"))


def tree(path: Path) -> dict[str, bytes]:
    files = (f for f in path.rglob("*") if f.is_file() and f.name != ".lock")
    return {str(f.relative_to(path)): f.read_bytes() for f in files}


def digest(path: Path) -> str:
    return xxhash.xxh3_128_hexdigest(path.read_bytes())


def sentiment_process(
    *args: object, hash_seed: int = 0, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in another process, of the package in a folder if one is given."""
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    if folder is not None:
        environment["PYTHONPATH"] = str(folder)
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *map(str, args)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )


# Freshness


def test_a_run_computes_every_stage_once_in_the_order_data_flows(small_run, tmp_path):
    assert [stage.name for stage in STAGES] == ALL
    heard = Heard()
    run_stages(load_config(small_run.config), Run(tmp_path / "run"), "report", heard)
    assert heard.computed == ALL
    assert heard.epochs == [1, 2, 3, 4]
    assert [(result.name, result.up_to_date) for result in heard.results] == [
        (s, False) for s in ALL
    ]
    again = Heard()
    run_stages(load_config(small_run.config), Run(tmp_path / "run"), "report", again)
    assert again.computed == []
    assert [(result.name, result.up_to_date) for result in again.results] == [
        (s, True) for s in ALL
    ]
    assert [result.summary for result in again.results] == [r.summary for r in heard.results]


@pytest.mark.parametrize("last", ALL)
def test_naming_a_stage_computes_what_it_needs_and_no_more(small_run, tmp_path, last):
    upto = ALL[: ALL.index(last) + 1]
    assert compute(small_run.config, tmp_path / "run", last=last) == upto
    assert list(manifest(tmp_path / "run")["stages"]) == upto
    assert compute(small_run.config, tmp_path / "run") == ALL[len(upto) :]


@pytest.mark.parametrize(
    ("override", "stale"),
    [
        ("tokens.lowercase=false", ["tokens", "features", "train", "eval", "report"]),
        ("features.ngrams=1", ["features", "train", "eval", "report"]),
        ("train.l2=0.01", ["train", "eval", "report"]),
        ("eval.confidence=0.9", ["eval", "report"]),
        ("report.top=3", ["report"]),
    ],
)
def test_a_changed_section_makes_its_stage_and_what_follows_stale(copied_run, override, stale):
    assert compute(copied_run.config, copied_run.path, override) == stale
    assert compute(copied_run.config, copied_run.path, override) == []


def test_a_change_that_leaves_the_outputs_as_they_were_stops_there(copied_run):
    """A fraction of none and one review are the same bound, so the model is the same."""
    computed = compute(copied_run.config, copied_run.path, "features.min_df=0.0")
    assert computed == ["features", "train"]


def test_one_review_and_all_of_them_are_different_bounds(copied_run):
    """To Python 1 == 1.0, and to the config they are opposites."""
    compute(copied_run.config, copied_run.path, "features.max_df=1.0")
    computed = compute(copied_run.config, copied_run.path, "features.max_df=1")
    assert computed[0] == "features"


def test_changing_back_is_a_change_too(copied_run):
    compute(copied_run.config, copied_run.path, "train.l2=0.01")
    assert compute(copied_run.config, copied_run.path) == ["train", "eval", "report"]


def test_a_key_that_is_spelled_out_at_its_default_changes_nothing(copied_run):
    assert (
        compute(copied_run.config, copied_run.path, "train.l2=1e-4", "tokens.lowercase=true") == []
    )


def test_a_changed_input_file_makes_all_stale(make_corpus, tmp_path):
    config = make_corpus(tmp_path)
    compute(config, tmp_path / "run")
    corpus = tmp_path / "train.jsonl"
    corpus.touch()
    assert compute(config, tmp_path / "run") == []
    corpus.write_text(corpus.read_text().replace("superb", "supreme"))
    assert compute(config, tmp_path / "run") == ALL


def test_a_file_that_a_glob_newly_matches_makes_the_corpus_stale(make_corpus, tmp_path):
    config = make_corpus(tmp_path)
    override = f"corpus.train={tmp_path}/tr*.jsonl"
    compute(config, tmp_path / "run", override, last="corpus")
    shutil.copy(tmp_path / "train.jsonl", tmp_path / "try.jsonl")
    assert compute(config, tmp_path / "run", override, last="corpus") == ["corpus"]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_deleted_output_is_computed_again(copied_run, stage):
    shutil.rmtree(copied_run.path / "report")
    assert compute(copied_run.config, copied_run.path) == ["report"]  # with plain figures
    before = tree(copied_run.path / stage.folder)
    next(file for file in (copied_run.path / stage.folder).iterdir()).unlink()
    assert compute(copied_run.config, copied_run.path) == [stage.name]
    assert tree(copied_run.path / stage.folder) == before


def test_a_folder_of_something_else_is_left_alone(copied_run, sentiment):
    """Without a manifest, what bears a stage's name may be anybody's."""
    (copied_run.path / "manifest.json").unlink()
    before = tree(copied_run.path)
    for force in ((), ("--force",)):
        result = sentiment("corpus", copied_run.config, "--run", copied_run.path, *force)
        assert result.exit_code == 2
        assert "not a run folder" in result.stderr
        assert tree(copied_run.path) == before


def test_a_later_stage_that_is_out_of_date_says_what_ran_after_it(copied_run, sentiment):
    args = (copied_run.config, "--run", copied_run.path)
    (copied_run.path / "stability").mkdir()
    (copied_run.path / "stability" / "words.tsv").write_text("word\n")
    said = sentiment("eval", *args).stderr
    assert "report    out of date: `stability` ran after it; `sentiment report` updates it" in said
    said = sentiment("train", *args, "--set", "train.l2=0.01").stderr
    assert "eval      out of date: `train` ran after it; `sentiment eval` updates it" in said
    assert "report    out of date: `train` and `stability` ran after it" in said


def test_force_computes_all_that_is_named(copied_run, sentiment):
    args = ("train", copied_run.config, "--run", copied_run.path)
    assert sentiment(*args).stderr.count("(up to date)") == 4
    assert sentiment(*args, "--force").stderr.count("(up to date)") == 0


@pytest.fixture
def copied_package(tmp_path: Path) -> Path:
    """Return the folder of a copy of the package, with what numba has compiled of it."""
    folder = tmp_path / "copy"
    shutil.copytree(Path(pipeline.__file__).parent, folder / "pipeline")
    return folder


@pytest.mark.slow
def test_touching_a_helper_of_the_tokenizer_reruns_the_stages_that_use_it(
    copied_run, copied_package
):
    with (copied_package / "pipeline" / "tokens" / "words.py").open("a") as source:
        source.write("\n# touched\n")
    run = ("report", copied_run.config, "--run", copied_run.path)
    lines = sentiment_process(*run, folder=copied_package).stderr.splitlines()
    stages = [line for line in lines if line.split()[0] in ALL]
    up_to_date = {line.split()[0] for line in stages if line.endswith("(up to date)")}
    # Counting tokens needs no tokenizer, and the tokens are the same.
    assert (len(stages), up_to_date) == (len(ALL), {"corpus", "features"})


TOUCHED = """
    import sys
    from pathlib import Path
    import pipeline
    from pipeline.stages import freshness
    from pipeline.stages.freshness import source_digest
    from pipeline.stages.table import STAGES

    def digests():
        source_digest.cache_clear()
        freshness._digest.cache_clear()
        return {stage.name: source_digest(stage.modules) for stage in STAGES}

    before = digests()
    for file in sys.argv[1:]:
        with (Path(pipeline.__file__).parent / file).open("a") as source:
            source.write("# touched")
        after = digests()
        print(*(name for name in after if after[name] != before[name]))
        before = after
"""


def test_touching_source_is_seen_by_exactly_the_stages_that_import_it(copied_package):
    expected = {
        "errors.py": ALL,
        "storage/files.py": ALL,
        "stages/compute.py": ALL,
        "corpus/diagnosis.py": ["corpus"],
        "tokens/stop_words.py": ALL[1:2],
        "kernels/words.py": ["tokens", "train", "eval", "report"],
        "model/logistic.py": ALL[3:],
        "kernels/logistic.py": ALL[3:],
        "kernels/sgd.py": ["train"],
        "evaluation/metrics.py": ["eval"],
        "report/templates/ui.js": ["report"],
        "inspection/class_frequency.py": ["report"],
        "inspection/weights.py": ["report"],
        "config/schema.py": [],
        "cli.py": [],
    }
    command = [sys.executable, "-c", textwrap.dedent(TOUCHED), *expected]
    environment = os.environ | {"PYTHONPATH": str(copied_package)}
    output = subprocess.check_output(command, env=environment, text=True, timeout=300)
    found = [line.split() for line in output.splitlines()]
    assert dict(zip(expected, found, strict=True)) == expected


def test_what_a_stage_imports_to_compute_is_among_its_source():
    """The lines of a stage count for all stages; what they import, only where a stage names it."""
    folder = Path(pipeline.__file__).parent / "stages"
    imported = {
        n for name in ("compute", "from_config", "shards") for n in _imported(folder / f"{name}.py")
    }
    others = ("pipeline.config", "pipeline.stages", "pipeline.storage.run")
    modules = {
        name
        for name in imported
        if (file := _module_file(name)) and file.stem != "__init__" and not name.startswith(others)
    }
    assert len(modules) > 10
    assert modules <= set().union(*(_closure(stage.modules) for stage in STAGES))


@pytest.mark.parametrize("name", ["features", "train", "eval"])
def test_an_edit_of_how_counts_are_stored_counts_for_each_stage_that_writes_or_reads_them(name):
    (modules,) = (stage.modules for stage in STAGES if stage.name == name)
    assert "pipeline.storage.counts" in _closure(modules)


# Versions


@pytest.fixture
def released(monkeypatch) -> Callable[..., None]:
    """Return a function that fakes other versions of libraries or of this package."""

    def released(**others: str) -> None:
        faked = versions.versions() | others
        monkeypatch.setattr(versions, "versions", lambda: faked)
        monkeypatch.setattr(runner, "versions", lambda: faked)

    return released


@pytest.mark.parametrize("name", ["numpy", "scipy", "numba", "llvmlite", "pipeline"])
def test_what_another_version_computed_is_computed_again_and_said_in_one_line(
    copied_run, sentiment, released, name
):
    args = ("eval", copied_run.config, "--run", copied_run.path)
    before = versions.versions()[name]
    released(**{name: "99.1"})
    shown = "sentiment" if name == "pipeline" else name
    said = sentiment(*args).stderr
    assert (
        said.count(f"computed with {shown} {before}, now 99.1: computed again; --keep takes it")
        == 1
    )
    assert said.count("(up to date)") == 0
    assert (
        f"report    out of date: computed with {shown} {before}, now 99.1; `sentiment rep" in said
    )
    assert {entry["versions"][name] for entry in manifest(copied_run.path)["stages"].values()} == {
        *["99.1", before]
    }
    assert sentiment(*args).stderr.count("(up to date)") == 5


def test_keep_takes_what_another_version_computed_as_it_is(copied_run, sentiment, released):
    args = ("report", copied_run.config, "--run", copied_run.path)
    released(numpy="99.1", scipy="99.2")
    before = tree(copied_run.path)
    said = sentiment(*args, "--keep").stderr
    assert said.count("(up to date)") == 6
    assert "computed with" not in said
    assert tree(copied_run.path) == before
    # What is out of date for another reason is computed.
    assert sentiment(*args, "--keep", "--set", "report.top=3").stderr.count("(up to date)") == 5


def test_several_versions_are_named_together(copied_run, released):
    numpy, scipy = (versions.versions()[name] for name in ("numpy", "scipy"))
    released(numpy="99.1", scipy="99.2")
    heard = Heard()
    run_stages(load_config(copied_run.config), Run(copied_run.path), "train", heard)
    assert heard.changed == [f"computed with numpy {numpy}, scipy {scipy}, now 99.1, 99.2"]
    assert heard.computed == ALL[:4]


@pytest.mark.parametrize("recorded", [None, {}, {"python": "3.0", "pyarrow": "1.0"}])
def test_a_run_that_does_not_say_what_computed_it_stays_up_to_date(copied_run, recorded):
    run = Run(copied_run.path)
    for entry in run.manifest["stages"].values():
        del entry["versions"]
        if recorded is not None:
            entry["versions"] = recorded
    run.save()
    assert compute(copied_run.config, copied_run.path, last="eval") == []


def test_a_run_of_which_nothing_is_out_of_date_reads_no_metadata(copied_run, monkeypatch):
    """It would take longer than all else that such a run does."""
    monkeypatch.setattr(metadata, "version", lambda name: pytest.fail(name))
    versions.versions.cache_clear()
    assert compute(copied_run.config, copied_run.path) == []


# Failure


@pytest.mark.parametrize(
    ("override", "error"),
    [
        ("train.learning_rate=1e6", DivergenceError),
        ("features.min_df=100000", CorpusError),
        ("corpus.positive=5", CorpusError),
    ],
)
def test_a_stage_that_fails_leaves_what_was_made(copied_run, override, error):
    before = tree(copied_run.path)
    with pytest.raises(error):
        compute(copied_run.config, copied_run.path, override)
    assert tree(copied_run.path) == before
    assert compute(copied_run.config, copied_run.path) == []


def test_an_interrupted_training_leaves_the_model_that_was_there(copied_run):
    before = tree(copied_run.path)
    config = load_config(copied_run.config, ["train.l2=0.5"])
    with pytest.raises(KeyboardInterrupt):
        run_stages(config, Run(copied_run.path), "report", Heard(interrupt=True))
    assert tree(copied_run.path) == before


def test_a_corpus_of_which_nothing_is_left_is_refused(small_run, tmp_path):
    test = load_config(small_run.config).corpus.test
    overrides = ("corpus.drop_overlap=true", f"corpus.train={test}")
    with pytest.raises(CorpusError, match=r"^corpus: there are no training reviews that are not"):
        compute(small_run.config, tmp_path / "run", *overrides)


def test_a_corpus_of_which_one_class_is_left_is_refused(small_run, tmp_path):
    lines = Path(load_config(small_run.config).corpus.test).read_text().splitlines(True)
    for name, kept in (("train", lines), ("test", [li for li in lines if '"label": 1' in li])):
        (tmp_path / f"{name}.jsonl").write_text("".join(kept))
    overrides = [f"corpus.{part}={tmp_path}/{part}.jsonl" for part in ("train", "test")]
    with pytest.raises(CorpusError, match=r"are not in the test set are negative; expected"):
        compute(small_run.config, tmp_path / "run", "corpus.drop_overlap=true", *overrides)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read")
def test_a_corpus_that_cannot_be_read_is_named(small_run, tmp_path):
    with pytest.raises(RunError, match=r"^/proc/self/mem: cannot be read: "):
        compute(small_run.config, tmp_path / "run", "corpus.train=/proc/self/mem")


# The manifest


def test_the_manifest_holds_the_digest_of_every_output_and_no_other(small_run):
    for stage in STAGES:
        outputs = manifest(small_run.path)["stages"][stage.name]["outputs"]
        files = [file for file in (small_run.path / stage.folder).rglob("*") if file.is_file()]
        assert outputs == {
            str(file.relative_to(small_run.path)): {
                "xxh3_128": digest(file),
                "bytes": file.stat().st_size,
            }
            for file in files
        }
    assert {path.name for path in small_run.path.iterdir()} == {
        *["config.toml", "manifest.json", "MODEL_CARD.md", ".lock"],
        *(stage.folder for stage in STAGES),
    }


def test_the_manifest_holds_the_digest_of_every_input(small_run):
    stages = manifest(small_run.path)["stages"]
    corpus = load_config(small_run.config).corpus
    assert stages["corpus"]["depends"]["inputs"] == {
        path: digest(Path(path)) for path in (corpus.train, corpus.test)
    }
    for stage in STAGES[1:]:
        inputs = stages[stage.name]["depends"]["inputs"]
        assert inputs == {file: digest(small_run.path / file) for file in inputs}
        folders = {other.name: other.folder for other in STAGES}
        assert {file.split("/")[0] for file in inputs} == {folders[name] for name in stage.inputs}


def test_the_manifest_and_the_run_hold_the_resolved_config_and_the_seed(small_run):
    config = load_config(small_run.config)
    assert load_config(small_run.path / "config.toml") == config
    found: dict[str, Any] = {}
    for entry in manifest(small_run.path)["stages"].values():
        found |= entry["depends"]["config"]
    assert found == json.loads(json.dumps({name: config.section(name) for name in ALL}))
    assert found["train"]["seed"] == 7


def test_the_manifest_says_with_what_and_what_it_took(small_run):
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for entry in manifest(small_run.path)["stages"].values():
        recorded = entry["versions"]
        assert recorded["pipeline"] == pipeline.__version__
        for name in ("numpy", "scipy", "numba", "llvmlite", "pyarrow", "regex"):
            assert recorded[name] == metadata.version(name)
        assert 0 <= entry["seconds"] < 600
        assert 1e6 < entry["peak_bytes"] < total
        assert entry["summary"]


def test_the_outputs_are_what_the_design_says(small_run):
    assert set(tree(small_run.path)) == {
        *["config.toml", "manifest.json"],
        *["corpus/train.arrow", "corpus/test.arrow", "corpus/card.json"],
        *["tokens/train.safetensors", "tokens/train.distinct.txt", "tokens/tokenizer.json"],
        *["tokens/test.safetensors", "tokens/test.distinct.txt"],
        *["features/train.safetensors", "features/test.safetensors", "features/vocabulary.txt"],
        *["model/model.json", "model/vocabulary.txt", "model/weights.safetensors"],
        *["model/history.json", "model/decision.json"],
        *["eval/metrics.json", "eval/predictions.parquet"],
        "MODEL_CARD.md",
        *["report/index.html", "report/report.json", "report/weights.tsv", "report/summary.md"],
        *(
            f"report/figures/{name}.{kind}"
            for name in (
                *["words", "loss", "accuracy", "scores"],
                *["roc", "precision_recall", "calibration", "risk_coverage"],
            )
            for kind in ("svg", "png")
        ),
    }


def test_the_predictions_that_are_saved_are_those_of_the_model_on_the_texts(small_run):
    from pyarrow import parquet

    model, _ = load_model(small_run.path)
    path = load_config(small_run.config).corpus.test
    texts = read_corpus(path, LabelRule((1,), (0,)))
    found = parquet.read_table(small_run.path / "eval" / "predictions.parquet")
    assert found["row"].to_pylist() == list(range(texts.num_rows))
    assert found["label"].to_pylist() == texts["label"].to_pylist()
    # The model sums in the order of the text, the stage in the order of the columns.
    scores = model.decision_function(texts["text"].chunk(0))
    np.testing.assert_allclose(found["log_odds"].to_numpy(), scores, rtol=0, atol=1e-12)
    right = (found["label"].to_numpy() == found["predicted"].to_numpy()).mean()
    metrics = json.loads((small_run.path / "eval" / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] == pytest.approx(right)


def test_the_history_has_every_epoch(small_run):
    epochs = json.loads((small_run.path / "model" / "history.json").read_text())["epochs"]
    assert [epoch["number"] for epoch in epochs] == [1, 2, 3, 4]
    assert epochs[-1]["objective"] < epochs[0]["objective"]


# Reproducibility


def test_another_process_writes_the_same_bytes_whatever_its_hash_seed(small_run, tmp_path):
    """The process of the tests has the hash seed that it was given, or a random one."""
    seed = 2 if os.environ.get("PYTHONHASHSEED") == "1" else 1
    args = ("report", small_run.config, "--run", tmp_path / "run", "--quiet")
    sentiment_process(*args, hash_seed=seed)
    here, there = tree(small_run.path), tree(tmp_path / "run")
    for files in (here, there):
        del files["manifest.json"]  # it says how long the stages took, and the report quotes it
        for name, pattern in (
            ("index.html", rb"<td>[\d.]+</td><td>[\d,]+ MB</td>"),
            ("report.json", rb'"(seconds|peak_bytes)": [\d.]+'),
        ):
            files[f"report/{name}"] = re.sub(pattern, b"", files[f"report/{name}"])
    assert there == here


def test_another_seed_gives_other_weights(copied_run):
    weights = copied_run.path / "model" / "weights.safetensors"
    before = weights.read_bytes()
    compute(copied_run.config, copied_run.path, "train.seed=8")
    assert weights.read_bytes() != before


# Reading a run


def test_class_frequencies_belong_to_the_model(copied_run):
    """Where later stages made other features, none are better than wrong ones."""
    _, frequency = load_model(copied_run.path)
    assert frequency is not None
    compute(copied_run.config, copied_run.path, "features.min_df=5", last="features")
    model, frequency = load_model(copied_run.path)
    assert frequency is None
    assert len(model.vocabulary) == len(model.weights)


def test_a_model_folder_that_left_its_run_has_no_class_frequencies(small_run, tmp_path):
    shutil.copytree(small_run.path / "model", tmp_path / "elsewhere")
    model, frequency = load_model(tmp_path / "elsewhere")
    assert frequency is None
    here, _ = load_model(small_run.path)
    assert (
        model.decision_function(small_run.texts).tolist()
        == here.decision_function(small_run.texts).tolist()
    )


def test_the_imports_that_freshness_follows_are_those_of_the_source():
    """It reads them by their form; here by Python's own parser."""
    package = Path(pipeline.__file__).parent
    for path in package.rglob("*.py"):
        expected = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                expected |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                expected |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        assert set(map(_module_file, _imported(path))) | {None} == {
            *map(_module_file, expected),
            None,
        }, path


def test_a_run_is_trained_and_evaluated_without_scipy(small_run, tmp_path):
    """To import it takes a tenth of a second and 20 MB."""
    script = (
        "import runpy, sys\n"
        "sys.modules['scipy'] = None\n"
        "runpy.run_module('pipeline', run_name='__main__')\n"
    )
    settings = ["train.ratio=documents", "train.validation=0", "train.patience=0"]
    options = ["--run", tmp_path / "run", "--quiet", *(f"--set={each}" for each in settings)]
    command = [sys.executable, "-c", script, "eval", small_run.config, *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
