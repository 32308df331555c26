"""The pass that reads a schema out of a config: which columns there are, and what each is for.

It owns the one place in which the roles of columns are inferred, from the data group and from the
names of the source's columns, where these are known; and the words in which `data.prepare` speaks
of columns. It must not see rows: what these add stands in `data.schema`.

Decisions:
- A step with `from` makes or replaces the column of its name; a step without acts on every model
  input, after its columns are stacked.
- `features: all` stands for every column of the source that is no target, and is not
  ignored. The past of what is forecast goes in, and its time where `parts` of it are asked for.
- `data.facts.shape` is the shape of an input before `data.prepare`: of the source's columns that
  it is made of, stacked. A column of the source that is no input holds what
  `data.facts.target_shape` says, or one number a row; columns that a step joins to a target hold
  one each. Where columns of one number are stacked with columns of several, these are said in
  `data.facts.column_shape`. Where each row has several labels, `data.facts.classes` says how many
  numbers that is.
- A target is labels where its task is one of labels, unless a step other than an encoding of
  its classes makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from kerasgen.ir.data import ColumnDef, DataDef
from kerasgen.ir.model import Entry, Operand
from kerasgen.ir.schema import ALL, Column, ColumnType, Role, Schema
from kerasgen.ir.values import ObjectDef, Shape, Value
from kerasgen.ir.walks import references_in

_TYPES: Mapping[str, ColumnType] = {
    "classification": "category",
    "multilabel": "labels",
    "regression": "number",
    "forecasting": "number",
}
"""Task to what its target is, if nothing is made of it before."""


def infer_schema(data: DataDef, names: Sequence[str] | None = None) -> Schema:
    """The columns of a source and their roles.

    Args:
        data: the data group.
        names: the names of all columns of the source, in its order; None if they are not known.

    Returns:
        The schema, with all columns or with those that the group names.
    """
    features = {
        name: tuple(
            column
            for written in columns
            for column in (_all_of(data, names) if _stands_for_all(written, names) else (written,))
        )
        for name, columns in data.features.items()
    }
    shapes, sources = _source_shapes(data), sources_of_made(data)
    fed = {source for name in features.values() for c in name for source in sources.get(c, {c})}
    aims = {s for column in data.target.values() for s in sources.get(column, {column})}
    used = _named_columns(data)
    columns = {}
    for name in used if names is None else names:
        roles: list[Role] = ["feature"] if name in fed else []
        roles += ["target"] if name in aims else []
        roles += [role for role, column in beside_columns(data) if column == name]
        if name not in used and not roles:
            roles = ["ignored"]
        columns[name] = Column(
            name=name, type=_type(name, data), roles=tuple(roles), shape=shapes.get(name)
        )
    return Schema(
        columns=columns, complete=names is not None, features=features, target=data.target
    )


def beside_columns(data: DataDef) -> list[tuple[Role, str]]:
    """The columns that say something of a row and are no features by themselves, with their role.

    A column that says which part a row is in is an `id`.
    """
    split = data.split
    roles: tuple[tuple[Role, str | None], ...] = (
        ("group", split.group),
        ("id", split.by),
        ("time", split.time),
        ("weight", None if data.weights is None else data.weights.column),
        ("time", data.time),
        ("series", data.series),
    )
    return list(dict.fromkeys((role, column) for role, column in roles if column))


def apart_from_all(data: DataDef) -> tuple[str, ...]:
    """The columns that `features: all` does not stand for."""
    apart = [name for name, column in data.columns.items() if column.type == "ignore"]
    said = data.columns.get(data.time)
    parted = said is not None and said.parts is not None
    apart += [name for _, name in beside_columns(data) if name != data.time or not parted]
    if data.windows is None:
        apart += [*data.target.values(), *(c for names in data.joined.values() for c in names)]
    return tuple(dict.fromkeys(apart))


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


def taken_columns(entry: Entry) -> tuple[str, ...]:
    """The columns that a step takes, in order; none for a step that acts on the inputs."""
    # A column's name may end in a point and digits, as a reference to one of several outputs does.
    return tuple(reference.written for reference in references_in(entry.takes))


def image_columns(data: DataDef) -> dict[str, dict[str, Value]]:
    """Columns that are paths of images, each with its `folder`, `size` and `color_mode`.

    A target of a classification is a mask, which has no mode: its pixels are numbers of classes.
    """
    masks = {c for output, c in data.target.items() if data.task.get(output) == "classification"}
    return {
        name: {
            "folder": said.folder,
            "size": said.size,
            "color_mode": None if name in masks else said.color_mode or "rgb",
        }
        for name, said in data.columns.items()
        if said.type == "image"
    }


def sound_columns(data: DataDef) -> dict[str, dict[str, Value]]:
    """Columns that are paths of WAV files, each with its `folder`, `rate`, `length`, `channels`."""
    return {
        name: {
            "folder": said.folder,
            "rate": said.rate,
            "length": said.length,
            "channels": said.channels or 1,
        }
        for name, said in data.columns.items()
        if said.type == "audio"
    }


def source_column(name: str, data: DataDef) -> str:
    """The source's column that a column comes from, by the first column that each step takes."""
    return source_columns((name,), data)[0]


def source_columns(names: Iterable[str], data: DataDef) -> list[str]:
    """The source's columns that some columns come from; as for `source_column`."""
    origins: dict[str, str] = {}
    for entry in column_steps(data):
        first = next(iter(taken_columns(entry)), entry.name)
        origins[entry.name] = origins.get(first, first)
    return [origins.get(name, name) for name in names]


def joins_columns(column: str, data: DataDef) -> bool:
    """Whether a step makes a column out of several, so that no one of them has its shape."""
    return any(
        entry.name == column and len(step_operands(entry)) > 1 for entry in column_steps(data)
    )


def declared_shape(
    data: DataDef, name: str, fact: Literal["shape", "target_shape"] = "shape"
) -> Shape | None:
    """What `data.facts` says of a row of a model input or target, windows or not; None if none."""
    whole = declared_fact(data, name, fact)
    return whole[1:] if whole is not None and data.windows is not None else whole


def declared_fact(
    data: DataDef, name: str, fact: Literal["shape", "target_shape"] = "shape"
) -> Shape | None:
    """What `data.facts` says of a model input, or of an output's target; None if no shape."""
    declared = data.facts.get(fact)
    value = declared.get(name) if isinstance(declared, Mapping) else declared
    if not isinstance(value, tuple):
        return None
    sizes = tuple(size for size in value if size is None or type(size) is int)
    return sizes if len(sizes) == len(value) else None


def named_classes(data: DataDef, column: str) -> tuple[str, ...] | None:
    """The classes of a target in the order in which the config names them; None if it does not."""
    said = data.columns.get(column, ColumnDef())
    return said.order if said.type == "ordinal" else said.vocabulary


def declared_columns(data: DataDef) -> dict[str, Shape]:
    """What `data.facts` says of the source's columns that hold several numbers a row."""
    declared = data.facts.get("column_shape")
    found: dict[str, Shape] = {}
    for name, value in declared.items() if isinstance(declared, Mapping) else ():
        sizes = value if isinstance(value, tuple) else ()
        whole = tuple(size for size in sizes if size is None or type(size) is int)
        if whole and len(whole) == len(sizes):
            found[name] = whole
    return found


def stacked_widths(shapes: Sequence[Shape]) -> int | None:
    """How many numbers a row columns have together; None where one has several axes."""
    if any(len(shape) > 1 or None in shape for shape in shapes):
        return None
    return sum((shape[0] or 0) if shape else 1 for shape in shapes)


def feature_key(data: DataDef, name: str) -> str:
    """The key path of an input under `features`; the locator falls back to the group's."""
    only = len(data.features) == 1 and name == next(iter(data.features))
    return "data.features" if only else f"data.features.{name}"


def target_key(output: str) -> str:
    """The key path of a target."""
    return f"data.target.{output}" if output else "data.target"


def _stands_for_all(written: str, names: Sequence[str] | None) -> bool:
    return written == ALL and (names is None or ALL not in names)


def _all_of(data: DataDef, names: Sequence[str] | None) -> tuple[str, ...]:
    """What `all` stands for; itself where the names of the columns are not known."""
    if names is None:
        return (ALL,)
    apart = apart_from_all(data)
    return tuple(name for name in names if name not in apart)


def sources_of_made(data: DataDef) -> dict[str, set[str]]:
    """Each column that a step makes, to the source's columns that it is made of."""
    found: dict[str, set[str]] = {}
    for entry in column_steps(data):
        taken = taken_columns(entry)
        found[entry.name] = {source for name in taken for source in found.get(name, {name})}
    return found


def _named_columns(data: DataDef) -> list[str]:
    """The source's columns that the group names, `all` left out: used ones, then taken ones."""
    steps = column_steps(data)
    used = [*(c for names in data.features.values() for c in names), *data.target.values()]
    made = {entry.name for entry in steps}
    taken = [name for entry in steps for name in taken_columns(entry)]
    found = dict.fromkeys([*(name for name in used if name not in made), *taken])
    earlier = made - _taken_as_they_came(steps)
    named = [name for name in found if name not in earlier and name != ALL]
    return list(dict.fromkeys([*named, *(name for _, name in beside_columns(data))]))


def _taken_as_they_came(steps: Sequence[Entry]) -> set[str]:
    """The columns that a step takes before any step makes one of that name."""
    found: set[str] = set()
    made: set[str] = set()
    for entry in steps:
        found |= {name for name in taken_columns(entry) if name not in made}
        made.add(entry.name)
    return found


def _type(name: str, data: DataDef) -> ColumnType | None:
    """What a column of the source is as a target, None for one that is made into something else."""
    tasks = [data.task.get(output) for output, column in data.target.items() if column == name]
    if not tasks:
        return None
    for entry in column_steps(data):
        made = entry.definition
        encodes = isinstance(made, ObjectDef) and made.cls == "CategoryEncoding"
        if entry.name == name and not (encodes and name in taken_columns(entry)):
            return None
    types = [_TYPES[task] for task in _TYPES if task in tasks]
    return types[0] if types else None


def _source_shapes(data: DataDef) -> dict[str, Shape]:
    """The shapes of the source's columns, as far as the facts tell them."""
    known: dict[str, Shape] = {}
    several = declared_columns(data)
    taken = [name for entry in column_steps(data) for name in taken_columns(entry)]
    for name, names in data.features.items():
        shape = declared_shape(data, name)
        if shape is None:
            continue
        if len(names) == 1 and names[0] != ALL:
            known[source_column(names[0], data)] = () if shape == (1,) else shape
        elif ALL in names and len(shape) == 1:
            listed = [name for name in names if name != ALL]
            known |= dict.fromkeys(source_columns((*listed, *taken), data), ())
        elif shape == (stacked_widths([several.get(c, ()) for c in source_columns(names, data)]),):
            known |= dict.fromkeys(source_columns(names, data), ())
    for output, column in data.target.items():
        known = _target_shapes(output, column, data) | known
    return known | several


def _target_shapes(output: str, column: str, data: DataDef) -> dict[str, Shape]:
    """The shapes of the source's columns that a target is made of."""
    if joins_columns(column, data):
        steps = [entry for entry in column_steps(data) if entry.name == column]
        taken = [name for entry in steps for name in taken_columns(entry)]
        return dict.fromkeys(source_columns(taken, data), ())
    own = declared_shape(data, output, fact="target_shape")
    return {source_column(column, data): _labels_a_row(data, output) if own is None else own}


def _labels_a_row(data: DataDef, output: str) -> Shape:
    """The shape of a target whose facts declare none: a number for each label, or one."""
    classes = data.facts.get("classes")
    count = classes.get(output) if isinstance(classes, Mapping) else classes
    if data.task.get(output) != "multilabel" or not isinstance(count, int) or count < 2:
        return ()
    return (count,)
