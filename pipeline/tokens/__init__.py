"""Texts to token ids: tokenizers, negation marks, stop words, and the place of each token."""
