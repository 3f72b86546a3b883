"""Review corpora: reading them from a source, splitting them, auditing them.

A corpus is two Arrow tables, a training set and a test set, with the columns `text`
(large_string) and `label` (int8: 1 positive, 0 negative), without nulls. A source yields it as
a stream of record batches. In a run's folder each set is an Arrow file that is mapped into
memory; its chunks are batches of a few megabytes.
"""
