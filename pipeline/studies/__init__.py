"""Studies of a config or a run; most of them run stages many times.

    tune.tune                        try settings and keep the best
    crossval.cross_validate          score each review with a model that did not see it
    curve.measure_curve              learn from more and more reviews: would others help?
    baselines.score_baselines        compare the model with simpler ones
    compare.compare                  say which of two runs is better on the same test reviews
    stability.measure_stability      refit on resampled reviews to see how far weights move
    certify.certify_run              bound the distance of a run from the optimum
    verify.verify_run                train a run again and compare the bytes
    suspects.find_suspects           find training reviews whose label is probably wrong
    score.score_file                 evaluate a model on another file, and on slices of it

Each is a function of a config or run folders. The long ones write into a folder of their own in
the run, and resume when they were interrupted. Each records the uses that it makes of the test set.
"""
