"""Data sets of the Hugging Face Hub, at a pinned revision.

`huggingface_hub` fetches the files of the revision, and `datasets` reads them from the folder
that they are in. Given the name of the data set instead, `datasets` would take any revision
that is cached when it cannot reach the Hub.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.corpus.columnar import validated
from pipeline.corpus.columns import Columns
from pipeline.corpus.faults import Origin
from pipeline.corpus.labels import LabelRule
from pipeline.corpus.rows import labelled_batches
from pipeline.corpus.shards import SetSource
from pipeline.corpus.tally import Tally
from pipeline.errors import CorpusError

_TIMEOUT = 8  # seconds that the Hub has for its first answer
_COMMIT = re.compile("[0-9a-f]{40}")
# What says which files a data set has, and what is in them.
_DESCRIPTION = ["README.md", ".huggingface.yaml", "dataset_infos.json"]


def read_hub(
    dataset: str,
    revision: str,
    subset: str | None,
    splits: tuple[str, ...],
    columns: Columns,
    rule: LabelRule,
) -> list[SetSource]:
    """Read splits of a data set, without a network if this revision is cached.

    Parameters
    ----------
    dataset : str
        Such as `stanfordnlp/imdb`.
    revision : str
        A full commit hash. A branch or a tag is looked up on the Hub every time, because it
        may have moved.
    subset : str or None
        The data set's configuration; None for the default one.
    splits : tuple of str
    columns : Columns
    rule : LabelRule

    Returns
    -------
    list of SetSource
        The labelled rows of each split, a batch at a time, mapped from the cache's files.

    Raises
    ------
    CorpusError
        If there is no network and no cached copy, if the data set has no such revision,
        subset, split or column. Bad rows are reported when the iteration has reached the end.
    """
    found = _load(dataset, revision, subset)
    parts = []
    for split in splits:
        if split not in found:
            raise CorpusError(f"{dataset}: no split {split!r}; it has: {', '.join(found)}")
        parts.append(_labelled(found[split], columns, rule, f"{dataset}, {split}"))
    return parts


def _labelled(split: Any, columns: Columns, rule: LabelRule, where: str) -> SetSource:
    """Check the columns of a split and return its labelled rows."""
    for column in columns.names():
        if column not in split.column_names:
            raise CorpusError(
                f"{where}: no column {column!r}; it has: {', '.join(split.column_names)}"
            )
    names = getattr(split.features[columns.label], "names", ())
    batches = split.with_format("arrow")[:].select(columns.names()).to_batches()
    try:
        batches = list(map(validated, batches))
    except pa.ArrowInvalid as error:
        copies = ", ".join(file["filename"] for file in split.cache_files)
        raise CorpusError(
            f"{where}: the cached copy cannot be read ({_first_line(error)}); delete {copies}"
        ) from None
    origin = Origin(where, names)

    def read(tally: Tally) -> Iterator[pa.RecordBatch]:
        return labelled_batches(batches, columns, rule, origin, tally)

    return SetSource([read])


def _load(dataset: str, revision: str, subset: str | None) -> Any:
    """Return the splits of a data set by name."""
    import datasets
    import huggingface_hub
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    # `datasets` logs as errors what it then raises.
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    huggingface_hub.logging.set_verbosity_error()
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
        disable_progress_bars()
    folder = _cached(dataset, revision, subset) or _fetched(dataset, revision, subset)
    try:
        builder = datasets.load_dataset_builder(folder, subset)
    except Exception as error:
        raise CorpusError(f"{dataset}: could not be loaded: {_first_line(error)}") from error
    try:
        builder.download_and_prepare()  # once: later calls find the tables
    except Exception as error:
        raise CorpusError(
            f"{dataset}: could not be loaded: {_first_line(error.__cause__ or error)}; if its "
            f"files are damaged, delete {Path(folder).parents[1]} to fetch them again"
        ) from error
    try:
        return builder.as_dataset()
    except Exception as error:
        raise CorpusError(
            f"{builder.cache_dir}: the cached copy cannot be read ({_first_line(error)}); "
            "delete this folder to make it again"
        ) from error


def _cached(dataset: str, revision: str, subset: str | None) -> str | None:
    """Return the folder of a revision if all the files that are needed are there, else None."""
    import huggingface_hub
    from huggingface_hub import errors

    if not _COMMIT.fullmatch(revision):
        return None
    try:
        # Without this list of its files, a snapshot may be one that was left incomplete.
        huggingface_hub.get_cached_repo_tree(dataset, repo_type="dataset", revision=revision)
        return _download(dataset, revision, subset, local_files_only=True)
    except (
        errors.CachedRepoTreeNotFoundError,
        errors.LocalEntryNotFoundError,
        errors.HFValidationError,
    ):
        return None


def _fetched(dataset: str, revision: str, subset: str | None) -> str:
    """Fetch the files of a revision that are not here yet; return their folder."""
    commit = _commit(dataset, revision)
    try:
        return _download(dataset, commit, subset)
    except Exception as error:
        raise CorpusError(f"{dataset}: could not be fetched: {_first_line(error)}") from error


def _download(dataset: str, commit: str, subset: str | None, local_files_only: bool = False) -> str:
    """Return the folder of a revision, with the files of one subset in it."""
    import huggingface_hub

    def fetch(patterns: list[str] | None) -> str:
        return huggingface_hub.snapshot_download(
            dataset,
            repo_type="dataset",
            revision=commit,
            allow_patterns=patterns,
            local_files_only=local_files_only,
        )

    return fetch(_needed(Path(fetch(_DESCRIPTION), "README.md"), subset))


def _needed(card: Path, subset: str | None) -> list[str] | None:
    """Return patterns of the files of a subset as the data set's card has them; None for all.

    The first subset always belongs to them: `datasets` sees from its files how to read any.
    """
    import huggingface_hub

    if not card.is_file():
        return None
    subsets = huggingface_hub.DatasetCard.load(card).data.to_dict().get("configs") or []
    patterns = list(_DESCRIPTION)
    for k, entry in enumerate(subsets):
        is_default = entry.get("default") or entry.get("config_name") == "default"
        if k == 0 or entry.get("config_name") == subset or (subset is None and is_default):
            if "data_files" not in entry or "data_dir" in entry:
                return None
            patterns += _patterns(entry["data_files"])
    return patterns if subsets else None


def _patterns(data_files: Any) -> list[str]:
    """Return the patterns in the `data_files` of a card: one, a list, or one or more a split."""
    if isinstance(data_files, str):
        # `**/` may match no folder at all, which is what `*` may do in `snapshot_download`.
        return [data_files.removeprefix("./").replace("**/", "*")]
    if isinstance(data_files, dict):
        data_files = data_files.get("path", list(data_files.values()))
    return [pattern for item in data_files for pattern in _patterns(item)]


def _commit(dataset: str, revision: str) -> str:
    """Ask the Hub in one request whether it has the data set, and for the revision's commit."""
    import huggingface_hub
    from huggingface_hub import errors

    try:
        info = huggingface_hub.HfApi().dataset_info(dataset, revision=revision, timeout=_TIMEOUT)
    except errors.HFValidationError:
        raise CorpusError(f"{dataset}: not the name of a data set; expected owner/name") from None
    except errors.GatedRepoError:
        problem = "the Hub gives it to known users only; see `hf auth login`"
        raise CorpusError(f"{dataset}: {problem}") from None
    except errors.RepositoryNotFoundError:
        raise CorpusError(f"{dataset}: the Hub has no such data set, or it is private") from None
    except errors.RevisionNotFoundError:
        raise CorpusError(f"{dataset}: no revision {revision} on the Hub") from None
    except errors.HfHubHTTPError as error:
        raise CorpusError(
            f"{dataset}: revision {revision} is not cached and the Hub answers "
            f"{error.response.status_code} {error.response.reason_phrase}; run again later"
        ) from error
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise CorpusError(
            f"{dataset}: what answers in place of the Hub is not one ({_first_line(error)}); check "
            "HF_ENDPOINT, and whether the network asks you to sign in"
        ) from error
    except Exception as error:
        raise CorpusError(
            f"{dataset}: revision {revision} is not cached and the Hub could not be reached "
            f"({_first_line(error)}); run again with a network connection, which is needed once"
        ) from error
    if _COMMIT.fullmatch(revision) and info.sha != revision:
        raise CorpusError(
            f"{dataset}: asked for revision {revision}, the Hub answers with {info.sha}; "
            "check HF_ENDPOINT"
        )
    return str(info.sha)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
