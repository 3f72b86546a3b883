"""Groups and weights of reviews: read as they are written, and kept through every step."""

import math
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from pipeline.corpus import split
from pipeline.corpus.columns import TABLE_SCHEMA, Columns, group_column
from pipeline.corpus.faults import Origin
from pipeline.corpus.files import read_batches
from pipeline.corpus.labels import LabelRule
from pipeline.corpus.rows import labelled_batches
from pipeline.corpus.shards import SetSource
from pipeline.errors import CorpusError
from pipeline.storage import files

RULE = LabelRule((1,), (0,))
BOTH = Columns(group="film", weight="votes")


def test_without_options_the_schema_is_text_and_label() -> None:
    assert Columns().schema() == TABLE_SCHEMA
    assert BOTH.schema().names == ["text", "label", "group", "weight"]
    assert Columns(group="label").names() == ["text", "label"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_groups_and_weights_stay_with_their_reviews_through_the_split(
    tmp_path: Path, name: str
) -> None:
    rows = [
        {"text": f"review {k}", "label": k % 2, "film": k // 3, "votes": k + 0.5} for k in range(60)
    ]
    path = tmp_path / name
    table = pa.Table.from_pylist(rows)
    if name == "a.csv":
        lines = (",".join(map(str, row.values())) for row in rows)
        path.write_text("text,label,film,votes\n" + "\n".join(lines))
    elif name == "a.jsonl":
        lines = (str(row).replace("'", '"') for row in rows)
        path.write_text("\n".join(lines))
    else:
        parquet.write_table(table, path)
    source = SetSource([lambda tally: read_batches(str(path), BOTH, RULE, tally=tally)])
    split.write_sets(tmp_path, [source], 0.2, 0)
    sets = [files.read_table(tmp_path / f"{part}.arrow") for part in ("train", "test")]
    assert [part.num_rows for part in sets] == [48, 12]
    found = [row for part in sets for row in part.to_pylist()]
    assert {part.schema for part in sets} == {BOTH.schema()}
    for row in found:
        k = int(row["text"].split()[1])
        assert row == {
            "text": f"review {k}",
            "label": k % 2,
            "group": str(k // 3),
            "weight": k + 0.5,
        }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", "", "1.0"], ["a", "", "1.0"]),
        ([1, 20, -3], ["1", "20", "-3"]),
        ([1.0, 2.5, 1e15], ["1", "2.5", "1000000000000000"]),
        ([True, False, True], ["true", "false", "true"]),
    ],
)
def test_a_group_is_written_as_text(values: list[object], expected: list[str]) -> None:
    assert group_column(pa.array(values), "a").to_pylist() == expected
    assert group_column(pa.array(values).dictionary_encode(), "a").to_pylist() == expected


def labelled(table: pa.Table, rule: LabelRule = RULE) -> pa.Table:
    found = labelled_batches(table.to_batches(), BOTH, rule, Origin("a.csv"))
    return pa.Table.from_batches(found, BOTH.schema())


def rows(**columns: list[object] | pa.Array) -> pa.Table:
    """Return twelve rows of which some columns differ from the usual."""
    usual = {"text": ["x"] * 12, "label": [1, 0] * 6, "film": ["f"] * 12, "votes": [1.0] * 12}
    return pa.table(usual | columns)


def refused_weight(votes: list[object] | pa.Array) -> str:
    with pytest.raises(CorpusError) as caught:
        labelled(rows(votes=votes))
    return str(caught.value)


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "many", ""])
def test_a_weight_that_is_no_finite_number_above_0_is_named_with_its_row(value: str) -> None:
    assert refused_weight(["1", "2", value, "0", *["3"] * 8]) == (
        f"a.csv, row 3: column 'votes' holds {value!r} (2 of 12 rows); "
        "expected finite numbers above 0 in the column that corpus.weight names"
    )


def test_a_weight_is_shown_as_it_is_held() -> None:
    assert "row 1: column 'votes' holds -2.5 (1 of 12" in refused_weight([-2.5, *[1.0] * 11])
    assert "row 1: column 'votes' holds nan (1 of 12" in refused_weight([math.nan, *[1.0] * 11])
    bad = pa.array([b"\xff", *[b"1"] * 11]).view(pa.string())
    assert "'votes' holds text that cannot be decoded (1 of 12" in refused_weight(bad)


def test_a_blank_group_is_missing_because_its_reviews_have_nothing_in_common() -> None:
    table = rows(film=["", "", *"f" * 10])
    with pytest.raises(CorpusError, match=r"^a.csv, row 1: 'film' is missing \(2 of 12"):
        labelled(table)
    assert labelled(table, LabelRule((1,), (0,), drop=("missing",))).num_rows == 10


@pytest.mark.parametrize("column", ["film", "votes"])
def test_a_missing_group_or_weight_is_named_with_its_row_or_left_out(column: str) -> None:
    table = rows(**{column: [None, *rows()[column].to_pylist()[1:]]})
    with pytest.raises(CorpusError, match=rf"^a.csv, row 1: '{column}' is missing \(1 of 12"):
        labelled(table)
    assert labelled(table, LabelRule((1,), (0,), drop=("missing",))).num_rows == 11


@pytest.mark.parametrize("column", ["film", "votes"])
def test_a_column_that_cannot_be_a_group_or_a_weight_is_named_by_its_type(column: str) -> None:
    with pytest.raises(CorpusError, match=rf"^a.csv: column '{column}' is of type list<"):
        labelled(rows(**{column: [[1]] * 12}))
