"""Columns in memory and on disk: Arrow arrays, array files, tables and run folders."""
