"""The playground in a real browser: it predicts what Python does, and stays responsive."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from browser import Page
from texts import MIXED, TEXTS, in_a_box

from pipeline.boundary.inert import inert
from pipeline.inspection.highlights import highlight
from pipeline.model.logistic import LogisticRegression
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.read_run import read_reviews
from pipeline.tokens.spans import token_spans


def answers(page: Page, texts: list[str]) -> list[float]:
    """Type texts into the playground and read their probabilities."""
    found = []
    for text in texts:
        page.type(text)
        result = page.page.locator("#playground-result")
        found.append(float(result.get_attribute("data-probability")))
    return found


def random_texts(reviews: list[str], n: int) -> list[str]:
    """Return texts of words from reviews, in which words that share characters meet."""
    random = np.random.default_rng(0)
    words = " ".join(reviews).split()
    return [" ".join(random.choice(words, 15)) for _ in range(n)]


@pytest.mark.parametrize(
    "settings",
    [
        ["tokens.punctuation=true"],
        ["tokens.html=breaks", "features.unit_length=true"],
        ["tokens.lowercase=false", "features.binary=true", "features.ngrams=3"],
        ["tokens.stop_words=true", "tokens.punctuation=true", "tokens.html=breaks"],
        ["tokens.mark_negation=true", "features.ngrams=3"],
        ["tokens.html=text", "tokens.tweets=true", "tokens.punctuation=true"],
        ["tokens.tweets=true", "tokens.mark_negation=true"],
        ["tokens.mark_negation=true", "tokens.punctuation=true", "tokens.lowercase=false"],
        ["features.characters=[2, 5]", "features.ngrams=0", "tokens.punctuation=true"],
        ["features.characters=[1, 3]", "features.ngrams=2", "features.unit_length=true"],
        ["features.characters=[4, 6]", "features.binary=true", "tokens.mark_negation=true"],
    ],
    ids=lambda settings: " ".join(settings),
)
def test_the_playground_equals_python(
    open_page, tmp_path, make_corpus, make_report, settings, request
):
    if "tokens.stop_words=true" in settings:
        request.getfixturevalue("shared_data")  # the list is NLTK's
    config = make_corpus(tmp_path)
    with (tmp_path / "train.jsonl").open("a") as file:
        for k, text in enumerate(TEXTS * 2):
            file.write(json.dumps({"text": text + " x", "label": k % 2}) + "\n")
    page = open_page(make_report(config, tmp_path / "run", *settings))
    model = TextClassifier.load(tmp_path / "run")
    reviews = read_reviews(tmp_path / "run").texts.to_pylist()
    texts = [*TEXTS, *reviews, *map(str.upper, reviews), *MIXED]
    scored = page.page.evaluate("texts => texts.map((text) => sentiment.score(text))", texts)
    found = [each["probability"] for each in scored]
    assert found == pytest.approx(model.probabilities(texts).tolist(), abs=1e-6)
    for text, each in zip(texts, scored, strict=True):
        units = [0, *itertools.accumulate(1 + (ord(c) > 0xFFFF) for c in text)]  # of UTF-16
        spans = token_spans(model.tokenizer, text)
        assert [(token["token"], token["start"], token["end"]) for token in each["tokens"]] == [
            (span.token, units[span.start], units[span.end]) for span in spans
        ]
    for threshold in (0.3, 0.5, 0.8):
        weights, intercept = model.regression.coef_, model.regression.intercept_
        regression = LogisticRegression.of(weights[0], intercept[0], threshold)
        other = dataclasses.replace(model, regression=regression)
        score = "([text, threshold]) => sentiment.score(text, threshold).flip"
        for text in [*reviews[:10], *random_texts(reviews, 30)]:
            flip = page.page.evaluate(score, [text, threshold])
            assert (None if flip is None else tuple(flip)) == highlight(other, text).flip
    assert page.is_quiet()


def test_a_typed_text_is_scored_and_shown_with_its_words_marked(page, hostile_run):
    model = TextClassifier.load(hostile_run)
    for text in [*TEXTS, *read_reviews(hostile_run).texts.to_pylist()]:
        assert answers(page, [text]) == pytest.approx(model.probabilities([text]), abs=1e-6)
        assert page.text("#playground-shown") == inert(in_a_box(text))
        found = highlight(model, in_a_box(text))
        marks = page.page.locator("#playground-shown mark").all_text_contents()
        assert marks == [inert(p.text) for p in found.pieces if abs(found.strength(p)) > 0.1]


@pytest.mark.parametrize("ngrams", [0, 2])
def test_a_typed_text_is_marked_by_its_characters(
    open_page, tmp_path, make_corpus, make_report, ngrams
):
    settings = "features.characters=[2, 5]", f"features.ngrams={ngrams}"
    run = make_report(make_corpus(tmp_path), tmp_path / "run", *settings)
    page, model = open_page(run), TextClassifier.load(run)
    for text in ["\u0130stanbul SUPERB cafe\u0301", *read_reviews(run).texts.to_pylist()[:5]]:
        page.type(text)
        assert page.text("#playground-shown") == text
        found = highlight(model, text)
        marks = page.page.locator("#playground-shown mark").all_text_contents()
        assert marks == [inert(p.text) for p in found.pieces if abs(found.strength(p)) > 0.1]
    page.page.locator("#words-search").fill('" ')
    assert len(page.column(1)) == 12
    assert all(name.startswith(' "') for name in page.column(1))
    assert "quotation marks" in page.text("#words")
    assert page.is_quiet()


def test_a_stripped_break_breaks_the_line(open_page, copied_run, make_report):
    run = make_report(copied_run.path, copied_run.path, "tokens.html=breaks")
    page = open_page(run)
    page.type("funny<br /><BR>boring<br >")
    assert page.page.locator("#playground-shown").inner_html().count("<br>") == 3
    assert page.text("#playground-shown") == "funnyboring"


def test_the_threshold_of_the_slider_is_that_of_the_prediction(page):
    page.type("superb")
    probability = float(page.text("#playground-probability"))
    for k in (int(1000 * probability) - 1, int(1000 * probability) + 1):
        page.page.locator("#threshold").fill(str(k))
        page.type("superb")
        is_positive = k / 1000 < probability
        assert page.text("#playground-label") == ("positive" if is_positive else "negative")
        assert page.text("#playground-side") == ("above" if is_positive else "not above")
        for place in ("#playground-threshold", "#threshold-value"):
            assert page.text(place) == f"{k / 1000:.3f}"
    page.page.locator("#threshold-reset").click()
    assert page.text("#playground-threshold") == "0.500"
    assert page.text("#playground-label") == "positive"


def test_a_text_without_a_word_gets_no_verdict(page):
    for text in ("", " \n"):
        page.type(text)
        assert not page.sees(".verdict")
        assert page.sees("#playground-empty")
    page.type("superb")
    assert page.sees(".verdict")
    assert not page.sees("#playground-empty")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("superb", ""),
        ("superb qqq", "1 word is unknown."),
        ("qqq superb qqq", "2 words are unknown."),
    ],
)
def test_it_says_how_many_words_are_unknown(page, text, sentence):
    page.type(text)
    assert page.text("#playground-unknown") == sentence


def test_the_playground_takes_a_text_of_any_length(page, hostile_run):
    texts = ["good " * 150_000, "\u03a3" * 20_000, "x" * 100_000]
    expected = TextClassifier.load(hostile_run).probabilities(texts).tolist()
    assert answers(page, texts) == pytest.approx(expected, abs=1e-6)
    for text in ("x" * 100_000, "x " * 10):
        page.type(text)
        assert page.text("#playground-shown") == text[:30_000]
        assert page.sees("#playground-cut") == (len(text) > 30_000)
    assert page.is_quiet()


def test_a_long_paste_leaves_the_page_responsive_and_yields_to_the_next_text(page, hostile_run):
    """The page does other things while it scores a text, and drops a score nobody waits for."""
    model = TextClassifier.load(hostile_run)
    texts = [" ".join(model.vocabulary.words.to_pylist() * 300), "superb"]
    turns = page.page.evaluate(TURNS, texts)
    assert turns > 5
    (expected,) = model.probabilities(["superb"])
    result = page.page.locator("#playground-result")
    assert float(result.get_attribute("data-probability")) == pytest.approx(expected, abs=1e-6)
    assert page.text("#playground-shown") == "superb"


# Type a long text, and count the turns of the event loop until it is scored. Type another one, and
# a short one right after it. Then wait as long as the dropped score would have taken.
TURNS = """async ([long, short]) => {
  const box = document.getElementById("playground-text");
  const result = document.getElementById("playground-result");
  const type = (text) => {
    box.value = text;
    box.dispatchEvent(new Event("input"));
  };
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  let turns = 0;
  type(long);
  for (; result.ariaBusy === "true"; turns++) await turn();
  type(long + " film");
  await turn();
  type(short);
  while (result.ariaBusy === "true") await turn();
  for (let k = 0; k < 2 * turns; k++) await turn();
  return turns;
}"""


@pytest.mark.parametrize("setting", ["tokens.tokenizer=treebank", "tokens.tokenizer=tweet"])
def test_a_model_that_the_page_cannot_run_is_not_offered(
    open_page, tmp_path, make_corpus, make_report, setting
):
    page = open_page(make_report(make_corpus(tmp_path), tmp_path / "run", setting))
    assert "runs only in Python" in page.text("#playground")
    assert page.page.locator("#playground-text").count() == 0
    assert len(page.column(1)) == 12
    assert page.is_quiet()


@pytest.mark.slow
def test_the_report_of_imdb_is_small_and_equals_python_on_its_reviews(
    browser, shared_data, tmp_path, sentiment
):
    config = tmp_path / "imdb.toml"
    splits = "".join(
        f"{split} = {json.dumps(str(shared_data / 'data' / 'imdb' / f'{split}.parquet'))}\n"
        for split in ("train", "test")
    )
    config.write_text(
        f'[corpus]\nsource = "files"\n{splits}[tokens]\nhtml = "breaks"\n'
        "[train]\nl2 = 1e-6\nepochs = 4\nlearning_rate = 0.03\n"
    )
    result = sentiment("report", config, "--run", tmp_path / "run", "-q")
    assert result.exit_code == 0, result.output
    file = tmp_path / "run" / "report" / "index.html"
    assert file.stat().st_size <= 3_000_000
    stages = json.loads((tmp_path / "run" / "manifest.json").read_text())["stages"]
    assert stages["report"]["seconds"] < 10
    page = Page(browser, file)
    model = TextClassifier.load(tmp_path / "run")
    texts = [*read_reviews(tmp_path / "run").texts.to_pylist()[::125], *TEXTS]
    assert len(texts) > 200
    assert answers(page, texts) == pytest.approx(model.probabilities(texts).tolist(), abs=1e-6)
    assert page.is_quiet()
