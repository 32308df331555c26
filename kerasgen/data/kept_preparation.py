"""A preparation that was fitted before, applied to other rows: those of who asks a trained model.

This room owns what of the steps is done for whom: all that leads to the inputs of the model, or to
some columns on the way there. How a step is made and applied stands in `preparation`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from kerasgen.data.fitted_preparation import FittedPreparation
from kerasgen.data.large_arrays import ArraySpace
from kerasgen.data.preparation import (
    StepMaking,
    prepared_columns,
    prepared_inputs,
    prepared_targets,
)
from kerasgen.data.prepared_parts import PreparedPart
from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink
from kerasgen.engine import FittedStep, StartedEngine
from kerasgen.ir.data import DataDef
from kerasgen.ir.schema import Schema
from kerasgen.ir.walks import references_in
from kerasgen.passes.preparation import Preparation, wire_preparation


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPreparation:
    """A preparation that was fitted before, with all that applying it again takes.

    Attributes:
        fitted: what the steps have learned.
        schema: the columns.
        definition: the data group.
        started: makes the steps, and knows where class names are found.
        restored: call to its step, of those that were applied before.
    """

    fitted: FittedPreparation
    schema: Schema
    definition: DataDef
    started: StartedEngine
    restored: dict[str, FittedStep] = field(default_factory=dict, repr=False, compare=False)

    def wired(self) -> Preparation:
        """The graph of the steps.

        Raises:
            CompileError: a step is refused.
        """
        sink = Sink()
        preparation = wire_preparation(self.definition, self.schema, self.started.catalog, sink)
        sink.stop_on_errors()
        assert preparation is not None
        return preparation

    def steps(self) -> StepMaking:
        """The steps, made of what they have learned."""
        makes = self.started.engine.preprocessing(self.started.catalog)
        return StepMaking(
            makes=makes,
            sink=Sink(),
            learned=dict(self.fitted.learned),
            fits=False,
            space=ArraySpace(),
            restored=self.restored,
        )


def unlearned_steps(kept: KeptPreparation) -> list[str]:
    """The steps on the way to the inputs of which nothing was kept.

    Raises:
        CompileError: a step is refused.
    """
    preparation = kept.wired()
    wanted = _needed_for((end.name for end in preparation.inputs.values()), preparation)
    steps = [name for name in preparation.steps if name in wanted]
    return [name for name in steps if name not in kept.fitted.learned]


def needed_columns(kept: KeptPreparation) -> tuple[str, ...]:
    """The columns of the source without which there are no inputs and targets.

    Raises:
        CompileError: a step is refused.
    """
    preparation, definition = kept.wired(), kept.definition
    ends = (*preparation.inputs.values(), *preparation.targets.values())
    wanted = _needed_for((end.name for end in ends), preparation)
    wanted |= {name for name in (definition.time, definition.series) if name}
    return tuple(name for name in kept.schema.columns if name in wanted)


def apply_fitted(kept: KeptPreparation, columns: Mapping[str, Array]) -> dict[str, Array]:
    """Prepares other rows as those were on which the steps were fitted.

    Args:
        kept: the preparation.
        columns: the source's columns that go into the model; targets are not needed.

    Returns:
        Model input to array, rows first.

    Raises:
        CompileError: a step is refused.
        KeyError: a step was not fitted, or a column is not there.
    """
    preparation, steps = kept.wired(), kept.steps()
    every = np.arange(len(next(iter(columns.values()))))
    wanted = _needed_for((end.name for end in preparation.inputs.values()), preparation)
    whole = prepared_columns(preparation, columns, every, steps, only=wanted)
    return prepared_inputs(preparation, whole, {"training": every}, kept.definition, steps)[
        "training"
    ]


def fitted_samples(kept: KeptPreparation, columns: Mapping[str, Array]) -> PreparedPart:
    """Inputs and targets of other rows; as for `apply_fitted`.

    Args:
        kept: the preparation.
        columns: the source's columns, with labels as class indices.
    """
    preparation, steps = kept.wired(), kept.steps()
    every = np.arange(len(next(iter(columns.values()))))
    ends = (*preparation.inputs.values(), *preparation.targets.values())
    wanted = _needed_for((end.name for end in ends), preparation)
    whole = prepared_columns(preparation, columns, every, steps, only=wanted)
    x = prepared_inputs(preparation, whole, {"training": every}, kept.definition, steps)["training"]
    return PreparedPart(x=x, y=prepared_targets(preparation, whole, x, every, steps.space))


def fitted_columns(
    kept: KeptPreparation, columns: Mapping[str, Array], names: Collection[str]
) -> dict[str, Array]:
    """Some columns, of the source or made by the steps on columns; as for `apply_fitted`.

    Args:
        kept: the preparation.
        columns: the source's columns.
        names: the tensors of its graph that are wanted.
    """
    preparation = kept.wired()
    every = np.arange(len(next(iter(columns.values()))))
    wanted = _needed_for(names, preparation)
    found = prepared_columns(preparation, columns, every, kept.steps(), only=wanted)
    return {name: found[name] for name in names}


def _needed_for(ends: Iterable[str], preparation: Preparation) -> set[str]:
    """The tensors from which some others are made, these included."""
    takes = {
        call.name: {reference.name for reference in references_in(call.operands)}
        for call in preparation.graph.calls
    }
    found: set[str] = set()
    waiting = [*ends]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += takes.get(name, ())
    return found
