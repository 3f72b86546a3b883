"""Tables of the studies: folds, baselines, comparison, certificate, stability, changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.boundary import inert
from pipeline.cli.display.tables import METRIC_NAMES
from pipeline.cli.display.terminal import Text, figures, isolated, print_line, print_table
from pipeline.cli.display.tuning import values_text
from pipeline.report.numbers import metric_name, share

if TYPE_CHECKING:
    from pipeline.studies.baselines import BaselineResult
    from pipeline.studies.compare import Comparison, Flip
    from pipeline.studies.crossval import CrossValidation
    from pipeline.studies.stability import Stability, StableWord
    from pipeline.studies.verify import Verification
    from pipeline.training.certificate import Certificate


def print_cross_validation(result: CrossValidation) -> None:
    """Print the folds, and the accuracy over all of them."""
    first, *others = (fold.chosen for fold in result.folds)
    same = dict(item for item in first.items() if all(item in each.items() for each in others))
    own = [
        {key: value for key, value in fold.chosen.items() if key not in same}
        for fold in result.folds
    ]
    table = figures("fold", "reviews", "accuracy")
    if any(own):
        table.add_column("chosen", overflow="fold")
    for fold, values in zip(result.folds, own, strict=True):
        row = [str(fold.number), f"{fold.n:,}", f"{fold.accuracy:.2%}"]
        table.add_row(*row, *([values_text(values)] if any(own) else []))
    print_table(table)
    if same:
        print_line(f"chosen in every fold: {values_text(same)}")
    print_line(
        Text("accuracy ")
        .append(f"{result.mean:.2%}", "bold")
        .append(f", mean of {len(result.folds)} folds; standard deviation {result.deviation:.2%}")
    )
    print_line(
        f"accuracy over all {len(result.labels):,} reviews {result.accuracy:.2%} "
        f"({100 * result.pooled.confidence:g}% interval {result.low:.2%} to {result.high:.2%})"
    )
    metrics = result.pooled.to_dict()
    if "of_class" in metrics:
        line = f"macro F1 over all {len(result.labels):,} reviews {share(metrics['f1'])}"
        if "f1" in metrics["intervals"]:
            low, high = map(share, metrics["intervals"]["f1"])
            line += f" ({100 * metrics['confidence']:g}% interval {low} to {high})"
        print_line(line)


def print_baselines(
    baselines: Sequence[BaselineResult], grouped: bool, with_memory: bool = False
) -> None:
    """Print each baseline with its interval, its time and the test against the previous one."""
    memory = ["memory"] if with_memory else []
    table = figures("", "accuracy", "interval", "time", *memory, "only\nthis", "only\nprev.", "p")
    for result in baselines:
        interval = f"{result.low:.1%} to {result.high:.1%}"
        row = [f"{result.accuracy:.2%}", interval, f"{result.seconds:.1f} s"]
        row += [f"{result.peak_bytes / 1e6:,.0f} MB"] if with_memory else []
        if result.p == result.p:
            row += [f"{result.only_this:,}", f"{result.only_previous:,}", _p(result.p)]
        table.add_row(result.name, *row)
    print_table(table)
    test = "a randomisation test of whole groups" if grouped else "McNemar's exact test of the two"
    print_line(
        "only this, only prev.: reviews that only this baseline gets right, or only the previous "
        f"one; p: {test}",
        style="dim",
    )


def print_comparison(comparison: Comparison, shown: int) -> None:
    """Print two runs side by side, the tests, and reviews that they classify differently."""
    c = comparison
    table = figures("", "a", "b", "b - a", f"{100 * c.confidence:g}% interval")
    for path, d in c.differences.items():
        label = METRIC_NAMES.get(path) or metric_name(path)
        ends = "" if d.low != d.low else f"{d.low:+.4f} to {d.high:+.4f}"
        table.add_row(label, f"{d.a:.4f}", f"{d.b:.4f}", f"{d.difference:+.4f}", ends)
    print_line(f"a is {c.a}, b is {c.b}; {c.n:,} test reviews")
    print_table(table)
    test = "McNemar's exact test"
    if c.n_groups is not None:
        test = f"randomisation test of {c.n_groups:,} groups"
    neither = f"neither {c.neither_right:,}"
    if c.both_wrong_differently:
        neither += f" (of these {c.both_wrong_differently:,} in different ways)"
    print_line(
        f"both right {c.both_right:,}, only a {c.only_a_right:,}, only b {c.only_b_right:,}, "
        f"{neither}; {test}: {_equals(c.p_value)}"
    )
    if c.flipped and shown:
        print_line(
            f"{min(shown, len(c.flipped))} of the {len(c.flipped):,} reviews classified "
            "differently, the largest difference of probabilities first:"
        )
    for flip in c.flipped[:shown]:
        text = " ".join(flip.text.split())
        head = _head(flip, list(map(inert.name, c.classes)))
        print_line(Text().append(head, "bold").append(isolated(Text(_cut(text)))))


def _head(flip: Flip, classes: Sequence[str]) -> str:
    """Return what the runs say of a review: the probability of being positive, or the class."""
    a, b = (f"{p:.3f}" for p in (flip.probability_a, flip.probability_b))
    if len(classes) > 2:
        a, b = (f"{classes[k]} {p}" for k, p in ((flip.predicted_a, a), (flip.predicted_b, b)))
    return f"row {flip.row}, {classes[flip.label]}: a {a}, b {b}  "


def _cut(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 4] + " ..."


def _equals(p: float) -> str:
    return "p < .0001" if p < 1e-4 else f"p = {_p(p)}"


def _p(p: float) -> str:
    return "< .0001" if p < 1e-4 else f"{p:.4f}"


def print_certificate(
    certificate: Certificate, gap: float | None, classes: Sequence[str] = ()
) -> None:
    """Print the bound, and what it means; with an intercept for each class above two."""
    c = certificate
    intercept = "optimal intercept for these weights"
    if isinstance(c.intercept, float):
        intercepts = {intercept: c.intercept}
    else:
        names = (f"{intercept}: {name}" for name in classes)
        intercepts = dict(zip(names, c.intercept, strict=True))
    table = figures("", "value")
    for name, value in (
        ("objective J (mean loss and penalty, nats)", f"{c.objective:.6f}"),
        *((name, f"{value:+.6f}") for name, value in intercepts.items()),
        ("norm of the gradient by the weights", f"{c.gradient_norm:.3e}"),
        ("l2", f"{c.l2:g}"),
        ("bound of J - J*: |gradient|^2 / (2 l2)", f"{c.plain_gap:.3e}"),
        ("bound of J - J* after Newton steps", f"{c.gap:.3e}"),
    ):
        table.add_row(name, value)
    print_table(table)
    print_line(_in_words(certificate))
    if gap is not None:
        passes = c.gap <= gap
        print_line(
            f"{'passes' if passes else 'does not pass'}: {c.gap:.3e} is "
            f"{'at most' if passes else 'more than'} {gap:g}",
            style="green" if passes else "red",
        )


def _in_words(c: Certificate) -> str:
    """Return a sentence on how far training stopped from the optimum."""
    if c.gap >= c.objective:
        return "The bound is larger than J itself, so it says nothing about the optimum."
    share = c.relative_gap
    how = "far from" if share > 0.05 else "near" if share > 1e-3 else "at"
    return f"The minimum of J is at most {100 * share:.2g}% lower: training stopped {how} it."


def print_verification(result: Verification) -> None:
    """Print which files were compared, the first stage that differs, and what else is other."""
    n_files = sum(stage.n_files for stage in result.stages)
    first = result.first_difference
    if first is None:
        last = result.stages[-1].name
        print_line(f"verified: {n_files} files up to `{last}` are the same, byte for byte", "green")
    else:
        named = ", ".join(first.differing)
        print_line(f"not the same: `{first.name}` differs first, in {named}", style="red")
    for name in result.out_of_date:
        print_line(f"`{name}` was not verified: it is out of date", style="dim")
    if result.changes:
        table = figures("then", "now", words="computed with others")
        for change in result.changes:
            table.add_row((change.what, ""), change.then, change.now)
        print_table(table)
    elif first is not None:
        print_line("settings, corpus, versions, processor and source code are those of the run")


def print_stability(
    shown: Mapping[Any, Sequence[StableWord]], stability: Stability, table_file: Path
) -> None:
    """Print words with the intervals of their weights; of more than two classes, for each."""
    for label, words in shown.items():
        title = f"for {label}" if len(shown) > 1 else "word"
        table = figures("weight", "interval", "same sign", "reviews", "", words=title)
        for word in words:
            mark = "uncertain" if word.uncertain else ""
            interval = f"{word.low:+.3f} to {word.high:+.3f}"
            style = "dim" if word.uncertain else "green" if word.weight > 0 else "red"
            row = (f"{word.weight:+.3f}", interval, f"{word.agreement:.0%}")
            table.add_row((word.word, style), *row, f"{word.document_frequency:,}", mark)
        print_table(table)
    print_line(
        f"{100 * stability.confidence:g}% intervals over {stability.n_refits} refits; "
        f"{_n_uncertain(stability)} of {stability.low.shape[-1]:,} words are uncertain: "
        "their intervals contain 0"
    )
    print_line(f"all words are in {table_file}")


def _n_uncertain(stability: Stability) -> str:
    """Return the number of uncertain words, for each of more than two classes."""
    counts = [
        f"{int(of_one.sum()):,}"
        for of_one in stability.uncertain.reshape(-1, stability.uncertain.shape[-1])
    ]
    if len(counts) == 1:
        return counts[0]
    named = zip(map(inert.name, map(str, stability.model.classes)), counts, strict=True)
    return ", ".join(f"{count} (for {name})" for name, count in named)
