"""`sentiment compare`, `stability`, `certify`, `verify` and `suspects`: studies of trained runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipeline.boundary import interrupts
from pipeline.cli.command import (
    QUIET,
    CommandContext,
    Render,
    compute_and_render,
    run_command,
)
from pipeline.cli.main import examples, main
from pipeline.cli.options import (
    CLUSTER,
    JSON,
    RUN,
    RUN_FOLDER,
    SET,
    WORDS,
    NumberRange,
    UserPath,
    count_option,
    seed_option,
)
from pipeline.cli.output import echo, fields, print_json
from pipeline.config import limits


@main.command(
    epilog=examples(
        "sentiment compare runs/imdb runs/imdb_best",
        "sentiment compare runs/imdb runs/imdb_best --html",
    )
)
@click.argument("run_a", type=RUN_FOLDER)
@click.argument("run_b", type=RUN_FOLDER)
@count_option(
    "--flipped",
    default=5,
    least=0,
    most=limits.COUNT,
    text="Show N reviews that the runs classify differently.",
)
@click.option(
    "--html",
    "page",
    is_flag=False,
    flag_value="",
    type=UserPath(dir_okay=False),
    metavar="[FILE]",
    help="Also write an HTML page: to FILE, or next to the run folders.",
)
@JSON
def compare(run_a: Path, run_b: Path, flipped: int, page: Path | None, in_json: bool) -> None:
    """Say which of two runs is better on the same test reviews.

    Shows each metric with a paired bootstrap interval of its difference, McNemar's exact test
    of the accuracies, and reviews that the runs classify differently. With --json all of these
    reviews are printed.
    """
    from pipeline.cli.display.progress import StageProgress
    from pipeline.cli.display.studies import print_comparison
    from pipeline.studies.compare import compare as compare_runs
    from pipeline.studies.compare_page import write_comparison_page

    interrupts.be_raised()
    with StageProgress(quiet=in_json) as progress:
        progress.started("compare")
        comparison = compare_runs(run_a, run_b)
        if page is not None:
            page = write_comparison_page(comparison, None if page == Path() else page)
    if in_json:
        print_json(comparison.to_dict())
        return
    print_comparison(comparison, flipped)
    if page is not None:
        echo(f"the page is {page}")


@run_command(
    "stability",
    "sentiment stability runs/sample --refits 100 --word awesome",
    count_option(
        "--refits",
        "n_refits",
        default=50,
        least=2,
        most=limits.REFITS,
        text="Train the model again N times.",
    ),
    seed_option("Seed of the resamples."),
    click.option(
        "--confidence",
        default=0.95,
        show_default=True,
        type=NumberRange(0, 1, min_open=True, max_open=True),
        metavar="X",
        help="Coverage of the intervals.",
    ),
    count_option(
        "--top", default=15, most=limits.COUNT, text="Number of words of each sign, or class."
    ),
    WORDS,
    JSON,
    *CLUSTER,
)
def stability(
    context: CommandContext, top: int, words: tuple[str, ...], in_json: bool, **settings: Any
) -> Render:
    """Show how far weights move if the reviews are resampled.

    The model is trained again and again on reviews drawn with replacement. A word is
    uncertain if the interval of its weight contains 0. An interrupted run resumes.
    """
    from pipeline.cli.display.studies import print_stability
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.studies import stability as study

    if words:  # an unknown one is refused before the refits
        study.known_words(TextClassifier.load(context.path), words)
    result = study.measure_stability(context.path, **settings, execution=context.execution())
    shown = study.stable_words(result, top, words)
    if in_json:
        plain = {label: [fields(word) for word in words] for label, words in shown.items()}
        return lambda: print_json(plain if len(plain) > 1 else plain.popitem()[1])
    return lambda: print_stability(shown, result, study.words_file(context.path))


@main.command(
    epilog=examples("sentiment certify runs/sample", "sentiment certify runs/sample --gap 0.01")
)
@RUN
@click.option(
    "--gap",
    type=NumberRange(0, limits.STRENGTH, min_open=True),
    metavar="X",
    help="Exit with code 1 unless the bound is at most X.",
)
@JSON
@click.pass_context
def certify(context: click.Context, run: Path, gap: float | None, in_json: bool) -> None:
    """Bound how far training stopped from the optimum.

    The objective is above its minimum by at most the squared length of its gradient, divided by
    twice the L2 penalty. A few Newton steps make this bound tighter.
    """
    from pipeline.cli.display.studies import print_certificate
    from pipeline.stages.outputs import read_classes
    from pipeline.storage.run import Run
    from pipeline.studies.certify import certify_run

    certificate = certify_run(run)
    if in_json:
        bounds = {"plain_gap": certificate.plain_gap, "relative_gap": certificate.relative_gap}
        print_json(fields(certificate) | bounds)
    else:
        print_certificate(certificate, gap, read_classes(Run(run)))
    if gap is not None and certificate.gap > gap:
        context.exit(1)


@main.command(
    epilog=examples(
        "sentiment verify runs/sample",
        "sentiment verify runs/mine --set corpus.train=/data/reviews.csv",
    )
)
@RUN
@SET
@QUIET
@JSON
@click.pass_context
def verify(
    context: click.Context, run: Path, overrides: tuple[str, ...], quiet: bool, in_json: bool
) -> None:
    """Train a run again, and say whether the bytes agree.

    The stages are computed from the recorded config, in a folder that is removed at the end. Each
    file that they write is compared with the run's. If one differs, the exit code is 1, and what
    else is other now is listed: the corpus, versions, source code, the processor. The model card
    says when a run was last verified.
    """
    from pipeline.cli.display.studies import print_verification
    from pipeline.studies.verify import recorded_config, verify_run

    config, found = recorded_config(run, overrides), []

    def compute(of: CommandContext, in_json: bool) -> Render:
        found.append(verify_run(run, config, of.progress))
        if in_json:
            return lambda: print_json(found[0].to_dict())
        return lambda: print_verification(found[0])

    compute_and_render(compute, config, run, {"quiet": quiet, "in_json": in_json})
    context.exit(int(not found[0].agrees))


@run_command(
    "suspects",
    "sentiment suspects runs/sample --top 20",
    count_option(
        "--folds", "n_folds", default=5, least=2, most=limits.FOLDS, text="Number of folds."
    ),
    seed_option("Seed of the folds."),
    count_option(
        "--top", default=5, least=0, most=limits.COUNT, text="Show the N most suspect reviews."
    ),
    *CLUSTER,
    JSON,
)
def suspects(context: CommandContext, top: int, in_json: bool, **settings: int) -> Render:
    """Find training reviews whose label is probably wrong.

    Each review is scored by a model that learned from the other folds. A review is a suspect
    if that model is confident of another class (confident learning, Northcutt et al. 2021).
    All are written to a table, the smallest margin first: the probability of the label minus that
    of the most probable other class. The test set is not read. An interrupted run resumes.
    """
    from pipeline.cli.display.suspects import print_suspects
    from pipeline.studies.suspects import find_suspects, suspects_file

    result = find_suspects(context.path, **settings, execution=context.execution())
    shown = result.top(top)
    if in_json:
        return lambda: print_json(result.to_dict(shown))
    return lambda: print_suspects(result, shown, suspects_file(context.path))
