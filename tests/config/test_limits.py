"""Every number that a user can give has an upper bound, which the reference shows."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import click
import pytest
from msgspec import Meta

from pipeline.cli.main import main as group
from pipeline.config import limits
from pipeline.config.reference import sections
from pipeline.config.schema import Config
from pipeline.config.section import Section, hints, sections_in
from pipeline.config.tuning import Range
from pipeline.errors import ConfigError

# Labels are names, even those that are numbers.
UNBOUNDED = {"positive", "negative", "classes", "ignore"}


def numbers(hint: Any, bounds: tuple[Meta, ...] = ()) -> Iterator[tuple[type, tuple[Meta, ...]]]:
    """Yield each kind of number that an annotation allows, with its bounds."""
    if hint in (int, float):
        yield hint, bounds
    if get_origin(hint) is Annotated:
        hint, *metas = get_args(hint)
        yield from numbers(hint, (*bounds, *(meta for meta in metas if isinstance(meta, Meta))))
    elif not isinstance(hint, type):
        for inner in get_args(hint):
            yield from numbers(inner)


def every_section(section: type[Section] = Config) -> Iterator[type[Section]]:
    yield section
    for hint in hints(section).values():
        for inner in sections_in(hint):
            yield from every_section(inner)


EVERY_KEY = [(section, key) for section in (*every_section(), Range) for key in hints(section)]


@pytest.mark.parametrize(("section", "key"), EVERY_KEY)
def test_every_number_of_a_config_has_an_upper_bound(section, key):
    if key in UNBOUNDED and section.__struct_config__.tag:
        return
    for _, bounds in numbers(hints(section)[key]):
        ends = [end for meta in bounds for end in (meta.le, meta.lt) if end is not None]
        assert ends, f"{section.__name__}.{key}"
        assert min(ends) <= limits.SEED


def test_the_search_for_numbers_finds_them():
    found = {key for section, key in EVERY_KEY for _ in numbers(hints(section)[key])}
    assert {"epochs", "l2", "seed", "min_df", "threshold", "characters", "min_recall"} <= found
    assert {"low", "steps", "positive_from", "folds", "bins", "resamples"} <= found


def test_the_reference_shows_the_bounds():
    for section in sections():
        for key in section.keys:
            if key.accepted.startswith(("a whole number", "a number")):
                bounds = r"(from|above|between|>=) \S+ *(to|,? ?up to|and <|and) \S+|\(1 to \d+\)"
                assert re.search(bounds, key.accepted), (key.name, key.accepted)


def options() -> Iterator[tuple[str, click.Parameter]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from ((name, parameter) for parameter in command.params)


def test_every_number_of_an_option_has_an_upper_bound_and_is_finite():
    found = 0
    for name, option in options():
        if isinstance(option.type, click.types.IntParamType | click.types.FloatParamType):
            assert getattr(option.type, "max", None) is not None, (name, option.name)
            found += 1
            if isinstance(option.type, click.types.FloatParamType):
                with pytest.raises((click.BadParameter, ConfigError)):
                    option.type.convert("nan", option, None)
    assert found > 20


@pytest.mark.parametrize("value", [limits.EPOCHS, limits.EPOCHS + 1])
def test_the_largest_number_is_accepted_and_the_next_one_is_not(sentiment, value):
    result = sentiment("config", "sample", "--set", f"train.epochs={value}")
    assert result.exit_code == (0 if value == limits.EPOCHS else 2)


def test_too_many_combinations_of_values_are_refused_before_any_is_made(sentiment, tmp_path):
    sets = [
        f"tune.train.{key}=" + "{ low = 0.1, high = 0.9, steps = 10000 }"
        for key in ("l2", "alpha", "beta")
    ]
    result = sentiment(
        "tune", "sample", "--run", tmp_path / "run", *(a for s in sets for a in ("--set", s))
    )
    assert result.exit_code == 2
    assert re.search(r"expected at most 10,000 combinations of values, got [\d,]+", result.stderr)
