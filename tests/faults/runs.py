"""Runs that are damaged, of another version, or made up: manifests, journals, JSON outputs."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xxhash
from faults.ground import Arguments, Fault, Ground

from pipeline.storage.journal import journal_line

Change = Callable[[dict[str, Any]], object]
_EVAL, _REPORT = ((name, "CONFIG", "-q", "--run", "RUN") for name in ("eval", "report"))


def sealed(run: Path, change: Change = lambda _: None) -> None:
    """Change a manifest, whose digest fits."""
    file = run / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest.pop("xxh3_128")
    change(manifest)
    text = json.dumps(manifest, sort_keys=True)
    manifest["xxh3_128"] = xxhash.xxh3_128_hexdigest(text.encode())
    file.write_text(json.dumps(manifest))


def run(name: str, change: Callable[[Path], object], line: str, *words: str) -> Fault:
    """A run that a function has changed, and a command, which is `eval` if none is given."""

    def arrange(ground: Ground) -> Arguments:
        folder = ground.run()
        change(folder)
        names = {"RUN": folder, "CONFIG": ground.small_config}
        return [names.get(word, word) for word in (words or _EVAL)]

    return Fault(name, arrange, line)


def manifest(name: str, change: Change, line: str) -> Fault:
    """A made-up manifest: what it says is not what its readers need."""
    return run(name, lambda folder: sealed(folder, change), line)


def content(name: str, file: str, written: bytes, line: str, *words: str) -> Fault:
    """A run with a file of other content."""
    return run(name, lambda folder: (folder / file).write_bytes(written), line, *words)


def output(name: str, file: str, change: Change, line: str, *words: str) -> Fault:
    """A run with a made-up JSON output, whose digest in the manifest fits."""

    def rewrite(folder: Path) -> None:
        found = json.loads((folder / file).read_text())
        change(found)
        written = json.dumps(found).encode()
        (folder / file).write_bytes(written)
        described = {"xxh3_128": xxhash.xxh3_128_hexdigest(written), "bytes": len(written)}

        def describe(manifest: dict[str, Any]) -> None:
            for stage in manifest["stages"].values():
                if file in stage["outputs"]:
                    stage["outputs"][file] = described

        sealed(folder, describe)

    return run(name, rewrite, line, *words)


def journal(name: str, second: bytes, line: str) -> Fault:
    """A study's journal with a line that was not written by it."""

    def change(folder: Path) -> None:
        (folder / "suspects").mkdir()
        head = journal_line("depends", {"seed": 0}).encode()
        (folder / "suspects" / "journal.jsonl").write_bytes(head + second + b"\n")

    return run(name, change, line, "suspects", "RUN", "-q")


def _pipe(folder: Path) -> None:
    (folder / "suspects").mkdir()
    os.mkfifo(folder / "suspects" / "journal.jsonl")


def _change_a_digest(path: Path) -> None:
    """Change a digit in the manifest's middle, where JSON stays JSON."""
    manifest = path / "manifest.json"
    content = manifest.read_text("utf-8")
    found = re.search('"[0-9a-f]{32}"', content)
    assert found is not None
    at = found.start() + 1
    digit = "1" if content[at] == "0" else "0"
    manifest.write_text(content[:at] + digit + content[at + 1 :], "utf-8")


def _flip(file: str) -> Callable[[Path], None]:
    def flip(folder: Path) -> None:
        written = bytearray((folder / file).read_bytes())
        written[len(written) // 2] ^= 1
        (folder / file).write_bytes(written)

    return flip


def _foreign(name: str) -> Callable[[Path], None]:
    def lay(folder: Path) -> None:
        (folder / "manifest.json").unlink()
        for file in sorted(folder.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        (folder / name).mkdir()

    return lay


_MANIFESTS = (
    content(
        "no JSON",
        "manifest.json",
        b"\xff",
        "FOLDER/run/manifest.json: cannot be read: 'utf-8' codec can't decode byte 0xff in...",
    ),
    content(
        "an empty manifest",
        "manifest.json",
        b"",
        "FOLDER/run/manifest.json: cannot be read: Expecting value: line 1 column 1 (char 0); "
        "`sentiment train FOLDER/run --force` makes the run again",
    ),
    content(
        "a list",
        "manifest.json",
        b"[]",
        "FOLDER/run/manifest.json: expected a JSON object, got list; `sentiment train ...",
    ),
    content(
        "null",
        "manifest.json",
        b"null",
        "FOLDER/run/manifest.json: expected a JSON object, got NoneType; `sentiment train ...",
    ),
    content(
        "NaN",
        "manifest.json",
        b'{"format_version": NaN}',
        "FOLDER/run/manifest.json: cannot be read: expected JSON, got NaN; `sentiment train ...",
    ),
    content(
        "nested without end",
        "manifest.json",
        b'{"a":' * 100_000,
        "FOLDER/run/manifest.json: cannot be read: nested too deep; `sentiment train ...",
    ),
    content(
        "5,000 digits",
        "manifest.json",
        b'{"format_version": ' + b"9" * 5000 + b"}",
        "FOLDER/run/manifest.json: cannot be read: Exceeds the limit (4300 digits) for int...",
    ),
    content(
        "a web page's",
        "manifest.json",
        b'{"name": "My page", "icons": []}',
        "FOLDER/run/manifest.json: expected format version 1, got None; use the version th...",
    ),
    content(
        "another format",
        "manifest.json",
        b'{"format_version": 99}',
        "FOLDER/run/manifest.json: expected format version 1, got 99; use the version that...",
    ),
    run(
        "a changed digit of a digest",
        _change_a_digest,
        "FOLDER/run/manifest.json: not the file that was written; --force restarts it",
    ),
    manifest(
        "no stages",
        lambda m: m.pop("stages"),
        "FOLDER/run/manifest.json: not the file that was written: stages: expected an obje...",
    ),
    manifest(
        "stages that are a list",
        lambda m: m.update(stages=[]),
        "FOLDER/run/manifest.json: not the file that was written: stages: expected an obje...",
    ),
    manifest(
        "a stage that is null",
        lambda m: m["stages"].update(train=None),
        "FOLDER/run/manifest.json: not the file that was written: stages.train: expected a...",
    ),
    manifest(
        "a stage without outputs",
        lambda m: m["stages"]["train"].pop("outputs"),
        "FOLDER/run/manifest.json: not the file that was written: stages.train.outputs: ex...",
    ),
    manifest(
        "a stage without inputs",
        lambda m: m["stages"]["train"]["depends"].clear(),
        "FOLDER/run/manifest.json: not the file that was written: stages.train.depends.con...",
    ),
    manifest(
        "a stage without a summary",
        lambda m: m["stages"]["corpus"].pop("summary"),
        "FOLDER/run/manifest.json: not the file that was written: stages.corpus.summary: e...",
    ),
    manifest(
        "warnings that are text",
        lambda m: m["stages"]["corpus"].update(warnings="!"),
        "FOLDER/run/manifest.json: not the file that was written: stages.corpus.warnings:...",
    ),
    manifest(
        "seconds that are text",
        lambda m: m["stages"]["corpus"].update(seconds="long"),
        "FOLDER/run/manifest.json: not the file that was written: stages.corpus.seconds: e...",
    ),
    manifest(
        "a digest that is a number",
        lambda m: m["stages"]["corpus"]["outputs"].update(a={"bytes": 1, "xxh3_128": 5}),
        "FOLDER/run/manifest.json: not the file that was written: stages.corpus.outputs...",
    ),
    manifest(
        "uses that are null",
        lambda m: m.update(test_uses=None),
        "FOLDER/run/manifest.json: not the file that was written: test_uses: expected a li...",
    ),
    manifest(
        "a use that is text",
        lambda m: m["test_uses"].append("eval"),
        "FOLDER/run/manifest.json: not the file that was written: test_uses[1]: expected a...",
    ),
    manifest(
        "a use without a result",
        lambda m: m["test_uses"][0].pop("result"),
        "FOLDER/run/manifest.json: not the file that was written: test_uses[0].result: exp...",
    ),
)
_OUTPUTS = (
    run(
        "a changed bit of the corpus",
        _flip("corpus/test.arrow"),
        "FOLDER/run/corpus/test.arrow: not the file that was written; use --force to compu...",
        "explain",
        "RUN",
        "--row",
        "0",
    ),
    run(
        "a changed bit of the counts",
        _flip("features/train.safetensors"),
        "FOLDER/run/features/train.safetensors: not the file that was written; use --force...",
        "weights",
        "RUN",
    ),
    run(
        "a changed bit of the model",
        _flip("model/weights.safetensors"),
        "FOLDER/run/model/weights.safetensors: missing, or changed since it was saved",
        "weights",
        "RUN",
    ),
    run(
        "a changed bit of predictions",
        _flip("eval/predictions.parquet"),
        "FOLDER/run/eval/predictions.parquet: not the file that was written; use --force t...",
        "compare",
        "RUN",
        "RUN",
    ),
    output(
        "metrics without a test set",
        "eval/metrics.json",
        lambda m: m.clear(),
        "FOLDER/run/eval/metrics.json: not the file that was written: test: expected ...",
        *_REPORT,
    ),
    output(
        "an accuracy that is text",
        "eval/metrics.json",
        lambda m: m["test"].update(accuracy="90%"),
        "FOLDER/run/eval/metrics.json: not the file that was written: test.accuracy: ...",
        *_REPORT,
    ),
    output(
        "a confusion without a cell",
        "eval/metrics.json",
        lambda m: m["test"]["confusion"].popitem(),
        "FOLDER/run/eval/metrics.json: not the file that was written: test.confusion...",
        *_REPORT,
    ),
    output(
        "an interval of three",
        "eval/metrics.json",
        lambda m: m["test"]["intervals"].update(f1=[0, 1, 2]),
        "FOLDER/run/eval/metrics.json: not the file that was written: test.intervals.f1...",
        *_REPORT,
    ),
    output(
        "a bound that is text",
        "eval/metrics.json",
        lambda m: m["test"].update(abstain={"bound": "high"}),
        "FOLDER/run/eval/metrics.json: not the file that was written: test.abstain.bound...",
        *_REPORT,
    ),
    output(
        "a history without epochs",
        "model/history.json",
        lambda m: m["epochs"].clear(),
        "FOLDER/run/model/history.json: not the file that was written; use --force to comp...",
        "certify",
        "RUN",
    ),
    output(
        "an epoch that is null",
        "model/history.json",
        lambda m: m["epochs"].insert(0, None),
        "FOLDER/run/model/history.json: not the file that was written: epochs[0]: expected...",
        "certify",
        "RUN",
    ),
)
_STUDIES = (
    journal(
        "no UTF-8",
        b"\xff",
        "FOLDER/run/suspects/journal.jsonl: not the file that was saved; --force restarts it",
    ),
    journal(
        "null for a line",
        b"null",
        "FOLDER/run/suspects/journal.jsonl: not the file that was saved; --force restarts it",
    ),
    journal(
        "NaN for a result",
        b'["fold 1", NaN, "0"]',
        "FOLDER/run/suspects/journal.jsonl: not the file that was saved; --force restarts it",
    ),
    journal(
        "a line nested without end",
        b"[" * 100_000,
        "FOLDER/run/suspects/journal.jsonl: not the file that was saved; --force restarts it",
    ),
    journal(
        "a line of two",
        b'["fold 1", 3]',
        "FOLDER/run/suspects/journal.jsonl: not the file that was saved; --force restarts it",
    ),
    journal(
        "5,000 digits in a line",
        b"9" * 5000,
        "FOLDER/run/suspects/journal.jsonl: not the file that was saved; --force restarts it",
    ),
    run(
        "a pipe for a journal",
        _pipe,
        "FOLDER/run/suspects/journal.jsonl: cannot be read: expected a file, got a device...",
        "suspects",
        "RUN",
        "-q",
    ),
    run(
        "no model",
        lambda folder: (folder / "model" / "model.json").unlink(),
        "FOLDER/run: no model here; expected a run folder or its model folder",
        "weights",
        "RUN",
    ),
    run(
        "no run",
        lambda folder: (folder / "manifest.json").unlink(),
        "FOLDER/run: not a run folder: it holds MODEL_CARD.md and no manifest.json; ch...",
        "stability",
        "RUN",
    ),
    run(
        "a foreign hidden file",
        _foreign(".config"),
        "FOLDER/run: not a run folder: it holds .config and no manifest.json; choose a...",
    ),
    run(
        "a repository",
        _foreign(".git"),
        "FOLDER/run: a repository: it holds .git; choose another folder with --run",
    ),
)
TABLE = (*_MANIFESTS, *_OUTPUTS, *_STUDIES)
