"""Data sets of the Hugging Face Hub, through `datasets`, at a pinned revision.

Left to itself, `datasets` takes whatever revision is cached where it cannot reach the
Hub. Here a cached copy counts only if its folder bears the revision that is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corpus.diagnosis import NOT_UTF8, undecodable
from pipeline.corpus.labels import LabelRule, labelled_batches
from pipeline.errors import CorpusError

_TIMEOUT = 8  # seconds that the Hub has for its first answer


def read_hub(
    dataset: str,
    revision: str,
    splits: tuple[str, ...],
    text: str,
    label: str,
    rule: LabelRule,
    subset: str | None = None,
) -> list[Iterator[pa.RecordBatch]]:
    """Read splits of a data set, from the local cache where it has this revision.

    Parameters
    ----------
    dataset : str
        Such as `stanfordnlp/imdb`.
    revision : str
        A commit of the data set, in full. A branch or a tag is looked up on the Hub
        every time, for it may have moved.
    splits : tuple of str
    text, label : str
        Column names.
    rule : LabelRule
    subset : str, optional
        The data set's configuration, where it has several.

    Returns
    -------
    list of iterators of pyarrow.RecordBatch
        `text` and `label` of each split, a batch at a time, mapped from the cache's files.

    Raises
    ------
    CorpusError
        If there is no network and no cached copy, or the data set has no such
        revision, subset, split or column, or a text is missing; of a label, once the
        iteration comes to it.
    """
    found = _load(dataset, revision, subset)
    parts = []
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
        _check_texts(table[text], text, where)
        if table[text].null_count:
            row = pc.index(table[text].is_null(), True).as_py() + 1
            raise CorpusError(f"{where}, row {row}: the text is missing; expected a string")
        batches = table.select([text, label]).to_batches()
        parts.append(labelled_batches(batches, rule, where, names))
    return parts


def _check_texts(texts: pa.ChunkedArray, column: str, where: str) -> None:
    """Refuse a column that is no text, or not UTF-8, which Parquet does not look at."""
    if texts.type not in (pa.string(), pa.large_string(), pa.string_view()):
        raise CorpusError(
            f"{where}: column {column!r} is of type {texts.type}; expected a string column"
        )
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        row = undecodable(text or b"" for text in texts.cast(pa.large_binary()).to_pylist())
        raise CorpusError(f"{where}, row {row}: {NOT_UTF8}") from None


def _load(dataset: str, revision: str, subset: str | None) -> Any:
    """Return the splits by name: the cached ones where they are of this revision."""
    import datasets
    import huggingface_hub

    datasets.logging.set_verbosity_error()
    huggingface_hub.logging.set_verbosity_error()
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    cached = _cached(dataset, revision, subset)
    if cached is not None:
        return cached
    commit = _commit(dataset, revision)
    try:
        builder = datasets.load_dataset_builder(dataset, subset, revision=commit)
        if builder.hash != commit:
            raise ConnectionError("the Hub went away, and another revision is cached")
        builder.download_and_prepare()
        return builder.as_dataset()
    except Exception as error:
        raise CorpusError(f"{dataset}: could not be loaded: {_first_line(error)}") from error


def _cached(dataset: str, revision: str, subset: str | None) -> Any:
    """Return the splits that are cached of exactly this revision, or None."""
    import datasets
    from datasets.naming import camelcase_to_snakecase
    from datasets.packaged_modules.cache.cache import Cache

    subset = subset or _default_subset(dataset, revision)
    owner, _, name = dataset.rpartition("/")
    folder = "___".join(part for part in (owner, camelcase_to_snakecase(name)) if part)
    found = [
        copy
        for copy in Path(datasets.config.HF_DATASETS_CACHE, folder).glob("*/*/*/")
        if copy.name == revision and subset in (None, copy.parts[-3])
    ]
    if len(found) != 1:
        return None
    config, version = found[0].parts[-3:-1]
    try:
        return Cache(
            repo_id=dataset, dataset_name=name, config_name=config, version=version, hash=revision
        ).as_dataset()
    except Exception as error:
        raise CorpusError(
            f"{found[0]}: the cached copy cannot be read ({_first_line(error)}); "
            "delete this folder to fetch it again"
        ) from error


def _default_subset(dataset: str, revision: str) -> str | None:
    """Return which subset the data set's card, cached with it, makes the default; None if none."""
    import huggingface_hub
    from datasets.utils.metadata import MetadataConfigs

    try:
        path = huggingface_hub.try_to_load_from_cache(
            dataset, "README.md", revision=revision, repo_type="dataset"
        )
        card = huggingface_hub.DatasetCard.load(str(path)) if isinstance(path, str) else None
    except ValueError:  # not a name, or not a card
        card = None
    if card is None:
        return None
    name = MetadataConfigs.from_dataset_card_data(card.data).get_default_config_name()
    return None if name is None else str(name)


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
    except Exception as error:
        raise CorpusError(
            f"{dataset}: revision {revision} is not cached and the Hub could not be reached "
            f"({_first_line(error)}); run again where there is a network, it is needed once"
        ) from error
    return str(info.sha)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
