"""What looks wrong about the tokens of a training set, and which setting helps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import regex

from pipeline.storage import arrow
from pipeline.tokens.preparation import HTML
from pipeline.tokens.shards import TokenShards
from pipeline.tokens.tokenizer import Tokenizer

# Below this number of tokens, most occur once in any language.
ENOUGH = 1_000
# Code points of a token, and the share of distinct tokens that may have more.
LONG = (30, 0.5), (100, 0.01)
# Shares: of reviews with HTML; of tokens that occur once, or of letters that are left out.
MANY, MOST = 0.01, 0.5
# Reviews that are read to see what a tokenizer leaves out.
LOOKED_AT = 50

_HTML = regex.compile(HTML.encode(), regex.IGNORECASE)


class Html(NamedTuple):
    """The number of texts that hold HTML, and the first entity or tag."""

    n: int
    example: str


def find_html(texts: pa.LargeStringArray | pa.ChunkedArray) -> Html:
    """Count the texts that hold HTML.

    Examples
    --------
    >>> find_html(arrow.strings(["it isn&#39;t good", "so &amp; so", "fine"]))
    Html(n=2, example='&#39;')
    """
    n, example = 0, b""
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        for found in _first_html(chunk):
            n, example = n + 1, example or found
    return Html(n, example.decode())


def warnings(
    tokenizer: Tokenizer,
    tokens: TokenShards,
    texts: pa.LargeStringArray | pa.ChunkedArray,
    html: Iterable[Html] = (),
) -> list[str]:
    """Return what looks wrong, a line each.

    Parameters
    ----------
    tokenizer : Tokenizer
    tokens : TokenShards
        Of the texts.
    texts : pyarrow.LargeStringArray or ChunkedArray of it
        Those of the training set.
    html : iterable of Html
        What each shard holds, if the tokenizer keeps it.

    Examples
    --------
    >>> texts = arrow.strings(["it isn&#39;t good", "so &amp; so", "fine"])
    >>> tokens = TokenShards.of([Tokenizer()(texts)])
    >>> warnings(Tokenizer(), tokens, texts, [find_html(texts)])
    ['2 of 3 training reviews hold HTML such as &#39;: set tokens.html = "text"']
    """
    found = (
        _html(list(html), len(texts)),
        _rare(tokens),
        _long(tokens),
        _left_out(tokenizer, tokens, texts),
    )
    return [line for line in found if line is not None]


def _html(found: list[Html], n_texts: int) -> str | None:
    n = sum(shard.n for shard in found)
    if n == 0 or n < MANY * n_texts:
        return None
    example = next(shard.example for shard in found if shard.n)
    return (
        f"{n:,} of {n_texts:,} training reviews hold HTML such as "
        f'{_shortened(example)}: set tokens.html = "text"'
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


def _rare(tokens: TokenShards) -> str | None:
    n = tokens.n_tokens
    # No more tokens occur once than are distinct, so in most texts there is nothing to count.
    if n < ENOUGH or len(tokens.distinct) <= MOST * n:
        return None
    once = tokens.n_occurring_once()
    if once <= MOST * n:
        return None
    return (
        f"{once:,} of {n:,} tokens of the training set occur once only, and nothing can be learned "
        "from those: where no spaces separate words, set features.characters = [2, 5]"
    )


def _long(tokens: TokenShards) -> str | None:
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
    tokenizer: Tokenizer, tokens: TokenShards, texts: pa.LargeStringArray | pa.ChunkedArray
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
