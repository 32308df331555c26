"""The steps of `data.prepare` in a script: layers that are made, fitted and applied to columns.

This room owns the text of both kinds of step, as `data.preparation` and
`engines.keras3.preprocessing` carry them out. It must not know how rows are divided or what becomes
of the columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from kerasgen.catalog.entries import Catalog
from kerasgen.emit.script.code import (
    Code,
    Names,
    call,
    flat,
    listed,
    literal,
    statement,
    string,
)
from kerasgen.emit.script.objects import (
    argument_codes,
    is_op,
    object_code,
    public_name,
    value_code,
)
from kerasgen.ir.canonical import canonical_text
from kerasgen.ir.data import DataDef
from kerasgen.ir.graph import Call, ModelGraph
from kerasgen.ir.model import Constant, Entry, TensorRef
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.columns import (
    column_steps,
    input_steps,
    step_operands,
)
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.preparation import Preparation, channels_last, learns
from kerasgen.passes.shapes import Specs
from kerasgen.passes.step_shapes import OWN_LEARNED
from kerasgen.passes.wire import ENTRY_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class DataContext:
    """What the preparing functions depend on.

    Attributes:
        data: the data group.
        features: model input to the columns that it stacks.
        whole: columns that certainly have more than one axis.
        graph: the model, for the order of its inputs and the form of its outputs.
        specs: the specs of the inputs.
        outputs: the outputs beside their targets, channels last.
        channels_first: whether the model takes and gives images with the channels first.
        catalog: where class names are found.
        preparation: the graph of `data.prepare`, which says how each step is called.
    """

    data: DataDef
    features: Mapping[str, tuple[str, ...]]
    whole: frozenset[str]
    graph: ModelGraph
    specs: Specs
    outputs: Sequence[OutputSpec]
    channels_first: bool
    catalog: Catalog
    preparation: Preparation


def column_lines(context: DataContext, names: Names) -> list[str]:
    """The lines of the steps that make columns; equal steps on their own columns are a loop."""
    lines: list[str] = []
    for _, group in groupby(column_steps(context.data), key=_loop_key):
        entries = list(group)
        if len(entries) == 1:
            lines += _column_step(entries[0], string(entries[0].name), context, names, 1)
        else:
            looped = call("for name in ", *(string(entry.name) for entry in entries))
            lines += statement("", replace(looped, head="for name in ("), suffix=":")
            lines += _column_step(entries[0], "name", context, names, 2)
    return lines


def _loop_key(entry: Entry) -> object:
    """Equal for steps that do the same to the column of their own name; else the step's name."""
    made = entry.definition
    operands = step_operands(entry)
    own = len(operands) == 1 and isinstance(operands[0], TensorRef)
    if isinstance(made, ObjectDef) and own and _column(operands[0]) == entry.name:
        return made.cls, canonical_text(made), canonical_text(entry.call_arguments)
    return entry.name


def _column(operand: object) -> str:
    return operand.written if isinstance(operand, TensorRef) else ""


def _column_step(
    entry: Entry, key: str, context: DataContext, names: Names, depth: int
) -> list[str]:
    """The lines that fit a step, where it learns, and apply it to its columns."""
    made = entry.definition
    assert isinstance(made, ObjectDef)
    operands = step_operands(entry)
    loop = key == "name"
    columns = [
        "columns[name]" if loop else f"columns[{string(_column(operand))}]"
        for operand in operands
        if isinstance(operand, TensorRef)
    ]
    lines: list[str] = []
    if context.catalog.find(made.cls, ("step",)) is not None:
        return _own_step(entry, key, columns, context, names, depth)
    if is_op(made):
        step = _applied(entry, None, operands, context)
        code = call("in_batches", step, *columns)
    else:
        variable = "layer" if loop else names.give(entry.name)
        lines += statement(f"{variable} = ", _layer_code(made, context), depth=depth)
        if learns(made, context.catalog):
            fitted = [f"as_rows({column}[training])" for column in columns]
            lines += statement("", call(f"{variable}.adapt", *fitted), depth=depth)
        step = _applied(entry, variable, operands, context)
        code = call("transform", step, *columns)
    return [*lines, *statement(f"columns[{key}] = ", code, depth=depth)]


def _own_step(
    entry: Entry,
    key: str,
    columns: Sequence[str],
    context: DataContext,
    names: Names,
    depth: int,
) -> list[str]:
    """The lines of a step that is quoted: it takes columns as they are."""
    made = entry.definition
    assert isinstance(made, ObjectDef)
    variable = "step" if key == "name" else names.give(entry.name)
    arguments = {k: value_code(v, (), context.catalog) for k, v in made.arguments.items()}
    lines = statement(f"{variable} = ", call(made.cls, named=arguments), depth=depth)
    learned = OWN_LEARNED.get(made.cls, ())
    place = f"columns[{key}]"
    if isinstance(of := made.arguments.get("of"), str):
        fitted = [f"{column}[training]" for column in (*columns, f"columns[{string(of)}]")]
        lines += statement("", call(f"{variable}.adapt", *fitted), depth=depth)
        lines += statement(f"{place} = ", call(variable, *columns), depth=depth)
        values = call(f"{variable}.of_training", *fitted)
        code = call("with_rows", place, "training", values)
        return [*lines, *statement(f"{place} = ", code, depth=depth)]
    if learned and any(made.arguments.get(name) is None for name in learned):
        fitted = [f"{column}[training]" for column in columns]
        lines += statement("", call(f"{variable}.adapt", *fitted), depth=depth)
    return [*lines, *statement(f"{place} = ", call(variable, *columns), depth=depth)]


def _applied(
    entry: Entry, variable: str | None, operands: Sequence[object], context: DataContext
) -> str:
    """A function of the columns alone: the layer or op itself, or a lambda around it."""
    made = entry.definition
    assert isinstance(made, ObjectDef)
    op = context.catalog.find(made.cls, ("op",)) if variable is None else None
    called = variable if op is None else public_name(op)
    assert called is not None
    arguments = {k: value_code(v, (), context.catalog) for k, v in entry.call_arguments.items()}
    if op is not None:
        arguments |= argument_codes(made, op, context.catalog)
    plain = all(isinstance(operand, TensorRef) for operand in operands)
    as_list = any(isinstance(operand, tuple) for operand in _call(entry, context).operands)
    if plain and not arguments and not as_list:
        return called
    columns = sum(isinstance(operand, TensorRef) for operand in operands)
    letters = iter([f"column{n}" for n in range(1, columns + 1)] if columns > 1 else ["values"])
    parameters: list[str] = []
    taken: list[Code] = []
    for operand in operands:
        if isinstance(operand, Constant):
            taken.append(literal(operand.value))
        else:
            parameters.append(next(letters))
            taken.append(parameters[-1])
    positional = [listed(taken)] if as_list else taken
    return f"lambda {', '.join(parameters)}: {flat(call(called, *positional, named=arguments))}"


def _call(entry: Entry, context: DataContext) -> Call:
    """The call of a step in the graph; the first of those on several inputs."""
    name = next(n for n, step in context.preparation.steps.items() if step.name == entry.name)
    return next(call for call in context.preparation.graph.calls if call.name == name)


def _layer_code(made: ObjectDef, context: DataContext) -> Code:
    if context.channels_first:
        made = channels_last(made, context.catalog)
    return object_code(made, ENTRY_KINDS, context.catalog)


def input_lines(context: DataContext, names: Names) -> list[str]:
    """The lines of the steps that act on every input, each with a layer of its own."""
    lines: list[str] = []
    several = len(context.features) > 1
    depth = 2 if several else 1
    for entry in input_steps(context.data):
        made = entry.definition
        assert isinstance(made, ObjectDef)
        if several:
            lines.append(f"    for name in x[{string('training')}]:")
        place = 'x["training"][name]' if several else 'x["training"]'
        variable = None
        if not is_op(made):
            variable = names.give(entry.name)
            lines += statement(f"{variable} = ", _layer_code(made, context), depth=depth)
            if learns(made, context.catalog):
                lines += statement("", call(f"{variable}.adapt", place), depth=depth)
        step = _applied(entry, variable, [TensorRef(name="values")], context)
        if several:
            lines.append("        for inputs in x.values():")
            code = call("in_batches", step, "inputs[name]")
            lines += statement("inputs[name] = ", code, depth=3)
        else:
            line = f"{{part: in_batches({step}, values) for part, values in x.items()}}"
            if len(line) + 8 <= 88:
                lines.append(f"    x = {line}")
            else:
                lines.append("    for part, values in x.items():")
                lines += statement("x[part] = ", call("in_batches", step, "values"), depth=2)
    return lines
