"""`sentiment tune`, `crossval` and `baselines`: studies of a config."""

from __future__ import annotations

import click

from pipeline.cli.command import CommandContext, Render, config_command
from pipeline.cli.options import CLUSTER, JSON, count_option, seed_option
from pipeline.cli.output import fields, print_json
from pipeline.config import limits


@config_command("tune", "sentiment tune sample --set tune.by=log_loss", JSON, *CLUSTER)
def tune(context: CommandContext, in_json: bool) -> Render:
    """Try the settings in [tune] and keep the best.

    Settings are scored on training reviews that the model did not learn from: a validation set,
    or cross-validation folds. The test set is not read. The best settings are written to
    tune/best.toml in the run folder. An interrupted run resumes.
    """
    from pipeline.cli.display.studies import print_tuning
    from pipeline.studies import tune as study

    result = study.tune(context.config, context.path, context.execution())
    if in_json:
        return lambda: print_json([fields(tried) for tried in result.tried])
    return lambda: print_tuning(result, study.best_config_file(context.path))


@config_command(
    "crossval",
    "sentiment crossval sample --folds 5",
    count_option(
        "--folds", "n_folds", default=10, least=2, most=limits.FOLDS, text="Number of folds."
    ),
    seed_option("Seed of the folds."),
    click.option("--no-tune", is_flag=True, help="Ignore [tune] and keep the settings."),
    JSON,
    *CLUSTER,
)
def crossval(
    context: CommandContext, n_folds: int, seed: int, no_tune: bool, in_json: bool
) -> Render:
    """Score each review with a model that did not see it.

    The model of a fold learns its vocabulary and weights from the other folds, and chooses its
    settings there if the config has a [tune] section. If the corpus has a test set of its own, only
    the training set is used, otherwise all reviews. An interrupted run resumes.
    """
    from pipeline.cli.display.studies import print_cross_validation
    from pipeline.studies.crossval import cross_validate

    config, path = context.config, context.path
    if no_tune:
        config = config.without_tune()
    result = cross_validate(config, path, n_folds, seed, context.execution())
    if in_json:
        return lambda: print_json(result.to_dict())
    return lambda: print_cross_validation(result)


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
