"""Commands that run stages many times: cross-validation, tuning, baselines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.command import CommandContext, Render, config_command
from pipeline.cli.main import JSON, as_json, fields
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.studies.journal import Journal
    from pipeline.studies.splits import Reviews

_FOLDS = click.option(
    "--folds", default=10, show_default=True, type=click.IntRange(min=2), help="How many folds."
)
_SEED = click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of the folds."
)


@contextmanager
def study_of(
    work: CommandContext, name: str, depends: dict[str, Any], n_steps: int
) -> Iterator[Journal]:
    """Give a study its journal, in a folder of its own, and a bar."""
    from pipeline.stages.freshness import source_digest
    from pipeline.storage.run import locked, naming_the_folder
    from pipeline.studies.journal import Journal

    folder = work.path / name
    depends |= {"source": source_digest((f"pipeline.studies.{name}",))}
    with locked(folder), naming_the_folder(folder):
        journal = Journal(folder / "journal.jsonl", depends, work.from_scratch)
        if len(journal):
            work.progress.say(f"{name:<9} goes on; {folder / 'journal.jsonl'} has what is done")
        work.progress.began(name, n_steps)
        yield journal
        work.progress.finished()


@config_command(
    "crossval",
    "sentiment crossval sample --folds 5",
    _FOLDS,
    _SEED,
    click.option("--no-tune", is_flag=True, help="Keep the settings; take no notice of [tune]."),
    JSON,
)
def crossval(work: CommandContext, folds: int, seed: int, no_tune: bool, in_json: bool) -> Render:
    """Score every review by a model of the other folds.

    Vocabulary, weighting and weights are learned inside each fold, and so are the settings
    where the config has a [tune] section. A corpus that comes in one piece is taken whole; of
    one that has a test part of its own, train alone. A run that was stopped goes on.
    """
    from pipeline.cli.display.studies import print_cross_validation
    from pipeline.stages import record_test_use, run_stages
    from pipeline.storage.run import Run
    from pipeline.stratified import draw_folds
    from pipeline.studies import crossval as study
    from pipeline.studies.splits import Reviews, has_own_test_part

    run = Run(work.path, work.from_scratch)

    if no_tune:
        work = dataclasses.replace(work, config=work.config.without_tune())
    run_stages(work.config, run, "corpus", work.progress)
    parts = ("train",) if has_own_test_part(work.config) else ("train", "test")
    reviews = Reviews.of(run, *parts)
    tuning = ("tune",) if work.config.tune is not None else ()
    depends = _depends(work, reviews, *tuning) | {"folds": folds, "seed": seed}
    n_steps = study.n_steps(work.config, folds)
    draw_folds(reviews.labels, folds, seed, "--folds")  # a number that does not fit is said first
    with study_of(work, "crossval", depends, n_steps) as journal:
        if len(parts) == 2 and not len(journal):
            record_test_use(work.path, "crossval", work.config)
        result = study.cross_validate(
            work.config, reviews, folds, seed, journal, work.progress.advance
        )
        study.write(work.path / "crossval", result)
    if in_json:
        return lambda: click.echo(as_json(study.summary(result), indent=2))
    return lambda: print_cross_validation(result)


@config_command(
    "tune",
    "sentiment tune sample --out best.toml",
    click.option("--out", type=click.Path(path_type=Path), help="Where to write the config."),
    JSON,
)
def tune(work: CommandContext, out: Path | None, in_json: bool) -> Render:
    """Try the settings in [tune] and keep the best.

    They are tried on a part of train, or on folds of it, and a config with the best is written; the
    test part is not read. A run that was stopped goes on.
    """
    import numpy as np

    from pipeline.cli.display.studies import print_tuning
    from pipeline.stages import run_stages
    from pipeline.storage.files import write_text
    from pipeline.storage.run import Run
    from pipeline.studies import tune as study
    from pipeline.studies.grid import trials_of
    from pipeline.studies.splits import Reviews

    run = Run(work.path, work.from_scratch)
    # What does not fit is said before the corpus is read.
    trials_of(work.config)
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise ConfigError(f"--out: expected a file in a folder that is there, got {out}")
    run_stages(work.config, run, "corpus", work.progress)
    reviews = Reviews.of(run, "train")
    n_scores = study.n_scores(work.config)
    with study_of(work, "tune", _depends(work, reviews, "tune"), n_scores) as journal:
        everywhere = np.ones(len(reviews.labels), bool)
        result = study.tune(
            work.config, reviews, everywhere, journal, on_done=work.progress.advance
        )
        best = out or work.path / "tune" / "best.toml"
        write_text(best, result.best.to_toml())
    if in_json:
        return lambda: click.echo(as_json([fields(tried) for tried in result.tried], indent=2))
    return lambda: print_tuning(result, best)


def _depends(work: CommandContext, reviews: Reviews, *also: str) -> dict[str, Any]:
    """Return what a study's results depend on: the sections that models are made by, and others."""
    sections = ("tokens", "features", "train", *also)
    config = {name: work.config.section(name) for name in sections}
    return {"config": config, "reviews": reviews.digests}


@config_command(
    "baselines",
    "sentiment baselines sample",
    JSON,
)
def baselines(work: CommandContext, in_json: bool) -> Render:
    """Score simple baselines and this model on the test set.

    The majority class, an opinion lexicon, VADER, naive Bayes, logistic regression, and logistic
    regression with log-count ratios: each with its interval, its time and an exact McNemar test
    against the previous one. An interrupted run resumes.
    """
    import numpy as np

    from pipeline.cli.display.studies import print_baselines
    from pipeline.stages import record_test_use, run_stages
    from pipeline.storage.files import write_json
    from pipeline.storage.run import Run
    from pipeline.studies import baselines as study
    from pipeline.studies.splits import Reviews

    run = Run(work.path, work.from_scratch)
    run_stages(work.config, run, "corpus", work.progress)
    n_train = len(Reviews.of(run, "train").labels)
    reviews = Reviews.of(run, "train", "test")
    in_test = np.arange(len(reviews.labels)) >= n_train
    n_steps = len(study.NAMES) * int(in_test.sum())
    with study_of(work, "baselines", _depends(work, reviews), n_steps) as journal:
        configs = study.configs_of(work.config)
        for name, config in configs.items():
            if name not in journal:
                record_test_use(work.path, "baselines", config)
        results = study.run_baselines(work.config, reviews, in_test, journal, work.progress.advance)
        write_json(
            work.path / "baselines" / "baselines.json", {"results": [fields(r) for r in results]}
        )
    if in_json:
        return lambda: click.echo(as_json([fields(r) for r in results], indent=2))
    return lambda: print_baselines(results)
