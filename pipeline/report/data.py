"""Gather what a report shows, before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.evaluation.abstaining import RiskCoverage, risk_coverage
from pipeline.evaluation.curves import Curves, curves
from pipeline.inspection.class_frequency import ClassFrequency
from pipeline.inspection.class_weights import ClassWord, class_words
from pipeline.inspection.examples import least_certain, most_wrong
from pipeline.inspection.highlights import Highlight, highlight
from pipeline.inspection.weights import Word, top_words, word_at
from pipeline.stratified import TWO_CLASSES

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
    steps : dict of str to str
        `epochs` and `learning_rate` as they were set, and what "auto" stood for: `auto (20)`.
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
    steps: dict[str, str]
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
    decision : dict
        `decision.json`.
    corpus : dict
        `card.json`.
    warnings : tuple of str
        Warnings of the corpus audit.
    history : tuple of dict
        The epochs of the training.
    baselines : dict of str to float
        Test accuracy of other classifiers, by name.
    provenance : Provenance
    curve : dict, optional
        `curve.json`, the learning curve.
    """

    name: str
    metrics: dict[str, Any]
    decision: dict[str, Any]
    corpus: dict[str, Any]
    warnings: tuple[str, ...]
    history: tuple[dict[str, Any], ...]
    baselines: dict[str, float]
    provenance: Provenance
    curve: dict[str, Any] | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their numbers; of two, the negative first."""
        return tuple(self.corpus.get("classes", TWO_CLASSES))


def class_counts(of_set: dict[str, Any]) -> dict[str, int]:
    """Return the number of reviews of each class, from what the audit says of a set.

    >>> class_counts({"n_reviews": 3, "n_positive": 2, "n_negative": 1})
    {'negative': 1, 'positive': 2}
    """
    if "n_of_class" in of_set:
        return dict(of_set["n_of_class"])
    return {name: of_set[f"n_{name}"] for name in TWO_CLASSES}


@dataclass(frozen=True)
class ScoredReviews:
    """The test set: the text of a row, labels and scores.

    Attributes
    ----------
    labels : int8 array, shape (n,)
        Numbers of the true classes.
    scores : float64 array, shape (n,), or (n, n_classes) above two classes
        Of two classes, log-odds.
    text : callable
        Returns the text of a row.
    """

    labels: Labels
    scores: Floats
    text: Callable[[int], str]


@dataclass(frozen=True)
class ReportData:
    """What the report of two classes shows.

    Attributes
    ----------
    run : RunData
    positive, negative : tuple of Word
        The words with the largest weights of each sign.
    most_frequent : Word
        The word in most training reviews.
    curves : Curves
    risk_coverage : RiskCoverage
    most_wrong, least_certain : tuple of Review
    """

    run: RunData
    positive: tuple[Word, ...]
    negative: tuple[Word, ...]
    most_frequent: Word
    curves: Curves
    risk_coverage: RiskCoverage
    most_wrong: tuple[Review, ...]
    least_certain: tuple[Review, ...]


@dataclass(frozen=True)
class ClassesData:
    """What the report of more than two classes shows.

    Attributes
    ----------
    run : RunData
    words : tuple of tuple of ClassWord
        For each class, the words that speak for it most, against the mean of the others.
    shares : tuple of tuple of (float or None)
        The confusion matrix as shares of each true class; None where it has no review.
    risk_coverage : RiskCoverage
    most_wrong, least_certain : tuple of Review
        The misclassified reviews whose true class is the least probable, and the reviews whose
        first and second class are the nearest.
    """

    run: RunData
    words: tuple[tuple[ClassWord, ...], ...]
    shares: tuple[tuple[float | None, ...], ...]
    risk_coverage: RiskCoverage
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
    """Compute what the report of two classes shows.

    Parameters
    ----------
    run : RunData
    model : TextClassifier
    frequency : ClassFrequency
    test : ScoredReviews
    top : int
        The number of words of each class.
    n_reviews : int
        The number of reviews of each kind.
    """
    positive, negative = top_words(model, top, frequency)
    return ReportData(
        run,
        tuple(positive),
        tuple(negative),
        word_at(model, 0, frequency),
        curves(test.labels, test.scores),
        risk_coverage(test.labels, test.scores, model.regression.threshold),
        *_shown_reviews(run, model, test, n_reviews),
    )


def gather_classes(
    run: RunData,
    model: TextClassifier,
    frequency: ClassFrequency,
    test: ScoredReviews,
    top: int,
    n_reviews: int,
) -> ClassesData:
    """Compute what the report of more than two classes shows; the parameters are as in `gather`."""
    shares = (
        tuple(cell / sum(row) if sum(row) else None for cell in row)
        for row in run.metrics["confusion"]
    )
    return ClassesData(
        run,
        tuple(map(tuple, class_words(model, top, frequency).values())),
        tuple(shares),
        risk_coverage(test.labels, test.scores),
        *_shown_reviews(run, model, test, n_reviews),
    )


def _shown_reviews(
    run: RunData, model: TextClassifier, test: ScoredReviews, n_reviews: int
) -> tuple[tuple[Review, ...], tuple[Review, ...]]:
    """Return the most wrong and the least certain reviews."""

    def reviews(rows: Iterable[int]) -> tuple[Review, ...]:
        return tuple(
            Review(
                int(row),
                run.classes[test.labels[row]],
                (highlight(model, test.text(int(row))),),
            )
            for row in rows
        )

    threshold = model.regression.threshold
    return (
        reviews(most_wrong(test.labels, test.scores, threshold, n_reviews)),
        reviews(least_certain(test.scores, threshold, n_reviews)),
    )
