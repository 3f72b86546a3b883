"""The assignment: a starter for students, hidden tests, and a grader that trusts no submission."""
