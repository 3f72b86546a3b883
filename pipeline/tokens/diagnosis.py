"""What looks wrong about the tokens of a training set, and which setting helps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import regex

from pipeline.storage import arrow
from pipeline.tokens.preparation import HTML
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.tokens.tokens import Tokens

# Below this number of tokens, most occur once in any language.
ENOUGH = 1_000
# Code points of a token, and the share of distinct tokens that may have more.
LONG = (30, 0.5), (100, 0.01)
# Shares: of reviews with HTML; of tokens that occur once, or of letters that are left out.
MANY, MOST = 0.01, 0.5
# Reviews that are read to see what a tokenizer leaves out.
LOOKED_AT = 50

_HTML = regex.compile(HTML.encode(), regex.IGNORECASE)


def warnings(
    tokenizer: Tokenizer, tokens: Tokens, texts: pa.LargeStringArray | pa.ChunkedArray
) -> list[str]:
    """Return what looks wrong, a line each.

    Parameters
    ----------
    tokenizer : Tokenizer
    tokens : Tokens
        Of the texts.
    texts : pyarrow.LargeStringArray or ChunkedArray of it
        Those of the training set.

    Examples
    --------
    >>> texts = arrow.strings(["it isn&#39;t good", "so &amp; so", "fine"])
    >>> warnings(Tokenizer(), Tokenizer()(texts), texts)
    ['2 of 3 training reviews hold HTML such as &#39;: set tokens.html = "text"']
    """
    found = (
        _html(texts) if tokenizer.html == "keep" else None,
        _rare(tokens),
        _long(tokens),
        _left_out(tokenizer, tokens, texts),
    )
    return [line for line in found if line is not None]


def _html(texts: pa.LargeStringArray | pa.ChunkedArray) -> str | None:
    n, example = 0, b""
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        for found in _first_html(chunk):
            n, example = n + 1, example or found
    if n == 0 or n < MANY * len(texts):
        return None
    return (
        f"{n:,} of {len(texts):,} training reviews hold HTML such as "
        f'{_shortened(example.decode())}: set tokens.html = "text"'
    )


def _first_html(texts: pa.LargeStringArray) -> Iterator[bytes]:
    """Yield the first entity or tag of each text that holds one."""
    data, offsets = arrow.buffers(texts)
    text, places = data.data, np.flatnonzero((data == ord("&")) | (data == ord("<")))
    documents = np.searchsorted(offsets, places, "right") - 1
    done = -1
    for d, place in zip(documents.tolist(), places.tolist(), strict=True):
        if done < d < len(texts):
            match = _HTML.match(text, place, int(offsets[d + 1]))
            if match is not None:
                done = d
                yield bytes(match.group())


def _rare(tokens: Tokens) -> str | None:
    n = len(tokens.ids)
    # No more tokens occur once than are distinct, so in most texts there is nothing to count.
    if n < ENOUGH or len(tokens.distinct) <= MOST * n:
        return None
    once = int((np.bincount(tokens.ids, minlength=len(tokens.distinct)) == 1).sum())
    if once <= MOST * n:
        return None
    return (
        f"{once:,} of {n:,} tokens of the training set occur once only, and nothing can be learned "
        "from those: where no spaces separate words, set features.characters = [2, 5]"
    )


def _long(tokens: Tokens) -> str | None:
    n_bytes = np.diff(arrow.buffers(tokens.distinct)[1])
    for limit, share in LONG:
        if (n_bytes > limit).sum() <= share * len(n_bytes):
            continue  # nor have more tokens that many code points
        lengths = np.array([len(token) for token in tokens.distinct.to_pylist()])
        n = int((lengths > limit).sum())
        if n > max(1, share * len(lengths)):
            longest = _shortened(str(tokens.distinct[int(lengths.argmax())]))
            return (
                f"{n:,} of {len(lengths):,} distinct tokens have more than {limit} characters, "
                f'such as {longest}: try tokens.tokenizer = "words" or features.characters = [2, 5]'
            )
    return None


def _left_out(
    tokenizer: Tokenizer, tokens: Tokens, texts: pa.LargeStringArray | pa.ChunkedArray
) -> str | None:
    """Compare the letters and digits of some texts with those of their tokens."""
    documents = sorted({len(texts) * k // LOOKED_AT for k in range(LOOKED_AT) if len(texts)})
    prepared = (tokenizer.preparation.prepare(texts[d].as_py()) for d in documents)
    n = sum(map(str.isalnum, "".join(prepared)))
    kept = sum(map(str.isalnum, "".join("".join(tokens.document(d)) for d in documents)))
    if kept >= (1 - MOST) * n:
        return None
    keys = {"pattern": "tokens.pattern", "words": "tokens.stop_words"}
    return (
        f"the tokens hold {kept:,} of the {n:,} letters and digits in {len(documents):,} training "
        f"reviews; the rest is left out: check {keys.get(tokenizer.tokenizer, 'tokens.tokenizer')}"
    )


def _shortened(text: str, length: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
