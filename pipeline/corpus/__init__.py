"""Review corpora: reading them from a source, splitting them, auditing them.

A corpus is two Arrow tables, train and test, with the columns `text`
(large_string) and `label` (int8: 1 positive, 0 negative), without nulls. On its way
from a source it is a stream of record batches; in a run's folder each part is an
Arrow file, mapped into memory, whose chunks are batches of some megabytes.
"""
