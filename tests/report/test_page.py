"""The report's page in a real browser: it needs nothing else, fits, and counts as Python does."""

import html
import itertools
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from browser import HOSTILE, Page
from matplotlib.figure import Figure
from pyarrow import parquet

from pipeline import SentimentClassifier
from pipeline.boundary.inert import inert
from pipeline.evaluation.curves import curves
from pipeline.evaluation.metrics import evaluate
from pipeline.evaluation.uncertainty import Scored
from pipeline.inspection.class_frequency import ClassFrequency
from pipeline.inspection.highlights import highlight
from pipeline.model.confusion import class_metrics, confusion
from pipeline.model.text_classifier import TextClassifier
from pipeline.report import figures
from pipeline.report.embedded_model import embedded_model, kept_columns
from pipeline.stages.read_run import load_model, read_reviews
from pipeline.storage.journal import journal_line
from pipeline.tokens.preparation import HTML_BREAK


def test_the_page_needs_nothing_else_and_nothing_goes_wrong(page):
    assert page.is_quiet()


def test_its_policy_allows_its_own_script_and_style_alone(page):
    policy = page.page.locator("meta[http-equiv]").get_attribute("content")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = page.page.content()
    assert not re.search(r"""\s(style|on\w+)=["']""", text.split("<main")[1].split("<script")[0])
    assert not re.search(r"""\b(src|href)=["'](?!#)""", text.split("<script")[0])
    injected = "const s = document.createElement('script'); s.text = 'window.hacked = 1';"
    other = Page(page.page.context.browser, Path(page.url.removeprefix("file://")))
    other.page.evaluate(f"() => {{ {injected} document.body.append(s); }}")
    assert other.page.evaluate("window.hacked") is None


def test_hostile_reviews_stay_text(page, hostile_run):
    assert page.page.evaluate("window.hacked") is None
    reviews = read_reviews(hostile_run)
    shown = page.page.locator("article .text").all_text_contents()
    texts = set(map(inert, reviews.texts.to_pylist()))
    assert set(shown) <= texts
    assert set(map(inert, HOSTILE)) <= set(shown)
    assert page.page.locator("article script, article img, article b[onmouseover]").count() == 0


def test_every_highlight_spells_its_word(page, hostile_run):
    """The marks of a review are the pieces with the largest contributions."""
    model = TextClassifier.load(hostile_run)
    texts = {inert(text): text for text in read_reviews(hostile_run).texts.to_pylist()}
    for article in page.page.locator("article").all():
        found = highlight(model, texts[article.locator(".text").text_content()])
        expected = [inert(p.text) for p in found.pieces if abs(found.strength(p)) > 0.1]
        assert article.locator("mark").all_text_contents() == expected


def test_no_character_that_acts_is_in_the_page(page, hostile_run):
    """Neither in the file nor in what the scripts make of it."""
    source = (hostile_run / "report" / "index.html").read_text(encoding="utf-8")
    page.page.locator("#words-search").fill("")
    for text in (source, page.page.evaluate("document.documentElement.textContent")):
        # But for the marks around a word, which end where they begin.
        text = re.sub("\u2068([^\u2068\u2069]*)\u2069", r"\1", text)
        assert inert(text) == text
    page.type(HOSTILE[4])
    shown = page.text("#playground-shown")
    assert shown == inert(re.sub("\r\n?", "\n", HOSTILE[4]))  # as a box holds line breaks
    assert inert(page.text("#playground-words")) == page.text("#playground-words")


def test_the_scripts_write_characters_that_act_as_python_does(page):
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    texts = [
        "".join(every),
        "\r\n",
        "\r",
        HOSTILE[4],
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e007f",
    ]
    assert page.page.evaluate("texts => texts.map(inert)", texts) == list(map(inert, texts))
    assert page.page.evaluate("inert('\\ud800 \\udfff')") == inert("\ud800 \udfff")


@pytest.mark.parametrize("k", [1, 250, 500, 731, 999])
def test_the_numbers_of_the_slider_are_those_of_the_evaluation(page, hostile_run, k):
    predictions = parquet.read_table(hostile_run / "eval" / "predictions.parquet")
    y, scores = (predictions[name].to_numpy() for name in ("label", "log_odds"))
    expected = confusion(y, scores, k / 1000)
    page.page.locator("#threshold").fill(str(k))
    cells = {"tn": "true_negative", "fp": "false_positive", "fn": "false_negative"}
    for cell, name in {**cells, "tp": "true_positive"}.items():
        assert page.text(f"#{cell}") == f"{getattr(expected, name):,}"
    negative, positive = class_metrics(expected)
    rates = {"precision": positive.precision, "recall": positive.recall, "f1": positive.f1}
    for name, value in {**rates, "negativePrecision": negative.precision}.items():
        assert page.text(f"#rate-{name}") == ("undefined" if value != value else f"{value:.2%}")
    right = expected.true_negative + expected.true_positive
    assert page.text("#rate-accuracy") == f"{right / len(y):.2%}"
    assert page.text("#threshold-value") == f"{k / 1000:.3f}"
    page.page.locator("#threshold-reset").click()
    assert page.text("#threshold-value") == "0.500"


def test_the_slider_starts_at_the_models_own_threshold_although_it_is_between_two_steps(
    open_page, hostile_run, tmp_path, make_report
):
    """And the sentences on what a weight is speak of this model's counts."""
    run = tmp_path / "run"
    shutil.copytree(hostile_run, run)
    scores = parquet.read_table(run / "eval" / "predictions.parquet")["log_odds"].to_numpy()
    # One review is above it, and not above the step nearest to it.
    own = 1 / (1 + np.exp(-np.median(scores))) - 1e-9
    make_report(run, run, f"train.threshold={own}", "features.unit_length=true", "eval.bins=7")
    metrics = json.loads((run / "eval" / "metrics.json").read_text())["test"]
    page = open_page(run)

    def shown() -> list[str]:
        return [page.text(f"#{cell}") for cell in ("tn", "fp", "fn", "tp", "rate-accuracy")]

    names = ("true_negative", "false_positive", "false_negative", "true_positive")
    expected = [f"{metrics['confusion'][name]:,}" for name in names]
    expected.append(f"{metrics['accuracy']:.2%}")
    assert shown() == expected
    page.page.locator("#threshold").fill("999")
    assert shown() != expected
    page.page.locator("#threshold-reset").click()
    assert shown() == expected
    assert "divided by the length" in page.text("#words")
    assert page.page.locator("[aria-label*='in 7 bins']").count() == 1


def test_the_words_can_be_searched_and_sorted(page, hostile_run):
    model, frequency = load_model(hostile_run)
    words = model.vocabulary.words.to_pylist()
    search = page.page.locator("#words-search")
    search.fill("bor")
    matching = {word for word in words if "bor" in word}
    assert set(page.column(1)) <= matching
    assert len(page.column(1)) == min(12, len(matching))
    search.fill("no such word")
    assert page.column(1) == []
    search.fill("")
    for key, n, values in (
        ("weight", 2, model.weights.astype(np.float32)),
        ("reviews", 3, model.vocabulary.document_frequency),
        ("negative", 4, frequency.of_class[0]),
        ("positive", 5, frequency.of_class[1]),
    ):
        button = page.page.locator(f"#words-table button[data-key={key}]")
        button.click()
        shown = page.numbers(n)
        assert shown == pytest.approx(sorted(values.tolist(), reverse=True)[:12], abs=1e-4)
        head = page.page.locator(f"th:has(button[data-key={key}])")
        assert head.get_attribute("aria-sort") == "descending"
        button.click()
        shown = page.numbers(n)
        assert shown == pytest.approx(sorted(values.tolist())[:12], abs=1e-4)
    page.page.locator("#words-table button[data-key=word]").click()
    ordered_map = sorted(words, key=lambda word: word.encode("utf-16-be"))
    assert page.column(1) == list(map(inert, ordered_map[:12]))
    page.page.locator("#words-next").click()
    assert page.column(1) == list(map(inert, ordered_map[12:24]))


def test_a_probability_of_one_half_is_predicted_negative_in_the_metrics_and_in_each_figure():
    y, scores = np.array([1, 0, 1], np.int8), np.array([0.0, -2.0, 2.0])
    metrics = evaluate(y, Scored(scores), bins=10, resamples=0).to_dict()
    (below,) = [each for each in metrics["calibration"] if each["high"] == 0.5]
    assert (below["n"], below["mean_probability"], below["share_positive"]) == (1, 0.5, 1)
    axes = Figure().add_subplot()
    figures._calibration(axes, metrics["calibration"], "x", "y")
    assert [0.5, 1] in axes.lines[1].get_xydata().tolist()
    found = curves(y, scores)
    assert found.histogram.positive[: len(found.histogram.positive) // 2][-1] == 1
    assert found.thresholds.true_positive[500 - 1] == metrics["confusion"]["true_positive"] == 1


def test_small_weights_are_faded_and_others_have_the_colour_of_their_sign(page, hostile_run):
    model = TextClassifier.load(hostile_run)
    bound = np.abs(model.weights).max() / 20
    page.page.locator("#words-search").fill("e")  # in words of all sizes
    for _ in range(3):
        words = page.column(1)
        kinds = [
            cell.get_attribute("class")
            for cell in page.page.locator("#words-body tr > :nth-child(2)").all()
        ]
        weights = dict(
            zip(map(inert, model.vocabulary.words.to_pylist()), model.weights, strict=True)
        )
        assert kinds == [
            "faint" if abs(weights[word]) < bound else "adds" if weights[word] > 0 else "takes"
            for word in words
        ]
        page.page.locator("#words-table button[data-key=word]").click()
    page.page.locator("#words-search").fill("")


def test_it_says_why_a_frequent_word_matters(page, hostile_run):
    model = TextClassifier.load(hostile_run)
    word, n = model.vocabulary.words[0].as_py(), int(model.vocabulary.document_frequency[0])
    text = page.text("#words > p")
    assert f"{word} is in {n} training reviews" in text
    assert f"its weight of {model.weights[0]:+.4f}".replace("-", "\u2212") in text


def test_a_small_corpus_is_called_small_by_its_number_of_training_reviews(
    open_page, copied_run, make_report, monkeypatch
):
    sentences = []
    for bound in (110, 111):
        monkeypatch.setattr("pipeline.report.html._SMALL", bound)
        make_report(copied_run.path, copied_run.path, f"report.top={bound}")
        text = open_page(copied_run.path).text("#main")
        sentences.append(re.findall("small corpus|learned from only 110 training reviews", text))
    assert sentences == [[], ["small corpus", "learned from only 110 training reviews"]]


def test_a_break_that_was_stripped_breaks_the_line(open_page, tmp_path, make_corpus, make_report):
    config = make_corpus(tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "test.jsonl").read_text().splitlines()]
    for line in lines:
        line["text"] = line["text"].replace(" ", "<BR />", 2).replace("<BR />", "<br>", 1)
    (tmp_path / "test.jsonl").write_text("\n".join(map(json.dumps, lines)))
    settings = ("tokens.punctuation=true", "report.reviews=44")
    run = make_report(config, tmp_path / "run", *settings, "tokens.html=breaks")
    page, texts = open_page(run), read_reviews(run).texts.to_pylist()
    shown = page.page.locator("article .text")
    assert set(shown.all_text_contents()) == {HTML_BREAK.sub("", text) for text in texts}
    assert page.page.locator("article .text br").count() >= 2 * len(texts)
    run = make_report(config, tmp_path / "run", *settings)
    page = open_page(run)
    assert set(page.page.locator("article .text").all_text_contents()) == set(texts)
    assert page.page.locator("article .text br").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_a_phone_and_a_desk_in_light_and_dark(open_page, hostile_run, width, scheme):
    viewport = {"width": width, "height": 800}
    page = open_page(hostile_run, viewport=viewport, color_scheme=scheme)
    assert page.cut_off() == []
    contrasts = page.contrasts()
    assert contrasts
    assert {name: ratio for name, ratio in contrasts.items() if ratio < 4.5} == {}


def test_a_long_path_wraps(open_page, tmp_path, make_corpus, make_report):
    folder = tmp_path / ("a-long-name" * 20) / ("another_one" * 20)
    folder.mkdir(parents=True)
    run = make_report(make_corpus(folder), folder / ("run" * 60))
    page = open_page(run, viewport={"width": 390, "height": 800})
    assert str(folder) in page.text("#main")
    assert page.cut_off() == []


def test_what_studies_of_the_run_found_is_shown(open_page, copied_run, sentiment):
    options = ("--refits", 3, "--confidence", 0.9, "-q")
    assert sentiment("stability", copied_run.path, *options).exit_code == 0
    (copied_run.path / "baselines").mkdir()
    digests = json.loads((copied_run.path / "manifest.json").read_text())["stages"]["corpus"]
    reviews = {"test": digests["outputs"]["corpus/test.arrow"]["xxh3_128"]}
    journal = journal_line("depends", {"reviews": reviews})
    (copied_run.path / "baselines" / "journal.jsonl").write_text(journal)
    results = {"results": [{"name": "VADER", "accuracy": 0.625}]}
    (copied_run.path / "baselines" / "baselines.json").write_text(json.dumps(results))
    result = sentiment("report", copied_run.path)
    assert result.exit_code == 0, result.output
    assert "(up to date)" not in result.stderr.splitlines()[-1]
    page = open_page(copied_run.path)
    assert "VADER" in page.text("#main")
    assert "62.50%" in page.text("#main")
    found = (copied_run.path / "stability" / "words.tsv").read_text().splitlines()[1:]
    ends = {line.split("\t")[0]: line.split("\t")[2:4] for line in found}
    shown = list(zip(page.column(1), page.column(3), strict=True))
    assert len(shown) == 12
    for word, interval in shown:
        low, high = (f"{float(end):+.3f}".replace("-", "\u2212") for end in ends[word])
        assert interval.removesuffix(" ?") == f"{low} … {high}"
    assert page.is_quiet()
    page.page.set_viewport_size({"width": 390, "height": 800})
    page.page.evaluate(WIDE)
    assert page.cut_off() == []
    result = sentiment("report", copied_run.path)
    assert "(up to date)" in result.stderr.splitlines()[-1]


# Fill the table of words with what a large corpus has.
WIDE = """() => {
  for (const cell of document.querySelectorAll("#words-body > tr > *")) {
    if (cell.tagName === "TH") cell.textContent = "disappointment";
    else if (/^[\\d,]+$/.test(cell.textContent)) cell.textContent = "124,811";
  }
}"""


def test_of_a_model_too_large_for_a_page_the_words_that_matter_most_are_there(
    open_page, copied_run, make_report, monkeypatch
):
    monkeypatch.setattr(kept_columns, "__defaults__", (False, 2000))
    make_report(copied_run.path, copied_run.path, "report.top=9")
    page = open_page(copied_run.path)
    assert "The scores here are approximate." in page.text("#playground")
    assert "approximate" in page.text("#step-typed")
    model = TextClassifier.load(copied_run.path)
    assert f"of {len(model.vocabulary)} words and n-grams that matter most" in page.text("#words")
    assert page.page.evaluate("sentiment.score('superb').tokens.length") == 1
    assert page.is_quiet()


@pytest.mark.parametrize(
    ("settings", "most"), [({"ngrams": 2}, 2_000), ({"ngrams": 0, "characters": (2, 5)}, 1_800)]
)
def test_the_words_of_a_model_too_large_for_a_page_take_no_more_than_they_may(
    small_run, settings, most
):
    """As JSON, in which quotation marks are escaped; marks of characters take a tenth."""
    fitted = SentimentClassifier(epochs=1, **settings).fit(small_run.texts, small_run.labels)
    model, n = fitted.model_, len(fitted.model_.vocabulary)
    frequency = ClassFrequency(np.ones((2, n), np.int64))
    kept = kept_columns(model, largest=2_000)
    found = embedded_model(model, kept, frequency)
    size = sum(len(json.dumps(found[key])) for key in ("words", "weights", "negative", "positive"))
    assert 0 < len(kept) < n
    assert 0.8 * most < size <= most


def test_it_can_be_read_without_a_script_and_with_a_screen_reader(page, hostile_run):
    levels = [
        int(node.evaluate("n => n.tagName[1]"))
        for node in page.page.locator("h1, h2, h3, h4").all()
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    for figure in page.page.locator("figure [role=img]").all():
        assert len(figure.get_attribute("aria-label")) > 20
    for control in page.page.locator("input, select, textarea").all():
        name = control.get_attribute("id")
        assert page.page.locator(f"label[for={name}]").count() == 1
    metrics = json.loads((hostile_run / "eval" / "metrics.json").read_text())["test"]
    text = html.unescape((hostile_run / "report" / "index.html").read_text())
    assert f"{metrics['accuracy']:.2%}" in text
    assert f"{metrics['confusion']['true_positive']:,}" in text


def test_the_keyboard_reaches_and_moves_what_moves(page):
    page.page.locator("#threshold").focus()
    before = page.text("#threshold-value")
    page.page.keyboard.press("ArrowRight")
    assert float(page.text("#threshold-value")) == pytest.approx(float(before) + 0.001)
    page.page.locator("#threshold-reset").click()
    page.page.locator("#words-table button[data-key=reviews]").focus()
    page.page.keyboard.press("Enter")
    assert page.page.locator("th:has(button[data-key=reviews])").get_attribute("aria-sort")
