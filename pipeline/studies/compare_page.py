"""Write a comparison as an HTML page."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import RunError
from pipeline.inspection.highlights import highlight
from pipeline.inspection.moved_words import moved_words
from pipeline.model.text_classifier import TextClassifier
from pipeline.report.data import Review
from pipeline.report.html import comparison_page
from pipeline.storage.replacing import replacing_alone
from pipeline.studies.compare import Comparison

# The numbers of words, of words of each class where there are more than two, and of reviews.
_WORDS, _WORDS_OF_CLASS, _REVIEWS = 40, 15, 20


def write_comparison_page(comparison: Comparison, file: str | Path | None = None) -> Path:
    """Write a comparison as an HTML page, and return its file.

    Parameters
    ----------
    comparison : Comparison
    file : str or Path, optional
        By default `a-vs-b.html` in the folder that holds run b.

    Raises
    ------
    RunError
        If the page cannot be written, or another process is writing it.
    """
    path_a, path_b = Path(comparison.a), Path(comparison.b)
    names = path_a.resolve().name, path_b.resolve().name
    file = Path(file) if file else path_b.parent / f"{names[0]}-vs-{names[1]}.html"
    if names[0] == names[1]:
        names = comparison.a, comparison.b
    a, b = (TextClassifier.load(path / "model") for path in (path_a, path_b))
    flips = [
        Review(
            flip.row,
            comparison.classes[flip.label],
            (highlight(a, flip.text), highlight(b, flip.text)),
        )
        for flip in comparison.flipped[:_REVIEWS]
    ]
    moved = moved_words(a, b, _WORDS if len(a.classes) == 2 else _WORDS_OF_CLASS)
    page = comparison_page(names, comparison.to_dict(), moved, flips)
    try:
        with replacing_alone(file) as partial:
            partial.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise RunError(f"{file}: cannot write the page: {error.strerror or error}") from None
    return file
