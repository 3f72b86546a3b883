"""Configs that are no TOML, too large, too deep, or hold what no key accepts."""

import os

from faults.ground import Arguments, Fault, Ground

_DEEP = "tables or lists inside each other more than 50 deep"
_LONG = "a whole number of more than 100 digits"
_STRENGTH = "expected a number from 0 to 1000000"
_FILES = '[corpus]\nsource = "files"\ntrain = "a.csv"\n'


def text(name: str, content: str | bytes, line: str, ending: str = " (FOLDER/bad.toml)") -> Fault:
    """A config of this content; a message about a key ends with the file."""

    def arrange(ground: Ground) -> Arguments:
        return ["config", ground.write("bad.toml", content)]

    return Fault(name, arrange, line + ending)


def toml(name: str, content: str | bytes, problem: str) -> Fault:
    """A config that is not read."""
    return text(name, content, f"FOLDER/bad.toml: {problem}", ending="")


def key(content: str, line: str) -> Fault:
    """A config with a value that its key does not accept."""
    return text(line.partition(":")[0] + " " + content.split("=")[-1].strip()[:12], content, line)


def number(section: str, name: str, value: str, low: int, high: int, other: str = "") -> Fault:
    """A config with a number that is out of range, where something else may also be accepted."""
    expected = f"expected a whole number from {low} to {high}{other}, got {value}"
    return key(f"[{section}]\n{name} = {value}", f"{section}.{name}: {expected}")


def pattern(name: str, value: str, problem: str) -> Fault:
    """A config with a pattern that is not compiled."""
    content = f"[tokens]\ntokenizer = 'pattern'\npattern = '{value}'"
    told = text(name, content, f"tokens.pattern: expected {problem}")
    return told._replace(seconds=60)  # to import NLTK takes some of them


def _device(_: Ground) -> Arguments:
    return ["config", "/dev/zero"]


def _pipe(ground: Ground) -> Arguments:
    os.mkfifo(ground.folder / "pipe.toml")
    return ["config", ground.folder / "pipe.toml"]


def _link_to_itself(ground: Ground) -> Arguments:
    (ground.folder / "loop.toml").symlink_to("loop.toml")
    return ["config", ground.folder / "loop.toml"]


def _folder(ground: Ground) -> Arguments:
    return ["config", ground.folder]


def _huge(ground: Ground) -> Arguments:
    with (ground.folder / "huge.toml").open("wb") as file:
        file.truncate(1 << 40)
    return ["config", ground.folder / "huge.toml"]


def _long_name(_: Ground) -> Arguments:
    return ["config", "x" * 5000]


def _zero_byte(_: Ground) -> Arguments:
    return ["config", "a\0b.toml"]


_NOT_READ = (
    Fault(
        "a device",
        _device,
        "/dev/zero: cannot be read: expected a file, got a device or a pipe",
    ),
    Fault(
        "a pipe that nobody writes to",
        _pipe,
        "FOLDER/pipe.toml: cannot be read: expected a file, got a device or a pipe",
    ),
    Fault("a link to itself", _link_to_itself, "FOLDER/loop.toml: no such config; ..."),
    Fault(
        "a folder", _folder, "FOLDER: a folder without config.toml; expected a TOML file, a run ..."
    ),
    Fault("a terabyte", _huge, "FOLDER/huge.toml: cannot be read: larger than 1,048,576 bytes"),
    Fault(
        "a name of 5,000 characters",
        _long_name,
        "xxx...xxx: not a path that the system takes: File name too long (5,000 bytes)",
    ),
    Fault(
        "a name with a zero byte", _zero_byte, "...b.toml': not a path; expected one without ..."
    ),
)
_NOT_TOML = (
    toml("no bracket", "[train", "not valid TOML: ..."),
    toml("a key twice", "[train]\nl2 = 1\nl2 = 2", "not valid TOML: ..."),
    toml("not UTF-8", b'[corpus]\nsource = "\xff"', "not valid TOML: ... got the byte 0xff"),
    toml("UTF-16", "[train]".encode("utf-16"), "not valid TOML: expected UTF-8, got UTF-16"),
    toml(
        "a backslash", 'train = "C:\\Users"', "not valid TOML: ...needs single quotes, such as ..."
    ),
    toml("a zero byte", "\0", "not valid TOML: ..."),
    toml("JSON", '{"train": 1}', "not valid TOML: ..."),
    toml("lists without end", "x = " + "[" * 100_000, f"not valid TOML: {_DEEP}"),
    toml("lists in lists", "x = " + "[" * 200 + "]" * 200, f"not valid TOML: {_DEEP}"),
    toml("tables without end", "x = " + "{a=" * 100_000, f"not valid TOML: {_DEEP}"),
    toml("a key of 5,000 parts", "train.l2" + ".a" * 5000 + " = 1", f"not valid TOML: {_DEEP}"),
    toml("5,000 digits", "[train]\nepochs = " + "9" * 5000, f"not valid TOML: {_LONG}"),
    toml("4,000 digits", "[train]\nepochs = " + "9" * 4000, f"not valid TOML: {_LONG}"),
    toml("10,000 hexadecimal digits", "[a]\nb = 0x" + "f" * 10_000, f"not valid TOML: {_LONG}"),
)
_NUMBERS = (
    number("train", "epochs", str(2**63), 1, 100_000, ' or "auto"'),
    number("train", "epochs", "0", 1, 100_000, ' or "auto"'),
    number("train", "averaged_runs", str(10**12), 1, 1000),
    number("train", "parts", "0", 1, 10_000),
    number("train", "patience", str(10**20), 0, 100_000),
    number("train", "batch_size", str(2**31), 1, 2**31 - 1),
    number("train", "seed", str(2**63), 0, 2**63 - 1),
    number("eval", "bins", str(10**9), 2, 1000),
    number("eval", "resamples", str(10**15), 0, 1_000_000),
    number("report", "top", str(10**9), 1, 1000),
    number("report", "reviews", str(10**9), 0, 1000),
    number("features", "max_features", str(10**10), 0, 2**31 - 1),
    number("features", "ngrams", "9", 0, 8),
    key("[train]\nl2 = 1e300", f"train.l2: {_STRENGTH}, got 1e+300"),
    key("[train]\nl2 = 1e400", "train.l2: expected a finite number from 0 to 1000000, got inf"),
    key("[train]\nl2 = nan", "train.l2: expected a finite number from 0 to 1000000, got nan"),
    key("[train]\nl2 = 2024-01-01", f"train.l2: {_STRENGTH}, got 2024-01-01"),
    key(
        f"[features]\nmin_df = {10**20}",
        "features.min_df: expected a number of reviews (1 to 2147483647) or ..., got 1" + "0" * 20,
    ),
    key(
        "[tune]\ntrain.l2 = { low = 1, high = 2, steps = 1000000000 }",
        "tune.train.l2.steps: expected a whole number from 2 to 10000, got 1000000000",
    ),
)
_VALUES = (
    key("train = 3", "train: expected a table, got 3"),
    key("[[train]]\nl2 = 1", "train: expected a table, got [{ l2 = 1 }]"),
    key("[trian]\nl2 = 1", "trian: unknown section; did you mean train? accepted: ..."),
    key("[train]\nabstain = nan", "train.abstain: expected a finite number between 0 and 1, ..."),
    key("[train]\nabstain = {}", "train.abstain: expected one of min_accuracy and max_unsure"),
    key("[train]\nlr = 1", "train.lr: unknown key; accepted: ..."),
    key('[corpus]\nsource = "ftp"', 'corpus.source: expected "sample", ... got "ftp"'),
    key('[corpus]\nsource = "files"', "corpus.train: this key is required; expected a ..."),
    key(_FILES + "positive = []", "corpus.positive: expected a label or a list of labels, got []"),
    key(_FILES + 'label = "text"', "corpus.label: expected another column than corpus.text, ..."),
    pattern("a pattern of 5,000 groups", "(?:a)" * 5000, "at most 1,000 characters, got 25,000"),
    pattern(
        "a pattern nested 200 deep",
        "(?:" * 200 + ")" * 200,
        "a regular expression, got ...: regex nests groups / classes more than 100 deep",
    ),
    pattern(
        "a pattern that would take gigabytes",
        "(?:(?:a{1000}){1000}){1000}",
        "a regular expression, got ...: regex counted repetition expands beyond 100000 copies",
    ),
    pattern("a pattern without an end", "(?:a", "a regular expression, got '(?:a': missing )..."),
    pattern("a pattern with a group", "(a)", "no capturing groups, got '(a)'; write (?:...)"),
)
TABLE = (*_NOT_READ, *_NOT_TOML, *_NUMBERS, *_VALUES)
