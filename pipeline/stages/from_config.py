"""Config sections to objects: which files to read, tokenizer, vocabulary, learner, goal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pipeline
from pipeline.config.corpus import FilesCorpus, LabelledSection, NltkCorpus, SampleCorpus
from pipeline.config.goals import AbstainGoal, ThresholdGoal
from pipeline.config.model import FeaturesSection, TrainSection
from pipeline.config.schema import Config
from pipeline.config.tokens import TokensSection
from pipeline.errors import ConfigError, NoFileError
from pipeline.parallel import ordered_map
from pipeline.storage import files

if TYPE_CHECKING:
    from pipeline.corpus.columns import Columns
    from pipeline.corpus.dialect import Dialect
    from pipeline.corpus.labels import LabelRule
    from pipeline.corpus.places import Place
    from pipeline.corpus.shards import SetSource
    from pipeline.corpus.source import File
    from pipeline.features.vocabulary import Vocabulary
    from pipeline.tokens.tokenizer import Tokenizer
    from pipeline.tokens.tokens import Tokens
    from pipeline.training.abstaining import Goal
    from pipeline.training.estimator import SGDLogisticRegression


def source_files(config: Config) -> list[File]:
    """Return the files that a corpus is read from."""
    section = config.corpus
    if isinstance(section, SampleCorpus):
        return [Path(name) for files in _sample_files(section) for name in files]
    if isinstance(section, FilesCorpus):
        from pipeline.corpus.places import place_paths

        rule, found = label_rule_of(section), []
        for key, place in zip(("train", "test"), _parts(section), strict=False):
            try:
                found += place_paths(place, rule)
            except NoFileError as error:
                raise NoFileError(f"{error}; set corpus.{key}") from None
        return found
    # A revision of the Hub and a corpus of NLTK stand for their contents.
    return []


def source_digests(config: Config) -> dict[str, str]:
    """Return the digest of each source file; for that of a URL, what its store says instead."""

    def digest(file: File) -> str:
        return files.digest(file) if isinstance(file, Path) else file.state

    paths = source_files(config)
    return dict(zip(map(str, paths), ordered_map(digest, paths), strict=True))


def read_source(config: Config, rule: LabelRule | None = None) -> Sequence[SetSource]:
    """Return the corpus that a config names: train, and test where the source has one.

    Its labels mean what the config says, or a rule that is given instead.
    """
    from pipeline.corpus.columns import Columns
    from pipeline.corpus.dialect import Dialect
    from pipeline.corpus.labels import LabelRule

    section = config.corpus
    if isinstance(section, NltkCorpus):
        from pipeline.corpus.nltk import read_nltk
        from pipeline.corpus.shards import SetSource

        return [SetSource([lambda tally: iter(read_nltk(section.name).to_batches())])]
    if isinstance(section, SampleCorpus):
        by_name = LabelRule(classes={name: (name,) for name in class_names(config)})
        return [
            _set_of_files(files, Columns(), by_name, Dialect()) for files in _sample_files(section)
        ]
    rule = label_rule_of(section) if rule is None else rule
    columns = Columns(section.text, section.label, section.group, section.weight)
    if isinstance(section, FilesCorpus):
        dialect = dialect_of(section)
        return [_set_of_files(place, columns, rule, dialect) for place in _parts(section)]
    from pipeline.corpus.hub import read_hub

    splits = (section.train,) if section.test is None else (section.train, section.test)
    return read_hub(section.dataset, section.revision, section.subset, splits, columns, rule)


def _set_of_files(place: Place, columns: Columns, rule: LabelRule, dialect: Dialect) -> SetSource:
    from pipeline.corpus.parts import PartReader, small_parts
    from pipeline.corpus.places import place_parts
    from pipeline.corpus.shards import SetSource

    parts = small_parts(place_parts(place, rule))
    readers = [PartReader(part, columns, rule, dialect) for part in parts]
    return SetSource(readers, is_portable=True)


def dialect_of(section: FilesCorpus) -> Dialect:
    """Return how the files that a section names are written."""
    from pipeline.corpus.dialect import Dialect

    return Dialect(
        section.format, section.encoding, section.delimiter, section.columns, section.quoting
    )


def label_rule_of(section: LabelledSection) -> LabelRule:
    """Return what the labels of a section mean, and which rows it leaves out."""
    from pipeline.corpus.labels import LabelRule

    def listed(values: Any) -> tuple[Any, ...]:
        return values if isinstance(values, tuple) else (values,)

    ignore, drop = listed(section.ignore), section.drop
    if section.classes == "found":
        return LabelRule(ignore=ignore, drop=drop, found=set())
    if section.classes is not None:
        classes = {name: listed(labels) for name, labels in section.classes.items()}
        return LabelRule(ignore=ignore, drop=drop, classes=classes)
    ratings = section.positive_from, section.negative_to
    return LabelRule(listed(section.positive), listed(section.negative), *ratings, ignore, drop)


def class_names(config: Config) -> tuple[str, ...]:
    """Return the names of the classes that a config lists, in the order of their numbers."""
    names = config.corpus.class_names
    assert names is not None, "see with_found_classes"
    return names


def with_found_classes(config: Config) -> Config:
    """Return a config whose classes are listed, after a look at all labels if they are not."""
    section = config.corpus
    if not isinstance(section, LabelledSection) or section.classes != "found":
        return config
    from pipeline.corpus.labels import found_classes
    from pipeline.corpus.tally import Tally

    rule = label_rule_of(section)
    for source in read_source(config, rule):
        for read in source.parts:
            for _ in read(Tally()):
                pass
    assert rule.found is not None
    return config.but(corpus=section.but(classes=found_classes(rule.found)))


def _parts(section: FilesCorpus) -> tuple[Place, ...]:
    """Return what names train, and test where the corpus comes with one."""
    return (section.train,) if section.test is None else (section.train, section.test)


def _sample_files(section: SampleCorpus) -> list[list[str]]:
    """Return the files of each set of the bundled reviews: of two classes, and of the third."""
    folder = Path(pipeline.__file__).parent / "corpus" / "sample"
    kinds = ("", "neutral_") if section.neutral else ("",)
    return [[str(folder / f"{kind}{part}.jsonl") for kind in kinds] for part in ("train", "test")]


def tokenizer_of(section: TokensSection) -> Tokenizer:
    """Return the tokenizer that a section describes."""
    from pipeline.tokens.stop_words import stop_words
    from pipeline.tokens.tokenizer import Tokenizer

    settings = section.to_dict()
    settings["stop_words"] = stop_words() if section.stop_words else ()
    return Tokenizer(**settings)


def vocabulary_of(section: FeaturesSection, tokens: Tokens) -> Vocabulary:
    """Learn the vocabulary that a section describes from the training set's tokens."""
    from pipeline.features.vocabulary import learn_vocabulary

    return learn_vocabulary(
        tokens,
        section.ngrams,
        section.min_df,
        section.max_df,
        section.max_features,
        section.characters,
    )


def counting_of(section: FeaturesSection) -> dict[str, bool]:
    """Return how a section has words counted, as `count_features` takes it."""
    return {"binary": section.binary, "unit_length": section.unit_length}


def require_settings_of(classes: Sequence[str], section: TrainSection) -> None:
    """Refuse settings that do not go with the classes: costs of others, a threshold of many."""
    regression_of(section, classes)
    if len(classes) > 2 and section.threshold != TrainSection().threshold:
        raise ConfigError(f"train.threshold: expected none where there are {len(classes)} classes")


def regression_of(section: TrainSection, classes: Sequence[str]) -> SGDLogisticRegression:
    """Return the learner that a section describes, untrained, for labels that number classes."""
    from pipeline.config.class_costs import costs_of_classes
    from pipeline.training.estimator import SGDLogisticRegression

    settings = section.to_dict()
    del settings["calibrate"], settings["abstain"]
    if isinstance(section.threshold, ThresholdGoal):
        del settings["threshold"]  # it is chosen once the weights are learned
    match settings["class_weight"]:
        case "none":
            settings["class_weight"] = None
        case dict() as costs:
            by_number = enumerate(costs_of_classes(costs, classes).values())
            settings["class_weight"] = dict(by_number)
    return SGDLogisticRegression(**settings)


def decision_of(train: TrainSection) -> dict[str, Any]:
    """Return what is chosen once the weights are learned, as arguments of `choose_decision`."""
    from pipeline.training.threshold import goal_of

    goal = None
    if isinstance(train.threshold, ThresholdGoal):
        goal = goal_of(_set_keys(train.threshold))
    return {"calibrate": train.calibrate, "goal": goal}


def abstaining_of(train: TrainSection) -> float | Goal | None:
    """Return below which confidence a prediction is unsure, or the goal that chooses it."""
    from pipeline.training.abstaining import bound_of

    stated = train.abstain
    return bound_of(_set_keys(stated) if isinstance(stated, AbstainGoal) else stated)


def _set_keys(goal: ThresholdGoal | AbstainGoal) -> dict[str, Any]:
    return {key: value for key, value in goal.to_dict().items() if value is not None}
