"""The README says what is there: its files, targets, settings and Python all exist."""

import re
import tomllib
from pathlib import Path

import pytest

from pipeline.config.loading import load_config
from pipeline.config.schema import (
    Config,
    FilesCorpus,
    HubCorpus,
    NltkCorpus,
    SampleCorpus,
    TuneSection,
)

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_file_that_is_linked_is_there(target):
    assert (ROOT / target).exists()


def test_every_make_target_is_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    named = re.findall(r"\bmake((?: [a-z]+)+)", "\n".join(blocks("")))
    assert named
    assert {target for words in named for target in words.split()} <= targets


def test_the_table_of_settings_has_every_key_and_its_default():
    rows = re.findall(r"^\| (`\w+\.\w+`.*?) \| (.*?) \|", README, flags=re.MULTILINE)
    listed = {key: shown for keys, shown in rows for key in re.findall(r"[\w.]+", keys)}
    corpora = (SampleCorpus, HubCorpus, NltkCorpus, FilesCorpus)
    expected = {f"corpus.{key}" for corpus in corpora for key in corpus.model_fields}
    sections = dict(Config()) | {"tune": TuneSection(train={"l2": [1.0]})}
    for section in ("tokens", "features", "train", "eval", "report", "tune"):
        for key, default in sections[section]:
            expected.add(f"{section}.{key}")
            shown = listed[f"{section}.{key}"].strip("`")
            if default is not None and not isinstance(default, dict):
                value = tomllib.loads(f"v = {shown}")["v"] if shown[0] in "0123456789tf" else shown
                assert value == default, f"{section}.{key}"
    assert set(listed) == expected


def test_the_config_for_ones_own_reviews_loads(tmp_path):
    (tmp_path / "mine.toml").write_text(blocks("toml")[0], encoding="utf-8")
    assert load_config(tmp_path / "mine.toml").corpus.source == "files"


def test_the_python_runs_and_finds_the_words(capsys):
    exec(blocks("python")[0], {})
    weights = eval(capsys.readouterr().out, {"np": __import__("numpy")})
    assert weights["awesome"] > 0 > weights["abysmal"]
