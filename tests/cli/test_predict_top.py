"""`sentiment predict --top`: the most probable classes of a text, in lines, JSON and Parquet."""

import json

import numpy as np
import pytest
from pyarrow import parquet

from pipeline import SentimentClassifier

TEXTS = ["awesome film", "fair film", "abysmal, abysmal film", "fair, awesome", "nothing known"]


@pytest.fixture(scope="module")
def model():
    """Three classes; `nothing known` has a word of none, and so the probabilities of the biases."""
    texts = ["awesome film", "awesome", "fair film", "abysmal film", "abysmal", "abysmal plot"]
    labels = ["good", "good", "so-so", "bad", "bad", "bad"]
    return SentimentClassifier(epochs=20).fit(texts, labels)


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("three")
    model.save(folder / "model")
    (folder / "new.txt").write_text("\n".join(TEXTS))
    return folder


def pairs(line):
    labels, numbers = line.split("\t")[::2], line.split("\t")[1::2]
    return list(zip(labels, map(float, numbers), strict=True))


def test_the_classes_are_in_the_order_of_their_probabilities(model, folder, sentiment):
    lines = sentiment("predict", folder / "model", folder / "new.txt", "--top", 3).stdout
    for line, row in zip(lines.splitlines(), model.predict_proba(TEXTS), strict=True):
        expected = sorted(zip(row, model.classes_, strict=True), reverse=True)
        assert [label for label, _ in pairs(line)] == [label for _, label in expected]
        assert [p for _, p in pairs(line)] == pytest.approx([p for p, _ in expected], abs=5e-7)


def test_the_first_is_what_is_predicted_without_the_option(folder, sentiment):
    plain, one, two, many = (
        sentiment("predict", folder / "model", folder / "new.txt", *args).stdout.splitlines()
        for args in ([], ["--top", 1], ["--top", 2], ["--top", 100])
    )
    assert one == plain
    assert all(longer.startswith(f"{line}\t") for line, longer in zip(plain, two, strict=True))
    assert {len(pairs(line)) for line in two} == {2}
    assert {len(pairs(line)) for line in many} == {3}


def test_objects_and_parquet_say_the_same_as_lines(folder, sentiment, tmp_path):
    given = ("predict", folder / "model", folder / "new.txt", "--top", 2)
    lines = sentiment(*given, "--known").stdout.splitlines()
    objects = [json.loads(line) for line in sentiment(*given, "--json").stdout.splitlines()]
    assert sentiment(*given, "--out", tmp_path, "--known").exit_code == 0
    table = parquet.read_table(tmp_path / "new.parquet")
    assert table.column_names == [
        *["text", "predicted", "probability", "top", "tokens", "known_tokens"]
    ]
    assert [row["top"] for row in objects] == table["top"].to_pylist()
    for line, row in zip(lines, objects, strict=True):
        shown = [f"{each['label']}\t{each['probability']:.6f}" for each in row["top"]]
        assert line == "\t".join([*shown, str(row["tokens"]), str(row["known_tokens"])])


@pytest.mark.parametrize("threshold", [0.05, 0.5, 0.95])
def test_of_two_classes_the_predicted_one_is_the_first_with_its_own_probability(
    small_run, sentiment, threshold
):
    texts = "a superb film\na dreadful film\nsuperb, dreadful\n"
    options = ("predict", small_run.path, "--threshold", threshold)
    plain = sentiment(*options, input=texts).stdout.splitlines()
    both = sentiment(*options, "--top", 2, input=texts).stdout.splitlines()
    for line, ranked in zip(plain, both, strict=True):
        (label, positive), (first, other) = pairs(line)[0], pairs(ranked)
        assert first == (label, pytest.approx(positive if label == "positive" else 1 - positive))
        assert first[1] + other[1] == pytest.approx(1, abs=2e-6)
        assert {first[0], other[0]} == {"positive", "negative"}


def test_labels_that_are_numbers_stay_numbers(tmp_path, sentiment):
    texts = ["dull", "fair", "superb"]
    SentimentClassifier(epochs=20).fit(texts, [1, 3, 5]).save(tmp_path / "model")
    result = sentiment("predict", tmp_path / "model", "--top", 2, "--json", input="superb\n")
    found = json.loads(result.stdout)
    assert found["label"] == found["top"][0]["label"] == 5
    assert np.isclose(found["probability"], found["top"][0]["probability"])
