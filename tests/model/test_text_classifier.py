"""The saved model: complete, movable, and refused where it is not the one that was saved."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import RunError
from pipeline.features.vocabulary import Vocabulary, read_vocabulary, write_vocabulary
from pipeline.model.logistic import LogisticRegression
from pipeline.model.text_classifier import TextClassifier
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
    assert found.log_odds(TEXTS).tobytes() == model.log_odds(TEXTS).tobytes()


def test_a_score_is_the_counts_times_the_weights_plus_the_intercept():
    model = classifier()
    counts = model.count(TEXTS).toarray().astype(np.float64)
    by_hand = [-0.3 + 0.125 - 2 * 1.7, -0.3 - 0.4 + 2.3 - 0.05, -0.3, -0.3]
    by_hand.append(-0.3 + 2.3 + 0.125 - 0.4 + 0.7 - 0.05)
    np.testing.assert_allclose(counts @ model.weights + model.intercept, by_hand)
    np.testing.assert_allclose(model.log_odds(TEXTS), by_hand)
    np.testing.assert_allclose(model.probabilities(TEXTS), 1 / (1 + np.exp(-np.array(by_hand))))


def test_a_binary_model_notes_a_word_once():
    model = classifier()
    once = TextClassifier(model.tokenizer, model.vocabulary, True, model.regression)
    assert once.log_odds(TEXTS[:1])[0] == pytest.approx(-0.3 + 0.125 - 1.7)


def test_the_scores_of_no_texts_are_no_scores(saved):
    assert TextClassifier.load(saved).log_odds([]).shape == (0,)


def test_a_run_folder_is_read_as_its_model(small_run):
    of_run, of_model = (TextClassifier.load(p) for p in (small_run.path, small_run.path / "model"))
    assert of_run.log_odds(TEXTS).tobytes() == of_model.log_odds(TEXTS).tobytes()


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


def test_a_model_of_another_format_version_is_refused(saved):
    path = saved / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 2}))
    with pytest.raises(RunError, match="expected format version 1, got 2"):
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
