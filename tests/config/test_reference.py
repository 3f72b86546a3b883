"""The printed config and the reference: every key, what it accepts, what it means."""

import re
import tomllib

import pytest

from pipeline.config.corpus import SOURCES, FilesCorpus
from pipeline.config.loading import load_config
from pipeline.config.reference import annotated, sections
from pipeline.config.schema import Config
from pipeline.config.tuning import TuneSection

ORIGINS = {"train.l2": "x.toml", "train.epochs": "--set"}
CONFIGS = (
    Config(),
    Config(corpus=FilesCorpus(train="a b.csv", positive=("good", 5))),
    Config(tune=TuneSection(train={"l2": [0.1], "epochs": {"low": 1, "high": 3, "steps": 2}})),
)


def test_every_key_of_every_section_is_described():
    listed = {section.name: section for section in sections()}
    assert list(listed) == list(Config.__struct_fields__)
    for section in listed.values():
        assert section.description.endswith(".")
        for key in section.keys:
            meaning = key.description
            if section.name == "corpus":  # first come the sources that have the key
                meaning = re.sub(r"^(sample|files|hub|nltk)(, (files|hub|nltk))*: ", "", meaning)
            assert re.fullmatch(r"[A-Z].*\.", meaning), key
            assert key.accepted
    found = {name: {key.name for key in section.keys} for name, section in listed.items()}
    assert found["train"] == set(Config().train.to_dict())
    sources = {key for source in SOURCES for key in source.__struct_fields__}
    assert found["corpus"] == sources | {"source"}


def test_the_default_of_a_key_is_the_value_that_a_config_has_without_it():
    for section in sections()[1:-1]:
        table = tomllib.loads(
            "\n".join(f"{k.name} = {k.default}" for k in section.keys if k.default)
        )
        values = Config().section(section.name)
        assert table == {key: value for key, value in values.items() if value is not None}


def test_a_key_of_some_sources_names_them():
    keys = {key.description.partition(":")[0]: key for key in sections()[0].keys}
    assert keys["hub"].description.startswith("hub: ")
    assert [key.name for key in sections()[0].keys].count("train") == 2


@pytest.mark.parametrize("config", CONFIGS)
def test_the_printed_config_loads_as_the_same_config(config, tmp_path):
    path = tmp_path / "printed.toml"
    path.write_text(annotated(config, ORIGINS), encoding="utf-8")
    assert load_config(path) == config


def test_the_printed_config_has_a_comment_and_an_origin_for_every_key():
    lines = annotated(Config(), ORIGINS).splitlines()
    for number, line in enumerate(lines):
        if line.startswith(("#", "[")) or not line:
            continue
        assert lines[number - 1].startswith("# ")
        key, origin = line.partition(" = ")[0], line.rpartition("# ")[2]
        assert origin in ("default", ORIGINS.get(f"train.{key}"))
    assert "l2 = 0.0001                     # x.toml" in lines
    assert 'epochs = "auto"                 # --set' in lines
    assert "# pattern is not set            # default" in lines
    assert max(map(len, lines)) <= 80
