"""How a file is written, as a config states it."""

import pytest

from pipeline.corpus.dialect import Dialect
from pipeline.errors import ConfigError


@pytest.mark.parametrize("name", ["latin-1", "cp1252", "utf-16", "UTF8", "shift_jis", "gb18030"])
def test_an_encoding_that_python_knows_is_taken(name: str) -> None:
    assert Dialect(encoding=name).encoding == name


@pytest.mark.parametrize(
    ("name", "near"), [("latin1252", "latin"), ("utf-61", "utf-16"), ("cp1525", "cp125")]
)
def test_a_wrong_encoding_suggests_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ConfigError, match=rf"^corpus\.encoding: unknown encoding .* mean {near}"):
        Dialect(encoding=name)


@pytest.mark.parametrize("name", ["rot13", "base64", "zip", "x\0", "idna", "punycode"])
def test_a_codec_that_is_no_encoding_of_text_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown encoding"):
        Dialect(encoding=name)


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n", "§"])
def test_a_delimiter_is_one_ascii_character(delimiter: str) -> None:
    with pytest.raises(ConfigError, match=r"^corpus\.delimiter: expected one ASCII character"):
        Dialect(delimiter=delimiter)


def test_a_tab_may_be_written_as_a_shell_passes_it() -> None:
    assert Dialect(delimiter="\\t").delimiter == "\t"


def test_two_columns_of_one_name_are_refused_and_two_without_are_not() -> None:
    with pytest.raises(ConfigError, match=r"^corpus\.columns: two columns are named 'a'"):
        Dialect(columns=("a", "b", "a"))
    assert Dialect(columns=("", "a", "")).columns == ("", "a", "")


def test_a_message_names_the_key_as_the_user_sets_it() -> None:
    with pytest.raises(ConfigError, match=r"^--quoting: expected double or none, got 'single'"):
        Dialect(quoting="single", prefix="--")
