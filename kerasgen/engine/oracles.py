"""The oracles of an engine: what the compiler asks of it before anything is trained.

This room owns the questions about shapes, objects and steps of a preparation. Answering them leaves
no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from kerasgen.catalog.entries import Catalog, Kind, ShapeOracle
from kerasgen.diagnostics import Sink
from kerasgen.ir.graph import Call, ModelGraph
from kerasgen.ir.program import CompileDef, Loss, Program
from kerasgen.ir.training import (
    Array,
)
from kerasgen.ir.values import ObjectDef, TensorSpec

if TYPE_CHECKING:
    from kerasgen.process.machine_memory import Memory

Learned: TypeAlias = "Mapping[str, Array]"
"""What a step of `data.prepare` has learned, by the argument that says it; weights of one's own as
`weight 0`, …. Empty for a step that learns nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedStep:
    """A step of `data.prepare` that can be applied.

    Attributes:
        learned: what it has learned.
        apply: makes a tensor of the backend, of as many rows, out of some rows of the tensors that
            it takes.
        of_training: what it makes of the rows that it was fitted on, where that is something else.
    """

    learned: Learned
    apply: Callable[[Mapping[str, Array]], Any] = field(repr=False)
    of_training: Array | None = field(default=None, repr=False)


class Preprocessing(Protocol):
    """Makes the steps of `data.prepare` that work on arrays."""

    def fit(
        self, definition: ObjectDef, call: Call, batches: Iterable[Mapping[str, Array]]
    ) -> FittedStep:
        """Makes one step and fits it.

        Args:
            definition: a preprocessing layer or an op.
            call: the call of it, for its operands and plain arguments.
            batches: the tensors that it takes, some training rows at a time; one batch at least.

        Raises:
            ShapeError: it refuses its arguments or the arrays, draws at random, or has weights
                that only training could set.
        """

    def restore(self, definition: ObjectDef, call: Call, learned: Learned) -> FittedStep:
        """Makes a step that was fitted before, out of what it has learned.

        Raises:
            ShapeError: it refuses its arguments.
        """


class Rehearsal(Protocol):
    """Made-up epochs in which callbacks act before anything is trained."""

    @property
    def figures(self) -> tuple[str, ...]:
        """The names that an epoch gives, those of validation included."""

    def act(self, callback: ObjectDef) -> None:
        """Lets a callback act.

        Raises:
            ShapeError: it raises, with the argument without which it does not.
        """


class Probe(Protocol):
    """Tries objects of a program out, before anything is trained."""

    def optimizer_slots(self, optimizer: ObjectDef) -> float:
        """Numbers that an optimizer keeps for each trainable weight.

        Raises:
            ShapeError: it refuses its arguments.
        """

    def loss(self, value: Loss, kind: Kind, outputs: Array, targets: Array) -> None:
        """Computes one loss or metric on a few made-up samples.

        Args:
            value: the loss or metric.
            kind: `loss` or `metric`.
            outputs: what the model might give, batch axis first.
            targets: targets as training would pass them.

        Raises:
            ShapeError: it refuses its arguments, or outputs and targets of these shapes.
        """

    def augmentation(
        self,
        definition: ObjectDef,
        samples: TensorSpec,
        targets: TensorSpec | None,
        masks: bool,
    ) -> str | None:
        """Augments a few made-up samples.

        Args:
            definition: a layer.
            samples: shape and type of the samples, batch axis first.
            targets: those of the targets that change with them, or None.
            masks: whether these are masks.

        Returns:
            Why it is no augmentation, None if it is one.

        Raises:
            ShapeError: it refuses its arguments, or the samples.
        """

    def callback(self, callback: ObjectDef) -> None:
        """Makes a callback, which does not act yet.

        Raises:
            ShapeError: it refuses its arguments.
        """

    def rehearsal(
        self, metrics: Mapping[str, Sequence[Loss]], optimizer: ObjectDef, *, validated: bool
    ) -> Rehearsal:
        """Sets made-up epochs up.

        Args:
            metrics: output name to its metrics, weighted ones included.
            optimizer: the optimizer as written.
            validated: whether there is a validation part.
        """


class Oracles(Protocol):
    """What the compiler asks of an engine."""

    def shape_oracle(self, catalog: Catalog, seed: int) -> AbstractContextManager[ShapeOracle]:
        """The scope in which it is answered what comes out of the calls of one model.

        What was answered can be asked for costs afterwards too.

        Args:
            catalog: where class names are found.
            seed: the model's seed, should something be drawn while a layer is made.
        """

    def preparation_oracle(self, catalog: Catalog) -> ShapeOracle:
        """Answers what comes out of the steps of one `data.prepare`."""

    def probe(self, catalog: Catalog) -> Probe:
        """Tries objects out."""

    def check_limits(
        self, program: Program, graph: ModelGraph, objective: CompileDef, sink: Sink
    ) -> None:
        """Reports what the engine cannot have of a program whose shapes were inferred last.

        Args:
            program: the program.
            graph: its model as it is built.
            objective: loss and metrics, settled.
            sink: gets what it cannot have.
        """

    def memory(self, device: str | None) -> Memory | None:
        """The memory of a device, None if it cannot be asked.

        Args:
            device: the engine's name of it (`gpu:0`), None for what it takes by itself.
        """
