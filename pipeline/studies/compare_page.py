"""Two runs on one page: the metrics, the words that moved, the reviews that flipped."""

from __future__ import annotations

from pathlib import Path

from pipeline import report
from pipeline.inspection.highlights import highlight
from pipeline.inspection.weights import moved_words
from pipeline.model.text_classifier import TextClassifier
from pipeline.studies.compare import Comparison

# Words, and reviews, that are shown.
_WORDS, _REVIEWS = 40, 20


def comparison_page(comparison: Comparison, path_a: Path, path_b: Path) -> str:
    """Return the page.

    Parameters
    ----------
    comparison : Comparison
    path_a, path_b : Path
        The runs that were compared.
    """
    a, b = (TextClassifier.load(path / "model") for path in (path_a, path_b))
    flips = [
        report.FlippedReview(
            flip.row,
            "positive" if flip.label else "negative",
            (highlight(a, flip.text), highlight(b, flip.text)),
        )
        for flip in comparison.flipped[:_REVIEWS]
    ]
    names = path_a.resolve().name, path_b.resolve().name
    if names[0] == names[1]:
        names = str(path_a), str(path_b)
    return report.comparison_page(names, comparison.to_dict(), moved_words(a, b, _WORDS), flips)
