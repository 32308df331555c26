"""Labels become class indices."""

import numpy as np
import pytest

from kerasgen.data.labels import (
    KnownClasses,
    count_labels,
    index_labels,
    known_flags,
    known_labels,
    several_labels,
)
from kerasgen.ir.data import ColumnDef


@pytest.fixture
def index(sink):
    def make(values, declared=None):
        return index_labels(
            "label",
            np.array(values),
            declared=declared,
            place=lambda row: f"row {row + 1}",
            key="data.target",
            sink=sink,
        )

    return make


def test_text_is_sorted(index):
    labels = index(["spam", "ham", "spam"])
    assert labels.class_names == ("ham", "spam")
    assert labels.indices.tolist() == [1, 0, 1]
    assert labels.mapped


def test_indices_stay_as_they_are(index):
    labels = index([2, 0, 1])
    assert labels.indices.tolist() == [2, 0, 1]
    assert labels.class_names == ("0", "1", "2")
    assert not labels.mapped


@pytest.mark.parametrize(
    ("values", "names", "indices"),
    [
        ([1, 3, 2], ("1", "2", "3"), [0, 2, 1]),
        ([-1, 1, -1], ("-1", "1"), [0, 1, 0]),
        ([0, 5], ("0", "5"), [0, 1]),
        ([1.0, 2.0], ("1", "2"), [0, 1]),
    ],
)
def test_other_whole_numbers_are_counted_from_zero_and_keep_their_names(
    index, values, names, indices
):
    labels = index(values)
    assert labels.class_names == names
    assert labels.indices.tolist() == indices
    assert labels.mapped


def test_indices_below_the_declared_number_of_classes_may_have_gaps(index):
    labels = index([0, 5], declared=10)
    assert labels.indices.tolist() == [0, 5]
    assert len(labels.class_names) == 10


def test_labels_from_one_to_the_declared_number_are_counted_from_zero(index):
    assert index([1, 2, 3], declared=3).indices.tolist() == [0, 1, 2]


def test_labels_are_int64_whatever_they_were(index):
    assert {index(np.array([0, 1], dtype=kind)).indices.dtype for kind in ("u1", "f4", "i8")} == {
        np.dtype("int64")
    }


def test_a_broken_number_is_located(index, sink):
    assert index([0.0, 0.5, 1.0]) is None
    (found,) = sink.diagnostics
    assert found.code == "KG505"
    assert found.message == (
        "the target `label` is `0.5` in row 2, expected whole numbers or text for a classification"
    )


def test_a_missing_label_is_located(index, sink):
    assert index([0.0, np.nan]) is None
    (found,) = sink.diagnostics
    assert (found.code, found.message) == (
        "KG506",
        "the target `label` is `nan` in row 2, expected a label",
    )


def test_one_hot_labels_stay_as_they_are(index):
    labels = index([[0, 1, 0], [1, 0, 0]])
    assert labels.indices.tolist() == [[0, 1, 0], [1, 0, 0]]
    assert labels.class_names == ("0", "1", "2")


def test_ones_along_an_axis_of_another_size_than_the_classes_are_indices(index):
    labels = index([[0, 1, 0], [1, 0, 0]], declared=2)
    assert labels.indices.tolist() == [[0, 1, 0], [1, 0, 0]]
    assert labels.class_names == ("0", "1")


@pytest.mark.parametrize(
    ("values", "declared", "indices", "count"),
    [
        ([[0, 255], [255, 0]], None, [[0, 1], [1, 0]], 2),
        ([[0, 255], [255, 0]], 2, [[0, 1], [1, 0]], 2),
        ([[0, 1], [2, 255]], 3, [[0, 1], [2, 255]], 3),
        ([[0, 1], [2, -1]], 3, [[0, 1], [2, -1]], 3),
        ([[0, 3], [3, 0]], 5, [[0, 3], [3, 0]], 5),
        ([["b", "a"], ["a", "c"]], None, [[1, 0], [0, 2]], 3),
    ],
)
def test_rows_of_many_labels_are_indexed_all_together(index, values, declared, indices, count):
    labels = index(values, declared)
    assert labels.indices.tolist() == indices
    assert len(labels.class_names) == count


def test_labels_are_counted_in_every_form():
    masks, rows = np.array([[0, 1], [2, 255]]), np.array([[1, 0, 1], [0, 0, 1]])
    assert count_labels(masks, 3) == [1, 1, 1]
    assert count_labels(rows, 3) == [1, 0, 2]
    assert count_labels(np.array([2, 0, 2]), 3) == [1, 0, 2]


@pytest.mark.parametrize(
    ("values", "told"),
    [([[0, 1], [2, 1]], "is `2` in row 2"), ([["warm"], ["loud"]], 'holds text, as "warm"')],
)
def test_several_labels_are_zeros_and_ones(sink, values, told):
    place = "row {}".format
    found = several_labels(
        "tags",
        np.array(values),
        said=ColumnDef(),
        place=lambda r: place(r + 1),
        key="k",
        sink=sink,
    )
    assert found is None
    assert told in sink.diagnostics[0].message


@pytest.fixture
def known(sink):
    return KnownClasses(
        target="label",
        names=("low", "middle", "high"),
        place=lambda row: f"row {row + 1}",
        key="data.target",
        sink=sink,
    )


def test_classes_that_are_named_keep_their_order(known):
    labels = known_labels(np.array(["high", "low", "high"]), known)
    assert labels.class_names == ("low", "middle", "high")
    assert labels.indices.tolist() == [2, 0, 2]


def test_labels_of_a_cell_have_the_places_of_the_known_ones(known):
    labels = known_flags(np.array(["high; low", "", "middle"]), ";", known)
    assert labels.indices.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    "make", [known_labels, lambda cells, known: known_flags(cells, ";", known)]
)
def test_a_label_that_is_none_of_the_classes_is_told_with_its_row(make, known, sink):
    assert make(np.array(["high", "tall", "wide"]), known) is None
    (found,) = sink.diagnostics
    assert (found.code, found.help) == ("KG505", "its classes are low, middle, high")
    assert found.message == 'the target `label` is "tall" in row 2, which is none of its classes'
