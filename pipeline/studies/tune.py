"""`tune`: try settings on reviews that the model does not learn from, and keep the best.

The test set is never read. `search` says how trials share work.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.config.schema import Config
from pipeline.stages.from_config import require_settings_of
from pipeline.storage.files import write_text
from pipeline.storage.replacing import replacing
from pipeline.studies.auto_grid import is_known
from pipeline.studies.effects import effects_of, shown_value
from pipeline.studies.execution import DEFAULT, Execution
from pipeline.studies.grid import trials_of, tune_section
from pipeline.studies.journal import open_journal
from pipeline.studies.ranking import By, Tuning
from pipeline.studies.search import Searched, n_scores, search
from pipeline.studies.splits import Reviews


def best_config_file(path: Path) -> Path:
    """Return where the tuning of a run writes the best config."""
    return path / "tune" / "best.toml"


def effects_file(path: Path) -> Path:
    """Return where the tuning of a run draws what mattered."""
    return path / "tune" / "effects.png"


def tune(config: Config, path: str | Path, execution: Execution = DEFAULT) -> Tuning:
    """Try the trials of `[tune]`, and write the best as `tune/best.toml`.

    With trials from the grid for all corpora, `tune/effects.svg` and `effects.png` show what
    mattered.

    Parameters
    ----------
    config : Config
        With a `[tune]` section.
    path : str or Path
        The run folder.
    execution : Execution

    Returns
    -------
    Tuning

    Raises
    ------
    ConfigError
        If there is no `[tune]` section, a key does not accept one of its values, or a setting has
        no meaning for more than two classes.
    """
    path, n_steps = Path(path), n_scores(config)
    reviews = Reviews.read(execution.with_corpus(config, path), "train")
    require_tried_settings(config, reviews.classes)
    depends = reviews.depends(config, "tune")
    with open_journal(path / "tune", depends, n_steps, execution) as journal:
        execution.tell_of_abstaining(config)
        everywhere = Searched(reviews, {"": np.ones(len(reviews.labels), bool)})
        (result,) = search(config, everywhere, journal, execution)
        if tune_section(config).grid == "auto":
            _draw(result, tune_section(config).by, effects_file(path))
        write_text(best_config_file(path), result.best.to_toml())
    return result


def _draw(result: Tuning, by: By, file: Path) -> None:
    """Draw the effects of the first round as SVG and PNG, if there are any."""
    from pipeline.report.effects import EffectRows, effects_figure

    first = result.rounds[0]
    drawn = (tried for tried in first.best if not is_known(tried.values))
    scores = [getattr(tried, by) for tried in drawn if not tried.diverged]
    rows = [
        EffectRows(
            effect.key,
            effect.share,
            [(shown_value(each.value), each.mean, each.low, each.high) for each in effect.values],
        )
        for effect in effects_of(first, by)
    ]
    if not rows:  # all drawn trials are alike, or diverged
        return
    figure = effects_figure(rows, by.replace("_", " "), float(np.mean(scores)))
    for suffix, content in (".svg", figure.svg), (".png", figure.png):
        with replacing(file.with_suffix(suffix)) as target:
            target.write_bytes(content)


def require_tried_settings(config: Config, classes: Sequence[str]) -> None:
    """Refuse settings that do not go with the classes, in a config or in its trials."""
    tried = [config] if config.tune is None else [trial.config for trial in trials_of(config)]
    for each in tried:
        require_settings_of(classes, each.train)
