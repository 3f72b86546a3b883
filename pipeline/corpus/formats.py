"""Tables in files, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from pipeline.corpus import diagnosis
from pipeline.corpus.columnar import BATCH, arrow_batches, parquet_batches
from pipeline.corpus.compression import packed_as
from pipeline.corpus.delimited import csv_batches, csv_problem
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.json_rows import exact_json_batches, json_batches, json_problem
from pipeline.corpus.lines import LINE_FORMATS, line_batches
from pipeline.corpus.source import EXTENSIONS, Source, readable
from pipeline.errors import CorpusError

__all__ = ["BATCH", "READERS", "source_batches", "table_batches"]

Reader = Callable[[Source, Sequence[str] | None], Iterator[pa.RecordBatch]]
READERS: dict[str, Reader] = {
    "csv": csv_batches,
    "tsv": csv_batches,
    "json": json_batches,
    "parquet": parquet_batches,
    "arrow": arrow_batches,
    **dict.fromkeys(LINE_FORMATS, line_batches),
}
_WORKBOOKS = (".xls", ".xlsb", ".xlsm", ".xlsx")
_SAVE_AS_CSV = "an Excel workbook is not read; save its sheet as CSV"
_EXPLAINED = {"csv": csv_problem, "tsv": csv_problem, "json": json_problem}


def table_batches(
    path: Path, columns: Sequence[str] | None = None, dialect: Dialect | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table in batches.

    Parameters
    ----------
    path : Path
        A file whose format is in `READERS`, by its dialect or its extension; it may be compressed.
    columns : sequence of str, optional
        The columns that are read, in this order, each once; None for all of them.
    dialect : Dialect, optional

    Yields
    ------
    RecordBatch
        The columns of CSV, TSV and formats of lines are large_string, and those of other formats
        have a type that holds each value as it is: a column of JSON with lists, objects or values
        of several kinds is JSON text. Values may be null, and strings may not be valid UTF-8.

    Raises
    ------
    CorpusError
        If the file cannot be read, is of another format, malformed, or has no such column or no
        rows. The message names the file and, where there is one, the line or row.
    """
    return source_batches(Source(path, dialect or Dialect()), columns, is_exact=True)


def source_batches(
    source: Source, columns: Sequence[str] | None, is_exact: bool = False
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table as `table_batches` does, of a file that has its dialect.

    Unless it is to be exact, the first column of JSON has to be of strings, and numbers are
    doubles, which is faster.
    """
    require_unpacked(source)
    if source.format is None:
        raise no_format(source)
    n_rows = 0
    # An OSError of pyarrow may also mean corrupt data. One from here cannot.
    with readable(source.path):
        source.content.open("rb").close()
    try:
        read = READERS[source.format]
        if is_exact and source.format == "json":
            read = exact_json_batches
        for batch in read(source, columns):
            n_rows += batch.num_rows
            yield batch
    # Names may not be UTF-8, and a damaged length asks for more memory than there is.
    except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
        explain = _EXPLAINED.get(source.format)
        problem = explain(source, columns) if explain else ""
        raise CorpusError(f"{source.path}{problem or diagnosis.refusal(error)}") from None
    if n_rows == 0:
        raise CorpusError(f"{source.path}{diagnosis.NO_ROWS}")


def require_unpacked(source: Source) -> None:
    """Refuse a packed file that is not named as one, and a workbook.

    Raises
    ------
    CorpusError
        It says what the file is and what helps.
    """
    if source.is_compressed:
        return
    with readable(source.path):
        kind = packed_as(source.content)
    if kind in _WORKBOOKS or (kind and source.path.suffix.lower() in _WORKBOOKS):
        raise CorpusError(f"{source.path}: {_SAVE_AS_CSV}")
    if kind:
        name = _with_format(source.path.name) or _with_format(Path(source.path.name).stem)
        name = f"{name or f'{Path(source.path.name).stem}.csv'}{kind}"
        raise CorpusError(
            f"{source.path}: the bytes are those of a {kind} file; rename it to {name}"
        )


def _with_format(name: str) -> str:
    """Return a name whose extension is that of a format, or an empty string."""
    return name if name.lower().endswith((*EXTENSIONS, ".txt")) else ""


def no_format(source: Source) -> CorpusError:
    """Return the error for a file whose format nothing says."""
    got = source.path.suffix or "none"
    guess = source.guessed_encoding()
    if guess in ("utf-16-le", "utf-16-be"):
        got += f"; is the file UTF-16? set {source.dialect.setting('encoding', guess)}"
    elif got.lower() in _WORKBOOKS:
        return CorpusError(f"{source.path}: {_SAVE_AS_CSV}")
    return CorpusError(
        f"{source.path}: expected an extension of {', '.join(EXTENSIONS)}, a text file, or "
        f"{source.dialect.key('format')}; got {got}"
    )


def is_binary(source: Source) -> bool:
    """Return True if a file that should be text holds zeros at its start."""
    with readable(source.path), source.open() as file:
        return b"\0" in file.read(1 << 12)
