"""The keys of [corpus]: one class for each source of reviews."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from pipeline.boundary.urls import checked_url, is_url
from pipeline.config.section import Fraction, Number, Section, Seed, about
from pipeline.errors import ConfigError

Scalar = str | int | float | bool
Labels = Scalar | Annotated[tuple[Scalar, ...], Meta(min_length=1)]
_MOST_CLASSES = 100
Classes = Annotated[dict[str, Labels], Meta(min_length=2, max_length=_MOST_CLASSES)]


Paths = str | Annotated[tuple[str, ...], Meta(min_length=1)]
Place = Paths | Annotated[dict[str, Paths], Meta(min_length=1)]
_PLACE = "a path or a URL, a list of them, or a table with them for each class"


class CorpusSection(Section, frozen=True, tag_field="source"):
    """Settings of every source."""

    source: ClassVar[str]
    drop_overlap: Annotated[
        bool, about("Drop training reviews whose text is also in the test set.")
    ] = False

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes, in the order of their numbers; None if they are found."""
        return ("negative", "positive")


class SplitSection(CorpusSection, frozen=True):
    """A source that may come without a test set."""

    test_fraction: Annotated[
        Fraction,
        about("Fraction of each class that is split off as the test set, if none is given."),
    ] = 0.2
    seed: Annotated[Seed, about("Random seed of that split.")] = 0


class LabelledSection(SplitSection, frozen=True):
    """A source with a text column, a label column and a meaning for each label."""

    text: Annotated[str, about("Name of the column that holds the texts.")] = "text"
    label: Annotated[str, about("Name of the column that holds the labels.")] = "label"
    positive: Annotated[
        Labels, about("Label or labels of positive reviews.", "a label or a list of labels")
    ] = (1, "pos", "positive")
    negative: Annotated[
        Labels, about("Label or labels of negative reviews.", "a label or a list of labels")
    ] = (0, "neg", "negative")
    positive_from: Annotated[
        Number | None,
        about("For ratings: the lowest one that is positive. Replaces positive and negative."),
    ] = None
    negative_to: Annotated[
        Number | None,
        about("For ratings: the highest one that is negative. Those in between are left out."),
    ] = None

    classes: Annotated[
        Literal["found"] | Classes | None,
        about(
            "Two classes or more, each with its label or labels, or each label that is found. "
            "Replaces positive and negative.",
            'a table such as { bad = [1, 2], fair = 3, good = [4, 5] }, or "found"',
        ),
    ] = None
    ignore: Annotated[
        Scalar | tuple[Scalar, ...],
        about("Label or labels whose reviews are left out.", "a label or a list of labels"),
    ] = ()
    drop: Annotated[
        tuple[Literal["missing", "invalid"], ...],
        about(
            "Other reviews to leave out: without a text or a label (missing), not decodable "
            "(invalid).",
            'a list of "missing" and "invalid"',
        ),
    ] = ()
    group: Annotated[
        str | None,
        about("Name of a column whose equal values say which reviews belong together."),
    ] = None
    weight: Annotated[
        str | None, about("Name of a column with the cost of each review, a number above 0.")
    ] = None

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes, in the order of their numbers; None if they are found."""
        if self.classes is None:
            return super().class_names
        return None if self.classes == "found" else tuple(self.classes)

    def __post_init__(self) -> None:
        if self.text == self.label:
            raise ConfigError(
                "corpus.label: expected another column than corpus.text, "
                f"got {self.label!r} for both"
            )
        if self.classes is not None:
            fields = msgspec.structs.fields(type(self))
            defaults = {field.name: field.default for field in fields}
            for key in ("positive", "negative", "positive_from", "negative_to"):
                if getattr(self, key) != defaults[key]:
                    raise ConfigError(f"corpus.{key}: expected none with corpus.classes")
        low, high = self.negative_to, self.positive_from
        if low is None and high is not None:
            raise ConfigError("corpus.positive_from: expected negative_to with it")
        if high is None and low is not None:
            raise ConfigError("corpus.negative_to: expected positive_from with it")
        if low is not None and high is not None and not low < high:
            raise ConfigError(
                "corpus.negative_to: expected a number below positive_from, "
                f"got {low:g} and {high:g}"
            )


class SampleCorpus(CorpusSection, frozen=True, tag="sample"):
    """The 2,000 training and 400 test reviews that come with the project, of two classes."""

    source = "sample"
    neutral: Annotated[
        bool,
        about("Add the neutral reviews that come with them, as a class of their own."),
    ] = False

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their numbers."""
        return ("negative", "neutral", "positive") if self.neutral else ("negative", "positive")


class NltkCorpus(SplitSection, frozen=True, tag="nltk", kw_only=True):
    """A corpus of NLTK, downloaded once or found through NLTK_DATA."""

    source = "nltk"
    name: Annotated[Literal["movie_reviews", "sentence_polarity"], about("Name of the corpus.")]


class FilesCorpus(LabelledSection, frozen=True, tag="files", kw_only=True):
    """Tables, files of one review a line, or folders with `pos/` and `neg/` text files."""

    source = "files"
    train: Annotated[
        Place,
        about(
            "Path, glob, folder or URL of the training reviews, a list of them, or one a class.",
            _PLACE,
        ),
    ]
    test: Annotated[Place | None, about("The same for the test reviews.", _PLACE)] = None
    format: Annotated[
        Literal[
            "csv", "tsv", "json", "jsonl", "parquet", "arrow", "lines", "labelled", "fasttext", "vw"
        ]
        | None,
        about("Format of the files; without it their extensions say."),
    ] = None
    encoding: Annotated[
        str | None,
        about("Encoding of the files; without it UTF-8, or what a byte-order mark says."),
    ] = None
    delimiter: Annotated[
        str | None,
        about("Character between two fields; without it a tab in TSV and a comma in CSV."),
    ] = None
    columns: Annotated[
        tuple[str, ...],
        about("Names of all columns, in order, of files without a header.", "a list of strings"),
    ] = ()
    quoting: Annotated[
        Literal["double", "none"],
        about("Whether double quotes enclose fields (double) or are text (none)."),
    ] = "double"

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, place in (("train", self.train), ("test", self.test)):
            parts = place.values() if isinstance(place, dict) else [place]
            for part in parts:
                for name in [part] if isinstance(part, str) else part or ():
                    if not name:
                        raise ConfigError(f"corpus.{key}: expected {_PLACE}, got an empty string")
                    try:
                        if is_url(name):
                            checked_url(name, ConfigError)
                    except ConfigError as error:
                        raise ConfigError(f"corpus.{key}: {error}") from None


class HubCorpus(LabelledSection, frozen=True, tag="hub", kw_only=True):
    """A data set of the Hugging Face Hub at a pinned revision, downloaded once."""

    source = "hub"
    dataset: Annotated[str, about("Owner and name of the data set, such as stanfordnlp/imdb.")]
    revision: Annotated[
        str,
        Meta(pattern="^[0-9a-f]{40}$"),
        about("Commit of the data set, in full.", "a commit of 40 hexadecimal digits"),
    ]
    subset: Annotated[str | None, about("Configuration of the data set, if it has several.")] = None
    train: Annotated[str, about("Name of the split to train on.")] = "train"
    test: Annotated[str | None, about("Name of the split to test on.")] = None


SOURCES: tuple[type[CorpusSection], ...] = (SampleCorpus, FilesCorpus, HubCorpus, NltkCorpus)
