"""Command lines with values that no option accepts, and overrides that are none."""

from faults.ground import Arguments, Fault, Ground

_NO_RUN = "...: no such run folder; ..."


def override(name: str, *values: str, line: str) -> Fault:
    def arrange(_: Ground) -> Arguments:
        return ["config", "sample", *(part for value in values for part in ("--set", value))]

    return Fault(name, arrange, line)


def command(line: str, *words: str, told: str) -> Fault:
    """A command line in which RUN is a run and FOLDER the row's folder."""

    def arrange(ground: Ground) -> Arguments:
        names = {"RUN": str(ground.small_run), "FOLDER": str(ground.folder)}
        return [names.get(word, word) for word in (*line.split(), *words)]

    return Fault(line + "".join(f" {word[:12]}" for word in words), arrange, told)


def in_range(line: str, option: str, value: str, bounds: str) -> Fault:
    told = f"Error: Invalid value for '{option}': {value} is not in the range {bounds}."
    return command(f"{line} {option} {value}", told=told)


_OVERRIDES = (
    override(
        "lists without end in --set",
        "train.l2=" + "[" * 100_000,
        line="--set train.l2: expected a value, got tables or lists inside each other ...",
    ),
    override(
        "5,000 digits in --set",
        "train.epochs=" + "9" * 5000,
        line="--set train.epochs: expected a value, got a whole number of more than 100 digits",
    ),
    override(
        "a key of 5,000 parts in --set",
        "a" + ".a" * 5000 + "=1",
        line="--set: expected section.key=value, got tables or lists inside each other ...",
    ),
    override(
        "two assignments in one --set",
        "train.l2=1\ntrain.epochs=2",
        line="--set train.l2=1\\ntrain.epochs=2: expected one section.key=value; repeat --set",
    ),
    override(
        "two assignments in one --set on one line",
        "train.l2=1 train.epochs=2",
        line='train.l2: expected a number from 0 to 1000000, got "1 train.epochs=2" (...)',
    ),
    override(
        "no section in --set",
        "l2=1",
        line="--set l2=1: expected section.key=value; did you mean train.l2?",
    ),
    override("no value in --set", "train.l2", line="--set train.l2: expected section.key=value"),
    override(
        "an empty part in --set", "train..l2=1", line="--set train..l2=1: expected section..."
    ),
    override("only = in --set", "=", line="--set =: expected section.key=value"),
    override(
        "a value inside a value",
        "train.l2=1",
        "train.l2.x=1",
        line="--set train.l2.x=1: l2 is not a table",
    ),
    override(
        "half of a surrogate pair",
        "corpus.text=\udcff",
        line="--set: expected UTF-8 text, got ...",
    ),
)
_RANGES = (
    in_range("weights RUN", "--top", "0", "1<=x<=2147483647"),
    in_range("weights RUN", "--top", "99999999999", "1<=x<=2147483647"),
    in_range("explain RUN", "--worst", "99999999999", "1<=x<=2147483647"),
    in_range("explain RUN", "--row", "-1", "0<=x<=2147483647"),
    in_range("stability RUN", "--refits", "1000000000", "2<=x<=10000"),
    in_range("stability RUN", "--confidence", "nan", "0<x<1"),
    in_range("stability RUN", "--seed", "9223372036854775808", "0<=x<=9223372036854775807"),
    in_range("suspects RUN", "--folds", "1000000000", "2<=x<=1000"),
    in_range("crossval sample", "--folds", "1", "2<=x<=1000"),
    in_range("certify RUN", "--gap", "nan", "0<x<=1000000"),
    in_range("certify RUN", "--gap", "inf", "0<x<=1000000"),
    in_range("trace RUN", "--learning-rate", "1e+300", "0<x<=1000000"),
    in_range("predict RUN", "--threshold", "nan", "0<=x<=1"),
    in_range("score RUN a.csv", "--positive-from", "nan", "-1000000000<=x<=1000000000"),
)
_WORDS = (
    command("weights RUN --top", "9" * 5000, told="Error: Invalid value for '--top': ..."),
    command("weights RUN --top ten", told="Error: Invalid value for '--top': 'ten' is not a ..."),
    command("wieghts RUN", told="Error: No such command 'wieghts'. Did you mean 'weights'?"),
    command("weights RUN --word", "\udcff", told="--word: expected UTF-8 text, got ..."),
    command("weights RUN --tsv --json", told="Error: --tsv prints all words: use it without ..."),
    command("weights no-such-run", told=_NO_RUN),
    command(
        "weights", "x" * 300, told="xxx...: not a path that the system takes: File name too ..."
    ),
    command("weights", "a\0b", told="...: not a path; expected one without a zero byte"),
    command("weights ~nosuchuser/run", told=_NO_RUN),
    command("explain RUN --row 99999", told="--row: expected a row of the test set, 0 to ..."),
    command("explain RUN good --row 1", told="Error: expected one of TEXT, --row and --worst"),
    command("predict RUN", "x" * 300, told="xxx...: not a path that the system takes: ..."),
    command("predict RUN --unsure", told="--unsure: expected a model that abstains; set ..."),
    command(
        "predict RUN ~nosuchuser/a.csv", told="...: no home folder for ~nosuchuser; write it ..."
    ),
    command(
        "predict RUN no-such-file", told="no-such-file: no such file; expected a file or a glob ..."
    ),
    command(
        "predict RUN /dev/full --out", "a\0b", told="...: not a path; expected one without ..."
    ),
    command("predict RUN --out FOLDER", told="Error: --out takes at least one FILE and writes ..."),
    command("config --new", "x" * 5000, told="xxx...: not a path that the system takes: ..."),
    command("config --new /proc/x.toml", told="--new: cannot write /proc/x.toml: ..."),
    command(
        "train sample -q --run", "x/" * 5000, told="x/x...: not a path that the system takes: ..."
    ),
    command("train sample -q --run /proc/x", told="/proc/x...: cannot write the run: ..."),
    command("train sample -q --run /dev/null", told="/dev/null...: cannot write the run: ..."),
    command("compare RUN no-such-run", told=_NO_RUN),
    command("trace --check", told="Error: expected a RUN before --check or --row"),
)
TABLE = (*_OVERRIDES, *_RANGES, *_WORDS)
