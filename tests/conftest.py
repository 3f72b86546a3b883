"""What tests share: data from outside, a small corpus and a run that was trained on it.

Nothing here or in a test writes into the working directory: each session works in
a folder of its own, and the session's end finds that folder empty.
"""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings
from small_corpus import small_reviews, write_jsonl
from small_lexicons import write_lexicons

from pipeline.cluster.workers import Workers

# An example may take as long as it takes, and so may drawing it: the machine may be busy.
# The same examples every time, so that a change is judged by what it changes; `make hunt`,
# which runs every week, looks for new ones.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", patient, derandomize=True, database=None)
settings.register_profile("hunt", patient, max_examples=2000)
settings.load_profile("same")

# What a terminal or a user sets would change what is printed.
for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "SENTIMENT_THREADS"):
    os.environ.pop(name, None)

# A job in the background ignores interrupts, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_DATA = os.environ.get("SENTIMENT_DATA")
if _DATA and Path(_DATA, "nltk_data").is_dir():
    os.environ["NLTK_DATA"] = str(Path(_DATA, "nltk_data"))


@dataclass(frozen=True)
class SmallRun:
    """A run of every stage on the small corpus.

    Attributes
    ----------
    path : Path
        The run folder; a test that changes it takes a copy.
    config : Path
    texts, labels : list
        The training reviews, as the test wrote them.
    """

    path: Path
    config: Path
    texts: list[str]
    labels: list[int]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of data that the repository does not hold."""
    if not _DATA:
        pytest.skip("SENTIMENT_DATA is unset: it names a folder with data/ and nltk_data/")
    folder = Path(_DATA)
    if not (folder / "data" / "imdb" / "train.parquet").is_file():
        pytest.fail(f"SENTIMENT_DATA is {folder}, which has no data/imdb/train.parquet")
    return folder


@pytest.fixture(scope="session")
def lexicon_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for NLTK with a few words of its lexicons."""
    folder = tmp_path_factory.mktemp("nltk_data")
    write_lexicons(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _working_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Work where a file that is left behind is noticed."""
    before, folder = Path.cwd(), tmp_path_factory.mktemp("working-directory")
    os.chdir(folder)
    yield
    left = sorted(path.name for path in folder.iterdir() if path.name != ".hypothesis")
    os.chdir(before)
    assert not left, f"tests have written into the working directory: {left}"


@pytest.fixture(scope="session")
def make_corpus() -> Callable[[Path], Path]:
    """Return a function that writes the small corpus and its config to a folder."""

    def make(folder: Path) -> Path:
        texts, labels = small_reviews()
        write_jsonl(folder / "train.jsonl", texts[:110], labels[:110])
        write_jsonl(folder / "test.jsonl", texts[110:], labels[110:])
        config = folder / "small.toml"
        config.write_text(
            "[corpus]\n"
            'source = "files"\n'
            f"train = {json.dumps(str(folder / 'train.jsonl'))}\n"
            f"test = {json.dumps(str(folder / 'test.jsonl'))}\n"
            "[features]\nngrams = 2\n"
            "[train]\nepochs = 4\nvalidation = 0.2\nseed = 7\n"
        )
        return config

    return make


@pytest.fixture(scope="session")
def sentiment() -> Callable[..., Result]:
    """Return a function that runs the command in this process; only its own exits are caught."""
    from pipeline.cli import main

    def invoke(*args: object, **options: object) -> Result:
        return CliRunner().invoke(main, [*map(str, args)], catch_exceptions=False, **options)

    return invoke


@pytest.fixture(scope="session")
def small_run(
    tmp_path_factory: pytest.TempPathFactory,
    make_corpus: Callable[[Path], Path],
    sentiment: Callable[..., Result],
) -> SmallRun:
    """Return a run of every stage, for tests to read."""
    folder = tmp_path_factory.mktemp("small")
    config = make_corpus(folder)
    result = sentiment("report", config, "--run", folder / "run", "--quiet")
    assert result.exit_code == 0, result.output
    texts, labels = small_reviews()
    return SmallRun(folder / "run", config, texts[:110], labels[:110])


@pytest.fixture
def copied_run(small_run: SmallRun, tmp_path: Path) -> SmallRun:
    """Return a copy of the small run, for a test to change."""
    path = tmp_path / "run"
    shutil.copytree(small_run.path, path)
    return SmallRun(path, small_run.config, small_run.texts, small_run.labels)


@pytest.fixture
def plain_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing in the figures of a report: they take nearly all of the time of a small run."""
    from pipeline.report import figures
    from pipeline.report.svg import Drawn

    def drawn(name: str, plan: figures.Plot) -> Drawn:
        box, limits = (0.0, 0.0, 1.0, 1.0), (0.0, 1.0)
        return Drawn(plan.title, plan.description, b"<svg/>", b"", "<svg></svg>", box, limits)

    monkeypatch.setattr(figures, "drawn", drawn)


@pytest.fixture(scope="module")
def dask_workers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workers]:
    """Return a cluster of as many processes as the test asks for."""
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    from pipeline.cluster.connection import connected
    from pipeline.stages.versions import installed

    folder = tmp_path_factory.mktemp("cluster")
    with connected(request.param, folder, installed, lambda line: None) as workers:
        yield workers


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run the kernels as the Python they are written in."""
    from pipeline.kernels.compiled import Kernel

    monkeypatch.setattr(Kernel, "__call__", lambda kernel, *values: kernel.py_func(*values))
    monkeypatch.setenv("SENTIMENT_THREADS", "1")
    with np.errstate(over="ignore"):  # hashes wrap around
        yield
