"""What is done with a shard on its own: tokenise it, count it, score it. Each is a task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.storage import files
from pipeline.storage.counts import map_counts, write_counts
from pipeline.storage.kept import ShardTask

if TYPE_CHECKING:
    from pipeline.features.vocabulary import Vocabulary
    from pipeline.model.logistic import Array, LogisticRegression
    from pipeline.tokens.diagnosis import Html
    from pipeline.tokens.tokenizer import Tokenizer


def shard_tasks(sources: Sequence[Path], targets: Sequence[Path], run: Path) -> list[ShardTask]:
    """Return a task for each shard, which depends on its source, a file of the run."""
    return [
        ShardTask(source, target, (str(source.relative_to(run)),))
        for source, target in zip(sources, targets, strict=True)
    ]


def tokenise_shard(task: ShardTask, tokenizer: Tokenizer) -> int:
    """Read texts and write their tokens; return the number of tokens."""
    from pipeline.tokens.tokenizer import write_tokens

    return write_tokens(task.target, tokenizer, files.read_table(task.source)["text"])


def html_of_shard(path: Path) -> Html:
    """Read texts and return how many of them hold HTML."""
    from pipeline.tokens.diagnosis import find_html

    return find_html(files.read_table(path)["text"])


def count_shard(task: ShardTask, vocabulary: Vocabulary, how: dict[str, Any]) -> int:
    """Read tokens and write their counts; return the number of non-zeros."""
    from pipeline.features.counting import stream_counts
    from pipeline.tokens.tokens import read_tokens

    blocks = stream_counts(read_tokens(task.source), vocabulary, **how)
    return write_counts(task.target, blocks, len(vocabulary))


def score_shard(path: Path, regression: LogisticRegression) -> Array:
    """Read counts and return their scores."""
    return regression.decision_function(map_counts(path))
