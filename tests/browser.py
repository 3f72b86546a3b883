"""A page in the system's own chromium, driven by Playwright, and reviews that try to be markup."""

from pathlib import Path

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
    "\x1b[31m moving \x1b]0;title\x07 \x9b2J \x7f\u202e superb \u2066 \r\n a joy \r dull",
    "\u05d4\u05e1\u05e8\u05d8 superb \u05de\u05e6\u05d5\u05d9\u05df",
)


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

    def sees(self, selector: str) -> bool:
        return self.page.locator(selector).is_visible()

    def column(self, n: int) -> list[str]:
        """Return a column of the table of words, from 1."""
        return self.page.locator(f"#words-body tr > :nth-child({n})").all_text_contents()

    def numbers(self, n: int) -> list[float]:
        return [float(cell.replace("\u2212", "-").replace(",", "")) for cell in self.column(n)]

    def type(self, text: str) -> None:
        """Type a text into the playground, and wait until it is scored."""
        self.page.locator("#playground-text").fill(text)
        self.page.locator("#playground-result[aria-busy=false]").wait_for(state="attached")

    def cut_off(self) -> list[str]:
        """Return what does not fit into its box or the window: tag, class and excess in pixels."""
        return self.page.evaluate(CUT_OFF)

    def contrasts(self) -> dict[str, float]:
        """Return the contrast of the text of elements with what is behind it: by tag and class."""
        return self.page.evaluate(CONTRASTS)


# Reviews may scroll downwards, so only the width counts. A pixel is lost to rounding.
CUT_OFF = """() => {
  const found = [];
  const blocks = "html, h1, h4, p, li, pre, table, th, td, code, figure";
  for (const node of document.querySelectorAll(blocks)) {
    const isInline = getComputedStyle(node).display === "inline";
    const inside = isInline ? 0 : node.scrollWidth - node.clientWidth;
    const excess = Math.max(inside, node.getBoundingClientRect().right - innerWidth);
    if (excess > 1) found.push(`${node.tagName}.${node.className}: ${excess}`);
  }
  return found;
}"""

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
