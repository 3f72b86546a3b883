"""The parsers of bytes from outside, each as a function: what is fuzzed, and replayed in tests.

A target takes any bytes and a folder to write them to. It passes if it returns or raises an error
of the project, and neither takes long nor much memory. What comes out is used as a command uses
it, so that a fault that a parser lets through is seen, too.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from small_lexicons import nltk_reads

from pipeline.cli.display import tables
from pipeline.cli.display.abstaining import print_abstaining
from pipeline.cli.display.classes import print_evaluation
from pipeline.config.loading import load_config
from pipeline.config.schema import Config
from pipeline.config.section import hints, sections_in
from pipeline.corpus.columns import Columns
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.files import read_batches, read_texts
from pipeline.corpus.labels import LabelRule
from pipeline.errors import PipelineError
from pipeline.features.counting import count_features
from pipeline.features.vocabulary import Vocabulary, learn_vocabulary, read_vocabulary
from pipeline.model.logistic import LogisticRegression
from pipeline.model.text_classifier import TextClassifier
from pipeline.prediction.rows import read_rows
from pipeline.prediction.settings import Settings, labels_of
from pipeline.stages import outputs
from pipeline.stages.read_run import read_rule, was_trained_on
from pipeline.stages.test_uses import read_test_uses
from pipeline.storage import arrays, files
from pipeline.storage.counts import read_counts
from pipeline.storage.journal import DEPENDS, journal_line
from pipeline.storage.run import Run
from pipeline.studies.baseline_models import opinion_lexicon, vader_scores
from pipeline.studies.journal import Journal
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.tokens.tokens import distinct_path, read_tokens

TEXTS = ("An awful film, not good.", "superb!", "", "so\u017f\u0130 \U0001f600 &amp; <br>")
CORPUS = Path(__file__).with_name("corpus")


def config(data: bytes, folder: Path) -> None:
    """A config; what is read is written into the run, and read again from there."""
    _write(folder / "mine.toml", data)
    found = load_config(folder / "mine.toml")
    _write(folder / "config.toml", found.to_toml().encode())
    assert load_config(folder / "config.toml") == found


def override(data: bytes, folder: Path) -> None:
    """The values of `--set`, as a command gets them: never with a zero byte."""
    _write(folder / "mine.toml", b'[corpus]\nsource = "sample"\n')
    load_config(folder / "mine.toml", [os.fsdecode(value) for value in data.split(b"\0")])


RULES = (
    LabelRule(("positive", 1), ("negative", 0)),
    LabelRule((), (), positive_from=4, negative_to=2, drop=("missing", "invalid")),
)


def _labelled(path: Path, dialect: Dialect, columns: Columns) -> None:
    """Read a file as a corpus, by each rule, and tokenise what is read."""
    for rule in RULES:
        with contextlib.suppress(PipelineError):
            for batch in read_batches(str(path), columns, rule, dialect):
                batch.validate(full=True)
                assert batch.schema == columns.schema()
                Tokenizer()(batch["text"])


def _rows(path: Path, dialect: Dialect) -> None:
    """Read a file as `predict` does, with all of its columns."""
    for batch in read_rows(path, Settings.text, None, dialect):
        batch.validate(full=True)


def csv(data: bytes, folder: Path) -> None:
    """Rows with a header, and rows without one and without quotes, as TSV."""
    path = folder / "reviews.csv"
    _write(path, data)
    _labelled(path, Dialect(), Columns(weight="votes", group="film"))
    _labelled(path, Dialect(), Columns())
    plain = Dialect("tsv", columns=("label", "text"), quoting="none")
    _labelled(path, plain, Columns())
    _rows(path, Dialect(prefix="--"))


def json_rows(data: bytes, folder: Path) -> None:
    """JSON objects, a line each or in one array."""
    path = folder / "reviews.json"
    _write(path, data)
    _labelled(path, Dialect(), Columns(weight="votes", group="film"))
    _labelled(path, Dialect(), Columns())
    _rows(path, Dialect(prefix="--"))


def lines(data: bytes, folder: Path) -> None:
    """A review a line: with a label first, as fastText or Vowpal Wabbit have it, or alone."""
    path = folder / "reviews"
    _write(path, data)
    _labelled(path, Dialect(), Columns())
    for kind in ("labelled", "fasttext", "vw"):
        _labelled(path, Dialect(kind), Columns())
    for texts in read_texts(path, Settings.text):
        Tokenizer()(texts)


def columnar(data: bytes, folder: Path) -> None:
    """Parquet and Arrow, by the first bytes."""
    path = folder / f"reviews.{'parquet' if data[:4] == b'PAR1' else 'arrow'}"
    _write(path, data)
    _labelled(path, Dialect(), Columns())
    _rows(path, Dialect(prefix="--"))


_MAGIC = {b"\x1f\x8b": "gz", b"BZ": "bz2", b"\x28\xb5": "zst", b"\xfd7": "xz"}


def packed(data: bytes, folder: Path) -> None:
    """A compressed file; an archive says itself what it holds."""
    suffix = _MAGIC.get(data[:2])
    path = folder / (f"reviews.csv.{suffix}" if suffix else "reviews.zip")
    _write(path, data)
    _labelled(path, Dialect(), Columns())
    _rows(path, Dialect(prefix="--"))


@functools.cache
def saved_model(n_classes: int) -> dict[str, bytes]:
    """Return the files of a small model of two classes or more."""
    vocabulary = learn_vocabulary(Tokenizer()(list(TEXTS)), ngrams=2, characters=(2, 3))
    weights, intercept = np.linspace(-1, 1, n_classes * len(vocabulary)), np.ones(n_classes)
    regression = LogisticRegression.of(weights.reshape(n_classes, -1), intercept)
    classes = tuple(range(n_classes))
    if n_classes == 2:
        regression = LogisticRegression.of(weights[: len(vocabulary)], 0.1)
        classes = ("negative", "positive")
    model = TextClassifier(Tokenizer(), vocabulary, False, regression, False, classes)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def _use_model(replaced: dict[str, bytes], n_classes: int, folder: Path) -> None:
    """Load and use a model whose author replaced files, and wrote digests that fit."""
    path = folder / "model"
    path.mkdir(exist_ok=True)
    for name, content in (saved_model(n_classes) | replaced).items():
        _write(path / name, content)
    metadata = _as_json(path / "model.json")
    if isinstance(metadata, dict) and isinstance(metadata.get("sha256"), dict):
        metadata["sha256"] = {
            name: files.sha256(path / name) for name in ("vocabulary.txt", "weights.safetensors")
        }
        _write(path / "model.json", json.dumps(metadata).encode())
    found = TextClassifier.load(path)
    scores = found.scores(list(TEXTS))
    assert np.isfinite(scores.probabilities()).all()
    threshold = found.regression.threshold
    unsure = None if found.abstain is None else scores.unsure(threshold, found.abstain)
    labels_of(found.classes, scores.predictions(threshold), unsure).validate(full=True)


def model(data: bytes, folder: Path) -> None:
    """What a model says of itself."""
    content = _as_json(_write(folder / "model.json", data))
    classes = content.get("classes") if isinstance(content, dict) else None
    n_classes = 3 if isinstance(classes, list) and len(classes) > 2 else 2
    _use_model({"model.json": data}, n_classes, folder)


def vocabulary(data: bytes, folder: Path) -> None:
    """The features of a model, alone and with as many weights."""
    _write(folder / "vocabulary.txt", data)
    found: Vocabulary = read_vocabulary(folder / "vocabulary.txt")
    count_features(Tokenizer()(list(TEXTS)), found)
    regression = LogisticRegression.of(np.linspace(-1, 1, len(found)), 0.1)
    TextClassifier(Tokenizer(), found, False, regression).scores(list(TEXTS))


def array_files(data: bytes, folder: Path) -> None:
    """Arrays: any, the weights of a model, counts and tokens."""
    path = folder / "any.safetensors"
    _write(path, data)
    with contextlib.suppress(PipelineError):
        sum(sum(array.tobytes()) for array in arrays.read_arrays(path).values())
    with contextlib.suppress(PipelineError):
        counts = read_counts(path)
        if counts.shape[1] < 1 << 16:
            LogisticRegression.of(np.ones(counts.shape[1]), 0.0).decision_function(counts)
    _write(distinct_path(path), b"a\nfilm\nNOT_good\n")
    with contextlib.suppress(PipelineError):
        tokens = read_tokens(path)
        learn_vocabulary(tokens, ngrams=2)
    with contextlib.suppress(PipelineError):
        _use_model({"weights.safetensors": data}, 3, folder)
    _use_model({"weights.safetensors": data}, 2, folder)


def tokenizer(data: bytes, folder: Path) -> None:
    """The settings of a tokenizer, as a run and a model hold them."""
    _write(folder / "tokenizer.json", data)
    metadata = json.loads(saved_model(2)["model.json"])
    settings = files.read_json(folder / "tokenizer.json")
    changed = json.dumps(metadata | {"tokenizer": settings}).encode()
    _use_model({"model.json": changed}, 2, folder)


def journal(data: bytes, folder: Path) -> None:
    """The journal of a study: any file, and lines under digests that fit."""
    path = _write(folder / "journal.jsonl", data)
    with contextlib.suppress(PipelineError):
        Journal(path, {"seed": 0})
    lines = [journal_line(DEPENDS, {"seed": 0}).encode(), *map(_sealed, data.splitlines())]
    _write(path, b"".join(lines))
    found = Journal(path, {"seed": 0})
    assert isinstance(found.id, str)
    found["step"] = {"accuracy": 0.5}
    assert Journal(path, {"seed": 0})["step"] == {"accuracy": 0.5}


def _sealed(line: bytes) -> bytes:
    """Return a line of a journal under the digest that fits, if it is JSON."""
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        name, value, *_ = json.loads(line)
        return journal_line(name, value).encode()
    return line + b"\n"


def manifest(data: bytes, folder: Path) -> None:
    """The manifest of a run, under a digest that fits."""
    path = folder / "run"
    (path / "model").mkdir(parents=True, exist_ok=True)
    _write(path / "model" / "history.json", b"{}")
    _write_manifest(_write(path / "manifest.json", data), _as_json(path / "manifest.json"))
    run = Run(path)
    read_test_uses(path)
    read_rule(path)
    was_trained_on(run)
    for name in ("corpus", "train"):
        run.digests(name)
        run.has_outputs(name)
    run.output("model/history.json")


def _write_manifest(path: Path, content: Any) -> None:
    """Write a manifest under the digest that fits, if it has one."""
    if isinstance(content, dict) and content.pop("xxh3_128", None) is not None:
        content["xxh3_128"] = files.digest_of(content)
        _write(path, json.dumps(content).encode())


# What a stage writes, and what a command does with it.
_RESULTS: dict[str, Callable[[Run], None]] = {
    "corpus/card.json": lambda run: tables.print_card(outputs.read_card(run)),
    "model/history.json": lambda run: tables.print_history(
        outputs.read_epochs(run), outputs.read_minimum(run)
    ),
    "model/decision.json": lambda run: _print_decision(outputs.read_decision(run)),
    "eval/metrics.json": lambda run: print_evaluation(outputs.read_metrics(run)),
}


def _print_decision(decision: dict[str, Any]) -> None:
    if decision["threshold"] is not None:
        tables.print_threshold(decision["threshold"])
    if decision["abstain"] is not None:
        print_abstaining(decision["abstain"]["validation"], "review", 0.95)


def results(data: bytes, folder: Path) -> None:
    """The JSON that stages write: an object with a key for each file."""
    path = folder / "run"
    content = files.read_json(_write(folder / "results.json", data))
    written = {}
    for file in _RESULTS:
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content.get(file)).encode()
        digest = files.digest(_write(path / file, text))
        written[file] = {"xxh3_128": digest, "bytes": len(text)}
    stage = json.loads((CORPUS / "manifest" / "run.json").read_bytes())["stages"]["train"]
    stages = {"train": stage | {"outputs": written}}
    whole = {"format_version": 1, "test_uses": [], "stages": stages, "xxh3_128": ""}
    _write_manifest(path / "manifest.json", whole)
    run = Run(path)
    for show in _RESULTS.values():
        with contextlib.suppress(PipelineError), contextlib.redirect_stdout(io.StringIO()):
            show(run)


_LEXICONS = {
    "corpora/opinion_lexicon": ("positive-words.txt", "negative-words.txt"),
    "sentiment/vader_lexicon": ("vader_lexicon.txt",),
}


def lexicons(data: bytes, folder: Path) -> None:
    """The word lists of NLTK that baselines count."""
    for name, lexicon_files in _LEXICONS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        with ZipFile(folder / f"{name}.zip", "w") as archive:
            for file in lexicon_files:
                archive.writestr(f"{Path(name).name}/{file}", data)
    with nltk_reads(folder):
        with contextlib.suppress(PipelineError):
            opinion_lexicon(Tokenizer())
        vader_scores(list(TEXTS))


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _as_json(path: Path) -> Any:
    """Return the content of a JSON file; None if it is none."""
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(path.read_bytes())
    return None


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "config": config,
    "override": override,
    "csv": csv,
    "json": json_rows,
    "lines": lines,
    "columnar": columnar,
    "packed": packed,
    "model": model,
    "vocabulary": vocabulary,
    "arrays": array_files,
    "tokenizer": tokenizer,
    "journal": journal,
    "manifest": manifest,
    "results": results,
    "lexicons": lexicons,
}


def examine(name: str, data: bytes, folder: Path) -> str:
    """Give bytes to a target; return the error of the project that it raises, or "".

    Anything else that it raises is a finding.
    """
    line = ""
    try:
        TARGETS[name](data, folder)
    except PipelineError as error:
        line = str(error)
    return line


def seeds(name: str) -> list[Path]:
    """Return the inputs of a target that the repository holds."""
    return sorted(path for path in (CORPUS / name).iterdir() if path.is_file())


def words(name: str) -> list[str]:
    """Return what the inputs of a target are made of, as a hint for the fuzzer."""
    if name in ("config", "override"):
        keys = {
            key: None
            for section, hint in hints(Config).items()
            for kind in sections_in(hint)
            for key in (section, kind.__struct_config__.tag, *hints(kind))
        }
        return [key for key in keys if isinstance(key, str)]
    return _WORDS.get(name, [])


_WORDS = {
    "csv": ["text", "label", "positive", "negative", '""', "sep=;", "\r\n"],
    "json": ['"text":', '"label":', "\\ud83d", "null", "1e400", "NaN", "{}"],
    "lines": ["__label__", "|", "'tag", "positive", "negative", "1 1.0 "],
    "model": ["format_version", "NaN", "-1e999", "[[", "pattern", "(?:a|a)*", "true", "null"],
    "tokenizer": ["pattern", "words", "(?:a|a)*", "\\\\p{L}", "text", "true", "null"],
    "arrays": ["F64", "I64", "U64", "dtype", "shape", "data_offsets", "__metadata__"],
    "journal": ["NaN", "null", "[[", '["id",', "Infinity"],
    "manifest": ["format_version", "stages", "test_uses", "outputs", "bytes", "depends", "null"],
}
