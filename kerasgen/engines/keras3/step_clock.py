"""A callback that lets somebody measure the steps of a training, and end it early.

This room owns that what is measured has been computed: backends hand out figures before they have
them, and only who reads one waits for it. What the times mean is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from kerasgen.engine.models import StepWatch
from kerasgen.engines.keras3.figures import figures_of


class StepClock(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells of the steps of a training, behind all other callbacks.

    Args:
        watch: hears of them.
    """

    def __init__(self, watch: StepWatch) -> None:
        super().__init__()
        self._watch = watch

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """An epoch begins."""
        self._watch.began("training")

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Ends the training, in the midst of an epoch, where nobody wants to see more of it."""
        if self._watch.due("training", batch + 1):
            figures_of(logs or {})
            if self._watch.done("training", batch + 1):
                self.model.stop_training = True

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """A validation begins."""
        self._watch.began("validation")

    def on_test_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Ends the validation where nobody wants to see more of it."""
        if self._watch.due("validation", batch + 1):
            figures_of(logs or {})
            if self._watch.done("validation", batch + 1):
                self.model.stop_evaluating = True

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """A validation has ended."""
        self._watch.ended("validation")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """An epoch has ended, its validation included."""
        self._watch.ended("training")
