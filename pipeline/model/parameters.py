"""`get_params`, `set_params`, repr and tags, as scikit-learn asks of an estimator."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Self


class Parameters:
    """Gives an estimator `get_params`, `set_params` and a repr of the parameters that were set.

    The constructor keeps each of its parameters in an attribute of the same name.
    """

    _takes_texts = False

    @classmethod
    @functools.cache
    def _defaults(cls) -> dict[str, Any]:
        """Return the constructor's parameters and their defaults."""
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        return {parameter.name: parameter.default for parameter in parameters}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Self:
        """Set some of the parameters."""
        for name, value in params.items():
            if name not in self._defaults():
                raise ValueError(f"unknown parameter {name!r} of {type(self).__name__}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        """Show the parameters that differ from their defaults."""
        defaults = self._defaults()
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if v != defaults[k]]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of an estimator: a classifier."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(
                two_d_array=not self._takes_texts,
                sparse=not self._takes_texts,
                string=self._takes_texts,
            ),
        )
