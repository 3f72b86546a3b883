"""The default epochs and learning rate against the best of a grid, on corpora of all sizes.

Features are single words, counted once in a review; on IMDB, also times their log-count ratios. For
each corpus, some training reviews are held out, and subsets of the others are cut to their first
tokens. The default learns each subset; so does the setting of 40 that five folds of the subset
choose by accuracy (the first in the grid, if several are as good). Both are scored on the held-out
reviews, and the difference comes with a 95% interval, paired by review. Subsets below 2,000 reviews
are drawn five times, and means are shown.

The rule was chosen on four corpora. The last ones had no part in that. No test set is read.

What is done is kept in build/training_rule.jsonl, and the table is put into docs/training.md.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet
from scipy.sparse import csr_array

from benchmarks.harness import ROOT, Setting, show_progress
from benchmarks.results import Claim, Question, Table
from pipeline.features.counting import count_features
from pipeline.features.vocabulary import learn_vocabulary
from pipeline.stratified import draw_folds
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.tokens.tokens import Tokens
from pipeline.training import automatic
from pipeline.training.estimator import SGDLogisticRegression

ASKS = "Accuracy of the default training, and of the setting that folds choose from a grid of 40"
RATES = tuple(0.005 * 2**k for k in range(8))
EPOCHS = (2, 5, 10, 20, 40)
FOLDS, SEEDS, MANY, WITHIN = 5, 5, 2_000, 0.5
HELD_OUT = 5_000  # reviews at most; a fifth of a corpus if that is less
CHOSEN_ON = ("sample", "movie_reviews", "sentence_polarity", "imdb")
# Sizes of the subsets, 0 for all; the first tokens of each review that are kept, 0 for all.
CELLS = {
    "sample": ((200, 600, 0), (10, 0)),
    "movie_reviews": ((200, 600, 0), (20, 0)),
    "sentence_polarity": ((200, 2_000, 0), (5, 10, 0)),
    "imdb": ((200, 600, 2_000, 6_000, 0), (5, 10, 20, 50, 0)),
    "imdb, ratios": ((2_000, 6_000, 0), (20, 50, 0)),
    "sst2": ((600, 2_000, 0), (0,)),
    "hotels_zh": ((600, 2_000, 0), (0,)),
    "airline": ((600, 2_000, 0), (0,)),
}
SETTINGS = {"imdb, ratios": {"ratio": "documents"}}
JOURNAL, PAGE = ROOT / "build" / "training_rule.jsonl", ROOT / "docs" / "training.md"
BEGIN, END = "<!-- training rule -->\n", "<!-- end of training rule -->\n"


@dataclass(frozen=True)
class Cell:
    """A subset of a corpus: how many reviews, and how many tokens of each; 0 for all."""

    corpus: str
    n: int
    cut: int


@dataclass(frozen=True)
class Row:
    """What became of a cell. Accuracies are between 0 and 1, and chosen are epochs and rates."""

    corpus: str
    reviews: int
    tokens: float
    seeds: int
    default: float
    grid: float
    half: float
    default_chosen: tuple[int, float]
    grid_chosen: list[tuple[int, float]]

    @property
    def points(self) -> float:
        """Return how much better the default is, in points."""
        return 100 * (self.default - self.grid)

    @property
    def met(self) -> bool:
        """Return True if the default is as good as wanted."""
        return self.points >= -max(WITHIN, 100 * self.half)


@dataclass(frozen=True)
class Reviews:
    """Counts of some training reviews and of those held out, with their labels."""

    train: csr_array
    y: np.ndarray
    held_out: csr_array
    y_held_out: np.ndarray


def run(setting: Setting) -> Question:
    """Fill the table, and the page if all of it was asked for."""
    data = setting.corpus.train.parents[1] if setting.corpus.is_imdb else None
    names = tuple(CELLS) if data else CHOSEN_ON[:1]
    cells = [Cell(name, *of) for name in names for of in itertools.product(*CELLS[name])]
    rows = [_kept(cell, data) for cell in setting.some(tuple(cells))]
    table = Table("Accuracy on held-out training reviews", _HEADER, tuple(map(_shown, rows)))
    met = Claim(
        f"rows within {WITHIN} points of the folds' choice, or its interval",
        (100 * float(np.mean([row.met for row in rows])),),
        100.0,
        unit="%",
    )
    if data and not setting.quick:
        _write_page(table)
    return Question("training_rule", ASKS, ", ".join(names), claims=(met,), tables=(table,))


def _kept(cell: Cell, data: Path | None) -> Row:
    """Return a row, from the journal if it is there."""
    rule = [automatic.ADAGRAD, automatic.STEPS, automatic.FEWEST, automatic.MOST]
    key = json.dumps([*asdict(cell).values(), *rule])
    kept = JOURNAL.read_text().splitlines() if JOURNAL.exists() else []
    for found in map(json.loads, kept):
        if found["key"] == key:
            return Row(**found["row"])
    row = measure(cell, data)
    JOURNAL.parent.mkdir(exist_ok=True)
    with JOURNAL.open("a") as file:
        file.write(json.dumps({"key": key, "row": asdict(row)}) + "\n")
    return row


def measure(cell: Cell, data: Path | None) -> Row:
    """Train with the default and with what folds choose, on each draw of a subset."""
    tokens, y = _tokens(cell.corpus, data)
    held_out = np.zeros(len(y), bool)
    order = np.random.default_rng(0).permutation(len(y))
    held_out[order[: min(HELD_OUT, len(y) // 5)]] = True
    others = np.flatnonzero(~held_out)
    n = cell.n or len(others)
    seeds = range(SEEDS if n < MANY else 1)
    right, chosen = [], []
    for seed in seeds:
        show_progress(f"{cell} seed {seed}")
        drawn = np.zeros(len(y), bool)
        drawn[np.random.default_rng([1, seed]).permutation(others)[:n]] = True
        reviews = _reviews(_first(tokens, cell.cut), y, drawn, held_out)
        learner = partial(SGDLogisticRegression, seed=seed, **SETTINGS.get(cell.corpus, {}))
        default = learner().fit(reviews.train, reviews.y)
        epochs, rate = choose(learner, reviews.train, reviews.y, seed)
        best = learner(epochs=epochs, learning_rate=rate).fit(reviews.train, reviews.y)
        models = default, best
        right.append([m.predict(reviews.held_out) == reviews.y_held_out for m in models])
        chosen.append(((default.epochs_, default.learning_rate_), (epochs, rate)))
    of_default, of_grid = np.mean(right, axis=0)
    half = 1.96 * (of_default - of_grid).std() / np.sqrt(len(of_default))
    return Row(
        cell.corpus,
        n,
        float(np.diff(_first(tokens, cell.cut).offsets)[others].mean()),
        len(seeds),
        float(of_default.mean()),
        float(of_grid.mean()),
        float(half),
        chosen[0][0],
        [of_grid for _, of_grid in chosen],
    )


def choose(
    learner: Callable[..., SGDLogisticRegression], counts: csr_array, y: np.ndarray, seed: int
) -> tuple[int, float]:
    """Return the epochs and the rate of the grid with the highest accuracy on folds."""
    folds = draw_folds(y, FOLDS, seed, "folds")
    right = np.zeros((len(RATES), len(EPOCHS)))
    for fold in range(FOLDS):
        scored = folds == fold
        parts = (counts[~scored], y[~scored]), (counts[scored], y[scored])
        models = (learner(epochs=EPOCHS[-1], learning_rate=rate) for rate in RATES)
        right += [_right_by_epoch(model, *parts) for model in models]
    k, e = divmod(int(right.argmax()), len(EPOCHS))
    return EPOCHS[e], RATES[k]


def _right_by_epoch(
    model: SGDLogisticRegression, learned: tuple[Any, Any], scored: tuple[Any, Any]
) -> list[int]:
    """Train once; return how many reviews of a fold are right after each number of epochs."""
    right = []

    def score(epoch: Any) -> None:
        if epoch.number in EPOCHS:
            counts, truth = scored
            right.append(int((model.predict(counts) == truth).sum()))

    model.fit(*learned, on_epoch=score)
    return right


def _reviews(tokens: Tokens, y: np.ndarray, drawn: np.ndarray, held_out: np.ndarray) -> Reviews:
    train = tokens.select(drawn)
    vocabulary = learn_vocabulary(train)
    counts = [
        count_features(of, vocabulary, binary=True) for of in (train, tokens.select(held_out))
    ]
    return Reviews(counts[0], y[drawn], counts[1], y[held_out])


def _first(tokens: Tokens, n: int) -> Tokens:
    """Keep the first tokens of each review; 0 keeps all."""
    if not n:
        return tokens
    lengths = np.diff(tokens.offsets)
    place = np.arange(len(tokens.ids)) - np.repeat(tokens.offsets[:-1], lengths)
    offsets = np.append(0, np.cumsum(np.minimum(lengths, n)))
    return Tokens(tokens.ids[place < n], offsets, tokens.distinct)


@lru_cache(maxsize=1)
def _tokens(name: str, data: Path | None) -> tuple[Tokens, np.ndarray]:
    """Return the tokens and the labels, numbers from 0, of a corpus."""
    texts, labels = _READERS.get(name, _nltk)(name, data)
    tokens = Tokenizer(html="breaks")(pa.array(texts, pa.large_string()))
    return tokens, np.unique(labels, return_inverse=True)[1]


def _sample(name: str, data: Path | None) -> tuple[Sequence[str], Sequence[Any]]:
    file = ROOT / "pipeline" / "corpus" / "sample" / "train.jsonl"
    reviews = list(map(json.loads, file.read_text(encoding="utf-8").splitlines()))
    return [review["text"] for review in reviews], [review["label"] for review in reviews]


def _nltk(name: str, data: Path | None) -> tuple[Sequence[str], Sequence[Any]]:
    from pipeline.corpus.nltk import read_nltk

    table = read_nltk(name)
    return table["text"].to_pylist(), table["label"].to_pylist()


def _parquet(file: str) -> Callable[[str, Path | None], tuple[Sequence[str], Sequence[Any]]]:
    def read(name: str, data: Path | None) -> tuple[Sequence[str], Sequence[Any]]:
        assert data is not None
        table = parquet.read_table(data / file, columns=["text", "label"])
        if name == "sst2":  # five classes, of which the middle one is neither
            labels = table["label"].to_numpy()
            table = table.filter(pa.array(labels != 2))
            return table["text"].to_pylist(), (table["label"].to_numpy() > 2).tolist()
        return table["text"].to_pylist(), table["label"].to_pylist()

    return read


_READERS = {
    "sample": _sample,
    "imdb": _parquet("imdb/train.parquet"),
    "imdb, ratios": _parquet("imdb/train.parquet"),
    "sst2": _parquet("sst5/train.parquet"),
    "hotels_zh": _parquet("hotels_zh/reviews.parquet"),
    "airline": _parquet("airline/tweets.parquet"),
}
_HEADER = (
    "corpus",
    "reviews",
    "tokens",
    "default",
    "folds' choice",
    "difference",
    "chosen",
    "by folds",
)


def _shown(row: Row) -> tuple[float | str, ...]:
    """Return a row of the table."""
    found = sorted(row.grid_chosen, key=lambda of: of[0] ** 0.5 * of[1])
    middle = found[len(found) // 2]
    return (
        row.corpus,
        f"{row.reviews:,}",
        f"{row.tokens:.0f}",
        f"{100 * row.default:.2f}",
        f"{100 * row.grid:.2f}",
        f"{row.points:+.2f} ± {100 * row.half:.2f}",
        "{} at {:.3g}".format(*row.default_chosen),
        "{} at {:.3g}".format(*middle),
    )


def _write_page(table: Table) -> None:
    """Put the table between its markers in docs/training.md."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    lines = [table.header, ("---", *["--:"] * (len(table.header) - 1)), *table.rows]
    body = "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)
    PAGE.write_text(before + BEGIN + "\n" + body + "\n" + END + after, encoding="utf-8")
