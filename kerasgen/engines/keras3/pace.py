"""Where a training is, told while it goes on.

This room owns how often that is told. It must not know who is told, nor what is shown.

Decisions:
- A report needs figures that the backend may still be computing, and waiting for them at each
  batch would cost more than training on it: a few reports a second are enough for whoever looks.
- The clock is asked at each batch. No thread tells of a batch that takes long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from kerasgen.engines.keras3.figures import figures_of
from kerasgen.ir.training import TrainingProgress

INTERVAL = 0.2
"""Seconds between two reports."""


class Pace:
    """Reports where a training is, a few times a second.

    Args:
        report: gets the reports.
        batches: batches of an epoch.
    """

    def __init__(self, report: Callable[[TrainingProgress], None], batches: int) -> None:
        self._report = report
        self._batches = batches
        self._next = 0.0

    def trained(self, epoch: int, batch: int, logs: Mapping[str, Any] | None) -> None:
        """Hears that the model was trained on so many batches of an epoch, which counts from 0."""
        if time.monotonic() >= self._next:
            self._tell(epoch, batch, logs, validating=False)

    def validated(self, epoch: int, logs: Mapping[str, Any] | None) -> None:
        """Hears that the model was validated on a batch, after the training of an epoch."""
        if time.monotonic() >= self._next:
            self._tell(epoch, self._batches, logs, validating=True)

    def _tell(
        self, epoch: int, batch: int, logs: Mapping[str, Any] | None, *, validating: bool
    ) -> None:
        progress = TrainingProgress(
            epoch=epoch,
            batch=batch,
            batches=self._batches,
            figures=figures_of(logs or {}),
            validating=validating,
        )
        self._report(progress)
        self._next = time.monotonic() + INTERVAL
