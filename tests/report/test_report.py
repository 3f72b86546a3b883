"""The report in a real browser: it needs nothing else, moves, and computes what Python does.

The browser is the system's own chromium, driven by Playwright.
"""

import html
import itertools
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from pipeline.inspection.highlights import highlight
from pipeline.model.confusion import class_metrics, confusion
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages import load_model, read_reviews

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
PATIENCE = 300_000  # milliseconds, as others may use the machine
HOSTILE = (
    "superb <script>window.hacked = 1</script> film",
    "</textarea></script><img src=x onerror='window.hacked = 1'> boring",
    "{{ 7 * 7 }} <!-- dreadful --> &lt;b&gt; ]]> \u2028 a joy",
    "<b onmouseover=alert(1)>moving</b> </p></article> funny & clumsy",
)
TEXTS = [
    *["", " ", "superb", "zzz unknown", "NaN\0null", "SUPERB Superb sUPERB", "a_b __ 3.5/10"],
    "\U0001f600\U0001f62d great \U0001f44d\U0001f3fd",
    "don\u2019t \u2019don't\u2019 rock\u2019n\u2019roll '' o'",
    "caf\u00e9 cafe\u0301 na\u00efve \ufb01lm \u1e9e\u00df",
    "\u0130stanbul I\u0307 \u0131",
    "\u039f\u0394\u039f\u03a3 \u03a3\u0391\u03a3. \u03a3 A\u03a3'\u03a3",
    "<br /><BR>good<br>bad<br\t/>x<b>y</b> &amp; &lt;",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u4f60\u597d \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "tab\tand\nline\r\nend\u00a0nbsp\u200bzero\u200dwidth",
    "Not good, good. NEVER br good! don\u2019t good-bye no-one good -- good - good \u2014 good 3.5",
    "I can't (good) _not_ good: nobody's good; isn\u02bct good\u2026 no <br> good not __ \u0301 _x",
    *HOSTILE,
]


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        if os.environ.get("SENTIMENT_BROWSER") == "required":
            pytest.fail("SENTIMENT_BROWSER is `required`, and there is no chromium")
        pytest.skip("there is no chromium here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, timeout=PATIENCE
        )
        yield browser
        browser.close()


class Page:
    """A page of the browser, with all that it asked for and complained of."""

    def __init__(self, browser, path: Path, **settings) -> None:
        self.page = browser.new_page(**settings)
        self.page.set_default_timeout(PATIENCE)
        self.url, self.requests, self.complaints = path.as_uri(), [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(self.url)

    def is_quiet(self) -> bool:
        return self.requests == [self.url] and not self.complaints

    def text(self, selector: str) -> str:
        return self.page.locator(selector).text_content()

    def column(self, n: int) -> list[str]:
        return self.page.locator(f"#words-body tr > :nth-child({n})").all_text_contents()

    def numbers(self, n: int) -> list[float]:
        return [float(cell.replace("\u2212", "-").replace(",", "")) for cell in self.column(n)]


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory, make_corpus, sentiment):
    """Return a run whose test part holds reviews that try to be markup, and whose words do too."""
    folder = tmp_path_factory.mktemp("hostile")
    config = make_corpus(folder)
    for part in ("train", "test"):
        with (folder / f"{part}.jsonl").open("a") as file:
            for k, text in enumerate(HOSTILE):
                file.write(json.dumps({"text": text, "label": k % 2}) + "\n")
    settings = ["tokens.punctuation=true", "report.reviews=44", "train.validation=0"]
    options = [item for setting in settings for item in ("--set", setting)]
    result = sentiment("report", config, "--run", folder / "run", "-q", *options)
    assert result.exit_code == 0, result.output
    return folder / "run"


@pytest.fixture(scope="module")
def page(browser, hostile_run):
    return Page(browser, hostile_run / "report" / "index.html")


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
    texts = set(reviews.texts.to_pylist())
    assert set(shown) <= texts
    assert set(HOSTILE) <= set(shown)
    assert page.page.locator("article script, article img, article b[onmouseover]").count() == 0


def test_every_highlight_spells_its_word(page, hostile_run):
    """The marks of a review are the pieces that move its score most."""
    model = TextClassifier.load(hostile_run)
    for article in page.page.locator("article").all():
        text = article.locator(".text").text_content()
        pieces = highlight(model, text).pieces
        largest = max(abs(piece.contribution) for piece in pieces)
        expected = [p.text for p in pieces if abs(p.contribution) > 0.1 * largest]
        assert article.locator("mark").all_text_contents() == expected


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
    browser, hostile_run, tmp_path, sentiment
):
    """And the sentences on what a weight is speak of this model's counts."""
    run = tmp_path / "run"
    shutil.copytree(hostile_run, run)
    scores = parquet.read_table(run / "eval" / "predictions.parquet")["log_odds"].to_numpy()
    # One review is above it, and not above the step nearest to it.
    own = 1 / (1 + np.exp(-np.median(scores))) - 1e-9
    options = ("--set", f"train.threshold={own}", "--set", "features.unit_length=true")
    assert sentiment("report", run, "-q", *options).exit_code == 0
    metrics = json.loads((run / "eval" / "metrics.json").read_text())["test"]
    page = Page(browser, run / "report" / "index.html")

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
        ("negative", 4, frequency.negative),
        ("positive", 5, frequency.positive),
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
    assert page.column(1) == ordered_map[:12]
    page.page.locator("#words-next").click()
    assert page.column(1) == ordered_map[12:24]


def answers(page: Page, texts: list[str]) -> list[float]:
    """Type texts into the playground and read what it makes of them."""
    box, found = page.page.locator("#playground-text"), []
    for text in texts:
        box.fill(text)
        found.append(
            float(page.page.locator("#playground-result").get_attribute("data-probability"))
        )
        shown = page.page.locator("#playground-shown").text_content()
        assert shown == text.replace("\r\n", "\n")
    return found


@pytest.mark.parametrize(
    "settings",
    [
        ["tokens.punctuation=true"],
        ["tokens.strip_breaks=true", "features.unit_length=true"],
        ["tokens.lowercase=false", "features.binary=true", "features.ngrams=3"],
        ["tokens.stop_words=true", "tokens.punctuation=true", "tokens.strip_breaks=true"],
        ["tokens.mark_negation=true", "features.ngrams=3"],
        ["tokens.mark_negation=true", "tokens.punctuation=true", "tokens.lowercase=false"],
    ],
    ids=lambda settings: " ".join(settings),
)
def test_the_playground_equals_python(browser, tmp_path, make_corpus, sentiment, settings, request):
    if "tokens.stop_words=true" in settings:
        request.getfixturevalue("shared_data")  # the list is NLTK's
    config = make_corpus(tmp_path)
    with (tmp_path / "train.jsonl").open("a") as file:
        for k, text in enumerate(TEXTS * 2):
            file.write(json.dumps({"text": text + " x", "label": k % 2}) + "\n")
    options = [item for setting in settings for item in ("--set", setting)]
    result = sentiment("report", config, "--run", tmp_path / "run", "-q", *options)
    assert result.exit_code == 0, result.output
    page = Page(browser, tmp_path / "run" / "report" / "index.html")
    model = TextClassifier.load(tmp_path / "run")
    reviews = read_reviews(tmp_path / "run").texts.to_pylist()
    texts = [*TEXTS, *reviews, *map(str.upper, reviews)]
    assert answers(page, texts) == pytest.approx(model.probabilities(texts).tolist(), abs=1e-6)
    tokens = page.page.evaluate("texts => texts.map(t => sentiment.score(t).tokens)", texts)
    for text, found in zip(texts, tokens, strict=True):
        assert [token["token"] for token in found] == model.tokenizer([text]).document(0)
    for text in reviews[:10]:
        flip = page.page.evaluate("text => sentiment.score(text).flip", text)
        expected = highlight(model, text).flip
        assert (None if flip is None else tuple(flip)) == expected
    assert page.is_quiet()


def test_the_playground_takes_a_text_of_any_length(page, hostile_run):
    texts = ["good " * 150_000, "\u03a3" * 20_000, "x" * 100_000]
    expected = TextClassifier.load(hostile_run).probabilities(texts).tolist()
    assert answers(page, texts) == pytest.approx(expected, abs=1e-6)
    assert page.is_quiet()


@pytest.mark.parametrize("setting", ["tokens.tokenizer=treebank", "tokens.tokenizer=tweet"])
def test_a_model_that_the_page_cannot_run_is_not_offered(
    browser, tmp_path, make_corpus, sentiment, setting
):
    config = make_corpus(tmp_path)
    args = ("report", config, "--run", tmp_path / "run", "-q", "--set", setting)
    assert sentiment(*args).exit_code == 0
    page = Page(browser, tmp_path / "run" / "report" / "index.html")
    assert "cannot be tried in a page" in page.text("#playground")
    assert page.page.locator("#playground-text").count() == 0
    assert len(page.column(1)) == 12
    assert page.is_quiet()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_a_phone_and_a_desk_in_light_and_dark(browser, hostile_run, width, scheme):
    page = Page(
        browser,
        hostile_run / "report" / "index.html",
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    contrasts = page.page.evaluate(CONTRASTS)
    assert contrasts
    assert {name: ratio for name, ratio in contrasts.items() if ratio < 4.5} == {}


# The contrast of the text of some elements with what is behind it (WCAG 2, 1.4.3).
CONTRASTS = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], back) => [r, g, b].map((c, k) => a * c + (1 - a) * back[k]);
  const light = (c) => c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const behind = (node) => {
    if (node === null) return [255, 255, 255];
    return over(channels(getComputedStyle(node).backgroundColor), behind(node.parentElement));
  };
  const found = {};
  const texts = "p, th, td, mark, a, label, button, h2, small, .word";
  for (const node of document.querySelectorAll(texts)) {
    if (!node.textContent.trim() || node.disabled) continue;
    const [a, b] = [channels(getComputedStyle(node).color), behind(node)].map(luminance);
    found[node.tagName + "." + node.className] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
  return found;
}"""


def test_what_studies_of_the_run_found_is_shown(browser, copied_run, sentiment):
    options = ("--refits", 3, "--confidence", 0.9, "-q")
    assert sentiment("stability", copied_run.path, *options).exit_code == 0
    (copied_run.path / "baselines").mkdir()
    digests = json.loads((copied_run.path / "manifest.json").read_text())["stages"]["corpus"]
    reviews = {"test": digests["outputs"]["corpus/test.arrow"]["sha256"]}
    (copied_run.path / "baselines" / "journal.jsonl").write_text(json.dumps({"reviews": reviews}))
    results = {"results": [{"name": "VADER", "accuracy": 0.625}]}
    (copied_run.path / "baselines" / "baselines.json").write_text(json.dumps(results))
    result = sentiment("report", copied_run.path)
    assert result.exit_code == 0, result.output
    assert "(fresh)" not in result.stderr.splitlines()[-1]
    page = Page(browser, copied_run.path / "report" / "index.html")
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
    result = sentiment("report", copied_run.path)
    assert "(fresh)" in result.stderr.splitlines()[-1]


def test_of_a_model_too_large_for_a_page_the_most_telling_words_are_there(
    browser, copied_run, sentiment, monkeypatch
):
    from pipeline import report

    monkeypatch.setattr(report.kept_columns, "__defaults__", (False, 2000))
    result = sentiment("report", copied_run.path, "--set", "report.top=9")
    assert result.exit_code == 0, result.output
    page = Page(browser, copied_run.path / "report" / "index.html")
    assert "This is approximate." in page.text("#playground")
    model = TextClassifier.load(copied_run.path)
    assert f"of {len(model.vocabulary)} words and n-grams that matter most" in page.text("#words")
    assert page.page.evaluate("sentiment.score('superb').tokens.length") == 1
    assert page.is_quiet()


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
    for control in page.page.locator("input, textarea").all():
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


@pytest.mark.slow
def test_the_report_of_imdb_is_small_and_equals_python_on_its_reviews(
    browser, shared_data, tmp_path, sentiment
):
    config = tmp_path / "imdb.toml"
    parts = "".join(
        f"{part} = {json.dumps(str(shared_data / 'data' / 'imdb' / f'{part}.parquet'))}\n"
        for part in ("train", "test")
    )
    config.write_text(
        f'[corpus]\nsource = "files"\n{parts}[tokens]\nstrip_breaks = true\n'
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


def test_two_runs_stand_on_one_page(browser, hostile_run, tmp_path, sentiment):
    other = tmp_path / "other"
    shutil.copytree(hostile_run, other)
    options = ("--set", "features.ngrams=1", "--set", "tokens.punctuation=false")
    assert sentiment("eval", other, "-q", *options, "--set", "train.epochs=1").exit_code == 0
    file = tmp_path / "both.html"
    result = sentiment("compare", hostile_run, other, "--html", file)
    assert result.exit_code == 0, result.output
    assert f"the page is {file}" in result.stdout
    facts = json.loads(sentiment("compare", hostile_run, other, "--json").stdout)
    page = Page(browser, file)
    assert page.is_quiet()
    assert f"{facts['accuracy_a']:.2%}" in page.text(".headline")
    shown = page.page.locator("article .text").all_text_contents()
    assert shown[::2] == shown[1::2] == [flip["text"] for flip in facts["flipped"][:20]]
    a, b = (TextClassifier.load(path) for path in (hostile_run, other))
    weights_a, weights_b = (
        dict(zip(m.vocabulary.words.to_pylist(), m.weights.tolist(), strict=True)) for m in (a, b)
    )
    moved = {w: weights_b.get(w, 0) - weights_a.get(w, 0) for w in weights_a | weights_b}
    rows = page.page.locator("#words tbody tr").all()
    words = [row.locator("th").text_content() for row in rows]
    assert [abs(moved[w]) for w in words] == sorted(map(abs, moved.values()), reverse=True)[:40]
    cells = page.page.locator("#words tbody tr > :nth-child(4)").all_text_contents()
    assert [float(c.replace("\u2212", "-")) for c in cells] == pytest.approx(
        [moved[w] for w in words], abs=1e-3
    )


@pytest.mark.parametrize("width", [360, 1280])
def test_no_word_of_the_two_runs_tables_is_a_column_of_letters(
    browser, hostile_run, tmp_path, sentiment, width
):
    file = tmp_path / "both.html"
    assert sentiment("compare", hostile_run, hostile_run, "--html", file).exit_code == 0
    page = Page(browser, file, viewport={"width": width, "height": 800})
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    heights = page.page.locator("#metrics .scroll tbody tr").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().height)"
    )
    assert max(heights) < 80  # two lines


def test_two_runs_of_one_name_are_told_apart(small_run, tmp_path, sentiment):
    other = tmp_path / small_run.path.name
    shutil.copytree(small_run.path, other)
    file = tmp_path / "both.html"
    assert sentiment("compare", small_run.path, other, "--html", file).exit_code == 0
    heading = re.search("<h1>(.*)</h1>", file.read_text())[1]
    assert html.unescape(heading) == f"{small_run.path} and {other}"


def test_a_page_that_cannot_be_written_is_one_line(small_run, tmp_path, sentiment):
    file = tmp_path / "nowhere" / "both.html"
    result = sentiment("compare", small_run.path, small_run.path, "--html", file)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"sentiment: {file}: cannot write the page")
    assert result.stderr.count("\n") == 1


# Beside the page


def test_the_same_facts_are_json_markdown_and_figures(small_run):
    folder = small_run.path / "report"
    metrics = json.loads((small_run.path / "eval" / "metrics.json").read_text())["test"]
    facts = json.loads((folder / "report.json").read_text())
    assert facts["run"]["metrics"] == metrics
    assert len(facts["positive"]) == len(facts["negative"]) == 10
    assert facts["run"]["provenance"]["seed"] == 7
    summary = (folder / "summary.md").read_text()
    assert f"Accuracy **{metrics['accuracy']:.2%}**" in summary
    for name in re.findall(r"\]\((figures/[^)]+)\)", summary):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    for file in (folder / "figures").glob("*.svg"):
        assert "http-equiv" not in file.read_text()
        assert file.with_suffix(".png").stat().st_size > 1000


def test_the_model_card_has_the_hubs_metadata(small_run):
    card = (small_run.path / "MODEL_CARD.md").read_text()
    _, block, text = card.split("---\n", 2)
    found = {key: json.loads(value) for key, value in re.findall(r"^([\w-]+): (.*)$", block, re.M)}
    metrics = json.loads((small_run.path / "eval" / "metrics.json").read_text())["test"]
    assert found["pipeline_tag"] == "text-classification"
    (entry,) = found["model-index"]
    values = {metric["type"]: metric["value"] for metric in entry["results"][0]["metrics"]}
    assert values["accuracy"] == metrics["accuracy"]
    assert f"{metrics['accuracy']:.2%}" in text


def test_a_label_of_a_figure_is_never_cut(small_run):
    """However wide the words are."""
    from dataclasses import replace

    from matplotlib.figure import Figure

    from pipeline.inspection.weights import top_words
    from pipeline.report import figures

    model, frequency = load_model(small_run.path)
    words = [replace(w, word="NOT_WWWWWW NOT_MMMMMM") for w in top_words(model, 2, frequency)[0]]
    axes = Figure(figsize=(4.6, 2)).add_subplot()
    figures._words(axes, words, [])
    figures.make_room(axes)
    assert axes.get_tightbbox().x0 >= 0
