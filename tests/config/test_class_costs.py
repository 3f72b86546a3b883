"""`train.class_weight`: a cost for each class of the corpus, by its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.class_costs import costs_of_classes
from pipeline.config.loading import load_config
from pipeline.config.toml import to_toml
from pipeline.errors import ConfigError

FILES = '[corpus]\nsource = "files"\ntrain = "a.csv"\n'
THREE = FILES + 'classes = { "so-so" = 3, "a \\"b\\"" = [1, 2], good = [4, 5] }\n'


@pytest.fixture
def load(tmp_path):
    def from_text(text, *overrides):
        path = tmp_path / "c.toml"
        path.write_text(text)
        return load_config(path, overrides)

    return from_text


def test_a_class_that_is_not_named_costs_1_and_they_come_in_the_order_of_the_classes(load):
    config = load(THREE + '[train]\nclass_weight = { good = 2, "so-so" = 0.5 }')
    costs = config.section("train")["class_weight"]
    assert list(costs.items()) == [("so-so", 0.5), ('a "b"', 1.0), ("good", 2.0)]
    assert list(map(type, costs.values())) == [float] * 3
    sample = load(
        '[corpus]\nsource = "sample"\nneutral = true\n[train]\nclass_weight = { neutral = 3 }'
    )
    expected = {"negative": 1.0, "neutral": 3.0, "positive": 1.0}
    assert sample.section("train")["class_weight"] == expected
    two = load('[corpus]\nsource = "sample"\n[train]\nclass_weight = { positive = 2 }')
    assert two.section("train")["class_weight"] == {"negative": 1.0, "positive": 2.0}


def test_costs_are_set_one_by_one_and_written_as_they_were(load):
    config = load(THREE, "train.class_weight.so-so=3", "train.class_weight.good=2")
    assert config.train.class_weight == {"so-so": 3.0, 'a "b"': 1.0, "good": 2.0}
    assert load(config.to_toml()) == config


@pytest.mark.parametrize(
    ("corpus", "costs", "said"),
    [
        (
            THREE,
            "{ goood = 2 }",
            'goood: unknown class; did you mean good? accepted: so-so, a "b", good',
        ),
        (THREE, "{ positive = 2 }", 'positive: unknown class; accepted: so-so, a "b", good'),
        (FILES, "{ neutral = 2 }", "neutral: unknown class; accepted: negative, positive"),
        (THREE, "{ good = 0 }", "good: expected a number above 0, up to 1000000, got 0"),
        (THREE, '{ "a b" = "2" }', '"a b": expected a number above 0, up to 1000000, got "2"'),
        (THREE, "{ good = nan }", "good: expected a number above 0, up to 1000000, got nan"),
        (THREE, "{ good = { x = 1 } }", "good: expected a number above 0, up to 1000000, got { x"),
    ],
)
def test_what_is_no_class_or_no_cost_is_named_with_what_is_accepted(load, corpus, costs, said):
    with pytest.raises(ConfigError) as refused:
        load(f"{corpus}[train]\nclass_weight = {costs}")
    assert str(refused.value).startswith(f"train.class_weight.{said}")


def test_classes_that_are_yet_to_be_found_are_not_checked(load):
    config = load(FILES + 'classes = "found"\n[train]\nclass_weight = { fair = 2 }')
    assert config.train.class_weight == {"fair": 2.0}


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9)


@given(st.dictionaries(NAMES, st.floats(1e-3, 1e3), min_size=2, max_size=6), st.data())
def test_the_costs_of_classes_of_any_name_survive_the_config(tmp_path_factory, costs, data):
    path = tmp_path_factory.mktemp("config") / "c.toml"
    classes = list(costs)
    named = data.draw(st.sets(st.sampled_from(classes), min_size=1))
    corpus = {"source": "files", "train": "a.csv"}
    corpus["classes"] = {name: str(k) for k, name in enumerate(classes)}
    given = {name: cost for name, cost in costs.items() if name in named}
    path.write_text(to_toml({"corpus": corpus, "train": {"class_weight": given}}))
    expected = {name: costs[name] if name in named else 1.0 for name in classes}
    assert load_config(path).train.class_weight == expected
    assert costs_of_classes(given, classes) == expected
