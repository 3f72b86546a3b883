"""Counts and labels to weights, and the decision on top of them."""
