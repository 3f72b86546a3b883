"""Weights to words: which words matter, and what each adds to a score. Data, not text."""
