"""The count of a set's rows: how many were read, and which were left out."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.corpus.quoting import QuotedFields

EXAMPLES = 3


@dataclass
class Tally:
    """The rows of a set: how many were read, and which were left out.

    Attributes
    ----------
    n_rows : int
    left_out : Counter
        The number of rows that were left out, by reason.
    examples : list of str
        The first few of them: file, row and reason.
    quoted : list of QuotedFields
        Quoted fields that may have swallowed others.
    """

    n_rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    quoted: list[QuotedFields] = field(default_factory=list)

    def add(self, later: Tally) -> None:
        """Add the count of rows that come after these."""
        self.n_rows += later.n_rows
        self.left_out.update(later.left_out)
        self.examples += later.examples[: EXAMPLES - len(self.examples)]
        self.quoted += later.quoted

    def leave_out(self, reason: str, count: int) -> None:
        """Count rows that are left out for one reason."""
        self.left_out[reason] += count

    def show(self, rows: Iterable[tuple[str, str]]) -> None:
        """Keep the first few rows that are left out as examples: each its place and reason."""
        missing = EXAMPLES - len(self.examples)
        self.examples += [f"{place}: {reason}" for place, reason in itertools.islice(rows, missing)]

    def to_dict(self) -> dict[str, Any]:
        """Return the tally as JSON holds it."""
        return {
            "n_rows": self.n_rows,
            "n_left_out": self.left_out.total(),
            "reasons": dict(self.left_out.most_common()),
            "examples": self.examples,
            "quoted_fields": [
                {"file": f.file, "holds": f.holds, "n_rows": f.n_holding, "first_lines": f.lines}
                for f in self.quoted
            ],
        }

    def to_json(self) -> dict[str, Any]:
        """Return all of the tally as JSON holds it, for `of_json`."""
        quoted = [asdict(fields) for fields in self.quoted]
        return {**vars(self), "left_out": dict(self.left_out), "quoted": quoted}

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> Tally:
        """Return the tally that `to_json` wrote.

        >>> tally = Tally(3, Counter(missing=1), ["a.csv, row 2: missing"])
        >>> Tally.of_json(tally.to_json()) == tally
        True
        """
        quoted = [QuotedFields(**f | {"lines": tuple(f["lines"])}) for f in value["quoted"]]
        return cls(value["n_rows"], Counter(value["left_out"]), value["examples"], quoted)

    def sentences(self, rows: str) -> list[str]:
        """Return what a user should know of it; `rows` says what was counted.

        Examples
        --------
        >>> tally = Tally(n_rows=20)
        >>> tally.leave_out("label 'neutral' is ignored", 1)
        >>> tally.show([("a.csv, row 7", "label 'neutral' is ignored")])
        >>> tally.sentences("reviews")
        ["1 of 20 reviews is left out (label 'neutral' is ignored: 1): a.csv, row 7."]
        """
        found = [fields.sentence() for fields in self.quoted if fields.is_unusual()]
        if self.left_out:
            reasons = ", ".join(f"{what}: {n:,}" for what, n in self.left_out.most_common(5))
            n = self.left_out.total()
            verb = "is" if n == 1 else "are"
            found.append(
                f"{n:,} of {self.n_rows:,} {rows} {verb} left out ({reasons}): "
                f"{'; '.join(self._shown_examples())}."
            )
        return found

    def _shown_examples(self) -> Iterator[str]:
        """Yield the examples, those of one file and reason together; an only reason is known."""
        together: dict[tuple[str, str], list[str]] = {}
        for example in self.examples:
            reasons = [each for each in self.left_out if example.endswith(f": {each}")]
            reason = max(reasons, key=len, default="")
            place = example.removesuffix(f": {reason}")
            file, _, row = place.rpartition(", row ")
            together.setdefault((file or place, reason), []).extend([row] if file else [])
        before = ""
        for (file, reason), rows in together.items():
            numbers = f"row{'s' * (len(rows) > 1)} {', '.join(rows)}" if rows else ""
            named = "" if file == before else file
            place = ", ".join(filter(None, (named, numbers)))
            yield f"{place}: {reason}" if len(self.left_out) > 1 else place
            before = file
