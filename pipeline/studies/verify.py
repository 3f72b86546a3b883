"""`verify_run`: train a run again from its recorded config, and compare the bytes.

The stages are computed again in a folder of their own. Each file that they write is compared with
the one that the run holds. What else is other now is named: settings, the files of the corpus,
versions, the processor, source code.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.config.loading import load_config
from pipeline.config.schema import Config
from pipeline.errors import RunError
from pipeline.stages.listener import SILENT, Listener
from pipeline.stages.runner import run_stages
from pipeline.stages.verification import VERIFICATION, of_training
from pipeline.storage import files
from pipeline.storage.replacing import temporary_folder
from pipeline.storage.run import Run

# The stages that compute; the report only draws.
_VERIFIED = ("corpus", "tokens", "features", "train", "eval")
_CARD = "corpus/card.json"


@dataclass(frozen=True)
class VerifiedStage:
    """A stage that was computed again.

    Attributes
    ----------
    name : str
    n_files : int
        How many files it writes.
    differing : tuple of str
        Those that are not the same now, relative to the run folder.
    """

    name: str
    n_files: int
    differing: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What is other now than when the run was computed, and both values as text."""

    what: str
    then: str
    now: str


@dataclass(frozen=True)
class Verification:
    """The result of training a run again.

    Attributes
    ----------
    stages : tuple of VerifiedStage
        In their order.
    out_of_date : tuple of str
        The stages that were not verified, because what the run holds of them was computed from
        other files than it holds now.
    changes : tuple of Change
        What is other now; it need not have changed a byte.
    date : str
        The day, as in 2026-11-28.
    """

    stages: tuple[VerifiedStage, ...]
    out_of_date: tuple[str, ...]
    changes: tuple[Change, ...]
    date: str

    @property
    def agrees(self) -> bool:
        """True if every file of every stage is the same."""
        return not any(stage.differing for stage in self.stages)

    @property
    def first_difference(self) -> VerifiedStage | None:
        """The first stage that differs: later ones read what it wrote."""
        return next((stage for stage in self.stages if stage.differing), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them, and whether all agrees."""
        return {"agrees": self.agrees, **asdict(self)}


def recorded_config(path: str | Path, overrides: Iterable[str] = ()) -> Config:
    """Return the config of a run, with other values of some keys as `--set` takes them.

    Raises
    ------
    RunError
        If the folder has none.
    ConfigError
        If a key or a value is not accepted.
    """
    file = Path(path) / "config.toml"
    if not file.exists():
        raise RunError(f"{path}: no config.toml here; expected a run folder")
    return load_config(file, overrides)


def verify_run(
    path: str | Path, config: Config | None = None, listener: Listener = SILENT
) -> Verification:
    """Train a run again, and say whether the bytes agree.

    Writes `verification.json` into the run folder, which the model card then cites. The test set is
    scored again, which is no new use of it: nothing is learned from it that the run does not say.

    Parameters
    ----------
    path : str or Path
        A run folder whose stages are complete up to `train` at least.
    config : Config, optional
        By default the recorded one. Another one says where the corpus is on this machine.
    listener : Listener

    Raises
    ------
    RunError
        If the folder has no trained model, a file is not the one that was written, or the model was
        not trained on the features that are there now.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:  # of the bundled sample
    ...     run_stages(Config(), Run(Path(folder)), "train", SILENT)
    ...     result = verify_run(folder)
    >>> result.agrees, [stage.name for stage in result.stages]
    (True, ['corpus', 'tokens', 'features', 'train'])
    """
    path = Path(path)
    run = Run(path)
    names = _up_to_date(run)
    config = recorded_config(path) if config is None else config
    with run.locked(), temporary_folder(path / "verification") as folder:
        run_stages(config, Run(folder), names[-1], listener)
        again = Run(folder)  # as its manifest reads, like the other
        found = Verification(
            tuple(_compared(run, again, name) for name in names),
            tuple(name for name in _VERIFIED if run.stage(name) and name not in names),
            tuple(_changes(run, again, names)),
            datetime.datetime.now(datetime.UTC).date().isoformat(),
        )
        record = found.to_dict() | {"model": of_training(run)}
        files.write_json(path / VERIFICATION, record)
    return found


def _up_to_date(run: Run) -> tuple[str, ...]:
    """Return the stages of a run, each computed from what the run holds of those before it."""
    names: list[str] = []
    current: dict[str, str] = {}
    for name in _VERIFIED:
        entry = run.stage(name)
        if entry is None or (names and not entry["depends"]["inputs"].items() <= current.items()):
            break
        current |= run.digests(name)
        names.append(name)
    if "train" not in names:
        raise RunError(
            f"{run.path}: no model that was trained on the features in this folder; "
            "`sentiment train CONFIG` trains one"
        )
    return tuple(names)


def _compared(run: Run, again: Run, name: str) -> VerifiedStage:
    then, now = run.digests(name), again.digests(name)
    for file in then:
        run.output(file)  # damage is no difference of the computation
    differing = sorted(file for file in then.keys() | now.keys() if then.get(file) != now.get(file))
    if _CARD in differing and _without_source(run) == _without_source(again):
        differing.remove(_CARD)
    return VerifiedStage(name, len(then), tuple(differing))


def _without_source(run: Run) -> dict[str, Any]:
    """Return the audit of a corpus without the places that it was read from."""
    card: dict[str, Any] = files.read_json(run.output(_CARD))
    return card | {"source": None}


def _changes(run: Run, again: Run, names: Iterable[str]) -> Iterator[Change]:
    """Yield what is other now, in the order in which it has its effect."""
    entries = {name: (run.stage(name) or {}, again.stage(name) or {}) for name in names}
    depends = {name: [entry["depends"] for entry in both] for name, both in entries.items()}
    settings: list[dict[str, Any]] = [{}, {}]
    for both in depends.values():
        for found, each in zip(settings, both, strict=True):
            found |= {
                f"{section}.{key}": value
                for section, values in each["config"].items()
                for key, value in values.items()
            }
    yield from _differences(*settings)
    yield from _changed_files(*(each["inputs"] for each in depends["corpus"]))
    then, now = entries["corpus"]
    yield from _differences(then.get("versions", {}), now["versions"])
    yield from _differences(
        *({"processor": entry.get("processor", now["processor"])} for entry in (then, now))
    )
    for name, both in depends.items():
        yield from _differences(*({f"source of `{name}`": each["source"][:12]} for each in both))


def _changed_files(then: dict[str, str], now: dict[str, str]) -> Iterator[Change]:
    """Yield the files of the corpus whose content is other, wherever they lie."""
    if Counter(then.values()) != Counter(now.values()):
        yield from _differences(
            *({Path(file).name: digest for file, digest in each.items()} for each in (then, now))
        )


def _differences(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    for name in sorted(then.keys() | now.keys()):
        before, after = then.get(name), now.get(name)
        if before != after:
            yield Change(name, *("none" if each is None else str(each) for each in (before, after)))
