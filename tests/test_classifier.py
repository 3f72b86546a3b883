"""The front door: `import pipeline`, and a classifier of texts, alone or in scikit-learn."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import pipeline
from pipeline import SentimentClassifier
from pipeline.config.model import FeaturesSection, TrainSection
from pipeline.config.tokens import TokensSection
from pipeline.errors import NotFittedError, RunError
from pipeline.model.text_classifier import TextClassifier

ROOT = Path(__file__).parent.parent
TEXTS = [
    *["an awesome film", "awesome, and moving", "what a joy", "a joy from start to end"],
    *["an abysmal film", "abysmal and dull", "what a bore", "a bore from start to end"],
]
LABELS = ["good"] * 4 + ["bad"] * 4


@pytest.fixture(scope="module")
def fitted():
    return SentimentClassifier(epochs=20).fit(TEXTS, LABELS)


# What it learns


def test_it_learns_the_weights_that_a_run_with_the_same_settings_learns(small_run, fitted):
    config = tomllib.loads(small_run.config.read_text())
    settings = config["features"] | config["train"]
    model = SentimentClassifier(**settings).fit(small_run.texts, small_run.labels)
    run = TextClassifier.load(small_run.path)
    assert model.model_.weights.tobytes() == run.weights.tobytes()
    assert model.model_.vocabulary.words == run.vocabulary.words
    assert len(model.history_) == settings["epochs"]


def test_it_learns_from_characters_and_is_the_same_once_saved(small_run, tmp_path):
    texts = small_run.texts
    model = SentimentClassifier(ngrams=0, characters=(2, 5), epochs=3).fit(texts, small_run.labels)
    model.save(tmp_path / "model")
    loaded = pipeline.load(tmp_path / "model")
    assert loaded.decision_function(texts).tolist() == model.decision_function(texts).tolist()
    assert loaded.explain(texts[0]) == model.explain(texts[0])
    assert {word.word[:2] for word in loaded.top_words(3)[0]} == {' "'}


def test_its_parameters_are_the_keys_of_a_config_with_their_defaults():
    keys = TokensSection().to_dict() | FeaturesSection().to_dict() | TrainSection().to_dict()
    keys["class_weight"] = None  # a config has no None, and writes "none"
    assert SentimentClassifier().get_params() == keys


def test_the_second_label_in_sorted_order_is_the_positive_class(fitted):
    assert fitted.classes_.tolist() == ["bad", "good"]
    assert fitted.predict(["awesome", "abysmal"]).tolist() == ["good", "bad"]
    positive, negative = fitted.top_words(2)
    assert {word.word for word in positive} == {"awesome", "joy"}
    assert {word.word for word in negative} == {"abysmal", "bore"}
    assert (positive[0].negative, positive[0].positive) == (0, 2)


@pytest.mark.parametrize("labels", [[1] * 4 + [0] * 4, [True] * 4 + [False] * 4])
def test_labels_come_back_as_they_were_given(labels):
    model = SentimentClassifier().fit(TEXTS, labels)
    assert model.predict(TEXTS).tolist() == labels
    assert model.score(TEXTS, labels) == 1.0


def test_probabilities_are_those_of_the_log_odds(fitted):
    z, p = fitted.decision_function(TEXTS), fitted.predict_proba(TEXTS)
    np.testing.assert_allclose(p[:, 1], 1 / (1 + np.exp(-z)), rtol=1e-12)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    assert ((p[:, 1] > 0.5) == (fitted.predict(TEXTS) == "good")).all()


def test_a_threshold_moves_the_decision_and_a_goal_chooses_it():
    sure = SentimentClassifier(threshold=0.999, epochs=2).fit(TEXTS, LABELS)
    assert sure.predict(TEXTS).tolist() == ["bad"] * 8
    goal = SentimentClassifier(threshold={"min_recall": 1.0}, validation=0.5).fit(TEXTS, LABELS)
    assert 0 < goal.model_.regression.threshold < 1
    assert goal.get_params()["threshold"] == {"min_recall": 1.0}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"threshold": {"min_recall": 0.9, "best": "f1"}}, "threshold: expected a number, or one"),
        ({"threshold": {"half": 1}}, "threshold: expected a number, or one"),
        ({"threshold": {"best": "f1"}}, "expected validation > 0"),
        ({"epochs": 0}, 'epochs: expected a number >= 1 or "auto", got 0'),
        ({"tokenizer": "spacy"}, "tokenizer: expected words, .* got 'spacy'"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(settings, message):
    with pytest.raises(ValueError, match=message):
        SentimentClassifier(**settings).fit(TEXTS, LABELS)


# What it takes


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
@pytest.mark.parametrize("text", ["A wonderful film", b"A wonderful film", None])
def test_one_text_without_a_list_is_refused(fitted, method, text):
    expected = f"texts: expected a sequence of str, got {type(text).__name__}"
    with pytest.raises(TypeError, match=expected):
        getattr(fitted, method)(text)


@pytest.mark.parametrize("text", [b"bytes", None, 7, float("nan")])
def test_what_is_no_text_is_refused_with_its_position_and_type(fitted, text):
    with pytest.raises(TypeError, match=rf"texts\[1\].*{type(text).__name__}"):
        fitted.predict(["a film", text])


@pytest.mark.parametrize("text", [None, 3, ["a", "b"]])
def test_an_explanation_is_of_one_text(fitted, text):
    with pytest.raises(TypeError, match=f"text: expected str, got {type(text).__name__}"):
        fitted.explain(text)


def test_an_explanation_names_the_labels_that_the_classifier_was_given(fitted):
    good, bad = fitted.explain("awesome").explanation, fitted.explain("abysmal").explanation
    assert (good.label, good.other_label, good.is_positive) == ("good", "bad", True)
    assert (bad.label, bad.other_label, bad.is_positive) == ("bad", "good", False)
    drawn = fitted.explain("abysmal")._repr_html_()
    assert "<b>bad</b>: probability" in drawn
    assert "of being good" in drawn


def test_arrays_and_columns_of_texts_are_as_good_as_a_list(fitted):
    expected = fitted.decision_function(TEXTS)
    column = pa.chunked_array(
        [pa.array(TEXTS[:3], pa.large_string()), TEXTS[3:]], pa.large_string()
    )
    for texts in (np.array(TEXTS), np.array(TEXTS, object), tuple(TEXTS), column):
        np.testing.assert_array_equal(fitted.decision_function(texts), expected)
    assert fitted.predict([]).shape == (0,)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_use_before_fit_says_so(method):
    with pytest.raises(NotFittedError, match="SentimentClassifier is not fitted yet; call fit"):
        getattr(SentimentClassifier(), method)(TEXTS)


# What it keeps


@pytest.mark.parametrize("kind", [str, Path])
def test_a_run_or_its_model_folder_loads(small_run, kind):
    expected = TextClassifier.load(small_run.path).decision_function(small_run.texts)
    for path in (small_run.path, small_run.path / "model"):
        model = pipeline.load(kind(path))
        np.testing.assert_array_equal(model.decision_function(small_run.texts), expected)
        assert model.classes_.tolist() == ["negative", "positive"]


@pytest.mark.parametrize("labels", [LABELS, [1] * 4 + [0] * 4])
def test_a_saved_model_decides_as_before_in_python_and_by_the_command(tmp_path, sentiment, labels):
    model = SentimentClassifier(epochs=20).fit(TEXTS, labels)
    for _ in range(2):  # a saved model may be replaced
        model.save(tmp_path / "model")
    loaded = pipeline.load(tmp_path / "model")
    assert loaded.classes_.tolist() == model.classes_.tolist()
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
    result = sentiment("predict", tmp_path / "model", "--json", input=TEXTS[0])
    assert json.loads(result.stdout) == {
        "label": labels[0],
        "probability": model.predict_proba(TEXTS[:1])[0, 1],
        "tokens": 3,
        "known_tokens": 3,
    }
    explained = sentiment("explain", tmp_path / "model", TEXTS[-1]).stdout
    assert f"{labels[-1]}: probability" in explained
    assert f"it would be {labels[0]}" in explained
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_saving_replaces_nothing_but_a_model(fitted, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(RunError, match="exists and is no saved model"):
        fitted.save(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


# In a notebook


def test_its_repr_shows_the_settings_that_differ_from_the_defaults():
    model = SentimentClassifier(ngrams=2, ratio="documents", l2=1e-4)
    assert repr(model) == "SentimentClassifier(ngrams=2, ratio='documents')"


def test_an_explanation_draws_itself_and_escapes_the_text(fitted):
    html = fitted.explain("<script>alert(1)</script> awesome & 'abysmal' \"film\"")._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "awesome</span>" in html
    assert html.count("<tr>") == html.count("</tr>")
    html = fitted.explain("awesome \x1b[31m \u202e film")._repr_html_()
    assert r"\x1b[31m \u202e film" in html


def test_it_draws_without_a_template_engine():
    code = (
        "import sys, pipeline\n"
        "model = pipeline.SentimentClassifier().fit(['good', 'bad'], [1, 0])\n"
        "assert 'good' in model.explain('good')._repr_html_()\n"
        "heavy = {'jinja2', 'click', 'msgspec', 'datasets', 'sklearn', 'matplotlib', 'numba'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert _printed(code) == "[]"


# What `import pipeline` is


def test_nothing_is_imported_until_it_is_used():
    code = (
        "import sys; before = set(sys.modules)\n"
        "import pipeline; names = pipeline.__all__, dir(pipeline)\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    assert _printed(code) == "['pipeline']"


@pytest.mark.parametrize("name", pipeline.__all__)
def test_a_public_name_is_documented_with_an_example(name):
    """The example runs with the doctests; here it is there, and so is a place in the docs."""
    assert name in dir(pipeline)
    assert ">>> " in getattr(pipeline, name).__doc__
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    assert re.search(rf"^\.\. auto(class|function):: pipeline\.{name}$", page, re.MULTILINE)


def test_a_name_that_is_not_public_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'Sentimentclassifier'"):
        pipeline.Sentimentclassifier  # noqa: B018


def _printed(code: str) -> str:
    """Return what a Python of its own prints."""
    command = [sys.executable, "-c", code]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


# In scikit-learn


def test_it_is_cloned_searched_and_cross_validated():
    base = pytest.importorskip("sklearn.base")
    selection = pytest.importorskip("sklearn.model_selection")
    model = SentimentClassifier(epochs=5)
    assert base.clone(model).get_params() == model.get_params()
    assert base.is_classifier(model)
    scores = selection.cross_val_score(model, TEXTS, LABELS, cv=2)
    assert scores.shape == (2,)
    search = selection.GridSearchCV(model, {"ngrams": [1, 2], "l2": [0.0, 0.01]}, cv=2)
    search.fit(TEXTS, LABELS)
    assert set(search.best_params_) == {"ngrams", "l2"}
    assert search.predict(["awesome"]).tolist() == ["good"]


def test_it_is_calibrated_by_scikit_learn():
    calibration = pytest.importorskip("sklearn.calibration")
    model = calibration.CalibratedClassifierCV(SentimentClassifier(epochs=5), cv=2)
    assert model.fit(TEXTS, LABELS).predict_proba(TEXTS).shape == (8, 2)
