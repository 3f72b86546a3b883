"""The table of words of three classes marks the weights whose sign may be due to chance."""

import numpy as np
import pytest
from small_corpus import write_jsonl

from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.read_run import read_stability
from pipeline.storage.run import Run

NAMES = ("bad", "fair", "good")


@pytest.fixture(scope="module")
def run(tmp_path_factory, make_report, sentiment):
    """Return a run whose report was drawn after its stability was measured."""
    folder, draw = tmp_path_factory.mktemp("uncertain"), np.random.default_rng(0)
    for split, n in (("train", 90), ("test", 30)):
        labels = [NAMES[k % 3] for k in range(n)]
        texts = [f"{label} w{draw.integers(9)} w{draw.integers(9)}" for label in labels]
        write_jsonl(folder / f"{split}.jsonl", texts, labels)
    config = folder / "c.toml"
    config.write_text(
        f'[corpus]\nsource = "files"\ntrain = "{folder}/train.jsonl"\n'
        f'test = "{folder}/test.jsonl"\nclasses = "found"\n'
    )
    assert sentiment("train", config, "--run", folder / "run", "-q").exit_code == 0
    assert sentiment("stability", folder / "run", "--refits", 10).exit_code == 0
    return make_report(config, folder / "run")


def test_a_weight_whose_interval_contains_0_has_a_question_mark(open_page, run):
    model = TextClassifier.load(run)
    low, high = read_stability(Run(run), model)
    uncertain = (low <= 0) & (high >= 0)
    assert uncertain.any(axis=1).all()
    assert not uncertain.all(axis=1).any()
    column = {word: k for k, word in enumerate(model.vocabulary.words.to_pylist())}
    page = open_page(run)
    assert page.is_quiet()
    words = page.column(1)
    assert set(words) == column.keys()
    for number in range(3):
        marks = [cell.endswith(" ?") for cell in page.column(2 + number)]
        assert marks == [uncertain[number, column[word]] for word in words]
    assert "A question mark means" in page.text("#words")
