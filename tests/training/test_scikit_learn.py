"""`SGDLogisticRegression` in scikit-learn's tools; scikit-learn's own checks are the judge."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from reference import reviews
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks

from pipeline import errors
from pipeline.training.estimator import SGDLogisticRegression

# SGD takes one step per document: a weight of 2 makes one step of twice the length, not two, and
# a weight of 0 is visited without moving the weights. Gradient descent passes both checks below.
ONE_STEP_PER_DOCUMENT = "one step of twice the length is not two steps"
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": ONE_STEP_PER_DOCUMENT,
    "check_sample_weight_equivalence_on_sparse_data": ONE_STEP_PER_DOCUMENT,
}


def digest(model):
    return model.coef_.tobytes() + model.intercept_.tobytes()


with warnings.catch_warnings():
    # That it does not inherit from BaseEstimator is meant: it works without scikit-learn.
    warnings.filterwarnings("ignore", ".*does not inherit from.*")
    # As many epochs as scikit-learn gives its own SGD in these checks, or fewer. The rate fits a
    # check in which a mistake on one class costs ten million times as much as on the other.
    every_check = estimator_checks.parametrize_with_checks(
        [SGDLogisticRegression(epochs=100, learning_rate=0.05)],
        expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
    )


@pytest.mark.filterwarnings("ignore")
@every_check
def test_passes_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", EXPECTED_FAILURES)
def test_gradient_descent_passes_the_checks_that_sgd_fails(name):
    model = SGDLogisticRegression(batch_size=1000, epochs=100)
    getattr(estimator_checks, name)("SGDLogisticRegression", model)


def test_unfitted_use_is_an_error_that_names_fit_and_that_scikit_learn_knows():
    for error in (NotFittedError, errors.NotFittedError):
        with pytest.raises(
            error, match=r"^SGDLogisticRegression is not fitted yet; call fit first$"
        ):
            SGDLogisticRegression().predict(np.eye(2))


def test_learning_weights_and_being_unfitted_do_not_import_scikit_learn():
    code = """
import sys
from pipeline.errors import NotFittedError
from pipeline import errors
from pipeline.training.estimator import SGDLogisticRegression
try:
    SGDLogisticRegression().predict([[1.0]])
except NotFittedError as error:
    print(error)
SGDLogisticRegression().fit([[1.0], [0.0]], [0, 1]).predict([[1.0]])
sys.exit("sklearn" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "SGDLogisticRegression is not fitted yet; call fit first\n"


class TestProtocol:
    def test_parameters_are_the_constructors(self):
        model = SGDLogisticRegression(l2=0.5, schedule="inverse")
        names = "l2 epochs batch_size learning_rate schedule average_from averaged_runs parts exact"
        names += " gap fit_intercept class_weight validation patience threshold ratio alpha beta"
        names += " seed"
        assert list(model.get_params()) == names.split()
        assert (model.get_params()["l2"], model.get_params()["schedule"]) == (0.5, "inverse")

    def test_setting_parameters_is_constructing_with_them(self):
        changed = {"l2": 0.5, "seed": 3, "class_weight": {0: 2.0}}
        model = SGDLogisticRegression()
        assert model.set_params(**changed) is model
        assert model.get_params() == SGDLogisticRegression(**changed).get_params()

    def test_unknown_parameters_are_refused(self):
        with pytest.raises(ValueError, match="'penalty'"):
            SGDLogisticRegression().set_params(penalty=1.0)

    def test_the_repr_shows_what_was_set(self):
        model = SGDLogisticRegression(l2=0.5, schedule="inverse")
        assert repr(model) == "SGDLogisticRegression(l2=0.5, schedule='inverse')"

    def test_a_clone_has_the_parameters_and_nothing_learned(self):
        from sklearn.base import clone

        model = SGDLogisticRegression(epochs=2, class_weight={0: 2.0}).fit(*reviews())
        copy = clone(model)
        assert copy.get_params() == model.get_params()
        assert not hasattr(copy, "coef_")
        assert digest(copy.fit(*reviews())) == digest(model)

    def test_is_a_classifier(self):
        from sklearn.base import is_classifier

        assert is_classifier(SGDLogisticRegression())

    def test_labels_may_be_strings(self):
        X, y = reviews()
        model = SGDLogisticRegression().fit(X, ["good" if label else "bad" for label in y])
        assert model.classes_.tolist() == ["bad", "good"]
        plain = SGDLogisticRegression().fit(X, y)
        assert digest(model) == digest(plain)
        assert model.predict(X).tolist() == [["bad", "good"][k] for k in plain.predict(X)]

    def test_cross_validates(self):
        from sklearn.model_selection import cross_val_score

        X, y = reviews(200)
        scores = cross_val_score(SGDLogisticRegression(), X, y, cv=4)
        assert scores.shape == (4,)
        assert scores.mean() > 0.6
        areas = cross_val_score(SGDLogisticRegression(), X, y, cv=4, scoring="roc_auc")
        assert areas.mean() > 0.6

    def test_is_tuned_by_grid_search(self):
        from sklearn.model_selection import GridSearchCV

        X, y = reviews(200)
        search = GridSearchCV(SGDLogisticRegression(epochs=3), {"l2": [1e-4, 100.0]}, cv=3)
        search.fit(X, np.array(["neg", "pos"])[y])
        assert search.best_params_ == {"l2": 1e-4}
        assert search.best_estimator_.classes_.tolist() == ["neg", "pos"]

    def test_ends_a_pipeline_from_texts(self):
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.pipeline import make_pipeline

        texts = ["a good film", "good and fine", "a bad film", "bad and dull"] * 5
        labels = ["pos", "pos", "neg", "neg"] * 5
        model = make_pipeline(CountVectorizer(), SGDLogisticRegression()).fit(texts, labels)
        assert model.predict(["fine", "dull"]).tolist() == ["pos", "neg"]
        assert model.score(texts, labels) == 1.0
        assert model.predict_proba(["unknown"]).shape == (1, 2)
