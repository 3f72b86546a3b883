"""The same work by this project and by its peers, in turns, in one run.

`python -m benchmarks` asks every question; each has a file of its own. What they share:

    harness     rounds in alternation, and child processes with their peak memory
    results     what a question gives back: data, before anything is drawn
    corpora     the reviews: IMDB where it is found, made up where it is not
    jobs        the commands that do the whole job, here and with each peer
    report      the tables, and the files of a run
    plot        the picture of a run
"""
