"""Settings for properties of which an example takes long: fewer of them than of others."""

from hypothesis import settings


def fewer(share: float) -> settings:
    """Return settings with a share of the profile's examples; so `make hunt` draws more, too.

    >>> fewer(0.2).max_examples * 5 == settings().max_examples
    True
    """
    return settings(max_examples=max(1, round(share * settings().max_examples)))
