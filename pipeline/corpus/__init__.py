"""Review corpora: reading them from a source, splitting them, auditing them.

A corpus is two Arrow tables, train and test, with the columns `text`
(large_string) and `label` (int8: 1 positive, 0 negative), without nulls, one
chunk each.
"""
