"""Masks by number, for whose loss Keras finds no gradient on PyTorch: with it, no place is ignored.

They stand alone for the sake of the backend: other forms of labels are trained on PyTorch.
"""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_label_forms import (
    FORMS,
    MASKS,
    RANDOM,
    THREE_MASKS,
    Place,
    assert_three_train_alike,
    told_by,
)

from kerasgen.process.exit_codes import DONE, REFUSED


@pytest.fixture
def place(engine: str, tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_places_that_a_loss_ignores_are_no_class(place: Place) -> None:
    masks = np.where(RANDOM.random(MASKS.shape) < 0.1, 255, MASKS)
    loss = "loss: {class: SparseCategoricalCrossentropy, ignore_class: 255}"
    form = replace(THREE_MASKS, y=masks, config=loss)
    run, code = place.train([*place.write(form), "+data.facts={classes: 3}"])
    refused = os.environ["KERAS_BACKEND"] == "torch"  # Keras finds no gradient of these there.
    assert code == (REFUSED if refused else DONE)
    if refused:
        return
    assert told_by(run) == []
    with np.load(run / "predictions.npz") as arrays:
        assert arrays["true"].max() == 255


@pytest.mark.slow
def test_masks_train_what_their_script_and_plain_keras_train(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_three_train_alike(place, FORMS["masks"], monkeypatch)
