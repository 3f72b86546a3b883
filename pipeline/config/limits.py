"""The largest number that each setting and each option accepts.

A larger one is a slip of the hand. It is refused at once, where it would otherwise run out of
memory or of time. Nothing is imported here, because `--help` shows these numbers too.
"""

from __future__ import annotations

# Reviews, features and their rows: they are counted in int32.
COUNT = 2**31 - 1
# The largest whole number of TOML. NumPy takes any seed.
SEED = 2**63 - 1
# Ratings, and values that [tune] tries.
NUMBER = 10**9
# l2, alpha, learning rate, costs of classes: the trained weights are below 1e100 with any of them.
STRENGTH = 10**6
# Training reports each epoch, and can be interrupted after it.
EPOCHS = 100_000
# Each run keeps its weights in memory until they are averaged.
AVERAGED_RUNS = 1_000
# Each part returns its weights after each epoch.
PARTS = 10_000
# Each resample keeps a few numbers in memory.
RESAMPLES = 1_000_000
# Each refit writes its weights to disk.
REFITS = 10_000
# One model is trained for each fold.
FOLDS = 1_000
# Each bin is a point of a figure and a row of a table.
BINS = 1_000
# The report embeds each word and each review that it shows.
SHOWN = 1_000
# Code points of the longest character n-gram, because most words have fewer, and tokens of the
# longest n-gram.
CHARACTERS = 10
NGRAMS = 8
# Trials of one `sentiment tune`, and so values of one key.
TRIALS = 10_000
# Characters of a regular expression. The engine needs a stack for what is nested in it.
PATTERN = 1_000
# Processes of one machine.
WORKERS = 1_000
# Bytes of a config, and tables and lists inside each other in one.
CONFIG_BYTES = 1 << 20
NESTING = 50
