"""`make reproduce`: its table, what it keeps, what it skips and what it calls missed."""

import json
from pathlib import Path

import pytest

from benchmarks import reproduce
from benchmarks.reproduce import ROWS, Effect, Result

PAGE = """# Results
<!-- results -->
| task | |
|---|---|
| A (`configs/imdb.toml`) | 1 |
| B (`configs/imdb_best.toml`) | 2 |
<!-- end of results -->
text
<!-- negation -->
<!-- end of negation -->
<!-- classes -->
| C (`sst5`) | 3 |
<!-- end of classes -->
"""


def test_a_row_that_was_not_run_keeps_its_figures():
    row = next(row for row in ROWS if row.config == "imdb_best")
    found = {"imdb_best": Result(row.target + 0.11, 0.05, "5 seeds", 7.4)}
    names = [row.config for row in ROWS]
    page = reproduce.put(PAGE, "results", reproduce.results_table(found), names)
    assert "| A (`configs/imdb.toml`) | 1 |" in page
    assert "| B (" not in page
    assert f"**{row.target + 0.11:.2f}** ± 0.05 | 5 seeds | 7 |" in page
    assert page.count("| task |") == 1
    assert page.endswith(PAGE[PAGE.index("<!-- end of results") :])
    assert reproduce.put(page, "results", reproduce.results_table(found), names) == page


@pytest.mark.parametrize(
    ("above", "seconds", "met"),
    [(0.0, 7.0, True), (-1e-12, 7.0, True), (-0.01, 7.0, False), (1.0, 25.1, False)],
)
def test_a_target_is_of_accuracy_and_of_seconds(above, seconds, met):
    row = next(row for row in ROWS if row.config == "imdb_best")
    assert reproduce.is_met(row, Result(row.target + above, 0.0, "", seconds)) is met


def test_every_row_has_its_config_and_stands_on_the_page():
    page = reproduce.PAGE.read_text(encoding="utf-8")
    for row in ROWS:
        assert (reproduce.ROOT / "configs" / f"{row.config}.toml").is_file()
        assert f"`configs/{row.config}.toml`" in page
    for name in reproduce.EFFECTS:
        assert (reproduce.ROOT / "configs" / f"{name}.toml").is_file()


def test_the_page_says_that_every_target_is_met():
    """The committed page is of a run that met them."""
    table = reproduce.PAGE.read_text(encoding="utf-8").split("<!-- end of results")[0]
    assert table.count("| met |") == len(ROWS)


def test_what_negation_changes_is_paired(tmp_path, monkeypatch):
    """A review that both decide alike counts for neither."""
    import pyarrow as pa
    from pyarrow import parquet

    scores = {"false": [1.0, -1.0, 1.0, -1.0], "true": [1.0, 1.0, 1.0, 1.0]}
    monkeypatch.setattr(reproduce, "RUNS", tmp_path)

    def crossval(config, name, *options):
        folder = tmp_path / name / "crossval"
        folder.mkdir(parents=True)
        table = pa.table({"log_odds": scores[name.split("-")[-1]], "label": [1, 1, 0, 0]})
        parquet.write_table(table, folder / "predictions.parquet")

    monkeypatch.setattr(reproduce, "crossval", crossval)
    found = reproduce.negation_effect(Path("any.toml"), "any")
    assert found == Effect("any", 50.0, 50.0, 1, 1, 1.0)


def test_data_that_are_missing_are_named_and_nothing_is_lost(tmp_path, monkeypatch, capsys):
    page = tmp_path / "results.md"
    page.write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(reproduce, "PAGE", page)
    monkeypatch.setattr(reproduce, "RUNS", tmp_path / "runs")
    monkeypatch.setenv("NLTK_DATA", "")
    arguments = ["reproduce", "--data", str(tmp_path), "--only", "imdb", "--no-negation"]
    monkeypatch.setattr("sys.argv", arguments)
    assert reproduce.main() == 0
    assert f"skipped imdb: {tmp_path} has no data/imdb/train.parquet" in capsys.readouterr().out
    for row in ("| A (`configs/imdb.toml`) | 1 |", "| C (`sst5`) | 3 |"):
        assert row in page.read_text(encoding="utf-8")


def test_a_figure_that_is_done_is_not_computed_again(tmp_path, monkeypatch):
    page = tmp_path / "results.md"
    page.write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(reproduce, "PAGE", page)
    monkeypatch.setattr(reproduce, "RUNS", tmp_path / "runs")
    calls = []

    def five(config, name):
        calls.append(name)
        return Result(10.0, 0.1, "5 seeds", 1.0)

    row = ROWS[0]
    monkeypatch.setattr(
        reproduce,
        "ROWS",
        (reproduce.Row(row.task, "movie_reviews", row.published, 50.0, five),),
    )
    monkeypatch.setattr("sys.argv", ["reproduce", "--no-negation"])
    monkeypatch.delenv("SENTIMENT_DATA", raising=False)
    assert [reproduce.main(), reproduce.main()] == [1, 1]  # the target is missed
    assert calls == ["movie_reviews"]
    lines = (tmp_path / "runs" / "journal.jsonl").read_text().splitlines()
    assert json.loads(lines[1])[1]["mean"] == 10.0
