"""Text sentiment classification: reviews to sparse counts to a readable linear model.

The stages, in the order data flows: `corpus`, `tokens`, `features`, `train`
(`training` and `model`), `eval` (`evaluation`) and `report` (`inspection`).
Nothing is imported here, so that a command pays only for what it uses.
"""

__version__ = "0.1.0"
