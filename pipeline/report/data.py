"""All that a report shows, computed before anything of it is drawn."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.evaluation.curves import Curves, curves
from pipeline.inspection.examples import least_certain, most_wrong
from pipeline.inspection.highlights import Highlight, highlight
from pipeline.inspection.weights import ClassFrequency, Word, top_words
from pipeline.storage.files import null_for_nan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipeline.model.checks import Floats, Labels
    from pipeline.model.text_classifier import TextClassifier


@dataclass(frozen=True)
class Review:
    """A test review that is shown: its row, its label, and what moved its score."""

    row: int
    label: str
    highlight: Highlight


@dataclass(frozen=True)
class FlippedReview:
    """A test review that two runs decide differently, as each of them reads it."""

    row: int
    label: str
    highlights: tuple[Highlight, Highlight]


@dataclass(frozen=True)
class Provenance:
    """What was run.

    Attributes
    ----------
    config : str
        Resolved, as TOML.
    seed : int
        Of training.
    versions : dict
        Of Python and the libraries.
    stages : tuple of dict
        `name`, `summary`, `seconds`, `peak_bytes` of each.
    digests : dict
        The SHA-256 of each file of the model.
    """

    config: str
    seed: int
    versions: dict[str, str]
    stages: tuple[dict[str, Any], ...]
    digests: dict[str, str]


@dataclass(frozen=True)
class RunFacts:
    """What the files of a run say.

    Attributes
    ----------
    name : str
    metrics : dict
        `metrics.json` of the test part.
    corpus : dict
        `card.json`.
    warnings : tuple of str
        The audit's.
    history : tuple of dict
        The epochs.
    provenance : Provenance
    """

    name: str
    metrics: dict[str, Any]
    corpus: dict[str, Any]
    warnings: tuple[str, ...]
    history: tuple[dict[str, Any], ...]
    provenance: Provenance


@dataclass(frozen=True)
class ReportFacts:
    """What the report shows.

    Attributes
    ----------
    run : RunFacts
    baselines : dict of str to float
        Accuracy on the test part of what needs no learning, and of what else was run.
    positive, negative : tuple of Word
        The words with the largest weights.
    curves : Curves
    most_wrong, least_certain : tuple of Review
    """

    run: RunFacts
    baselines: dict[str, float]
    positive: tuple[Word, ...]
    negative: tuple[Word, ...]
    curves: Curves
    most_wrong: tuple[Review, ...]
    least_certain: tuple[Review, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a nested dict that JSON can hold: NaN becomes None."""
        values: dict[str, Any] = null_for_nan(asdict(self))
        return values


def gather(
    run: RunFacts,
    model: TextClassifier,
    frequency: ClassFrequency | None,
    scored: tuple[Labels, Floats, Callable[[int], str]],
    top: int,
    n_reviews: int,
    baselines: dict[str, float],
) -> ReportFacts:
    """Compute what the report shows.

    Parameters
    ----------
    run : RunFacts
    model : TextClassifier
    frequency : ClassFrequency, optional
    scored : labels, log-odds, and a function that returns the text of a row
        Of the test part.
    top : int
        Words of each sign.
    n_reviews : int
        Reviews of each kind.
    baselines : dict of str to float
        The accuracy of other classifiers on the test part, by name.
    """
    labels, scores, text_of = scored
    threshold = model.regression.threshold
    positive, negative = top_words(model, top, frequency)

    def reviews(rows: Iterable[int]) -> tuple[Review, ...]:
        return tuple(
            Review(
                int(row),
                "positive" if labels[row] else "negative",
                highlight(model, text_of(int(row))),
            )
            for row in rows
        )

    prevalence = run.metrics["prevalence"]
    return ReportFacts(
        run,
        {
            "always the more frequent class": max(prevalence, 1 - prevalence),
            **{name: accuracy for name, accuracy in baselines.items() if name != "majority"},
        },
        tuple(positive),
        tuple(negative),
        curves(labels, scores),
        reviews(most_wrong(labels, scores, threshold, n_reviews)),
        reviews(least_certain(scores, threshold, n_reviews)),
    )
