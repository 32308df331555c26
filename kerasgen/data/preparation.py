"""Preparing: opened and split data becomes the arrays that a model takes and is trained on.

This room owns the order in which the steps of `data.prepare` work, and on which rows they are
fitted: those of the training part alone. How a step is made is the engine's business.

What `prepare` means:
- An entry with `from` makes the column of its name, or replaces it; `from` holds a column, a
  number, or a list of these. Such entries come first, in order, whatever stands between them.
  They see labels as class indices. An op gets a column of one number a row as `(rows,)`, a layer
  as `(rows, 1)`; a layer's result of that shape is a column of one number a row again.
- Then the columns of each model input are stacked: a single column with several axes stays as it
  is, all others are joined along their last axis, where one number a row counts as one.
- An entry without `from` acts on every model input, one after the other, each with a layer of its
  own that is fitted on that input.
- A target is a column; an autoencoder's target is its input after all steps.
- A layer that learns from data (`adapt`) sees the training rows only. Layers that draw at random
  and layers with weights are refused, since their place is in the model.
- Arrays are channels last, and of the type that the last step gave.

Decisions:
- A run does with rows what the graph of the preparation says, call by call: columns of all rows
  first, then the inputs part by part. So a step is fitted on what the steps before it made.
- What was fitted is a value: the same steps, given it, make the same arrays of other rows.
- Where the data is read piece by piece, so is what is made of it: arrays of all rows lie in files.
- The steps of a forecast work on rows as well; windows are views over what they made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from kerasgen.catalog.entries import Catalog, ShapeError
from kerasgen.data.fitted_preparation import FittedPreparation
from kerasgen.data.large_arrays import ArraySpace, pieces_of
from kerasgen.data.made_columns import check_inputs, check_made
from kerasgen.data.opened import OpenedData
from kerasgen.data.own_steps import fit_own, is_own, own_learns, restore_own, target_of
from kerasgen.data.prepared_parts import (
    EVERY,
    PreparedData,
    PreparedPart,
    in_windows,
    rows_to_prepare,
)
from kerasgen.data.split import PartRows
from kerasgen.data.table import Array
from kerasgen.data.token_cache import fit_kept, is_kept
from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.engine import FittedStep, Learned, Preprocessing, StartedEngine
from kerasgen.ir.data import DataDef
from kerasgen.ir.graph import Call
from kerasgen.ir.values import ObjectDef
from kerasgen.ir.walks import references_in
from kerasgen.passes.columns import feature_key
from kerasgen.passes.preparation import Preparation, wire_preparation
from kerasgen.passes.prepared_shapes import report_refusal
from kerasgen.passes.wire import STEP_KINDS
from kerasgen.runtime.columns import as_rows, as_single, each_batch, stack, with_rows

_BATCH = 4096
"""Rows that a step gets at a time; of single numbers it gets more."""

_NUMBERS = 2**20
"""Single numbers that a step gets at a time: a call of a backend costs as much as many of them."""

_STACKED = 8_192
"""Rows that are stacked at a time."""

_AT_ONCE = 2**30
"""Bytes that a step is fitted on at once; statistics over batches differ by their rounding."""


def prepare_data(
    opened: OpenedData,
    parts: PartRows,
    definition: DataDef,
    started: StartedEngine,
    sink: Sink,
    fitted: FittedPreparation | None = None,
) -> PreparedData:
    """Applies `data.prepare`, fitted on the training rows.

    Args:
        opened: the opened data.
        parts: the rows of each part.
        definition: the data group.
        started: makes and fits the steps, and knows where class names are found.
        sink: gets what cannot be done: KG201, KG206, KG401, KG505, KG506, KG508, KG509.
        fitted: what the steps have learned before, None where they are fitted now.

    Returns:
        The arrays of each part.

    Raises:
        CompileError: a step is refused, or what comes out cannot be trained on.
    """
    _check_classes(definition, started.catalog, sink)
    preparation = wire_preparation(definition, opened.schema, started.catalog, sink)
    sink.stop_on_errors()
    assert preparation is not None
    makes = started.engine.preprocessing(started.catalog)
    space = opened.space
    learned = {} if fitted is None else dict(fitted.learned)
    steps = StepMaking(makes=makes, sink=sink, learned=learned, fits=fitted is None, space=space)
    asked = rows_to_prepare(parts, definition, opened.samples)
    columns = prepared_columns(preparation, opened.columns, parts.training, steps)
    made = {
        entry.name: columns[call] for call, entry in preparation.steps.items() if call in columns
    }
    check_made(definition, opened.schema, {**opened.columns, **made}, sink)
    sink.stop_on_errors()
    x = prepared_inputs(preparation, columns, asked, definition, steps)
    check_inputs(definition, x, sink)
    sink.stop_on_errors()
    prepared = {
        part: PreparedPart(
            x=x[part], y=prepared_targets(preparation, columns, x[part], index, space)
        )
        for part, index in asked.items()
    }
    rows = prepared.get(EVERY)
    if rows is not None:
        prepared = in_windows(rows, parts, definition)
    return PreparedData(
        training=prepared["training"],
        validation=prepared.get("validation"),
        test=prepared.get("test"),
        fitted=FittedPreparation(learned=steps.learned),
        rows=rows,
    )


def _check_classes(definition: DataDef, catalog: Catalog, sink: Sink) -> None:
    for entry in definition.prepare:
        if isinstance(entry.definition, ObjectDef) and not catalog.find(
            entry.definition.cls, STEP_KINDS
        ):
            sink.report(
                "KG201",
                f"there is no layer, op or step `{entry.definition.cls}`",
                key=f"{entry.path}.class",
                help=did_you_mean(entry.definition.cls, catalog.names(STEP_KINDS)),
            )
    sink.stop_on_errors()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMaking:
    """How the steps are made: fitted, or out of what they have learned.

    Attributes:
        makes: makes steps of layers and ops.
        sink: gets a step that is refused.
        learned: call to what its step has learned; filled where they are fitted.
        fits: whether they are fitted.
        space: where what they make has its place.
        restored: call to its step, of those that were made of what they have learned; filled as
            they are asked for.
    """

    makes: Preprocessing
    sink: Sink
    learned: dict[str, Learned]
    fits: bool
    space: ArraySpace
    restored: dict[str, FittedStep] = field(default_factory=dict)

    def make(
        self,
        call: Call,
        definition: ObjectDef,
        training: Mapping[str, Array],
        target: Array | None = None,
    ) -> tuple[Callable[..., Any], Array | None]:
        """Makes a step: a function of some rows of the columns that it takes.

        Args:
            call: the call.
            definition: its layer or op.
            training: the tensors that it takes, training rows alone, in the order of the function.
            target: the target that it learns from, of the same rows; None for none.

        Returns:
            The function; and what it makes of the training rows, where that is something else.

        Raises:
            ShapeError: it is refused.
        """
        own = is_own(definition)
        if self.fits:
            fit = None
            if own and target is None and is_kept(definition, training):
                fit = fit_kept(definition, training, self.sink)
            elif own:
                fit = fit_own(definition, training, target)
            step = fit or self.makes.fit(definition, call, _fitting_batches(training))
            self.learned[call.name] = step.learned
        else:
            step = self._restored(call, definition)
        return (
            lambda *columns: step.apply(dict(zip(training, columns, strict=True))),
            step.of_training,
        )

    def _restored(self, call: Call, definition: ObjectDef) -> FittedStep:
        if call.name not in self.restored:
            learned = self.learned[call.name]
            self.restored[call.name] = (
                restore_own(definition, learned)
                if is_own(definition)
                else self.makes.restore(definition, call, learned)
            )
        return self.restored[call.name]

    @contextmanager
    def told(
        self, call: Call, definition: ObjectDef, training: Mapping[str, Array]
    ) -> Iterator[None]:
        """Reports what Keras says against a step; the arguments are those of `make`.

        Raises:
            CompileError: it is refused.
        """
        try:
            yield
        except ShapeError as error:
            shape = next((array.shape[1:] for array in training.values()), None)
            report_refusal(definition, call.path, error, shape, self.sink)
            self.sink.stop_on_errors()


def prepared_columns(
    preparation: Preparation,
    columns: Mapping[str, Array],
    training: Array,
    steps: StepMaking,
    *,
    only: Collection[str] | None = None,
) -> dict[str, Array]:
    """The columns by the names of their tensors, for all rows, fitted on the training rows."""
    found = {
        item.name: columns[item.name]
        for item in preparation.graph.inputs
        if only is None or item.name in only
    }
    for call, definition in _calls(preparation, of_columns=True):
        if only is not None and call.name not in only:
            continue
        names = list(dict.fromkeys(reference.name for reference in references_in(call.operands)))
        own, layer = is_own(definition), not definition.cls.startswith("ops.")
        layer = layer and not own
        taken = [found[name] for name in names]
        given = map(as_rows, taken) if layer else taken
        space = steps.space
        fitted_on = dict(zip(names, given, strict=True))
        if steps.fits and not (own and not own_learns(definition)):
            fitted_on = {name: space.take(array, training) for name, array in fitted_on.items()}
        with steps.told(call, definition, fitted_on):
            if own:
                target = _target_of(definition, columns, training, steps)
                step, of_training = steps.make(call, definition, fitted_on, target)
                found[call.name] = space.applied(step, taken)
                if of_training is not None:
                    found[call.name] = with_rows(found[call.name], training, of_training)
                continue
            step, _ = steps.make(call, definition, fitted_on)
            rows = map(as_rows, taken) if layer else taken
            size = _NUMBERS if all(array.ndim == 1 for array in taken) else _BATCH
            whole = space.gather(each_batch(step, *rows, size=size))
            found[call.name] = as_single(whole, taken) if layer else whole
    return found


def _target_of(
    definition: ObjectDef, columns: Mapping[str, Array], training: Array, steps: StepMaking
) -> Array | None:
    """The target that a step is fitted on beside what it takes; None for none.

    Raises:
        ShapeError: the source has no such column.
    """
    name = target_of(definition) if steps.fits else None
    if name is None:
        return None
    if name not in columns:
        raise ShapeError(f"`{name}` is no target of this data", argument="of", refused=True)
    target: Array = steps.space.take(columns[name], training)
    return target


def _fitting_batches(training: Mapping[str, Array]) -> Iterator[Mapping[str, Array]]:
    """The rows that a step is fitted on: at once, unless a backend would have to hold too many."""
    if sum(array.nbytes for array in training.values()) <= _AT_ONCE:
        yield training
        return
    for piece in pieces_of(*training.values()):
        yield dict(zip(training, piece, strict=True))


def _calls(preparation: Preparation, *, of_columns: bool) -> list[tuple[Call, ObjectDef]]:
    """The steps on columns, or those on inputs."""
    found = []
    for call in preparation.graph.calls:
        entry = preparation.steps.get(call.name)
        if entry is not None and (entry.takes is not None) == of_columns:
            definition = preparation.graph.layers[call.layer].definition
            assert isinstance(definition, ObjectDef)
            found.append((call, definition))
    return found


def prepared_inputs(
    preparation: Preparation,
    columns: Mapping[str, Array],
    parts: Mapping[str, Array],
    definition: DataDef,
    steps: StepMaking,
) -> dict[str, dict[str, Array]]:
    """Part to input name to what goes into the model."""
    tensors = _stacks(preparation, columns, parts, definition, steps)
    for call, made in _calls(preparation, of_columns=False):
        (name,) = (reference.name for reference in references_in(call.operands))
        fitted_on = {name: tensors["training"][name]}
        with steps.told(call, made, fitted_on):
            step, _ = steps.make(call, made, fitted_on)
            for arrays in tensors.values():
                arrays[call.name] = steps.space.gather(each_batch(step, arrays[name]))
    return {
        part: {name: arrays[reference.name] for name, reference in preparation.inputs.items()}
        for part, arrays in tensors.items()
    }


def _stacks(
    preparation: Preparation,
    columns: Mapping[str, Array],
    parts: Mapping[str, Array],
    definition: DataDef,
    steps: StepMaking,
) -> dict[str, dict[str, Array]]:
    """Part to the inputs before the steps on inputs, by the names of their tensors."""
    tensors: dict[str, dict[str, Array]] = {part: {} for part in parts}
    first = [reference.name for reference in preparation.inputs.values()]
    for call, _ in _calls(preparation, of_columns=False):
        first += [reference.name for reference in references_in(call.operands)]
    for name in columns.keys() & set(first):
        for part, rows in parts.items():
            tensors[part][name] = steps.space.take(columns[name], rows)
    for call in preparation.graph.calls:
        if call.name not in preparation.stacks:
            continue
        stacked = [columns[reference.name] for reference in references_in(call.operands)]
        shapes = {column.shape[1:] or (1,) for column in stacked}
        if len({shape[:-1] for shape in shapes}) > 1:
            name = preparation.stacks[call.name]
            steps.sink.report(
                "KG401",
                f"the columns of the input `{name}` cannot be stacked, their rows have the "
                f"shapes {', '.join(str(list(shape)) for shape in sorted(shapes))}",
                key=feature_key(definition, name),
            )
            continue
        for part, rows in parts.items():
            tensors[part][call.name] = steps.space.joined(partial(_stacked, stacked), rows)
    steps.sink.stop_on_errors()
    return tensors


def _stacked(columns: Sequence[Array], rows: Array) -> Array:
    """Some rows of columns, joined; in pieces, which stay near the processor."""
    first = stack([column[rows[:_STACKED]] for column in columns])
    whole = np.empty((len(rows), *first.shape[1:]), first.dtype)
    whole[:_STACKED] = first
    for start in range(_STACKED, len(rows), _STACKED):
        piece = rows[start : start + _STACKED]
        whole[start : start + _STACKED] = stack([column[piece] for column in columns])
    return whole


def prepared_targets(
    preparation: Preparation,
    columns: Mapping[str, Array],
    x: Mapping[str, Array],
    rows: Array,
    space: ArraySpace,
) -> dict[str, Array]:
    """Output name to what it is trained on, of some rows."""
    if not preparation.targets:
        return {"": next(iter(x.values()))} if len(x) == 1 else dict(x)
    return {
        output: space.take(columns[reference.name], rows)
        for output, reference in preparation.targets.items()
    }
