"""The pass that infers what `data.prepare` makes of the columns' shapes.

It owns what an oracle is asked about a column, how a refused step is told, and the shapes in which
inputs and targets come out. It must not see arrays.

Decisions:
- A column with one number a row has the shape `()`. A layer gets it as `(1,)`, since layers want
  an axis of features, and gives it back as `()` if it kept that; an op gets it as it is.
- What is made of a column whose shape is not known is not known, and no mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kerasgen.catalog.entries import Catalog, LayerCost, ShapeError, ShapeOracle
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef, WindowsDef
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import Operand, TensorRef
from kerasgen.ir.values import ObjectDef, Shape, TensorSpec
from kerasgen.ir.walks import references_in
from kerasgen.passes.columns import infer_schema
from kerasgen.passes.cost import CostReport, TrainingSize, count_costs
from kerasgen.passes.known_ahead import window_rows
from kerasgen.passes.preparation import Preparation, wire_preparation, without_idle
from kerasgen.passes.shapes import Specs, infer_shapes, shown_shape
from kerasgen.passes.step_shapes import own_shape
from kerasgen.passes.wire import ENTRY_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapedPreparation:
    """A preparation, and what is known of its columns.

    Attributes:
        preparation: the graph and its ends.
        specs: specs by name of column or call, as far as they are known.
        cost: what its steps cost before they have learned anything, None where a shape is not
            known.
        hint: what gives an input of unknown width a known one, None for nothing.
        windows: how rows become samples, None where each row is one.
        rows: model input to the rows of its windows.
    """

    preparation: Preparation
    specs: Specs
    cost: CostReport | None
    hint: str | None = None
    windows: WindowsDef | None = None
    rows: Mapping[str, int] = field(default_factory=dict)

    @property
    def inputs(self) -> dict[str, Shape | None]:
        """Model input to the shape of a sample; None where not known."""
        ends = self.preparation.inputs.items()
        found = {name: _row(reference, self.specs) for name, reference in ends}
        rows = {name: (1,) if shape == () else shape for name, shape in found.items()}
        return {
            name: row if row is None or name not in self.rows else (self.rows[name], *row)
            for name, row in rows.items()
        }

    @property
    def targets(self) -> dict[str, Shape | None]:
        """Output name to the shape of a sample's target; None where not known."""
        ends = self.preparation.targets.items()
        rows = {name: _row(reference, self.specs) for name, reference in ends}
        horizon = () if self.windows is None else (self.windows.horizon,)
        return {name: None if row is None else (*horizon, *row) for name, row in rows.items()}


def shape_preparation(
    data: DataDef, catalog: Catalog, oracle: ShapeOracle, sink: Sink
) -> ShapedPreparation | None:
    """Wires `data.prepare` and infers its shapes, as far as the facts of the data tell them.

    Args:
        data: the data group, without mistakes in the form of its steps.
        catalog: every class that a step may name.
        oracle: answers what a layer or op gives.
        sink: gets every mistake.

    Returns:
        The preparation, or None if it cannot be wired.
    """
    preparation = wire_preparation(data, infer_schema(data), catalog, sink)
    if preparation is None:
        return None
    columns = _ColumnOracle(preparation.stacks, oracle, catalog)
    specs = _infer(preparation, columns, catalog, sink)
    hint = _width_hint(preparation, specs, catalog)
    preparation = without_idle(preparation, _idle(preparation.graph, preparation.stacks, specs))
    graph = preparation.graph
    cost = None
    if all(call.name in specs for call in graph.calls):
        cost = count_costs(graph, specs, columns, TrainingSize(batch_size=1, slots=0))
    return ShapedPreparation(
        preparation=preparation,
        specs=specs,
        cost=cost,
        hint=hint,
        windows=data.windows,
        rows=window_rows(data),
    )


def _idle(graph: ModelGraph, stacks: Mapping[str, str], specs: Specs) -> set[str]:
    """The stacks that leave their only column as it is."""
    taken = {call.name: list(references_in(call.operands)) for call in graph.calls}
    return {
        name
        for name in stacks
        if len(taken[name]) == 1
        and name in specs
        and specs[name][0].shape == specs[taken[name][0].name][0].shape
    }


def _width_hint(preparation: Preparation, specs: Specs, catalog: Catalog) -> str | None:
    """What gives the rows a known width, where one step would have to learn it."""
    for name, entry in preparation.steps.items():
        made = entry.definition
        open_width = name in specs and None in specs[name][0].shape[1:]
        if not open_width or not isinstance(made, ObjectDef):
            continue
        known = catalog.find(made.cls, ENTRY_KINDS)
        learns = known is not None and "vocabulary" in known.parameters
        if learns and made.arguments.get("vocabulary") is None:
            return (
                f"give `{entry.name}` its `vocabulary`: without it, the width of what it gives is "
                "known only when it has seen the data"
            )
    return None


def _infer(preparation: Preparation, oracle: ShapeOracle, catalog: Catalog, sink: Sink) -> Specs:
    inputs = {
        item.name: TensorSpec(shape=(None, *item.shape))
        for item in preparation.graph.inputs
        if item.shape is not None
    }

    def refuse(call: Call, layer: LayerDef, error: ShapeError, specs: Specs, sink: Sink) -> None:
        """Reports a step that refuses its arguments or shape; stacks are left to opening."""
        if call.name in preparation.stacks:
            return  # The shape of the input is not known; opening says which columns do not fit.
        shapes = [specs[reference.name][0].shape[1:] for reference in references_in(call.operands)]
        assert isinstance(layer.definition, ObjectDef)
        shape = shapes[0] if shapes else None
        hint = _width_hint(preparation, specs, catalog) if None in (shape or ()) else None
        report_refusal(layer.definition, call.path, error, shape, sink, hint)

    return infer_shapes(preparation.graph, inputs, oracle, sink, refuse)


def report_refusal(
    definition: ObjectDef,
    path: str,
    error: ShapeError,
    shape: Shape | None,
    sink: Sink,
    hint: str | None = None,
) -> None:
    """Reports what Keras says against a step: against its arguments, or the shape it was given.

    Args:
        definition: the step's layer or op.
        path: the key path of its entry.
        error: what Keras said.
        shape: the shape that went in, without the row axis; None for none.
        sink: gets the mistake.
        hint: what helps against a shape of unknown width.
    """
    if error.refused:
        refused = error.definition or definition
        key, inside = refused.path or path, error.argument in refused.arguments
        sink.report(
            "KG206",
            f"`{refused.cls}` refuses its arguments: {error}",
            key=f"{key}.{error.argument}" if inside else key,
            at="value" if inside else "key",
        )
        return
    taken = "what it is given" if shape is None else shown_shape((None, *shape))
    message = f"`{definition.cls}` cannot take {taken}: {error}"
    sink.report("KG401", message, key=path, at="key", help=hint)


def stacked_shape(shapes: Sequence[Shape]) -> Shape | None:
    """The shape of a model input that stacks columns; None if they do not fit together.

    One column with several numbers a row stays as it is. Otherwise the columns are joined along
    their last axis, where a column with one number a row counts as one.

    Args:
        shapes: shapes of the columns, without the row axis.
    """
    whole = [shape or (1,) for shape in shapes]
    if len({shape[:-1] for shape in whole}) != 1:
        return None
    last = [shape[-1] for shape in whole]
    total = None if None in last else sum(size or 0 for size in last)
    return (*whole[0][:-1], total)


def _row(reference: TensorRef, specs: Specs) -> Shape | None:
    return specs[reference.name][0].shape[1:] if reference.name in specs else None


class _ColumnOracle(ShapeOracle):
    """Asks another oracle about tensors of the rank that it needs to see."""

    def __init__(self, stacks: Mapping[str, str], oracle: ShapeOracle, catalog: Catalog) -> None:
        self._stacks = stacks
        self._catalog = catalog
        self._own: set[str] = set()
        self._oracle = oracle
        self._rows: dict[str, Shape] = {}
        self._entered: set[str] = set()

    def enter(self, name: str, spec: TensorSpec) -> None:
        """Declares a column."""
        self._rows[name] = spec.shape[1:]

    def call(self, call: Call, layer: LayerDef) -> tuple[TensorSpec, ...]:
        """Makes a call of columns."""
        shapes = [self._rows[reference.name] for reference in references_in(call.operands)]
        if call.name in self._stacks:
            stacked = stacked_shape(shapes)
            if stacked is None:
                raise ShapeError("the columns do not fit together")
            self._rows[call.name] = stacked
            return (TensorSpec(shape=(None, *stacked)),)
        assert isinstance(layer.definition, ObjectDef)
        if self._catalog.find(layer.definition.cls, ("step",)) is not None:
            self._own.add(layer.name)
            self._rows[call.name] = own_shape(layer.definition, shapes)
            return (TensorSpec(shape=(None, *self._rows[call.name])),)
        as_rows = not layer.definition.cls.startswith("ops.")
        given = tuple(self._given(operand, as_rows=as_rows) for operand in call.operands)
        outcome = self._oracle.call(replace(call, operands=given), layer)
        if len(outcome) != 1:
            raise ShapeError("it gives no tensor")
        shape = outcome[0].shape[1:]
        self._rows[call.name] = () if as_rows and shape == (1,) and not any(shapes) else shape
        return (replace(outcome[0], shape=(None, *self._rows[call.name])),)

    def _given(self, operand: Operand, *, as_rows: bool) -> Operand:
        """An operand by the name under which the other oracle knows it in the rank it wants."""
        if isinstance(operand, tuple):
            return tuple(self._given(item, as_rows=as_rows) for item in operand)
        if not isinstance(operand, TensorRef):
            return operand
        shape = self._rows[operand.name]
        lifted = as_rows and shape == ()
        name = f"{operand.name} as rows" if lifted else operand.name
        if name not in self._entered:
            self._entered.add(name)
            self._oracle.enter(name, TensorSpec(shape=(None, *((1,) if lifted else shape))))
        return replace(operand, name=name)

    def chain(self, graph: ModelGraph) -> None:
        """Makes no calls at once: columns are no chain."""

    def make(self, layer: LayerDef) -> None:
        """Leaves a step whose columns are not known yet for when they are."""

    def has(self, layer: str) -> bool:
        """Whether a step was made; one that waits for its columns is not."""
        return False

    def child(self) -> ShapeOracle:
        """There are no models inside a preparation."""
        raise AssertionError("`check_preparation` lets no model through")

    def adopt(self, layer: str, graph: ModelGraph, inside: ShapeOracle) -> None:
        """There are no models inside a preparation."""
        raise AssertionError("`check_preparation` lets no model through")

    def inside(self, layer: str) -> None:
        """There are no models inside a preparation."""

    def cost(self, layer: str) -> LayerCost:
        """What a step costs; a stack holds nothing, and a step of ours none of the engine's."""
        if layer in self._stacks or layer in self._own:
            return LayerCost(parameters=0, trainable=0, weight_shapes=(), parameter_bytes=0)
        return self._oracle.cost(layer)
