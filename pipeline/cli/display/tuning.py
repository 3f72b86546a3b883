"""The trials of a tuning as tables: the best, the rounds, what mattered, and the lines to paste."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli.display.terminal import figures, print_line, print_table
from pipeline.config.toml import to_toml, toml_value
from pipeline.studies.effects import shown_value

if TYPE_CHECKING:
    from pipeline.config.schema import Config
    from pipeline.studies.effects import Effect
    from pipeline.studies.ranking import By, RankedRound, Tried, Tuning

# Rows of a table of trials, and columns of one that has a row for each setting.
_TRIALS, _COLUMNS = 20, 5
_METRICS = {"accuracy": "accuracy", "log_loss": "log loss"}


def print_tuning(result: Tuning, config: Config, best: Path) -> None:
    """Print the trials, the best first, and the best config; `config` is the one that was tuned."""
    _print_trials(result.tried)
    _print_diverged(result.tried)
    _print_best(config, result.best, best)


def print_halving(
    result: Tuning, effects: Sequence[Effect], config: Config, best: Path, figure: Path
) -> None:
    """Print the rounds, what mattered, the trials of the last round, and the best config."""
    by: By = "accuracy" if config.tune is None else config.tune.by
    _print_rounds(result.rounds, by)
    if effects:
        _print_effects(effects, by)
        print_line(f"a figure of it is {figure}")
    _print_last_round(result.rounds[-1].best)
    _print_diverged(result.tried)
    _print_best(config, result.best, best)


def _print_trials(tried: Sequence[Tried]) -> None:
    keys = [key.split(".")[1].replace("_", "\n") for key in tried[0].values]
    table = figures("accuracy", "std. dev.", "log loss", *keys)
    for each in tried[:_TRIALS]:
        table.add_row(*_scores(each), *map(shown_value, each.values.values()))
    print_table(table)
    if len(tried) > _TRIALS:
        print_line(f"and {len(tried) - _TRIALS} more trials", style="dim")


def _scores(tried: Tried) -> tuple[str, str, str]:
    """Return the accuracy, its deviation over the splits if there are several, and the loss."""
    if tried.diverged:
        return "diverged", "", ""
    many = len(tried.accuracies) > 1
    deviation = f"{statistics.stdev(tried.accuracies):.2%}" if many else ""
    return f"{tried.accuracy:.2%}", deviation, f"{tried.log_loss:.4f}"


def _print_rounds(rounds: Sequence[RankedRound], by: By) -> None:
    """Print for each round the best trial, and the worst one that was kept."""
    table = figures("round", "trials", "folds", f"best\n{_METRICS[by]}", "kept", "kept\nfrom")
    for number, each in enumerate(rounds, 1):
        best, worst = each.best[0], each.best[each.n_kept - 1]
        row = [str(number), f"{len(each.candidates):,}", str(each.n_splits), _score(best, by)]
        is_last = number == len(rounds)
        table.add_row(*row, *(("", "") if is_last else (f"{each.n_kept:,}", _score(worst, by))))
    print_table(table)


def _score(tried: Tried, by: By) -> str:
    if tried.diverged:
        return "diverged"
    return f"{tried.accuracy:.2%}" if by == "accuracy" else f"{tried.log_loss:.4f}"


def _print_effects(effects: Sequence[Effect], by: By) -> None:
    """Print what each setting explains, and the mean of each of its values."""
    table = figures("explains", "p", words="setting")
    table.add_column(f"mean {_METRICS[by]}", overflow="fold")
    for effect in effects:
        means = (
            f"{shown_value(each.value)}={100 * each.mean:.1f}"
            if by == "accuracy"
            else f"{shown_value(each.value)}={each.mean:.3f}"
            for each in effect.values
        )
        p = "" if effect.p != effect.p else f"{effect.p:.3f}"
        style = "dim" if effect.p > 0.05 else ""
        table.add_row((_name(effect.key), style), f"{effect.share:.0%}", p, ", ".join(means))
    print_table(table)
    print_line(
        "explains: the share of the variance of the first round that each setting explains alone; "
        "p: how often a setting that does nothing explains as much",
        style="dim",
    )


def _print_last_round(best: Sequence[Tried]) -> None:
    """Print the trials of the last round, each with its best number of epochs, side by side."""
    shown = best[:_COLUMNS]
    table = figures(*(f"{each.accuracy:.2%}" for each in shown), words="accuracy on all folds")
    rows = zip(*(_scores(each)[1:] for each in shown), strict=True)
    for name, row in zip(("std. dev.", "log loss"), rows, strict=True):
        table.add_row(name, *row)
    for key in dict.fromkeys(key for each in shown for key in each.values):
        cells = (shown_value(each.values[key]) if key in each.values else "" for each in shown)
        table.add_row(_name(key), *cells)
    print_table(table)
    if len(best) > _COLUMNS:
        print_line(f"and {len(best) - _COLUMNS} more trials of the last round", style="dim")


def _print_diverged(tried: Sequence[Tried]) -> None:
    """Name the trials that diverged."""
    diverged = [each for each in tried if each.diverged]
    for each in diverged[:3]:
        print_line(f"! diverged, and so lost: {values_text(each.values)}", style="yellow")
    if diverged[3:]:
        print_line(f"! and {len(diverged) - 3} more trials diverged", style="yellow")


def _print_best(config: Config, best: Config, path: Path) -> None:
    """Print where the best config is, and what it changes, as TOML and as options."""
    changed, unset = changes(config, best)
    print_line(f"the best config is {path}")
    if not changed:
        return
    print_line(
        "It changes these keys:" if not unset else f"It changes these keys, and has no {unset}:"
    )
    for line in to_toml(changed).splitlines():
        print_line(f"  {line}" if line else "")
    settings = (
        shlex.quote(f"{section}.{key}={toml_value(value)}")
        for section, values in changed.items()
        for key, value in values.items()
    )
    print_line("or " + " ".join(f"--set {setting}" for setting in settings))


def changes(config: Config, best: Config) -> tuple[dict[str, dict[str, Any]], str]:
    """Return the settings of the best config that are others, and the name of what it unsets."""
    changed: dict[str, dict[str, Any]] = {}
    unset = []
    for section in ("tokens", "features", "train"):
        before, now = config.section(section), best.section(section)
        for key in (key for key in now if now[key] != before[key]):
            if now[key] is None:
                unset.append(f"{section}.{key}")
            else:
                changed.setdefault(section, {})[key] = now[key]
    return changed, ", ".join(unset)


def values_text(values: Mapping[str, Any]) -> str:
    """Return values in one line.

    >>> values_text({"features.ngrams": 2, "train.l2": 1e-05})
    'ngrams=2, l2=1e-05'
    """
    return ", ".join(f"{_name(key)}={shown_value(value)}" for key, value in values.items())


def _name(key: str) -> str:
    return key.split(".")[1]
