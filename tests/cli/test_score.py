"""`sentiment score`: what it prints, and the options in place of the keys of a config."""

import json

import pytest


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "other.csv"
    rows = ["superb,1,a", "boring,0,a", "dreadful,0,b", "superb,1,", "so so,2,a"]
    path.write_text("text,label,shop\n" + "".join(f"{row}\n" for row in rows))
    return path


def test_metrics_slices_and_counts_are_shown(small_run, sentiment, file):
    args = ("score", small_run.path, file, "--ignore", 2, "--by", "shop")
    found = json.loads(sentiment(*args, "--json").stdout)
    assert found["rows"]["n_left_out"] == 1
    assert [(each["value"], each["n"]) for each in found["slices"]] == [("a", 2), ("", 1), ("b", 1)]
    result = sentiment(*args)
    shown = result.stdout
    assert f"accuracy {found['metrics']['accuracy']:.2%}" in shown
    assert f"{file}: 5 rows, 4 scored, 1 left out (label '2' is ignored: 1)" in shown
    assert "(empty)" in shown
    assert "few: fewer than 30 reviews" in shown
    assert f"unknown tokens {1 - found['n_known'] / found['n_tokens']:.1%}" in shown


def test_the_value_of_a_slice_is_one_short_line(small_run, sentiment, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text('text,label,shop\nsuperb,1,"a\n\x1b[31mb"\ndull,0,%s\nso,1,"  "\n' % ("x" * 99))
    shown = sentiment("score", small_run.path, path, "--by", "shop").stdout
    assert "\x1b[31m" not in shown
    starts = [line.split("  ")[0].strip() for line in shown.splitlines()]
    assert {r"a \x1b[31mb", f"{'x' * 37}...", "(empty)"} <= set(starts)


def test_a_file_of_the_run_is_named_as_such_on_standard_error(small_run, sentiment):
    result = sentiment("score", small_run.path, small_run.config.parent / "test.jsonl", "--json")
    assert "! The corpus of the run was read from this file" in result.stderr
    assert json.loads(result.stdout)["metrics"]["n"] == 40


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "set --ignore 2"),
        (
            ("--positive-from", 0.5, "--negative-to", -1, "--label", "shop", "--drop", "missing"),
            "set --ignore a --ignore b",
        ),
        (("--label", "text"), "--label: expected another column than --text, got 'text' for both"),
        (
            ("--label", "stars"),
            "no column 'stars'; the columns are 'text', 'label', 'shop'; set --label",
        ),
        (
            ("--by", "country"),
            "no column 'country'; the columns are 'text', 'label', 'shop'; set --by",
        ),
        (("--group", "Shop"), "'shop'; set --group shop"),
        (("--positive-from", 2), "--positive-from: expected --negative-to with it"),
        (("--encoding", "latin-11"), "--encoding: unknown encoding 'latin-11'"),
        (("--delimiter", "ab"), "--delimiter: expected one ASCII character"),
    ],
)
def test_what_helps_is_said_with_the_names_of_options(small_run, sentiment, file, options, said):
    result = sentiment("score", small_run.path, file, *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "corpus." not in result.stderr
    assert len(result.stderr.splitlines()) == 1
