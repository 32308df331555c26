"""What a target is beside its output."""

import pytest

from kerasgen.ir.values import Shape
from kerasgen.passes.label_form import label_form


@pytest.mark.parametrize(
    ("task", "output", "target", "coding", "places"),
    [
        ("classification", (None, 10), (None,), "indices", 0),
        ("classification", (None, 10), (None, 1), "indices", 0),
        ("classification", (None, 10), (None, 10), "one_hot", 0),
        ("classification", (None, 10), None, "indices", 0),
        ("classification", (None, 1), (None,), "binary", 0),
        ("classification", (None, 1), (None, 1), "binary", 0),
        ("classification", (None, 5, 7), (None, 5), "indices", 1),
        ("classification", (None, 5, 7), (None, 5, 1), "indices", 1),
        ("classification", (None, 7, 7), (None, 7), "indices", 1),
        ("classification", (None, 5, 7), (None, 5, 7), "one_hot", 1),
        ("classification", (None, None, 7), (None, None), "indices", 1),
        ("classification", (None, 8, 8, 8), (None, 8, 8), "indices", 2),
        ("classification", (None, 8, 8, 2), (None, 8, 8, 1), "indices", 2),
        ("classification", (None, 8, 8, 2), (None, 8, 8, 2), "one_hot", 2),
        ("classification", (None, 8, 8, 1), (None, 8, 8), "binary", 2),
        ("classification", (None, 8, 8, 1), (None, 8, 8, 1), "binary", 2),
        ("classification", (None, 4, 4, 4, 3), (None, 4, 4, 4), "indices", 3),
        ("multilabel", (None, 3), (None, 3), "multi_hot", 0),
        ("multilabel", (None, 5, 3), (None, 5, 3), "multi_hot", 1),
        ("multilabel", (None, 1), (None,), "binary", 0),
        ("regression", (None, 8, 8, 1), (None, 8, 8, 1), "amounts", 2),
        ("autoencoding", (None, 3), (None, 3), "amounts", 0),
    ],
)
def test_labels_follow_from_task_and_shapes(
    task: str, output: Shape, target: Shape | None, coding: str, places: int
) -> None:
    form = label_form(task, output, target)
    assert (form.coding, form.places, form.fits) == (coding, places, True)


@pytest.mark.parametrize(
    ("task", "output", "target"),
    [
        ("classification", (None, 8, 8, 2), (None, 4, 4)),
        ("classification", (None, 8, 8, 2), (None, 4, 4, 1)),
        ("classification", (None, 10), (None, 8, 8)),
        ("classification", (None, 10), (None, 7)),
        ("classification", (None, 1), (None, 2)),
        ("multilabel", (None, 3), (None, 4)),
        ("multilabel", (None, 3), (None,)),
    ],
)
def test_shapes_that_do_not_fit_are_told_apart(task: str, output: Shape, target: Shape) -> None:
    assert not label_form(task, output, target).fits
