"""Label errors: the confident joint of the paper, and what is suspect by it."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.errors import CorpusError
from pipeline.evaluation.label_errors import find_label_errors
from pipeline.model.logistic import sigmoid
from pipeline.model.softmax import softmax


@st.composite
def scored(draw):
    """Draw labels of two classes with a score for each, ties among them."""
    scores = draw(st.lists(st.integers(-40, 40).map(lambda k: k / 8), min_size=2))
    labels = draw(st.lists(st.integers(0, 1), min_size=len(scores), max_size=len(scores)))
    return np.array([0, 1, *labels[2:]], np.int8), np.array(scores)


@st.composite
def scored_classes(draw):
    """Draw labels of three or four classes with scores for each."""
    n_classes, n = draw(st.integers(3, 4)), draw(st.integers(4, 30))
    shares = st.integers(-4000, 4000).map(lambda k: k / 800)
    scores = draw(hnp.arrays(np.float64, (n, n_classes), elements=shares))
    labels = draw(hnp.arrays(np.int8, n, elements=st.integers(0, n_classes - 1)))
    labels[:n_classes] = range(n_classes)
    return labels, scores


def by_definition(labels, p):
    """Return thresholds, joint and suspects as the paper writes them, review by review."""
    classes = range(len(p[0]))
    thresholds = [
        np.mean(np.sort([row[k] for row, label in zip(p, labels, strict=True) if label == k]))
        for k in classes
    ]
    joint, suspects = np.zeros((len(classes), len(classes)), int), []
    for n, (row, label) in enumerate(zip(p, labels, strict=True)):
        reached = [k for k in classes if row[k] >= thresholds[k]]
        if not reached:
            continue
        confident = max(reached, key=lambda k: row[k])
        joint[label, confident] += 1
        if confident != label:
            margin = row[label] - max(row[k] for k in classes if k != label)
            suspects.append((margin, n, confident))
    return thresholds, joint, suspects


@given(scored_classes())
def test_more_classes_have_the_joint_and_the_suspects_of_the_definition(drawn):
    labels, scores = drawn
    found = find_label_errors(labels, scores)
    thresholds, joint, suspects = by_definition(labels, softmax(scores).tolist())
    assert found.thresholds == pytest.approx(thresholds)
    assert found.joint == tuple(map(tuple, joint.tolist()))
    pairs = zip(found.rows.tolist(), found.suggested.tolist(), strict=True)
    assert sorted(pairs) == [(n, confident) for _, n, confident in suspects]
    margins = {n: margin for margin, n, _ in suspects}
    ranked = [margins[n] for n in found.rows.tolist()]
    assert (np.diff(ranked) >= -1e-15).all()


@given(scored_classes(), st.randoms(use_true_random=False))
def test_other_numbers_of_the_classes_permute_the_joint(drawn, random):
    labels, scores = drawn
    number = list(range(scores.shape[1]))
    random.shuffle(number)
    in_order = np.sort(scores, axis=1)
    # Which of two equal classes counts depends on their order.
    assume((in_order[:, 1:] != in_order[:, :-1]).all())
    found = find_label_errors(labels, scores)
    order = np.argsort(number)
    turned = find_label_errors(np.array(number, np.int8)[labels], scores[:, order])
    joint = np.array(found.joint)
    assert (np.array(turned.joint)[np.ix_(number, number)] == joint).all()
    assert sorted(turned.rows.tolist()) == sorted(found.rows.tolist())


def test_probabilities_that_round_to_one_are_ranked_by_scores():
    scores = np.array([[0.0, 60.0, 0.0], [0.0, 90.0, 0.0], [9.0, 0.0, 0.0], [0.0, 0.0, 9.0]] * 2)
    labels = np.array([0, 0, 0, 2, 1, 1, 0, 2], np.int8)
    assert find_label_errors(labels, scores).rows.tolist() == [1, 0]


def test_a_review_that_only_reaches_the_threshold_of_a_less_probable_class_is_of_that_class():
    """The paper's argmax is over the classes whose threshold is reached."""
    p = np.array([[0.9, 0.05, 0.05], [0.5, 0.4, 0.1], [0.2, 0.4, 0.4], [0.3, 0.1, 0.6]])
    labels = np.array([0, 0, 1, 2], np.int8)
    found = find_label_errors(labels, np.log(p))
    assert found.thresholds == pytest.approx((0.7, 0.4, 0.6))
    assert (found.rows.tolist(), found.suggested.tolist()) == ([1], [1])


@given(scored())
def test_the_joint_and_the_suspects_are_those_of_the_definition(drawn):
    labels, scores = drawn
    found = find_label_errors(labels, scores)
    p = list(zip(sigmoid(-scores), sigmoid(scores), strict=True))
    thresholds, joint, suspects = by_definition(labels, p)
    assert found.thresholds == pytest.approx(thresholds)
    assert found.joint == tuple(map(tuple, joint.tolist()))
    assert sorted(found.rows.tolist()) == sorted(n for _, n, _ in suspects)
    assert (found.suggested == 1 - labels[found.rows]).all()


@given(scored())
def test_suspects_are_ranked_by_self_confidence_and_so_by_normalised_margin(drawn):
    labels, scores = drawn
    rows = find_label_errors(labels, scores).rows
    own = sigmoid(np.where(labels == 1, scores, -scores))[rows]
    assert (np.diff(own) >= 0).all()
    assert (np.diff(own - (1 - own)) >= -1e-15).all()


@given(scored())
def test_exchanging_the_classes_changes_no_suspect_off_the_boundary(drawn):
    labels, scores = drawn
    found = find_label_errors(labels, scores)
    turned = find_label_errors((1 - labels).astype(np.int8), -scores)
    certain = set(np.flatnonzero(scores != 0).tolist())
    assert set(found.rows.tolist()) & certain == set(turned.rows.tolist()) & certain


def test_labels_that_agree_with_confident_scores_are_not_suspect():
    labels = np.array([0, 1] * 50, np.int8)
    assert not len(find_label_errors(labels, np.where(labels == 1, 3.0, -3.0)).rows)


def test_one_class_alone_is_refused():
    with pytest.raises(CorpusError, match="expected reviews of two classes"):
        find_label_errors(np.ones(3, np.int8), np.zeros(3))


def test_a_class_without_a_review_is_refused():
    with pytest.raises(CorpusError, match="expected reviews of each class"):
        find_label_errors(np.array([0, 2], np.int8), np.zeros((2, 3)))
