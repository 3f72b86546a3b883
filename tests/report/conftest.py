"""What the report's tests share: a browser, and a run whose reviews try to be markup."""

import json
import os
import shutil
from pathlib import Path

import pytest
from browser import ARGUMENTS, HOSTILE, PATIENCE, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def open_page(browser):
    """Return a function that opens the report of a run in a new page."""

    def open_report(run: Path, **settings) -> Page:
        return Page(browser, run / "report" / "index.html", **settings)

    return open_report


@pytest.fixture(scope="session")
def make_report(sentiment):
    """Return a function that runs every stage with settings."""

    def make(config: Path, run: Path, *settings: str) -> Path:
        options = [item for setting in settings for item in ("--set", setting)]
        result = sentiment("report", config, "--run", run, "-q", *options)
        assert result.exit_code == 0, result.output
        return run

    return make


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory, make_corpus, make_report):
    """Return a run whose test set holds reviews that try to be markup, and whose words do too."""
    folder = tmp_path_factory.mktemp("hostile")
    config = make_corpus(folder)
    for split in ("train", "test"):
        with (folder / f"{split}.jsonl").open("a") as file:
            for k, text in enumerate(HOSTILE):
                file.write(json.dumps({"text": text, "label": k % 2}) + "\n")
    settings = ("tokens.punctuation=true", "report.reviews=44", "train.validation=0")
    return make_report(config, folder / "run", *settings)


@pytest.fixture(scope="session")
def page(open_page, hostile_run):
    """Return the page of the hostile run; a test that moves something puts it back."""
    return open_page(hostile_run)
