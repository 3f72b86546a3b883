"""The functions of the assignment, and the classifier that they make."""
