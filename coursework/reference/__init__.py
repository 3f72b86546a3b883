"""The solved assignment. `python -m coursework handout` makes the starter from it."""
