"""The keys of [tune]: which values are tried."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, field
from msgspec.structs import force_setattr

from pipeline.config import limits
from pipeline.config.checking import checked, unknown_key
from pipeline.config.model import FeaturesSection, TrainSection
from pipeline.config.section import Fraction, Number, Section, Seed, about
from pipeline.config.tokens import TokensSection
from pipeline.config.toml import toml_value
from pipeline.errors import ConfigError

_TUNED: dict[str, type[Section]] = {
    "tokens": TokensSection,
    "features": FeaturesSection,
    "train": TrainSection,
}
# By key: a list or a Range. They are checked here, because msgspec would not name the key.
Tried = dict[str, Any]
_Whole = Annotated[int, Meta(ge=-limits.NUMBER, le=limits.NUMBER)]
_NUMBER = f"a number from {-limits.NUMBER} to {limits.NUMBER}"
_VALUES = "a list of values for each key, or { low = 1e-4, high = 1e-2, steps = 3 }"
_AUTO_FOLDS = 5


class Range(Section, frozen=True):
    """Numbers from low to high, both included; whole numbers if both ends are whole."""

    low: Annotated[_Whole | Number, about("Least value.", _NUMBER)]
    high: Annotated[_Whole | Number, about("Greatest value.", _NUMBER)]
    steps: Annotated[int, Meta(ge=2, le=limits.TRIALS)]
    scale: Literal["log", "linear"] = "log"


class TuneSection(Section, frozen=True):
    """Which settings `sentiment tune` tries, and how it finds the best."""

    by: Annotated[Literal["accuracy", "log_loss"], about("Metric that decides.")] = "accuracy"
    validation: Annotated[
        Fraction, about("Fraction of the training reviews that settings are tried on.")
    ] = 0.2
    folds: Annotated[
        int,
        Meta(ge=0, le=limits.FOLDS),
        about("Try settings on this many cross-validation folds instead; 0 does not."),
    ] = 0
    seed: Annotated[
        Seed, about("Random seed of that fraction, of the folds and of the trials.")
    ] = 0
    grid: Annotated[
        Literal["lists", "auto"],
        about(
            "Try all combinations of the listed values, or trials from one grid for all corpora."
        ),
    ] = "lists"
    # Twelve of 60 are known settings. One of the 48 that are drawn is among the best 5% of the grid
    # with a probability of 91% (1 - 0.95^48; Bergstra & Bengio 2012).
    trials: Annotated[
        int,
        Meta(ge=1, le=limits.TRIALS),
        about('With grid = "auto": how many trials there are.'),
    ] = 60
    tokens: Annotated[Tried, about("Values to try for keys of [tokens].", _VALUES)] = field(
        default_factory=dict
    )
    features: Annotated[Tried, about("Values to try for keys of [features].", _VALUES)] = field(
        default_factory=dict
    )
    train: Annotated[Tried, about("Values to try for keys of [train].", _VALUES)] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        for name, section in _TUNED.items():
            listed = getattr(self, name)
            for key in listed:
                if key not in section.__struct_fields__:
                    raise ConfigError(f"tune.{name}.{unknown_key(key, section, _TUNED)}")
            values = {key: _choices(f"tune.{name}.{key}", listed[key]) for key in listed}
            force_setattr(self, name, values)
        if self.grid == "auto":
            if self.listed:
                raise ConfigError(
                    f'tune.grid: expected no listed values with "auto", got '
                    f"{', '.join(self.listed)}; leave them out, or tune with `--grid auto`, which "
                    "replaces them"
                )
            if not self.folds:
                force_setattr(self, "folds", _AUTO_FOLDS)

    @property
    def listed(self) -> list[str]:
        """The keys that have listed values, such as `train.l2`."""
        return [f"{name}.{key}" for name in _TUNED for key in getattr(self, name)]


def _choices(key: str, listed: Any) -> tuple[Any, ...] | Range:
    """Return the values of a key that are tried, as they were listed or as a range."""
    if isinstance(listed, list | tuple) and listed:
        return tuple(listed)
    if isinstance(listed, Range):
        return listed
    if not isinstance(listed, dict):
        raise ConfigError(
            f"{key}: expected a list of values or a table of low, high and steps, "
            f"got {toml_value(listed)}"
        )
    found = checked(listed, Range, key)
    if not found.low < found.high or (found.scale == "log" and found.low <= 0):
        least = "0 < low" if found.scale == "log" else "low"
        raise ConfigError(f"{key}: expected {least} < high, got {found.low:g} and {found.high:g}")
    return found
