"""The figures of classes, held against scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics

from kerasgen.run.page.class_scores import (
    are_probabilities,
    confusion_counts,
    label_probabilities,
    probabilities,
    thinned,
    two_class_curves,
)


@pytest.mark.parametrize("seed", range(6))
def test_the_curves_of_two_classes_are_those_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    true = random.integers(0, 2, 200)
    scores = np.round(random.normal(size=200) + true, seed % 3)  # with many equal ones
    found = two_class_curves(true, scores)
    assert found is not None
    assert found.area == pytest.approx(metrics.roc_auc_score(true, scores))
    assert found.average_precision == pytest.approx(metrics.average_precision_score(true, scores))
    wrong, right, _ = metrics.roc_curve(true, scores, drop_intermediate=False)
    np.testing.assert_allclose(found.false_positive, wrong)
    np.testing.assert_allclose(found.true_positive, right)
    precision, recall, _ = metrics.precision_recall_curve(true, scores)
    # It begins with the lowest threshold, and ends with a point of no threshold.
    np.testing.assert_allclose(found.precision[:0:-1], precision[:-1])
    np.testing.assert_allclose(found.true_positive[:0:-1], recall[:-1])


@pytest.mark.parametrize(
    ("true", "scores"),
    [([1, 1], [0.1, 0.2]), ([0, 0], [0.1, 0.2]), ([0, 1], [0.1, float("nan")])],
    ids=["one", "other", "nan"],
)
def test_what_has_no_curve_has_none(true: list[int], scores: list[float]) -> None:
    assert two_class_curves(np.array(true), np.array(scores)) is None


def test_a_confusion_matrix_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    true, told = random.integers(0, 5, (2, 300))
    found = confusion_counts(true, told, 5)
    np.testing.assert_array_equal(found, metrics.confusion_matrix(true, told))


def test_scores_without_an_activation_become_probabilities() -> None:
    scores = np.array([[2.0, -1.0, 800.0], [0.0, 0.0, 0.0]])
    assert not are_probabilities(scores)
    found = probabilities(scores, given=False)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert are_probabilities(found)
    assert probabilities(np.array([[-900.0], [0.0]]), given=False).ravel().tolist() == [
        pytest.approx(0.0),
        0.5,
    ]


def test_labels_are_probabilities_of_their_own() -> None:
    np.testing.assert_allclose(label_probabilities(np.array([[0.9, 0.8]])), [[0.9, 0.8]])
    np.testing.assert_allclose(label_probabilities(np.array([[0.0, 800.0]])), [[0.5, 1.0]])


def test_a_thinned_curve_keeps_its_ends() -> None:
    places = thinned(10_000, 50)
    assert (places[0], places[-1], len(places)) == (0, 9_999, 50)
    assert thinned(3, 50).tolist() == [0, 1, 2]
