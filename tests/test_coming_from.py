"""The page for users of other programs does what it says: commands, defaults, what is the same.

Our side always runs. The side of fastText, scikit-learn and Vowpal Wabbit runs where they are
installed: `make peers` sees to that.
"""

import contextlib
import importlib.util
import inspect
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import pipeline
from pipeline.cli import main
from pipeline.config.reference import sections

PAGE = (Path(__file__).parent.parent / "docs" / "coming-from.md").read_text("utf-8")
PEERS = ("fastText", "scikit-learn", "Vowpal Wabbit")
WORDS = {
    "negative": ["abysmal", "dull", "awful", "boring"],
    "neutral": ["fair", "average", "usual", "plain"],
    "positive": ["awesome", "superb", "moving", "funny"],
}
SEARCH = "-autotune-duration 1 -bucket 1000 -dim 5"  # five minutes otherwise
N_REVIEWS = {"train": 1200, "valid": 60, "test": 120, "other": 60}


def part(peer):
    """Return what the page says about a program."""
    return re.split(r"^## ", PAGE, flags=re.MULTILINE)[1 + PEERS.index(peer)]


def rows(peer, columns):
    """Return the cells of the peer's table with so many columns."""
    for table in re.findall(r"(?:^ *\|.*\n)+", part(peer), flags=re.MULTILINE):
        cells = [
            [cell.strip() for cell in line.strip()[1:-1].split("|")] for line in table.split("\n")
        ]
        if cells[0][0] == peer and len(cells[0]) == columns:
            return [[cell.strip("`") for cell in row] for row in cells[2:-1]]
    raise LookupError(peer)


COMMANDS = {peer: rows(peer, 2) for peer in PEERS}
OPTIONS = [(peer, row) for peer in PEERS for row in rows(peer, 5)]


def texts(n, classes, seed):
    """Yield labelled texts, of which some have a word of another class."""
    draw = np.random.default_rng(seed)
    for k in range(n):
        label = classes[k % len(classes)]
        words = [*draw.choice(WORDS[label], 2), *(f"w{word}" for word in draw.integers(0, 400, 6))]
        if draw.random() < 0.3:
            words.append(str(draw.choice(WORDS[str(draw.choice(classes))])))
        yield label, f"{' '.join(words)} {k}"


@pytest.fixture(scope="module", params=[2, 3])
def folder(request, tmp_path_factory):
    """The files and configs that the page names, in two and in three classes."""
    folder = tmp_path_factory.mktemp(f"classes-{request.param}")
    classes = [*WORDS] if request.param == 3 else ["negative", "positive"]
    for seed, (name, n) in enumerate(N_REVIEWS.items()):
        found = list(texts(n, classes, seed))
        lines = [f"__label__{label} {text}\n" for label, text in found]
        (folder / f"{name}.txt").write_text("".join(lines))
        lines = [f"{1 + classes.index(label)} | {text}\n" for label, text in found]
        (folder / f"{name}.vw").write_text("".join(lines))
    new = [*(text for _, text in texts(9, classes, 9)), *["awesome abysmal"] * 3]
    (folder / "new.txt").write_text("".join(f"{text}\n" for text in new))
    (folder / "words.txt").write_text("awesome\nabysmal\n")
    for name, content in re.findall(r"<!-- file: (\S+) -->\n+```toml\n(.*?)```", PAGE, re.DOTALL):
        (folder / name).write_text(content)
    return folder


def parsed(line):
    """Return a command's words, and the file that it reads."""
    words, _, source = line.partition(" < ")
    return shlex.split(words), source


def ours(line, folder, monkeypatch):
    """Return what one of our commands prints."""
    monkeypatch.chdir(folder)
    words, source = parsed(line)
    assert words[0] == "sentiment"
    given = Path(source).read_text() if source else None
    result = CliRunner().invoke(main, words[1:], input=given, catch_exceptions=False)
    assert result.exit_code == 0, f"{line}: {result.output}"
    return result.stdout


def theirs(line, folder):
    """Return what a command of another program prints; skip where it is not installed."""
    (name, *words), source = parsed(line)
    if found := shutil.which(name):
        command = [found]
    elif name == "vw" and importlib.util.find_spec("vowpalwabbit"):
        command = [sys.executable, "-m", "vowpalwabbit"]
    else:
        pytest.skip(f"needs the command {name}")
    given = (folder / source).read_text() if source else ""
    done = subprocess.run(
        [*command, *words], cwd=folder, input=given, capture_output=True, text=True, timeout=60
    )
    is_usage = not words[1:]  # which has an exit code of its own
    assert done.returncode == 0 or is_usage, f"{line}: {done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize("peer", ["fastText", "Vowpal Wabbit"])
def test_each_of_our_commands_runs(folder, peer, monkeypatch):
    lines = [line for _, line in COMMANDS[peer] if not line.startswith("none: ")]
    assert len(lines) >= 6
    for line in lines:
        assert ours(line, folder, monkeypatch), line


@pytest.mark.parametrize("peer", ["fastText", "Vowpal Wabbit"])
def test_each_of_their_commands_runs(folder, peer):
    for line, _ in COMMANDS[peer]:
        if "-autotune" in line:
            # After trials of a few milliseconds the search may never end. An option that
            # fastText does not know ends it at once, with an error.
            with contextlib.suppress(subprocess.TimeoutExpired):
                theirs(f"{line} {SEARCH}", folder)
        else:
            theirs(line, folder)


def test_both_give_the_two_most_probable_classes_of_a_line(folder, monkeypatch):
    lines = dict(COMMANDS["fastText"])
    train = next(iter(lines))
    (both,) = (line for line in lines if "predict-prob" in line)
    ours(lines[train], folder, monkeypatch)
    shown = [line.split("\t") for line in ours(lines[both], folder, monkeypatch).splitlines()]
    assert {len(fields) for fields in shown} == {4}
    theirs(train, folder)
    others = [line.split() for line in theirs(both, folder).splitlines()]
    assert {len(fields) for fields in others} == {4}
    labels = {fields[k] for fields in shown for k in (0, 2)}
    assert {fields[k] for fields in others for k in (0, 2)} == {f"__label__{x}" for x in labels}


def test_a_label_below_the_least_probability_is_left_out(folder, monkeypatch):
    """As by fastText, which prints nothing in its place."""
    line, setting = re.findall(r"`(fasttext predict .* 0\.9)`|`(train\.abstain = 0\.9)`", PAGE)
    train = "sentiment train model.toml --run runs/abstaining --set"
    ours(f"{train} {setting[1].replace(' ', '')}", folder, monkeypatch)
    shown = ours("sentiment predict runs/abstaining new.txt --unsure", folder, monkeypatch)
    best = ours("sentiment predict runs/abstaining new.txt --top 1", folder, monkeypatch)
    for said, label in zip(shown.splitlines(), best.splitlines(), strict=True):
        assert said.startswith("unsure\t") == (float(label.split("\t")[1]) < 0.9)
    assert "unsure" in shown
    theirs(next(iter(dict(COMMANDS["fastText"]))), folder)
    assert "\n\n" in theirs(line[0], folder)


def test_words_that_stand_between_white_space_are_fasttexts_words(folder, monkeypatch):
    """With the three lines of the page, the vocabulary is the dictionary of fastText."""
    (tokens,) = (
        text
        for text in re.findall(r"```toml\n(.*?)```", part("fastText"), re.DOTALL)
        if "lowercase" in text
    )
    config = (folder / "model.toml").read_text()
    (folder / "prepared.toml").write_text(f"{config}\n{inspect.cleandoc('  ' + tokens)}")
    train = (folder / "train.txt").read_text()
    prepared = train.replace("awesome", "Awesome!").replace("dull", "dull,but")
    (folder / "prepared.txt").write_text(prepared)
    ours("sentiment train prepared.toml --set corpus.train=prepared.txt", folder, monkeypatch)
    vocabulary = Path("runs/prepared/model/vocabulary.txt").read_text().splitlines()[1:]
    words = {word for line in prepared.splitlines() for word in line.split()[1:]}
    assert {line.split("\t")[0] for line in vocabulary} == words
    theirs("fasttext supervised -input prepared.txt -output prepared", folder)
    found = theirs("fasttext dump prepared.bin dict", folder).splitlines()[1:]
    assert {line.split()[0] for line in found if line.endswith("word")} == {*words, "</s>"}


def test_labels_of_vowpal_wabbit_for_two_classes_need_one_line(folder, monkeypatch):
    (comment,) = re.findall(r"# of the labels 1 and -1, write (.+) in place of this line", PAGE)
    config = re.sub(r"classes = .*", comment, (folder / "vw.toml").read_text())
    (folder / "two.toml").write_text(config)
    for name in ("train", "test"):
        lines = (folder / f"{name}.vw").read_text()
        of_two = re.sub(r"^[23]", "-1", lines, flags=re.MULTILINE)
        (folder / f"{name}-two.vw").write_text(of_two)
    options = "--set corpus.train=train-two.vw --set corpus.test=test-two.vw"
    shown = ours(f"sentiment train two.toml {options}", folder, monkeypatch)
    assert "most positive" in shown


# The tables of options.

DEFAULTS = {
    f"{section.name}.{key.name}": str(key.default or "").strip('"') or "none"
    for section in sections()
    for key in section.keys
}


@pytest.mark.parametrize(("peer", "row"), OPTIONS, ids=lambda each: str(each[0]))
def test_each_setting_is_there_and_has_the_default_that_is_shown(peer, row):
    *_, key, default, _ = row
    if key not in ("none", "SENTIMENT_THREADS"):
        assert DEFAULTS[key] == default


def options_of(peer):
    return [row for other, row in OPTIONS if other == peer]


def test_the_defaults_of_fasttext_are_those_of_its_usage(tmp_path):
    usage = theirs("fasttext supervised", tmp_path)
    for name, default, *_ in options_of("fastText"):
        for option in re.findall(r"-[\w-]+", name):
            assert re.search(rf"^  {option} .*\[{re.escape(default)}\]", usage, re.MULTILINE), (
                option
            )


def test_the_defaults_of_vowpal_wabbit_are_those_of_its_help(tmp_path):
    shown = re.sub(r"\n {20,}", " ", theirs("vw --help", tmp_path))
    for option, default, *_ in options_of("Vowpal Wabbit"):
        lines = re.findall(rf"^ +(?:-\w, )?{option}(?:, --\w+)? .*", shown, re.MULTILINE)
        assert lines, option
        said = [
            match[1]
            for match in (re.search(r"default: (\w[\w.]*)", line) for line in lines)
            if match
        ]
        assert default in said if said else default in ("none", "false", "18"), option


def test_the_defaults_of_scikit_learn_are_those_of_its_signatures():
    text = pytest.importorskip("sklearn.feature_extraction.text")
    linear = pytest.importorskip("sklearn.linear_model")
    found = {
        name: str(parameter.default)
        for kind in (text.TfidfVectorizer, linear.LogisticRegression)
        for name, parameter in inspect.signature(kind).parameters.items()
    }
    for name, default, *_ in options_of("scikit-learn"):
        assert found[name] == default


# scikit-learn, line by line.


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What the Python of the page defines."""
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"^```python\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE):
        exec(block, names)
    return names


def test_each_line_of_scikit_learn_and_ours_beside_it_runs(names):
    names["joblib"] = pytest.importorskip("joblib")
    for line, beside in COMMANDS["scikit-learn"]:
        if "eli5" not in line or importlib.util.find_spec("eli5"):
            exec(f"import eli5\n{line}" if "eli5" in line else line, names)
        assert eval(beside, names) is not None or "save" in beside


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_l2_is_one_over_c_times_n(n_classes, class_weight):
    """At the optimum, both give a text the same probabilities."""
    linear = pytest.importorskip("sklearn.linear_model")
    text = pytest.importorskip("sklearn.feature_extraction.text")
    labels, found = zip(*texts(120, [*WORDS][-n_classes:], 0), strict=True)
    kept = [k for k in range(120) if k % 4]  # not as many of each class
    labels, found = [labels[k] for k in kept], [re.sub(r"\bw?\d+", "", found[k]) for k in kept]
    counts = text.CountVectorizer().fit_transform(found)
    c = 0.5
    expected = linear.LogisticRegression(C=c, class_weight=class_weight, tol=1e-8, max_iter=1000)
    model = pipeline.SentimentClassifier(
        l2=1 / (c * len(found)),
        class_weight=class_weight,
        schedule="inverse",
        epochs=200,
        average_from=100,
    )
    expected.fit(counts, labels)
    np.testing.assert_allclose(
        model.fit(found, labels).predict_proba(found), expected.predict_proba(counts), atol=0.01
    )


def test_the_pattern_of_the_page_gives_the_counts_of_count_vectorizer():
    text = pytest.importorskip("sklearn.feature_extraction.text")
    (shown,) = re.findall(r"```toml\n(.*?)```", part("scikit-learn"), re.DOTALL)
    tokens = tomllib.loads(inspect.cleandoc("  " + shown))["tokens"]
    found = ["I don't like a film, I do", "It's A FILM; 3 of 10 films_were 42!"] * 2
    vectorizer = text.CountVectorizer(ngram_range=(1, 2), min_df=2)
    expected = vectorizer.fit_transform(found).toarray()
    ids = pipeline.Tokenizer(**tokens)(found)
    vocabulary = pipeline.learn_vocabulary(ids, ngrams=2, min_df=2)
    counts = pipeline.count_features(ids, vocabulary).toarray()
    columns = [
        vocabulary.words.to_pylist().index(word) for word in vectorizer.get_feature_names_out()
    ]
    assert len(columns) == counts.shape[1]
    assert (counts[:, columns] == expected).all()


def test_l2_is_vowpal_wabbits_with_sgd(tmp_path):
    """Its weights are at the optimum of J with that l2, which is half a penalty on b as well."""
    optimize = pytest.importorskip("scipy.optimize")
    draw = np.random.default_rng(0)
    y = draw.integers(0, 2, 40)
    shares = np.array([[0.1, 0.1, 0.3, 0.4, 0.1], [0.4, 0.3, 0.1, 0.1, 0.1]])
    X = np.array([draw.multinomial(4, shares[label]) for label in y])
    lines = [
        f"{2 * label - 1} | {' '.join(np.repeat(list('abcde'), row))}\n"
        for label, row in zip(y, X, strict=True)
    ]
    (tmp_path / "t.vw").write_text("".join(lines))
    options = "--sgd -l 0.02 --power_t 0 --passes 500 --holdout_off -c -k --loss_function logistic"
    theirs(f"vw -d t.vw -f model --l2 0.01 {options}", tmp_path)
    theirs("vw -d t.vw -i model -t --invert_hash readable.txt", tmp_path)
    shown = dict(re.findall(r"^(\w+):\d+:(\S+)$", (tmp_path / "readable.txt").read_text(), re.M))
    weights = [float(shown[name]) for name in (*"abcde", "Constant")]

    def objective(w):
        z = X @ w[:-1] + w[-1]
        return np.mean(np.logaddexp(0, z) - y * z) + 0.01 / 2 * (w @ w)

    optimum = optimize.minimize(objective, np.zeros(6), tol=1e-10).x
    np.testing.assert_allclose(weights, optimum, atol=0.05)
