"""Label errors: the confident joint of the paper, and what is suspect by it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import CorpusError
from pipeline.evaluation.label_errors import find_label_errors
from pipeline.model.logistic import sigmoid


@st.composite
def scored(draw):
    """Draw labels of two classes with a score for each, ties among them."""
    scores = draw(st.lists(st.integers(-40, 40).map(lambda k: k / 8), min_size=2))
    labels = draw(st.lists(st.integers(0, 1), min_size=len(scores), max_size=len(scores)))
    return np.array([0, 1, *labels[2:]], np.int8), np.array(scores)


def by_definition(labels, scores):
    """Return thresholds, joint and suspects as the paper writes them, review by review."""
    p = list(zip(sigmoid(-scores), sigmoid(scores), strict=True))
    thresholds = [
        np.mean(np.sort([row[k] for row, label in zip(p, labels, strict=True) if label == k]))
        for k in (0, 1)
    ]
    joint, suspects = np.zeros((2, 2), int), []
    for n, (row, label) in enumerate(zip(p, labels, strict=True)):
        reached = [k for k in (0, 1) if row[k] >= thresholds[k]]
        if not reached:
            continue
        confident = max(reached, key=lambda k: row[k])
        joint[label, confident] += 1
        if confident != label:
            suspects.append((row[label], n))
    return thresholds, joint, suspects


@given(scored())
def test_the_joint_and_the_suspects_are_those_of_the_definition(drawn):
    labels, scores = drawn
    found = find_label_errors(labels, scores)
    thresholds, joint, suspects = by_definition(labels, scores)
    assert found.thresholds == pytest.approx(thresholds)
    assert found.joint == tuple(map(tuple, joint.tolist()))
    assert sorted(found.rows.tolist()) == sorted(n for _, n in suspects)


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
