"""Models that abstain: from the config to the saved bound, the metrics and `predict --unsure`."""

import json
import re
import shutil

import numpy as np
import pytest
from pyarrow import parquet
from reference import reviews
from small_corpus import small_reviews, write_jsonl

from pipeline import SentimentClassifier, load
from pipeline.config.checking import checked
from pipeline.config.model import TrainSection
from pipeline.evaluation.abstaining import AbstainingScores, abstaining
from pipeline.model.confidence import confidences
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.deciding import decide
from pipeline.stages.from_config import regression_of
from pipeline.training.abstaining import choose_bound
from pipeline.training.folds import LearnedReviews
from pipeline.training.held_out import FEWEST

GOAL = "train.abstain={ min_accuracy = 0.9 }"
NEUTRAL = ["fair", "average", "so-so", "middling"]


def trained(sentiment, folder, rows, more):
    """Write a corpus of texts and labels, and return its run and what is printed of it."""
    np.random.default_rng(0).shuffle(rows)
    for name, part in (("train", rows[:-60]), ("test", rows[-60:])):
        write_jsonl(folder / f"{name}.jsonl", *zip(*part, strict=True))
    config = folder / "config.toml"
    config.write_text(
        f'[corpus]\nsource = "files"\ntrain = "{folder}/train.jsonl"\n'
        f'test = "{folder}/test.jsonl"\n{more}'
    )
    shown = [sentiment(command, config, "--run", folder / "run") for command in ("train", "eval")]
    assert [result.exit_code for result in shown] == [0, 0], shown[0].output
    return folder / "run", *(result.stdout for result in shown)


@pytest.fixture(scope="module")
def two(sentiment, tmp_path_factory):
    """A run of two classes that abstains, and what `train` and `eval` print of it."""
    texts, labels = small_reviews()
    wrong = np.random.default_rng(1).random(len(labels)) < 0.15
    rows = [
        (text, int(label != flip)) for text, label, flip in zip(texts, labels, wrong, strict=True)
    ]
    more = "[train]\nvalidation = 0.4\nthreshold = { min_recall = 0.8 }\n"
    folder = tmp_path_factory.mktemp("two")
    return trained(sentiment, folder, rows, more + "abstain = { min_accuracy = 0.9 }\n")


@pytest.fixture(scope="module")
def three(sentiment, tmp_path_factory):
    """A run of three classes that abstains, and what `train` and `eval` print of it."""
    texts, labels = small_reviews()
    draw = np.random.default_rng(0)
    rows = [(text, ["bad", "good"][label]) for text, label in zip(texts, labels, strict=True)]
    rows += [(f"{' '.join(draw.choice(NEUTRAL, 2))} {text}", "fair") for text in texts[::3]]
    more = 'classes = "found"\n[train]\nvalidation = 0.3\nabstain = { max_unsure = 0.25 }\n'
    return trained(sentiment, tmp_path_factory.mktemp("three"), rows, more)


def metrics_of(run):
    return json.loads((run / "eval" / "metrics.json").read_text())["test"]


def scored_test_set(run):
    """Return the true labels, the predictions and the confidences of the test set."""
    table = parquet.read_table(run / "eval" / "predictions.parquet")
    name = "scores" if "scores" in table.column_names else "log_odds"
    scores = np.array(table[name].to_pylist())
    threshold = TextClassifier.load(run).regression.threshold
    y, predicted = (table[name].to_numpy() for name in ("label", "predicted"))
    return y, predicted, confidences(scores, threshold)


@pytest.mark.parametrize("kind", ["two", "three"])
def test_the_metrics_are_those_of_the_predictions_above_the_saved_bound(kind, request):
    run, _, shown = request.getfixturevalue(kind)
    bound = TextClassifier.load(run).abstain
    y, predicted, confidence = scored_test_set(run)
    found, decided = metrics_of(run)["abstain"], confidence >= bound
    assert 0 < found["n_unsure"] < len(y)
    assert (found["bound"], found["n"], found["n_unsure"]) == (bound, len(y), (~decided).sum())
    assert found["coverage"] == pytest.approx(decided.mean())
    assert found["accuracy"] == pytest.approx((y == predicted)[decided].mean())
    assert found["accuracy_low"] < found["accuracy"] <= found["accuracy_high"]
    assert f"unsure below a confidence of {bound:.4f}: {found['n_unsure']} of 60 reviews" in shown
    assert f"{found['accuracy']:.2%}" in shown


def test_training_shows_what_the_goal_costs(two, three):
    for (run, shown, _), goal in ((two, "accuracy >= 0.9"), (three, "unsure <= 0.25")):
        chosen = json.loads((run / "model" / "decision.json").read_text())["abstain"]
        found = chosen["validation"]
        assert chosen["goal"] == goal
        assert f"chosen for {goal}: {found['n_unsure']} of {found['n']} validation" in shown
        if "accuracy" in goal:
            assert found["accuracy"] >= 0.9
        else:
            assert found["n_unsure"] <= 0.25 * found["n"]


def test_a_model_that_abstains_predicts_the_same_and_has_a_format_of_its_own(
    small_run, sentiment, tmp_path
):
    """Nothing else of the saved model changes."""
    shown = sentiment("train", small_run.config, "--run", tmp_path / "run", "--set", GOAL, "-q")
    assert shown.exit_code == 0, shown.output
    plain, other = (
        json.loads((run / "model" / "model.json").read_text())
        for run in (small_run.path, tmp_path / "run")
    )
    assert (plain["format_version"], other["format_version"]) == (1, 3)
    assert "abstain" not in plain
    assert plain == {k: v for k, v in other.items() if k != "abstain"} | {"format_version": 1}


def test_without_the_setting_there_is_nothing_of_it(small_run, sentiment):
    assert "abstain" not in metrics_of(small_run.path)
    shown = sentiment("eval", small_run.config, "--run", small_run.path).stdout
    assert "unsure" not in shown


def test_a_number_is_the_bound_and_needs_no_validation_set(small_run, sentiment, tmp_path):
    settings = ("--set", "train.abstain=0.75", "--set", "train.validation=0.0")
    settings += ("--set", "train.calibrate=false")
    shown = sentiment("train", small_run.config, "--run", tmp_path / "run", *settings)
    assert shown.exit_code == 0, shown.output
    assert TextClassifier.load(tmp_path / "run").abstain == 0.75
    assert not (tmp_path / "run" / "model" / "decision.json").exists()


def test_where_all_predictions_reach_the_goal_none_is_unsure(small_run, sentiment, tmp_path):
    run, settings = tmp_path / "run", ("--set", "train.abstain={ min_accuracy = 0.1 }")
    shown = sentiment("train", small_run.config, "--run", run, *settings).stdout
    assert "no prediction is unsure, chosen for accuracy >= 0.1: 0 of" in shown
    assert TextClassifier.load(run).abstain == 0
    answer = sentiment("predict", run, "--unsure", input="superb\nzzz\n")
    assert "unsure" not in answer.stdout
    assert "0 of 2 texts are unsure\n" in answer.stderr


def test_few_validation_reviews_are_told_to_show_little(small_run, sentiment, tmp_path):
    settings = ("--set", "train.abstain={ min_accuracy = 0.97 }")
    shown = sentiment("train", small_run.config, "--run", tmp_path / "run", *settings)
    assert "too few to show an accuracy >= 0.97 even if all were right" in shown.output


class TestRefused:
    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("{ min_acuracy = 0.9 }", "train.abstain.min_acuracy: unknown key; did you mean min_"),
            ("{ min_accuracy = 0.0 }", "train.abstain.min_accuracy: expected a number above 0, up"),
            ("{ max_unsure = 1.0 }", "train.abstain.max_unsure: expected a number"),
            ("{ min_accuracy = 0.9, max_unsure = 0.1 }", "train.abstain: expected one of"),
            ("{}", "train.abstain: expected one of min_accuracy and max_unsure"),
            ('"always"', "train.abstain: expected a number between 0 and 1, or a goal such as"),
            ("1.0", "train.abstain: expected a number between 0 and 1, or a goal such as"),
            ("nan", "train.abstain: expected a finite number between 0 and 1, or a goal such"),
        ],
    )
    def test_a_value_that_makes_no_sense(self, small_run, sentiment, tmp_path, value, said):
        options = ("--run", tmp_path / "run", "--set", f"train.abstain={value}")
        result = sentiment("train", small_run.config, *options)
        assert result.exit_code == 2
        assert said in result.stderr

    def test_a_goal_without_a_validation_set(self, small_run, sentiment, tmp_path):
        options = ("--set", GOAL, "--set", "train.validation=0.0")
        result = sentiment("train", small_run.config, "--run", tmp_path / "run", *options)
        assert result.exit_code == 2
        assert "train.abstain: expected a validation set with it, such as" in result.stderr

    def test_an_accuracy_that_no_bound_reaches(self, sentiment, tmp_path):
        """Labels by chance, and one text for all."""
        labels = [0, 1] * 40
        for name in ("train", "test"):
            write_jsonl(tmp_path / f"{name}.jsonl", ["a film"] * 80, labels)
        config = tmp_path / "chance.toml"
        config.write_text(
            f'[corpus]\nsource = "files"\ntrain = "{tmp_path}/train.jsonl"\n'
            f'test = "{tmp_path}/test.jsonl"\n[train]\nvalidation = 0.5\n'
            "abstain = { min_accuracy = 0.95 }\n"
        )
        result = sentiment("train", config, "--run", tmp_path / "run")
        assert result.exit_code == 2
        said = "train.abstain: no confidence bound reaches accuracy >= 0.95 on the 40 validation"
        assert said in result.stderr


def texts_of(run):
    """Return texts of which a model is sure and unsure, one of them without a known word."""
    lines = (run.parent / "test.jsonl").read_text().splitlines()
    return [*(json.loads(line)["text"] for line in lines[:20]), "zzz"]


class TestPredict:
    @pytest.mark.parametrize("kind", ["two", "three"])
    def test_unsure_stands_in_place_of_the_label_below_the_bound(self, kind, request, sentiment):
        run = request.getfixturevalue(kind)[0]
        model, texts = load(run), texts_of(run)
        expected = np.where(model.unsure(texts), "unsure", model.predict(texts)).tolist()
        n = expected.count("unsure")
        assert 1 < n < 21
        plain = sentiment("predict", run, input="\n".join(texts))
        result = sentiment("predict", run, "--unsure", input="\n".join(texts))
        labels, probabilities = zip(
            *(line.split("\t") for line in result.stdout.splitlines()), strict=True
        )
        assert list(labels) == expected
        assert list(probabilities) == [x.split("\t")[1] for x in plain.stdout.splitlines()]
        below = f"their confidence is below {model.model_.abstain:.4g}"
        assert f"sentiment: {n} of 21 texts are unsure: {below}\n" in result.stderr
        assert "unsure" not in plain.output

    def test_json_has_null(self, two, sentiment):
        model, texts = load(two[0]), texts_of(two[0])
        result = sentiment("predict", two[0], "--unsure", "--json", "-q", input="\n".join(texts))
        labels = [json.loads(line)["label"] for line in result.stdout.splitlines()]
        expected = np.where(model.unsure(texts), None, model.predict(texts))
        assert labels == expected.tolist()
        assert {type(label) for label in labels} == {str, type(None)}
        assert "unsure" not in result.stderr

    def test_parquet_has_null(self, three, sentiment, tmp_path):
        model, texts = load(three[0]), texts_of(three[0])
        (tmp_path / "texts.txt").write_text("\n".join(texts))
        options = ("--out", tmp_path / "out", "--unsure")
        result = sentiment("predict", three[0], tmp_path / "texts.txt", *options)
        table = parquet.read_table(tmp_path / "out" / "texts.parquet")
        expected = np.where(model.unsure(texts), None, model.predict(texts)).tolist()
        assert table["predicted"].to_pylist() == expected
        assert table["probability"].null_count == 0
        assert f"{expected.count(None)} of 21 texts" in result.stderr

    def test_a_model_that_never_abstains_is_refused_with_the_key(self, small_run, sentiment):
        result = sentiment("predict", small_run.path, "--unsure", input="superb\n")
        assert result.exit_code == 2
        assert "set train.abstain = { min_accuracy = 0.95 } in its config" in result.stderr

    def test_another_threshold_is_refused(self, two, sentiment):
        options = ("--unsure", "--threshold", "0.3")
        result = sentiment("predict", two[0], *options, input="superb\n")
        assert result.exit_code == 2
        assert "use it without --threshold" in result.stderr

    def test_the_most_probable_classes_leave_no_place_for_it_in_lines(self, three, sentiment):
        options = ("--unsure", "--top", "2")
        result = sentiment("predict", three[0], *options, input="superb\n")
        assert result.exit_code == 2
        assert "use --json or --out" in result.stderr
        result = sentiment("predict", three[0], *options, "--json", input="zzz\n")
        assert len(json.loads(result.stdout)["top"]) == 2

    def test_a_class_of_that_name_is_not_confused_with_it(self, two, sentiment, tmp_path):
        shutil.copytree(two[0] / "model", tmp_path / "model")
        file = tmp_path / "model" / "model.json"
        file.write_text(
            json.dumps(json.loads(file.read_text()) | {"classes": ["unsure", "positive"]})
        )
        result = sentiment("predict", tmp_path / "model", "--unsure", input="superb\n")
        assert result.exit_code == 2
        assert "a class of the model has that name too; use --json or --out" in result.stderr
        texts = texts_of(two[0])
        options = ("--unsure", "--json")
        result = sentiment("predict", tmp_path / "model", *options, input="\n".join(texts))
        labels = [json.loads(line)["label"] for line in result.stdout.splitlines()]
        assert {None, "unsure"} < set(labels)


@pytest.mark.parametrize("kind", ["two", "three"])
def test_a_score_on_other_reviews_has_what_abstaining_leaves(kind, request, sentiment):
    """On the test set it is what `eval` found."""
    run = request.getfixturevalue(kind)[0]
    words = () if kind == "three" else ("--positive", "1", "--negative", "0")
    found = sentiment("score", run, run.parent / "test.jsonl", *words, "--json")
    metrics = json.loads(found.stdout)["metrics"]
    assert metrics["abstain"] == pytest.approx(metrics_of(run)["abstain"])
    shown = sentiment("score", run, run.parent / "test.jsonl", *words).stdout
    assert f"{metrics['abstain']['n_unsure']} of 60 reviews" in shown


def test_weights_groups_and_a_temperature_count_in_the_choice():
    """The interval is that of the groups, at the bound that was chosen with the weights."""
    X, y = reviews(2 * FEWEST, noise=0.3)
    generator = np.random.default_rng(0)
    weights = generator.integers(1, 5, len(y)).astype(np.float64)
    groups = np.arange(len(y)) // 3
    section = checked({"validation": 0.52, "abstain": {"min_accuracy": 0.8}}, TrainSection)
    model = regression_of(section, ("negative", "positive")).fit(X, y, weights, groups=groups)
    decided = decide(section, model, LearnedReviews(X, y, weights, groups))
    rows = model.in_validation_
    z = model.decision_function(X[rows])
    choice = choose_bound(y[rows], z, 0.5, ("min_accuracy", 0.8), weights[rows])
    assert decided.bound == choice.bound
    assert decided.outcome["temperature"] != 1
    expected = abstaining(y[rows], AbstainingScores(z, 0.5, choice.bound, groups[rows]))
    assert decided.outcome["abstain"]["validation"] == expected.to_dict()
    assert decided.bound != choose_bound(y[rows], z, 0.5, ("min_accuracy", 0.8)).bound


@pytest.fixture(scope="module", params=["two", "three"])
def reported(request, sentiment):
    """A run with its report, and the figures that the page and the files are drawn from."""
    run = request.getfixturevalue(request.param)[0]
    shown = sentiment("report", run.parent / "config.toml", "--run", run, "-q")
    assert shown.exit_code == 0, shown.output
    y, predicted, confidence = scored_test_set(run)
    return run, (y == predicted), confidence


class TestReport:
    def test_the_page_has_the_curve_and_what_a_few_coverages_give(self, reported):
        run, right, confidence = reported
        order = np.argsort(-confidence, kind="stable")
        shares = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
        page = (run / "report" / "index.html").read_text()
        assert 'id="figure-risk_coverage">Risk and coverage<' in page
        assert f"If all are decided it is {1 - right.mean():.2%}." in page
        table = page.partition("<h3>If the model abstains</h3>")[2].partition("</table>")[0]
        rows = re.findall(r'<th scope="row">([\d.]+%)</th><td>([\d.]+%)</td>', table)
        n = len(right)
        last = [
            k for k in range(n) if k == n - 1 or confidence[order[k]] > confidence[order[k + 1]]
        ]
        expected = {
            min(k for k in last if k + 1 >= share * n): None
            for share in (1, 0.9, 0.8, 0.7, 0.6, 0.5)
        }
        assert rows == [(f"{(k + 1) / n:.2%}", f"{shares[k]:.2%}") for k in expected]
        for kind in ("svg", "png"):
            assert (run / "report" / "figures" / f"risk_coverage.{kind}").exists()

    def test_the_page_and_the_summary_say_what_the_bound_gives(self, reported):
        run, *_ = reported
        found = metrics_of(run)["abstain"]
        said = f"Unsure of {found['n_unsure']} of 60 test reviews (confidence below"
        summary = (run / "report" / "summary.md").read_text()
        assert said in summary.replace("\\", "")
        page = (run / "report" / "index.html").read_text()
        assert said in page
        assert "This model never abstains" not in page
        assert f"The bound of the model has a coverage of {found['coverage']:.2%}" in page

    def test_a_model_that_never_abstains_says_so(self, small_run):
        page = (small_run.path / "report" / "index.html").read_text()
        assert "This model never abstains; <code>train.abstain</code> sets when." in page
        assert "Unsure of" not in (small_run.path / "report" / "summary.md").read_text()


class TestPython:
    TEXTS = ["an awesome film", "awesome joy", "an abysmal film", "abysmal bore"] * 10
    LABELS = ["good", "good", "bad", "bad"] * 10

    def test_a_goal_chooses_the_bound_and_a_saved_model_keeps_it(self, tmp_path):
        model = SentimentClassifier(abstain={"max_unsure": 0.5}, validation=0.5)
        model.fit(self.TEXTS, self.LABELS)
        texts = ["awesome", "zzz", "abysmal"]
        model.save(tmp_path / "model")
        loaded = load(tmp_path / "model")
        assert loaded.get_params()["abstain"] == model.model_.abstain
        assert loaded.unsure(texts).tolist() == model.unsure(texts).tolist()
        assert loaded.predict(texts).tolist() == model.predict(texts).tolist()

    def test_a_number_is_the_bound(self):
        model = SentimentClassifier(abstain=0.6).fit(self.TEXTS, self.LABELS)
        assert model.unsure(["awesome", "zzz"]).tolist() == [False, True]
        assert model.predict(["zzz"])[0] in ("good", "bad")

    def test_a_model_that_never_abstains_is_unsure_of_nothing(self):
        model = SentimentClassifier().fit(self.TEXTS, self.LABELS)
        assert not model.unsure(["zzz"]).any()

    def test_a_goal_needs_a_validation_set(self):
        with pytest.raises(ValueError, match="expected validation > 0"):
            SentimentClassifier(abstain={"min_accuracy": 0.9}).fit(self.TEXTS, self.LABELS)
