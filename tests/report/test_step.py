"""The page's step of gradient descent in a real browser: it is the one that `trace` takes."""

import re
from itertools import pairwise

import numpy as np
import pytest
from browser import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.boundary.inert import inert
from pipeline.inspection.trace import Rule, take_step, trace
from pipeline.model.text_classifier import TextClassifier
from pipeline.report.embedded_model import kept_columns
from pipeline.report.embedded_steps import MOST_TERMS
from pipeline.stages.read_run import read_reviews, read_rule

NUMBERS = st.floats(-5, 5, allow_subnormal=False)
RATES = st.floats(1e-5, 10)


RATE = """(slider, wanted) => {
  const shown = document.getElementById("step-rate-value");
  for (let k = 0; k <= slider.max; k++) {
    slider.value = k;
    slider.dispatchEvent(new Event("input"));
    if (Number(shown.textContent) === wanted) return true;
  }
  return false;
}"""


class Step:
    """The section of the page: what it shows, and its controls."""

    def __init__(self, page) -> None:
        self.browser, self.page = page, page.page

    def choose(self, review: str) -> "Step":
        self.page.locator("#step-review").select_option(review)
        return self.wait()

    def type(self, text: str) -> "Step":
        self.choose("own")
        self.page.locator("#step-text").fill(text)
        return self.wait()

    def wait(self) -> "Step":
        self.page.locator("#step-result[aria-busy=false]").wait_for(state="attached")
        return self

    def label(self, y: int) -> None:
        self.page.locator(f"#step-label-{y:d}").check()

    def rate(self, wanted: float) -> None:
        """Move the slider to a rate."""
        assert self.page.locator("#step-rate").evaluate(RATE, wanted)

    def press(self, button: str) -> None:
        self.page.locator(f"#step-{button}").click()

    def text(self, selector: str) -> str:
        return self.browser.text(selector).replace("\u2212", "-")

    def rows(self) -> list[list[str]]:
        """Return the table of words: name, count, weight, term, gradient, new weight."""
        cells = "rows => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
        rows = self.page.locator("#step-terms tbody tr").evaluate_all(cells)
        return [[cell.strip().replace("\u2212", "-") for cell in row if cell] for row in rows]

    def scores(self) -> list[str]:
        """Return z, a, L and a - y, each now and after the step."""
        cells = self.page.locator("#step-scores tbody td").all_text_contents()
        return [cell.replace("\u2212", "-") for cell in cells]

    def options(self) -> list[str]:
        options = self.page.locator("#step-review option")
        return options.evaluate_all("all => all.map((each) => each.value)")


def printed(sentiment, *arguments) -> tuple[list[list[str]], list[str]]:
    """Return what `sentiment trace` prints as the page has it: its rows and its scores."""
    result = sentiment("trace", *arguments)
    assert result.exit_code == 0, result.output
    tables = re.findall(r"─\n(.*?)\n\n(?= z|with)", result.stdout, re.DOTALL)
    terms, gradients = ([re.split(r"\s{2,}", r.strip()) for r in t.split("\n")] for t in tables)
    rows = []
    for term in terms:
        gradient = next(row for row in gradients if row[0] == term[0])[1:]
        name = term[0].replace("feature", "term")
        if "other" in name:
            rows.append([name, "…", term[-1], "…", "…"])
        else:
            count = [] if name == "(intercept)" else [term[1]]
            rows.append([name, *count, gradient[1], term[-1], gradient[0], gradient[2]])
    (z,) = re.findall(r"^ z +(\S+)$", result.stdout, re.MULTILINE)
    (a,) = re.findall(r"^probability .* = (\S+)$", result.stdout, re.MULTILINE)
    (loss,) = re.findall(r"^loss .* = (\S+)$", result.stdout, re.MULTILINE)
    (error,) = re.findall(r"^error .* = (\S+)$", result.stdout, re.MULTILINE)
    after = re.search(r"^with these +z = (\S+), a = (\S+), L = (\S+): ", result.stdout, re.M)
    return [*rows, ["z", z]], [a, after[2], loss, after[3], error, f"{float(after[1]):+.4f}"]


def agrees(step: Step, expected: tuple[list[list[str]], list[str]]) -> None:
    """Assert that the section shows what `sentiment trace` prints, digit by digit."""
    rows, (a, new_a, loss, new_loss, error, new_z) = expected
    assert step.rows() == rows
    found = step.scores()
    assert found[1:7] == [new_z, a, new_a, loss, new_loss, error]
    assert float(found[0]) == pytest.approx(float(rows[-1][1]), abs=6e-5)


@pytest.fixture
def step(page):
    """Return the section, in which nothing has been moved."""
    step = Step(page)
    return step.choose(step.options()[0]).choose("textbook")


def test_every_review_that_is_shown_can_be_chosen(step, page, hostile_run):
    shown = page.page.locator("#reviews article").evaluate_all(
        "all => all.map((article) => article.dataset.row)"
    )
    assert step.options() == [*shown, "own", "textbook"]
    texts = read_reviews(hostile_run).texts.to_pylist()
    for row in dict.fromkeys(shown):
        step.choose(row)
        assert step.text("#step-shown") == inert(texts[int(row)])
    assert page.page.locator("#step-shown").locator("script, img, b[onmouseover]").count() == 0
    assert page.page.evaluate("window.hacked") is None
    assert page.is_quiet()


def test_of_a_test_review_it_shows_what_trace_prints(step, hostile_run, sentiment):
    for row in step.options()[:-2:7]:
        agrees(step.choose(row), printed(sentiment, hostile_run, "--row", row))
    reviews, longest = read_reviews(hostile_run), max(step.options()[:-2], key=len)
    y = int(reviews.labels[int(longest)])
    step.choose(longest)
    assert step.page.locator("#step-label-1").is_checked() == bool(y)


def test_without_a_model_it_shows_the_textbooks_example(step, sentiment):
    agrees(step.choose("textbook"), printed(sentiment))
    step.label(0)
    step.rate(0.5)
    command = step.text("#step-command").split()
    assert command == "sentiment trace --label negative --learning-rate 0.5".split()
    agrees(step, printed(sentiment, *command[2:]))


@pytest.mark.parametrize("text", ["A superb film, and not boring at all", "zzz", "", *HOSTILE])
def test_a_text_that_is_typed_takes_the_step_of_trace_to_four_decimals(step, hostile_run, text):
    model, l2 = TextClassifier.load(hostile_run), read_rule(hostile_run).l2
    step.type(text)
    for y, rate in ((1, 0.1), (0, 0.003), (0, 10)):
        step.label(y)
        step.rate(rate)
        found = trace(model, text, y, Rule(rate, l2))
        assert step.text("#step-size") == sized(found)
        assert_is_to_four_decimals(step, found.step)
        label = ("negative", "positive")[y]
        assert step.text("#step-command").endswith(f"--label {label} --learning-rate {rate}")


def sized(found) -> str:
    unknown = f", {found.n_unknown} of them unknown to the model" if found.n_unknown else ""
    tokens = f"{len(found.tokens)} token{'' if len(found.tokens) == 1 else 's'}"
    n = len(found.step.terms)
    return f"{tokens}{unknown}. {n} of the {found.n_features} counts x are not zero."


def assert_is_to_four_decimals(step: Step, expected) -> None:
    shown = step.rows()
    for term, row in zip(expected.terms[:10], shown, strict=False):
        values = term.weight, term.product, term.gradient, term.new_weight
        assert row[:2] == [inert(term.feature.strip()), f"{term.x:g}"]
        assert [float(cell) for cell in row[2:]] == [round(value, 4) for value in values]
    assert float(shown[-1][1]) == round(expected.before.score, 4)
    scored = (
        getattr(each, name)
        for name in ("score", "probability", "loss")
        for each in (expected.before, expected.after)
    )
    assert [float(cell) for cell in step.scores()[:6]] == [round(value, 4) for value in scored]


def test_the_command_that_it_names_prints_the_same_step(step, hostile_run, sentiment):
    step.choose(step.options()[0])
    step.rate(0.7)
    command = step.text("#step-command").split()
    assert command[:3] == ["sentiment", "trace", "RUN"]
    agrees(step, printed(sentiment, hostile_run, *command[3:]))
    y = step.page.locator("#step-label-1").is_checked()
    step.label(not y)  # a row has the true label
    assert '"TEXT" --label' in step.text("#step-command")


@pytest.mark.parametrize(
    "changed",
    [
        ["features.unit_length=true", "features.characters=[2, 4]", "train.l2=0.01"],
        ["features.binary=true", "tokens.tokenizer=treebank", "train.ratio=counts", "train.l2=0"],
    ],
    ids=" ".join,
)
def test_it_takes_the_step_of_any_kind_of_model(
    open_page, tmp_path, make_corpus, make_report, sentiment, changed, monkeypatch
):
    """Of test reviews also where a page has few of the words, and cannot tokenise."""
    runs_in_python_only = "tokens.tokenizer=treebank" in changed
    if runs_in_python_only:
        monkeypatch.setattr(kept_columns, "__defaults__", (False, 1000))
    run = make_report(make_corpus(tmp_path), tmp_path / "run", *changed)
    step = Step(open_page(run))
    assert step.browser.sees("#step .penalty >> nth=0") == (changed[-1] != "train.l2=0")
    for row in step.options()[:3]:
        agrees(step.choose(row), printed(sentiment, run, "--row", row))
    assert ("own" in step.options()) != runs_in_python_only
    if not runs_in_python_only:
        text = "superb, superb film; boring?"
        found = trace(TextClassifier.load(run), text, 1, read_rule(run))
        assert_is_to_four_decimals(step.type(text), found.step)
    assert step.browser.is_quiet()


def test_step_after_step_the_weights_and_the_loss_move_as_in_python(step, hostile_run):
    """The label and the rate move on the way; then everything starts again."""
    model, reviews = TextClassifier.load(hostile_run), read_reviews(hostile_run)
    row, rule = step.options()[0], read_rule(hostile_run)
    step.choose(row)
    first = step.rows(), step.scores()
    step.press("more")
    now = trace(model, reviews.text(int(row)), int(reviews.labels[int(row)]), rule).step
    for y, rate in ((1, 0.01), (1, 0.01), (0, 0.1), (1, 0.002)):
        step.label(y)
        step.rate(rate)
        names = [term.feature for term in now.terms]
        x, w = (np.array([getattr(t, name) for t in now.terms]) for name in ("x", "weight"))
        now = take_step(names, x, w, now.intercept, y, Rule(rate, rule.l2))
        by_name = {term.feature: term for term in now.terms}
        *shown, _ = step.rows()
        for name, *cells in shown[: len(names)]:
            term = by_name[name]
            expected = term.x, term.weight, term.product, term.gradient, term.new_weight
            assert [float(c) for c in cells] == pytest.approx(expected, abs=5.1e-7)
        scores = [float(score) for score in step.scores()]
        before, after = now.before, now.after
        assert scores[:6] == pytest.approx(
            [
                v
                for name in ("score", "probability", "loss")
                for v in (getattr(before, name), getattr(after, name))
            ],
            abs=5.1e-5,
        )
        step.press("take")
        assert float(step.scores()[4]) == pytest.approx(after.loss, abs=5.1e-5)
        new = {term.feature: term.new_weight for term in now.terms}
        now = take_step(names, x, np.array([new[n] for n in names]), now.new_intercept, y, rule)
    assert step.text("#step-count").startswith("4 steps taken")
    step.press("more")
    step.press("reset")
    assert step.text("#step-count") == ""
    assert [row[1:3] for row in step.rows()] == [row[1:3] for row in first[0]]
    step.choose(step.options()[1])
    step.choose(row)
    assert (step.rows(), step.scores()) == first


@st.composite
def starts(draw):
    """A review of one to six words, of which the page may list the first few only."""
    d = draw(st.integers(1, 6))
    x = draw(st.lists(st.integers(1, 9).map(float) | st.floats(0.01, 1), min_size=d, max_size=d))
    w = draw(st.lists(NUMBERS, min_size=d, max_size=d))
    rule = Rule(draw(RATES), draw(st.sampled_from([0.0, 1e-6, 0.01, 1.0])))
    return (
        np.array(x),
        np.array(w),
        draw(NUMBERS),
        draw(st.integers(0, 1)),
        rule,
        draw(st.integers(0, d)),
    )


@settings(max_examples=60, deadline=None)
@given(starts())
def test_a_step_is_pythons_and_the_words_that_are_not_listed_move_as_one(page, start):
    x, w, b, y, rule, n = start
    names = [str(j) for j in range(len(x))]
    expected = take_step(names, x, w, b, y, rule)
    review = {"x": x[:n].tolist(), "squares": float(x[n:] @ x[n:])}
    now = {"w": w[:n].tolist(), "b": b, "product": float(x[n:] @ w[n:])}
    found = page.page.evaluate(
        "([review, now, y, rule]) => sentiment.takeStep(review, now, y, rule)",
        [review, now, y, vars(rule)],
    )
    near = {"rel": 1e-9, "abs": 1e-9}
    by_name = {int(term.feature): term for term in expected.terms}
    assert found["gradient"] == pytest.approx([by_name[j].gradient for j in range(n)], **near)
    assert found["next"]["w"] == pytest.approx([by_name[j].new_weight for j in range(n)], **near)
    assert found["next"]["b"] == pytest.approx(expected.new_intercept, **near)
    assert found["error"] == pytest.approx(expected.error, **near)
    for name, scored in (("before", expected.before), ("after", expected.after)):
        assert found[name]["z"] == pytest.approx(scored.score, **near)
        assert found[name]["a"] == pytest.approx(scored.probability, **near)
        assert found[name]["loss"] == pytest.approx(scored.loss, **near)


def test_a_typed_text_keeps_the_label_and_the_rate_and_lists_no_more_than_it_may(step):
    step.type("superb")
    step.label(0)
    step.rate(0.2)
    page = step.page
    page.locator("#step-text").fill(" ".join(page.evaluate("model.words")))
    step.wait()
    assert not page.locator("#step-label-1").is_checked()
    assert step.text("#step-rate-value") == "0.2"
    step.press("more")
    assert len(step.rows()) == MOST_TERMS + 3
    step.press("more")
    assert len(step.rows()) == 13


def test_the_keyboard_takes_steps(step):
    step.choose(step.options()[0])
    page = step.page
    page.locator("#step-review").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#step-review").input_value() == step.options()[1]
    step.wait()
    y = page.locator("#step-label-1").is_checked()
    page.locator(f"#step-label-{y:d}").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#step-label-1").is_checked() != y
    page.locator("#step-rate").focus()
    before = float(step.text("#step-rate-value"))
    page.keyboard.press("ArrowRight")
    assert float(step.text("#step-rate-value")) > before
    assert page.locator("#step-rate").get_attribute("aria-valuetext") == step.text(
        "#step-rate-value"
    )
    page.locator("#step-take").focus()
    page.keyboard.press("Enter")
    assert step.text("#step-count").startswith("1 step taken")


def test_the_pictures_show_and_say_where_the_point_is(step):
    step.choose("textbook")
    said = step.page.locator("#step-sigmoid").get_attribute("aria-label").replace("\u2212", "-")
    assert "z = +0.0000, a = 0.5000; after the step z = +0.7000, a = 0.6682" in said
    place = "circle => ['cx', 'cy'].map((name) => Number(circle.getAttribute(name)))"
    points = [step.page.locator(f"#step-sigmoid .{p}").evaluate(place) for p in ("now", "next")]
    assert points[0][0] < points[1][0]  # to the right, and up
    assert points[0][1] > points[1][1]
    step.press("ten")
    assert step.page.locator("#step-sigmoid .past").count() == 10
    said = step.page.locator("#step-losses").get_attribute("aria-label")
    losses = [float(value) for value in re.findall(r"\d\.\d{4}", said)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == 0.6931
    curve = step.page.locator("#step-losses polyline").first.get_attribute("points").split()
    heights = [float(point.split(",")[1]) for point in curve]
    assert len(heights) == 11
    assert all(a < b for a, b in pairwise(heights))


@pytest.mark.parametrize("width", [360, 1180])
def test_every_choice_fits_a_phone_and_a_desk(open_page, hostile_run, width):
    page = open_page(hostile_run, viewport={"width": width, "height": 800})
    step = Step(page)
    for choice in (*step.options()[:2], "own", "textbook"):
        step.choose(choice)
        step.rate(10)
        step.press("ten")
        assert page.cut_off() == []
    step.type("w" * 300 + " superb" * 100)
    step.press("take")
    assert page.cut_off() == []
    assert page.is_quiet()
