"""Predicting the label of texts: lines to standard output, and files to Parquet."""

import gzip
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from pipeline import SentimentClassifier
from pipeline.cli.display.predictions import fixed_point, json_lines
from pipeline.cli.options import FORMATS
from pipeline.corpus.formats import READERS
from pipeline.model.scoring import TextScores
from pipeline.model.text_classifier import TextClassifier

PIPELINE = [sys.executable, "-m", "pipeline"]
TEXTS = ["a superb, moving film", "dreadful and boring", "", "caf\u00e9 \u2019n\u2019 \U0001f600"]
# Tokens and known tokens of each.
N_TOKENS = [(4, 4), (3, 3), (0, 0), (3, 1)]


@pytest.fixture(scope="module")
def answers(small_run) -> list[tuple[str, float]]:
    """Return the label and probability of each of the texts, by the model itself."""
    probabilities = TextClassifier.load(small_run.path).probabilities(TEXTS).tolist()
    return [("positive" if p > 0.5 else "negative", p) for p in probabilities]


@pytest.fixture
def lines_of(answers) -> list[str]:
    return [f"{label}\t{probability:.6f}" for label, probability in answers]


@pytest.mark.parametrize("args", [[], ["-"]])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_of_standard_input_get_label_and_probability(
    small_run, sentiment, lines_of, args, newline
):
    result = sentiment("predict", small_run.path, *args, input=newline.join(TEXTS) + newline)
    assert result.stdout.splitlines() == lines_of


def test_nothing_to_read_is_nothing_to_say(small_run, sentiment):
    result = sentiment("predict", small_run.path, input="")
    assert (result.exit_code, result.output) == (0, "")


def test_predictions_as_json_are_an_object_a_line(small_run, sentiment, answers):
    result = sentiment("predict", small_run.path, "--json", input="\n".join(TEXTS))
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["label"], each["probability"]) for each in found] == answers
    assert [(each["tokens"], each["known_tokens"]) for each in found] == N_TOKENS
    assert set(found[0]) == {"label", "probability", "tokens", "known_tokens"}


@pytest.mark.parametrize("extension", ["txt", "csv", "tsv", "jsonl", "parquet", "CSV", "md", ""])
def test_a_file_is_read_by_its_extension(small_run, sentiment, lines_of, tmp_path, extension):
    path = tmp_path / f"reviews.{extension}".removesuffix(".")
    match extension.lower():
        case "csv":
            path.write_text("n,text\n" + "".join(f'1,"{text}"\n' for text in TEXTS))
        case "tsv":
            path.write_text("text\tn\n" + "".join(f'"{text}"\t1\n' for text in TEXTS))
        case "jsonl":
            path.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
        case "parquet":
            parquet.write_table(pa.table({"text": TEXTS}), path)
        case _:
            path.write_text("\n".join(TEXTS))
    assert sentiment("predict", small_run.path, path).stdout.splitlines() == lines_of


def test_the_text_column_can_be_named(small_run, sentiment, lines_of, tmp_path):
    path = tmp_path / "reviews.jsonl"
    path.write_text("".join(json.dumps({"review": t, "text": "superb"}) + "\n" for t in TEXTS))
    result = sentiment("predict", small_run.path, path, "--text", "review")
    assert result.stdout.splitlines() == lines_of


def test_a_line_is_answered_before_the_input_ends(small_run, lines_of):
    command = [*PIPELINE, "predict", small_run.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for text, expected in zip(TEXTS, lines_of, strict=True):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().decode() == f"{expected}\n"
        process.stdin.close()
        assert process.wait(timeout=300) == 0


def test_a_reader_that_has_seen_enough_is_no_error(small_run, tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("a superb film\n" * 100_000)
    command = [*PIPELINE, "predict", small_run.path, path]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stdout.readline().startswith(b"positive\t")
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_output_that_is_full_is_named_in_one_line(small_run):
    with Path("/dev/full").open("wb") as full:
        command = [*PIPELINE, "predict", small_run.path]
        done = subprocess.run(command, input=b"superb\n", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    said = b"sentiment: the output cannot be written: No space left on device\n"
    assert done.stderr == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF" + bytes(99), "got .dat"),
        (
            "superb\n".encode("utf-16-be"),
            "got .dat; is the file UTF-16? set --encoding utf-16-be",
        ),
    ],
)
def test_a_file_that_is_no_text_is_not_read_as_lines(small_run, refused, tmp_path, content, said):
    path = tmp_path / "a.dat"
    path.write_bytes(content)
    line = refused("predict", small_run.path, path)
    assert line.startswith(f"{path}: expected an extension of .csv, ")
    assert line.endswith(f"a text file, or --format; {said}")


def test_a_workbook_to_predict_is_to_be_saved_as_csv(small_run, refused, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\3\4\x14" + bytes(99))
    line = refused("predict", small_run.path, path)
    assert line == f"{path}: an Excel workbook is not read; save its sheet as CSV"


def test_a_threshold_is_a_number(small_run, sentiment):
    result = sentiment("predict", small_run.path, "--threshold", "nan", input="superb\n")
    assert result.exit_code == 2
    assert "nan is not in the range 0<=x<=1" in result.stderr


def test_a_model_that_was_tampered_with_is_named(copied_run, refused):
    path = copied_run.path / "model" / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    line = refused("predict", copied_run.path, input="superb\n")
    assert line == f"{path}: missing, or changed since it was saved"


@pytest.mark.parametrize("name", ["a fine film", "no.csv", "is it fine?"])
@pytest.mark.parametrize("out", [[], ["--out", "scored"]])
def test_a_text_in_place_of_a_file_is_told_where_it_goes(small_run, refused, name, out):
    what = "no file matches" if "?" in name else "no such file"
    assert refused("predict", small_run.path, name, *out) == (
        f"{name}: {what}; expected a file or a glob such as dir/*.txt; "
        'for a text: echo "..." | sentiment predict RUN'
    )


def test_a_folder_to_predict_is_told_as_a_glob(small_run, refused, tmp_path):
    line = refused("predict", small_run.path, tmp_path)
    assert line == f"{tmp_path}: is a folder; expected a file or a glob: {tmp_path}/*.txt"


def test_a_file_to_predict_without_the_column_is_named(small_run, refused, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("review\nfine\n")
    line = refused("predict", small_run.path, path)
    assert line.startswith(f"{path}, line 1: no column 'text'")
    assert line.endswith("set --text")
    options = ("--text", "review", "--out", tmp_path / "out", "--keep", "id", "-q")
    line = refused("predict", small_run.path, path, *options)
    assert line == f"{path}, line 1: no column 'id'; the columns are 'review'; set --keep"


@pytest.mark.parametrize("where", ["-", "a.txt"])
def test_a_line_that_is_not_utf8_is_named_by_its_number(small_run, sentiment, tmp_path, where):
    content = b"superb\nboring\nb\xffd\n"
    if where != "-":
        where = str(tmp_path / where)
        Path(where).write_bytes(content)
    result = sentiment("predict", small_run.path, where, input=content)
    assert result.exit_code == 2
    name = "standard input" if where == "-" else where
    assert result.stderr.startswith(f"sentiment: {name}, line 3: not valid UTF-8; ")
    assert result.stderr.count("\n") == 1


def test_the_numbers_of_tokens_are_shown_on_request(small_run, sentiment, lines_of):
    result = sentiment("predict", small_run.path, "--known", input="\n".join(TEXTS))
    expected = [f"{li}\t{n}\t{known}" for li, (n, known) in zip(lines_of, N_TOKENS, strict=True)]
    assert result.stdout.splitlines() == expected


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["superb", "boring"], ""),
        (["superb", ""], "1 text has no known word, so its probability is that of the intercept; "
         "it is standard input, line 2"),
        (["superb", "zzz", "boring", "\u2014", "zzz"], "3 texts have no known word, so their "
         "probability is that of the intercept; the first is standard input, line 2"),
    ],
)  # fmt: skip
def test_texts_without_a_known_word_are_counted_once_at_the_end(small_run, sentiment, texts, said):
    result = sentiment("predict", small_run.path, input="\n".join(texts) + "\n")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(texts)
    assert result.stderr == (f"sentiment: {said}\n" if said else "")


def test_a_row_of_a_table_without_a_known_word_is_named(small_run, sentiment, tmp_path):
    one, two = tmp_path / "one.csv", tmp_path / "two.jsonl"
    one.write_text("text\nsuperb\nboring\n")
    two.write_text('{"text": "superb"}\n{"text": "zzz"}\n{"text": "zzz"}\n')
    result = sentiment("predict", small_run.path, one, two)
    assert len(result.stdout.splitlines()) == 5
    assert result.stderr.endswith(f"intercept; the first is {two}, row 2\n")


def test_a_threshold_may_be_given(small_run, sentiment, answers):
    for threshold, label in ((0.999, "negative"), (0.001, "positive")):
        options = ("--threshold", threshold)
        result = sentiment("predict", small_run.path, *options, input="\n".join(TEXTS))
        found = [line.split("\t") for line in result.stdout.splitlines()]
        assert found == [[label, f"{p:.6f}"] for _, p in answers]
    assert sentiment("predict", small_run.path, "--threshold", 1.1, input="").exit_code == 2


@given(st.lists(st.floats(0, 1)), st.lists(st.integers(0, 999_999)))
def test_six_decimals_are_rounded_as_python_rounds_them(values, halves):
    """Halves of a millionth, too, which no binary fraction is exactly."""
    values = [0.0, 1.0, *values, *((k + 0.5) / 1e6 for k in halves)]
    assert fixed_point(np.array(values)).to_pylist() == [f"{value:.6f}" for value in values]


@given(st.lists(st.tuples(st.floats(-800, 800), st.integers(0, 10**9))))
def test_json_lines_say_what_json_reads_back(small_run, rows):
    model = TextClassifier.load(small_run.path)
    z, n = np.array([z for z, _ in rows]), np.array([n for _, n in rows], np.int64)
    scores = TextScores(z, n, n // 2, n // 3)
    found = [json.loads(line) for line in json_lines(model, scores, 0.5).splitlines()]
    assert [each["probability"] for each in found] == scores.probabilities().tolist()
    assert [each["tokens"] for each in found] == n.tolist()


REVIEWS = {
    "id": [f"r{k}" for k in range(4)],
    "text": TEXTS,
    "stars": [5, 1, None, 3],
    "tags": [["a"], [], None, ["b", "c"]],
}


@pytest.fixture
def shards(tmp_path) -> list[Path]:
    """Return two Parquet files with the same rows, the second in reverse order."""
    folder = tmp_path / "shards"
    folder.mkdir()
    table = pa.table(REVIEWS)
    paths = [folder / "a.parquet", folder / "b.parquet"]
    parquet.write_table(table, paths[0])
    parquet.write_table(table.take([3, 2, 1, 0]), paths[1])
    return paths


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("text;n\n{};1\n", ["--delimiter", ";"]),
        ("1\t{}\n", ["--columns", "n,text", "--delimiter", "\\t"]),
        ('text\n"{}\n', ["--quoting", "none"]),
        ("text\n{}\n", ["--encoding", "latin-1"]),
        ("{}\n", ["--format", "lines"]),
        ("__label__1 {}\n", ["--format", "fasttext"]),
    ],
)
def test_options_say_how_a_file_is_written(small_run, sentiment, tmp_path, content, options):
    path, expected = (
        tmp_path / "a.csv",
        TextClassifier.load(small_run.path).probabilities(TEXTS[:1]),
    )
    path.write_text(content.format(TEXTS[0].replace(",", "")), encoding="latin-1")
    for more in ([], ["--out", tmp_path / "scored"]):
        result = sentiment("predict", small_run.path, path, *options, *more)
        assert result.exit_code == 0, result.output
        if not more:
            assert result.stdout == f"positive\t{expected[0]:.6f}\n"
    found = parquet.read_table(tmp_path / "scored" / "a.parquet")
    assert found["probability"].to_pylist() == pytest.approx(expected.tolist(), abs=1e-12)


def test_every_format_that_can_be_read_can_be_stated():
    assert set(FORMATS) == set(READERS)


def test_each_file_gives_a_parquet_file_with_its_rows(
    small_run, sentiment, answers, shards, tmp_path
):
    out = tmp_path / "scored"
    result = sentiment("predict", small_run.path, shards[0].parent / "*.parquet", "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("2 files, 8 reviews (")
    assert "2 texts have no known word" in result.stderr
    assert {path.name for path in out.iterdir()} == {"a.parquet", "b.parquet"}
    for path, order in zip(shards, (range(4), range(3, -1, -1)), strict=True):
        found = parquet.read_table(out / path.name)
        assert found.column_names == [*REVIEWS, "predicted", "probability"]
        assert found.select(list(REVIEWS)).to_pydict() == parquet.read_table(path).to_pydict()
        assert found["predicted"].to_pylist() == [answers[k][0] for k in order]
        assert found["probability"].to_pylist() == [answers[k][1] for k in order]


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "txt", "csv.gz"])
def test_other_formats_are_written_as_parquet_too(small_run, sentiment, answers, tmp_path, kind):
    path = tmp_path / f"reviews.{kind}"
    text = {
        "csv": "id,text\n" + "".join(f'{k},"{text}"\n' for k, text in enumerate(TEXTS)),
        "tsv": "id\ttext\n" + "".join(f'{k}\t"{text}"\n' for k, text in enumerate(TEXTS)),
        "jsonl": "".join(json.dumps({"id": str(k), "text": t}) + "\n" for k, t in enumerate(TEXTS)),
        "txt": "".join(f"{text}\n" for text in TEXTS),
    }[kind.removesuffix(".gz")].encode()
    path.write_bytes(gzip.compress(text) if kind.endswith("gz") else text)
    result = sentiment("predict", small_run.path, path, "--out", tmp_path / "scored")
    assert result.exit_code == 0, result.output
    found = parquet.read_table(tmp_path / "scored" / "reviews.parquet").to_pydict()
    expected = {"text": TEXTS} if kind == "txt" else {"id": ["0", "1", "2", "3"], "text": TEXTS}
    expected["predicted"] = [label for label, _ in answers]
    assert {name: found[name] for name in expected} == expected
    assert found["probability"] == [p for _, p in answers]


@pytest.mark.parametrize("labels", [["bad", "good"], [0, 1], [False, True], [0.5, 1.0]])
def test_labels_are_those_of_the_model_in_their_own_type(sentiment, tmp_path, labels):
    model = SentimentClassifier(epochs=20).fit(["dull", "superb"], [0, 1])
    model.save(tmp_path / "model")
    facts = json.loads((tmp_path / "model" / "model.json").read_text())
    (tmp_path / "model" / "model.json").write_text(json.dumps(facts | {"classes": labels}))
    (tmp_path / "a.txt").write_text("superb\ndull\n")
    args = ("predict", tmp_path / "model", tmp_path / "a.txt")
    lines = sentiment(*args).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [str(labels[1]), str(labels[0])]
    objects = [json.loads(line) for line in sentiment(*args, "--json").stdout.splitlines()]
    assert [each["label"] for each in objects] == labels[::-1]
    assert sentiment(*args, "--out", tmp_path).exit_code == 0
    found = parquet.read_table(tmp_path / "a.parquet")["predicted"].to_pylist()
    assert found == labels[::-1]


def test_columns_are_chosen_in_the_order_they_are_named(small_run, sentiment, shards, tmp_path):
    options = ("--keep", "stars, id", "--known", "--out", tmp_path / "scored")
    assert sentiment("predict", small_run.path, shards[0], *options).exit_code == 0
    found = parquet.read_table(tmp_path / "scored" / "a.parquet")
    new = ["predicted", "probability", "tokens", "known_tokens"]
    assert found.column_names == ["stars", "id", *new]
    assert found["stars"].to_pylist() == REVIEWS["stars"]
    pairs = zip(found["tokens"].to_pylist(), found["known_tokens"].to_pylist(), strict=True)
    assert list(pairs) == N_TOKENS


def test_a_column_that_is_there_already_is_named_with_what_helps(
    small_run, sentiment, refused, tmp_path
):
    path, out = tmp_path / "a.parquet", tmp_path / "scored"
    parquet.write_table(pa.table({"text": TEXTS, "predicted": [1, 2, 3, 4]}), path)
    assert refused("predict", small_run.path, path, "--out", out) == (
        f"{path}: it has a column 'predicted' already; set --prefix for the names of the new "
        "columns, or leave it out with --keep"
    )
    assert list(out.iterdir()) == []
    for options, expected in (
        (("--prefix", "model_"), ["text", "predicted", "model_predicted", "model_probability"]),
        (("--keep", "text"), ["text", "predicted", "probability"]),
    ):
        assert sentiment("predict", small_run.path, path, "--out", out, *options).exit_code == 0
        assert parquet.read_schema(out / "a.parquet").names == expected


def test_what_is_up_to_date_is_not_computed_again(
    small_run, copied_run, sentiment, shards, tmp_path
):
    out = tmp_path / "scored"

    def computed(*options: object, run: Path = small_run.path) -> set[str]:
        times = {path.name: path.stat().st_mtime_ns for path in out.glob("*")}
        result = sentiment("predict", run, *shards, "--out", out, *options)
        assert result.exit_code == 0
        changed = {p.name for p in out.glob("*") if times.get(p.name) != p.stat().st_mtime_ns}
        left = 2 - len(changed)
        text = f"; {left} file{'s' * (left != 1)} up to date\n"
        assert (text in result.stderr) == (left > 0)
        return changed

    both = {"a.parquet", "b.parquet"}
    assert computed() == both
    assert computed() == set()
    assert computed(run=copied_run.path) == set()  # the same model in another place
    assert computed("--threshold", 0.9) == both
    (out / "b.parquet").write_bytes(b"not a whole file")
    assert computed("--threshold", 0.9) == {"b.parquet"}
    table = parquet.read_table(shards[0])
    parquet.write_table(table.slice(1), shards[0])
    assert computed("--threshold", 0.9) == {"a.parquet"}
    facts = json.loads((copied_run.path / "model" / "model.json").read_text())
    changed = json.dumps(facts | {"threshold": 0.4})
    (copied_run.path / "model" / "model.json").write_text(changed)
    assert computed("--threshold", 0.9, run=copied_run.path) == both


def test_a_file_that_fails_leaves_nothing_and_those_before_it_stay(
    small_run, refused, shards, tmp_path
):
    out, bad = tmp_path / "scored", tmp_path / "bad.csv"
    bad.write_text("id,text\n" + "1,superb\n" * 100_000 + "1,2,3\n")
    line = refused("predict", small_run.path, shards[0], bad, shards[1], "--out", out, "-q")
    assert line.startswith(f"{bad}, line 100002: expected 2 fields")
    assert [path.name for path in out.iterdir()] == ["a.parquet"]


def test_an_interrupt_leaves_nothing_half_written_and_the_rest_resumes(small_run, tmp_path):
    out, first, slow = tmp_path / "scored", tmp_path / "first.txt", tmp_path / "slow.txt"
    first.write_text("superb\n")
    os.mkfifo(slow)
    command = [*PIPELINE, "predict", small_run.path, first, slow, "--out", out]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        with slow.open("w") as pipe:  # waits until the file is read
            pipe.write("superb\n" * 1_000)
            pipe.flush()
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=300) == 130
        said = process.stderr.read()
    assert said == "sentiment: interrupted; files that were finished are kept\n"
    assert [path.name for path in out.iterdir()] == ["first.parquet"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--keep", "id"], "use them with --out"),
        (["--prefix", "p"], "use them with --out"),
        (["--out", "scored"], "--out takes at least one FILE"),
        (["a.csv", "--out", "scored", "--json"], "--out takes at least one FILE"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(small_run, sentiment, args, said):
    result = sentiment("predict", small_run.path, *args, input="")
    assert result.exit_code == 2
    assert said in result.stderr


def test_two_files_of_one_name_are_refused(small_run, refused, tmp_path):
    paths = [tmp_path / "a.csv", tmp_path / "a.jsonl"]
    paths[0].write_text("text\nsuperb\n")
    paths[1].write_text('{"text": "superb"}\n')
    target = tmp_path / "scored" / "a.parquet"
    line = refused("predict", small_run.path, *paths, "--out", target.parent)
    assert line == (
        f"--out: {paths[0]} and {paths[1]} would both be written to {target}; predict them into a "
        "folder each"
    )
    assert not target.parent.exists()


def test_an_input_is_not_replaced(small_run, refused, shards):
    before = shards[0].read_bytes()
    line = refused("predict", small_run.path, *shards, "--out", shards[0].parent)
    assert line == f"--out: {shards[0]} is an input; expected another folder"
    assert shards[0].read_bytes() == before


def test_an_empty_file_is_named(small_run, refused, tmp_path):
    (tmp_path / "a.txt").write_text("")
    line = refused("predict", small_run.path, tmp_path / "a.txt", "--out", tmp_path / "scored")
    assert line == f"{tmp_path / 'a.txt'}: the file has no rows; expected one text a row"


def test_an_output_that_cannot_be_written_is_named(small_run, refused, shards, tmp_path):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "scored"
    line = refused("predict", small_run.path, shards[0], "--out", out)
    assert line == f"--out: {out / 'a.parquet'}: cannot be written: Not a directory"


def test_a_terminal_shows_rate_and_time_left(small_run, shards, tmp_path):
    """On a pseudo-terminal, because elsewhere there is no bar."""
    big = tmp_path / "big.txt"
    big.write_text("a superb film\n" * 2_000_000)
    main, other = pty.openpty()
    command = [*PIPELINE, "predict", small_run.path, *shards, big, "--out", tmp_path / "scored"]
    with subprocess.Popen(command, stderr=other, stdin=other) as process:
        os.close(other)
        shown = b""
        while chunk := _read(main):
            shown += chunk
        assert process.wait(timeout=300) == 0
    text = shown.decode()
    assert "file 3 of 3" in text
    assert " reviews, " in text
    assert " a second" in text
    assert " left" in text
    assert "3 files, 2,000,008 reviews (" in text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux says so when the other side is closed
        return b""


SWALLOWED = 'text\tid\n"lovely soup\t1\nfine\t2\nbad"\t3\n' + "plain\t4\n" * 9


def test_rows_that_a_stray_quote_swallows_are_told(small_run, sentiment, tmp_path):
    file = tmp_path / "reviews.tsv"
    file.write_text(SWALLOWED)
    told = "a quoted field holds a line break in 1 of 10 rows (the quote opens on line 2)"
    for options in ([], ["--out", tmp_path / "out"]):
        result = sentiment("predict", small_run.path, file, *options)
        assert told in result.stderr
        assert "if quotes are text in this file, set --quoting none." in result.stderr
    result = sentiment("predict", small_run.path, file, "--quoting", "none")
    assert "quoted field" not in result.stderr
    assert len(result.stdout.splitlines()) == 12


def test_standard_input_has_an_encoding_and_no_format(small_run, sentiment):
    texts = "café superb\ndreadful\n"
    expected = sentiment("predict", small_run.path, input=texts.encode()).stdout
    for encoding in ("latin-1", "utf-16"):
        given = texts.encode(encoding)
        options = ["--encoding", encoding]
        assert sentiment("predict", small_run.path, *options, input=given).stdout == expected
    assert sentiment("predict", small_run.path, input=texts.encode("utf-16")).stdout == expected
    result = sentiment("predict", small_run.path, "--format", "csv", input=b"")
    assert result.exit_code == 2
    assert "standard input has one text a line" in result.stderr
