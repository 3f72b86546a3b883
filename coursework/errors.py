"""The two kinds of fault: of a submission, and of what surrounds it."""


class SubmissionError(Exception):
    """What a submission did wrong, in words for the student."""


class CourseworkError(Exception):
    """What keeps a handout from being made, or a submission from being graded; exit code 2."""
