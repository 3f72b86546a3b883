"""The keys of [tokens], and which of them go together."""

from __future__ import annotations

from typing import Annotated, Literal

from pipeline.config import limits
from pipeline.config.section import Section, about
from pipeline.errors import ConfigError


class TokensSection(Section, frozen=True):
    """How a text becomes tokens."""

    tokenizer: Annotated[
        Literal["words", "wordpunct", "treebank", "tweet", "toktok", "pattern"],
        about("Tokenizer: the project's own, one of NLTK's, or the regular expression in pattern."),
    ] = "words"
    pattern: Annotated[
        str | None,
        about(
            'Regular expression that matches one token, with tokenizer = "pattern".',
            "a regular expression without capturing groups",
        ),
    ] = None
    lowercase: Annotated[bool, about("Lowercase the text first.")] = True
    html: Annotated[
        Literal["keep", "breaks", "text"],
        about("Keep HTML, read line breaks (<br>) as spaces, or decode entities and remove tags."),
    ] = "keep"
    tweets: Annotated[
        bool,
        about(
            "Write users as @user and links as @url, shorten soooo to sooo, keep hashtags whole."
        ),
    ] = False
    punctuation: Annotated[
        bool, about("Keep tokens that are no word, number, emoji or emoticon.")
    ] = False
    stop_words: Annotated[
        bool, about("Remove NLTK's English stop words, except negations such as not.")
    ] = False
    mark_negation: Annotated[
        bool,
        about("Prefix tokens that follow a negation, up to the end of the clause: not NOT_good."),
    ] = False

    def __post_init__(self) -> None:
        if (self.tokenizer == "pattern") != (self.pattern is not None):
            raise ConfigError(
                'tokens.pattern: expected with tokenizer = "pattern", and only with it'
            )
        if self.mark_negation and self.tokenizer in ("wordpunct", "toktok"):
            raise ConfigError(
                "tokens.mark_negation: expected another tokenizer, because "
                f"{self.tokenizer} splits don't into pieces"
            )
        if self.pattern is not None:
            _require_pattern(self.pattern)


def _require_pattern(pattern: str) -> None:
    """Refuse a pattern that is too long, that NLTK does not compile, or that has groups."""
    if len(pattern) > limits.PATTERN:
        raise ConfigError(
            f"tokens.pattern: expected at most {limits.PATTERN:,} characters, got {len(pattern):,}"
        )
    from nltk import redos  # which bounds what a pattern may take to compile

    try:
        n_groups = redos.compile(pattern).groups
    except (redos.error, ValueError) as error:
        reason = str(error).partition("; refusing")[0]
        raise ConfigError(
            f"tokens.pattern: expected a regular expression, got {pattern!r}: {reason}"
        ) from None
    if n_groups:
        raise ConfigError(
            f"tokens.pattern: expected no capturing groups, got {pattern!r}; write (?:...)"
        )
