"""The commands that study trained runs: compare, stability, certify, verify, suspects."""

import json

import pytest

from pipeline.stages.read_run import load_model


def test_a_run_compared_with_itself_differs_in_nothing(small_run, sentiment):
    shown = sentiment("compare", small_run.path, small_run.path).stdout
    assert "p = 1.0000" in shown
    found = json.loads(sentiment("compare", small_run.path, small_run.path, "--json").stdout)
    assert found["p_value"] == 1
    assert found["flipped"] == []


def test_runs_that_differ_are_compared_review_by_review(small_run, copied_run, sentiment):
    options = ("--set", "train.epochs=1", "--set", "train.learning_rate=0.001")
    sentiment("eval", copied_run.config, "--run", copied_run.path, *options)
    shown = sentiment("compare", small_run.path, copied_run.path, "--flipped", 2).stdout
    found = json.loads(sentiment("compare", small_run.path, copied_run.path, "--json").stdout)
    assert f"only a {found['only_a_right']}" in shown
    assert shown.count("row ") == min(2, len(found["flipped"]))
    assert next(iter(found["differences"])) == "accuracy"


def test_what_cannot_be_compared_is_refused_in_one_line(small_run, tmp_path, sentiment):
    result = sentiment("compare", small_run.path, tmp_path)
    assert result.exit_code == 2
    assert "expected a run folder" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_page_of_a_comparison_is_beside_the_runs_or_in_a_file(
    small_run, copied_run, tmp_path, sentiment
):
    args = ("compare", small_run.path, copied_run.path, "--html")
    name = f"{small_run.path.name}-vs-{copied_run.path.name}.html"
    assert f"the page is {tmp_path / name}" in sentiment(*args).stdout
    assert sentiment(*args, tmp_path / "page.html").exit_code == 0
    assert (tmp_path / "page.html").read_bytes() == (tmp_path / name).read_bytes()


def test_stability_shows_words_and_writes_all_of_them(copied_run, sentiment):
    args = ("stability", copied_run.path, "--refits", 8)
    words = json.loads(sentiment(*args, "--word", "superb", "--word", "film", "--json").stdout)
    assert [word["word"] for word in words] == ["superb", "film"]
    table = (copied_run.path / "stability" / "words.tsv").read_text().splitlines()
    model, _ = load_model(copied_run.path)
    assert len(table) == 1 + len(model.vocabulary)
    shown = sentiment(*args, "--top", 2).stdout
    assert shown.count(" to ") == 4
    assert "8 refits" in shown


def test_a_word_that_is_unknown_is_refused(copied_run, refused):
    words = ("--word", "superb", "--word", "zzz")
    line = refused("stability", copied_run.path, "--refits", 2, "-q", *words)
    assert line.startswith("stability: not in the vocabulary: 'zzz'")
    assert not (copied_run.path / "stability").exists(), "no refit was made for it"


def test_a_converged_run_passes_and_a_run_of_one_epoch_does_not(small_run, tmp_path, sentiment):
    rate, l2 = ("--set", "train.learning_rate=0.1"), ("--set", "train.l2=0.01")
    for epochs in (1, 300):
        args = ("--run", tmp_path / f"{epochs}", "--set", f"train.epochs={epochs}", *rate, *l2)
        assert sentiment("train", small_run.config, *args).exit_code == 0
    passed = sentiment("certify", tmp_path / "300", "--gap", 1e-3)
    failed = sentiment("certify", tmp_path / "1", "--gap", 1e-3)
    assert (passed.exit_code, failed.exit_code) == (0, 1)
    assert "passes: " in passed.stdout
    assert "does not pass: " in failed.stdout
    found = json.loads(sentiment("certify", tmp_path / "300", "--json").stdout)
    assert f"at most {100 * found['gap'] / found['objective']:.2g}% lower" in passed.stdout
    plain = found["gradient_norm"] ** 2 / (2 * found["l2"])
    assert found["gap"] <= found["plain_gap"] == pytest.approx(plain)


@pytest.mark.parametrize("command", ["compare", "stability", "certify"])
def test_tables_fit_80_columns_without_trailing_blanks(copied_run, sentiment, command):
    options = {"compare": [copied_run.path], "stability": ["--refits", 2], "certify": []}[command]
    shown = sentiment(command, copied_run.path, *options, env={"COLUMNS": "80"}).stdout
    tables = [line for line in shown.splitlines() if line.startswith(" ")]
    assert len(tables) > 6
    assert max(map(len, tables)) <= 80
    assert [line for line in tables if line != line.rstrip()] == []


def test_suspects_are_shown_with_their_words_and_all_are_in_a_table(copied_run, sentiment):
    args = ("suspects", copied_run.path, "--folds", 3, "--top", 1)
    found = json.loads(sentiment(*args, "--json", "-q").output)
    assert found["n"] == 110
    assert len(found["suspects"]) == min(1, found["n_suspects"])
    shown = sentiment(*args).stdout
    assert f"{found['n_suspects']:,} of 110 training reviews are suspect" in shown
    for suspect in found["suspects"]:
        assert "".join(piece["text"] for piece in suspect["pieces"]) == suspect["text"]
        assert f"row {suspect['row']}, label {suspect['label']}, probability" in shown
        assert suspect["text"] in shown
    table = (copied_run.path / "suspects" / "suspects.tsv").read_text().splitlines()
    assert len(table) == 1 + found["n_suspects"]
    result = sentiment("suspects", copied_run.path, "--folds", 99)
    assert result.exit_code == 2
    assert "--folds: expected 2 to 55 folds" in result.stderr


def test_verify_exits_with_1_where_a_byte_differs_and_lists_what_is_other(copied_run, sentiment):
    same = sentiment("verify", copied_run.path)
    assert same.exit_code == 0
    assert "files up to `eval` are the same, byte for byte" in same.stdout
    options = ("--set", "train.learning_rate=0.001")
    other = sentiment("verify", copied_run.path, *options)
    assert other.exit_code == 1
    assert "`train` differs first, in model/history.json" in other.stdout
    assert "train.learning_rate" in other.stdout
    assert sentiment("verify", copied_run.path, *options, "-q").exit_code == 1
    found = json.loads(sentiment("verify", copied_run.path, *options, "--json").stdout)
    assert found["agrees"] is False


def test_verify_refuses_a_folder_without_a_config(tmp_path, refused):
    assert refused("verify", tmp_path) == (
        f"{tmp_path}: no config.toml here; expected a run folder"
    )
