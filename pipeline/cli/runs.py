"""Commands that ask a run how far it is to be trusted: certify, stability, compare."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.command import CommandContext, Render, run_command
from pipeline.cli.main import JSON, RUN, RUN_FOLDER, as_json, examples, fields, main, utf8
from pipeline.cli.studies import study_of
from pipeline.errors import RunError


@main.command(epilog=examples("sentiment certify runs/sample --gap 0.01"))
@RUN
@click.option(
    "--gap",
    type=click.FloatRange(min=0, min_open=True),
    help="Exit with code 1 unless the bound is at most this.",
)
@click.option(
    "--steps",
    default=3,
    show_default=True,
    type=click.IntRange(min=0),
    help="Newton steps that narrow the bound.",
)
@JSON
@click.pass_context
def certify(
    context: click.Context, run: Path, gap: float | None, steps: int, in_json: bool
) -> None:
    """Say how far training stopped from the optimum.

    The objective is above its minimum by at most the squared length of its gradient, divided by
    twice the L2 penalty. A few Newton steps make this bound tighter.
    """
    from pipeline.studies.certify import certify_run

    certificate = certify_run(run, steps)
    if in_json:
        bounds = {"plain_gap": certificate.plain_gap, "relative_gap": certificate.relative_gap}
        click.echo(as_json(fields(certificate) | bounds, indent=2))
    else:
        from pipeline.cli.display.studies import print_certificate

        print_certificate(certificate, gap)
    if gap is not None and not certificate.gap <= gap:
        context.exit(1)


@run_command(
    "stability",
    "sentiment stability runs/sample --refits 20",
    click.option(
        "--refits",
        default=50,
        show_default=True,
        type=click.IntRange(min=2),
        help="How often the model is trained again.",
    ),
    click.option(
        "--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of the draws."
    ),
    click.option(
        "--confidence",
        default=0.95,
        show_default=True,
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        help="Of the intervals.",
    ),
    click.option(
        "--top",
        default=15,
        show_default=True,
        type=click.IntRange(min=1),
        help="How many words of each sign.",
    ),
    click.option(
        "--word", "words", multiple=True, callback=utf8, help="Look a word up; may be repeated."
    ),
    JSON,
)
def stability(
    work: CommandContext,
    refits: int,
    seed: int,
    confidence: float,
    top: int,
    words: tuple[str, ...],
    in_json: bool,
) -> Render:
    """Show how far weights move when other reviews are drawn.

    The model is trained again on reviews drawn with replacement. A word whose interval holds 0
    is marked: its sign is not to be read. A run that was stopped goes on.
    """
    from pipeline.cli.display.studies import print_stability
    from pipeline.storage.files import write_tsv
    from pipeline.studies import stability as study
    from pipeline.studies.trained_run import TrainingPart

    part = TrainingPart.of(work.path)
    folder = work.path / "stability"
    depends = {"inputs": part.digests, "model": part.settings(), "seed": seed}
    with study_of(work, "stability", depends, refits) as journal:
        result = study.measure_stability(
            part, refits, seed, confidence, folder, journal, work.progress.advance
        )
        write_tsv(folder / "words.tsv", study.stability_table(part, result))
    shown = study.stable_words(part, result, top, words)
    if in_json:
        return lambda: click.echo(as_json([fields(word) for word in shown], indent=2))
    return lambda: print_stability(shown, result, folder / "words.tsv")


@main.command(epilog=examples("sentiment compare runs/imdb runs/imdb_best --html"))
@click.argument("run_a", type=RUN_FOLDER)
@click.argument("run_b", type=RUN_FOLDER)
@click.option(
    "--flipped",
    default=5,
    show_default=True,
    type=click.IntRange(min=0),
    help="How many reviews to show that the runs decide differently.",
)
@click.option(
    "--html",
    "page",
    is_flag=False,
    flag_value="comparison.html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page, too: to a file, or to comparison.html.",
)
@JSON
def compare(run_a: Path, run_b: Path, flipped: int, page: Path | None, in_json: bool) -> None:
    """Say which of two runs is better on the same test reviews.

    Every metric with a paired bootstrap interval of the difference, McNemar's exact test of
    the accuracies, and the reviews that the runs decide differently. With --json, all of them.
    """
    from pipeline.cli.display.progress import StageProgress
    from pipeline.studies.compare import compare as compare_runs

    with StageProgress(0, quiet=in_json) as progress:
        progress.started("compare")
        comparison = compare_runs(run_a, run_b)
        if page is not None:
            from pipeline.studies.compare_page import comparison_page

            shown = comparison_page(comparison, run_a, run_b)
            try:
                page.write_text(shown, encoding="utf-8", newline="\n")
            except OSError as error:
                raise RunError(
                    f"{page}: cannot write the page: {error.strerror or error}"
                ) from None
    if in_json:
        click.echo(as_json(comparison.to_dict(), indent=2))
        return
    from pipeline.cli.display.studies import print_comparison

    print_comparison(comparison, flipped)
    if page is not None:
        click.echo(f"the page is {page}")
