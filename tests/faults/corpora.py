"""Files of reviews that are missing, damaged, hostile, or not labelled as their config says."""

import gzip
import os
import zipfile
from collections.abc import Callable

from faults.ground import Arguments, Fault, Ground

_CSV = "text,label\n" + "a fine film,1\na dull film,0\n" * 20
_JSON = '{"text": "a fine film", "label": 1}\n{"text": "a dull film", "label": 0}\n'


def corpus(ground: Ground, train: object, keys: str = "") -> Arguments:
    """Return the command that reads a corpus."""
    config = f'[corpus]\nsource = "files"\ntrain = """{train}"""\n{keys}\n'
    return ["corpus", ground.write("c.toml", config), "--run", ground.folder / "run", "-q"]


def file(name: str, file_name: str, content: str | bytes, line: str, keys: str = "") -> Fault:
    """A file of this content, read with more keys of [corpus]."""
    return Fault(name, lambda ground: corpus(ground, ground.write(file_name, content), keys), line)


def path(name: str, train: str, line: str) -> Fault:
    """A path that is no file."""
    return Fault(name, lambda ground: corpus(ground, train), line)


def laid(name: str, lay: Callable[[Ground], object], line: str) -> Fault:
    """What `lay` lays, whose path it returns."""
    return Fault(name, lambda ground: corpus(ground, lay(ground)), line)


def _pipe(ground: Ground) -> object:
    os.mkfifo(ground.folder / "pipe.csv")
    return ground.folder / "pipe.csv"


def _empty_folder(ground: Ground) -> object:
    (ground.folder / "texts").mkdir()
    return ground.folder / "texts"


def _one_class(ground: Ground) -> object:
    return ground.write("texts/pos/1.txt", "a fine film").parents[1]


def _tables_in_a_folder(ground: Ground) -> object:
    return ground.write("some/a.csv", _CSV).parent


def _two_in_a_zip(ground: Ground) -> object:
    with zipfile.ZipFile(ground.folder / "two.csv.zip", "w") as archive:
        archive.writestr("a.csv", _CSV)
        archive.writestr("b.csv", _CSV)
    return ground.folder / "two.csv.zip"


def _two_formats(ground: Ground) -> object:
    ground.write("some/a.csv", _CSV)
    return ground.write("some/b.xlsx", b"PK\3\4").parent / "*"


_PLACES = (
    path(
        "no file",
        "no-such.csv",
        "no-such.csv: no such file; expected a file, a glob, or a folder with pos/ and neg/; set "
        "corpus.train",
    ),
    path(
        "no file of a glob",
        "no-such-*.csv",
        "no-such-*.csv: no file matches; expected a file, a glob, or a folder with pos/ an...",
    ),
    path(
        "an unknown home",
        "~nosuchuser/a.csv",
        "~nosuchuser/a.csv: no home folder for ~nosuchuser; write it in full",
    ),
    path(
        "a name of 5,000 characters",
        "x" * 5000,
        "xxx...xxx: not a path that the system takes: File name too long (5,000 bytes)",
    ),
    path(
        "a glob of 10,000 characters",
        "x/" * 5000 + "*.csv",
        "x/x...: not a path that the system takes: File name too long (10,005 bytes)",
    ),
    path(
        "a device",
        "/dev/zero",
        "/dev/zero: cannot be read: expected a file, got a device or a pipe",
    ),
    path(
        "a web address",
        "https://example.org/a.csv",
        "corpus.train: https://example.org/a.csv: the web is not read, because it lists no...",
    ),
    path(
        "an unknown scheme",
        "ftp://example.org/a.csv",
        "corpus.train: ftp://example.org/a.csv: expected a path or s3://, gs://, az://, hf...",
    ),
    path(
        "a chain of URLs",
        "simplecache::s3://me:secret@reviews/a.csv",
        "corpus.train: simplecache://...: expected one URL, not a chain of them (FOLDER/c.toml)",
    ),
    path(
        "a URL with a password",
        "s3://me:secret@reviews/a.csv",
        "corpus.train: s3://...: expected a URL without a user name or a password; credent...",
    ),
    path(
        "a URL with a token",
        "s3://reviews/a.csv?X-Amz-Signature=secret",
        "corpus.train: s3://reviews/a.csv?...: expected a URL without a query; credentials...",
    ),
    path(
        "a store whose package is missing",  # no lock has it
        "gs://reviews/a.csv",
        "gs://reviews/a.csv: needs the package gcsfs; pip install gcsfs into ...",
    ),
    path(
        "a file of another machine",
        "file://elsewhere/a.csv",
        "corpus.train: file://elsewhere/a.csv: expected a file of this machine, as in file...",
    ),
    laid(
        "a pipe that nobody writes to",
        _pipe,
        "FOLDER/pipe.csv: cannot be read: expected a file, got a device or a pipe",
    ),
    laid(
        "an empty folder",
        _empty_folder,
        "FOLDER/texts: expected *.txt files in the sub-folders pos/ and neg/; the folder ...",
    ),
    laid(
        "a folder of one class",
        _one_class,
        "FOLDER/texts: expected *.txt files in the sub-folders pos/ and neg/; there is no ...",
    ),
    laid(
        "a folder of tables",
        _tables_in_a_folder,
        "FOLDER/some: expected *.txt files in the sub-folders pos/ and neg/, or the tables in it "
        "as FOLDER/some/*.csv; set corpus.train",
    ),
    path(
        "an empty path",
        "",
        "corpus.train: expected a path or a URL, a list of them, or a table with them for...",
    ),
    laid(
        "two files in a zip",
        _two_in_a_zip,
        "FOLDER/two.csv.zip: the archive holds 2 files (a.csv, b.csv); expected one",
    ),
    laid(
        "a glob of two formats",
        _two_formats,
        "FOLDER/some/b.xlsx: an Excel workbook is not read; save its sheet as CSV",
    ),
)
_TABLES = (
    file(
        "an empty file",
        "a.csv",
        "",
        "FOLDER/a.csv: the file is empty; expected a header and one text a row",
    ),
    file(
        "a header alone",
        "a.csv",
        "text,label\n",
        "FOLDER/a.csv: the file has no rows; expected one text a row",
    ),
    file(
        "no column of texts",
        "a.csv",
        "review,label\na,1\n",
        "FOLDER/a.csv, line 1: no column 'text'; the columns are 'review', 'label'; set co...",
    ),
    file(
        "another delimiter",
        "a.csv",
        "text;label\na;1\nb;0\n",
        "FOLDER/a.csv, line 1: no column 'text'; the columns are 'text;label': is the deli...",
    ),
    file(
        "a column twice",
        "a.csv",
        "text,text,label\na,b,1\n",
        "FOLDER/a.csv, line 1: two columns are named 'text'; expected a name for each",
    ),
    file(
        "a field too many",
        "a.csv",
        _CSV + "a,b,1\n",
        "FOLDER/a.csv, line 42: expected 2 fields as in the header, got 3; put a t...",
    ),
    file(
        "a quote without an end",
        "a.csv",
        _CSV + '"a,1\nb,0\n',
        "FOLDER/a.csv, line 42: the quoted field that opens here is never closed; expected...",
    ),
    file(
        "an unknown label",
        "a.csv",
        _CSV + "so so,neutral\n",
        "FOLDER/a.csv, row 41: label 'neutral' is neither positive (1, pos, positive) nor...",
    ),
    file(
        "a missing label",
        "a.csv",
        _CSV + "so so,\n",
        'FOLDER/a.csv, row 41: the label is missing (1 of 41 rows); set corpus.drop = ["mi...',
    ),
    file(
        "a missing text",
        "a.jsonl",
        _JSON + '{"label": 1}\n',
        'FOLDER/a.jsonl, row 3: the text is missing (1 of 3 rows); set corpus.drop = ["mis...',
    ),
    file(
        "not UTF-8",
        "a.csv",
        _CSV.encode() + b"caf\xe9,1\n",
        "FOLDER/a.csv, row 41: not valid UTF-8 (1 of 41 rows); the bytes are valid cp1252:...",
    ),
    file(
        "an unknown encoding",
        "a.csv",
        _CSV,
        "corpus.encoding: unknown encoding 'klingon'; expected one that Python knows, such...",
        'encoding = "klingon"',
    ),
    file(
        "an encoding that is no text",
        "a.csv",
        _CSV,
        "corpus.encoding: unknown encoding 'zlib'; expected one that Python knows, such as...",
        'encoding = "zlib"',
    ),
    file(
        "a delimiter of two",
        "a.csv",
        _CSV,
        "corpus.delimiter: expected one ASCII character that is no quote and no line break...",
        'delimiter = "ab"',
    ),
    file(
        "binary",
        "a.csv",
        bytes(range(256)) * 64,
        "FOLDER/a.csv, line 1: no column 'text'; the columns are ...",
    ),
    file(
        "an unknown extension",
        "a.xlsx",
        b"PK\3\4",
        "FOLDER/a.xlsx: an Excel workbook is not read; save its sheet as CSV",
    ),
    file(
        "labels of ratings",
        "a.csv",
        _CSV,
        "corpus: all 40 training reviews are negative; expected positive and negative ones",
        "positive_from = 5\nnegative_to = 4",
    ),
    file(
        "one class",
        "a.csv",
        "text,label\n" + "a fine film,1\n" * 40,
        "corpus: all 40 training reviews are positive; expected positive and negative ones",
    ),
    file(
        "one review of a class",
        "a.csv",
        "text,label\na,1\nb,1\nc,1\nd,0\n",
        "corpus.test_fraction = 0.2 leaves one set without a negative review (1 in all); ex...",
    ),
)
_OTHERS = (
    file(
        "JSON nested without end",
        "a.jsonl",
        _JSON + "[" * 100_000 + "\n",
        "FOLDER/a.jsonl, line 3: malformed JSON (...); expected one JSON object a line",
    ),
    file(
        "a row of JSON that is no object",
        "a.jsonl",
        _JSON + "3\n",
        "FOLDER/a.jsonl, line 3: got a number; expected one JSON object a line",
    ),
    file(
        "a key of JSON twice",
        "a.jsonl",
        _JSON + '{"text": "a", "text": "b", "label": 1}\n',
        "FOLDER/a.jsonl, line 3: two keys are named 'text'; expected a name for each",
    ),
    file(
        "a text of JSON that is a number",
        "a.jsonl",
        _JSON + '{"text": 3, "label": 1}\n',
        "FOLDER/a.jsonl, line 3: 'text' is a number; expected a string",
    ),
    file(
        "JSON of 5,000 digits",
        "a.jsonl",
        _JSON + '{"text": "a", "label": %s}\n' % ("9" * 5000),
        "FOLDER/a.jsonl, row 3: label inf is neither positive (1, pos, positive) nor negat...",
    ),
    file(
        "NaN for a label",
        "a.jsonl",
        _JSON + '{"text": "a", "label": NaN}\n',
        'FOLDER/a.jsonl, row 3: the label is missing (1 of 3 rows); set corpus.drop = ["mi...',
    ),
    file(
        "an array without an end",
        "a.json",
        "[" + _JSON.split("\n")[0] + ",",
        "FOLDER/a.json, line 1: malformed JSON (the end of the file in the array); expecte...",
    ),
    file(
        "no Parquet",
        "a.parquet",
        b"PAR1" + bytes(100) + b"PAR1",
        "FOLDER/a.parquet: cannot read the file: Couldn't deserialize thrift: No more data...",
    ),
    file(
        "no Arrow file",
        "a.arrow",
        b"ARROW1\0\0" + bytes(100),
        "FOLDER/a.arrow: cannot read the file: Not an Arrow file",
    ),
    file(
        "no gzip",
        "a.csv.gz",
        b"\x1f\x8b" + bytes(100),
        "FOLDER/a.csv.gz: the .gz file cannot be unpacked: it is damaged or cut off (zlib...",
    ),
    file(
        "half a gzip",
        "a.csv.gz",
        gzip.compress(_CSV.encode())[:40],
        "FOLDER/a.csv.gz: the .gz file cannot be unpacked: it is damaged or cut off (Trunc...",
    ),
    file(
        "no zip",
        "a.csv.zip",
        b"PK\3\4" + bytes(100),
        "FOLDER/a.csv.zip: the .zip file cannot be unpacked: it is damaged or cut off (Fil...",
    ),
    file(
        "no xz",
        "a.csv.xz",
        b"\xfd7zXZ\0" + bytes(100),
        "FOLDER/a.csv.xz: the .xz file cannot be unpacked: it is damaged or cut off (Corru...",
    ),
    file(
        "fastText without labels",
        "a.txt",
        "a fine film\na dull film\n",
        'FOLDER/a.txt, row 1: the label is missing (2 of 2 rows); set corpus.drop = ["miss...',
        'format = "fasttext"',
    ),
)
TABLE = (*_PLACES, *_TABLES, *_OTHERS)
