"""Two runs on one page, in a real browser."""

import html
import json
import re
import shutil

import pytest
from browser import Page

from pipeline.boundary.inert import inert
from pipeline.model.text_classifier import TextClassifier


def test_two_runs_stand_on_one_page(browser, hostile_run, tmp_path, sentiment):
    other = tmp_path / "other"
    shutil.copytree(hostile_run, other)
    options = ("--set", "features.ngrams=1", "--set", "tokens.punctuation=false")
    assert sentiment("eval", other, "-q", *options, "--set", "train.epochs=1").exit_code == 0
    file = tmp_path / "both.html"
    result = sentiment("compare", hostile_run, other, "--html", file)
    assert result.exit_code == 0, result.output
    assert f"the page is {file}" in result.stdout
    data = json.loads(sentiment("compare", hostile_run, other, "--json").stdout)
    page = Page(browser, file)
    assert page.is_quiet()
    assert f"{data['accuracy_a']:.2%}" in page.text(".headline")
    shown = page.page.locator("article .text").all_text_contents()
    assert shown[::2] == shown[1::2] == [inert(flip["text"]) for flip in data["flipped"][:20]]
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
    assert page.cut_off() == []
    heights = page.page.locator("#metrics .stacked tbody tr").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().height)"
    )
    assert max(heights) < 80  # two lines


def test_two_runs_of_one_name_are_told_apart(small_run, tmp_path, sentiment):
    other = tmp_path / small_run.path.name
    shutil.copytree(small_run.path, other)
    file = tmp_path / "both.html"
    assert sentiment("compare", small_run.path, other, "--html", file).exit_code == 0
    heading = re.search("<h1>(.*)</h1>", file.read_text())[1]
    assert re.sub("</?bdi>", "", html.unescape(heading)) == f"{small_run.path} and {other}"


def test_a_page_that_cannot_be_written_is_one_line(small_run, tmp_path, sentiment):
    file = tmp_path / "nowhere" / "both.html"
    result = sentiment("compare", small_run.path, small_run.path, "--html", file)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"sentiment: {file}: cannot write the page")
    assert result.stderr.count("\n") == 1
