"""Counts and labels to weights, and to a temperature and a threshold."""
