"""Training: the samples that a model is trained on, and what is known of the weights it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from kerasgen.ir.values import ObjectDef

if TYPE_CHECKING:
    import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"
"""Numbers, rows first."""

Arrays: TypeAlias = "Array | list[Array] | dict[str, Array]"
"""What goes into a model or comes out: one array, a list, or arrays by name."""


_SHOWN = 5
"""Layers that are named where many are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Samples to train or test on.

    Attributes:
        x: inputs, in the form in which the model takes them.
        y: targets, in the form in which it gives its outputs.
        weights: how much each sample counts, None where all count the same.
    """

    x: Arrays
    y: Arrays
    weights: Array | None = None

    @property
    def whole(self) -> tuple[Arrays, ...]:
        """Inputs, targets, and weights where there are any, as Keras takes them."""
        return (self.x, self.y) if self.weights is None else (self.x, self.y, self.weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """What becomes of each batch that a model learns from, drawn anew in each epoch.

    Attributes:
        layers: the layers in order, each with the number of the input that it changes; None for
            the only one.
        masks: whether the targets are masks, which change with their pictures.
        mixes: whether a layer changes labels.
    """

    layers: tuple[tuple[ObjectDef, int | None], ...]
    masks: bool = False
    mixes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """What a model is fitted on.

    Attributes:
        training: what it learns from.
        validation: what each epoch is measured on, or None.
        class_weight: class index to weight, or None.
        augmentation: what becomes of each batch, or None.
    """

    training: Samples
    validation: Samples | None = None
    class_weight: Mapping[int, float] | None = None
    augmentation: Augmentation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPosition:
    """How far a training has come: the batch that comes next.

    Attributes:
        epoch: the epoch, from 0; it is counted through all phases.
        batch: its batches that were trained on.
        phase: the phase, from 0.
        began: the epoch with which the phase began.
    """

    epoch: int = 0
    batch: int = 0
    phase: int = 0
    began: int = 0

    def after(self, steps: int, batches: int) -> FeedPosition:
        """The position some steps later, where an epoch has that many batches."""
        epochs, batch = divmod(self.batch + steps, batches)
        return replace(self, epoch=self.epoch + epochs, batch=batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingProgress:
    """Where a training is, between the ends of two epochs.

    Attributes:
        epoch: the epoch, from 0.
        batch: its batches that the model was trained on.
        batches: batches of the epoch.
        figures: loss and metrics so far, of the validation part while the model is validated.
        validating: whether the model is validated.
    """

    epoch: int
    batch: int
    batches: int
    figures: Mapping[str, float]
    validating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingState:
    """All that a training needs to go on as if it had never ended.

    Attributes:
        position: the batch that comes next.
        arrays: the values of variables and of whatever else has arrays, by names of no meaning.
        facts: all else as JSON knows it; arrays stand in it by their names.
        ended: whether a callback has ended the training.
    """

    position: FeedPosition
    arrays: Mapping[str, Array]
    facts: Mapping[str, Any]
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWeights:
    """The weights that training left.

    Attributes:
        epoch: the epoch, from 1, at whose end the model had them; None where it had them at the
            end of none (an average).
        epochs: epochs finished.
        set_by: the callback, or `optimizer`, that put them there when training ended; None where
            they are those of the last epoch.
    """

    epoch: int | None
    epochs: int
    set_by: str | None

    @property
    def text(self) -> str:
        """The weights in words, as for `weights of …`."""
        if self.set_by is None:
            return f"epoch {self.epoch}"
        if self.epoch is None:
            return f"no single epoch (`{self.set_by}`)"
        return f"epoch {self.epoch} of {self.epochs} (`{self.set_by}`)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenWeights:
    """What a model has taken over of the weights of another one.

    Attributes:
        taken: the layers that took theirs, `outer.inner` inside a model.
        left: the layers of which there were none.
        misfits: the layers that are otherwise there, and why they do not fit.
        known: the layers that there are.
    """

    taken: tuple[str, ...]
    left: tuple[str, ...]
    misfits: Mapping[str, str]
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where numbers that are not finite come from.

    Attributes:
        kind: what holds them first: the rows of the batch, weights before it, the output of a
            layer, the loss of finite outputs, or the gradients of a finite loss.
        names: the inputs or layers that hold them.
    """

    kind: Literal["rows", "weights", "output", "loss", "gradients"]
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The fault in words."""
        shown = [name if " " in name else f"`{name}`" for name in self.names[:_SHOWN]]
        names = ", ".join(shown) + (", …" if len(self.names) > _SHOWN else "")
        match self.kind:
            case "rows":
                return f"the rows of the batch are not finite in {names}"
            case "weights":
                return f"the step before has left weights that are not finite in {names}"
            case "output":
                return f"{names} is the first layer whose output is not finite"
            case "loss":
                return "all layers give finite numbers, and the loss of them is not finite"
        return f"layers and loss are finite, and the step makes weights of {names} that are not"
