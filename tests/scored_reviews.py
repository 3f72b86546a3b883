"""Reviews with scores, as Hypothesis draws them, and exact formulas to judge what they give."""

from decimal import Decimal, localcontext

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

THRESHOLDS = st.sampled_from([0.01, 0.3, 0.5, 0.7, 0.99])


@st.composite
def scored_reviews(draw, scores=None):
    """Labels of any balance, also of one class only, with tied or extreme scores."""
    if scores is None:
        scores = st.one_of(
            st.integers(-3, 3).map(float),
            # Rounded, because two correct sigmoids may differ within 1e-16 of the boundary.
            st.floats(-30, 30).map(lambda z: round(z, 9)),
            st.sampled_from([-1e4, -745.2, -37.0, -0.0, 0.0, 37.0, 709.8, 1e4]),
        )
    n = draw(st.integers(1, 60))
    rare = draw(st.integers(1, 9))
    y = draw(hnp.arrays(np.int8, n, elements=st.integers(0, rare).map(lambda k: int(k == 0))))
    return y, draw(hnp.arrays(np.float64, n, elements=scores))


def exact(z):
    """Return sigmoid(z), log(1 + e^z) and log(1 + e^-z) from 60 digits."""
    with localcontext() as context:
        context.prec = 60
        z = Decimal(z)
        return (
            float(1 / (1 + (-z).exp())),
            # A logarithm of 1 and a little is that little, where 60 digits do not hold both.
            float((1 + z.exp()).ln() if z > -60 else z.exp()),
            float((1 + (-z).exp()).ln() if z < 60 else (-z).exp()),
        )
