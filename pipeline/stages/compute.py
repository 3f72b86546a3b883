"""What each stage does: reads its inputs, calls the module that does the work, writes.

A module is imported by the stage that needs it, so that a run pays for no other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pipeline
from pipeline.config.schema import Config, FilesCorpus, HubCorpus, LabelledSection, SplitSection
from pipeline.stages.ledger import record_test_use
from pipeline.stages.settings import (
    counting_of,
    regression_of,
    settling_of,
    tokenizer_of,
    vocabulary_of,
)
from pipeline.storage import arrays, arrow, files
from pipeline.storage.run import Run

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.corpus.labels import LabelRule
    from pipeline.training.history import Epoch


@dataclass(frozen=True)
class Job:
    """What a stage gets to work with."""

    config: Config
    run: Run
    folder: Path
    on_epoch: Callable[[Epoch], None]


def source_files(config: Config) -> list[Path]:
    """Return the local files that a corpus is read from."""
    section = config.corpus
    if section.source == "sample":
        return [_sample_file(part) for part in ("train", "test")]
    if section.source == "files":
        from pipeline.corpus.files import source_paths

        return [path for pattern in _parts(section) for path in source_paths(pattern)]
    # A revision of the Hub and a corpus of NLTK stand for their contents.
    return []


def _parts(section: FilesCorpus | HubCorpus) -> tuple[str, ...]:
    """Return what names train, and test where the corpus comes with one."""
    return (section.train,) if section.test is None else (section.train, section.test)


def _sample_file(part: str) -> Path:
    return Path(pipeline.__file__).parent / "corpus" / "sample" / f"{part}.jsonl"


def compute_corpus(job: Job) -> tuple[str, list[str]]:
    """Load, check, split and audit: `train.arrow`, `test.arrow` and `card.json`."""
    from pipeline.corpus import audit, split

    section = job.config.corpus
    settings = section if section.source != "sample" else SplitSection()  # it has a test part
    scan = split.write_parts(job.folder, _source(job.config), settings.test_fraction, settings.seed)
    train, test = split.read_parts(job.folder)
    dropped = 0
    if section.drop_overlap:
        overlapping = audit.overlapping_rows(train, test, scan)
        dropped = int(overlapping.sum())
        scan = split.drop_from_train(job.folder, overlapping, scan)
        train, test = split.read_parts(job.folder)
    card = audit.audit(train, test, scan)
    facts = {"source": job.config.section("corpus"), "dropped_overlap": dropped, **card.to_dict()}
    files.write_json(job.folder / "card.json", facts)
    summary = ", ".join(
        f"{part.n_reviews:,} {name} ({part.n_positive / part.n_reviews:.1%} positive)"
        for name, part in (("train", card.train), ("test", card.test))
    )
    if dropped:
        summary += f", {dropped:,} dropped from train that are in test"
    return summary, audit.warnings(card)


def _source(config: Config) -> Sequence[Iterable[pa.RecordBatch]]:
    """Return the corpus that a config names: train, and test where the source has one."""
    from pipeline.corpus.files import read_batches
    from pipeline.corpus.labels import LabelRule

    section = config.corpus
    if section.source == "nltk":
        from pipeline.corpus.nltk import read_nltk

        return [read_nltk(section.name).to_batches()]
    if section.source == "sample":
        rule = LabelRule(("positive",), ("negative",))
        names = [str(_sample_file(part)) for part in ("train", "test")]
        return [read_batches(name, "text", "label", rule) for name in names]
    rule = _label_rule(section)
    if section.source == "files":
        return [read_batches(name, section.text, section.label, rule) for name in _parts(section)]
    from pipeline.corpus.hub import read_hub

    return read_hub(
        section.dataset,
        section.revision,
        _parts(section),
        section.text,
        section.label,
        rule,
        section.subset,
    )


def _label_rule(section: LabelledSection) -> LabelRule:
    from pipeline.corpus.labels import LabelRule

    positive, negative = (
        values if isinstance(values, tuple) else (values,)
        for values in (section.positive, section.negative)
    )
    return LabelRule(positive, negative, section.positive_from, section.negative_to)


def compute_tokens(job: Job) -> tuple[str, list[str]]:
    """Turn texts into token ids: the ids and types of both parts, and `tokenizer.json`."""
    from pipeline.tokens.tokenizer import write_tokens

    tokenizer = tokenizer_of(job.config.tokens)
    files.write_json(job.folder / "tokenizer.json", tokenizer.to_dict())
    train, test = (
        write_tokens(
            job.folder / f"{part}.safetensors",
            tokenizer,
            files.read_table(job.run.path / "corpus" / f"{part}.arrow")["text"],
        )
        for part in ("train", "test")
    )
    return (
        f"{len(train.ids):,} tokens of {len(train.types):,} types in train, "
        f"{len(test.ids):,} in test"
    ), []


def compute_features(job: Job) -> tuple[str, list[str]]:
    """Choose a vocabulary and count it: `vocabulary.txt` and the counts of both parts."""
    from pipeline.features.counting import stream_counts
    from pipeline.features.vocabulary import write_vocabulary
    from pipeline.tokens.tokenizer import read_tokens

    tokens = read_tokens(job.run.path / "tokens" / "train.safetensors")
    n_documents = tokens.n_documents
    vocabulary = vocabulary_of(job.config.features, tokens)
    write_vocabulary(job.folder / "vocabulary.txt", vocabulary)

    def count(part: str) -> int:
        tokens = read_tokens(job.run.path / "tokens" / f"{part}.safetensors")
        blocks = stream_counts(tokens, vocabulary, **counting_of(job.config.features))
        return arrays.write_counts(job.folder / f"{part}.safetensors", blocks, len(vocabulary))

    del tokens  # and its pages
    per_review = count("train") / n_documents
    count("test")
    return f"{len(vocabulary):,} words, {per_review:.0f} different ones in a review", []


def compute_train(job: Job) -> tuple[str, list[str]]:
    """Learn the weights: the model's folder, and `history.json`."""
    from pipeline.features.vocabulary import read_vocabulary
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.tokens.tokenizer import Tokenizer
    from pipeline.training.decision import settle

    config = job.config
    counts = arrays.read_counts(job.run.path / "features" / "train.safetensors")
    labels = read_labels(job.run, "train")
    regression = regression_of(config.train, config.features).fit(counts, labels, job.on_epoch)
    settled = settle(regression, counts, labels, **settling_of(config.train))
    vocabulary = read_vocabulary(job.run.path / "features" / "vocabulary.txt")
    tokenizer = Tokenizer.of(files.read_json(job.run.path / "tokens" / "tokenizer.json"))
    binary, unit_length = counting_of(config.features).values()
    TextClassifier(tokenizer, vocabulary, binary, regression, unit_length).save(job.folder)
    history, kept = regression.history_, regression.kept_
    facts = [dataclasses.asdict(epoch) for epoch in history]
    files.write_json(job.folder / "history.json", {"epochs": facts})
    summary = f"accuracy {kept.accuracy:.1%} on train"
    if config.train.validation:
        summary += f", {kept.validation_accuracy:.1%} on the validation part"
    if settled is not None:
        files.write_json(job.folder / "settled.json", dataclasses.asdict(settled))
        if config.train.calibrate:
            summary += f", temperature {settled.temperature:.3g}"
        if settled.threshold is not None:
            summary += f", threshold {regression.threshold:.3f} for {settled.threshold.goal}"
    return f"{summary}, {len(history)} epochs", []


def compute_eval(job: Job) -> tuple[str, list[str]]:
    """Score the test part: `metrics.json` and `predictions.parquet`."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    from pipeline.evaluation.metrics import evaluate
    from pipeline.model.logistic import decide, sigmoid
    from pipeline.model.text_classifier import TextClassifier

    regression = TextClassifier.load(job.run.path / "model").regression
    counts = arrays.read_counts(job.run.path / "features" / "test.safetensors")
    labels = read_labels(job.run, "test")
    scores = regression.decision_function(counts)
    settings = job.config.section("eval")
    result = evaluate(labels, scores, regression.threshold, **settings)
    record_test_use(job.run.path, "eval", job.config)
    files.write_json(job.folder / "metrics.json", {"test": result.to_dict()})
    probability = sigmoid(scores)
    predictions = {
        "row": np.arange(len(labels)),
        "label": labels,
        "predicted": decide(probability, regression.threshold).astype(np.int8),
        "probability": probability,
        "log_odds": scores,
    }
    columns = {name: arrow.numbers(values) for name, values in predictions.items()}
    parquet.write_table(pa.table(columns), job.folder / "predictions.parquet")
    return (
        f"test accuracy {result.accuracy:.2%}, {100 * result.confidence:g}% interval "
        f"{result.accuracy_low:.2%} to {result.accuracy_high:.2%}"
    ), []


def read_labels(run: Run, part: str) -> Any:
    """Return the labels of a part, train or test, of a run's corpus: int8, 1 is positive."""
    return arrow.values(files.read_table(run.path / "corpus" / f"{part}.arrow")["label"])
