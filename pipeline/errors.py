"""The exceptions, each with an exit code: one line that says what is wrong and what helps.

An error of the system, such as a full disk, is told in one line, too. Anything else that goes wrong
is a defect of this project and keeps its traceback. All can travel from a worker of a cluster.
"""

from __future__ import annotations


class PipelineError(Exception):
    """Something the user can mend; the message names what, where and what is accepted."""

    exit_code = 2


class ConfigError(PipelineError):
    """A key of a config is unknown, of the wrong type or out of range."""


class CorpusError(PipelineError, ValueError):
    """A corpus is missing, malformed, or not one that a classifier can learn from."""


class NoFileError(CorpusError):
    """There is no file of a name, or none that a glob matches."""


class MissingDataError(CorpusError):
    """Data of another project are not installed, and they could not be downloaded."""


class RunError(PipelineError):
    """A run folder is missing, incomplete, of another format, or cannot be written."""


class DivergenceError(PipelineError):
    """Training moved away from the optimum instead of towards it."""


class NotFittedError(ValueError, AttributeError):
    """A model is used before it has learned; with the bases of scikit-learn's error."""


class Interrupted(KeyboardInterrupt):
    """The signal of this number has come, which ends the command as Ctrl-C does."""

    def __init__(self, signal_number: int) -> None:
        super().__init__()
        self.signal_number = signal_number

    def __reduce__(self) -> tuple[type[Interrupted], tuple[int]]:
        return type(self), (self.signal_number,)
