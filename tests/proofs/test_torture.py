"""`make torture` notices what it is there to notice, and does not blame what is in order."""

import json
import signal
import time

import pytest

from pipeline.storage.journal import journal_line
from tools.proofs import trial
from tools.proofs.commands import COMMANDS, Command
from tools.proofs.contents import contents, differing
from tools.proofs.disturbances import DISTURBANCES, Outcome, finish
from tools.proofs.table import markdown
from tools.proofs.trial import CYCLE, Laboratory, Verdict, drawn, run_trial

# A pipeline that writes its result in place, or leaves a hidden file. It waits for its disturbance,
# once.
BROKEN = """
import signal, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
here = Path.cwd()
(here / "run").mkdir(exist_ok=True)
file = here / "run" / NAME
with file.open("w") as content:
    content.write("half")
    content.flush()
    if here.name.startswith("trial") and not (here.parent / "waited").exists():
        (here.parent / "waited").touch()
        time.sleep(60)
    content.write(" and half")
if file.name != "a.txt":
    file.replace(here / "run" / "a.txt")
"""


def uses(*names: str) -> list[dict[str, str]]:
    return [{"by": "eval", "config": "1234", "result": name} for name in names]


def manifest(**changes: object) -> str:
    stage = {"seconds": 1.5, "peak_bytes": 10, "outputs": {"a": {"xxh3_128": "ab", "bytes": 2}}}
    return json.dumps(
        {"xxh3_128": "0", "test_uses": uses("a"), "stages": {"train": stage | changes}}
    )


def test_the_first_twelve_trials_have_every_disturbance_and_every_command():
    first = [drawn(number) for number in range(len(CYCLE))]
    assert {kind for kind, _ in first} == set(DISTURBANCES)
    assert {command for _, command in first} == set(COMMANDS)


def test_five_hundred_trials_have_every_disturbance_of_every_command():
    pairs = {(kind, command.name) for kind, command in map(drawn, range(500))}
    assert len(pairs) == len(DISTURBANCES) * len(COMMANDS)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"seconds": 2, "peak_bytes": 11}, True),
        ({"outputs": {"a": {"xxh3_128": "cd", "bytes": 2}}}, False),
        ({"summary": "another"}, False),
    ],
)
def test_seconds_and_memory_of_a_manifest_do_not_count(tmp_path, change, same):
    for name, text in (("a", manifest()), ("b", manifest(**change))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(text)
    differ = differing(contents(tmp_path / "a"), contents(tmp_path / "b"))
    assert differ == ([] if same else ["manifest.json"])


@pytest.mark.parametrize(
    ("id_", "result", "same"),
    [
        ("b", {"predicted": "x", "seconds": 2.5}, True),
        ("a", {"predicted": "y", "seconds": 1.5}, False),
    ],
)
def test_seconds_and_the_name_of_a_journal_do_not_count(tmp_path, id_, result, same):
    found = []
    for folder, lines in (
        ("a", {"id": "a", "VADER": {"predicted": "x", "seconds": 1.5}}),
        ("b", {"id": id_, "VADER": result}),
    ):
        (tmp_path / folder).mkdir()
        written = "".join(journal_line(name, value) for name, value in lines.items())
        (tmp_path / folder / "journal.jsonl").write_text(written)
        found.append(contents(tmp_path / folder))
    assert (differing(*found) == []) == same


@pytest.mark.parametrize(
    ("names", "same"), [(["b"], True), (["b", "c"], False), (["b", "b"], False), ([], False)]
)
def test_uses_of_the_test_set_have_any_name_but_are_counted(tmp_path, names, same):
    found = []
    for folder, names_there in (("a", ["a"]), ("b", names)):
        (tmp_path / folder).mkdir()
        value = json.loads(manifest()) | {"test_uses": uses(*names_there)}
        (tmp_path / folder / "manifest.json").write_text(json.dumps(value))
        found.append(contents(tmp_path / folder))
    assert (differing(*found) == []) == same


def test_a_hidden_file_or_folder_that_is_left_counts_and_a_lock_does_not(tmp_path):
    before = contents(tmp_path)
    (tmp_path / ".tokens.123").mkdir()
    (tmp_path / ".metrics.json.123").touch()
    (tmp_path / ".lock").touch()
    assert differing(before, contents(tmp_path)) == [".metrics.json.123", ".tokens.123/"]


@pytest.mark.parametrize(
    ("code", "output", "in_order"),
    [
        (0, "", True),
        (-signal.SIGKILL, "", True),
        (143, "corpus ...\nsentiment: interrupted; completed work is kept\n", True),
        (143, "", False),
        (2, "sentiment: interrupted\n", False),
        (-signal.SIGSEGV, "", False),
        (1, "Aborted!\n", False),
        (1, "Traceback (most recent call last):\n  in site.py\nKeyboardInterrupt\n", True),
    ],
)
def test_a_command_ends_as_it_should_or_crashes(code, output, in_order):
    outcome = Outcome(code, output, (-signal.SIGKILL, 143), "interrupted")
    assert (outcome.crash == "") == in_order
    assert outcome.traceback == ""


def kill_waiting(number: signal.Signals):
    """Return a disturbance that sends a signal to `BROKEN` while it waits."""

    def disturb(scene, _):
        process = scene.start()
        while not (scene.folder.parent / "waited").exists():
            time.sleep(0.01)
        process.send_signal(number)
        return [finish(process, -signal.SIGKILL, 128 + number, said="interrupted")]

    return disturb


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Return the verdict of a signal to a pipeline that writes to files of some names."""

    def judge(number: signal.Signals, name: str) -> Verdict:
        package, root = tmp_path / "package" / "pipeline", tmp_path / "laboratory"
        package.mkdir(parents=True)
        root.mkdir()
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(BROKEN.replace("NAME", name))
        monkeypatch.setattr(trial, "COMMANDS", (Command("broken", "run"),))
        monkeypatch.setitem(trial.DISTURBANCES, "SIGKILL", kill_waiting(number))
        laboratory = Laboratory(root)
        laboratory.variables["PYTHONPATH"] = str(package.parent)
        return run_trial(laboratory, 0, CYCLE.index("SIGKILL"))

    return judge


def test_a_file_that_is_written_in_place_is_lost(broken):
    verdict = broken(signal.SIGKILL, "'a.txt'")
    assert verdict.lost == ["half written: run/a.txt"]
    assert (verdict.crashes, verdict.tracebacks) == ([], [])


def test_a_hidden_file_that_is_left_is_lost(broken):
    verdict = broken(signal.SIGKILL, "f'.a.txt.{time.time()}'")
    assert [line.partition(": ")[0] for line in verdict.lost] == ["differs after completion"]
    assert (verdict.crashes, verdict.tracebacks) == ([], [])


def test_a_traceback_is_counted_and_is_a_crash(broken):
    verdict = broken(signal.SIGINT, "'.a.txt.partial'")
    assert verdict.lost == []
    assert [len(verdict.crashes), len(verdict.tracebacks)] == [1, 1]


def test_what_takes_its_place_whole_survives(broken):
    assert broken(signal.SIGKILL, "'.a.txt.partial'").survived


def test_a_table_aligns_numbers_to_the_right():
    rows = [("command", "tried"), ("tune", 12), ("all", 7)]
    assert markdown(rows).splitlines() == [
        "| command | tried |",
        "| ------- | ----: |",
        "| tune    |    12 |",
        "| all     |     7 |",
    ]
