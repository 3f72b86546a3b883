"""What looks at several runs, or runs stages many times: a study, a file each."""
