"""Words of more than two classes: looked up, with how many reviews of each class hold them."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import pipeline
from pipeline.cli import main
from pipeline.inspection.class_weights import (
    against_others,
    class_table,
    class_words,
    look_up_classes,
)
from pipeline.stages.read_run import load_model
from pipeline.storage import files

TEXTS = [
    *["an awesome film", "awesome, moving and fun", "so moving, a fun film"] * 4,
    *["an abysmal film", "abysmal and dull", "a dull, dull film"] * 4,
    *["a fair film", "fair, and long enough", "an average film"] * 4,
]
LABELS = ["good"] * 12 + ["bad"] * 12 + ["so-so"] * 12


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of three classes, trained on the texts above."""
    folder = tmp_path_factory.mktemp("films")
    rows = (f'"{text}",{label}' for text, label in zip(TEXTS, LABELS, strict=True))
    (folder / "train.csv").write_text("\n".join(("text,label", *rows)))
    (folder / "films.toml").write_text(
        f'[corpus]\nsource = "files"\ntrain = "{folder}/train.csv"\nclasses = "found"\n'
        f'test = "{folder}/train.csv"\n'
    )
    sentiment("train", folder / "films.toml", "--run", folder / "run", "-q")
    return folder / "run"


def sentiment(*arguments, code=0):
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result.output


def recounted(word):
    """Return how many of the texts of each class hold a word, from the texts."""
    held = [word in re.findall(r"[\w-]+", text) for text in TEXTS]
    return {
        label: sum(h for h, of in zip(held, LABELS, strict=True) if of == label)
        for label in ("bad", "good", "so-so")
    }


def test_the_frequencies_of_a_run_are_those_of_its_texts(run):
    model, frequency = load_model(run)
    for word in look_up_classes(model, ["film", "abysmal", "fair", "an"], frequency):
        assert word.frequency == recounted(word.word)
        assert sum(word.frequency.values()) == word.document_frequency
    for label, words in class_words(model, 50, frequency).items():
        for word in words:
            assert word.in_class == recounted(word.word)[label]


def test_a_classifier_knows_the_frequencies_after_it_has_learned_and_not_once_loaded(tmp_path):
    model = pipeline.SentimentClassifier(epochs=5).fit(TEXTS, LABELS)
    assert model.top_words(1)["so-so"][0].in_class == 8
    model.save(tmp_path / "films")
    assert pipeline.load(tmp_path / "films").top_words(1)["so-so"][0].in_class is None


def test_the_weights_of_a_word_are_against_the_mean_of_the_others(run):
    model, _ = load_model(run)
    words = model.vocabulary.words.to_pylist()
    expected = against_others(model)
    for column, found in enumerate(look_up_classes(model, words)):
        assert found.word == words[column]
        assert list(found.weights) == list(model.classes)
        np.testing.assert_allclose(list(found.weights.values()), expected[:, column], rtol=1e-12)
        assert sum(found.weights.values()) == pytest.approx(0, abs=1e-12)
        assert found.frequency is None


@given(st.lists(st.sampled_from(["Fair!", " film", "superb", "dull film", "", "ABYSMAL"])))
def test_words_come_back_as_asked_for_and_those_unheard_of_without_a_weight(run, words):
    model = pipeline.load(run).model_
    found = look_up_classes(model, words)
    spelled = {"Fair!": "fair", " film": "film", "ABYSMAL": "abysmal"}
    assert [word.word for word in found] == [spelled.get(word, word) for word in words]
    known = set(model.vocabulary.words.to_pylist())
    assert [word.weights is not None for word in found] == [word.word in known for word in found]
    assert all(word.document_frequency == 0 for word in found if word.weights is None)


def test_the_table_has_the_weights_and_the_reviews_of_each_class(run):
    model, frequency = load_model(run)
    table = class_table(model, frequency)
    for name, rows in (("weight", against_others(model)), ("reviews", frequency.of_class)):
        for label, row in zip(model.classes, rows, strict=True):
            assert table[f"{name}_{label}"].to_pylist() == row.tolist()
    head = sentiment("weights", run, "--tsv").splitlines()[0].split("\t")
    assert head == table.column_names
    assert head[-3:] == ["reviews_bad", "reviews_good", "reviews_so-so"]


def test_a_word_is_shown_in_each_class(run):
    shown = sentiment("weights", run, "--word", "Fair", "--word", "superb").strip().splitlines()
    model, _ = load_model(run)
    (fair,) = look_up_classes(model, ["fair"])
    assert shown[0].split() == ["fair", "weight", "reviews"]
    for line, (label, weight) in zip(shown[2:5], fair.weights.items(), strict=True):
        assert line.split() == [label, f"{weight:+.3f}", str(recounted("fair")[label])]
    assert shown[5].split() == ["all", "classes", "8"]
    assert shown[-1] == "superb not in the vocabulary"


def test_a_word_is_printed_as_json_with_its_classes(run):
    fair, superb = json.loads(
        sentiment("weights", run, "--word", "fair", "--word", "superb", "--json")
    )
    assert fair["frequency"] == {"bad": 0, "good": 0, "so-so": 8}
    assert max(fair["weights"], key=fair["weights"].get) == "so-so"
    nothing = {"weights": None, "document_frequency": 0, "frequency": None}
    assert superb == {"word": "superb", **nothing}


def test_the_words_of_a_class_are_shown_with_its_reviews(run):
    shown = sentiment("weights", run, "--top", "1").strip().splitlines()
    assert shown[0].split() == ["for", "bad", "weight", "reviews", "of", "class"]
    found = json.loads(sentiment("weights", run, "--top", "1", "--json"))
    assert {label: word["in_class"] for label, (word,) in found.items()} == {
        "bad": 8,
        "good": 8,
        "so-so": 8,
    }


def test_a_model_without_its_run_shows_no_reviews_of_a_class(run, tmp_path):
    pipeline.load(run).save(tmp_path / "films")
    line = sentiment("weights", tmp_path / "films", "--word", "fair").strip().splitlines()[2]
    assert len(line.split()) == 2
    (found,) = json.loads(sentiment("weights", tmp_path / "films", "--word", "fair", "--json"))
    assert found["frequency"] is None


@pytest.mark.parametrize("name", ["a\n\tb\x1b[31m", "\u0633\u064a\u0626", "<script>", "n" * 200])
def test_the_name_of_a_class_keeps_to_its_line(tmp_path, name):
    labels = [name if label == "bad" else label for label in LABELS]
    pipeline.SentimentClassifier(epochs=1).fit(TEXTS, labels).save(tmp_path / "films")
    shown = sentiment("weights", tmp_path / "films", "--word", "fair")
    assert "\x1b" not in shown
    assert len([line for line in shown.splitlines() if re.search(r"[+-]\d\.\d{3}$", line)]) == 3
    (found,) = json.loads(sentiment("weights", tmp_path / "films", "--word", "fair", "--json"))
    assert set(found["weights"]) == set(labels)


def test_the_words_of_five_classes_fit_a_terminal_of_80_columns(tmp_path):
    labels = [f"{k % 5 + 1} stars" for k in range(len(TEXTS))]
    pipeline.SentimentClassifier(epochs=1).fit(TEXTS, labels).save(tmp_path / "films")
    shown = sentiment("weights", tmp_path / "films", "--word", "fair")
    assert max(map(len, shown.splitlines())) <= 80
    assert files.read_json(tmp_path / "films" / "model.json")["classes"][0] == "1 stars"
