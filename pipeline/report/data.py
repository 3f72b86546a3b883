"""Gather what a report shows, before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.evaluation.curves import Curves, curves
from pipeline.inspection.class_frequency import ClassFrequency
from pipeline.inspection.examples import least_certain, most_wrong
from pipeline.inspection.highlights import Highlight, highlight
from pipeline.inspection.weights import Word, look_up, top_words

if TYPE_CHECKING:
    from pipeline.model.checks import Floats, Labels
    from pipeline.model.text_classifier import TextClassifier


@dataclass(frozen=True)
class Review:
    """A test review: its row, its true label, and its marked text for each model on the page."""

    row: int
    label: str
    highlights: tuple[Highlight, ...]


@dataclass(frozen=True)
class Provenance:
    """How the model was made.

    Attributes
    ----------
    config : str
        All settings, as TOML.
    seed : int
        The seed of the training.
    versions : dict of str to str
        Versions of Python and the libraries.
    stages : tuple of dict
        `name`, `summary`, `seconds` and `peak_bytes` of each stage.
    digests : dict of str to str
        SHA-256 of each file of the model.
    verification : dict, optional
        The last time that the model was trained again: its `date`, and whether it `agrees`.
    """

    config: str
    seed: int
    versions: dict[str, str]
    stages: tuple[dict[str, Any], ...]
    digests: dict[str, str]
    verification: dict[str, Any] | None = None


@dataclass(frozen=True)
class RunData:
    """What a report takes from the files of a run.

    Attributes
    ----------
    name : str
    metrics : dict
        `metrics.json`, for the test set.
    corpus : dict
        `card.json`.
    warnings : tuple of str
        Warnings of the corpus audit.
    history : tuple of dict
        The epochs of the training.
    baselines : dict of str to float
        Test accuracy of other classifiers, by name.
    provenance : Provenance
    """

    name: str
    metrics: dict[str, Any]
    corpus: dict[str, Any]
    warnings: tuple[str, ...]
    history: tuple[dict[str, Any], ...]
    baselines: dict[str, float]
    provenance: Provenance


@dataclass(frozen=True)
class ScoredReviews:
    """The test set: true labels (int8), log-odds (float64), and the text of a row."""

    labels: Labels
    log_odds: Floats
    text: Callable[[int], str]


@dataclass(frozen=True)
class ReportData:
    """What the report shows.

    Attributes
    ----------
    run : RunData
    positive, negative : tuple of Word
        The words with the largest weights of each sign.
    most_frequent : Word
        The word in most training reviews.
    curves : Curves
    most_wrong, least_certain : tuple of Review
    """

    run: RunData
    positive: tuple[Word, ...]
    negative: tuple[Word, ...]
    most_frequent: Word
    curves: Curves
    most_wrong: tuple[Review, ...]
    least_certain: tuple[Review, ...]


def gather(
    run: RunData,
    model: TextClassifier,
    frequency: ClassFrequency,
    test: ScoredReviews,
    top: int,
    n_reviews: int,
) -> ReportData:
    """Compute what the report shows.

    Parameters
    ----------
    run : RunData
    model : TextClassifier
    frequency : ClassFrequency
    test : ScoredReviews
    top : int
        The number of words of each sign.
    n_reviews : int
        The number of reviews of each kind.
    """
    threshold = model.regression.threshold
    positive, negative = top_words(model, top, frequency)
    (most_frequent,) = look_up(model, [model.vocabulary.words[0].as_py()], frequency)

    def reviews(rows: Iterable[int]) -> tuple[Review, ...]:
        return tuple(
            Review(
                int(row),
                "positive" if test.labels[row] else "negative",
                (highlight(model, test.text(int(row))),),
            )
            for row in rows
        )

    return ReportData(
        run,
        tuple(positive),
        tuple(negative),
        most_frequent,
        curves(test.labels, test.log_odds),
        reviews(most_wrong(test.labels, test.log_odds, threshold, n_reviews)),
        reviews(least_certain(test.log_odds, threshold, n_reviews)),
    )
