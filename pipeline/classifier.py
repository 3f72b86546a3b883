"""`SentimentClassifier` and `load`: texts in, labels out; the whole pipeline as one estimator.

    tokens -> vocabulary -> counts -> weights -> decision

`SentimentClassifier` joins the parts in this order and nothing else. Its parameters have the
names and the defaults of a config's keys, so a config and a classifier with the same settings
learn the same weights, to the byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
import pyarrow as pa

from pipeline.errors import RunError
from pipeline.features.counting import count_features
from pipeline.features.vocabulary import learn_vocabulary
from pipeline.inspection.class_frequency import ClassFrequency
from pipeline.inspection.class_weights import ClassWord, class_words
from pipeline.inspection.highlights import Highlight, highlight
from pipeline.inspection.weights import Word, top_words
from pipeline.model.checks import not_fitted
from pipeline.model.confidence import unsure
from pipeline.model.logistic import Array, predictions, probabilities
from pipeline.model.parameters import Parameters
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage.replacing import replacing_folder
from pipeline.tokens.stop_words import stop_words
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.training.decision import StatedDecision, check_goal
from pipeline.training.estimator import SGDLogisticRegression

if TYPE_CHECKING:
    from pipeline.training.history import Epoch

Texts: TypeAlias = "Sequence[str] | pa.LargeStringArray | pa.ChunkedArray"

_TOKENIZER = ("tokenizer", "pattern", "lowercase", "html", "tweets", "punctuation", "mark_negation")
_VOCABULARY = ("ngrams", "min_df", "max_df", "max_features", "characters")
_COUNTS = ("binary", "unit_length")


class SentimentClassifier(Parameters):
    """A text classifier: bag of words and logistic regression by SGD.

    Works alone or in scikit-learn's tools (`GridSearchCV`, `cross_val_score`,
    `CalibratedClassifierCV`), and does not need scikit-learn.

    Parameters
    ----------
    tokenizer, pattern, lowercase, html, tweets, punctuation, mark_negation
        How a text becomes tokens: see `Tokenizer`.
    stop_words : bool
        Drop NLTK's English stop words, but no negation.
    ngrams, characters, min_df, max_df, max_features
        Which n-grams of tokens and of characters are features: see `learn_vocabulary`.
    binary, unit_length
        How features are counted: see `count_features`.
    l2, epochs, batch_size, learning_rate, schedule, average_from, averaged_runs, \
parts, exact, gap, fit_intercept, class_weight, validation, patience, ratio, alpha, beta, seed
        How the weights are learned: see `SGDLogisticRegression`.
    calibrate : bool
        Divide the scores by a temperature, so that probabilities match frequencies, if there are
        enough texts: see `choose_decision`.
    threshold : float or mapping
        Of two classes: a text is predicted positive if its probability is above it; or a goal on
        the validation set: `{"min_recall": 0.95}`, `{"min_precision": 0.9}` or `{"best": "f1"}`.
    abstain : float or mapping, optional
        A prediction is unsure where its confidence is below it; or a goal on the validation set:
        `{"min_accuracy": 0.95}` or `{"max_unsure": 0.1}`. See `unsure`.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
        The labels in sorted order; of two, the second is the positive class.
    model_ : TextClassifier
        The fitted parts: tokenizer, vocabulary, weights.
    history_ : list of Epoch
        Loss and accuracy after each epoch. Not there for a loaded model.

    Examples
    --------
    >>> from pipeline import SentimentClassifier
    >>> texts = ["an awesome film", "awesome, and moving", "an abysmal film", "abysmal and dull"]
    >>> model = SentimentClassifier(epochs=20).fit(texts, ["pos", "pos", "neg", "neg"])
    >>> model.predict(["Awesome!", "Dull, dull, dull."]).tolist()
    ['pos', 'neg']
    >>> positive, negative = model.top_words(1)
    >>> positive[0].word, negative[0].word
    ('awesome', 'abysmal')
    """

    threshold: float | Mapping[str, Any]
    abstain: float | Mapping[str, Any] | None
    classes_: Array
    model_: TextClassifier
    history_: list[Epoch]
    _takes_texts = True
    # How often each class uses a word is known after `fit`, and not of a loaded model.
    _frequency: ClassFrequency | None = None

    def __init__(
        self,
        *,
        tokenizer: str = "words",
        pattern: str | None = None,
        lowercase: bool = True,
        html: str = "keep",
        tweets: bool = False,
        punctuation: bool = False,
        stop_words: bool = False,
        mark_negation: bool = False,
        ngrams: int = 1,
        characters: tuple[int, int] | None = None,
        min_df: int | float = 1,
        max_df: int | float = 1.0,
        max_features: int = 0,
        binary: bool = False,
        unit_length: bool = False,
        l2: float = 1e-4,
        epochs: int | str = "auto",
        batch_size: int = 1,
        learning_rate: float | str = "auto",
        schedule: str = "adagrad",
        average_from: int = 0,
        averaged_runs: int = 1,
        parts: int = 1,
        exact: bool = False,
        gap: float = 1e-5,
        fit_intercept: bool = True,
        class_weight: str | Mapping[Any, float] | None = None,
        validation: float = 0.0,
        patience: int = 0,
        calibrate: bool = True,
        threshold: float | Mapping[str, Any] = 0.5,
        abstain: float | Mapping[str, Any] | None = None,
        ratio: str = "none",
        alpha: float = 1.0,
        beta: float = 1.0,
        seed: int = 0,
    ) -> None:
        given = locals()
        for name in self._defaults():
            setattr(self, name, given[name])

    def fit(self, texts: Texts, labels: Iterable[Any], sample_weight: Any = None) -> Self:
        """Learn vocabulary and weights.

        Parameters
        ----------
        texts : sequence of str, length n
        labels : sequence, length n
            Two classes or more; of two, the second in sorted order is the positive one.
        sample_weight : float64 array, shape (n,), optional
            Cost of a mistake on each text, >= 0; 1 by default.

        Raises
        ------
        CorpusError
            If there is one class only, or no feature is left.
        ValueError
            If there is not one label for each text, or a parameter is out of range.
        TypeError
            If a text is not a `str`.
        """
        settings = self.get_params()
        given, stated = np.asarray(labels), StatedDecision.of(settings)
        if stated.goal:
            check_goal(len(set(given.ravel().tolist())))
        dropped = stop_words() if settings["stop_words"] else ()
        tokenizer = Tokenizer(**_chosen(settings, _TOKENIZER), stop_words=dropped)
        tokens = tokenizer(texts)
        vocabulary = learn_vocabulary(tokens, **_chosen(settings, _VOCABULARY))
        counting = _chosen(settings, _COUNTS)
        counts = count_features(tokens, vocabulary, **counting)
        of_learner = _chosen(settings, SGDLogisticRegression().get_params())
        learner = SGDLogisticRegression(**of_learner | {"threshold": stated.threshold})
        regression = learner.fit(counts, given, sample_weight)
        y: Array = np.searchsorted(regression.classes_, given.ravel())
        bound = stated.decide(regression, counts, y, sample_weight)
        self.classes_, self.history_ = regression.classes_, regression.history_
        classes = tuple(self.classes_.tolist())
        self.model_ = TextClassifier(
            tokenizer, vocabulary, regression=regression, classes=classes, abstain=bound, **counting
        )
        self._frequency = ClassFrequency.of(counts, y, len(self.classes_))
        return self

    def predict(self, texts: Texts) -> Array:
        """Return the predicted label of each text: array, shape (n,)."""
        numbers = predictions(self.decision_function(texts), self._model.regression.threshold)
        labels: Array = self.classes_[numbers]
        return labels

    def predict_proba(self, texts: Texts) -> Array:
        """Return the probability of each class: float64, shape (n, n_classes)."""
        return probabilities(self.decision_function(texts))

    def decision_function(self, texts: Texts) -> Array:
        """Return the log-odds of the positive class, shape (n,); a score each above two classes."""
        return self._model.decision_function(texts)

    def unsure(self, texts: Texts) -> Array:
        """Return True for each text of whose prediction the model is unsure; see `abstain`."""
        regression, bound = self._model.regression, self._model.abstain or 0.0
        return unsure(self.decision_function(texts), regression.threshold, bound)

    def score(self, texts: Texts, labels: Iterable[Any], sample_weight: Any = None) -> float:
        """Return the accuracy, the share of texts that are predicted correctly."""
        return float(np.average(self.predict(texts) == np.asarray(labels), weights=sample_weight))

    def explain(self, text: str) -> Highlight:
        """Explain the score of a text, or how far the most probable class leads the runner-up.

        In a notebook the result is drawn: the text with its words in colour, and the sum.
        """
        if not isinstance(text, str):
            raise TypeError(f"text: expected str, got {type(text).__name__}")
        return highlight(self._model, text)

    def top_words(self, n: int = 10) -> tuple[list[Word], list[Word]] | dict[Any, list[ClassWord]]:
        """Return the words with the most positive and negative weights, or a list a class."""
        if len(self.classes_) > 2:
            return class_words(self._model, n, self._frequency)
        return top_words(self._model, n, self._frequency)

    def save(self, folder: str | Path) -> None:
        """Write the model to a folder, which `load` and `sentiment predict` read.

        The folder is made, or replaced if it holds a saved model. It holds JSON, text and
        safetensors; nothing in it is pickled.
        """
        target = Path(folder)
        if target.exists() and not (target / "model.json").is_file():
            raise RunError(f"{target}: exists and is no saved model; choose another folder")
        model = self._model
        try:
            with replacing_folder(target) as partial:
                model.save(partial)
        except OSError as error:
            raise RunError(f"{target}: cannot write the model: {error.strerror}") from None

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the classifier of a run folder, or of a saved model's folder.

        Raises
        ------
        RunError
            If there is no model, or a file of it is not the one that was saved.
        """
        model = TextClassifier.load(Path(path))
        settings = model.tokenizer.to_dict() | {"stop_words": bool(model.tokenizer.stop_words)}
        loaded = cls(
            **settings,
            binary=model.binary,
            unit_length=model.unit_length,
            threshold=model.regression.threshold,
            abstain=model.abstain,
        )
        loaded.model_, loaded.classes_ = model, np.array(model.classes)
        return loaded

    @property
    def _model(self) -> TextClassifier:
        if not hasattr(self, "model_"):
            raise not_fitted(self)
        return self.model_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")


def load(path: str | Path) -> SentimentClassifier:
    """Return the fitted classifier of a run folder, or of a saved model's folder.

    Examples
    --------
    >>> import pipeline
    >>> from tempfile import TemporaryDirectory
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(["awesome", "abysmal"], ["pos", "neg"])
    >>> with TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/films")
    ...     loaded = pipeline.load(f"{folder}/films")
    >>> loaded.predict(["An awesome film"]).tolist()
    ['pos']
    """
    return SentimentClassifier.load(path)


def _chosen(settings: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: settings[name] for name in names}
