"""Data sets of the Hugging Face Hub, through `datasets`, at a pinned revision."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.corpus.labels import LabelRule, labelled_table
from pipeline.errors import CorpusError


def read_hub(
    dataset: str,
    revision: str,
    splits: tuple[str, ...],
    text: str,
    label: str,
    rule: LabelRule,
    subset: str | None = None,
) -> list[pa.Table]:
    """Read splits of a data set, from the local cache where it has this revision.

    Parameters
    ----------
    dataset : str
        Such as `stanfordnlp/imdb`.
    revision : str
        A commit of the data set.
    splits : tuple of str
    text, label : str
        Column names.
    rule : LabelRule
    subset : str, optional
        The data set's configuration, where it has several.

    Returns
    -------
    list of pyarrow.Table
        A table of `text` and `label` for each split.

    Raises
    ------
    CorpusError
        If there is no network and no cached copy, or the data set has no such
        revision, subset, split, column or label.
    """
    found = _load(dataset, revision, subset)
    tables = []
    for split in splits:
        if split not in found:
            raise CorpusError(f"{dataset}: no split {split!r}; it has: {', '.join(found)}")
        part = found[split]
        where = f"{dataset}, {split}"
        for column in (text, label):
            if column not in part.column_names:
                raise CorpusError(
                    f"{where}: no column {column!r}; it has: {', '.join(part.column_names)}"
                )
        names = getattr(part.features[label], "names", ())
        table = part.with_format("arrow")[:]
        tables.append(labelled_table(table[text], table[label], rule, where, names))
    return tables


def _load(dataset: str, revision: str, subset: str | None) -> Any:
    """Return the splits by name: the cached ones where they are of this revision."""
    import datasets
    import huggingface_hub

    datasets.logging.set_verbosity_error()
    huggingface_hub.logging.set_verbosity_error()
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    with _offline(), contextlib.suppress(Exception):
        # Offline, `datasets` takes any revision that is cached: the folder tells which.
        cached = datasets.load_dataset(dataset, subset, revision=revision)
        files = [file for part in cached.values() for file in part.cache_files]
        if all(Path(file["filename"]).parent.name == revision for file in files):
            return cached
    _ask_the_hub(dataset, revision)
    try:
        return datasets.load_dataset(dataset, subset, revision=revision)
    except Exception as error:
        raise CorpusError(f"{dataset}: could not be loaded: {_first_line(error)}") from error


def _ask_the_hub(dataset: str, revision: str) -> None:
    """Find out in one request whether the Hub is there and has the data set."""
    import huggingface_hub
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        huggingface_hub.HfApi().dataset_info(dataset, revision=revision, timeout=20)
    except RepositoryNotFoundError:
        raise CorpusError(f"{dataset}: the Hub has no such data set, or it is private") from None
    except RevisionNotFoundError:
        raise CorpusError(f"{dataset}: no revision {revision} on the Hub") from None
    except Exception as error:
        raise CorpusError(
            f"{dataset}: this revision is not cached and the Hub could not be reached "
            f"({_first_line(error)}); run again where there is a network, it is needed once"
        ) from error


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Keep `datasets` from asking the network."""
    import datasets
    import huggingface_hub

    before = datasets.config.HF_HUB_OFFLINE, huggingface_hub.constants.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = huggingface_hub.constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, huggingface_hub.constants.HF_HUB_OFFLINE = before


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
