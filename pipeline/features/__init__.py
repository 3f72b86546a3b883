"""Token ids to sparse counts: the vocabulary, and counting with it."""
