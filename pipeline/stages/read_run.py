"""Read from a finished run: model, labels, test reviews, results of studies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.errors import RunError
from pipeline.stages.outputs import read_classes, read_steps
from pipeline.stages.verification import VERIFICATION
from pipeline.storage import arrow, files
from pipeline.storage.counts import read_counts
from pipeline.storage.forms import require_form
from pipeline.storage.journal import DEPENDS, read_journal
from pipeline.storage.run import Run

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.config.schema import Config
    from pipeline.inspection.class_frequency import ClassFrequency
    from pipeline.inspection.trace import Rule
    from pipeline.model.text_classifier import TextClassifier


def load_model(path: Path) -> tuple[TextClassifier, ClassFrequency | None]:
    """Return the model of a run, and how often each class uses each word.

    The second is None for a model folder without a run, and if the run's features are not those
    that the model was trained on.
    """
    from pipeline.model.text_classifier import TextClassifier

    model = TextClassifier.load(path)
    if not (path / "manifest.json").exists():
        return model, None
    run = Run(path)
    if not was_trained_on(run):
        return model, None
    return model, read_frequency(run, len(model.classes))


def read_frequency(run: Run, n_classes: int) -> ClassFrequency:
    """Return how often each class of a run uses each word, from one shard after the other."""
    from pipeline.inspection.class_frequency import ClassFrequency

    labels: Any = read_labels(run, "train")
    of_class: Any = 0
    for path in run.shards("features/train.safetensors"):
        counts = read_counts(path)
        of_shard, labels = labels[: counts.shape[0]], labels[counts.shape[0] :]
        of_class = of_class + ClassFrequency.of(counts, of_shard, n_classes).of_class
    return ClassFrequency(of_class)


def was_trained_on(run: Run) -> bool:
    """Return True if the model of a run was trained on the features that are there now."""
    trained = run.stage("train")
    read = run.digests("corpus") | run.digests("tokens") | run.digests("features")
    return (
        trained is not None
        and trained.get("depends", {}).get("inputs") == read
        and run.has_outputs("features")
    )


# The baseline that needs no study: reports name it even where the others were not scored.
MAJORITY = "majority class"
STUDIES = ("baselines/baselines.json", "stability/words.tsv", VERIFICATION, "curve/curve.json")


def read_baselines(run: Run) -> dict[str, float]:
    """Return the test accuracy of each baseline, if they were scored on this corpus."""
    file = run.path / STUDIES[0]
    if not file.exists():
        return {}
    found, hint = files.read_json(file), "`sentiment baselines` writes it again"
    require_form(found, {"results": [{"name": str, "accuracy": float}]}, file, hint)
    journal = file.parent / "journal.jsonl"
    if (depends := read_journal(journal).get(DEPENDS)) is None:
        return {}
    require_form(depends, {"reviews": {str: str}}, journal, hint)
    of_reviews = depends["reviews"].items()
    if any(digest_of_set(run, name) != digest for name, digest in of_reviews):
        return {}
    return {result["name"]: result["accuracy"] for result in found["results"]}


def read_curve(run: Run, config: Config) -> dict[str, Any] | None:
    """Return the learning curve of a run; None if these settings and reviews have none."""
    file = run.path / STUDIES[3]
    if not file.exists():
        return None
    found, hint = files.read_json(file), "`sentiment curve` writes it again"
    interval = {"value": float, "low": float, "high": float}
    point: dict[str, Any] = {"size": int} | dict.fromkeys(("accuracy", "log_loss", "ece"), interval)
    beyond: dict[str, Any] = dict.fromkeys(("accuracy_now", "accuracy_then", "gain"), interval)
    beyond |= {"now": int, "then": int, "sizes": [int], "accuracy": [interval]}
    beyond["helps"] = bool | None
    require_form(found, {"n": int, "confidence": float, "points": [point]}, file, hint)
    if found.get("extrapolation") is not None:
        require_form(found["extrapolation"], beyond, file, hint)
    depends = read_journal(file.parent / "journal.jsonl").get(DEPENDS) or {}
    sections = {name: config.section(name) for name in ("tokens", "features", "train")}
    reviews = {"train": digest_of_set(run, "train")}
    is_of_run = depends.get("config") == sections and depends.get("reviews") == reviews
    return found if is_of_run else None


def read_stability(run: Run, model: TextClassifier) -> tuple[Any, Any] | None:
    """Return the ends of each weight's interval over refits; None if this model has none.

    Float64 arrays of the shape of the model's weights; of more than two classes, a weight is the
    one that is shown, against the mean of the other classes.
    """
    import numpy as np
    import pyarrow as pa

    from pipeline.inspection.class_weights import column_name, shown_weights
    from pipeline.inspection.weights import by_weight

    file = run.path / STUDIES[1]
    if not file.exists():
        return None
    shown, kinds = shown_weights(model.weights), ("weight", "low", "high")
    if len(shown) == 1:
        order, names = by_weight(model), [[kind] for kind in kinds]
    else:
        order = np.arange(len(model.vocabulary))
        names = [[column_name(kind, label) for label in model.classes] for kind in kinds]
    types = dict.fromkeys((name for of_kind in names for name in of_kind), pa.float64())
    with file.open(encoding="utf-8") as lines:
        if not types.keys() <= set(lines.readline().rstrip("\n").split("\t")):
            return None  # its words have the weights of other classes
    table = files.read_tsv(file, types)
    weight, *ends = (np.stack([arrow.values(table[name]) for name in of]) for of in names)
    if not np.array_equal(weight, shown[:, order]):
        return None
    found = np.empty((2, *shown.shape))
    found[:, :, order] = ends
    low, high = found.reshape(2, *model.weights.shape)
    return low, high


def read_labels(run: Run, name: str) -> Any:
    """Return the labels of a run's `train` or `test` set: int8, the numbers of classes."""
    return arrow.values(read_set(run, name)["label"])


def read_groups(run: Run, *names: str) -> Any:
    """Return the number of each review's group in sets of a run; None if they have no groups.

    Int64, shape (n,), over one set after the other: reviews with equal numbers belong together.
    """
    from pipeline.corpus.groups import group_numbers

    return group_numbers(*(read_set(run, name) for name in names))


def read_weights(run: Run, name: str) -> Any:
    """Return the cost of each review in a set of a run: float64; None if they have no weights."""
    table = read_set(run, name)
    return arrow.values(table["weight"]) if "weight" in table.column_names else None


def digest_of_set(run: Run, name: str) -> str | None:
    """Return a digest of a run's `train` or `test` set; None if there is none."""
    file = f"corpus/{name}.arrow"
    return run.digest_of_set(file) if run.has_set(file) else None


def read_set(run: Run, name: str) -> pa.Table:
    """Map a run's `train` or `test` set into memory: text, label, and group and weight if given.

    Raises
    ------
    RunError
        If a shard has changed since it was written, or is not such a table.
    """
    import pyarrow as pa

    last = len(read_classes(run)) - 1
    return pa.concat_tables(
        [_read_shard(file, last) for file in run.shards(f"corpus/{name}.arrow")]
    )


def _read_shard(file: Path, last: int) -> pa.Table:
    """Map reviews into memory, whose labels are 0 to `last`."""
    from pipeline.corpus.columns import Columns

    table = files.read_table(file)
    given = {column: column for column in ("group", "weight") if column in table.column_names}
    if table.schema != Columns(**given).schema() or any(c.null_count for c in table.columns):
        raise RunError(f"{file}: expected texts and labels, got other columns or missing values")
    labels = arrow.values(table["label"])
    if len(labels) and not 0 <= labels.min() <= labels.max() <= last:
        got = f"{labels.min()} to {labels.max()}"
        raise RunError(f"{file}: expected labels from 0 to {last}, got {got}")
    return table


class Reviews(NamedTuple):
    """The texts of a set as an Arrow array, and their labels: int8, the numbers of classes."""

    texts: pa.ChunkedArray
    labels: Any

    def text(self, row: int) -> str:
        """Return one text."""
        text: str = self.texts[row].as_py()
        return text


def read_reviews(path: Path, name: str = "test") -> Reviews:
    """Map the reviews of a run's `train` or `test` set into memory."""
    run = Run(path) if (path / "manifest.json").exists() else None
    if run is None or not run.has_set(f"corpus/{name}.arrow"):
        raise RunError(f"{path}: no {name} set here; expected a run folder")
    table = read_set(run, name)
    return Reviews(table["text"], arrow.values(table["label"]))


def read_rule(path: Path) -> Rule:
    """Return the learning rate and the penalty of a run; a model alone has the default ones."""
    from pipeline.inspection.trace import Rule

    trained = Run(path).stage("train") if (path / "manifest.json").exists() else None
    if trained is None:
        return Rule()
    config, steps = trained["depends"]["config"], read_steps(Run(path))
    form = {"l2": float} if steps else {"learning_rate": float, "l2": float}
    require_form(config, {"train": form}, path / "manifest.json", "--force restarts it")
    settings = config["train"] | steps
    return Rule(settings["learning_rate"], settings["l2"])
