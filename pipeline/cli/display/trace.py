"""One step of gradient descent, line by line, and the check of a gradient."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipeline.cli.display.terminal import figures, print_table
from pipeline.cli.output import echo

if TYPE_CHECKING:
    from pipeline.inspection.trace import Seen, Step, Trace
    from pipeline.studies.gradient_check import GradientCheck

_DECIMALS = 6
_WIDTH = 80
# The most characters of a text's tokens, and the most coordinates of a check.
_TOKENS, _COORDINATES = 240, 10
_TEXTBOOK = """\
The worked example of Jurafsky & Martin: one step of gradient descent.

review        3 words of a positive lexicon and 2 of a negative one
label         {label}: y = {y}
weights       all 0"""


def print_textbook_step(step: Step) -> None:
    """Print the worked example of the textbook."""
    echo(*_TEXTBOOK.format(label=("negative", "positive")[step.y], y=step.y).split("\n"))
    _print_step(step, len(step.terms))


def print_trace(found: Trace, top: int) -> None:
    """Print a step of a model on a text: of its features, those with the largest terms."""
    step = found.step
    print_seen(found, len(step.terms), step.y)
    _print_step(step, top)
    print_others(found, len(step.terms), step.rule.l2, step.other_weights_factor)


def print_seen(found: Seen, n_terms: int, y: int) -> None:
    """Print the tokens of a text, how many of its counts are not zero, and its true label."""
    tokens = " ".join(found.tokens)
    if len(tokens) > _TOKENS:
        tokens = tokens[:_TOKENS].rpartition(" ")[0] + " ..."
    unknown = f", {found.n_unknown:,} unknown to the model" if found.n_unknown else ""
    echo(*textwrap.wrap(f"tokens        {tokens}", _WIDTH, subsequent_indent=" " * 14))
    echo(f"              {len(found.tokens):,} tokens{unknown}")
    echo(f"x             {n_terms:,} of {found.n_features:,} counts are not zero")
    echo(f"label         {found.label}: y = {y}")


def print_others(found: Seen, n_terms: int, l2: float, factor: float) -> None:
    """Print what the penalty does to the weights of the features that are not in the text."""
    n_others = found.n_features - n_terms
    if n_others and l2:
        echo(f"the penalty multiplies the {n_others:,} other weights by {factor:.10g}")


def _print_step(step: Step, top: int) -> None:
    """Print score, probability, loss, gradient and new weights."""
    before, after, rule = step.before, step.after, step.rule
    a, loss = f"{before.probability:.4f}", "-ln a" if step.y else "-ln(1 - a)"
    echo("", "score         z = x . w + b")
    _print_score(step, top)
    echo(f"probability   a = sigmoid(z) = 1 / (1 + e^{-before.score:.4f}) = {a}")
    echo(f"loss          L = {loss} = {before.loss:.4f}")
    echo(f"error         a - y = {a} - {step.y} = {step.error:+.4f}")
    penalty = f" + {rule.l2:g} w" if rule.l2 else ""
    echo("", f"gradient      g = (a - y) x{penalty}, and a - y for the intercept")
    echo(f"new weights   w - {rule.learning_rate:g} g")
    _print_gradient(step, top)
    echo(
        f"with these    z = {after.score:.4f}, a = {after.probability:.4f}, L = {after.loss:.4f}: "
        f"{after.loss - before.loss:+.4f}"
    )


def _print_score(step: Step, top: int) -> None:
    """Print z term by term; the terms that are not shown are summed."""
    table = figures("x", "w", "x w", words="feature")
    shown, rest = step.terms[:top], step.terms[top:]
    others = sum(term.product for term in rest)
    weights = signed(term.weight for term in shown)
    *products, of_others, intercept, score = signed(
        [*(term.product for term in shown), others, step.intercept, step.before.score]
    )
    for term, weight, product in zip(shown, weights, products, strict=True):
        table.add_row(term.feature, f"{term.x:g}", weight, product)
    if rest:
        table.add_row(f"({len(rest):,} other features)", "", "", of_others)
    table.add_row("(intercept)", "", "", intercept, end_section=True)
    table.add_row(("z", "bold"), "", "", (score, "bold"))
    print_table(table)


def _print_gradient(step: Step, top: int) -> None:
    """Print the gradient, and the weights before and after the step."""
    table = figures("g", "w", "new w", words="feature")
    shown, n_others = step.terms[:top], len(step.terms[top:])
    columns = (
        signed([*(term.gradient for term in shown), step.error]),
        signed([*(term.weight for term in shown), step.intercept]),
        signed([*(term.new_weight for term in shown), step.new_intercept]),
    )
    names = [*(term.feature for term in shown), "(intercept)"]
    for name, *cells in zip(names, *columns, strict=True):
        table.add_row(name, *cells)
    if n_others:
        table.add_row(f"({n_others:,} other features)", "...", "...", "...")
    print_table(table)


def print_check(found: GradientCheck) -> None:
    """Print the coordinates of a gradient that was checked, and the largest error."""
    from pipeline.studies.gradient_check import BOUND, STEP, ClassCoordinate

    table = figures("gradient", "difference", "relative error", words="slope by the weight of")
    for each in found.coordinates[:_COORDINATES]:
        name = "(intercept)" if each.feature is None else each.feature
        if isinstance(each, ClassCoordinate):
            name = f"{name} for {each.label}"
        figure = (f"{each.gradient:+.6e}", f"{each.difference:+.6e}", f"{each.relative_error:.1e}")
        table.add_row(name, *figure)
    rest = found.coordinates[_COORDINATES:]
    if rest:
        table.add_row(f"({len(rest):,} others)", "", "", f"<= {rest[0].relative_error:.1e}")
    print_table(table)
    n_drawn = sum(each.feature is not None for each in found.coordinates)
    echo(f"J = {found.objective:.6f}, the mean over {found.n_reviews:,} reviews")
    echo(f"{n_drawn:,} of {found.n_weights:,} weights were drawn, and moved by {STEP:g} both ways")
    verdict = "within" if found.holds else "ABOVE"
    echo(f"largest relative error {found.largest_error:.1e}: {verdict} {BOUND:g}")


def signed(values: Iterable[float], most: int = _DECIMALS) -> list[str]:
    """Return numbers with a sign, and with as many decimals as the longest of them needs."""
    values = list(values)
    fractions = [f"{value:.{most}f}".rstrip("0").partition(".")[2] for value in values]
    decimals = max([2, *map(len, fractions)])
    return [f"{value + 0.0:+.{decimals}f}" for value in values]
