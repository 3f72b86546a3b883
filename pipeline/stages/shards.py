"""What is done with a shard on its own: tokenise it, count it, score it. Each is a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.storage import files
from pipeline.storage.counts import read_counts, write_counts

if TYPE_CHECKING:
    from pipeline.features.vocabulary import Vocabulary
    from pipeline.model.logistic import Array, LogisticRegression
    from pipeline.tokens.diagnosis import Html
    from pipeline.tokens.tokenizer import Tokenizer


def tokenise_shard(task: tuple[Path, Path], tokenizer: Tokenizer) -> int:
    """Read texts and write their tokens; return the number of tokens."""
    from pipeline.tokens.tokenizer import write_tokens

    source, target = task
    return write_tokens(target, tokenizer, files.read_table(source)["text"])


def html_of_shard(path: Path) -> Html:
    """Read texts and return how many of them hold HTML."""
    from pipeline.tokens.diagnosis import find_html

    return find_html(files.read_table(path)["text"])


def count_shard(task: tuple[Path, Path], vocabulary: Vocabulary, how: dict[str, Any]) -> int:
    """Read tokens and write their counts; return the number of non-zeros."""
    from pipeline.features.counting import stream_counts
    from pipeline.tokens.tokens import read_tokens

    source, target = task
    blocks = stream_counts(read_tokens(source), vocabulary, **how)
    return write_counts(target, blocks, len(vocabulary))


def score_shard(path: Path, regression: LogisticRegression) -> Array:
    """Read counts and return their scores."""
    return regression.decision_function(read_counts(path))
