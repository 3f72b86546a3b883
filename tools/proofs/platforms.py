"""What a platform computes, as a file; and how far the files of several platforms agree."""

import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from pyarrow import parquet

from pipeline.storage import arrays
from tools.proofs.table import markdown


def save(file: Path, run: Path, digests: dict[str, str]) -> None:
    """Write the digests of all files and some numbers of a run."""
    packages = ("numpy", "scipy", "numba", "pyarrow")
    value = {
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": {name: metadata.version(name) for name in packages},
        "digests": digests,
        "numbers": _numbers(run),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value), encoding="utf-8")


def _numbers(run: Path) -> dict[str, list[float]]:
    """Return numbers of the run that differ first where arithmetic does."""
    predictions = parquet.read_table(run / "eval" / "predictions.parquet")
    weights = arrays.read_arrays(run / "model" / "weights.safetensors")["weights"]
    metrics = json.loads((run / "eval" / "metrics.json").read_text(encoding="utf-8"))["test"]
    return {
        "metrics": [float(metrics[name]) for name in sorted(metrics) if _is_number(metrics[name])],
        "probabilities": predictions["probability"].to_pylist(),
        "weights, every tenth": weights[::10].tolist(),
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def agreement(files: list[Path]) -> str:
    """Return how far other platforms agree with the first, as tables in Markdown."""
    first, *others = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    return "\n\n".join(_compared(first, other) for other in others)


def _compared(a: dict[str, Any], b: dict[str, Any]) -> str:
    names = sorted(a["digests"].keys() | b["digests"].keys())
    same = [name for name in names if a["digests"].get(name) == b["digests"].get(name)]
    rows: list[tuple[object, ...]] = [("", "of", "the same", "largest difference")]
    rows.append(("files", len(names), len(same), ""))
    for kind, left in a["numbers"].items():
        right = b["numbers"][kind]
        differences = [abs(x - y) for x, y in zip(left, right, strict=True)]
        rows.append((kind, len(left), differences.count(0), f"{max(differences):.1e}"))
    p, q = a["numbers"]["probabilities"], b["numbers"]["probabilities"]
    alike = sum((x >= 0.5) == (y >= 0.5) for x, y in zip(p, q, strict=True))
    rows.append(("predictions", len(p), alike, ""))
    others = [name for name in names if name not in same]
    title = f"{a['platform']} and {b['platform']}"
    listed = f"\n\nThese files differ: {', '.join(others)}." if others else ""
    return f"{title}:\n\n{markdown(rows)}{listed}"
