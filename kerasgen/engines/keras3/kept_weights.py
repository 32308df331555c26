"""Which epoch the weights at the end of training belong to, and who put them there.

This room owns the question whether a model ends with the weights of its last epoch. It compares
weights, not names: whatever an optimizer's average, a callback of Keras or one of one's own does
when training ends, the weights before and after say it. It must not know what was measured.

Decisions:
- A digest stands for the weights, so that no second copy of a model is held.
- Without callbacks only the last epoch can be told apart from what comes after it: then one digest
  is enough, and no epoch before it is looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kerasgen.ir.training import KeptWeights

OPTIMIZER = "optimizer"
"""Who set the weights where that was before any callback saw the end of training."""


def _digest(model: Any) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for weight in model.weights:
        digest.update(np.asarray(keras.ops.convert_to_numpy(weight)).tobytes())
    return digest.digest()


class WeightWatch:
    """Callbacks among others that note the weights as training goes on and as it ends."""

    def __init__(self, callbacks: Mapping[str, Any]) -> None:
        """Takes the callbacks by name, in order."""
        self._epochs = 0
        self._names = tuple(callbacks)
        self._at_epochs: dict[int, bytes] = {}
        self._finished = 0
        self._at_end: list[tuple[str, bytes]] = []
        acting: dict[str, Any] = {f"#{OPTIMIZER}": _AtEnd(self, OPTIMIZER)}
        for name, callback in callbacks.items():
            acting |= {name: callback, f"#{name}": _AtEnd(self, name)}
        self.callbacks: Mapping[str, Any] = {**acting, "#epochs": _AtEpoch(self)}

    def begin(self, epochs: int) -> None:
        """Begins a phase that ends with that epoch, counted through all phases."""
        self._epochs, self._at_end = epochs, []

    def kept(self) -> KeptWeights | None:
        """What is known of the weights once training is over; None before, and without epochs."""
        if not self._at_end or not self._finished:
            return None
        final = self._at_end[-1][1]
        before, set_by = self._at_epochs.get(self._finished), None
        for name, digest in self._at_end:
            set_by = name if digest != before else set_by
            before = digest
        if final == self._at_epochs.get(self._finished):
            return KeptWeights(epoch=self._finished, epochs=self._finished, set_by=None)
        same = [epoch for epoch, digest in self._at_epochs.items() if digest == final]
        epoch = same[-1] if same else None
        return KeptWeights(epoch=epoch, epochs=self._finished, set_by=set_by)

    @property
    def noted(self) -> tuple[int, dict[int, bytes]]:
        """The epochs finished, and what is noted of their weights: what a training goes on with."""
        return self._finished, dict(self._at_epochs)

    @noted.setter
    def noted(self, noted: tuple[int, dict[int, bytes]]) -> None:
        self._finished, self._at_epochs = noted

    def note_epoch(self, epoch: int, model: Any) -> None:
        """Notes the weights at the end of an epoch, counted from 1."""
        self._finished = epoch
        if self._names or epoch == self._epochs:
            self._at_epochs[epoch] = _digest(model)

    def note_end(self, name: str, model: Any) -> None:
        """Notes the weights once the one of this name has done with the end of training."""
        self._at_end.append((name, _digest(model)))


class _AtEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Stands last, so that it sees what the others made of an epoch's end."""

    def __init__(self, watch: WeightWatch) -> None:
        super().__init__()
        self._watch = watch

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._watch.note_epoch(epoch + 1, self.model)

    def get_state(self) -> Any:
        return self._watch.noted

    def set_state(self, state: Any) -> None:
        self._watch.noted = state


class _AtEnd(keras.callbacks.Callback):  # type: ignore[misc]
    """Stands behind the callback of its name."""

    def __init__(self, watch: WeightWatch, name: str) -> None:
        super().__init__()
        self._watch, self._name = watch, name

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._watch.note_end(self._name, self.model)
