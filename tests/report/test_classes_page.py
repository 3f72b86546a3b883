"""The report of more than two classes in a real browser: it shows what Python computes."""

import itertools
import json
import re
import shutil

import numpy as np
import pytest
from browser import HOSTILE, Page
from pyarrow import parquet
from texts import MIXED, TEXTS, in_a_box

from pipeline.boundary.inert import inert, message
from pipeline.inspection.class_trace import take_class_step, trace_classes
from pipeline.inspection.class_weights import against_others, class_words
from pipeline.inspection.highlights import highlight
from pipeline.inspection.moved_words import moved_words
from pipeline.inspection.trace import Rule
from pipeline.model.text_classifier import TextClassifier
from pipeline.report.embedded_model import agreement, kept_columns
from pipeline.stages.read_run import read_reviews, read_rule, read_stability
from pipeline.storage import files
from pipeline.storage.run import Run

WORDS = ("abysmal dull", "weak slow", "fair long", "good fun", "awesome superb")
EVIL = "\x1b[31m\u202e\u2066\u2028"
NAMES = {
    "three": ("negative", "neutral", "positive"),
    "five": ("1", "2", "3", "4", "5"),
    "many": tuple(f"topic number {k}" for k in range(24)),
    "two hostile": (
        f"<script>window.hacked = 1</script>{EVIL}",
        "'\u05d8\u05d5\u05d1' & </script>",
    ),
    "hostile": (
        f"<script>window.hacked = 1</script>{EVIL}",
        "=1+1 `*|{{ 7 * 7 }} & </script>",
        "\u05d8\u05d5\u05d1 \u0631\u0627\u0626\u0639",
        "x" * 200,
    ),
}


def write_corpus(folder, names):
    """Write reviews of each class, some of which hold words of another one, or markup."""
    draw = np.random.default_rng(len(names))
    for split, n in (("train", 60), ("test", 20)):
        rows = []
        for name, words in itertools.islice(zip(names, itertools.cycle(WORDS)), len(names)):
            for k in range(n):
                of_class = draw.choice(words.split(), 2)
                others = draw.choice(" ".join(WORDS).split(), draw.integers(4))
                said = [*of_class, *others, *draw.choice(["a", "film", "not", "the"], 3)]
                if k < len(HOSTILE):
                    said.insert(1, HOSTILE[k])
                rows.append({"text": " ".join(said), "label": name})
        lines = (json.dumps(row) + "\n" for row in rows)
        (folder / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
    config = folder / "classes.toml"
    config.write_text(
        f'[corpus]\nsource = "files"\ntrain = "{folder}/train.jsonl"\n'
        f'test = "{folder}/test.jsonl"\nclasses = "found"\n[features]\nngrams = 2\n'
        "[train]\nepochs = 4\n[report]\nreviews = 12\n",
        encoding="utf-8",
    )
    return config


@pytest.fixture(scope="module")
def runs(tmp_path_factory, make_report):
    """Return a function that returns the run with some names of classes."""
    made = {}

    def run_of(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            made[kind] = make_report(write_corpus(folder, NAMES[kind]), folder / "run")
        return made[kind]

    return run_of


@pytest.fixture(scope="module")
def run(runs):
    return runs("three")


@pytest.fixture(scope="module")
def classes_page(open_page, run):
    return open_page(run)


def texts_of(locator):
    """Return the texts of elements, with plain signs."""
    return [text.strip().replace("\u2212", "-") for text in locator.all_text_contents()]


def test_the_page_needs_nothing_else_and_shows_nothing_of_a_threshold(classes_page):
    assert classes_page.is_quiet()
    for section in ("#words", "#decisions", "#reviews", "#playground"):
        assert "threshold" not in classes_page.text(section)
    for absent in ("#threshold", "#figure-roc", "#figure-scores", "#threshold-data"):
        assert classes_page.page.locator(absent).count() == 0


def test_it_shows_the_words_of_each_class(classes_page, run):
    expected = class_words(TextClassifier.load(run), 10)
    tables = classes_page.page.locator(".words-of-class").all()
    assert texts_of(classes_page.page.locator(".classes h3")) == list(expected)
    for table, words in zip(tables, expected.values(), strict=True):
        assert table.locator(".word").all_text_contents() == [inert(word.word) for word in words]
        said = [f"{word.weight:+.3f}" for word in words]
        assert [cell.split()[0] for cell in texts_of(table.locator("td"))] == said


def test_it_shows_the_confusion_matrix_and_the_metrics_of_each_class(classes_page, run):
    metrics = files.read_json(run / "eval" / "metrics.json")["test"]
    cells = [cell.split() for cell in texts_of(classes_page.page.locator(".matrix td:not(:empty)"))]
    expected = [
        [f"{count:,}", f"{100 * count / sum(row):.0f}%"]
        for row in metrics["confusion"]
        for count in row
    ]
    assert cells == expected
    rows = classes_page.page.locator(".metrics-of-class tbody tr").all()
    for name, row in zip(metrics["classes"], rows, strict=False):
        of = metrics["of_class"][name]
        shares = [f"{of[key]:.2%}" for key in ("precision", "recall", "f1")]
        auc = f"{metrics['roc_auc_of_class'][name]:.4f}"
        assert texts_of(row.locator("th, td")) == [name, *shares, auc, str(of["support"])]
    text = classes_page.text("#main")
    assert f"{metrics['accuracy']:.2%}" in text
    assert f"{metrics['f1']:.2%}" in classes_page.text(".headline")
    assert classes_page.page.locator(".matrix td.s10").count() > 0


def test_ratings_have_their_metrics(open_page, runs):
    ratings = files.read_json(runs("five") / "eval" / "metrics.json")["test"]["ratings"]
    text = open_page(runs("five")).text("#main")
    for value in ratings.values():
        assert f"{value:.4f}" in text


def test_the_reviews_are_the_most_wrong_and_the_least_certain(classes_page, run):
    table = parquet.read_table(run / "eval" / "predictions.parquet")
    y, predicted = (table[name].to_numpy() for name in ("label", "predicted"))
    probability = np.array(table["probabilities"].to_pylist())
    wrong = np.flatnonzero(y != predicted)
    by_truth = wrong[np.argsort(probability[wrong, y[wrong]], kind="stable")]
    margins = np.diff(np.sort(probability, axis=1)[:, -2:])[:, 0]
    articles = classes_page.page.locator("article")
    rows = [int(row) for row in articles.evaluate_all("all => all.map((a) => a.dataset.row)")]
    n = len(rows) - 12
    of_truth = probability[np.arange(len(y)), y]
    assert of_truth[rows[:n]] == pytest.approx(of_truth[by_truth][:n])
    assert margins[rows[n:]].max() <= np.sort(margins)[15]


def test_a_review_is_marked_with_what_speaks_for_its_class_against_the_runner_up(classes_page, run):
    model, reviews = TextClassifier.load(run), read_reviews(run)
    for article in classes_page.page.locator("article").all():
        row = int(article.get_attribute("data-row"))
        found = highlight(model, reviews.text(row))
        expected = [inert(p.text) for p in found.pieces if abs(found.strength(p)) > 0.1]
        assert article.locator("mark").all_text_contents() == expected
        (first, p), (second, q) = found.explanation.ranking[:2]
        text = article.text_content()
        assert f"predicted {first}; probabilities: {first} {p:.4f}, {second} {q:.4f}" in text
        if found.flip:
            assert f"{second} would be more probable" in text


@pytest.mark.parametrize("kind", ["three", "five", "hostile"])
def test_the_playground_equals_python(open_page, runs, kind):
    page, model = open_page(runs(kind)), TextClassifier.load(runs(kind))
    texts = [*TEXTS, *read_reviews(runs(kind)).texts.to_pylist()[:60], *MIXED[:140]]
    assert len(texts) > 200
    equals_python(page, model, texts)


def equals_python(page, model, texts):
    """Assert that scores, probabilities, the order of classes and what decides are Python's."""
    scored = page.page.evaluate("texts => texts.map((text) => sentiment.score(text))", texts)
    expected = model.scores(texts).scores
    shares = np.exp(expected - expected.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    for name, values in (("scores", expected), ("probabilities", shares)):
        found = [each[name] for each in scored]
        np.testing.assert_allclose(found, values, rtol=0, atol=1e-6)
    for text, each in zip(texts, scored, strict=True):
        found = highlight(model, text)
        assert (None if each["flip"] is None else tuple(each["flip"])) == found.flip
        ranked = [model.classes.index(label) for label, _ in found.explanation.ranking]
        assert each["ranking"] == ranked


def test_a_typed_text_shows_the_probability_of_each_class_and_what_decides(classes_page, run):
    model = TextClassifier.load(run)
    for text in ("superb superb film, not abysmal", "weak but fun", *HOSTILE):
        classes_page.type(text)
        found = highlight(model, in_a_box(text))
        explanation = found.explanation
        rows = texts_of(classes_page.page.locator("#playground-classes tr"))
        said = dict(re.fullmatch(r"(.+?)(\d\.\d{4})", row).groups() for row in rows)
        assert list(said) == list(model.classes)
        assert said == {name: f"{p:.4f}" for name, p in explanation.ranking}
        assert classes_page.text("#playground-label") == explanation.label
        first, second = explanation.classes[::-1]
        caption = classes_page.text("#playground-result caption >> nth=1")
        assert caption == f"What speaks for {first} and against {second}"
        marks = classes_page.page.locator("#playground-shown mark").all_text_contents()
        assert marks == [inert(p.text) for p in found.pieces if abs(found.strength(p)) > 0.1]
        words = texts_of(classes_page.page.locator("#playground-words tr td"))
        assert words == [f"{c.contribution:+.3f}" for c in explanation.contributions[:8]]


def test_the_table_of_words_has_the_weight_in_every_class(classes_page, run):
    model = TextClassifier.load(run)
    weights, words = against_others(model), model.vocabulary.words.to_pylist()
    search = classes_page.page.locator("#words-search")
    search.fill("superb")
    for word, *cells in zip(*(classes_page.column(n) for n in (1, 2, 3, 4)), strict=True):
        expected = [f"{value:+.4f}" for value in weights[:, words.index(word)]]
        assert [cell.replace("\u2212", "-") for cell in cells] == expected
    search.fill("")
    for k in range(3):
        classes_page.page.locator(f"#words-table button[data-key=weight-{k}]").click()
        shown = sorted(weights[k].tolist(), reverse=True)[:12]
        assert classes_page.numbers(2 + k) == pytest.approx(shown, abs=1e-4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1180])
@pytest.mark.parametrize("kind", ["three", "five", "hostile"])
def test_it_fits_a_phone_and_a_desk_in_light_and_dark(open_page, runs, kind, width, scheme):
    page = open_page(runs(kind), viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.type(" ".join(WORDS) + " w" * 300)
    assert page.cut_off() == []
    assert {name: ratio for name, ratio in page.contrasts().items() if ratio < 4.5} == {}


def signs(values):
    return [f"{value:+.4f}" for value in values]


def shows_step(page, step, other):
    """Assert that the section shows a step, to four decimals, and the weights of two classes."""
    before, after = step.before, step.after
    rows = [texts_of(row.locator("td")) for row in page.locator("#step-scores tbody tr").all()]
    scores = zip(before.scores, before.probabilities, step.errors, strict=True)
    news = zip(after.scores, after.probabilities, strict=True)
    assert rows == [
        [f"{z:+.4f}", f"{p:.4f}", f"{error:+.4f}", f"{new_z:+.4f}", f"{new_p:.4f}"]
        for (z, p, error), (new_z, new_p) in zip(scores, news, strict=True)
    ]
    assert page.locator("#step-loss").text_content() == f"{before.loss:.4f}"
    assert page.locator("#step-new-loss").text_content() == f"{after.loss:.4f}"
    rows = [texts_of(row.locator("th, td")) for row in page.locator("#step-terms tbody tr").all()]
    for term, row in zip(step.terms[:10], rows, strict=False):
        columns = zip(term.weights, term.gradients, term.new_weights, strict=True)
        of_class = list(map(signs, columns))
        assert row[:2] == [inert(term.feature.strip()), f"{term.x:g}"]
        assert row[2:] == [*of_class[step.y], *of_class[other]]


def test_a_step_is_that_of_trace(open_page, run):
    """Of a review of the page, and of a text that is typed, with any label, rate and class."""
    opened = open_page(run)
    page, model, reviews = opened.page, TextClassifier.load(run), read_reviews(run)
    rule, result = read_rule(run), page.locator("#step-result[aria-busy=false]")
    for row in [int(each.get_attribute("data-row")) for each in page.locator("article").all()[::5]]:
        page.locator("#step-review").select_option(str(row))
        result.wait_for(state="attached")
        y = int(reviews.labels[row])
        assert page.locator(f"#step-label-{y}").is_checked()
        shows_step(
            page,
            trace_classes(model, reviews.text(row), y, rule).step,
            int(page.locator("#step-other").input_value()),
        )
        command = opened.text("#step-command")
        assert command == f"sentiment trace RUN --row {row} --learning-rate {rule.learning_rate}"
    text = "superb and fair, but not abysmal"
    page.locator("#step-review").select_option("own")
    page.locator("#step-text").fill(text)
    result.wait_for(state="attached")
    for y, other in ((0, 2), (1, 0), (2, 0)):
        page.locator(f"#step-label-{y}").check()
        page.locator("#step-other").select_option(str(other))
        shows_step(page, trace_classes(model, text, y, rule).step, other)
        assert f"--label {model.classes[y]} " in opened.text("#step-command")
    loss = float(opened.text("#step-loss"))
    page.locator("#step-ten").click()
    assert float(opened.text("#step-loss")) < loss
    assert opened.text("#step-count").startswith("10 steps taken")
    page.locator("#step-reset").click()
    assert float(opened.text("#step-loss")) == loss
    assert opened.is_quiet()


def test_the_words_that_are_not_listed_move_as_one(classes_page):
    draw = np.random.default_rng(0)
    for n_classes, d in ((3, 1), (3, 4), (5, 6)):
        x, w, b = draw.random(d) * 3, draw.normal(size=(n_classes, d)), draw.normal(size=n_classes)
        n, y, rule = d // 2, int(draw.integers(n_classes)), Rule(0.3, 0.01)
        names = list(map(str, range(d)))
        expected = take_class_step(names, x, (w, b), range(n_classes), y, rule)
        review = {"x": x[:n].tolist(), "squares": float(x[n:] @ x[n:])}
        now = {"w": w[:, :n].T.tolist(), "b": b.tolist(), "product": (w[:, n:] @ x[n:]).tolist()}
        found = classes_page.page.evaluate(
            "([review, now, y, rule]) => sentiment.takeStep(review, now, y, rule)",
            [review, now, y, vars(rule)],
        )
        by_name = {int(term.feature): term for term in expected.terms}
        for j in range(n):
            assert found["gradient"][j] == pytest.approx(by_name[j].gradients)
            assert found["next"]["w"][j] == pytest.approx(by_name[j].new_weights)
        assert found["next"]["b"] == pytest.approx(expected.new_intercepts)
        assert found["errors"] == pytest.approx(expected.errors)
        for name, scored in (("before", expected.before), ("after", expected.after)):
            assert found[name]["z"] == pytest.approx(scored.scores)
            assert found[name]["p"] == pytest.approx(scored.probabilities)
            assert found[name]["loss"] == pytest.approx(scored.loss)


TEXT = "document.documentElement.textContent"


def strangers(text):
    """Return the characters that act, but for marks around a name, which end where they begin."""
    shown = re.sub("\u2068([^\u2068\u2069]*)\u2069", r"\1", text)
    return "".join(c for c in shown if inert(c) != c)


def test_intervals_of_other_classes_are_not_those_of_the_model(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / "stability").mkdir()
    table = "word\tweight\tlow\thigh\nsuperb\t0.5\t0.4\t0.6\n"
    (copy / "stability" / "words.tsv").write_text(table)
    assert read_stability(Run(copy), TextClassifier.load(copy)) is None


def test_many_classes_scroll_in_their_matrix_alone(open_page, runs):
    page = open_page(runs("many"), viewport={"width": 390, "height": 800})
    page.type("abysmal awesome")
    page.page.locator("#step-ten").click()
    assert page.page.evaluate("document.documentElement.scrollWidth") == 390
    page.page.locator(".matrix").evaluate("matrix => matrix.remove()")
    assert page.cut_off() == []
    assert len(page.column(25)) == 12


@pytest.mark.parametrize(
    "settings",
    [
        ["features.unit_length=true", "tokens.punctuation=true", "train.l2=0"],
        ["features.binary=true", "features.characters=[2, 4]", "tokens.mark_negation=true"],
        ["features.characters=[2, 5]", "features.ngrams=0", "train.ratio=documents"],
    ],
    ids=" ".join,
)
def test_the_playground_equals_python_with_any_settings(open_page, tmp_path, make_report, settings):
    run = make_report(write_corpus(tmp_path, NAMES["three"]), tmp_path / "run", *settings)
    page = open_page(run)
    equals_python(page, TextClassifier.load(run), [*TEXTS, *MIXED[:100]])
    assert page.is_quiet()


def test_a_model_that_the_page_cannot_run_has_the_other_sections(open_page, tmp_path, make_report):
    config = write_corpus(tmp_path, NAMES["three"])
    page = open_page(make_report(config, tmp_path / "run", "tokens.tokenizer=treebank"))
    assert "runs only in Python" in page.text("#playground")
    assert len(page.column(1)) == 12
    assert page.page.locator("#step-scores tbody tr").count() == 3
    assert page.is_quiet()


@pytest.mark.parametrize("width", [390, 1180])
def test_the_names_of_two_classes_are_shown_and_do_nothing_else(open_page, runs, width):
    run = runs("two hostile")
    page = open_page(run, viewport={"width": width, "height": 800})
    page.type("superb abysmal")
    page.page.locator("#step-ten").click()
    assert page.is_quiet()
    assert page.page.evaluate("window.hacked") is None
    assert page.page.locator("main script").count() == 0
    assert page.cut_off() == []
    for source in (
        (run / "report" / "index.html").read_text(encoding="utf-8"),
        page.page.evaluate(TEXT),
    ):
        assert strangers(source) == ""


def test_the_name_of_a_class_is_shown_and_does_nothing_else(open_page, runs):
    run = runs("hostile")
    page, names = open_page(run), TextClassifier.load(run).classes
    page.type("superb abysmal")
    assert page.is_quiet()
    assert page.page.evaluate("window.hacked") is None
    assert page.page.locator("main script").count() == 0
    shown = " ".join([page.text("#playground-classes"), page.text(".classes")])
    for name in names:
        assert inert(name)[:40] in shown
    written = (run / "report" / "index.html", run / "report" / "summary.md")
    sources = [file.read_text(encoding="utf-8") for file in written]
    for text in (*sources, page.page.evaluate(TEXT)):
        assert strangers(text) == ""
    assert re.search(r"(?<!\\)<|[^\\|]\|`", sources[1]) is None


def test_the_same_data_are_json_markdown_a_table_and_figures(run):
    folder, metrics = run / "report", files.read_json(run / "eval" / "metrics.json")["test"]
    data = files.read_json(folder / "report.json")
    assert data["run"]["metrics"] == metrics
    sums = np.sum(data["shares"], axis=1)
    assert sums == pytest.approx(1)
    summary = (folder / "summary.md").read_text()
    for row, name in zip(metrics["confusion"], metrics["classes"], strict=True):
        assert f"| {name} | {' | '.join(map(str, row))} |" in summary
        assert f"## Words for {name}" in summary
    for name in re.findall(r"\]\((figures/[^)]+)\)", summary):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
        assert (folder / name).with_suffix(".svg").exists()
    header, *lines = (folder / "weights.tsv").read_text().splitlines()
    assert header.split("\t")[2:5] == ["weight_negative", "weight_neutral", "weight_positive"]
    assert len(lines) == len(TextClassifier.load(run).vocabulary)


def test_of_a_model_too_large_for_a_page_the_words_that_matter_most_are_there(
    open_page, run, make_report, tmp_path, monkeypatch
):
    model, test = TextClassifier.load(run), read_reviews(run)
    kept = kept_columns(model, largest=2_000)
    assert 0 < len(kept) < len(model.vocabulary)
    shown = np.abs(against_others(model)).max(axis=0)
    importance = shown * np.sqrt(model.vocabulary.document_frequency)
    assert importance[kept].min() >= np.sort(importance)[-len(kept) - 5]
    counts = model.count(test.texts.to_pylist())
    alike = agreement(model, kept, [counts])
    monkeypatch.setattr(kept_columns, "__defaults__", (False, 2_000))
    small = make_report(run / "config.toml", tmp_path / "small")
    page = open_page(small)
    assert f"{alike:.2%} of the test reviews get the same prediction" in page.text("#playground")
    assert page.page.evaluate("model.words.length") == len(kept)
    assert page.is_quiet()


def test_two_classes_have_the_names_that_the_user_gave_them(
    open_page, tmp_path, make_corpus, make_report
):
    config = make_corpus(tmp_path)
    text = config.read_text()
    table = "classes = { bad = [0, 'neg', 'negative'], good = [1, 'pos', 'positive'] }"
    config.write_text(text.replace("[corpus]\n", f"[corpus]\n{table}\n", 1))
    run = make_report(config, tmp_path / "run")
    page = open_page(run)
    page.type("superb")
    assert page.text("#playground-label") == "good"
    for section in ("#words", "#reviews", "#playground"):
        assert not re.search("positive|negative", page.text(section))
    for said in ("predicted good", "truly bad", "probability of being good", "most bad"):
        assert said in page.page.content()
    page.page.locator("#step-review").select_option("textbook")
    assert "--label good" in page.text("#step-command")
    summary = (run / "report" / "summary.md").read_text()
    assert "| truly bad |" in summary
    assert "## Most good words" in summary
    assert page.is_quiet()


def card_of(run):
    """Return the metadata and the rows of the tables of a model card, as a parser finds them."""
    parser = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    _, block, text = (run / "MODEL_CARD.md").read_text().split("---\n", 2)
    metadata = {key: json.loads(v) for key, v in re.findall(r"^([\w-]+): (.*)$", block, re.M)}
    tokens = parser.parse(text)
    rows, row = [], []
    for token, before in zip(tokens[1:], tokens, strict=False):
        if before.type in ("td_open", "th_open"):
            assert {child.type for child in token.children} <= {"text", "text_special"}
            row.append("".join(child.content for child in token.children))
        if token.type == "tr_close":
            rows.append(row)
            row = []
    assert not {token.type for token in tokens} & {"html_block", "html_inline", "code_block"}
    return metadata, rows


@pytest.mark.parametrize("kind", [kind for kind, names in NAMES.items() if len(names) > 2])
def test_the_model_card_has_the_confusion_the_metrics_and_the_words_of_each_class(runs, kind):
    run = runs(kind)
    metrics = files.read_json(run / "eval" / "metrics.json")["test"]
    metadata, rows = card_of(run)
    for name, counts in zip(metrics["classes"], metrics["confusion"], strict=True):
        of, auc = metrics["of_class"][name], metrics["roc_auc_of_class"][name]
        shares = [f"{of[key]:.2%}" for key in ("precision", "recall", "f1")]
        assert [message(name), *map(str, counts)] in rows
        assert [message(name), *shares, f"{auc:.4f}", str(of["support"])] in rows
    for words in class_words(TextClassifier.load(run), 10).values():
        shown = [row[0] for row in rows if row[1:2] == [f"{words[0].weight:+.3f}"]]
        assert message(words[0].word) in shown
    values = {each["type"]: each for each in metadata["model-index"][0]["results"][0]["metrics"]}
    assert values["accuracy"]["value"] == metrics["accuracy"]
    assert values["f1"] == {"type": "f1", "value": metrics["f1"], "args": {"average": "macro"}}
    assert values["roc_auc"]["args"] == {"average": "macro", "multi_class": "ovr"}
    ratings = metrics.get("ratings", {})
    assert bool(ratings) == (kind == "five")
    assert all([name, f"{value:.4f}"] in rows for name, value in ratings.items())


def test_the_model_card_counts_the_training_reviews_of_each_class(run):
    text = (run / "MODEL_CARD.md").read_text()
    assert "one of 3 classes: negative, neutral, positive." in text
    assert re.search(r"180 reviews of the corpus .*: 60 negative, 60 neutral, 60 positive\.", text)


@pytest.fixture(scope="module")
def two_runs(runs, tmp_path_factory, sentiment):
    """Return a function that returns two runs with some names of classes, and their page."""

    def of(kind):
        folder = tmp_path_factory.mktemp("two")
        other = shutil.copytree(runs(kind), folder / "other")
        options = ("--set", "features.ngrams=1", "--set", "train.epochs=1")
        assert sentiment("eval", other, "-q", *options).exit_code == 0
        file = folder / "both.html"
        result = sentiment("compare", runs(kind), other, "--html", file)
        assert result.exit_code == 0, result.output
        return runs(kind), other, file

    return of


def test_two_runs_stand_on_one_page_with_the_moved_words_of_each_class(
    browser, two_runs, sentiment
):
    a, b, file = two_runs("three")
    page = Page(browser, file)
    assert page.is_quiet()
    data = json.loads(sentiment("compare", a, b, "--json").stdout)
    different = data["both_wrong_differently"]
    assert f"Of those that both get wrong, the runs predict {different} " in page.text("#metrics")
    models = [TextClassifier.load(path) for path in (a, b)]
    expected = moved_words(*models, 15)
    for card, (label, words) in zip(
        page.page.locator("#words .card").all(), expected.items(), strict=True
    ):
        assert card.locator("h3").text_content() == f"For {label}"
        assert texts_of(card.locator("tbody th")) == [word.word for word in words]
        shown = texts_of(card.locator("tbody tr > :nth-child(4)"))
        assert shown == [f"{word.difference:+.3f}" for word in words]
    shown = texts_of(page.page.locator("article h3 small"))
    flips = data["flipped"][:20]
    assert shown == [f"true label {NAMES['three'][flip['label']]}" for flip in flips]
    for k, flip in enumerate(flips):
        for text, name in zip(
            texts_of(page.page.locator(f"article:nth-of-type({k + 1}) h4 small")), "ab", strict=True
        ):
            predicted = NAMES["three"][flip[f"predicted_{name}"]]
            probability = flip[f"probability_{name}"]
            assert text.startswith(
                f"predicts {predicted}, probability {probability:.4f}; runner-up"
            )


@pytest.mark.parametrize("width", [390, 1180])
def test_names_of_classes_do_nothing_on_the_page_of_two_runs_and_fit(browser, two_runs, width):
    page = Page(browser, two_runs("hostile")[2], viewport={"width": width, "height": 800})
    assert page.is_quiet()
    assert page.page.evaluate("window.hacked") is None
    assert page.cut_off() == []
    assert page.page.locator("#words h3").count() == len(NAMES["hostile"])
