"""What runs stages many times, or asks more of a run: cross-validation, tuning, comparison.

A study works on a run's corpus, writes into a folder of its own in the run, and goes on
where it was stopped.
"""
