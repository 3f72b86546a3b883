"""A report of reviews in other scripts: from right to left, without spaces, and with emoji."""

import json

import pytest

from pipeline.model.text_classifier import TextClassifier

# A positive and a negative review in each script; the last two mix scripts and directions.
REVIEWS = {
    "Arabic": ("فيلم رائع جدا وممتع", "فيلم سيئ وممل جدا"),
    "Hebrew": ("סרט נפלא ומרגש מאוד", "סרט גרוע ומשעמם"),
    "Chinese": ("这部电影很好看。非常精彩", "这部电影很差。太无聊了"),
    "Japanese": ("素晴らしい映画でした", "つまらない映画でした"),
    "Thai": ("หนังสนุกมาก", "หนังน่าเบื่อมาก"),
    "emoji": ("loved it \u2764\ufe0f \U0001f44d\U0001f3fd", "hated it \U0001f494 \U0001f44e"),
    "mixed": ("شاهدت the film وكان ممتع 好 \U0001f60d", "iPhone很差 \U0001f621, שעמום"),
}
TEXTS = [text for both in REVIEWS.values() for text in both]


@pytest.fixture(scope="module")
def scripts_run(tmp_path_factory, make_report):
    folder = tmp_path_factory.mktemp("scripts")
    for split, times in (("train", 12), ("test", 1)):
        with (folder / f"{split}.jsonl").open("w") as file:
            for k in range(times):
                for text, label in zip(TEXTS, [1, 0] * len(REVIEWS), strict=True):
                    file.write(json.dumps({"text": f"{text} {k}", "label": label}) + "\n")
    config = folder / "scripts.toml"
    config.write_text(
        '[corpus]\nsource = "files"\n'
        f'train = "{folder}/train.jsonl"\ntest = "{folder}/test.jsonl"\n'
        "[features]\nngrams = 2\n[report]\nreviews = 28\n"
    )
    return make_report(config, folder / "run")


@pytest.fixture(scope="module")
def scripts_page(open_page, scripts_run):
    return open_page(scripts_run)


def test_the_page_scores_every_script_as_python_does(scripts_page, scripts_run):
    model = TextClassifier.load(scripts_run)
    for text in TEXTS:
        scripts_page.type(text)
        result = scripts_page.page.locator("#playground-result")
        probability = float(result.get_attribute("data-probability"))
        assert probability == pytest.approx(model.probabilities([text])[0], abs=1e-6)
        assert scripts_page.text("#playground-shown") == text
    assert scripts_page.is_quiet()


def test_no_word_of_the_table_is_invisible(scripts_page, scripts_run):
    words = TextClassifier.load(scripts_run).vocabulary.words.to_pylist()
    for word in words:
        assert any(character.isprintable() and character != "\ufe0f" for character in word)
    shown = scripts_page.column(1)
    assert shown
    assert set(shown) <= set(words)
    widths = scripts_page.page.evaluate(
        """() => [...document.querySelectorAll("#words-body th")].map((cell) => {
          const range = document.createRange();
          range.selectNodeContents(cell);
          return range.getBoundingClientRect().width;
        })"""
    )
    assert min(widths) > 2


@pytest.mark.parametrize(("script", "direction"), [("Arabic", "rtl"), ("Chinese", "ltr")])
def test_a_text_runs_in_the_direction_of_its_script(scripts_page, script, direction):
    text = REVIEWS[script][0]
    scripts_page.type(text)
    page = scripts_page.page
    reviews = page.locator("#reviews .text").filter(has_text=text)
    for element in (page.locator("#playground-text"), page.locator("#playground-shown"), reviews):
        assert element.first.evaluate("node => getComputedStyle(node).direction") == direction


def test_words_from_right_to_left_keep_their_place_in_a_list(scripts_page):
    """Two Hebrew words side by side would trade places if they were not isolated."""
    scripts_page.type(REVIEWS["Hebrew"][0] + " " + REVIEWS["Arabic"][0])
    lefts = scripts_page.page.evaluate(
        """() => {
          const text = document.getElementById("playground-flip").firstChild, found = [];
          for (const { index, 0: quoted } of text.data.matchAll(/\\u201c[^\\u201d]*\\u201d/g)) {
            const range = document.createRange();
            range.setStart(text, index);
            range.setEnd(text, index + quoted.length);
            const { top, left } = range.getBoundingClientRect();
            found.push([Math.round(top), left]);
          }
          return found;
        }"""
    )
    assert len(lefts) > 1
    assert lefts == sorted(lefts)


def test_every_script_fits_a_phone(open_page, scripts_run):
    page = open_page(scripts_run, viewport={"width": 390, "height": 800})
    page.type(" ".join(TEXTS))
    assert page.cut_off() == []
