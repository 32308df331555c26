"""Trying out: optimizers, losses, metrics and callbacks, before anything is trained.

This room owns what is made and computed to find out whether an object of Keras takes its arguments
and the shapes that training would give it. It must not judge: what Keras raises is passed on as
`ShapeError`. How callbacks act stands in `rehearsal`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from kerasgen.catalog.entries import Catalog, Kind, ShapeError
from kerasgen.engine import Probe, Rehearsal
from kerasgen.engines.keras3.augmentation import try_augmentation
from kerasgen.engines.keras3.custom_parts import own_place
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.engines.keras3.generators import undisturbed
from kerasgen.engines.keras3.objects import make_object
from kerasgen.engines.keras3.rehearsal import Stage, rehearse, set_stage
from kerasgen.ir.program import Loss
from kerasgen.ir.training import Array
from kerasgen.ir.values import ObjectDef, TensorSpec


def optimizer_slots(definition: ObjectDef, catalog: Catalog) -> float:
    """Numbers that an optimizer keeps for each trainable weight, asked of it on a small matrix."""
    weight = keras.Variable(np.zeros((16, 16), dtype="float32"))
    optimizer = make_object(definition, ("optimizer",), catalog)
    optimizer.build([weight])
    sizes = [int(np.prod(variable.shape)) for variable in optimizer.variables]
    return sum(size for size in sizes if size > 1) / 256


def probe_loss(value: Loss, kind: Kind, outputs: Array, targets: Array, catalog: Catalog) -> None:
    """Computes one loss or metric on a few made-up samples.

    Args:
        value: the loss or metric.
        kind: `loss` or `metric`.
        outputs: what the model might give, batch axis first.
        targets: targets as training would pass them.
        catalog: where class names are found.

    Raises:
        ShapeError: it refuses its arguments, or outputs and targets of these shapes.
    """
    if isinstance(value, str) and value in ("accuracy", "acc", "crossentropy", "ce"):
        return  # Keras chooses among its functions by the shapes.
    definition = value if isinstance(value, ObjectDef) else ObjectDef(cls=value, bare=True)
    made = make_object(definition, (kind,), catalog)
    made = getattr(made, "update_state", made) if kind == "metric" else made
    try:
        made(targets, outputs)
    except Exception as error:
        # Not a list of types: backends raise some of their own (`tf.errors.OpError`).
        raise ShapeError(shorten(error) + own_place(error)) from error


class KerasProbe(Probe):
    """Tries objects of Keras out; the generators of the process are left as they are."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def optimizer_slots(self, optimizer: ObjectDef) -> float:
        """Numbers that an optimizer keeps for each trainable weight."""
        with undisturbed():
            return optimizer_slots(optimizer, self._catalog)

    def loss(self, value: Loss, kind: Kind, outputs: Array, targets: Array) -> None:
        """Computes one loss or metric on a few made-up samples."""
        with undisturbed():
            probe_loss(value, kind, outputs, targets, self._catalog)

    def augmentation(
        self,
        definition: ObjectDef,
        samples: TensorSpec,
        targets: TensorSpec | None,
        masks: bool,
    ) -> str | None:
        """Augments a few made-up samples."""
        with undisturbed():
            return try_augmentation(definition, samples, targets, masks, self._catalog)

    def callback(self, callback: ObjectDef) -> None:
        """Makes a callback, which does not act yet."""
        with undisturbed():
            make_object(callback, ("callback",), self._catalog)

    def rehearsal(
        self, metrics: Mapping[str, Sequence[Loss]], optimizer: ObjectDef, *, validated: bool
    ) -> Rehearsal:
        """Sets made-up epochs up."""
        with undisturbed():
            stage = set_stage(metrics, optimizer, self._catalog, validated=validated)
        return _KerasRehearsal(stage, self._catalog)


class _KerasRehearsal(Rehearsal):
    """Made-up epochs on a stand-in for a model."""

    def __init__(self, stage: Stage, catalog: Catalog) -> None:
        self._stage, self._catalog = stage, catalog

    @property
    def figures(self) -> tuple[str, ...]:
        """The names that an epoch gives."""
        return self._stage.figures

    def act(self, callback: ObjectDef) -> None:
        """Lets a callback act."""
        with undisturbed():
            rehearse(callback, self._stage, self._catalog)
