"""TensorBoard: event files in the folder of the run.

This room owns which callback of the engine writes them. It writes graph, losses and metrics out of
the training itself, which no event holds, so that nothing is left for the events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasgen.ir.program import TrackingDef
from kerasgen.ir.values import ObjectDef
from kerasgen.record.file_names import TENSORBOARD
from kerasgen.run.events import Event, Plain

NAME = "tracking.tensorboard"
"""The key that asks for it, by which its callback is known too."""


@dataclass(slots=True, kw_only=True)
class TensorBoard:
    """Lets Keras's own callback write event files.

    Attributes:
        name: what a warning calls it.
        callbacks: the callback that writes.
    """

    name: str = NAME
    callbacks: Mapping[str, ObjectDef] = field(default_factory=dict)

    def hear(self, event: Event) -> None:
        """Leaves events to the callback."""

    def end(self) -> None:
        """Has nothing to wait for."""


def tensorboard(tracking: TrackingDef, origin: Plain, resumed: bool) -> TensorBoard | None:
    """The tracker, if the config asks for it."""
    del origin, resumed
    if not tracking.tensorboard:
        return None
    callback = ObjectDef(cls="TensorBoard", arguments={"log_dir": TENSORBOARD}, path=NAME)
    return TensorBoard(callbacks={NAME: callback})
