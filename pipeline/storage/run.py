"""The run folder: manifest, lock, and stages that are written whole or not at all.

    runs/<name>/
      config.toml      the resolved config
      manifest.json    what each stage read and wrote, with what, and what it took;
                       how often the test set was used
      corpus/ tokens/ features/ model/ eval/ report/

A stage's folder is written under another name and moved into place when it is
complete. What stands in the folder is outside input to the next process: `Run.output` checks a
file before it is read.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipeline.errors import RunError
from pipeline.parallel import ordered_map
from pipeline.storage.files import (
    FORMAT_VERSION,
    check_format,
    digest,
    digest_of,
    identity,
    read_json,
    validate_table,
    write_json,
    write_text,
)
from pipeline.storage.forms import require_form
from pipeline.storage.locking import locked, naming_the_folder
from pipeline.storage.place import require_new, require_ours
from pipeline.storage.replacing import hidden, sweep
from pipeline.storage.shards import shards_among

# What the manifest says of a stage and of a use of the test set.
_STAGE = {
    "outputs": {str: {"xxh3_128": str, "bytes": int}},
    "depends": {"config": {str: dict}, "inputs": {str: str}, "source": str},
    "versions?": {str: str},
    "processor?": str,
    "summary": str,
    "warnings": [str],
    "seconds": float,
    "peak_bytes": int,
}
_USE = {"by": str, "config": str, "result": str}
# The digests of outputs that this process has written or checked, by what changes with a file.
_known: dict[tuple[int, int, int, int], str] = {}


class Run:
    """A run directory, which need not exist yet.

    Parameters
    ----------
    path : Path
    from_scratch : bool
        Take no notice of what is there, but of the uses of the test set.

    Raises
    ------
    RunError
        If its manifest is unreadable or of another format version, or the folder holds anything
        else, hidden files included, and no manifest: what stands there is not ours to replace.
    """

    def __init__(self, path: Path, from_scratch: bool = False) -> None:
        self.path, self.from_scratch = path, from_scratch
        self.manifest = self._read_manifest()

    def _read_manifest(self) -> dict[str, Any]:
        file = self.path / "manifest.json"
        empty = {"format_version": FORMAT_VERSION, "test_uses": [], "stages": {}}
        if not file.exists():
            require_new(self.path)
            return empty
        try:
            manifest = _checked(file, _read(file))
        except RunError:
            if not self.from_scratch:
                raise
            require_ours(self.path)
            return empty
        return empty | {"test_uses": manifest["test_uses"]} if self.from_scratch else manifest

    @contextmanager
    def locked(self, waits: bool = False) -> Iterator[None]:
        """Keep other processes from writing to the run meanwhile.

        Raises
        ------
        RunError
            If another process is writing to it, unless this one waits for it.
        """
        with locked(self.path, waits):
            # What another process has written since this one looked counts too.
            self.manifest = self._read_manifest()
            yield

    @staticmethod
    def abandon(path: Path) -> None:
        """Remove what this process has half written, because it is about to end; read nothing."""
        for folder in (path, *path.glob("*/")):
            sweep(folder, own=True)

    def stage(self, name: str) -> dict[str, Any] | None:
        """Return what the manifest says of a stage, or None where it never completed."""
        entry: dict[str, Any] | None = self.manifest["stages"].get(name)
        return entry

    def digests(self, name: str) -> dict[str, str]:
        """Return the digest of each output of a stage by file; nothing if it never completed."""
        entry = self.stage(name)
        return (
            {file: output["xxh3_128"] for file, output in entry["outputs"].items()} if entry else {}
        )

    def output(self, file: str) -> Path:
        """Return the path of an output, once its content is known to be what its stage wrote.

        A file that this process has written or checked before is not read again.

        Parameters
        ----------
        file : str
            Relative to the run folder, such as `corpus/train.arrow`.

        Raises
        ------
        RunError
            If no stage has written it, it has changed since, or it is not valid.
        """
        path = self.path / file
        outputs = (entry["outputs"] for entry in self.manifest["stages"].values())
        output = next((each[file] for each in outputs if file in each), None)
        if output is None:
            raise RunError(f"{path}: no stage of this run has written it; is it another run's?")
        expected = output["xxh3_128"]
        if _known.get(identity(path)) != expected:
            if digest(path) != expected:
                raise RunError(
                    f"{path}: not the file that was written; use --force to compute it again"
                )
            if path.suffix == ".arrow":
                validate_table(path)
            _known[identity(path)] = expected
        return path

    def shards(self, whole: str) -> list[Path]:
        """Return the paths of a set's shards, each checked as by `output`.

        Parameters
        ----------
        whole : str
            The path of a single shard, relative to the run folder, such as `corpus/train.arrow`.

        Raises
        ------
        RunError
            If there is none, or `output` refuses one.
        """
        return [self.output(file) for file in self._shards_of(whole) or [whole]]

    def digest_of_set(self, whole: str) -> str:
        """Return a digest of all shards of a set; that of its file if it has one."""
        outputs = self._outputs()
        digests = [outputs[file]["xxh3_128"] for file in shards_among(outputs, whole)]
        return digests[0] if len(digests) == 1 else digest_of(digests)

    def has_set(self, whole: str) -> bool:
        """Return True if a stage has written a set."""
        return bool(self._shards_of(whole))

    def _shards_of(self, whole: str) -> list[str]:
        return shards_among(self._outputs(), whole)

    def _outputs(self) -> dict[str, Any]:
        stages = self.manifest["stages"].values()
        return {file: output for entry in stages for file, output in entry["outputs"].items()}

    def save(self) -> None:
        """Write the manifest, with its own digest."""
        self.manifest.pop("xxh3_128", None)
        self.manifest["xxh3_128"] = digest_of(self.manifest)
        write_json(self.path / "manifest.json", self.manifest)

    def has_outputs(self, name: str) -> bool:
        """Return True if every output of a stage is there, with the size it was written with."""
        entry = self.stage(name)
        return entry is not None and all(
            (self.path / file).is_file() and (self.path / file).stat().st_size == output["bytes"]
            for file, output in entry["outputs"].items()
        )

    @contextmanager
    def writing(
        self,
        name: str,
        folder: str,
        config: str,
        given: Mapping[tuple[int, int, int, int], str] = MappingProxyType({}),
    ) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Give a folder to write a stage's outputs to, and an entry for the manifest.

        On success the folder takes the place of the stage's old one and the entry,
        with the outputs' digests, goes into the manifest. If the entry has a `test_use`, it is
        added to the uses in the same step. On an error nothing changes.

        Parameters
        ----------
        name, folder : str
            The stage and the name of its folder.
        config : str
            The resolved config, as TOML.
        given : mapping of tuple to str
            Digests of files by their `identity`. These files are not read for it.
        """
        target = self.path / folder
        partial, old = hidden(target), hidden(target, ".old")
        entry: dict[str, Any] = {}
        with naming_the_folder(self.path):
            partial.mkdir(parents=True)
        try:
            with naming_the_folder(self.path):
                yield partial, entry
                files = _outputs_in(partial)
                entry["outputs"] = outputs = {}
                digests = ordered_map(lambda file: given.get(identity(file)) or digest(file), files)
                for file, found in zip(files, digests, strict=True):
                    described = {"xxh3_128": found, "bytes": file.stat().st_size}
                    outputs[f"{folder}/{file.relative_to(partial)}"] = described
                    _known[identity(file)] = found  # which a move of the folder does not change
                # Should the process end between these steps, the stage is not fresh.
                self.manifest["stages"].pop(name, None)
                self.save()
                if target.exists():
                    target.rename(old)
                partial.rename(target)
                self.manifest["stages"][name] = entry
                if "test_use" in entry:
                    self.manifest["test_uses"].append(entry.pop("test_use"))
                write_text(self.path / "config.toml", config)
                self.save()
        finally:
            for left in (partial, old):
                shutil.rmtree(left, ignore_errors=True)


def _outputs_in(folder: Path) -> list[Path]:
    """Return the files that a stage has written.

    Hidden ones are none: what a late task is writing, or NFS keeps of a file that is removed while
    it is mapped.
    """
    found = (file for file in folder.rglob("*") if file.is_file())
    return sorted(
        file
        for file in found
        if not any(name.startswith(".") for name in file.relative_to(folder).parts)
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        return read_json(file)
    except RunError as error:
        again = f"`sentiment train {file.parent} --force` makes the run again"
        raise RunError(f"{error}; {again}") from None


def _checked(file: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest as this version writes it; refuse one that is not as it was written."""
    check_format(manifest, file)
    expected = manifest.pop("xxh3_128", None)
    if expected is None:
        # An earlier version wrote no digest, and other ones of the outputs.
        manifest |= {"stages": {}} if isinstance(manifest.get("stages"), dict) else {}
    elif expected != digest_of(manifest):
        raise RunError(f"{file}: not the file that was written; --force restarts it")
    manifest.setdefault("test_uses", [])
    form = {"stages": {str: _STAGE}, "test_uses": [_USE]}
    require_form(manifest, form, file, "--force restarts it")
    return manifest
