"""Scores and true labels to metrics, their intervals, and whether probabilities are right."""
