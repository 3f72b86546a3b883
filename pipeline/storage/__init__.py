"""Columns in memory and on disk: Arrow arrays, array files, tables, and the run folder."""
