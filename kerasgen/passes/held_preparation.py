"""The pass that says which steps of `data.prepare` a model file holds, and what it takes then.

It owns which steps layers and ops of Keras can do inside a model that is loaded without kerasgen,
on which backend. It must not build anything: what is said here is built by the engine.

Decisions:
- A file holds a step where its backend has a layer or op for it. What makes a column that it cannot
  hold stays beside it, and the file takes what that step makes, under the step's name; what comes
  after such a step may be held again.
- Words go into a graph on TensorFlow alone, where a step looks them up.
- Steps work on rows. The file of a forecast takes windows of raw rows, which the steps see one by
  one; a column that goes in for the horizon too has as many rows as that wants.
- Where a mistake in a row must end in an error (`unknown: error`), the step stays beside the file:
  a graph cannot refuse a row. A number that has no rank becomes NaN there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kerasgen.catalog.entries import Catalog
from kerasgen.ir.data import DataDef
from kerasgen.ir.graph import Call
from kerasgen.ir.schema import Schema
from kerasgen.ir.training import Array
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.ir.walks import references_in
from kerasgen.passes.preparation import Preparation
from kerasgen.passes.wire import ENTRY_KINDS

_OF_NUMBERS = ("Impute", "IsMissing", "LogScale", "Categories", "Ordinal")
"""Our own steps that layers and ops can do with numbers."""

_OF_TENSORFLOW = ("StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing")
"""Layers that work with TensorFlow's own ops; Keras says so only where one is made without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPreparation:
    """What of a preparation a model file holds.

    Attributes:
        preparation: the whole of it.
        takes: the tensors of its graph that go into the file: columns, and what steps make that
            stay beside it.
        inside: the calls that the file holds, stacks included, in order.
        beside: the steps that it does not hold, in order.
    """

    preparation: Preparation
    takes: tuple[str, ...]
    inside: tuple[str, ...]
    beside: tuple[str, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that the file holds."""
        return tuple(name for name in self.inside if name in self.preparation.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawInput:
    """An input of a model file that holds steps.

    Attributes:
        tensor: the column, or what a step makes, by its name in the graph of the preparation.
        spec: its spec as Keras feeds it.
        single: whether it is one number or word a row.
        rows: of a forecast, how many rows of it a sample has, one behind the other; None where a
            sample is a row.
    """

    tensor: str
    spec: TensorSpec
    single: bool
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedInput:
    """An input of the trained model inside such a file.

    Attributes:
        spec: its spec.
        first: whether the channels of its images come first.
        rows: as in `RawInput`.
    """

    spec: TensorSpec
    first: bool
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawInputs:
    """A model file of raw columns, before it is made.

    Attributes:
        model: the name of the trained model.
        held: the steps that it holds.
        inputs: the inputs of the file by name.
        ends: the inputs of the trained model by name, in order.
        learned: call to what its step has learned, by argument.
        rows: of a forecast, tensor to how many rows of it a sample has.
    """

    model: str
    held: HeldPreparation
    inputs: Mapping[str, RawInput]
    ends: Mapping[str, TrainedInput]
    learned: Mapping[str, Mapping[str, Array]] = field(repr=False)
    rows: Mapping[str, int] = field(default_factory=dict)


def hold_preparation(
    preparation: Preparation, schema: Schema, data: DataDef, backend: str, catalog: Catalog
) -> HeldPreparation | None:
    """Says what of a preparation a model file holds.

    Args:
        preparation: the graph of the steps.
        schema: the columns as they were opened.
        data: the data group.
        backend: the backend that the file is for.
        catalog: where class names are found.

    Returns:
        What it holds; None where it holds no step.
    """
    holds = _Holds(schema=schema, data=data, backend=backend, catalog=catalog)
    takes = {
        call.name: tuple(dict.fromkeys(r.name for r in references_in(call.operands)))
        for call in preparation.graph.calls
    }
    held = {
        call.name
        for call in preparation.graph.calls
        if call.name in preparation.stacks or holds.step(call, preparation, takes[call.name])
    }
    ends = [reference.name for reference in preparation.inputs.values()]
    reached = _behind(ends, {name: takes[name] for name in held})
    outside = [name for name in reached if name not in held]
    sources = [item.name for item in preparation.graph.inputs]
    columns = {*sources} | {
        name for name, entry in preparation.steps.items() if entry.takes is not None
    }
    if not columns.issuperset(outside):  # A step on a whole input cannot be left out of it.
        return None
    behind = _behind(outside, takes)
    found = HeldPreparation(
        preparation=preparation,
        takes=tuple(n for n in (*sources, *takes) if n in outside),
        inside=tuple(name for name in takes if name in held and name in reached),
        beside=tuple(n for n in takes if n in behind and n in preparation.steps),
    )
    stacked = [n for call in found.inside if call in preparation.stacks for n in takes[call]]
    words = any(holds.words(name) for name in (*stacked, *ends))
    return found if found.steps and not words else None


def rows_of_tensors(held: HeldPreparation, ends: Mapping[str, int]) -> dict[str, int]:
    """How many rows of each tensor a sample takes, of a forecast: as many as the inputs behind it.

    Args:
        held: what a model file holds.
        ends: model input to the rows that a sample of it has.
    """
    takes = {
        call.name: tuple(reference.name for reference in references_in(call.operands))
        for call in held.preparation.graph.calls
        if call.name in held.inside
    }
    found: dict[str, int] = {}
    for name, rows in ends.items():
        for tensor in _behind([held.preparation.inputs[name].name], takes):
            found[tensor] = max(rows, found.get(tensor, 0))
    return found


def _behind(ends: Iterable[str], takes: Mapping[str, tuple[str, ...]]) -> dict[str, None]:
    """The tensors from which some are made, these included, as far as it is said what they take."""
    found: dict[str, None] = {}
    waiting = list(ends)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += takes.get(name, ())
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holds:
    """Which steps can be held."""

    schema: Schema
    data: DataDef
    backend: str
    catalog: Catalog

    def step(self, call: Call, preparation: Preparation, takes: tuple[str, ...]) -> bool:
        """Whether a file holds a step."""
        definition = preparation.graph.layers[call.layer].definition
        assert isinstance(definition, ObjectDef)
        words = any(self.words(name) for name in takes)
        if words and not (self.backend == "tensorflow" and self._bare(takes)):
            return False
        arguments: Mapping[str, object] = definition.arguments
        if self.catalog.find(definition.cls, ("step",)) is not None:
            if words:
                return definition.cls == "Categories" and arguments.get("unknown") != "error"
            if definition.cls in ("Categories", "Ordinal") and any(map(self._wide, takes)):
                return False
            return definition.cls in _OF_NUMBERS and arguments.get("unknown") != "error"
        entry = self.catalog.find(definition.cls, ENTRY_KINDS)
        if entry is None or entry.origin:
            return False
        if entry.name in _OF_TENSORFLOW:
            return self.backend == "tensorflow"
        return not words

    def words(self, name: str) -> bool:
        """Whether a tensor is a column of words."""
        column = self.schema.columns.get(name)
        return column is not None and column.dtype == "text"

    def _bare(self, takes: tuple[str, ...]) -> bool:
        """Whether words go in as they are: nothing is taken off their ends before."""
        said = [self.data.columns.get(name) for name in takes]
        return all(column is None or column.strip is None for column in said)

    def _wide(self, name: str) -> bool:
        """Whether a column holds whole numbers that JAX would cut."""
        column = self.schema.columns.get(name)
        return self.backend == "jax" and column is not None and column.dtype in ("int64", "uint64")
