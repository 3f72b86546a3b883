"""The benchmarks measure what they say: their corpus, their rounds, their arithmetic."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

from benchmarks import corpora, growth, million, report, synthetic
from benchmarks.harness import Setting, alternate, run_child, threads
from benchmarks.objective import Problem, ascend, find_optimum
from benchmarks.results import Claim, Figure, Question, Table, ratio
from benchmarks.search import Solver, quickest
from pipeline.tokens.tokenizer import Tokenizer

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made-up")
    train, test = synthetic.write_corpus(folder, 2_500, 400, seed=3)
    return corpora.Corpus("made up", train, test, False)


def test_the_same_seed_makes_the_same_bytes(made_up, tmp_path):
    again = synthetic.write_corpus(tmp_path, 2_500, 400, seed=3)
    assert [path.read_bytes() for path in again] == [
        made_up.train.read_bytes(),
        made_up.test.read_bytes(),
    ]
    (tmp_path / "other").mkdir()
    other, _ = synthetic.write_corpus(tmp_path / "other", 2_500, 400, seed=4)
    assert other.read_bytes() != made_up.train.read_bytes()


def test_a_made_up_corpus_has_the_size_that_was_asked_for(made_up):
    for part, n in (("train", 2_500), ("test", 400)):
        assert len(made_up.texts(part)) == n
        assert made_up.labels(part).mean() == 0.5


def test_lengths_are_those_of_reviews(made_up):
    lengths = np.diff(Tokenizer()(made_up.texts("train")).offsets)
    assert 160 < np.median(lengths) < 190
    assert 210 < lengths.mean() < 250


def test_frequencies_follow_zipf_in_two_regimes(made_up):
    tokens = Tokenizer()(made_up.texts("train"))
    counts = np.sort(np.bincount(tokens.ids))[::-1]

    def slope(first, last):
        ranks = np.geomspace(first, last, 20).astype(int)
        return np.polyfit(np.log(ranks), np.log(counts[ranks - 1]), 1)[0]

    assert -1.15 < slope(20, 500) < -0.85
    assert slope(4_000, 12_000) < -1.4


def test_new_words_keep_coming_ever_more_slowly(made_up):
    tokens = Tokenizer()(made_up.texts("train"))
    quarter = len(np.unique(tokens.ids[: len(tokens.ids) // 4]))
    assert 1.5 < len(tokens.distinct) / quarter < 3


def test_no_two_ranks_share_a_word():
    words = [synthetic.spell(rank) for rank in range(50_000)]
    assert len(set(words)) == len(words)
    assert len(words[0]) < len(words[-1])


def test_the_classes_can_be_told_apart_but_not_entirely(made_up):
    counts = corpora.count(made_up)
    signs = np.where(counts.train_labels == 1, 1.0, -1.0)
    weights = ascend(Problem(counts.train, signs, 0.01), 15)
    assert 0.75 < counts.accuracy(*weights) < 0.95


def test_ready_files_hold_a_label_and_the_words_of_each_review(made_up, tmp_path):
    files = corpora.write_ready_files(made_up, tmp_path)
    texts, labels = made_up.texts("test"), made_up.labels("test")
    words = " ".join(Tokenizer(html="breaks")(texts[:1]).document(0))
    vw, ft = (path.read_text().splitlines() for path in (files.vw_test, files.fasttext_test))
    assert vw[0] == f"{2 * labels[0] - 1} | {words}"
    assert ft[0] == f"__label__{labels[0]} {words}"
    assert len(files.vw_train.read_text().splitlines()) == 2_500
    shuffled = [int(line.split()[0]) > 0 for line in files.vw_train.read_text().splitlines()]
    assert shuffled != (made_up.labels("train") == 1).tolist()


def test_a_million_lines_are_both_sets_again_and_again(made_up, tmp_path):
    lines = []
    for part in ("train", "test"):
        tokens = Tokenizer(html="breaks")(made_up.texts(part))
        lines += [" ".join(tokens.document(d)) for d in range(tokens.n_documents)]
    setting = Setting(made_up, tmp_path, 1, True)
    written = million.write_lines(setting, "| ", 2 * len(lines) + 3).read_text().splitlines()
    assert written == [f"| {line}" for line in (*lines, *lines, *lines[:3])]


def test_texts_are_made_alike_for_both_engines():
    """Half a star, a curly apostrophe, the file separator, dotted I."""
    texts = pa.array(["8\u00bd it\u2019s", "a\x1cb", "\u0130stanbul"], pa.large_string())
    same = corpora.same_words(texts)
    vectorizer = pytest.importorskip("sklearn.feature_extraction.text").CountVectorizer
    tokens = Tokenizer()(same)
    peer = vectorizer(token_pattern=corpora.WORDS).build_analyzer()
    assert [tokens.document(d) for d in range(3)] == [peer(text) for text in same.to_pylist()]


def test_data_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"train\.parquet: no such file"):
        corpora.find_corpus(tmp_path, tmp_path, quick=True)


def test_sides_take_turns_and_every_second_round_goes_backwards():
    order = []
    sides = {name: lambda name=name: order.append(name) or len(order) for name in "ab"}
    assert alternate(sides, 3) == {"a": (1, 4, 5), "b": (2, 3, 6)}
    assert order == ["a", "b", "b", "a", "a", "b"]


def test_ratios_are_of_the_same_round_and_their_median_meets_the_target():
    here, there = Figure("here", "", (1.0, 2.0, 4.0)), Figure("there", "", (12.0, 20.0, 60.0))
    claim = ratio("there over here", there, here, 12.0)
    assert claim.values == (12.0, 10.0, 15.0)
    assert claim.median == 12.0
    assert claim.met is True
    assert Claim("", (3.0,), 2.0, at_least=False).met is False
    assert Claim("", (3.0,)).met is None


def test_a_child_is_measured_and_its_failure_told():
    child = run_child(
        [sys.executable, "-c", "b = bytearray(60_000_000); print(input())"], "hello\n", 0.001
    )
    assert child.output == "hello\n"
    assert 60e6 < child.peak_bytes < 200e6
    assert child.seconds > 0
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run_child([sys.executable, "-c", "1 / 0"])


def test_a_childs_peak_is_not_that_of_its_parent():
    ballast = np.ones(40_000_000)  # 320 MB
    assert run_child([sys.executable, "-c", "pass"]).peak_bytes < 100e6
    assert ballast.all()


def test_a_peak_that_a_child_sets_back_is_seen():
    """As this project does after each stage, where the system can."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("needs Linux")
    code = (
        "import time; b = bytearray(200_000_000); time.sleep(2); del b; "
        "open('/proc/self/clear_refs', 'w').write('5'); time.sleep(0.1)"
    )
    command = [sys.executable, "-c", code]
    child = run_child(command, sample_every=0.01)
    assert child.peak_bytes > 200e6
    assert child.peak_anonymous > 200e6


def test_what_the_processes_of_a_child_take_is_counted():
    if not Path("/proc/self/task").exists():
        pytest.skip("needs Linux")
    work = (
        "import time; b = bytearray(100_000_000); t = time.process_time()\n"
        "while time.process_time() < t + 0.5: pass"
    )
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)"
    child = run_child([sys.executable, "-c", code], sample_every=0.01)
    assert child.peak_anonymous < 50e6
    assert 100e6 < child.peak_anonymous_largest < child.peak_anonymous_sum < 150e6
    assert child.cpu_seconds > 0.5


def test_written_bytes_are_counted(tmp_path):
    path = tmp_path / "zeros"
    code = f"f = open({str(path)!r}, 'wb'); f.write(bytes(20_000_000))"
    child = run_child([sys.executable, "-c", code])
    if sys.platform != "linux" or not child.written_bytes:
        pytest.skip("needs Linux, and a folder for temporary files that is not in memory")
    assert 20e6 <= child.written_bytes < 21e6


def test_threads_are_asked_for_only_inside(monkeypatch):
    import os

    monkeypatch.setenv("SENTIMENT_THREADS", "7")
    with threads(1):
        assert os.environ["SENTIMENT_THREADS"] == "1"
    assert os.environ["SENTIMENT_THREADS"] == "7"


def test_the_oracle_comes_near_the_optimum(made_up):
    counts = corpora.count(made_up)
    problem = Problem(counts.train, np.where(counts.train_labels == 1, 1.0, -1.0), 0.01)
    optimum = find_optimum(problem)
    assert optimum.bound < 1e-9
    gap = problem.objective(*ascend(problem, 30)) / optimum.objective - 1
    assert -1e-9 < gap < 0.01


def test_the_search_finds_the_fewest_epochs_that_are_enough():
    def fit(options, epochs):
        return np.array([options["rate"] * epochs]), 0.0

    solver = Solver("slow or quick", fit, ({"rate": 1.0},), (1, 2, 8, 16))
    found = quickest(solver, lambda weights: weights[0][0] >= 5)
    assert (found.epochs, str(found)) == (5, "rate=1, 5 epochs")
    assert quickest(solver, lambda weights: weights[0][0] > 99) is None


def test_the_exponent_is_the_slope_of_logarithms():
    assert growth.exponent([1, 4, 16], [3, 12, 48]) == pytest.approx(1)
    assert growth.exponent([1, 4], [5, 10]) == pytest.approx(0.5)


def test_text_is_measured_without_its_frame(made_up):
    texts = parquet.read_table(made_up.test)["text"]
    assert growth.text_bytes(made_up.test) == pc.sum(pc.binary_length(texts)).as_py()


@pytest.fixture
def answer() -> Question:
    figures = (
        Figure("this project", "a|b", (1.0, 2.0, 3.0), accuracy=0.885),
        Figure("peer", "", (24.0, 24.0, 24.0)),
    )
    claims = (ratio("peer over ours, time", figures[1], figures[0], 20.0),)
    tables = (Table("Sizes", ("corpus", "reviews"), (("x1", 4_000),)),)
    return Question("counting", "Counts", "a corpus", figures, claims, tables, ("A note.",))


FACTS = {
    "date": "2020-02-02",
    "processor": "a processor",
    "cores": 2,
    "rounds": 3,
    "quick": False,
    "corpus": "a corpus",
    "versions": {"python": "3", "numpy": None},
}


def test_a_run_is_written_with_every_round_and_verdict(answer, tmp_path):
    facts, page = report.write([answer], FACTS, tmp_path / "run")
    written = json.loads(facts.read_text())["questions"][0]
    assert written["figures"][0]["values"] == [1.0, 2.0, 3.0]
    assert written["figures"][0]["median"] == 2.0
    assert (written["claims"][0]["median"], written["claims"][0]["met"]) == (12.0, False)
    assert "**12.0x** | 8.00 to 24.0 | at least 20x | **not met** |" in page.read_text()
    assert "88.50%" in page.read_text()


def test_the_picture_is_drawn(answer, tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks.plot import draw

    paths = draw([answer], FACTS, tmp_path / "run")
    assert [path.suffix for path in paths] == [".svg", ".png"]
    assert all(path.stat().st_size > 1_000 for path in paths)


@pytest.mark.slow
def test_a_quick_run_goes_through(tmp_path):
    pytest.importorskip("sklearn")
    command = [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1", "--out", tmp_path]
    names = ["--only", "counting", "threads", "startup"]
    done = subprocess.run(
        [*map(str, command), *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("*-quick.json")
    questions = json.loads(path.read_text())["questions"]
    assert [question["name"] for question in questions] == names[1:]
    assert not any(question["failed"] for question in questions)
