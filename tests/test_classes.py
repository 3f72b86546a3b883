"""Classifiers of more than two classes: from texts to the commands that look into the model."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from scipy.special import softmax

import pipeline
from pipeline.cli import main
from pipeline.errors import ConfigError, RunError
from pipeline.inspection.class_weights import (
    against_others,
    class_words,
)
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import files

TEXTS = [
    *["an awesome film", "awesome, moving and fun", "so moving, a fun film"] * 4,
    *["an abysmal film", "abysmal and dull", "a dull, dull film"] * 4,
    *["a fair film", "fair, and long enough", "an average film"] * 4,
]
LABELS = ["good"] * 12 + ["bad"] * 12 + ["so-so"] * 12


@pytest.fixture(scope="module")
def model():
    return pipeline.SentimentClassifier(epochs=20).fit(TEXTS, LABELS)


@pytest.fixture
def saved(model, tmp_path):
    model.save(tmp_path / "films")
    return tmp_path / "films"


def sentiment(*arguments, code=0, **given):
    result = CliRunner().invoke(main, [str(each) for each in arguments], **given)
    assert result.exit_code == code, result.output
    return result.output


def test_the_most_probable_class_is_predicted(model):
    assert model.classes_.tolist() == ["bad", "good", "so-so"]
    assert model.predict(["Awesome!", "dull", "fair"]).tolist() == ["good", "bad", "so-so"]
    probability = model.predict_proba(TEXTS)
    np.testing.assert_allclose(probability, softmax(model.decision_function(TEXTS), axis=1))
    assert (model.classes_[probability.argmax(axis=1)] == model.predict(TEXTS)).all()
    assert model.score(TEXTS, LABELS) > 0.9


def test_a_saved_model_comes_back_whole(model, saved):
    loaded = pipeline.load(saved)
    assert loaded.classes_.tolist() == model.classes_.tolist()
    expected = model.decision_function(TEXTS)
    assert loaded.decision_function(TEXTS).tobytes() == expected.tobytes()
    assert files.read_json(saved / "model.json")["format_version"] == 2


def test_a_model_of_two_classes_keeps_its_format(tmp_path):
    model = pipeline.SentimentClassifier().fit(["awesome", "abysmal"], ["pos", "neg"])
    model.save(tmp_path / "films")
    assert files.read_json(tmp_path / "films" / "model.json")["format_version"] == 1
    assert load_file(tmp_path / "films" / "weights.safetensors")["weights"].shape == (2,)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"classes": ["bad", "good"]}, "do not go with its format version"),
        ({"classes": ["bad", "good", "good"]}, "at least two that differ"),
        ({"classes": ["bad", "good", 3]}, "strings or two numbers"),
        ({"classes": ["bad", "fair", "good", "great"]}, r"shape \(4, \d+\)"),
        ({"format_version": 1}, "do not go with its format version"),
        ({"format_version": 3}, "without abstain do not go with its format version"),
        ({"format_version": 4}, "expected format version 3, got 4"),
        ({"threshold": 0.7}, r"threshold: expected 0\.5 where there are more than two"),
    ],
)
def test_a_model_whose_parts_do_not_fit_is_refused(saved, change, said):
    metadata = files.read_json(saved / "model.json") | change
    (saved / "model.json").write_text(json.dumps(metadata))
    with pytest.raises(RunError, match=said):
        TextClassifier.load(saved)


@pytest.mark.parametrize("shape", [(3,), (6,), (1, 3), (3, 1)])
def test_weights_of_another_shape_are_refused(saved, shape):
    weights = {"weights": np.zeros(shape), "intercept": np.zeros(3)}
    save_file(weights, saved / "weights.safetensors")
    metadata = files.read_json(saved / "model.json")
    metadata["sha256"]["weights.safetensors"] = files.sha256(saved / "weights.safetensors")
    (saved / "model.json").write_text(json.dumps(metadata))
    with pytest.raises(RunError, match="expected"):
        TextClassifier.load(saved)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["2020-01-01", "2020-01-02", "2020-01-03"], "datetime64[D]"),
        np.array([b"good", b"bad", b"so-so"]),
        np.array([1 << 63, 1, 2], np.uint64),
        np.array([1 << 99, 1, 2], object),
        ["good", "bad", "\ud800"],
    ],
    ids=["dates", "bytes", "unsigned", "beyond 64 bits", "half a pair"],
)
def test_classes_that_no_file_can_hold_are_refused_when_saved(labels, tmp_path):
    model = pipeline.SentimentClassifier(epochs=1).fit(TEXTS[::12], labels)
    with pytest.raises(RunError, match=r"^the model cannot be saved: classes: expected .* got"):
        model.save(tmp_path / "films")
    assert not list(tmp_path.iterdir())


class TestExplanation:
    def test_is_how_far_the_first_class_is_above_the_second(self, model):
        text = "A fun film, but fair and dull"
        explanation = model.explain(text).explanation
        (z,) = model.decision_function([text])
        first, second = np.sort(z)[::-1][:2]
        assert explanation.log_odds == pytest.approx(first - second, abs=1e-12)
        total = math.fsum(c.contribution for c in explanation.contributions)
        assert explanation.intercept + total == pytest.approx(explanation.log_odds, abs=1e-12)
        assert explanation.label == model.predict([text])[0]

    def test_ranks_all_classes(self, model):
        text = "fair"
        ranking = model.explain(text).explanation.ranking
        assert ranking[0][0] == "so-so"
        expected = np.sort(model.predict_proba([text])[0])[::-1]
        np.testing.assert_allclose([p for _, p in ranking], expected, rtol=1e-12)

    def test_the_pieces_sum_to_it(self, model):
        found = model.explain("Awesome, but dull, dull!")
        total = sum(piece.contribution for piece in found.pieces)
        explanation = found.explanation
        assert explanation.intercept + total == pytest.approx(explanation.log_odds, abs=1e-12)

    def test_without_the_words_that_flip_it_the_runner_up_is_ahead(self, model):
        found = model.explain("An awesome, awesome and dull film")
        assert found.flip is not None
        rest = " ".join(w for w in ["an", "awesome", "and", "dull", "film"] if w not in found.flip)
        (z,) = model.decision_function([rest])
        runner_up, label = (
            model.classes_.tolist().index(each) for each in found.explanation.classes
        )
        assert z[runner_up] >= z[label]

    def test_of_equal_scores_is_of_the_class_that_is_predicted(self):
        """Without an intercept, all classes of a text without a known word are equal."""
        other = pipeline.SentimentClassifier(epochs=5, fit_intercept=False).fit(TEXTS, LABELS)
        for text in ("", "unheard", "awesome", "abysmal", "fair"):
            explanation = other.explain(text).explanation
            assert explanation.label == other.predict([text])[0] == explanation.ranking[0][0]
            assert explanation.is_positive
            assert explanation.other_label == explanation.ranking[1][0]

    def test_words_that_leave_the_classes_equal_do_not_flip_it(self):
        other = pipeline.SentimentClassifier(epochs=5, fit_intercept=False).fit(TEXTS, LABELS)
        assert other.explain("abysmal").flip is None

    @given(st.lists(st.sampled_from(" ".join(TEXTS).split()), max_size=9))
    def test_has_the_label_of_the_prediction(self, model, words):
        text = " ".join(words)
        explanation = model.explain(text).explanation
        assert explanation.label == model.predict([text])[0]
        assert explanation.classes[1] == explanation.label

    @pytest.mark.parametrize("settings", [{"unit_length": True}, {"binary": True}, {"ngrams": 2}])
    def test_adds_up_whatever_is_counted(self, settings):
        other = pipeline.SentimentClassifier(epochs=5, **settings).fit(TEXTS, LABELS)
        for text in (*TEXTS[:12:5], "fair fair awesome", ""):
            first, second = np.sort(other.decision_function([text])[0])[::-1][:2]
            explanation = other.explain(text).explanation
            assert explanation.log_odds == pytest.approx(first - second, abs=1e-6)

    def test_in_a_notebook_escapes_the_classes(self):
        labels = np.array(LABELS, dtype=object)
        labels[labels == "so-so"] = "<b>"
        other = pipeline.SentimentClassifier(epochs=5).fit(TEXTS, labels.astype(str))
        html = other.explain("fair")._repr_html_()
        assert "<b>&lt;b&gt;</b>: probability" in html


class TestWords:
    def test_speak_for_their_class_against_the_mean_of_the_others(self, model):
        words = model.top_words(1)
        assert {label: found[0].word for label, found in words.items()} == {
            "bad": "abysmal",
            "good": "awesome",
            "so-so": "fair",
        }
        text_classifier = model.model_
        w = text_classifier.weights
        column = text_classifier.vocabulary.words.to_pylist().index("fair")
        expected = w[2, column] - (w[0, column] + w[1, column]) / 2
        assert words["so-so"][0].weight == pytest.approx(expected)

    def test_do_not_change_if_all_weights_of_a_word_rise_alike(self, model):
        before = against_others(model.model_)
        model.model_.regression.coef_ += 1.0
        after = against_others(model.model_)
        model.model_.regression.coef_ -= 1.0
        np.testing.assert_allclose(after, before, atol=1e-12)

    def test_of_two_classes_are_the_weight_and_its_negative(self):
        two = pipeline.SentimentClassifier(epochs=5).fit(TEXTS[:24], LABELS[:24]).model_
        np.testing.assert_array_equal(against_others(two), [-two.weights, two.weights])
        negative, positive = class_words(two, 1).values()
        assert (negative[0].word, positive[0].word) == ("abysmal", "awesome")


class TestChoices:
    def test_a_temperature_lowers_the_loss_and_changes_no_prediction(self):
        draw, texts, labels = np.random.default_rng(0), TEXTS * 10, LABELS * 10
        labels = np.where(draw.random(360) < 0.3, draw.permutation(labels), labels)
        settings = {"epochs": 30, "l2": 0.0}
        plain = pipeline.SentimentClassifier(**settings, calibrate=False).fit(texts, labels)
        calibrated = pipeline.SentimentClassifier(**settings).fit(texts, labels)
        assert plain.predict(TEXTS).tolist() == calibrated.predict(TEXTS).tolist()
        ratio = plain.decision_function(TEXTS) / calibrated.decision_function(TEXTS)
        temperature = ratio[0, 0]
        np.testing.assert_allclose(ratio, temperature, rtol=1e-9)
        assert temperature > 1

    def test_a_threshold_is_refused(self):
        with pytest.raises(ValueError, match=r"^threshold: expected none .* 3 classes, got 0\.7"):
            pipeline.SentimentClassifier(threshold=0.7).fit(TEXTS, LABELS)

    def test_a_goal_is_refused(self):
        model = pipeline.SentimentClassifier(threshold={"best": "f1"}, validation=0.25)
        with pytest.raises(ConfigError, match="expected no goal where there are 3 classes"):
            model.fit(TEXTS, LABELS)

    def test_a_goal_is_refused_before_the_model_learns_and_what_it_was_stays(self, monkeypatch):
        model = pipeline.SentimentClassifier(epochs=5).fit(TEXTS[:24], LABELS[:24])
        model.set_params(threshold={"best": "f1"}, validation=0.25)
        monkeypatch.setattr(pipeline.SGDLogisticRegression, "fit", None)
        with pytest.raises(ConfigError, match="expected no goal"):
            model.fit(TEXTS, LABELS)
        assert model.predict(["awesome", "abysmal"]).tolist() == ["good", "bad"]
        assert model.classes_.tolist() == ["bad", "good"]

    def test_labels_in_a_column_are_those_in_a_row(self):
        settings = {"epochs": 5, "validation": 0.25, "calibrate": True}
        row = pipeline.SentimentClassifier(**settings).fit(TEXTS, LABELS)
        with pytest.warns(UserWarning, match="column-vector y"):
            column = pipeline.SentimentClassifier(**settings).fit(TEXTS, np.array(LABELS)[:, None])
        np.testing.assert_array_equal(column.decision_function(TEXTS), row.decision_function(TEXTS))


class TestCommands:
    def test_predict_prints_the_label_and_its_probability(self, model, saved):
        lines = sentiment("predict", saved, input="Awesome!\nfair\n").splitlines()
        probability = model.predict_proba(["Awesome!", "fair"]).max(axis=1)
        expected = zip(["good", "so-so"], probability, strict=True)
        assert lines == [f"{label}\t{p:.6f}" for label, p in expected]

    def test_predict_writes_json(self, model, saved):
        (line,) = sentiment("predict", saved, "--json", input="fair\n").splitlines()
        found = json.loads(line)
        assert found["label"] == "so-so"
        assert found["probability"] == pytest.approx(model.predict_proba(["fair"]).max())

    def test_predict_writes_files(self, model, saved, tmp_path):
        from pyarrow import parquet

        (tmp_path / "reviews.csv").write_text("text\nfair\nAwesome!\n")
        sentiment("predict", saved, tmp_path / "reviews.csv", "--out", tmp_path / "out")
        table = parquet.read_table(tmp_path / "out" / "reviews.parquet")
        assert table["predicted"].to_pylist() == ["so-so", "good"]
        expected = model.predict_proba(["fair", "Awesome!"]).max(axis=1)
        assert table["probability"].to_pylist() == expected.tolist()

    def test_explain_names_the_runner_up(self, saved):
        shown = sentiment("explain", saved, "fair")
        assert "so-so above" in shown
        assert "so-so: probability 0." in shown

    def test_explain_keeps_the_name_of_a_class_on_its_line(self, tmp_path):
        names = {"good": "go\n\tod", "bad": "b\nad", "so-so": "so\x1b"}
        other = pipeline.SentimentClassifier(epochs=20).fit(TEXTS, [names[each] for each in LABELS])
        other.save(tmp_path / "films")
        shown = sentiment("explain", tmp_path / "films", "Awesome").splitlines()
        label, flip = shown[-2:]
        assert label.startswith(r"go\n\tod: probability 0.")
        assert r"b\nad 0." in label
        assert flip.startswith("without awesome")

    def test_explain_names_the_most_probable_of_many_classes(self, tmp_path):
        labels = [f"class {k}" for k in range(36)]
        other = pipeline.SentimentClassifier(epochs=5).fit(TEXTS, labels)
        other.save(tmp_path / "films")
        ranking = other.explain("fair").explanation.ranking
        said = sentiment("explain", tmp_path / "films", "fair").split("probability ")[1]
        assert [f"{label} {p:.3f}" for label, p in ranking[1:6]] == said.split("; ")[1].split(", ")[
            :5
        ]
        assert f"30 others {sum(p for _, p in ranking[6:]):.3f}" in said

    def test_weights_lists_the_words_of_each_class(self, saved):
        shown = sentiment("weights", saved, "--top", "1")
        assert [line for line in shown.splitlines() if "for " in line]
        found = json.loads(sentiment("weights", saved, "--top", "1", "--json"))
        assert {label: words[0]["word"] for label, words in found.items()} == {
            "bad": "abysmal",
            "good": "awesome",
            "so-so": "fair",
        }

    def test_weights_has_a_column_for_each_class(self, model, saved):
        head, *rows = sentiment("weights", saved, "--tsv").splitlines()
        weights = ["weight_bad", "weight_good", "weight_so-so"]
        assert head.split("\t") == ["word", "document_frequency", *weights]
        assert len(rows) == len(model.model_.vocabulary)

    @pytest.mark.parametrize("raw", [(), ("--raw",)])
    def test_a_class_named_as_a_column_or_a_formula_takes_no_column(self, tmp_path, raw):
        names = {"good": "word", "bad": "document_frequency", "so-so": "=1\t\n\x1b"}
        other = pipeline.SentimentClassifier(epochs=1).fit(TEXTS, [names[each] for each in LABELS])
        other.save(tmp_path / "films")
        head, *rows = sentiment("weights", tmp_path / "films", "--tsv", *raw).splitlines()
        assert head.split("\t") == [
            *("word", "document_frequency", r"weight_=1\t\n\x1b"),
            *("weight_document_frequency", "weight_word"),
        ]
        words = other.model_.vocabulary.words.to_pylist()
        assert [row.split("\t")[0] for row in rows] == words

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("predict", "--threshold", "0.7"), "--threshold: expected a model of two classes"),
        ],
    )
    def test_what_is_defined_for_two_classes_is_refused_in_one_line(self, saved, arguments, said):
        command, *rest = arguments
        assert sentiment(command, saved, *rest, code=2, input="").startswith(f"sentiment: {said}")
