"""The report as one HTML page that needs nothing else: no network, no other file.

Text from reviews is hostile. Jinja2 escapes all that it writes; what is markup already is
marked as such here, and is made of figures and of the files in `templates/` alone. A policy
lets the page run this one script and use this one style sheet, known by their digests.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from pipeline.inspection.highlights import Highlight, Piece
    from pipeline.inspection.weights import MovedWord
    from pipeline.report.data import FlippedReview, ReportFacts
    from pipeline.report.figures import Drawn

FOLDER = Path(__file__).parent / "templates"
_SCRIPTS = ("tokenizer.js", "model.js", "ui.js")
# A word is highlighted from this share of a text's largest contribution on, in five strengths.
_HIGHLIGHTED, _LEVELS = 0.1, 5
_CORPUS_ROWS = (
    ("n_reviews", "reviews"),
    ("n_positive", "positive"),
    ("n_negative", "negative"),
    ("n_exact_duplicates", "repeats of an earlier review"),
)
_EXAMPLES = (
    ("praise", "What a wonderful film! I loved every minute, and the ending is superb."),
    (
        "a complaint",
        "Don\u2019t waste your time. Awful acting, a boring plot, and it\u2019s far too long.",
    ),
    (
        "mixed",
        "The plot is predictable and a bit slow, but the acting is excellent and the music lovely.",
    ),
)


def page(
    facts: ReportFacts,
    figures: dict[str, Drawn],
    model: dict[str, Any],
    agreement: float,
    tokenizer: str,
) -> str:
    """Return the page.

    Parameters
    ----------
    facts : ReportFacts
    figures : dict of str to Drawn
    model : dict
        What `payload` returned.
    agreement : float
        The share of test reviews on which the words in the page decide as the model does.
    tokenizer : str
        Its name.
    """
    from markupsafe import Markup

    style = Markup(_read("style.css"))
    script = Markup("\n".join(["'use strict';", *map(_read, _SCRIPTS)]))
    metrics = facts.run.metrics
    confusion = metrics["confusion"]
    n_negative = confusion["false_positive"] + confusion["true_negative"]
    steps = facts.curves.thresholds.steps
    start = min(steps - 1, max(1, round(metrics["threshold"] * steps)))
    thresholds = {
        **vars(facts.curves.thresholds),
        "own": {"threshold": metrics["threshold"], **confusion},
    }
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            facts=facts,
            metrics=metrics,
            figures=figures,
            inline=functools.partial(_inline, start=metrics["threshold"]),
            level_of=_level_of,
            style=style,
            script=script,
            policy=_policy(style, script),
            thresholds=_embedded(thresholds),
            model=_embedded(model),
            start=start,
            source=_source(facts.run.corpus["source"]),
            corpus_rows=_CORPUS_ROWS,
            false_positive_rate=confusion["false_positive"] / n_negative if n_negative else None,
            n_features=model["n_features"],
            n_kept=len(model["words"].split("\n")),
            longest=model["longest"],
            feature_name="words" if model["longest"] == 1 else "words and n-grams",
            by_class="negative" in model,
            stable="low" in model,
            playground="tokenizer" in model,
            tokenizer=tokenizer,
            agreement=agreement,
            binary=model["binary"],
            unit_length=model["unit_length"],
            example=_EXAMPLES[2][1],
            examples=_EXAMPLES,
        )
        + "\n"
    )


def comparison_page(
    names: tuple[str, str],
    comparison: dict[str, Any],
    moved: Sequence[MovedWord],
    flips: Sequence[FlippedReview],
) -> str:
    """Return two runs on one page.

    Parameters
    ----------
    names : tuple of str
        Of the runs.
    comparison : dict
        What `studies.compare.Comparison.to_dict` returned.
    moved : sequence of MovedWord
    flips : sequence of FlippedReview
        Of the reviews that are decided differently those to show.
    """
    from markupsafe import Markup

    style = Markup(_read("style.css"))
    template = _environment().get_template("comparison.html.j2")
    shown = template.render(
        names=names,
        c=comparison,
        moved=moved,
        flips=flips,
        level_of=_level_of,
        style=style,
        policy=_policy(style),
    )
    return shown + "\n"


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)


def _policy(style: str, script: str = "") -> str:
    """Return a Content Security Policy: nothing is allowed but this style and this script."""

    def source(text: str) -> str:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        return f"'sha256-{digest}'"

    scripts = source(script) if script else "'none'"
    return (
        f"default-src 'none'; style-src {source(style)}; script-src {scripts}; "
        "base-uri 'none'; form-action 'none'"
    )


def _embedded(value: Any) -> Markup:
    """Return JSON that a script element can hold: no text in it can end the element."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _inline(drawn: Drawn, mark: str, start: float) -> Markup:
    """Return a figure for the page, with the mark that the threshold's slider moves."""
    from markupsafe import Markup

    if not mark:
        return Markup(drawn.inline)
    left, top, right, bottom = drawn.box
    # The limits of the axes; `figures` sets them.
    low, high = (0, 1) if mark == "line" else (-0.01, 1.01)
    name = {"ROC": "roc", "Precision and recall": "precision_recall"}.get(drawn.title, "scores")
    x = left + start * (right - left)
    place = f'x1="{x:.2f}" x2="{x:.2f}" y1="{top:.2f}" y2="{bottom:.2f}"'
    if mark == "circle":
        place = 'r="5" cx="-9" cy="-9"'
    box = " ".join(f"{value:.2f}" for value in drawn.box)
    names = f'class="mark" id="mark-{name}" data-box="{box}" data-range="{low} {high}"'
    added = f"<{mark} {names} {place}/>"
    return Markup(drawn.inline.removesuffix("</svg>") + added + "</svg>")


def _level_of(piece: Piece, highlight: Highlight) -> str:
    """Return the class of a piece of text by its share of the largest contribution."""
    largest = max(abs(other.contribution) for other in highlight.pieces)
    if abs(piece.contribution) <= _HIGHLIGHTED * largest:
        return ""
    level = min(_LEVELS, math.ceil(_LEVELS * abs(piece.contribution) / largest))
    return f"{'p' if piece.contribution > 0 else 'n'}{level}"


def _source(source: dict[str, Any]) -> str:
    """Say in a sentence where the reviews are from."""
    match source["source"]:
        case "hub":
            revision = source["revision"][:10]
            return f"{source['dataset']} of the Hugging Face Hub, at revision {revision}."
        case "nltk":
            return f"{source['name']}, a corpus of NLTK."
        case "sample":
            return "The reviews that are bundled with the project."
        case _:
            return f"Files: {source['train']}."
