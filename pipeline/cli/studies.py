"""`sentiment tune`, `crossval`, `curve` and `baselines`: studies of a config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.command import CommandContext, Render, config_command
from pipeline.cli.options import CLUSTER, JSON, count_option, seed_option
from pipeline.cli.output import fields, print_json
from pipeline.config import limits
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.config.schema import Config


# Where the trials of `tune`, and of each fold of `crossval`, come from.
_GRID = (
    click.option(
        "--grid",
        type=click.Choice(["auto"]),
        help="Take trials from one grid for all corpora, in place of the values in [tune].",
    ),
    count_option(
        "--trials",
        "n_trials",
        most=limits.TRIALS,
        text="With --grid auto: how many; 60 by default.",
    ),
)


def _with_grid(config: Config, grid: str | None, n_trials: int | None) -> Config:
    """Return a config with the trials that the options ask for."""
    from pipeline.studies.auto_grid import with_auto_grid

    if grid == "auto" or (config.tune is not None and config.tune.grid == "auto"):
        return with_auto_grid(config, n_trials)
    if n_trials is not None:
        raise ConfigError(
            f"--trials: expected --grid auto with it, got {n_trials} alone; without it, all "
            "combinations of the values in [tune] are tried"
        )
    return config


@config_command("tune", "sentiment tune sample --grid auto --trials 30", *_GRID, JSON, *CLUSTER)
def tune(context: CommandContext, grid: str | None, n_trials: int | None, in_json: bool) -> Render:
    """Try the settings in [tune] and keep the best.

    Settings are scored on training reviews that the model did not learn from: a validation set,
    or cross-validation folds. The test set is not read. The best settings are written to
    tune/best.toml in the run folder. An interrupted run resumes.

    With --grid auto, no [tune] section is needed: trials are taken from one grid for all corpora.
    Half of them are left out after each round, and the others are scored on more folds.
    tune/effects.png shows what mattered.
    """
    from pipeline.cli.display.tuning import print_halving, print_tuning
    from pipeline.studies import tune as study
    from pipeline.studies.effects import effects_of

    config = _with_grid(context.config, grid, n_trials)
    result = study.tune(config, context.path, context.execution())
    best = study.best_config_file(context.path)
    if in_json:
        return lambda: print_json([fields(tried) for tried in result.tried])
    if config.tune is None or config.tune.grid == "lists":
        return lambda: print_tuning(result, config, best)
    effects = effects_of(result.rounds[0], config.tune.by)
    figure = study.effects_file(context.path)
    return lambda: print_halving(result, effects, config, best, figure)


@config_command(
    "crossval",
    "sentiment crossval sample --folds 5",
    count_option(
        "--folds", "n_folds", default=10, least=2, most=limits.FOLDS, text="Number of folds."
    ),
    seed_option("Seed of the folds."),
    click.option("--no-tune", is_flag=True, help="Ignore [tune] and keep the settings."),
    *_GRID,
    JSON,
    *CLUSTER,
)
def crossval(
    context: CommandContext, n_folds: int, seed: int, in_json: bool, **tuning: Any
) -> Render:
    """Score each review with a model that did not see it.

    The model of a fold learns its vocabulary and weights from the other folds, and chooses its
    settings there if the config has a [tune] section, or with --grid auto. If the corpus has a test
    set of its own, only the training set is used, otherwise all reviews. An interrupted run
    resumes.
    """
    from pipeline.cli.display.studies import print_cross_validation
    from pipeline.studies.crossval import cross_validate

    config, path = context.config, context.path
    if tuning.pop("no_tune"):
        if tuning["grid"] is not None:
            raise click.UsageError("--no-tune keeps the settings: use it without --grid")
        config = config.without_tune()
    config = _with_grid(config, **tuning)
    result = cross_validate(config, path, n_folds, seed, context.execution())
    if in_json:
        return lambda: print_json(result.to_dict())
    return lambda: print_cross_validation(result)


def _sizes(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    """Return numbers that are separated by commas; none if the option is not given."""
    numbers = [] if value is None else [number.strip() for number in value.split(",")]
    if not all(n.isascii() and n.isdigit() and 0 < int(n[:20]) <= limits.COUNT for n in numbers):
        raise ConfigError(
            "--sizes: expected numbers of reviews separated by commas, such as 100,400,1600, "
            f"got {value!r}"
        )
    return tuple(map(int, numbers))


@config_command(
    "curve",
    "sentiment curve sample --to 6000",
    click.option(
        "--sizes",
        metavar="N,N,...",
        callback=_sizes,
        help="Numbers of reviews to learn from. By default up to eight, each half of the next.",
    ),
    count_option(
        "--to",
        most=limits.COUNT,
        text="Number of reviews to predict for. By default twice those that there are.",
    ),
    count_option(
        "--folds", "n_folds", default=10, least=2, most=limits.FOLDS, text="Number of folds."
    ),
    count_option(
        "--repeats",
        default=3,
        most=limits.FOLDS,
        text="Subsets of a small size for each fold; fewer of a large one.",
    ),
    seed_option("Seed of the folds and the subsets."),
    JSON,
    *CLUSTER,
)
def curve(context: CommandContext, in_json: bool, **design: Any) -> Render:
    """Show if more training reviews would help.

    Models learn from subsets of the training set of several sizes, and are scored on reviews that
    they did not learn from. The accuracy is extrapolated to more reviews by a power law, with its
    uncertainty. The test set is not read. Figures and curve.json are written to curve/ in the run
    folder. An interrupted run resumes.
    """
    from pipeline.cli.display.curve import print_curve
    from pipeline.studies.curve import Design, curve_folder, measure_curve

    result = measure_curve(context.config, context.path, Design(**design), context.execution())
    if in_json:
        return lambda: print_json(result.to_dict())
    return lambda: print_curve(result, curve_folder(context.path))


@config_command(
    "baselines",
    "sentiment baselines sample",
    click.option(
        "--peers", is_flag=True, help="Also score scikit-learn's and fastText's, if installed."
    ),
    JSON,
)
def baselines(context: CommandContext, peers: bool, in_json: bool) -> Render:
    """Score simple baselines and this model on the test set.

    The baselines: majority class, opinion lexicon, VADER, naive Bayes, logistic regression,
    logistic regression with log-count ratios. Each has its interval, its time and an exact
    McNemar test against the previous one; with -v also its peak memory. The lexicons are NLTK's:
    without them and without a network, and with more than two classes, the others are scored. An
    interrupted run resumes.
    """
    from pipeline.cli.display.studies import print_baselines
    from pipeline.studies.baselines import score_baselines

    config = context.config
    results = score_baselines(config, context.path, context.execution(), peers)
    if in_json:
        return lambda: print_json([fields(result) for result in results])
    grouped = getattr(config.corpus, "group", None) is not None
    return lambda: print_baselines(results, grouped, context.progress.verbose)
