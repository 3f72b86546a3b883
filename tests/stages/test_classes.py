"""Configs of more than two classes: from files to metrics, and what says so where it is missing."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner
from pyarrow import parquet

import pipeline
from pipeline.cli import main
from pipeline.config.loading import load_config
from pipeline.config.model import TrainSection
from pipeline.evaluation.classes import ClassScores, evaluate_classes
from pipeline.model.softmax import cross_entropy
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.from_config import regression_of
from pipeline.stages.read_run import read_labels
from pipeline.storage import files
from pipeline.storage.counts import read_counts
from pipeline.storage.run import Run
from pipeline.training import held_out as held_out_module

WORDS = {
    "1": ["abysmal", "dull", "awful", "waste"],
    "2": ["weak", "slow", "thin"],
    "3": ["fair", "average", "long"],
    "4": ["good", "fun", "moving"],
    "5": ["awesome", "superb", "wonderful"],
}


def rows(n, seed):
    draw = np.random.default_rng(seed)
    for k in range(n):
        stars = str(1 + k % 5)
        words = [*draw.choice(WORDS[stars], 2), *draw.choice(["a", "film", "the", "plot"], 3)]
        if draw.random() < 0.3:
            words.append(str(draw.choice(WORDS[str(draw.integers(1, 6))])))
        if draw.random() < 0.2:  # a word more of another class, that decides
            words += [str(draw.choice(WORDS[str(draw.integers(1, 6))]))] * 3
        yield {"text": f"{' '.join(words)} {k % 30}", "stars": stars}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Reviews with stars, split into a training and a test set."""
    folder = tmp_path_factory.mktemp("stars")
    for name, n, seed in (("train", 300, 0), ("test", 100, 1)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, ["text", "stars"])
            writer.writeheader()
            writer.writerows(rows(n, seed))
    return folder


def config(folder, classes, more=""):
    path = folder / "stars.toml"
    path.write_text(
        f'[corpus]\nsource = "files"\ntrain = "{folder}/train.csv"\ntest = "{folder}/test.csv"\n'
        f'label = "stars"\n{classes}\n{more}'
    )
    return path


def sentiment(*arguments, code=0):
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result.output


NAMES = ["negative", "neutral", "positive"]
THREE = "classes = { negative = [1, 2], neutral = 3, positive = [4, 5] }"


@pytest.fixture(scope="module")
def run(folder):
    path = folder / "run"
    sentiment("eval", config(folder, THREE), "--run", path, "-q")
    return path


def test_the_metrics_are_those_of_the_predictions(run):
    table = parquet.read_table(run / "eval" / "predictions.parquet")
    labels = table["label"].to_numpy()
    scores = np.array(table["scores"].to_pylist())
    metrics = files.read_json(run / "eval" / "metrics.json")["test"]
    expected = evaluate_classes(labels, ClassScores(scores, NAMES)).to_dict()
    assert metrics == json.loads(json.dumps(expected))
    assert 0.6 < metrics["accuracy"] < 1
    assert (table["predicted"].to_numpy() == scores.argmax(axis=1)).all()
    sums = np.array(table["probabilities"].to_pylist()).sum(axis=1)
    np.testing.assert_allclose(sums, 1)


def test_the_card_counts_each_class(run):
    card = files.read_json(run / "corpus" / "card.json")
    assert card["classes"] == ["negative", "neutral", "positive"]
    assert card["train"]["n_of_class"] == {"negative": 120, "neutral": 60, "positive": 120}
    assert "n_positive" not in card["train"]


def test_the_model_is_that_of_the_python_api(run, folder):
    with (folder / "train.csv").open() as file:
        found = list(csv.DictReader(file))
    names = {"1": "negative", "2": "negative", "3": "neutral", "4": "positive", "5": "positive"}
    labels = [names[row["stars"]] for row in found]
    model = pipeline.SentimentClassifier().fit([row["text"] for row in found], labels)
    ours = TextClassifier.load(run)
    assert ours.classes == ("negative", "neutral", "positive")
    assert ours.regression.coef_.tobytes() == model.model_.regression.coef_.tobytes()


@pytest.mark.parametrize(
    ("in_config", "in_python"),
    [
        ("{ neutral = 3, negative = 0.5 }", {"neutral": 3.0, "negative": 0.5}),
        ('"balanced"', "balanced"),
    ],
)
def test_costs_of_classes_are_those_of_the_python_api(folder, tmp_path, in_config, in_python):
    path = config(folder, THREE, f"[train]\nclass_weight = {in_config}\n")
    sentiment("train", path, "--run", tmp_path / "run", "-q")
    with (folder / "train.csv").open() as file:
        found = list(csv.DictReader(file))
    names = {"1": "negative", "2": "negative", "3": "neutral", "4": "positive", "5": "positive"}
    texts, labels = [row["text"] for row in found], [names[row["stars"]] for row in found]
    model = pipeline.SentimentClassifier(class_weight=in_python).fit(texts, labels)
    ours = TextClassifier.load(tmp_path / "run")
    assert ours.regression.coef_.tobytes() == model.model_.regression.coef_.tobytes()


def test_a_class_whose_mistakes_cost_more_is_predicted_more(folder, tmp_path):
    found = []
    for cost in (0.2, 1, 20):
        path = config(folder, 'classes = "found"', f"[train]\nclass_weight = {{ 3 = {cost} }}\n")
        sentiment("eval", path, "--run", tmp_path / f"{cost}", "-q")
        table = parquet.read_table(tmp_path / f"{cost}" / "eval" / "predictions.parquet")
        found.append((table["predicted"].to_numpy() == 2).sum())
    assert found[0] < found[1] < found[2]


def test_a_temperature_of_three_classes_is_fitted_to_the_validation_set(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(held_out_module, "FEWEST", 10)
    settings = "[train]\nl2 = 0\nlearning_rate = 1.0\nepochs = 30\nvalidation = 0.3\n"
    runs = []
    for name, calibrate in (("plain", "calibrate = false\n"), ("calibrated", "")):
        sentiment("eval", config(folder, THREE, settings + calibrate), "--run", tmp_path / name)
        runs.append(tmp_path / name)
    plain, calibrated = (TextClassifier.load(run).regression for run in runs)
    temperature = files.read_json(runs[1] / "model" / "decision.json")["temperature"]
    assert temperature > 1.5  # without a penalty, such steps make it far too certain
    np.testing.assert_allclose(plain.coef_, temperature * calibrated.coef_, rtol=1e-12)
    np.testing.assert_allclose(plain.intercept_, temperature * calibrated.intercept_, rtol=1e-12)

    counts = read_counts(runs[0] / "features" / "train.safetensors")
    labels = read_labels(Run(runs[0]), "train")
    learner = regression_of(TrainSection(validation=0.3), NAMES)
    learner.classes_ = np.arange(3)
    held_out = learner.draw_validation(labels)
    z = plain.decision_function(counts[held_out])

    def goal(t):
        return cross_entropy(z / t, labels[held_out]).mean() + (1 / t + np.log(t)) / len(z)

    assert goal(temperature) <= min(goal(0.99 * temperature), goal(1.01 * temperature))

    before, after = (files.read_json(run / "eval" / "metrics.json")["test"] for run in runs)
    assert after["confusion"] == before["confusion"]
    assert after["log_loss"] < before["log_loss"]
    assert after["ece"] < before["ece"]


def test_labels_that_are_found_are_the_classes_in_their_order(folder, tmp_path):
    shown = sentiment("eval", config(folder, 'classes = "found"'), "--run", tmp_path / "run")
    metrics = files.read_json(tmp_path / "run" / "eval" / "metrics.json")["test"]
    assert metrics["classes"] == ["1", "2", "3", "4", "5"]
    assert 0 <= metrics["ratings"]["mean_absolute_error"] < 0.6
    assert "quadratic-weighted kappa" in shown
    assert "20.0% 1, 20.0% 2" in shown


def test_two_classes_in_a_table_are_those_of_the_short_form(folder, tmp_path):
    short = "positive = [4, 5]\nnegative = [1, 2]\nignore = 3"
    table = "classes = { negative = [1, 2], positive = [4, 5] }\nignore = 3"
    found = []
    for name, classes in (("short", short), ("table", table)):
        sentiment("eval", config(folder, classes), "--run", tmp_path / name, "-q")
        outputs = ("model/weights.safetensors", "model/model.json", "eval/metrics.json")
        found.append([(tmp_path / name / output).read_bytes() for output in outputs])
    assert found[0] == found[1]


def test_a_test_set_is_drawn_from_each_class(folder, tmp_path):
    path = config(folder, 'classes = "found"\ntest_fraction = 0.1')
    path.write_text(path.read_text().replace(f'test = "{folder}/test.csv"\n', ""))
    sentiment("corpus", path, "--run", tmp_path / "run", "-q")
    card = files.read_json(tmp_path / "run" / "corpus" / "card.json")
    assert card["test"]["n_of_class"] == dict.fromkeys("12345", 6)


def test_folders_are_classes(tmp_path):
    for name in ("bad", "fair", "good"):
        for k in range(4):
            file = tmp_path / "train" / name / f"{k}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{name} film {k}")
    head = f'[corpus]\nsource = "files"\ntrain = "{tmp_path}/train"\ntest_fraction = 0.5\n'
    for number, classes in enumerate(('"found"', "{ good = [], bad = 1, fair = 2 }")):
        path = tmp_path / f"{number}.toml"
        path.write_text(head + f"classes = {classes.replace('[]', '5')}\n")
        sentiment("corpus", path, "--run", tmp_path / f"run{number}", "-q")
        card = files.read_json(tmp_path / f"run{number}" / "corpus" / "card.json")
        assert set(card["train"]["n_of_class"].values()) == {2}


def test_fasttext_lines_may_have_more_labels(tmp_path):
    lines = [
        f"__label__{name} {name} film {k}" for name in ("bad", "fair", "good") for k in range(4)
    ]
    (tmp_path / "train.txt").write_text("\n".join(lines) + "\n")
    path = tmp_path / "c.toml"
    path.write_text(
        f'[corpus]\nsource = "files"\ntrain = "{tmp_path}/train.txt"\nformat = "fasttext"\n'
        'classes = "found"\ntest_fraction = 0.5\n'
    )
    sentiment("train", path, "--run", tmp_path / "run", "-q")
    assert TextClassifier.load(tmp_path / "run").classes == ("bad", "fair", "good")


class TestShown:
    def test_training_shows_the_words_of_each_class(self, run, folder):
        shown = sentiment("train", config(folder, THREE), "--run", run)
        assert "for neutral" in shown
        assert "average" in shown

    def test_evaluation_shows_each_class_and_the_confusion(self, run, folder):
        shown = sentiment("eval", config(folder, THREE), "--run", run)
        assert "true class, and predicted:" in shown
        assert "macro" in shown
        assert "kappa" not in shown

    def test_the_corpus_shows_each_class(self, run, folder):
        shown = sentiment("corpus", config(folder, THREE), "--run", run)
        (line,) = (line for line in shown.splitlines() if line.split()[:1] == ["neutral"])
        assert line.split() == ["neutral", "60", "20"]

    def test_the_most_wrong_review_has_the_least_probable_true_class(self, run):
        table = parquet.read_table(run / "eval" / "predictions.parquet")
        labels = table["label"].to_numpy()
        probability = np.array(table["probabilities"].to_pylist())
        wrong = labels != table["predicted"].to_numpy()
        of_truth = np.where(wrong, probability[np.arange(len(labels)), labels], 2)
        shown = sentiment("explain", run, "--worst", "1")
        assert shown.startswith(f"test review {of_truth.argmin()}, true label ")


class TestRefused:
    @pytest.mark.parametrize(
        ("classes", "more", "said"),
        [
            (THREE, "[train]\nthreshold = 0.7", "train.threshold: expected none where there are 3"),
            (
                THREE,
                "[train]\nvalidation = 0.1\nthreshold = { best = 'f1' }",
                "train.threshold: expected none where there are 3",
            ),
            (
                THREE,
                "[train]\nclass_weight = { fair = 2.0 }",
                "train.class_weight.fair: unknown class; accepted: negative, neutral, positive",
            ),
            (
                'classes = "found"',
                "[train]\nclass_weight = { 1 = 0.5, 6 = 2.0 }",
                "train.class_weight.6: unknown class; accepted: 1, 2, 3, 4, 5",
            ),
            (f"{THREE}\npositive = 5", "", "corpus.positive: expected none with corpus.classes"),
            (f"{THREE}\nnegative_to = 2", "", "corpus.negative_to: expected none with"),
            ("classes = { negative = 1 }", "", "corpus.classes: expected a table such as"),
            ("classes = {}", "", "corpus.classes: expected a table such as"),
            ('classes = "all"', "", "corpus.classes: expected a table such as"),
            ("classes = { a = 1, b = 2 }", "", "row 3: label '3' is of no class (a: 1; b: 2)"),
            (
                "classes = { a = [1, 2, 3], b = [3, 4, 5] }",
                "",
                "label 3 is listed both in corpus.classes.a (1, 2, 3) and in corpus.classes.b",
            ),
            (
                "classes = { a = [1, 2, 3], b = [4, 5], c = 6 }",
                "",
                "expected training reviews of each class, got none of c",
            ),
            ('classes = "found"\nlabel = "text"', "", "expected another column than corpus.text"),
        ],
    )
    def test_what_does_not_go_with_classes(self, folder, tmp_path, classes, more, said):
        path = config(folder, classes, more)
        if classes.endswith('label = "text"'):
            path.write_text(path.read_text().replace('label = "stars"\n', ""))
        assert said in sentiment("eval", path, "--run", tmp_path / "run", "-q", code=2)

    def test_a_text_taken_for_a_label(self, folder, tmp_path):
        (tmp_path / "x.csv").write_text(
            "text,stars,id\n" + "".join(f"film {k},1,a{k}\n" for k in range(200))
        )
        path = config(folder, 'classes = "found"')
        path.write_text(
            path.read_text()
            .replace('label = "stars"', 'label = "id"')
            .replace(f"{folder}/train.csv", f"{tmp_path}/x.csv")
        )
        said = sentiment("corpus", path, "--run", tmp_path / "run", "-q", code=2)
        assert "more than 100 labels, such as" in said
        assert len(said.splitlines()) == 1


def test_the_config_of_a_run_has_its_classes(folder):
    found = load_config(config(folder, THREE)).section("corpus")
    assert found["classes"] == {"negative": (1, 2), "neutral": 3, "positive": (4, 5)}
