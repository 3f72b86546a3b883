"""Texts to token ids: the tokenizers, negation marks, and where each token stands."""
