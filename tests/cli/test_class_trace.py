"""`sentiment trace` for more than two classes: each class has a column, and fits the terminal."""

import json
import re

import numpy as np
import pytest

import pipeline

TEXTS = ["an awesome film", "awesome, moving, fun", "an abysmal film", "dull", "fair film"] * 4


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return a function that saves a model of some classes."""
    folder = tmp_path_factory.mktemp("models")

    def save(*classes):
        path = folder / str(len(list(folder.iterdir())))
        labels = [classes[k % len(classes)] for k in range(len(TEXTS))]
        pipeline.SentimentClassifier(epochs=20).fit(TEXTS, labels).save(path)
        return path

    return save


STARS = ("very bad", "bad", "so-so", "good", "very good")
TEXT = "An awesome film, but dull, fair and moving"


def test_every_number_of_a_step_is_shown(saved, sentiment):
    path = saved("bad", "good", "so-so")
    arguments = ("trace", path, TEXT, "--label", "so-so")
    found = json.loads(sentiment(*arguments, "--json").stdout)
    step, shown = found["step"], sentiment(*arguments).stdout
    assert step["classes"] == ["bad", "good", "so-so"]
    (z,) = pipeline.load(path).decision_function([TEXT])
    np.testing.assert_allclose(step["before"]["scores"], z)
    lines = {" ".join(line.split()) for line in shown.splitlines()}
    for k, label in enumerate(step["classes"]):
        score, p = step["before"]["scores"][k], step["before"]["probabilities"][k]
        power, error = np.exp(score - max(z)), step["errors"][k]
        expected = f"{label} {k} {score:+.4f} {power:.4f} {p:.4f} {label == 'so-so':d} {error:+.4f}"
        assert expected in lines
    assert "label so-so: y = 2" in lines
    assert f"loss L = -ln p_2 = -ln {p:.4g} = {step['before']['loss']:.4f}" in lines
    for name, key in (("g", "gradients"), ("new w", "new_weights")):
        (table,) = re.findall(rf"\n {name} .*?\n\n", shown, re.DOTALL)
        for term in step["terms"]:
            (row,) = re.findall(rf"^ {term['feature']} +(.+)$", table, re.MULTILINE)
            assert [float(each) for each in row.split()] == pytest.approx(term[key], abs=5e-5)
    assert re.search(rf"with these +p_2 = {step['after']['probabilities'][2]:.4f}", shown)


def test_terms_that_are_not_shown_are_counted_and_summed(saved, sentiment):
    arguments = ("trace", saved("bad", "good", "so-so"), TEXT, "--label", "bad")
    terms = json.loads(sentiment(*arguments, "--json").stdout)["step"]["terms"]
    shown = sentiment(*arguments, "--top", 2).stdout
    (row,) = re.findall(rf"\({len(terms) - 2} other features\) +([+-].+)", shown)
    expected = np.sum([term["products"] for term in terms[2:]], axis=0)
    assert [float(each) for each in row.split()] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    "classes",
    [
        STARS,
        tuple(f"class number {k}" for k in range(20)),
        ("rather good " * 16, "bad, " * 40, "so-so"),
    ],
    ids=["five", "twenty", "long names"],
)
def test_no_line_is_longer_than_80_columns(saved, sentiment, classes):
    path = saved(*classes)
    long_text = " ".join([TEXT, "extraordinarily-long-winded"] * 30)
    for text in (TEXT, long_text, "zzz"):
        shown = sentiment("trace", path, text, "--label", classes[-1]).stdout
        assert max(map(len, shown.splitlines())) <= 80


def test_of_many_classes_the_true_one_and_the_most_probable_ones_have_a_column(saved, sentiment):
    classes = [f"class {k:02}" for k in range(20)]
    arguments = ("trace", saved(*classes), TEXT, "--label", "class 19")
    step = json.loads(sentiment(*arguments, "--json").stdout)["step"]
    p = np.array(step["before"]["probabilities"])
    chosen = [19, *(k for k in np.argsort(-p, kind="stable") if k != 19)]
    shown = sentiment(*arguments).stdout
    (head,) = re.findall(r"^ x w +x +(.+)$", shown, re.MULTILINE)
    assert re.findall(r"class \d\d", head) == [classes[k] for k in sorted(chosen[:5])]
    assert "the true class and the 4 most probable others" in shown
    rows = re.findall(r"^ class (\d\d) +(\d+) ", shown, re.MULTILINE)
    assert [int(k) for _, k in rows] == sorted(chosen[:12])
    (rest,) = re.findall(r"\(8 other classes\) +(.+)", shown)
    assert float(rest.split()[1]) == pytest.approx(p[chosen[12:]].sum(), abs=5e-5)


@pytest.mark.parametrize("name", ["a\n\tb\x1b[31m", "\u0633\u064a\u0626", "<script>", "=1+1"])
def test_the_name_of_a_class_moves_nothing(saved, sentiment, name):
    path = saved(name, "good", "so-so")
    plain = sentiment("trace", saved("bad", "good", "so-so"), TEXT, "--label", "good").stdout
    shown = sentiment("trace", path, TEXT, "--label", "good").stdout
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == len(plain.splitlines())


def test_a_label_that_is_no_class_is_refused_with_the_classes(saved, refused):
    path = saved("bad", "good", "so-so")
    said = "--label: expected the true label, bad or good or so-so, got "
    assert refused("trace", path, "fair", "--label", "neutral") == said + "'neutral'"
    assert refused("trace", path, "fair") == said + "nothing"


def test_the_gradient_of_a_run_is_checked_by_class(tmp_path, sentiment):
    lines = [f"__label__{label} a {label} film" for label in ("bad", "fair", "good")] * 4
    (tmp_path / "train.txt").write_text("\n".join(lines))
    (tmp_path / "c.toml").write_text(
        f'[corpus]\nsource = "files"\ntrain = "{tmp_path}/train.txt"\nformat = "fasttext"\n'
        'classes = "found"\ntest_fraction = 0.25\n'
    )
    sentiment("train", tmp_path / "c.toml", "--run", tmp_path / "run", "-q")
    shown = sentiment("trace", tmp_path / "run", "--check", "--coordinates", 4).stdout
    assert "4 of 15 weights were drawn" in shown
    assert "within 1e-05" in shown
    assert re.search(r"^ \(intercept\) for fair +[+-]", shown, re.MULTILINE)
    found = json.loads(sentiment("trace", tmp_path / "run", "--check", "--json").stdout)
    assert {each["label"] for each in found["coordinates"]} == {"bad", "fair", "good"}
    assert len(found["coordinates"]) == 15 + 3
