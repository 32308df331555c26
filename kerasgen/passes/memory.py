"""The pass that refuses a model for which there is not enough memory, before it takes any.

It owns the comparison of what training needs with what there is, and the words for it. It is told
how much there is; the machine is not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass

from kerasgen.diagnostics import Note, Sink
from kerasgen.passes.cost import CostReport, LayerReport, human_bytes, sample_bytes
from kerasgen.passes.shapes import Specs

_LISTED = 3
"""Layers that are named, the largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingMemory:
    """What training keeps in memory, in bytes.

    Attributes:
        weights: the weights.
        gradients: a gradient for each trainable weight.
        optimizer: what the optimizer keeps for each trainable weight.
        sample: the outputs of all layers for one sample, which the backward pass needs.
        batch: samples in a step.
    """

    weights: int
    gradients: int
    optimizer: int
    sample: int
    batch: int

    @property
    def state(self) -> int:
        """What is needed whatever the batch."""
        return self.weights + self.gradients + self.optimizer

    @property
    def total(self) -> int:
        """All of it."""
        return self.state + self.sample * self.batch


def training_memory(cost: CostReport, *, slots: float) -> TrainingMemory:
    """What training takes, by its parts.

    Args:
        cost: the costs of the model.
        slots: numbers that the optimizer keeps for each trainable weight.
    """
    trainable = _trainable_bytes(cost, cost.trainable)
    return TrainingMemory(
        weights=cost.parameter_bytes,
        gradients=trainable,
        optimizer=int(trainable * slots),
        sample=cost.activation_bytes,
        batch=cost.batch_size,
    )


def guard_memory(
    cost: CostReport,
    specs: Specs,
    needed: TrainingMemory,
    *,
    available: int,
    owner: str,
    sink: Sink,
) -> None:
    """Refuses a model that does not fit, with the numbers and its largest layers.

    Args:
        cost: the costs of the model.
        specs: the specs of its tensors.
        needed: what training takes.
        available: bytes that there are.
        owner: what has them, as in `this machine`.
        sink: gets KG901.
    """
    if needed.total <= available:
        return
    sizes = _sizes(cost, specs, needed)
    listed = sorted(sizes, key=lambda pair: pair[0], reverse=True)[:_LISTED]
    largest = [pair for pair in listed if pair[0] > needed.total // 100]
    # What comes behind a layer that is too large by itself is large because of it.
    first = next((row for size, row in sizes if size > available), None)
    parts = [
        f"weights {human_bytes(needed.weights)}",
        f"gradients {human_bytes(needed.gradients)}",
        f"optimizer state {human_bytes(needed.optimizer)}",
        f"layer outputs {human_bytes(needed.sample * needed.batch)} "
        f"for a batch of {needed.batch:,}",
    ]
    fitting = (available - needed.state) // max(1, needed.sample)
    blamed = first or (largest[0][1] if largest else None)
    key = "fit.batch_size" if fitting > 0 or blamed is None else blamed.path
    smaller = f"a batch of up to {fitting:,} fits" if fitting > 0 else "make the layers smaller"
    sink.report(
        "KG901",
        f"training takes about {human_bytes(needed.total)} of memory, "
        f"{owner} has {human_bytes(available)}",
        key=key,
        at="value" if key == "fit.batch_size" else "key",
        help=f"{smaller}; for another machine write what it has, as in "
        "`backend.memory=80GiB`, or `backend.memory=null` for no limit",
        notes=[
            ", ".join(parts),
            *(
                Note(
                    message=f"`{row.name}` ({row.cls}) takes {human_bytes(size)} of it"
                    + (f", with {row.parameters:,} weights" if row.parameters else ""),
                    location=sink.locate(row.path, "key"),
                )
                for size, row in largest
            ),
        ],
    )


def _sizes(cost: CostReport, specs: Specs, needed: TrainingMemory) -> list[tuple[int, LayerReport]]:
    """The layers in order, each with the bytes it takes; models count by what is in them."""
    outer = {row.name.rpartition("/")[0] for row in cost.layers}
    sizes = []
    for row in cost.layers:
        if row.name in outer:
            continue
        trained = _trainable_bytes(cost, row.trainable)
        weights = _trainable_bytes(cost, row.parameters)
        state = weights + trained * (needed.gradients + needed.optimizer) // max(
            1, needed.gradients
        )
        outputs = sum(sample_bytes(spec) for spec in specs[row.name]) * needed.batch
        sizes.append((state + outputs, row))
    return sizes


def _trainable_bytes(cost: CostReport, count: int) -> int:
    """Bytes of so many weights, at the model's own average width."""
    return cost.parameter_bytes * count // max(1, cost.parameters)
