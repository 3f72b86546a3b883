"""Configs: what is accepted comes back the same, and what is not is named in one line."""

import itertools
import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import limits, loading
from pipeline.config.corpus import FilesCorpus
from pipeline.config.loading import find_config, load_config, value_origins
from pipeline.config.model import FeaturesSection as Features
from pipeline.config.model import TrainSection as Train
from pipeline.config.schema import Config
from pipeline.config.tokens import TokensSection as Tokens
from pipeline.config.toml import to_toml
from pipeline.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / "configs"
# By name: a config of one's own may lie beside them.
NAMES = (
    *["sample", "imdb", "imdb_best", "movie_reviews", "movie_reviews_best"],
    *["sentence_polarity", "sentence_polarity_best", "textbook", "three_classes", "five_stars"],
)
FILES = '[corpus]\nsource = "files"\ntrain = "a.csv"\n'

THRESHOLD = "a number between 0 and 1, or a goal such as { min_recall = 0.95 }"

Load = Callable[..., Config]
Refusal = Callable[..., str]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(text: str, *overrides: str) -> Config:
        path = tmp_path / "x.toml"
        path.write_text(text, encoding="utf-8")
        return load_config(path, overrides)

    return load


@pytest.fixture
def refusal(load: Load, tmp_path: Path) -> Refusal:
    """Return the message, less the file or the `--set` that it ends with."""

    def refusal(text: str, *overrides: str) -> str:
        with pytest.raises(ConfigError) as error:
            load(text, *overrides)
        message, where = str(error.value), "--set" if overrides else tmp_path / "x.toml"
        ending = f" ({where})"
        assert "\n" not in message
        assert message.endswith(ending)
        return message.removesuffix(ending)

    return refusal


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_config_is_found_by_its_name_from_any_folder(name, tmp_path, monkeypatch):
    """Its file is said as the pages show it in the root of a clone, and in full elsewhere."""
    monkeypatch.chdir(CONFIGS.parent)
    assert find_config(Path(name)).said == f"{name}, bundled: {Path('configs', name)}.toml"
    monkeypatch.chdir(tmp_path)
    found = find_config(Path(name))
    assert (found.path, found.run) == (CONFIGS / f"{name}.toml", Path("runs", name))
    assert found.said == f"{name}, bundled: {found.path}"
    assert load_config(found.path).corpus.source


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_config_holds_only_what_differs_from_the_defaults(name):
    table = tomllib.loads((CONFIGS / f"{name}.toml").read_text(encoding="utf-8"))
    table.get("corpus", {}).pop("source", None)
    config = load_config(CONFIGS / f"{name}.toml")
    for section, values in table.items():
        defaults = getattr(Config(), section) if section not in ("corpus", "tune") else None
        for key in values:
            assert getattr(defaults, key, None) != getattr(getattr(config, section), key), key


def test_a_file_comes_before_a_bundled_config_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sample").write_text("[train]\nl2 = 1\n")
    found = find_config(Path("sample"))
    assert (found.path, found.run, found.said) == (Path("sample"), Path("runs/sample"), "sample")


def test_a_run_folder_comes_before_a_bundled_config_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sample").mkdir()
    assert find_config(Path("sample")).path == CONFIGS / "sample.toml"  # not yet a run
    Path("sample", "config.toml").touch()
    found = find_config(Path("sample"))
    assert (found.path, found.run) == (Path("sample/config.toml"), Path("sample"))
    assert found.said == "sample/config.toml, of the run sample"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("smaple", "sample"),
        ("imdb_bset", "imdb_best"),
        ("configs/imdb.toml", "imdb"),
        ("mien.toml", "mine.toml"),
        ("runs/miine", "runs/mine"),
    ],
)
def test_a_misspelt_config_suggests_the_near_name(
    tmp_path, tmp_path_factory, monkeypatch, name, meant
):
    bundled = tmp_path_factory.mktemp("configs")
    for one in NAMES:
        shutil.copy(CONFIGS / f"{one}.toml", bundled)
    monkeypatch.setattr(loading, "_BUNDLED", bundled)
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").touch()
    Path("runs/mine").mkdir(parents=True)
    Path("runs/mine/config.toml").touch()
    with pytest.raises(ConfigError, match=f"^{name}: no such config; did you mean {meant}\\? "):
        find_config(Path(name))


def test_a_config_that_is_like_no_other_lists_what_is_accepted(tmp_path):
    folder = tmp_path / "zzzz"  # beside no run of another test
    folder.mkdir()
    with pytest.raises(ConfigError) as refused:
        find_config(folder)
    said = str(refused.value)
    assert said.startswith(f"{folder}: a folder without config.toml; expected a TOML file, ")
    assert all(name in said for name in NAMES)


def test_every_value_that_is_not_a_default_has_an_origin(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("[train]\nl2 = 1\nclass_weight.positive = 2\n[tune]\ntrain.l2 = [1, 2]\n")
    assert value_origins(path, ["train.epochs=3", " train.l2 = 5"]) == {
        "train.l2": "--set",
        "train.class_weight.positive": "x.toml",
        "tune.train.l2": "x.toml",
        "train.epochs": "--set",
    }


def test_an_empty_config_is_the_bundled_corpus_with_every_default(load):
    assert load("") == Config()
    assert load("").corpus.source == "sample"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[train]\nl2 = -0.1", "train.l2: expected a number from 0 to 1000000, got -0.1"),
        ("[train]\nl2 = nan", "train.l2: expected a finite number from 0 to 1000000, got nan"),
        (
            "[train]\nlearning_rate = 0",
            'train.learning_rate: expected a number above 0, up to 1000000 or "auto", got 0',
        ),
        (
            "[train]\nlearning_rate = inf",
            "train.learning_rate: expected a finite number above 0, up to 1000000 or "
            '"auto", got inf',
        ),
        ("[train]\nl2 = true", "train.l2: expected a number from 0 to 1000000, got true"),
        ('[train]\nl2 = "1e-4"', 'train.l2: expected a number from 0 to 1000000, got "1e-4"'),
        (
            "[train]\nepochs = 0",
            'train.epochs: expected a whole number from 1 to 100000 or "auto", got 0',
        ),
        (
            "[train]\nepochs = 1.5",
            'train.epochs: expected a whole number from 1 to 100000 or "auto", got 1.5',
        ),
        (
            "[train]\nepochs = true",
            'train.epochs: expected a whole number from 1 to 100000 or "auto", got true',
        ),
        (
            "[train]\nbatch_size = 0",
            "train.batch_size: expected a whole number from 1 to 2147483647, got 0",
        ),
        ("[train]\nvalidation = 1.0", "train.validation: expected a number >= 0 and < 1, got 1.0"),
        ("[train]\nthreshold = 0.0", f"train.threshold: expected {THRESHOLD}, got 0.0"),
        ("[train]\nthreshold = 1.0", f"train.threshold: expected {THRESHOLD}, got 1.0"),
        (
            "[train]\nseed = -1",
            "train.seed: expected a whole number from 0 to 9223372036854775807, got -1",
        ),
        ("[train]\nfit_intercept = 1", "train.fit_intercept: expected true or false, got 1"),
        (
            '[train]\nschedule = "linear"',
            'train.schedule: expected "constant", "inverse", "adagrad" or "fisher", got "linear"',
        ),
        (
            '[train]\nclass_weight = "equal"',
            'train.class_weight: expected "none", "balanced" or a table such as '
            '{ negative = 1.0, positive = 2.0 }, got "equal"',
        ),
        (
            "[train]\nclass_weight = {positive = -1}",
            "train.class_weight.positive: expected a number above 0, up to 1000000, got -1",
        ),
        ("[features]\nngrams = 9", "features.ngrams: expected a whole number from 0 to 8, got 9"),
        (
            "[features]\nmin_df = 1.5",
            "features.min_df: expected a number of reviews (1 to 2147483647) or a fraction of them "
            "(0.0 to 1.0), got 1.5",
        ),
        ("[features]\nbinary = 0", "features.binary: expected true or false, got 0"),
        ("[eval]\nconfidence = 95", "eval.confidence: expected a number between 0 and 1, got 95"),
        ("[report]\ntop = 0", "report.top: expected a whole number from 1 to 1000, got 0"),
        (
            "[tokens]\npattern = 3",
            "tokens.pattern: expected a regular expression without capturing groups, got 3",
        ),
        (
            "[features]\ncharacters = [2, 11]",
            "features.characters: expected two whole numbers from 1 to 10, such as [2, 5], "
            "got [2, 11]",
        ),
        (
            "[features]\ncharacters = 3",
            "features.characters: expected two whole numbers from 1 to 10, such as [2, 5], got 3",
        ),
        ("train = 3", "train: expected a table, got 3"),
        ("corpus = 3", "corpus: expected a table, got 3"),
        (
            FILES + "positive = []",
            "corpus.positive: expected a label or a list of labels, got []",
        ),
        *(
            (
                f"{FILES}\ntest = {place}",
                "corpus.test: expected a path or a URL, a list of them, or a table with them for "
                "each class, got an empty string",
            )
            for place in ('""', '["a.csv", ""]', '{ pos = "a", neg = "" }')
        ),
        (
            FILES.replace('"a.csv"', "[7]"),
            "corpus.train: expected a path or a URL, a list of them, or a table with them for each "
            "class, got [7]",
        ),
        (
            '[corpus]\nsource = "nltk"\nname = "movie_reviews"\ntest_fraction = 1.0',
            "corpus.test_fraction: expected a number between 0 and 1, got 1.0",
        ),
        (
            '[corpus]\nsource = "nltk"\nname = "reviews"',
            'corpus.name: expected "movie_reviews" or "sentence_polarity", got "reviews"',
        ),
    ],
)
def test_a_value_of_the_wrong_type_or_range_is_named_with_what_is_accepted(refusal, text, message):
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "problem", "meant", "section"),
    [
        ("[trian]\nl2 = 0.1", "trian: unknown section", "train", Config),
        ("feature = 1", "feature: unknown section", "features", Config),
        ("l2 = 1", "l2: unknown section", "train.l2", Config),
        ("[train]\nlearningrate = 0.1", "train.learningrate: unknown key", "learning_rate", Train),
        ('[features]\nratio = "none"', "features.ratio: unknown key", "train.ratio", Features),
        ("[tokens]\nlower_case = true", "tokens.lower_case: unknown key", "lowercase", Tokens),
        (FILES + "lable = 'x'", "corpus.lable: unknown key", "label", FilesCorpus),
    ],
)
def test_an_unknown_key_is_named_with_the_key_that_was_probably_meant(
    refusal, text, problem, meant, section
):
    """Then come the keys that the section has."""
    start, _, accepted = refusal(text).partition("? accepted: ")
    assert start == f"{problem}; did you mean {meant}"
    keys = [*section.__struct_fields__, *(["source"] if section is FilesCorpus else [])]
    assert accepted.split(", ") == sorted(keys)


@pytest.mark.parametrize("text", ['"a.b" = 1', '[train]\n"a.b" = 1', '[tokens]\n"" = 1'])
def test_a_key_that_nobody_could_have_meant_comes_with_what_is_accepted_alone(refusal, text):
    message = refusal(text)
    assert "did you mean" not in message
    assert "; accepted: " in message


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        (
            '[corpus]\nsource = "sample"\ntrain = "a.csv"',
            "corpus.train: unknown key; accepted: drop_overlap, neutral, source",
        ),
        (
            '[corpus]\nsource = "nltk"\nname = "movie_reviews"\ntext = "review"',
            "corpus.text: unknown key; accepted: drop_overlap, name, seed, source, test_fraction",
        ),
    ],
)
def test_a_key_of_another_source_is_refused_with_the_keys_of_this_one(refusal, text, accepted):
    assert refusal(text) == accepted


def test_a_file_source_has_no_keys_of_the_hub(refusal):
    message = refusal(FILES + 'revision = "abc"')
    assert message.startswith("corpus.revision: unknown key; ")
    accepted = message.split("accepted: ")[1].split(", ")
    assert {"train", "test", "positive_from"} <= set(accepted)
    assert not {"dataset", "revision", "subset", "name"} & set(accepted)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[corpus]\nsource = "files"',
            "corpus.train: this key is required; expected a path or a URL, a list of them, or a "
            "table with them for each class",
        ),
        (
            '[corpus]\nsource = "nltk"',
            'corpus.name: this key is required; expected "movie_reviews" or "sentence_polarity"',
        ),
        (
            '[corpus]\nsource = "hub"\ndataset = "a/b"',
            "corpus.revision: this key is required; expected a commit of 40 hexadecimal digits",
        ),
        (
            '[corpus]\ntrain = "a.csv"',
            'corpus.source: expected "sample", "files", "hub" or "nltk", got nothing',
        ),
        (
            '[corpus]\nsource = "fles"',
            'corpus.source: expected "sample", "files", "hub" or "nltk", got "fles"',
        ),
    ],
)
def test_a_source_says_which_keys_it_needs(refusal, text, message):
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FILES + "positive_from = 7", "corpus.positive_from: expected negative_to with it"),
        (FILES + "negative_to = 4", "corpus.negative_to: expected positive_from with it"),
        (
            FILES + "positive_from = 4\nnegative_to = 7",
            "corpus.negative_to: expected a number below positive_from, got 7 and 4",
        ),
        (
            FILES + "positive_from = 4\nnegative_to = 4",
            "corpus.negative_to: expected a number below positive_from, got 4 and 4",
        ),
        (
            '[tokens]\npattern = "a"',
            'tokens.pattern: expected with tokenizer = "pattern", and only with it',
        ),
        (
            '[tokens]\ntokenizer = "pattern"',
            'tokens.pattern: expected with tokenizer = "pattern", and only with it',
        ),
        (
            "[features]\nngrams = 0",
            "features.ngrams: expected at least 1 without features.characters, got 0; "
            "set features.characters = [2, 5], or another range",
        ),
        (
            "[features]\ncharacters = [5, 2]",
            "features.characters: expected the least length first, got [5, 2]",
        ),
        (
            "[train]\npatience = 2",
            "train.patience: expected a validation set with it, such as train.validation = 0.1",
        ),
        (
            "[train]\nexact = true\nl2 = 0",
            "train.exact: expected train.l2 > 0 with it, got 0; without a penalty the minimum may "
            "be at infinity",
        ),
        (
            "[train]\nexact = true\npatience = 2\nvalidation = 0.1",
            "train.patience: expected 0 with train.exact, got 2; L-BFGS goes on from the weights "
            "of any epoch to the same minimum",
        ),
        (
            '[train]\nschedule = "inverse"\nl2 = 10.0\nlearning_rate = 1',
            "train.learning_rate: expected l2 * learning_rate < 1, got 10 * 1; lower it",
        ),
        (
            '[train]\nschedule = "constant"\nepochs = 20\naverage_from = 21',
            "train.average_from: expected 0 to train.epochs = 20, got 21",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_refused(refusal, text, message):
    assert refusal(text) == message


@pytest.mark.parametrize("pattern", ["(", "[a", "a**b", "(?P<"])
def test_a_pattern_that_is_no_regular_expression_is_refused(refusal, pattern):
    message = refusal(f"[tokens]\ntokenizer = 'pattern'\npattern = '{pattern}'")
    assert message.startswith(f"tokens.pattern: expected a regular expression, got {pattern!r}: ")


@pytest.mark.parametrize("pattern", ["(a)b", "(?P<word>a)"])
def test_a_pattern_with_capturing_groups_is_refused(refusal, pattern):
    message = refusal(f"[tokens]\ntokenizer = 'pattern'\npattern = '{pattern}'")
    expected = f"tokens.pattern: expected no capturing groups, got {pattern!r}; write (?:...)"
    assert message == expected


@pytest.mark.parametrize("pattern", [r"\w+(?:'\w+)*", r"\p{L}+"])
def test_a_pattern_may_use_all_that_nltk_understands(load, pattern):
    from pipeline.tokens.tokenizer import Tokenizer

    tokens = load(f"[tokens]\ntokenizer = 'pattern'\npattern = '''{pattern}'''").tokens
    settings = tokens.to_dict() | {"stop_words": ()}
    assert Tokenizer(**settings)(["Caf\u00e9 au lait"]).document(0) == ["caf\u00e9", "au", "lait"]


def test_of_several_problems_one_is_told(refusal):
    assert (
        refusal("[train]\nl2 = -1\nepochs = 0")
        == "train.l2: expected a number from 0 to 1000000, got -1"
    )


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("train.l2=0.5", 0.5),
        ("train.l2=1", 1.0),
        ("train.l2 = 1e-3", 0.001),
    ],
)
def test_an_override_is_read_as_toml(load, override, value):
    assert load("[train]\nl2 = 0.25", override).train.l2 == value


@pytest.mark.parametrize("override", ["train.schedule=constant", 'train.schedule="constant"'])
def test_an_override_that_is_no_toml_is_a_string(load, override):
    assert load("", override).train.schedule == "constant"


def test_an_override_may_hold_an_equals_sign_and_white_space(load):
    config = load("", "tokens.tokenizer=pattern", "tokens.pattern=[^= ]+(?==| |$)")
    assert config.tokens.pattern == "[^= ]+(?==| |$)"


def test_overrides_reach_tables_booleans_and_lists(load):
    config = load(
        FILES,
        "train.class_weight.positive=2",
        "features.binary=true",
        'corpus.positive=["good", 5]',
    )
    assert config.section("train")["class_weight"] == {"negative": 1.0, "positive": 2.0}
    assert config.features.binary is True
    assert config.section("corpus")["positive"] == ("good", 5)


def test_the_last_of_two_overrides_counts(load):
    assert load("", "train.l2=1", "train.l2=0.5").train.l2 == 0.5


def test_an_override_is_checked_like_the_file(refusal):
    assert refusal("", "train.l2=-1") == "train.l2: expected a number from 0 to 1000000, got -1"
    assert refusal("", "train.epoch=1").startswith("train.epoch: unknown key; did you mean epochs?")


def test_an_error_of_the_file_is_not_said_to_be_of_an_override(load, tmp_path):
    with pytest.raises(ConfigError) as error:
        load("[train]\nl2 = -1", "train.epochs=3", "eval.bins=1")
    assert str(error.value).endswith(f", got -1 ({tmp_path / 'x.toml'})")


@pytest.mark.parametrize(
    ("override", "meant"),
    [("epochs=3", "train.epochs"), ("l2", "train.l2"), ("binary=true", "features.binary")],
)
def test_an_override_without_its_section_suggests_it(load, override, meant):
    with pytest.raises(ConfigError) as error:
        load("", override)
    expected = f"--set {override}: expected section.key=value; did you mean {meant}?"
    assert str(error.value) == expected


@pytest.mark.parametrize("override", ["l3=1", "train.l2", "train.=1", ".l2=1", "train..l2=1", "="])
def test_an_override_that_names_no_key_is_refused(load, override):
    with pytest.raises(ConfigError, match=r"--set .*: expected section\.key=value$"):
        load("", override)


def test_an_override_inside_a_value_that_is_no_table_is_refused(load):
    with pytest.raises(ConfigError, match=r"^--set train\.l2\.x=1: l2 is not a table$"):
        load("[train]\nl2 = 1", "train.l2.x=1")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[train", "not valid TOML: "),
        (b"[train]\nl2 = 1\nl2 = 2", "not valid TOML: "),
        (b'[corpus]\nsource = "\xff"', "not valid TOML: expected UTF-8, got the byte 0xff"),
        ("[train]\nl2 = 1".encode("utf-16"), "not valid TOML: expected UTF-8, got UTF-16"),
    ],
)
def test_what_is_no_toml_is_named_by_its_file(tmp_path, content, message):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert str(error.value).startswith(f"{path}: {message}")
    assert "\n" not in str(error.value)


def test_a_config_may_begin_with_a_byte_order_mark(load):
    assert load("\ufeff[train]\nl2 = 0.5").train.l2 == 0.5


@pytest.mark.parametrize("path", [r"C:\Users\me\ok.csv", r"C:\data\ok.csv", r"D:\reviews\ok.csv"])
def test_a_path_with_backslashes_is_told_to_need_single_quotes(load, path):
    text = f'[corpus]\nsource = "files"\ntrain = "{path}"\n'
    with pytest.raises(ConfigError, match=r"line 3, .*text with backslashes needs single quotes"):
        load(text)
    assert load(text.replace(f'"{path}"', f"'{path}'")).corpus.train == path


@pytest.mark.parametrize("content", [b"__label__good A film", b"\xff" * (limits.CONFIG_BYTES + 1)])
def test_a_file_of_reviews_is_no_config_but_is_named_in_one(tmp_path, content):
    path = tmp_path / "reviews.txt"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="; a file of reviews is named in a config: `sentiment "):
        load_config(path)


def test_a_config_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no\.toml: no such config$"):
        load_config(tmp_path / "no.toml")
    with pytest.raises(ConfigError, match="cannot be read: expected a file, got a folder"):
        load_config(tmp_path)


CORPORA = st.one_of(
    st.just({"source": "sample"}),
    st.fixed_dictionaries(
        {"source": st.just("nltk"), "name": st.sampled_from(["movie_reviews"])},
    ),
    st.fixed_dictionaries(
        {"source": st.just("files"), "train": st.text("a\"'\\/*\u00e9 \t", min_size=1)},
        optional={
            "test": st.text(min_size=1, alphabet="ab/*"),
            "positive": st.one_of(
                st.sampled_from(["5", 5, 4.5, True]),
                st.lists(st.sampled_from(["5", 5, 4.5, True, "\u00e9"]), min_size=1),
            ),
            "drop_overlap": st.booleans(),
        },
    ),
    st.fixed_dictionaries(
        {
            "source": st.just("hub"),
            "dataset": st.just("a/b"),
            "revision": st.just("c0ffee" * 6 + "cafe"),
        },
        optional={"subset": st.just("plain"), "test": st.just("validation")},
    ),
)
TRAIN = st.fixed_dictionaries(
    {},
    optional={
        "l2": st.floats(0, 1e3),
        "learning_rate": st.floats(1e-9, 1e3),
        "class_weight": st.one_of(
            st.sampled_from(["none", "balanced"]),
            st.fixed_dictionaries({"positive": st.floats(0.1, 10)}),
        ),
        "validation": st.floats(0, 0.99),
        "seed": st.integers(0, 2**40),
    },
)
FEATURES = st.fixed_dictionaries(
    {},
    optional={
        "min_df": st.one_of(st.integers(1, 99), st.floats(0, 1)),
        "max_df": st.one_of(st.integers(1, 99), st.floats(0, 1)),
        "ngrams": st.integers(1, 8),
        "characters": st.integers(1, 9).map(lambda low: [low, low + 1]),
    },
)


@given(corpus=CORPORA, train=TRAIN, features=FEATURES)
def test_the_resolved_config_loads_as_the_same_config(tmp_path_factory, corpus, train, features):
    path = tmp_path_factory.mktemp("config") / "given.toml"
    path.write_text(to_toml({"corpus": corpus, "train": train, "features": features}))
    config = load_config(path)
    assert config.to_dict()["corpus"].items() >= (
        {key: tuple(v) if isinstance(v, list) else v for key, v in corpus.items()}.items()
    )
    path.write_text(config.to_toml(), encoding="utf-8")
    again = load_config(path)
    assert again == config
    assert again.to_toml() == config.to_toml()


def test_the_resolved_config_says_every_key_that_is_set(load):
    config = load(FILES)
    values = json.loads(json.dumps(config.to_dict()))  # an array is a list in TOML too
    assert tomllib.loads(config.to_toml()) == {
        name: {key: value for key, value in section.items() if value is not None}
        for name, section in values.items()
        if section is not None
    }


def test_a_config_cannot_be_changed(load):
    config = load("")
    with pytest.raises(AttributeError, match="immutable"):
        config.train.l2 = 1.0


def test_a_whole_number_of_reviews_is_told_from_a_fraction(load):
    """One review and all reviews are different bounds."""
    one, every = (load(f"[features]\nmax_df = {bound}").features.max_df for bound in ("1", "1.0"))
    assert (type(one), type(every)) == (int, float)


def test_every_section_is_a_stage_in_the_order_data_flows():
    from pipeline.stages.table import STAGES

    assert list(Config.__struct_fields__) == [*(stage.name for stage in STAGES), "tune"]
    pairs = itertools.pairwise(STAGES)
    assert all(set(after.inputs) >= {before.name} for before, after in pairs)
