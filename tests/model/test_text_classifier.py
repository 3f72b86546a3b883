"""The saved model: complete, movable, and refused where it is not the one that was saved."""

import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import softmax

from pipeline.errors import ConfigError, RunError
from pipeline.features.vocabulary import Vocabulary, read_vocabulary, write_vocabulary
from pipeline.model.logistic import LogisticRegression
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrays
from pipeline.tokens.nltk import in_time
from pipeline.tokens.spans import token_spans
from pipeline.tokens.tokenizer import Tokenizer

TEXTS = [
    "An awful, awful film.",
    "Don\u2019t miss it: a superb d\u00e9j\u00e0 vu!",
    "",
    "nothing that is known",
    "A superb film<br />that I don't recommend",
]


def classifier(**settings: object) -> TextClassifier:
    words = [
        "film",
        "awful",
        "superb",
        "don't",
        "d\u00e9j\u00e0",
        "superb film",
        "a superb",
        "film that",
    ]
    vocabulary = Vocabulary(pa.array(words, pa.large_string()), np.arange(len(words), 0, -1))
    weights = np.array([0.125, -1.7, 2.3, -0.4, 0.0, 0.7, -0.05, 1e-17])
    regression = LogisticRegression.of(weights, -0.3, threshold=0.4)
    return TextClassifier(Tokenizer(**settings), vocabulary, False, regression)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    classifier().save(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"lowercase": False, "punctuation": True},
        {"html": "breaks", "mark_negation": True},
        {"stop_words": ("a", "that", "don't")},
        {"tokenizer": "pattern", "pattern": r"[^\s,\"]+"},
        {"tokenizer": "wordpunct"},
    ],
    ids=str,
)
@pytest.mark.parametrize("binary", [False, True])
def test_a_model_comes_back_whole(tmp_path, settings, binary):
    model = classifier(**settings)
    model = TextClassifier(model.tokenizer, model.vocabulary, binary, model.regression, binary)
    model.save(tmp_path)
    found = TextClassifier.load(tmp_path)
    assert found.tokenizer == model.tokenizer
    assert (found.binary, found.unit_length) == (binary, binary)
    assert found.vocabulary.words.equals(model.vocabulary.words)
    expected = model.vocabulary.document_frequency
    np.testing.assert_array_equal(found.vocabulary.document_frequency, expected)
    assert found.weights.tobytes() == model.weights.tobytes()
    assert found.intercept == model.intercept
    assert found.regression.threshold == 0.4
    assert found.decision_function(TEXTS).tobytes() == model.decision_function(TEXTS).tobytes()


@pytest.mark.parametrize("bound", [0.0, 0.7251, 1.0])
def test_the_bound_of_a_model_that_abstains_comes_back(tmp_path, bound):
    dataclasses.replace(classifier(), abstain=bound).save(tmp_path)
    found = TextClassifier.load(tmp_path)
    assert found.abstain == bound
    assert (
        found.decision_function(TEXTS).tobytes() == classifier().decision_function(TEXTS).tobytes()
    )
    assert json.loads((tmp_path / "model.json").read_text())["format_version"] == 3


def test_a_score_is_the_counts_times_the_weights_plus_the_intercept():
    model = classifier()
    counts = model.count(TEXTS).toarray().astype(np.float64)
    by_hand = [-0.3 + 0.125 - 2 * 1.7, -0.3 - 0.4 + 2.3 - 0.05, -0.3, -0.3]
    by_hand.append(-0.3 + 2.3 + 0.125 - 0.4 + 0.7 - 0.05)
    np.testing.assert_allclose(counts @ model.weights + model.intercept, by_hand)
    np.testing.assert_allclose(model.decision_function(TEXTS), by_hand)
    np.testing.assert_allclose(model.probabilities(TEXTS), 1 / (1 + np.exp(-np.array(by_hand))))


def test_a_binary_model_notes_a_word_once():
    model = classifier()
    once = TextClassifier(model.tokenizer, model.vocabulary, True, model.regression)
    assert once.decision_function(TEXTS[:1])[0] == pytest.approx(-0.3 + 0.125 - 1.7)


def of_three_classes(threshold: float = 0.5, classes=("bad", "fair", "good")) -> TextClassifier:
    weights = np.array([[0.0, 2.0, -1.0], [0.5, 0.0, 0.0], [0.0, -1.0, 2.0]])
    vocabulary = Vocabulary(pa.array(["film", "awful", "superb"], pa.large_string()), np.ones(3))
    regression = LogisticRegression.of(weights, np.array([0.1, 0.2, -0.3]), threshold)
    return TextClassifier(Tokenizer(), vocabulary, False, regression, classes=classes)


def test_a_model_of_three_classes_comes_back_whole(tmp_path):
    model = of_three_classes()
    model.save(tmp_path)
    found = TextClassifier.load(tmp_path)
    assert (found.classes, found.regression.threshold) == (("bad", "fair", "good"), 0.5)
    assert found.weights.tobytes() == model.weights.tobytes()
    assert found.intercept.tobytes() == model.intercept.tobytes()
    expected = [[0.1, 0.2 + 0.5, -0.3], [2.1, 0.2, -1.3]]
    np.testing.assert_allclose(found.decision_function(["film", "awful"]), expected)


def test_of_three_classes_the_probability_that_matters_is_that_of_the_predicted_one():
    found = of_three_classes().scores(["film", "awful, awful", "superb", ""])
    expected = softmax(found.scores, axis=1).max(axis=1)
    np.testing.assert_allclose(found.probabilities(), expected)
    assert found.predictions(0.5).tolist() == [1, 0, 2, 1]
    assert of_three_classes().probabilities([]).shape == (0,)


def test_a_threshold_is_refused_where_there_are_three_classes(tmp_path):
    of_three_classes(threshold=0.4).save(tmp_path)
    with pytest.raises(RunError, match=r"threshold: expected 0\.5 where there are more than two"):
        TextClassifier.load(tmp_path)


@pytest.mark.parametrize(
    "classes",
    [
        (-1, 1),
        (-(1 << 63), (1 << 63) - 1),
        (0, 1),
        (-0.5, 0.5),
        (False, True),
        ("\ud7ff", "\ue000"),
    ],
    ids=repr,
)
def test_classes_of_any_label_that_a_column_can_hold_come_back(tmp_path, classes):
    model = classifier()
    given = model.tokenizer, model.vocabulary, False, model.regression, False, classes
    TextClassifier(*given).save(tmp_path)
    assert TextClassifier.load(tmp_path).classes == classes


@pytest.mark.parametrize(
    "classes",
    [
        (-(1 << 63) - 1, 0),
        (0, 1 << 63),
        ("a", chr(0xD800)),
        ("a", chr(0xDFFF)),
        ("a", "b", "a"),
        ("a",),
    ],
    ids=repr,
)
def test_classes_that_no_column_can_hold_are_refused(tmp_path, classes):
    with pytest.raises(RunError, match=r"^the model cannot be saved: classes: expected at least"):
        of_three_classes(classes=classes).save(tmp_path)
    assert not list(tmp_path.iterdir())


def test_two_classes_are_scored_without_counts_where_these_are_plain():
    model = classifier()
    assert model.weight_sums is not None
    for binary, unit_length in ((True, False), (False, True)):
        parts = model.tokenizer, model.vocabulary, binary, model.regression, unit_length
        assert TextClassifier(*parts).weight_sums is None
    assert of_three_classes().weight_sums is None


def test_the_scores_of_no_texts_are_no_scores(saved):
    assert TextClassifier.load(saved).decision_function([]).shape == (0,)


def test_a_run_folder_is_read_as_its_model(small_run):
    of_run, of_model = (TextClassifier.load(p) for p in (small_run.path, small_run.path / "model"))
    assert of_run.decision_function(TEXTS).tobytes() == of_model.decision_function(TEXTS).tobytes()


def test_a_folder_that_was_moved_alone_predicts_the_same(small_run, tmp_path):
    expected = TextClassifier.load(small_run.path).probabilities(small_run.texts)
    shutil.copytree(small_run.path / "model", tmp_path / "a" / "b")
    found = TextClassifier.load(tmp_path / "a" / "b").probabilities(small_run.texts)
    assert found.tobytes() == expected.tobytes()
    assert set(np.unique(found > 0.5)) == {False, True}


def test_a_model_is_made_of_json_text_and_safetensors(saved):
    assert {path.name for path in saved.iterdir()} == {
        *["model.json", "vocabulary.txt", "weights.safetensors"]
    }
    facts = json.loads((saved / "model.json").read_text())
    assert facts["classes"] == ["negative", "positive"]
    lines = (saved / "vocabulary.txt").read_text().splitlines()
    assert lines[:2] == ["word\tdocument_frequency", "film\t8"]


@pytest.mark.parametrize("file", ["vocabulary.txt", "weights.safetensors"])
def test_a_file_that_is_not_the_one_that_was_saved_is_refused(saved, file):
    path = saved / file
    content = path.read_bytes()
    for changed in (content + b"\n", content[:-1] + b"\x07", b""):
        path.write_bytes(changed)
        with pytest.raises(RunError) as error:
            TextClassifier.load(saved)
        assert str(error.value) == f"{path}: missing, or changed since it was saved"
    path.unlink()
    with pytest.raises(RunError, match="missing, or changed since it was saved"):
        TextClassifier.load(saved)


def test_files_of_two_models_do_not_mix(saved, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    model = classifier()
    regression = LogisticRegression.of(-model.weights, 0.0)
    TextClassifier(model.tokenizer, model.vocabulary, False, regression).save(other)
    shutil.copy(other / "weights.safetensors", saved)
    with pytest.raises(RunError, match="changed since it was saved"):
        TextClassifier.load(saved)


@pytest.mark.parametrize("key", ["sha256", "tokenizer", "binary", "threshold"])
def test_a_model_file_that_lacks_something_is_refused_in_one_line(saved, key):
    path = saved / "model.json"
    facts = json.loads(path.read_text())
    del facts[key]
    path.write_text(json.dumps(facts))
    with pytest.raises(RunError) as error:
        TextClassifier.load(saved)
    assert str(error.value) == f"{path}: not as it was saved: {key!r}"


def test_a_model_whose_digests_were_taken_out_is_refused(saved):
    path = saved / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sha256": {}}))
    with pytest.raises(RunError):
        TextClassifier.load(saved)


def test_a_model_with_a_tokenizer_setting_of_the_future_is_refused(saved):
    path = saved / "model.json"
    facts = json.loads(path.read_text())
    facts["tokenizer"]["emoji"] = True
    path.write_text(json.dumps(facts))
    with pytest.raises(RunError, match=r"model\.json: not as it was saved: .*emoji"):
        TextClassifier.load(saved)


def change_settings(folder: Path, **values: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def sign(folder: Path) -> None:
    """Make the digests those of the files, as whoever makes a model can."""
    names = ("vocabulary.txt", "weights.safetensors")
    sha256 = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    change_settings(folder, sha256=sha256)


def one_line(error: pytest.ExceptionInfo[RunError], path: Path) -> bool:
    return "\n" not in str(error.value) and str(error.value).startswith(str(path))


TOKENIZER = Tokenizer().to_dict()
PATTERN = TOKENIZER | {"tokenizer": "pattern"}
SETTINGS: dict[str, dict[str, object]] = {
    "infinite": {"threshold": float("inf")},
    "NaN": {"threshold": float("nan")},
    "above 1": {"threshold": 1.5},
    "huge": {"threshold": 10**400},
    "true": {"threshold": True},
    "text": {"threshold": "0.5"},
    "a bound above 1": {"format_version": 3, "abstain": 1.5},
    "a bound below 0": {"format_version": 3, "abstain": -0.5},
    "a bound NaN": {"format_version": 3, "abstain": float("nan")},
    "a bound true": {"format_version": 3, "abstain": True},
    "a bound null": {"format_version": 3, "abstain": None},
    "a bound in a format without": {"abstain": 0.8},
    "no bound in its format": {"format_version": 3},
    "binary 1": {"binary": 1},
    "unit_length text": {"unit_length": "no"},
    "one class": {"classes": ["a"]},
    "three classes": {"classes": ["a", "b", "c"]},
    "one class twice": {"classes": ["a", "a"]},
    "classes of two types": {"classes": ["a", 1]},
    "lists as classes": {"classes": [[], [1]]},
    "class NaN": {"classes": [float("nan"), 1.0]},
    "no digests": {"sha256": []},
    "no tokenizer": {"tokenizer": None},
    "a list as tokenizer": {"tokenizer": [1]},
    "unknown tokenizer": {"tokenizer": TOKENIZER | {"tokenizer": "x"}},
    "lowercase 1": {"tokenizer": TOKENIZER | {"lowercase": 1}},
    "html": {"tokenizer": TOKENIZER | {"html": []}},
    "a text as stop words": {"tokenizer": TOKENIZER | {"stop_words": "abc"}},
    "numbers as stop words": {"tokenizer": TOKENIZER | {"stop_words": [1]}},
    "no pattern": {"tokenizer": PATTERN},
    "a pattern too many": {"tokenizer": TOKENIZER | {"pattern": "x"}},
    "a group": {"tokenizer": PATTERN | {"pattern": "(a)"}},
    "a named group": {"tokenizer": PATTERN | {"pattern": "(?P<a>a)"}},
    "5,000 groups": {"tokenizer": PATTERN | {"pattern": "()" * 5000}},
    "deep groups": {"tokenizer": PATTERN | {"pattern": "(?:" * 9999 + ")" * 9999}},
    "a large repetition": {"tokenizer": PATTERN | {"pattern": "(?:(?:a{999}){999}){999}"}},
    "no pattern at all": {"tokenizer": PATTERN | {"pattern": "["}},
    "a number as pattern": {"tokenizer": PATTERN | {"pattern": 3}},
}


@pytest.mark.parametrize("values", SETTINGS.values(), ids=SETTINGS)
def test_a_setting_that_no_model_has_is_refused(saved, values):
    change_settings(saved, **values)
    with pytest.raises(
        RunError, match=r"not as it was saved|expected JSON, got (Infinity|NaN)"
    ) as error:
        TextClassifier.load(saved)
    assert one_line(error, saved / "model.json")


N = 8  # features of the model
WEIGHTS: dict[str, dict[str, np.ndarray]] = {
    "too few": {"weights": np.zeros(N - 1)},
    "too many": {"weights": np.zeros(N + 1)},
    "float32": {"weights": np.zeros(N, np.float32)},
    "int64": {"weights": np.zeros(N, np.int64)},
    "uint8": {"weights": np.zeros(N, np.uint8)},
    "two dimensions": {"weights": np.zeros((N, 1))},
    "no dimension": {"intercept": np.zeros(())},
    "NaN": {"weights": np.full(N, np.nan)},
    "infinity": {"weights": np.full(N, -np.inf)},
    "sums that overflow": {"weights": np.full(N, 1e308)},
    "NaN as intercept": {"intercept": np.full(1, np.nan)},
    "two intercepts": {"intercept": np.zeros(2)},
    "no intercept": {"intercept": np.zeros(0)},
    "another array": {"bias": np.zeros(1)},
}


@pytest.mark.parametrize("change", WEIGHTS.values(), ids=WEIGHTS)
def test_weights_that_do_not_fit_the_vocabulary_are_refused(saved, change):
    """A kernel would read beyond them, or predict from the memory of something else."""
    path = saved / "weights.safetensors"
    arrays.write_arrays(path, {"weights": np.zeros(N), "intercept": np.zeros(1)} | change)
    sign(saved)
    with pytest.raises(RunError) as error:
        TextClassifier.load(saved)
    assert one_line(error, path)


LINES: dict[str, bytes] = {
    "no feature": b"",
    "a missing frequency": b"film\t\n",
    "a negative frequency": b"film\t-1\n",
    "a large frequency": b"film\t2147483648\n",
    "an empty name": b"\t3\n",
    "a zero byte": b"fi\0lm\t3\n",
    "no UTF-8": b"\xff\t3\n",
    "a space at the start": b" film\t3\n",
    "a space at the end": b"film \t3\n",
    "two spaces": b"a  film\t3\n",
    "one space": b" \t3\n",
    "a long n-gram": b" ".join([b"a"] * 101) + b"\t3\n",
    "an opening mark": b' "\t3\n',
    "no characters": b' ""\t3\n',
    "no closing mark": b' "ab\t3\n',
    "many characters": b' "' + b"a" * 101 + b'"\t3\n',
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_name_that_no_feature_can_have_is_refused(saved, line):
    path = saved / "vocabulary.txt"
    path.write_bytes(b"word\tdocument_frequency\n" + line)
    sign(saved)
    with pytest.raises(RunError) as error:
        TextClassifier.load(saved)
    assert one_line(error, path)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(
    "words", [["film", "a", "film"], ["a film", "a", "a film"], [' "ab"', "a", ' "ab"']], ids=str
)
def test_a_feature_that_is_there_twice_is_refused_once_it_is_looked_up(tmp_path, words, binary):
    vocabulary = Vocabulary(pa.array(words, pa.large_string()), np.ones(3, np.int32))
    regression = LogisticRegression.of(np.ones(3), 0.0)
    TextClassifier(Tokenizer(), vocabulary, binary, regression).save(tmp_path)
    with pytest.raises(RunError, match=r"the vocabulary holds '.*' twice"):
        TextClassifier.load(tmp_path).decision_function(["a film"])


@pytest.mark.parametrize("text", ["[" * 10**6, '{"a":' * 10**6, " " * (1 << 23), "{}", "3", ""])
def test_a_model_file_of_any_size_and_depth_is_refused(saved, text):
    (saved / "model.json").write_text(text)
    with pytest.raises(RunError) as error:
        TextClassifier.load(saved)
    assert one_line(error, saved / "model.json")


def test_a_model_file_has_at_most_four_mebibytes(saved):
    path = saved / "model.json"
    content = path.read_text()
    path.write_text(content + " " * ((1 << 22) - len(content)))
    TextClassifier.load(saved)
    path.write_text(path.read_text() + " ")
    with pytest.raises(RunError) as error:
        TextClassifier.load(saved)
    assert one_line(error, path)


@pytest.mark.parametrize("file", ["model.json", "vocabulary.txt", "weights.safetensors"])
def test_pipes_devices_and_links_out_of_the_folder_are_refused(saved, tmp_path_factory, file):
    path, elsewhere = saved / file, tmp_path_factory.mktemp("elsewhere") / file
    path.rename(elsewhere)
    os.mkfifo(path)
    with pytest.raises(RunError, match="expected a file, got a device or a pipe"):
        TextClassifier.load(saved)
    for target in (elsewhere, "/dev/zero"):
        path.unlink()
        path.symlink_to(target)
        with pytest.raises(RunError, match="a link to a file outside the model's folder"):
            TextClassifier.load(saved)
    path.unlink()
    elsewhere.rename(saved / "inside")
    path.symlink_to("inside")
    assert (
        TextClassifier.load(saved).decision_function(TEXTS).tolist()
        == classifier().decision_function(TEXTS).tolist()
    )


def test_a_pattern_that_tries_without_end_is_stopped(saved, monkeypatch):
    from nltk import redos

    monkeypatch.setattr(redos, "DEFAULT_TIMEOUT", 0.05)
    change_settings(saved, tokenizer=PATTERN | {"pattern": "(?:a|a)*$"})
    model = TextClassifier.load(saved)
    for use in (model.decision_function, lambda texts: token_spans(model.tokenizer, texts[0])):
        with pytest.raises(ConfigError, match=r"^tokens\.pattern: .* takes too long on a text"):
            use(["a" * 50 + "!"])


def test_a_model_of_another_format_version_is_refused(saved):
    path = saved / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 2}))
    with pytest.raises(RunError, match="do not go with its format version"):
        TextClassifier.load(saved)
    for version in (0, 4, "1", None):
        change_settings(saved, format_version=version)
        with pytest.raises(RunError, match=f"expected format version 3, got {version}; use the"):
            TextClassifier.load(saved)


def test_a_folder_without_a_model_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "no"):
        with pytest.raises(RunError) as error:
            TextClassifier.load(path)
        expected = f"{path}: no model here; expected a run folder or its model folder"
        assert str(error.value) == expected


def test_a_vocabulary_comes_back(tmp_path):
    words = ['"', "a,b", "don't", "caf\u00e9 cr\u00e8me", "NULL", "\u2028"]
    vocabulary = Vocabulary(pa.array(words, pa.large_string()), np.arange(6))
    write_vocabulary(tmp_path / "v.txt", vocabulary)
    found = read_vocabulary(tmp_path / "v.txt")
    assert found.words.to_pylist() == words
    assert found.document_frequency.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_pattern_that_takes_all_memory_is_told_in_one_line():
    """As `(?R)`, which contains itself: it takes the gigabyte that `regex` allows."""
    expected = pytest.raises(
        ConfigError, match=r"^tokens\.pattern: '\(\?R\)' takes too much memory"
    )
    with expected, in_time("(?R)"):
        raise MemoryError
