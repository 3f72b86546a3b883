"""The config: one frozen, typed section a stage; TOML in, unknown keys refused.

A section bears its stage's name. Every key has a default where a sensible one
exists, so a config file says only what it means to say, and the resolved config
that a run keeps says all of it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Scalar = str | int | float | bool
# Not strict, for an array of TOML is a list.
Labels = Scalar | Annotated[tuple[Scalar, ...], Field(strict=False, min_length=1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0)]
# An int is a number of documents, a float a fraction of them, as in scikit-learn.
DocumentBound = Annotated[int, Field(ge=1)] | Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A table of a config: frozen, strictly typed, with no unknown keys."""

    # The whole is built when it is first used; parts built before it would be built twice.
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True
    )


class CorpusSection(Section):
    """What every source of a corpus shares."""

    drop_overlap: bool = False


class SplitSection(CorpusSection):
    """A source that may come without a test part."""

    test_fraction: Fraction = 0.2
    seed: Seed = 0


class LabelledSection(SplitSection):
    """A source with a text column, a label column and a meaning for each label."""

    text: str = "text"
    label: str = "label"
    positive: Labels = (1, "pos", "positive")
    negative: Labels = (0, "neg", "negative")
    positive_from: float | None = None
    negative_to: float | None = None

    @model_validator(mode="after")
    def _thresholds_go_together(self) -> Self:
        low, high = self.negative_to, self.positive_from
        if (low is None) != (high is None):
            raise ValueError("expected positive_from and negative_to together")
        if low is not None and high is not None and not low < high:
            raise ValueError(f"expected negative_to < positive_from, got {low:g} and {high:g}")
        return self


class SampleCorpus(CorpusSection):
    """The bundled reviews."""

    source: Literal["sample"]


class NltkCorpus(SplitSection):
    """A corpus of NLTK, read by NLTK's own readers."""

    source: Literal["nltk"]
    name: Literal["movie_reviews", "sentence_polarity"]


class FilesCorpus(LabelledSection):
    """CSV, TSV, JSON lines or Parquet files, or folders of `pos/` and `neg/` text files."""

    source: Literal["files"]
    train: str
    test: str | None = None


class HubCorpus(LabelledSection):
    """A data set of the Hugging Face Hub at a pinned revision."""

    source: Literal["hub"]
    dataset: str
    revision: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    subset: str | None = None
    train: str = "train"
    test: str | None = None


class TokensSection(Section):
    """How a text becomes tokens."""

    tokenizer: Literal["words", "wordpunct", "treebank", "tweet", "toktok", "pattern"] = "words"
    pattern: str | None = None
    lowercase: bool = True
    strip_breaks: bool = False
    punctuation: bool = False
    stop_words: bool = False
    mark_negation: bool = False

    @field_validator("pattern")
    @classmethod
    def _pattern_can_be_used(cls, pattern: str | None) -> str | None:
        import regex  # NLTK's engine

        try:
            n_groups = regex.compile(pattern or "").groups
        except regex.error as error:
            raise ValueError(f"expected a regular expression, got {pattern!r}: {error}") from None
        if n_groups:
            raise ValueError(f"expected no capturing groups, got {pattern!r}; write (?:...)")
        return pattern

    @model_validator(mode="after")
    def _pattern_goes_with_its_tokenizer(self) -> Self:
        if (self.tokenizer == "pattern") != (self.pattern is not None):
            raise ValueError('expected pattern with tokenizer = "pattern", and only with it')
        if self.mark_negation and self.tokenizer in ("wordpunct", "toktok"):
            raise ValueError(
                "expected another tokenizer where mark_negation = true, "
                f"for {self.tokenizer} cuts don't into pieces"
            )
        return self


class FeaturesSection(Section):
    """Which n-grams of tokens are counted, and how."""

    ngrams: Annotated[int, Field(ge=1, le=8)] = 1
    min_df: DocumentBound = 1
    max_df: DocumentBound = 1.0
    max_features: Annotated[int, Field(ge=0)] = 0
    binary: bool = False
    unit_length: bool = False


class ClassWeights(Section):
    """The cost of a mistake on a review of each class."""

    negative: Annotated[float, Field(gt=0)] = 1.0
    positive: Annotated[float, Field(gt=0)] = 1.0


class ThresholdGoal(Section):
    """What the threshold is to reach on the validation part; one of them."""

    min_recall: Annotated[float, Field(gt=0, le=1)] | None = None
    min_precision: Annotated[float, Field(gt=0, le=1)] | None = None
    best: Literal["f1"] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(value is not None for _, value in self) != 1:
            raise ValueError('expected one of min_recall, min_precision and best = "f1"')
        return self


class TrainSection(Section):
    """How the weights are learned."""

    ratio: Literal["none", "documents", "counts"] = "none"
    alpha: Annotated[float, Field(gt=0)] = 1.0
    beta: Annotated[float, Field(ge=0, le=1)] = 1.0
    l2: Annotated[float, Field(ge=0)] = 1e-4
    epochs: Annotated[int, Field(ge=1)] = 10
    batch_size: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    learning_rate: Annotated[float, Field(gt=0)] = 0.05
    schedule: Literal["constant", "inverse", "adagrad", "fisher"] = "adagrad"
    average_from: Annotated[int, Field(ge=0)] = 0
    averaged_runs: Annotated[int, Field(ge=1)] = 1
    fit_intercept: bool = True
    class_weight: Literal["none", "balanced"] | ClassWeights = "none"
    validation: Annotated[float, Field(ge=0, lt=1)] = 0.0
    patience: Annotated[int, Field(ge=0)] = 0
    calibrate: bool = False
    threshold: Fraction | ThresholdGoal = 0.5
    seed: Seed = 0

    @model_validator(mode="after")
    def _combinations(self) -> Self:
        if self.patience and not self.validation:
            raise ValueError("expected validation > 0 where patience > 0")
        if (self.calibrate or isinstance(self.threshold, ThresholdGoal)) and not self.validation:
            raise ValueError(
                "expected validation > 0 where calibrate = true or threshold is a goal"
            )
        if self.schedule in ("adagrad", "fisher"):
            if self.average_from:
                raise ValueError(
                    f'expected average_from = 0 where schedule = "{self.schedule}", '
                    f"got {self.average_from}"
                )
        elif self.l2 * self.learning_rate >= 1:
            raise ValueError(
                "expected l2 * learning_rate < 1, "
                f"got {self.l2:g} * {self.learning_rate:g}; lower learning_rate"
            )
        return self


class EvalSection(Section):
    """How the test part is scored."""

    confidence: Fraction = 0.95
    resamples: Annotated[int, Field(ge=0)] = 1000
    seed: Seed = 0
    bins: Annotated[int, Field(ge=2)] = 10


class ReportSection(Section):
    """What the report shows."""

    top: Annotated[int, Field(ge=1)] = 10
    reviews: Annotated[int, Field(ge=0)] = 5


class Range(Section):
    """Numbers from one to another, both included: whole ones where both are whole."""

    low: int | float
    high: int | float
    steps: Annotated[int, Field(ge=2)]
    scale: Literal["log", "linear"] = "log"

    @model_validator(mode="after")
    def _goes_up(self) -> Self:
        least = "0 < low" if self.scale == "log" else "low"
        if not self.low < self.high or (self.scale == "log" and self.low <= 0):
            raise ValueError(f"expected {least} < high, got {self.low:g} and {self.high:g}")
        return self


# The values of a key that are tried. Not strict, for an array of TOML is a list.
Choices = Annotated[tuple[Any, ...], Field(strict=False, min_length=1)] | Range


class TuneSection(Section):
    """Which settings are tried, and how the best is found: `sentiment tune`."""

    by: Literal["accuracy", "log_loss"] = "accuracy"
    validation: Fraction = 0.2
    folds: Annotated[int, Field(ge=0)] = 0
    seed: Seed = 0
    tokens: dict[str, Choices] = {}
    features: dict[str, Choices] = {}
    train: dict[str, Choices] = {}

    @model_validator(mode="after")
    def _keys_exist(self) -> Self:
        tables: dict[str, type[Section]] = {
            "tokens": TokensSection,
            "features": FeaturesSection,
            "train": TrainSection,
        }
        for name, table in tables.items():
            for key in getattr(self, name):
                if key not in table.model_fields:
                    raise ValueError(f"{name}.{key}: {unknown_key(key, table)}")
        if not any(getattr(self, name) for name in tables):
            raise ValueError("expected keys with lists of values, such as train.l2 = [1e-6, 1e-5]")
        return self


def unknown_key(key: str, table: type[Section]) -> str:
    """Say which keys a table has, and which of them was probably meant."""
    import difflib

    accepted = sorted(table.model_fields)
    near = difflib.get_close_matches(key, accepted, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    kind = "section" if table is Config else "key"
    return f"unknown {kind}; {hint}accepted: {', '.join(accepted)}"


class Config(Section):
    """A whole experiment: a section for each stage, in the order data flows, and for tuning."""

    corpus: Annotated[
        SampleCorpus | NltkCorpus | FilesCorpus | HubCorpus, Field(discriminator="source")
    ] = SampleCorpus(source="sample")
    tokens: TokensSection = TokensSection()
    features: FeaturesSection = FeaturesSection()
    train: TrainSection = TrainSection()
    eval: EvalSection = EvalSection()
    report: ReportSection = ReportSection()
    tune: TuneSection | None = None

    def section(self, stage: str) -> dict[str, Any]:
        """Return one section as plain values, as they are digested and saved."""
        values: dict[str, Any] = getattr(self, stage).model_dump(mode="json")
        return values

    def to_toml(self) -> str:
        """Return the resolved config as TOML; keys that are unset are left out."""
        import tomli_w

        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))
