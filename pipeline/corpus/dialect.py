"""How a file is written, where its extension does not say: the dialect that every reader takes."""

from __future__ import annotations

import difflib
import encodings.aliases
from dataclasses import dataclass

from pipeline.corpus.encoding import is_text_encoding
from pipeline.errors import ConfigError

QUOTING = ("double", "none")


@dataclass(frozen=True)
class Dialect:
    r"""How a file is written.

    Attributes
    ----------
    format : str, optional
        One of `FORMATS`; None to go by the extension.
    encoding : str, optional
        Any text encoding of Python; None for UTF-8. A byte-order mark at the start of a file
        decides against it.
    delimiter : str, optional
        The character between two fields; None for a tab in TSV and a comma in CSV. The two
        characters ``\t`` are a tab.
    columns : tuple of str
        The names of the columns, in order, of a file without a header; empty if it has one.
    quoting : {"double", "none"}
        With "double", a field in double quotes may hold the delimiter and line breaks. With
        "none", quotes are text.
    prefix : str
        What stands before a key in a message: ``corpus.`` in a config, ``--`` on the command
        line.

    Raises
    ------
    ConfigError
        If a value is not one of those. The message suggests the nearest encoding.

    Examples
    --------
    >>> Dialect(encoding="latin-1", columns=("label", "text")).key("delimiter")
    'corpus.delimiter'
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    columns: tuple[str, ...] = ()
    quoting: str = "double"
    prefix: str = "corpus."

    def __post_init__(self) -> None:
        if self.delimiter == "\\t":
            object.__setattr__(self, "delimiter", "\t")
        if self.encoding is not None and not is_text_encoding(self.encoding):
            names = [name.replace("_", "-") for name in encodings.aliases.aliases]
            near = difflib.get_close_matches(self.encoding.lower(), [*_USUAL, *names], 1)
            hint = f"did you mean {near[0]}? " if near and near[0] != self.encoding else ""
            raise ConfigError(
                f"{self.key('encoding')}: unknown encoding {self.encoding!r}; {hint}"
                f"expected one that Python knows, such as {', '.join(_USUAL)}"
            )
        delimiter = self.delimiter
        if delimiter is not None and (
            len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0'
        ):
            raise ConfigError(
                f"{self.key('delimiter')}: expected one ASCII character that is no quote and no "
                f"line break, got {delimiter!r}"
            )
        twice = [name for k, name in enumerate(self.columns) if name and name in self.columns[:k]]
        if twice:
            raise ConfigError(
                f"{self.key('columns')}: two columns are named {twice[0]!r}; "
                "expected a name for each, or an empty one for those that are not read"
            )
        if self.quoting not in QUOTING:
            raise ConfigError(
                f"{self.key('quoting')}: expected {' or '.join(QUOTING)}, got {self.quoting!r}"
            )

    @property
    def in_config(self) -> bool:
        """Whether the dialect is that of a config, not of the command line."""
        return self.prefix == "corpus."

    def key(self, name: str) -> str:
        """Return the name of a key as a message to the user has it."""
        return f"{self.prefix}{name}"

    def setting(self, name: str, value: str) -> str:
        """Return what sets a key to a value, as a message to the user has it.

        >>> Dialect().setting("quoting", "none"), Dialect(prefix="--").setting("quoting", "none")
        ('corpus.quoting = "none"', '--quoting none')
        """
        return f'{self.key(name)} = "{value}"' if self.in_config else f"{self.key(name)} {value}"


_USUAL = ("utf-8", "latin-1", "cp1252", "utf-16")
