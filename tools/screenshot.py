"""Draws a picture of a report for the README: desk and phone, light and dark.

    python tools/screenshot.py runs/imdb/report/index.html docs/report.png

The browser is the system's own chromium, driven by Playwright.
"""

from __future__ import annotations

import base64
import shutil
import sys
from pathlib import Path

ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
# Scheme, width and height of the view, and where it is scrolled to.
VIEWS = (
    ("light", 1180, 860, "words"),
    ("dark", 430, 860, "playground"),
    ("dark", 1180, 860, "decisions"),
    ("light", 430, 860, "main"),
)


def main(page: Path, picture: Path) -> None:
    """Take each view, and put them side by side into one picture."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        shots = []
        for scheme, width, height, place in VIEWS:
            view = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            view.goto(page.resolve().as_uri())
            view.evaluate(f"document.getElementById('{place}').scrollIntoView()")
            shots.append((width, view.screenshot()))
        board = browser.new_page(viewport={"width": 1700, "height": 100})
        board.set_content(_board(shots))
        board.locator("main").screenshot(path=picture)
        browser.close()


def _board(shots: list[tuple[int, bytes]]) -> str:
    images = "".join(
        f'<img width="{width}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        for width, png in shots
    )
    return (
        "<style>body{margin:0} main{display:flex;flex-wrap:wrap;gap:24px;padding:24px;"
        "width:1634px;background:#8c959f} img{border-radius:10px;display:block}</style>"
        f"<main>{images}</main>"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
