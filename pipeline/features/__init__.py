"""Token ids to sparse counts: learn a vocabulary, and count its features."""
