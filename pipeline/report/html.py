"""Fill the templates: the page of a run and of a comparison, with their security policy.

Text from reviews may be hostile. Everything that a template inserts is made inert here, and
escaped by Jinja2, except figures and the files in `templates/`, which are marked as markup. A
name, a word or a review has an element of its own that isolates its direction. A Content Security
Policy allows only this script and this style sheet, which it identifies by their digests.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.boundary.inert import escaped_json, inert, message
from pipeline.report import learning_curve, numbers
from pipeline.report.data import ClassesData, class_counts

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from pipeline.inspection.moved_words import MovedWord
    from pipeline.report.data import ReportData, Review
    from pipeline.report.svg import Drawn

FOLDER = Path(__file__).parent / "templates"
_SCRIPTS = ("tokenizer.js", "model.js", "words.js", "playground.js", "steps.js")
_OF_TWO_CLASSES, _OF_MORE_CLASSES = ("threshold.js", "step.js"), ("class_step.js",)
# A piece is marked, in five strengths, above this share of the text's largest contribution.
_MARKED, _LEVELS = 0.1, 5
# With fewer training reviews, a word that is in one review in a thousand was seen fewer than five
# times. The page then says that the corpus is small.
_SMALL = 5000
_LONGEST_NAME = 60
_SHADES = 10
_EXAMPLES = {
    "praise": "What a wonderful film! I loved every minute, and the ending is superb.",
    "a complaint": "Don\u2019t waste your time. Awful acting, a boring plot, and it\u2019s far too "
    "long.",
    "mixed": "The plot is predictable and a bit slow, but the acting is excellent and the music "
    "lovely.",
}


@dataclass(frozen=True)
class Embedded:
    """What the page computes with.

    Attributes
    ----------
    model : dict
        The result of `embedded_model`.
    steps : dict
        The result of `embedded_steps`.
    agreement : float
        The share of test reviews for which the embedded words give the prediction of the model.
    tokenizer : str
        The tokenizer's name.
    """

    model: dict[str, Any]
    steps: dict[str, Any]
    agreement: float
    tokenizer: str


def page(data: ReportData | ClassesData, figures: dict[str, Drawn], embedded: Embedded) -> str:
    """Return the report as HTML."""
    template, scripts, values = _of_form(data)
    return _rendered(
        template,
        (*_SCRIPTS, *scripts, "page.js"),
        run=data.run,
        data=data,
        metrics=data.run.metrics,
        figures=figures,
        n_of_class=[class_counts(data.run.corpus[name]) for name in ("train", "test")],
        source=_source(data.run.corpus["source"]),
        is_small=data.run.corpus["train"]["n_reviews"] < _SMALL,
        n_kept=len(embedded.model["words"].split("\n")),
        examples=_EXAMPLES,
        **vars(embedded),
        **values,
    )


def _of_form(data: ReportData | ClassesData) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """Return the template for two classes or for more, its scripts, and what only it shows."""
    if isinstance(data, ClassesData):
        return "more_classes.html.j2", _OF_MORE_CLASSES, {"classes": data.run.classes}
    metrics, table = data.run.metrics, data.curves.thresholds
    confusion = metrics["confusion"]
    n_negative = confusion["false_positive"] + confusion["true_negative"]
    values = {
        "classes": data.run.classes[::-1],
        "thresholds": vars(table) | {"own": {"threshold": metrics["threshold"], **confusion}},
        "start": min(table.steps - 1, max(1, round(metrics["threshold"] * table.steps))),
        "false_positive_rate": confusion["false_positive"] / n_negative if n_negative else None,
    }
    return "two_classes.html.j2", _OF_TWO_CLASSES, values


def comparison_page(
    names: tuple[str, str],
    comparison: dict[str, Any],
    moved: Mapping[Any, Sequence[MovedWord]],
    flips: Sequence[Review],
) -> str:
    """Return two runs on one HTML page.

    Parameters
    ----------
    names : tuple of str
        The names of the runs.
    comparison : dict
        The result of `studies.compare.Comparison.to_dict`.
    moved : dict of MovedWord
        Those of each class; of two classes, of the positive one.
    flips : sequence of Review
        The reviews to show of those that the two runs predict differently.
    """
    return _rendered(
        "comparison.html.j2",
        (),
        names=names,
        c=comparison,
        moved=moved,
        flips=flips,
    )


def _rendered(template: str, scripts: Sequence[str], **values: Any) -> str:
    """Return a page with the style sheet and the scripts in it."""
    from markupsafe import Markup

    style = Markup(_read("style.css"))
    script = Markup("\n".join(["'use strict';", *map(_read, scripts)]) if scripts else "")
    policy = _policy(style, script)
    page = _environment().get_template(template)
    return page.render(style=style, script=script, policy=policy, **values) + "\n"


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
    )
    found.filters |= {
        "counted": numbers.counted,
        "embedded": _embedded,
        "level": _level,
        "metric_name": numbers.metric_name,
        "name": _name,
        "number": numbers.number,
        "sentence": _sentence,
        "shade": _shade,
        "share": numbers.share,
        "signed": numbers.signed,
        "with_mark": _with_mark,
    }
    for sentence in (
        numbers.abstaining_of,
        numbers.correct_of,
        numbers.interval_of,
        learning_curve.answer_of,
        learning_curve.forecast_of,
    ):
        found.globals[sentence.__name__] = sentence
    return found


def _shown(value: Any) -> Any:
    """Return a value as a template inserts it; markup is the project's own."""
    return inert(value) if type(value) is str else value


def _sentence(text: str) -> Markup:
    """Return a line with names in it, in which each that is written from right to left is isolated.

    For a name in a sentence, and for attributes and titles, which can hold no element.
    """
    from markupsafe import escape

    return escape(message(text))


def _name(text: str) -> Markup:
    """Return the name of a class as `_sentence` does, without its middle if it is long."""
    from markupsafe import escape

    return escape(message(text, _LONGEST_NAME))


def _policy(style: str, script: str) -> str:
    """Return a Content Security Policy that allows only this style and this script."""

    def source(text: str) -> str:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        return f"'sha256-{digest}'" if text else "'none'"

    return (
        f"default-src 'none'; style-src {source(style)}; script-src {source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _embedded(value: Any) -> Markup:
    """Return JSON for a script element; no text in it can end the element."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(escaped_json(text))


def _level(strength: float) -> str:
    """Return the CSS class of a piece of text, given its share of the largest contribution."""
    if abs(strength) <= _MARKED:
        return ""
    return f"{'p' if strength > 0 else 'n'}{min(_LEVELS, math.ceil(_LEVELS * abs(strength)))}"


def _shade(share: float | None) -> str:
    """Return the CSS class of a cell of a confusion matrix, given its share of the row."""
    return f"s{math.ceil(_SHADES * share)}" if share else ""


def _with_mark(drawn: Drawn, name: str, shape: str, start: float) -> Markup:
    """Return a figure with a mark that the threshold slider moves: a `line` or a `circle`."""
    from markupsafe import Markup

    left, top, right, bottom = drawn.box
    x = left + start * (right - left)
    place = f'x1="{x:.2f}" x2="{x:.2f}" y1="{top:.2f}" y2="{bottom:.2f}"'
    if shape == "circle":
        place = 'r="5" cx="-9" cy="-9"'
    box = " ".join(f"{value:.2f}" for value in drawn.box)
    limits = " ".join(f"{value:g}" for value in drawn.limits)
    attributes = f'class="mark" id="mark-{name}" data-box="{box}" data-limits="{limits}" {place}'
    return Markup(drawn.inline.removesuffix("</svg>") + f"<{shape} {attributes}/></svg>")


def _source(source: dict[str, Any]) -> str:
    """Return a sentence on where the reviews are from."""
    match source["source"]:
        case "hub":
            revision = source["revision"][:10]
            return f"{source['dataset']} on the Hugging Face Hub, revision {revision}."
        case "nltk":
            return f"{source['name']}, a corpus of NLTK."
        case "sample":
            return "The reviews that come with the project."
        case _:
            return f"Files: {numbers.file_names(source['train'])}."
