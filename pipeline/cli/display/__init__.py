"""Results as text and tables on standard output, progress on standard error.

Colour and bars appear only if the output is a terminal and NO_COLOR is unset.
"""
