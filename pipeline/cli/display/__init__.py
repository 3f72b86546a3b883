"""What the terminal shows: progress on standard error, results on standard output.

Colour and bars appear only if the output is a terminal and NO_COLOR is unset.
"""
