"""`sentiment predict`: the label of each text, as lines or as Parquet files."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.boundary import interrupts, urls
from pipeline.cli.cluster import cluster_of, workers_of_main_thread
from pipeline.cli.main import examples, main
from pipeline.cli.options import (
    JSON,
    RUN,
    NumberRange,
    UserPath,
    cluster_options,
    count_option,
    dialect_of,
    dialect_options,
    names_of,
    utf8,
)
from pipeline.cli.output import say, write
from pipeline.config import limits

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.cluster.workers import Workers
    from pipeline.corpus.source import File
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.prediction.files import Job
    from pipeline.prediction.rows import Told
    from pipeline.prediction.scorer import Scorer
    from pipeline.prediction.settings import Settings

_STANDARD_INPUT = Path("-")
_PIPE = 1 << 20  # bytes


@main.command(
    epilog=examples(
        "sentiment predict runs/sample reviews.csv --text review",
        'echo "A wonderful film" | sentiment predict runs/sample',
        "sentiment predict runs/sample 'shards/?.parquet' --out scored --keep id",
    )
)
@RUN
@click.argument("files", nargs=-1, metavar="[FILE]...", callback=utf8)
@click.option(
    "--text",
    default="text",
    show_default=True,
    metavar="COLUMN",
    callback=utf8,
    help="The column of texts.",
)
@click.option(
    "--threshold",
    type=NumberRange(0, 1),
    metavar="P",
    help="Predict positive above this probability, instead of the model's.",
)
@count_option(
    "--top",
    most=limits.COUNT,
    text="Give this many of the most probable classes, each with its probability.",
)
@click.option(
    "--unsure", is_flag=True, help="Say unsure in place of a label where the model abstains."
)
@click.option("--known", is_flag=True, help="Add the numbers of tokens and of known tokens.")
@JSON
@click.option(
    "--out",
    type=UserPath(file_okay=False),
    metavar="DIR",
    help="Write a Parquet file for each FILE: its rows, label and probability.",
)
@click.option(
    "--keep",
    metavar="COLUMNS",
    callback=names_of,
    help="With --out: the columns to keep, separated by commas. Otherwise all.",
)
@click.option(
    "--prefix", default="", metavar="TEXT", callback=utf8, help="With --out: begins new names."
)
@dialect_options
@cluster_options
@click.option("-q", "--quiet", is_flag=True, help="Print warnings and errors only.")
def predict(run: Path, files: tuple[str, ...], **options: Any) -> None:
    """Predict the label of each text in files.

    FILE is CSV, TSV, JSON (lines or an array), Parquet, Arrow (.arrow, .feather) or .vw by its
    extension, otherwise one text a line; it may be compressed, or at a URL such as
    s3://bucket/a.csv. A pattern such as shards/?.parquet is several files. Without FILE, lines are
    read from standard input. Each text gives a line with its label and its probability of being
    positive, separated by a tab; with --json, an object that also has the number of tokens, and of
    tokens that the model knows. Of more than two classes, the probability is that of the label.

    --top 2 gives the two most probable classes, the predicted one first: a line has a label and
    the probability of that label twice, an object the list `top`.

    With --unsure, `unsure` stands in place of the label of a text whose confidence is below the
    bound that train.abstain has set; in JSON and Parquet the label is null.

    With --out, each FILE gives a Parquet file of the same name in DIR: its rows, in their order,
    with the columns `predicted` and `probability`. An output is complete or not there. One that is
    up to date is not computed again, so the same command resumes what was interrupted. With
    --workers or --scheduler, texts are sent to workers, which score them.
    """
    from pipeline.kernels import compiled
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.prediction.scorer import Scorer
    from pipeline.prediction.settings import Settings

    out, in_json, quiet = options["out"], options["in_json"], options["quiet"]
    cluster = cluster_of(options)
    if out is None and (options["keep"] is not None or options["prefix"]):
        raise click.UsageError("--keep and --prefix name columns of a file: use them with --out")
    if out is None and cluster is not None:
        raise click.UsageError(
            "--workers and --scheduler: use them with --out DIR, which writes files"
        )
    if out is not None and (in_json or not files or "-" in files):
        raise click.UsageError("--out takes at least one FILE and writes Parquet, not JSON")
    compiled.on_compile = say
    model = TextClassifier.load(run)
    if options["threshold"] is not None:
        model.require_two_classes("--threshold")
    names = ("text", "keep", "threshold", "top", "known", "unsure", "prefix")
    settings = Settings(**{name: options[name] for name in names}, dialect=dialect_of(options))
    if settings.unsure:
        _require_abstaining(model, settings, as_text=out is None and not in_json)
    if out is None:
        told = _print_predictions(model, files or ("-",), settings, in_json)
    else:
        scorer, jobs = Scorer(model, run), _jobs(files, out, run, settings)
        interrupts.be_raised()
        with workers_of_main_thread(cluster, out, say) as workers:
            told = _write_files(scorer, jobs, settings, quiet, workers)
    if message := told.without.message():
        say(f"sentiment: {message}")
    if settings.unsure and told.n and not quiet:
        say(f"sentiment: {told.unsure_message(model.abstain or 0.0)}")


def _require_abstaining(model: TextClassifier, settings: Settings, as_text: bool) -> None:
    """Refuse --unsure where the model does not abstain, or not in the way that was asked for."""
    from pipeline.cli.display.predictions import UNSURE
    from pipeline.errors import RunError

    if model.abstain is None:
        raise RunError(
            "--unsure: expected a model that abstains; set train.abstain = { min_accuracy = 0.95 } "
            "in its config, or another goal, and train it again"
        )
    if settings.threshold is not None:
        raise click.UsageError(
            "--unsure counts confidence from the model's own threshold: use it without --threshold"
        )
    clash = "a class of the model has that name too" if UNSURE in map(str, model.classes) else ""
    if settings.top is not None:
        clash = "--top names the most probable class all the same"
    if as_text and clash:
        raise click.UsageError(
            f"--unsure writes {UNSURE} in place of a label, but {clash}; use --json or --out, "
            "which have null"
        )


def _print_predictions(
    model: TextClassifier, names: tuple[str, ...], settings: Settings, in_json: bool
) -> Told:
    """Print a line for each text of some files, as soon as it is scored."""
    from pipeline.cli.display.predictions import json_lines, text_lines
    from pipeline.prediction.rows import Told, scored_texts, unsure_of
    from pipeline.prediction.settings import find_files

    told = Told()
    threshold = model.regression.threshold if settings.threshold is None else settings.threshold
    for path in find_files(names):
        where, texts = _texts(path, settings)
        for scores in scored_texts(model, texts):
            unsure = unsure_of(model, scores, settings)
            told.add(scores, unsure, where)
            if in_json:
                lines = json_lines(model, scores, threshold, settings.top, unsure)
            else:
                lines = text_lines(model, scores, threshold, settings, unsure)
            # Flushed, so that an answer is out before more is read.
            write(lines)
    return told


def _texts(path: File, settings: Settings) -> tuple[str, Iterator[pa.LargeStringArray]]:
    """Return what a text's number follows in a message, and the texts of a file in batches."""
    if path == _STANDARD_INPUT:
        dialect = settings.dialect
        if dialect.format not in (None, "lines") or dialect.delimiter or dialect.columns:
            raise click.UsageError(
                "standard input has one text a line; --format, --delimiter and --columns say how a "
                "FILE is written"
            )
        from pipeline.corpus.encoding import ArrivingText
        from pipeline.corpus.lines import read_lines

        lines = ArrivingText(_Arriving(), dialect.encoding)
        return "standard input, line", read_lines(lines, "standard input")
    from pipeline.corpus.files import read_texts
    from pipeline.corpus.source import Source
    from pipeline.prediction.rows import is_lines

    place = "line" if is_lines(Source(path, settings.dialect)) else "row"
    return f"{path}, {place}", read_texts(path, settings.text, settings.dialect, _tell)


def _tell(sentence: str) -> None:
    say(f"sentiment: {sentence}")


class _Arriving:
    """Standard input, as it arrives.

    Without its buffer, whose lock a thread that waits for input would hold when Python ends. A
    pipe is made larger where the system can: with the usual 64 kilobytes at a time, handing texts
    from thread to thread takes longer than scoring them.
    """

    def __init__(self) -> None:
        buffer: Any = sys.stdin.buffer
        self._file = getattr(buffer, "raw", buffer)
        with contextlib.suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(self._file.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)

    def read1(self, size: int, /) -> bytes:
        data: bytes = self._file.read(size)
        return data


def _jobs(names: tuple[str, ...], out: Path, run: Path, settings: Settings) -> list[Job]:
    from pipeline.model.text_classifier import model_folder
    from pipeline.prediction.files import plan
    from pipeline.prediction.settings import find_files

    return plan(find_files(names), out, model_folder(run), settings)


def _write_files(
    scorer: Scorer, jobs: list[Job], settings: Settings, quiet: bool, workers: Workers
) -> Told:
    """Write the outputs that are not up to date, and say how many there are."""
    from pipeline.cli.display.file_progress import FileProgress
    from pipeline.prediction.files import is_up_to_date, predict_file
    from pipeline.prediction.rows import Told

    left = [job for job in jobs if not is_up_to_date(job)]
    told = Told()
    with FileProgress([job.source for job in left], quiet) as progress:
        urls.on_fetch = progress.fetched
        for job in left:
            progress.started(job.source)
            try:
                of_job = scorer, job, settings
                told.join(predict_file(*of_job, progress.advanced, _tell, workers))
            except KeyboardInterrupt as error:
                error.args = ("files that were finished are kept",)
                raise
    if not quiet:
        say(progress.summary(len(jobs) - len(left)))
    return told
