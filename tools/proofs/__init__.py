"""Proofs by trial: `torture` disturbs commands, `determinism` repeats them elsewhere."""
