"""What `corpus`, `tokens`, `features`, `train` and `eval` read, compute and write.

A stage imports what it needs, so that a run pays for nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cluster.workers import Workers
from pipeline.config.corpus import SplitSection
from pipeline.config.schema import Config
from pipeline.stages.from_config import (
    class_names,
    counting_of,
    read_source,
    regression_of,
    require_settings_of,
    tokenizer_of,
    vocabulary_of,
    with_found_classes,
)
from pipeline.stages.outputs import read_classes, read_steps, read_tokenizer
from pipeline.stages.read_run import read_groups, read_labels, read_set, read_weights
from pipeline.stages.test_uses import TestUse
from pipeline.storage import files
from pipeline.storage.counts import map_counts
from pipeline.storage.kept import NOTHING_KEPT, KeptShards
from pipeline.storage.run import Run
from pipeline.storage.shards import shard_paths
from pipeline.stratified import TWO_CLASSES

if TYPE_CHECKING:
    from pipeline.corpus.audit import SplitAudit
    from pipeline.training.estimator import SGDLogisticRegression
    from pipeline.training.history import Epoch
    from pipeline.training.lbfgs import Minimum


@dataclass(frozen=True)
class StageContext:
    """What a stage works with.

    Attributes
    ----------
    config : Config
    run : Run
    folder : Path
        Receives the outputs.
    entry : dict
        What the manifest will say of the stage.
    on_epoch : callable
        Told of each epoch, and how many there are at most.
    kept : KeptShards
        Runs tasks that write shards, and keeps those that are complete if the stage fails.
    """

    config: Config
    run: Run
    folder: Path
    entry: dict[str, Any]
    on_epoch: Callable[[Epoch, int], None]
    kept: KeptShards = NOTHING_KEPT

    @property
    def workers(self) -> Workers:
        """What runs tasks; no output depends on it."""
        return self.kept.workers


def compute_corpus(context: StageContext) -> tuple[str, list[str]]:
    """Load, check, split and audit: the shards of both sets, and `card.json`."""
    from pipeline.corpus import audit, split

    config = with_found_classes(context.config)
    section, classes = config.corpus, class_names(config)
    settings = section if isinstance(section, SplitSection) else SplitSection()  # has a test set
    kept = context.kept.but(classes=classes)
    drawn = settings.test_fraction, settings.seed, classes, kept
    statistics, counted = split.write_sets(context.folder, read_source(config), *drawn)
    train, test = split.read_sets(context.folder)
    dropped = 0
    if section.drop_overlap:
        overlapping = audit.overlapping_rows(train, test, statistics)
        dropped = int(overlapping.sum())
        left = overlapping, statistics, classes, context.workers
        statistics = split.drop_from_train(context.folder, *left)
        train, test = split.read_sets(context.folder)
    card = audit.audit(train, test, statistics, classes)
    tallies = dict(zip(split.SET_NAMES, counted, strict=False))
    metadata = {
        "source": context.config.section("corpus"),
        **({} if classes == TWO_CLASSES else {"classes": classes}),
        "rows": {name: tally.to_dict() for name, tally in tallies.items()},
        "dropped_overlap": dropped,
        **card.to_dict(),
    }
    files.write_json(context.folder / "card.json", metadata)
    summary = ", ".join(
        f"{split.n_reviews:,} {name} ({_shares(split)})"
        for name, split in (("training reviews", card.train), ("test reviews", card.test))
    )
    if dropped:
        summary += f"; {dropped:,} training reviews dropped that are also in the test set"
    notes = [
        note
        for rows, tally in zip(split.rows_counted(len(counted)), counted, strict=False)
        for note in tally.sentences(rows)
    ]
    return summary, [*notes, *audit.warnings(card)]


def _shares(split: SplitAudit) -> str:
    """Return the share of the positive class of two, or of each of more."""
    shares = {name: f"{n / split.n_reviews:.1%} {name}" for name, n in split.n_of_class.items()}
    return shares["positive"] if tuple(shares) == TWO_CLASSES else ", ".join(shares.values())


def compute_tokens(context: StageContext) -> tuple[str, list[str]]:
    """Turn texts into token ids: those and the distinct tokens of each shard; `tokenizer.json`."""
    from pipeline.stages.shards import html_of_shard, shard_tasks, tokenise_shard
    from pipeline.tokens import diagnosis
    from pipeline.tokens.shards import TokenShards

    run = context.run
    tokenizer = tokenizer_of(context.config.tokens)
    files.write_json(context.folder / "tokenizer.json", tokenizer.to_dict())
    texts = {name: run.shards(f"corpus/{name}.arrow") for name in ("train", "test")}
    paths, n_tokens = {}, {}
    for name, shards in texts.items():
        paths[name] = shard_paths(context.folder / f"{name}.safetensors", len(shards))
        tasks = shard_tasks(shards, paths[name], run.path)
        n_tokens[name] = sum(context.kept.map(tokenise_shard, tasks, tokenizer))
    train = TokenShards.read(paths["train"])
    kept = texts["train"] if tokenizer.html == "keep" else ()
    html = list(context.workers.map_in_threads(html_of_shard, kept))
    return (
        f"{n_tokens['train']:,} tokens in the training set, {len(train.distinct):,} distinct; "
        f"{n_tokens['test']:,} in the test set"
    ), diagnosis.warnings(tokenizer, train, read_set(run, "train")["text"], html)


def compute_features(context: StageContext) -> tuple[str, list[str]]:
    """Choose a vocabulary and count it: `vocabulary.txt` and the counts of both sets."""
    from pipeline.features.vocabulary import write_vocabulary
    from pipeline.stages.shards import count_shard, shard_tasks
    from pipeline.tokens.shards import TokenShards

    section = context.config.features
    shards = {name: _token_shards(context.run, name) for name in ("train", "test")}
    tokens = TokenShards.read(shards["train"]).joined()
    n_documents = tokens.n_documents
    vocabulary = vocabulary_of(section, tokens)
    del tokens  # and the memory that its files are mapped into
    write_vocabulary(context.folder / "vocabulary.txt", vocabulary)
    how = vocabulary, counting_of(section)
    # The vocabulary depends on the tokens of all shards.
    kept = context.kept.but(tokens=files.digest_of(context.run.digests("tokens")))
    n_nonzeros = {}
    for name, paths in shards.items():
        counted = shard_paths(context.folder / f"{name}.safetensors", len(paths))
        tasks = shard_tasks(paths, counted, context.run.path)
        n_nonzeros[name] = sum(kept.map(count_shard, tasks, *how))
    per_review = n_nonzeros["train"] / n_documents
    only_words = (section.ngrams, section.characters) == (1, None)
    kind = "words" if only_words else "n-grams"
    return f"{len(vocabulary):,} {kind}, {per_review:.0f} distinct per review on average", []


def _token_shards(run: Run, name: str) -> list[Path]:
    """Return the files of the ids of a run's `train` or `test` set, checked with their tokens."""
    from pipeline.tokens.tokens import distinct_path

    paths = run.shards(f"tokens/{name}.safetensors")
    for path in paths:
        run.output(f"tokens/{distinct_path(path).name}")
    return paths


def compute_train(context: StageContext) -> tuple[str, list[str]]:
    """Learn the weights: the model's folder, and `history.json`."""
    from pipeline.features.vocabulary import read_vocabulary
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.stages.deciding import fit_and_decide
    from pipeline.training.folds import LearnedReviews
    from pipeline.training.parts import Spread

    config = context.config
    counts = map_counts(context.run.shards("features/train.safetensors"))
    labels, weights = read_labels(context.run, "train"), read_weights(context.run, "train")
    classes = read_classes(context.run)
    require_settings_of(classes, config.train)
    vocabulary = read_vocabulary(context.run.output("features/vocabulary.txt"))
    regression = regression_of(config.train, classes)
    groups = read_groups(context.run, "train")
    spread = Spread(context.workers, context.folder)
    learned = LearnedReviews(counts, labels, weights, groups)
    decided = fit_and_decide(config.train, regression, learned, context.on_epoch, spread)
    tokenizer = read_tokenizer(context.run)
    binary, unit_length = counting_of(config.features).values()
    parts = tokenizer, vocabulary, binary, regression, unit_length, classes, decided.bound
    TextClassifier(*parts).save(context.folder)
    files.write_json(context.folder / "history.json", _record(regression))
    kept, (steps, warnings) = regression.kept_, _steps(config, regression)
    summary = f"{kept.accuracy:.1%} accuracy on the reviews it learned from"
    if config.train.validation:
        summary += f", {kept.validation_accuracy:.1%} on the validation set"
    summary += decided.summary
    if not config.train.validation:
        summary += "; `eval` measures it on others"
    if decided.outcome:
        files.write_json(context.folder / "decision.json", decided.outcome)
    return f"{steps}: {summary}", [*decided.warnings, *warnings]


def _record(regression: SGDLogisticRegression) -> dict[str, Any]:
    """Return what `history.json` says of a training."""
    epochs, minimum = map(dataclasses.asdict, regression.history_), regression.minimum_
    found: dict[str, Any] = {
        "steps": {"epochs": regression.epochs_, "learning_rate": regression.learning_rate_},
        "epochs": list(epochs),
    }
    if minimum is not None:
        found["minimum"] = dataclasses.asdict(regression.kept_) | dataclasses.asdict(minimum)
    return found


def _steps(config: Config, regression: SGDLogisticRegression) -> tuple[str, list[str]]:
    """Return which steps were taken, and warnings if there were too few or too many."""
    from pipeline.training.diagnosis import warnings

    steps, minimum = f"{len(regression.history_)} epochs", regression.minimum_
    if config.train.learning_rate == "auto":
        steps += f" at rate {regression.learning_rate_:g}"
    if minimum is None:
        return steps, warnings(regression)
    return f"{steps}, L-BFGS: {minimum}", _shortfall(minimum, config.train.gap)


def _shortfall(minimum: Minimum, gap: float) -> list[str]:
    """Return a warning if L-BFGS ended before it was as near to the minimum as asked for."""
    if minimum.is_reached:
        return []
    return [
        f"train.exact: L-BFGS ended at step {minimum.n_steps:,}, where J is within "
        f"{minimum.gap:.1e} of its minimum for certain, not train.gap = {gap:g}; raise train.gap "
        "or train.l2, or train.epochs for a better start"
    ]


def compute_eval(context: StageContext) -> tuple[str, list[str]]:
    """Score the test set: `metrics.json` and `predictions.parquet`."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    from pipeline.evaluation.scored import evaluation_of, scored
    from pipeline.model.logistic import predictions
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.stages.predictions import prediction_columns
    from pipeline.stages.shards import score_shard

    model = TextClassifier.load(context.run.output("model/model.json").parent)
    labels, groups = read_labels(context.run, "test"), read_groups(context.run, "test")
    shards = context.run.shards("features/test.safetensors")
    scores = np.concatenate(list(context.workers.map(score_shard, shards, model.regression)))
    threshold = model.regression.threshold
    of_model = scored(scores, read_classes(context.run), threshold, groups)
    result = evaluation_of(labels, of_model, **context.config.section("eval"))
    metrics = result.to_dict()
    if model.abstain is not None:
        from pipeline.evaluation.abstaining import AbstainingScores, abstaining

        of_test = AbstainingScores(scores, threshold, model.abstain, groups)
        metrics["abstain"] = abstaining(labels, of_test, result.confidence).to_dict()
    context.entry["test_use"] = TestUse.of("eval", context.config).to_dict()
    record = {"training": read_steps(context.run), "test": metrics}
    files.write_json(context.folder / "metrics.json", record)
    table = pa.table(prediction_columns(labels, scores, predictions(scores, threshold)))
    parquet.write_table(table, context.folder / "predictions.parquet")
    return (
        f"test accuracy {result.accuracy:.2%}, {100 * result.confidence:g}% interval "
        f"{result.accuracy_low:.2%} to {result.accuracy_high:.2%}"
    ), []
