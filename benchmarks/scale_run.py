"""Run every stage on a made-up corpus of one size, each as a command of its own, and measure it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import jobs
from benchmarks.corpora import Corpus
from benchmarks.harness import is_installed, run_child, show_progress
from benchmarks.scale_points import STAGES, Point, StagePoint
from benchmarks.synthetic import BATCH, FILMS, PRODUCTS
from benchmarks.synthetic_files import Recipe, write_files

MODES = ("one file", "many files", "two workers")
LENGTHS = {"products": PRODUCTS, "films": FILMS}
TEST_SHARE = 5  # one review in so many is of the test set
A_FILE = 100_000  # reviews of a file, where there are many
DISK = {"products": 1_200, "films": 4_800}  # bytes of a review: the corpus, the run and some room
SAMPLE_EVERY = 0.005
# Where the rare pairs of words are left out. So many reviews are found in more than one part.
MIN_DF, RARE_AT = (2, 5, 20), 1_000_000


@dataclass(frozen=True)
class Job:
    """What is run.

    Attributes
    ----------
    mode : str
        One of `MODES`.
    reviews : int
        Of both sets.
    lengths : str
        One of `LENGTHS`.
    settings : sequence of str
        Settings of the config, as `--set` takes them.
    """

    mode: str
    reviews: int
    lengths: str = "products"
    settings: Sequence[str] = ()

    def obstacle(self, folder: Path | None) -> str:
        """Return why it cannot be run in a folder; nothing if it can."""
        if self.mode == "two workers" and not has_workers():
            return "`sentiment` has no workers here (pip install '.[cluster]')"
        free = shutil.disk_usage(folder or tempfile.gettempdir()).free
        need = self.reviews * DISK[self.lengths]
        if free < need:
            return f"needs {need / 1e9:.0f} GB of disk, has {free / 1e9:.0f}"
        return ""

    def recipe(self) -> Recipe:
        """Return how its corpus is made."""
        n_test = self.reviews // TEST_SHARE
        n_train = self.reviews - n_test
        files = [1, 1]
        if self.mode != "one file":
            files = [max(1, min(n // BATCH, max(2, n // A_FILE))) for n in (n_train, n_test)]
        return Recipe(n_train, n_test, *files, LENGTHS[self.lengths])

    def measure(self, folder: Path) -> Point:
        """Make the corpus, run each stage on it, and delete both."""
        source, run, recipe = folder / "reviews", folder / "run", self.recipe()
        show_progress(f"{self.mode}: making {self.reviews:,} reviews")
        train, test = write_files(source, recipe, processes=2)
        config = jobs.write_config(Corpus("", train, test, False), folder / "config.toml")
        options = [config, "--run", run, "--quiet"]
        for setting in self.settings:
            options += ["--set", setting]
        if self.mode == "two workers":
            options += ["--workers", "2"]
        stages = []
        for stage in STAGES:
            show_progress(f"{self.mode}: {self.reviews:,} reviews, {stage}")
            stages.append(_measured(stage, options, run))
        made = _what_was_made(run)
        shutil.rmtree(source)
        shutil.rmtree(run)
        show_progress("")
        n_files = recipe.train_files + recipe.test_files
        return Point(self.mode, self.reviews, n_files, stages=tuple(stages), **made)


def measure_min_df(folder: Path, reviews: int = RARE_AT) -> list[dict[str, Any]]:
    """Choose a vocabulary of words and pairs with each least document frequency, and count it."""
    job, run, found = Job("many files", reviews), folder / "run", []
    train, test = write_files(folder / "reviews", job.recipe(), processes=2)
    config = jobs.write_config(Corpus("", train, test, False), folder / "config.toml")
    for least in MIN_DF:
        show_progress(f"pairs of words, min_df {least}: {reviews:,} reviews")
        settings = ["--set", "features.ngrams=2", "--set", f"features.min_df={least}"]
        options = [config, "--run", run, "--quiet", *settings]
        for stage in STAGES[:2]:
            run_child([*jobs.sentiment(), stage, *options])
        point = _measured("features", options, run)
        n_words = (run / "features" / "vocabulary.txt").read_bytes().count(b"\n") - 1
        found.append({"min_df": least, "reviews": reviews, "n_words": n_words, **asdict(point)})
    show_progress("")
    return found


def has_workers() -> bool:
    """Return True if the command can start workers."""
    command = [*map(str, jobs.sentiment()), "corpus", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return is_installed("distributed") and "--workers" in told


def _measured(stage: str, options: list[str | Path], run: Path) -> StagePoint:
    child = run_child([*jobs.sentiment(), stage, *options], sample_every=SAMPLE_EVERY)
    entry = _manifest(run)[stage]
    return StagePoint(
        stage,
        entry["seconds"],
        round(child.cpu_seconds, 2),
        child.peak_anonymous_largest,
        child.peak_anonymous_sum,
        child.written_bytes,
        sum(output["bytes"] for output in entry["outputs"].values()),
    )


def _manifest(run: Path) -> dict[str, Any]:
    stages: dict[str, Any] = json.loads((run / "manifest.json").read_text())["stages"]
    return stages


def _what_was_made(run: Path) -> dict[str, Any]:
    """Return what is known of the corpus and the model of a run."""
    card = json.loads((run / "corpus" / "card.json").read_text())
    metrics = json.loads((run / "eval" / "metrics.json").read_text())
    outputs = _manifest(run)["train"]["outputs"]
    weights = sorted(file for file in outputs if file.endswith(".safetensors"))
    return {
        "n_characters": round(
            sum(card[name]["n_reviews"] * card[name]["characters"]["mean"] for name in _SETS)
        ),
        "n_tokens": _items((run / "tokens").glob("train*.safetensors"), "ids"),
        "n_words": (run / "features" / "vocabulary.txt").read_bytes().count(b"\n") - 1,
        "n_nonzeros": _items((run / "features").glob("train*.safetensors"), "indices"),
        "accuracy": metrics["test"]["accuracy"],
        "model_digest": "".join(outputs[file]["xxh3_128"] for file in weights),
    }


_SETS = ("train", "test")


def _items(paths: Iterable[Path], name: str) -> int:
    """Return how many items an array has in safetensors files, from their headers."""
    n = 0
    for path in paths:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        n += header[name]["shape"][0]
    return n
