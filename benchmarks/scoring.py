"""Reviews a second, raw text to probability.

In memory: the loaded model gets the test texts and gives back probabilities; Vowpal Wabbit,
which reads files, does the same in a process of its own, timed after its import, its model's
loading included. And as whole processes, from files to predictions. Vowpal Wabbit's text is
ready for it: words, in lower case.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import jobs
from benchmarks.corpora import write_ready_files
from benchmarks.harness import (
    Setting,
    alternate,
    is_installed,
    missing,
    run_child,
    seconds,
)
from benchmarks.results import Figure, Question, ratio
from pipeline.model.text_classifier import TextClassifier

ASKS = "Reviews per second, raw text to probability"
TARGET, VW_TARGET = 8.0, 1.0
HERE, HERE_WHOLE = "this project", "this project, whole process"
SKLEARN, VW, VW_WHOLE = "scikit-learn", "Vowpal Wabbit", "Vowpal Wabbit, whole process"
SETTINGS = {
    HERE: "TextClassifier.probabilities, from Arrow text, default threads",
    SKLEARN: "Pipeline(CountVectorizer, SGDClassifier).predict_proba, from a list of str",
    VW: "-t --link logistic, from ready text, after the import",
    HERE_WHOLE: "sentiment predict RUN test.parquet",
    VW_WHOLE: "python -m vowpalwabbit -t --link logistic, from ready text",
}


def run(setting: Setting) -> Question:
    """Score the test set in turns."""
    folder = jobs.trained_run(setting)
    model = TextClassifier.load(folder)
    texts = setting.corpus.texts("test")
    model.probabilities(texts[:1])  # loads what was compiled before
    predict = [*jobs.sentiment(), "predict", folder, setting.corpus.test]
    sides = {
        HERE: lambda: seconds(model.probabilities, texts),
        HERE_WHOLE: lambda: run_child(predict).seconds,
    }
    notes = []
    if is_installed("sklearn"):
        sides[SKLEARN] = _sklearn(setting, texts.to_pylist())
    else:
        notes.append(missing("sklearn"))
    if is_installed("vowpalwabbit"):
        sides |= _vowpal_wabbit(setting)
    else:
        notes.append(missing("vowpalwabbit"))
    times = alternate(sides, setting.rounds)
    figures = {
        name: Figure(name, SETTINGS[name], tuple(len(texts) / s for s in times[name]), "reviews/s")
        for name in SETTINGS
        if name in times
    }
    claims = [
        ratio(f"ours over {text}, reviews/s", figures[ours], figures[theirs], target)
        for ours, theirs, text, target in (
            (HERE, SKLEARN, "scikit-learn", TARGET),
            (HERE, VW, "Vowpal Wabbit", VW_TARGET),
            (HERE_WHOLE, VW_WHOLE, "Vowpal Wabbit, whole process", VW_TARGET),
        )
        if theirs in figures
    ]
    size = f"{len(texts):,} reviews, {texts.nbytes / 1e6:.0f} MB"
    return Question(
        "scoring",
        ASKS,
        f"{setting.corpus.name}: test, {size}",
        tuple(figures.values()),
        tuple(claims),
        (),
        tuple(notes),
    )


def _vowpal_wabbit(setting: Setting) -> dict[str, Callable[[], float]]:
    """Train once; return what times the test, from inside its process and from outside."""
    files = write_ready_files(setting.corpus, setting.folder)
    model, predictions = setting.folder / "scoring.vw", setting.folder / "scoring.predictions"
    run_child(jobs.vw_command(jobs.vw_train_arguments(files.vw_train, model, *jobs.VW_TRAIN)))
    test = [*jobs.vw_test_arguments(files.vw_test, model, predictions), "--link", "logistic"]
    return {
        VW: lambda: jobs.vw_seconds(test),
        VW_WHOLE: lambda: run_child(jobs.vw_command(test)).seconds,
    }


def _sklearn(setting: Setting, strings: list[str]) -> Callable[[], float]:
    """Return what times scikit-learn's pipeline."""
    import pickle

    model = pickle.loads(jobs.trained_sklearn(setting).read_bytes())
    return lambda: seconds(model.predict_proba, strings)
