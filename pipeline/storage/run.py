"""The run folder: manifest, lock, and stages that are written whole or not at all.

    runs/<name>/
      config.toml      the resolved config
      manifest.json    what each stage read and wrote, with what, and what it took
      corpus/ tokens/ features/ model/ eval/ report/

A stage's folder is written under another name and moved into place when it is
complete.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import RunError
from pipeline.parallel import ordered_map
from pipeline.storage.files import (
    FORMAT_VERSION,
    check_format,
    digest,
    read_json,
    write_json,
    write_text,
)


class Run:
    """A run directory, which need not exist yet.

    Parameters
    ----------
    path : Path
    from_scratch : bool
        Take no notice of what is there.

    Raises
    ------
    RunError
        If its manifest is unreadable or of another format version, or the folder
        holds files and no manifest: what stands there is not ours to replace.
    """

    def __init__(self, path: Path, from_scratch: bool = False) -> None:
        self.path, self.from_scratch = path, from_scratch
        self.manifest = self._read_manifest()

    def _read_manifest(self) -> dict[str, Any]:
        file = self.path / "manifest.json"
        if not file.exists():
            visible = self.path.glob("[!.]*") if self.path.is_dir() else iter(())
            for other in visible:
                raise RunError(
                    f"{self.path}: not a run folder, for it holds {other.name} and no "
                    "manifest.json; choose another folder with --run"
                )
        if self.from_scratch or not file.exists():
            return {"format_version": FORMAT_VERSION, "stages": {}}
        manifest = read_json(file)
        check_format(manifest, file)
        stages = manifest.get("stages")
        if not isinstance(stages, dict) or not all(map(_is_entry, stages.values())):
            raise RunError(f"{file}: not the file that was saved; --force restarts it")
        return manifest

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing to the run meanwhile.

        Raises
        ------
        RunError
            If another process is writing to it.
        """
        with locked(self.path):
            # What another process has written since this one looked counts too.
            self.manifest = self._read_manifest()
            yield

    def abandon(self) -> None:
        """Remove what this process has half written, because it is about to end."""
        for left in self.path.glob(f".*.{os.getpid()}"):
            shutil.rmtree(left, ignore_errors=True)

    def stage(self, name: str) -> dict[str, Any] | None:
        """Return what the manifest says of a stage, or None where it never completed."""
        entry: dict[str, Any] | None = self.manifest["stages"].get(name)
        return entry

    def digests(self, name: str) -> dict[str, str]:
        """Return the SHA-256 of each output of a stage by file; nothing if it never completed."""
        entry = self.stage(name)
        return (
            {file: output["sha256"] for file, output in entry["outputs"].items()} if entry else {}
        )

    def has_outputs(self, name: str) -> bool:
        """Return True if every output of a stage is there, with the size it was written with."""
        entry = self.stage(name)
        return entry is not None and all(
            (self.path / file).is_file() and (self.path / file).stat().st_size == output["bytes"]
            for file, output in entry["outputs"].items()
        )

    @contextmanager
    def writing(self, name: str, folder: str, config: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Give a folder to write a stage's outputs to, and an entry for the manifest.

        On success the folder takes the place of the stage's old one and the entry,
        with the outputs' digests, goes into the manifest. On an error nothing changes.

        Parameters
        ----------
        name, folder : str
            The stage and the name of its folder.
        config : str
            The resolved config, as TOML.
        """
        target = self.path / folder
        partial = self.path / f".{folder}.{os.getpid()}"
        old = self.path / f".{folder}.{os.getpid()}.old"
        entry: dict[str, Any] = {}
        with naming_the_folder(self.path):
            self._sweep(folder)
            partial.mkdir(parents=True)
        try:
            with naming_the_folder(self.path):
                yield partial, entry
                files = sorted(file for file in partial.rglob("*") if file.is_file())
                entry["outputs"] = {
                    f"{folder}/{file.relative_to(partial)}": {
                        "sha256": sha256,
                        "bytes": file.stat().st_size,
                    }
                    for file, sha256 in zip(files, ordered_map(digest, files), strict=True)
                }
                # Should the process end between these steps, the stage is not fresh.
                self.manifest["stages"].pop(name, None)
                write_json(self.path / "manifest.json", self.manifest)
                if target.exists():
                    target.rename(old)
                partial.rename(target)
                self.manifest["stages"][name] = entry
                write_text(self.path / "config.toml", config)
                write_json(self.path / "manifest.json", self.manifest)
        finally:
            for left in (partial, old):
                shutil.rmtree(left, ignore_errors=True)

    def _sweep(self, folder: str) -> None:
        """Remove what a process that was killed left half written; the lock keeps others out."""
        for name in (folder, "manifest.json", "config.toml"):
            for left in self.path.glob(f".{name}.*"):
                if not left.name.removeprefix(f".{name}.").removesuffix(".old").isdecimal():
                    continue
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from writing to a folder meanwhile; it is made where it is missing.

    Raises
    ------
    RunError
        If another process is writing to it, or it cannot be made.
    """
    from filelock import FileLock, Timeout

    with naming_the_folder(path):
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise RunError(
                f"{path}: another process is writing to this run; wait for it, "
                "or choose another folder with --run"
            ) from None
    try:
        yield
    finally:
        lock.release()


def _is_entry(entry: Any) -> bool:
    """Return True if a stage's entry in a manifest has what is read of it."""
    return isinstance(entry, dict) and isinstance(entry.get("outputs"), dict)


@contextmanager
def naming_the_folder(path: Path) -> Iterator[None]:
    """Turn a failure to write into one line that names the run folder."""
    try:
        yield
    except OSError as error:
        # A stage also reads files, which stand elsewhere; a full disk names no file.
        if error.filename and not Path(error.filename).is_relative_to(path):
            raise
        raise RunError(
            f"{error.filename or path}: cannot write the run: {error.strerror or error}; "
            "choose another folder with --run"
        ) from None
