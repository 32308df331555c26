"""The columns of the data under `data.prepare`: which step makes what, and in which shape.

It owns the two kinds of step, the way back from a column to the source's own, and the shapes that
come out, all without arrays. A step with `from` makes or replaces the column of its name; a step
without acts on every model input, after its columns are stacked.

Decisions:
- A column with one number a row has the shape `()`. A layer gets it as `(1,)`, since layers want
  an axis of features, and gives it back as `()` if it kept that; an op gets it as it is.
- `features: all` stands for every column of the source that is no target.
- `data.facts.shape` is the shape of an input before `data.prepare`: of the source's columns that
  it is made of, stacked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from kerasgen.catalog.entries import PreparationOracle, ShapeError
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import Constant, Entry, Operand, TensorRef
from kerasgen.ir.values import ObjectDef, Shape
from kerasgen.ir.walks import references_in
from kerasgen.passes.shapes import shown_shape

ALL = "all"
"""What `features` may say for every column of the source that is no target."""


def column_steps(data: DataDef) -> tuple[Entry, ...]:
    """The steps that make or replace a column, in order."""
    return tuple(entry for entry in data.prepare if entry.takes is not None)


def input_steps(data: DataDef) -> tuple[Entry, ...]:
    """The steps that act on every model input, in order."""
    return tuple(entry for entry in data.prepare if entry.takes is None)


def step_operands(entry: Entry) -> tuple[Operand, ...]:
    """What a column step takes, one after the other."""
    takes = entry.takes
    if isinstance(takes, Mapping) or takes is None:
        return ()
    return takes if isinstance(takes, tuple) else (takes,)


def column_name(reference: TensorRef) -> str:
    """The column that a reference names; a column's name may end in a point and digits."""
    return reference.name if reference.index is None else f"{reference.name}.{reference.index}"


def source_column(name: str, data: DataDef) -> str:
    """The source's column that a column comes from, by the first column that each step takes."""
    for entry in reversed(column_steps(data)):
        if entry.name == name:
            first = next(references_in(entry.takes), None)
            name = name if first is None else column_name(first)
    return name


def check_preparation(data: DataDef, sink: Sink) -> None:
    """Reports the forms of an entry that only a model can have.

    Args:
        data: the data group.
        sink: gets every mistake.
    """
    targets = set(data.target.values())
    for entry in data.prepare:
        if entry.reuses is not None or not isinstance(entry.definition, ObjectDef | None):
            what = "calls another entry again" if entry.reuses else "is a model"
            sink.report(
                "KG307",
                f"`{entry.name}` {what}, expected a preprocessing layer or an op",
                key=entry.path,
                at="key",
            )
        elif isinstance(entry.takes, Mapping) or any(
            isinstance(operand, tuple) for operand in step_operands(entry)
        ):
            sink.report(
                "KG307",
                f"`{entry.name}` takes columns by argument or in nested lists, "
                "expected one name or a list",
                key=f"{entry.path}.from",
                help="write the columns as a list, in the order of the arguments",
            )
        elif entry.takes is not None and not list(references_in(entry.takes)):
            sink.report("KG307", f"`{entry.name}` takes no column", key=f"{entry.path}.from")
        elif entry.takes is None and entry.name in targets:
            sink.report(
                "KG307",
                f"`{entry.name}` is a target, and a step without `from` acts on the inputs",
                key=entry.path,
                at="key",
                help=f"write `from: {entry.name}`, or give the step another name",
            )


def input_shapes(data: DataDef, oracle: PreparationOracle, sink: Sink) -> dict[str, Shape | None]:
    """What the data gives for each model input, as far as the facts tell.

    Args:
        data: the data group with its facts.
        oracle: answers what a step makes of a shape.
        sink: gets every mistake.

    Returns:
        Input name to shape without the row axis, after `data.prepare`; None where not known.
    """
    declared = {name: declared_shape(data, name) for name in data.features}
    columns = column_shapes(data, _source_shapes(data, declared), oracle, sink)
    shapes = {}
    for name, names in data.features.items():
        shape = _before_input_steps(data, names, declared[name], columns)
        for entry in input_steps(data):
            if shape is not None and isinstance(entry.definition, ObjectDef):
                shape = shape_after(entry, [shape], oracle, sink)
        shapes[name] = shape
    return shapes


def target_shape(data: DataDef, column: str, oracle: PreparationOracle, sink: Sink) -> Shape | None:
    """The shape of a target without the row axis, after `data.prepare`; None if not known.

    A column of the source that is no input holds what `data.facts.target_shape` says, or one
    number a row; columns that a step joins to the target hold one each. Where each row has
    several labels, `data.facts.classes` says how many numbers that is.
    """
    declared = {name: declared_shape(data, name) for name in data.features}
    output = next((name for name, used in data.target.items() if used == column), "")
    own = declared_shape(data, output, fact="target_shape")
    if own is None:
        own = _labels_a_row(data, output)
    joined = [
        column_name(reference)
        for entry in column_steps(data)
        if entry.name == column and len(step_operands(entry)) > 1
        for reference in references_in(entry.takes)
    ]
    taken: dict[str, Shape] = {source_column(name, data): () for name in joined}
    known = taken or {source_column(column, data): own}
    return column_shapes(data, {**known, **_source_shapes(data, declared)}, oracle, sink).get(
        column, ()
    )


def _labels_a_row(data: DataDef, output: str) -> Shape:
    """The shape of a target whose facts declare none: a number for each label, or one."""
    classes = data.facts.get("classes")
    count = classes.get(output) if isinstance(classes, Mapping) else classes
    if data.task.get(output) != "multilabel" or not isinstance(count, int) or count < 2:
        return ()
    return (count,)


def declared_shape(
    data: DataDef, name: str, fact: Literal["shape", "target_shape"] = "shape"
) -> Shape | None:
    """What `data.facts` says of a model input, or of an output's target; None if no shape."""
    declared = data.facts.get(fact)
    value = declared.get(name) if isinstance(declared, Mapping) else declared
    if not isinstance(value, tuple):
        return None
    sizes = tuple(size for size in value if size is None or type(size) is int)
    return sizes if len(sizes) == len(value) else None


def column_shapes(
    data: DataDef, known: Mapping[str, Shape], oracle: PreparationOracle, sink: Sink
) -> dict[str, Shape | None]:
    """The shapes of the columns after all column steps.

    Args:
        data: the data group.
        known: shapes of the source's columns, without the row axis; some may be missing.
        oracle: answers what a step makes of a shape.
        sink: gets every mistake.

    Returns:
        Column to shape; None where a column that it needs is not known or a step is refused.
    """
    shapes: dict[str, Shape | None] = dict(known)
    for entry in column_steps(data):
        operands = [_shape_of(operand, shapes) for operand in step_operands(entry)]
        given = [operand for operand in operands if operand is not None]
        if isinstance(entry.definition, ObjectDef) and given and len(given) == len(operands):
            shapes[entry.name] = shape_after(entry, given, oracle, sink)
        else:
            shapes[entry.name] = None
    return shapes


def shape_after(
    entry: Entry, operands: Sequence[Shape | float], oracle: PreparationOracle, sink: Sink
) -> Shape | None:
    """The shape that one step makes, without the row axis; None if it is refused and reported.

    Args:
        entry: the step, with a layer or an op.
        operands: shapes without the row axis, or numbers.
        oracle: answers what a step makes of a shape.
        sink: gets the mistake.
    """
    made = entry.definition
    assert isinstance(made, ObjectDef)
    layer = not made.cls.startswith("ops.")
    shapes = [operand for operand in operands if isinstance(operand, tuple)]
    given = [
        (None, *((1,) if layer and operand == () else operand))
        if isinstance(operand, tuple)
        else operand
        for operand in operands
    ]
    try:
        shape = oracle.prepared(made, *given)[1:]
    except ShapeError as error:
        report_refusal(entry, error, shapes[0] if shapes else None, sink)
        return None
    return () if layer and shape == (1,) and not any(shapes) else shape


def report_refusal(entry: Entry, error: ShapeError, shape: Shape | None, sink: Sink) -> None:
    """Reports what Keras says against a step: against its arguments, or the shape it was given.

    Args:
        entry: the step.
        error: what Keras said.
        shape: the shape that went in, without the row axis; None for none.
        sink: gets the mistake.
    """
    made = entry.definition
    assert isinstance(made, ObjectDef)
    if error.refused:
        made = error.definition or made
        path = made.path or entry.path
        inside = error.argument in made.arguments
        sink.report(
            "KG206",
            f"`{made.cls}` refuses its arguments: {error}",
            key=f"{path}.{error.argument}" if inside else path,
            at="value" if inside else "key",
        )
        return
    taken = "what it is given" if shape is None else shown_shape((None, *shape))
    sink.report("KG401", f"`{made.cls}` cannot take {taken}: {error}", key=entry.path, at="key")


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


def _shape_of(operand: Operand, shapes: Mapping[str, Shape | None]) -> Shape | float | None:
    if isinstance(operand, Constant):
        return operand.value
    return shapes.get(column_name(operand)) if isinstance(operand, TensorRef) else None


def _source_shapes(data: DataDef, declared: Mapping[str, Shape | None]) -> dict[str, Shape]:
    """The shapes of the source's columns, where the shapes of the inputs tell them."""
    known: dict[str, Shape] = {}
    for name, names in data.features.items():
        shape = declared[name]
        if shape is None:
            continue
        if len(names) == 1 and names[0] != ALL:
            known[source_column(names[0], data)] = () if shape == (1,) else shape
        elif ALL in names and len(shape) == 1:
            listed = [name for name in names if name != ALL]
            taken = [column_name(r) for e in column_steps(data) for r in references_in(e.takes)]
            known |= {source_column(column, data): () for column in (*listed, *taken)}
        elif shape == (len(names),):
            known |= {source_column(column, data): () for column in names}
    return known


def _before_input_steps(
    data: DataDef,
    names: Sequence[str],
    declared: Shape | None,
    columns: Mapping[str, Shape | None],
) -> Shape | None:
    """The shape of an input once the column steps are done and its columns are stacked."""
    made = {entry.name for entry in column_steps(data)}
    if declared is None or (ALL not in names and not made.intersection(names)):
        return declared
    if ALL not in names:
        shapes = [columns.get(name) for name in names]
        known = [shape for shape in shapes if shape is not None]
        return stacked_shape(known) if len(known) == len(shapes) else None
    replaced = {
        entry.name
        for entry in column_steps(data)
        if entry.name in {column_name(reference) for reference in references_in(entry.takes)}
    } - set(data.target.values())
    width = declared[-1] if len(declared) == 1 else None
    for name in replaced | (made.intersection(names)):
        shape = columns.get(name)
        if shape is None or len(shape) > 1 or width is None or None in shape:
            return None
        width += (shape[0] or 0) - 1 if shape else 0
    return declared if width is None else (width,)
