"""What tests of studies share: configs with a grid, a listener, a run on planted words."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from small_corpus import write_jsonl

from pipeline.config.loading import load_config
from pipeline.config.schema import Config
from pipeline.stages.listener import SILENT, Listener
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run
from pipeline.studies.splits import Reviews


class Steps(Listener):
    """Counts the steps of a study, and interrupts it once there are enough."""

    def __init__(self, stop_at: float = float("inf")) -> None:
        self.steps: list[int] = []
        self.n_steps, self.stop_at = 0, stop_at

    def study_started(self, study: str, n_steps: int, resumed_from: Path | None) -> None:
        self.n_steps = n_steps

    def study_advanced(self, n_steps: int) -> None:
        self.steps.append(n_steps)
        if sum(self.steps) >= self.stop_at:
            raise KeyboardInterrupt


@pytest.fixture
def steps() -> type[Steps]:
    return Steps


@pytest.fixture(scope="session")
def grid() -> str:
    """Return a section of 16 trials."""
    return (
        "[tune]\nfolds = 3\ntrain.l2 = [1e-4, 1e-2]\ntrain.epochs = [2, 5]\n"
        "features.ngrams = [1, 2]\ntokens.lowercase = [true, false]\n"
    )


@pytest.fixture
def config_of(small_run, tmp_path) -> Callable[[str], Config]:
    """Return a function that loads the small config with lines added."""

    def load(lines: str) -> Config:
        path = tmp_path / "with.toml"
        path.write_text(small_run.config.read_text().replace("validation = 0.2\n", "") + lines)
        return load_config(path)

    return load


@pytest.fixture(scope="session")
def reviews(small_run) -> Reviews:
    return Reviews.read(Run(small_run.path), "train")


N_PLANTED = 400


@pytest.fixture(scope="session")
def planted(tmp_path_factory) -> Callable[..., Path]:
    """Return a function that trains on reviews with planted words, and returns the run folder.

    Positive reviews say `good` and negative ones `bad`. Every tenth has the other side's word
    too, and `noise` is in half of each class.
    """
    folder = tmp_path_factory.mktemp("planted")
    draw = np.random.default_rng(0)
    texts, labels = [], []
    for n in range(N_PLANTED):
        label = n % 2
        words = [f"w{k}" for k in draw.integers(0, 40, 8)]
        words += ["good" if label else "bad"]
        words += (["bad" if label else "good"] if n % 20 < 2 else []) + ["noise"] * (n % 4 < 2)
        texts.append(" ".join(words))
        labels.append(label)
    write_jsonl(folder / "train.jsonl", texts, labels)
    write_jsonl(folder / "test.jsonl", texts[:50], labels[:50])
    (folder / "c.toml").write_text(
        f'[corpus]\nsource = "files"\ntrain = "{folder}/train.jsonl"\n'
        f'test = "{folder}/test.jsonl"\n[train]\nl2 = 1e-2\nepochs = 10\nvalidation = 0.1\n'
    )

    def train(name: str, *overrides: str, last: str = "train") -> Path:
        run_stages(load_config(folder / "c.toml", overrides), Run(folder / name), last, SILENT)
        return folder / name

    train("run")
    return train


STARS = ("bad", "fair", "good")


@pytest.fixture(scope="session")
def three(tmp_path_factory) -> Callable[..., Path]:
    """Return a function that runs stages on reviews of three classes, and returns the run folder.

    A review says the name of its class; every seventh says that of the next class too. `c.toml` is
    next to the run folders.
    """
    folder = tmp_path_factory.mktemp("three")
    draw = np.random.default_rng(0)
    for name, n in (("train", 210), ("test", 60)):
        rows = []
        for k in range(n):
            words = [f"w{j}" for j in draw.integers(0, 30, 6)]
            words += [STARS[k % 3]] + [STARS[(k + 1) % 3]] * 2 * (draw.random() < 1 / 7)
            rows.append((" ".join(words), STARS[k % 3]))
        write_jsonl(folder / f"{name}.jsonl", *zip(*rows, strict=True))
    (folder / "c.toml").write_text(
        f'[corpus]\nsource = "files"\ntrain = "{folder}/train.jsonl"\n'
        f'test = "{folder}/test.jsonl"\nclasses = "found"\n[train]\nl2 = 1e-2\nepochs = 5\n'
    )

    def run(name: str, *overrides: str, last: str = "train") -> Path:
        run_stages(load_config(folder / "c.toml", overrides), Run(folder / name), last, SILENT)
        return folder / name

    return run


_WORDS = {"bad": ("dull", "awful", "waste"), "fair": ("so-so", "plain"), "good": ("fun", "superb")}


def _write_three(folder: Path) -> None:
    """Write a training and a test set of three classes, and `noisy`, with labels that are wrong.

    A review has a word of its class and up to three of any. Two in five of the labels of `noisy`
    are drawn by lot.
    """
    draw, names = np.random.default_rng(0), list(_WORDS)
    for split, n in (("train", 360), ("test", 120)):
        labels = [names[k % 3 if k % 7 else 0] for k in range(n)]
        texts = []
        for label in labels:
            of = [label, *map(str, draw.choice(names, draw.integers(0, 4)))]
            words = [
                *(f"w{j}" for j in draw.integers(0, 40, 6)),
                *(draw.choice(_WORDS[k]) for k in of),
            ]
            texts.append(" ".join(words))
        write_jsonl(folder / f"{split}.jsonl", texts, labels)
        drawn = np.where(draw.random(n) < 0.4, draw.choice(names, n), labels)
        if split == "train":
            write_jsonl(folder / "noisy.jsonl", texts, drawn.tolist())


@pytest.fixture(scope="session")
def of_three(tmp_path_factory) -> Callable[..., Path]:
    """Return a function that evaluates a config of three classes, and returns the run folder.

    `train` is the training set, or `noisy`. `names` are those of the classes, in the order bad,
    fair, good, and `order` is the order of the config.
    """
    folder = tmp_path_factory.mktemp("three")
    _write_three(folder)

    def run(
        name: str,
        *overrides: str,
        train: str = "train",
        names: Sequence[str] = tuple(_WORDS),
        order: Sequence[int] = (0, 1, 2),
        last: str = "eval",
    ) -> Path:
        classes = {names[k]: list(_WORDS)[k] for k in order}
        table = ", ".join(f"{json.dumps(new)} = {json.dumps(old)}" for new, old in classes.items())
        (folder / f"{name}.toml").write_text(
            f'[corpus]\nsource = "files"\ntrain = "{folder}/{train}.jsonl"\n'
            f'test = "{folder}/test.jsonl"\nclasses = {{ {table} }}\n[train]\nepochs = 5\n'
        )
        config = load_config(folder / f"{name}.toml", overrides)
        run_stages(config, Run(folder / name), last, SILENT)
        return folder / name

    return run


@pytest.fixture(scope="session")
def three_run(of_three) -> Path:
    """Return a run of the classes bad, fair and good."""
    return of_three("three")
