"""Scores to metrics: how good a model is, how sure that is, and whether its probabilities hold."""
