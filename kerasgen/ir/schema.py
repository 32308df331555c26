"""The schema of the data: its columns, what each of them is and is for, as far as that is known.

This room owns the value, and its form as plain data. It must not know how any of it is found out:
what a config tells stands in `passes.columns`, what the opened data adds in `data.schema`.

Decisions:
- The columns are those of the source. What a step of `data.prepare` makes out of them belongs to
  the graph of the preparation.
- A column may have several roles: what is forecast is often known for the past, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast, get_args

from kerasgen.ir.values import Shape

ColumnType: TypeAlias = Literal[
    "number",
    "category",
    "ordinal",
    "boolean",
    "date",
    "text",
    "image",
    "audio",
    "labels",
    "sequence",
]
"""What the values of a column are. A `category` is one of several, `labels` are any number of
several; a target that is one of these is held as class indices, or as zeros and ones."""

Role: TypeAlias = Literal["feature", "target", "ignored", "id", "weight", "group", "time", "series"]
"""What a column is for. `ignored` columns are not read; a column that steps take for nothing has no
role and is read."""

ALL = "all"
"""What `features` may say for every column of the source that is no target."""

SchemaTree: TypeAlias = "Mapping[str, SchemaTree] | list[SchemaTree] | str | bool | int | None"
"""Plain data, as JSON and YAML hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a source.

    Attributes:
        name: its name.
        type: what its values are, None where nothing tells yet.
        roles: what it is for.
        shape: the shape of one row, `()` for a single number or word; None where not known.
        dtype: NumPy's name of the element type, `text` for words; None before it is opened.
        vocabulary: its classes in the order of their indices, None where it has none or they are
            not known.
        missing: rows without a value, None before it is opened.
    """

    name: str
    type: ColumnType | None = None
    roles: tuple[Role, ...] = ()
    shape: Shape | None = None
    dtype: str | None = None
    vocabulary: tuple[str, ...] | None = None
    missing: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What is known of the data.

    Attributes:
        columns: name to column of the source, in the source's order where that is known.
        complete: whether these are all columns of the source; otherwise they are the ones that
            the config names.
        features: model input to the columns that it stacks, made ones included; `all` is written
            out where the columns are complete.
        target: output name to column, made ones included; empty for none.
        rows: number of rows, None where not known.
    """

    columns: Mapping[str, Column]
    complete: bool
    features: Mapping[str, tuple[str, ...]]
    target: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None

    @property
    def class_names(self) -> dict[str, tuple[str, ...]]:
        """The columns whose classes are known, and the names of these."""
        return {
            name: column.vocabulary
            for name, column in self.columns.items()
            if column.vocabulary is not None
        }

    @property
    def class_indices(self) -> dict[str, str]:
        """The columns that hold class indices once they are opened, to an output of each."""
        found: dict[str, str] = {}
        for output, name in self.target.items():
            column = self.columns.get(name)
            if column is not None and column.type == "category":
                found.setdefault(name, output)
        return found

    @property
    def read(self) -> tuple[str, ...] | None:
        """The columns that must be read, None for all."""
        if not self.complete and any(ALL in names for names in self.features.values()):
            return None
        return tuple(n for n, column in self.columns.items() if "ignored" not in column.roles)


def schema_tree(schema: Schema) -> dict[str, SchemaTree]:
    """A schema as plain data; `schema_of` reads it. What is not known is left out."""
    columns: dict[str, SchemaTree] = {}
    for name, column in schema.columns.items():
        tree: dict[str, SchemaTree] = {
            "type": column.type,
            "roles": list(column.roles),
            "shape": None if column.shape is None else list(column.shape),
            "dtype": column.dtype,
            "vocabulary": None if column.vocabulary is None else list(column.vocabulary),
            "missing": column.missing,
        }
        columns[name] = {key: value for key, value in tree.items() if value is not None}
    whole: dict[str, SchemaTree] = {
        "columns": columns,
        "complete": schema.complete,
        "features": {name: list(names) for name, names in schema.features.items()},
        "target": dict(schema.target),
    }
    return whole if schema.rows is None else whole | {"rows": schema.rows}


def schema_of(tree: Mapping[str, SchemaTree]) -> Schema:
    """The schema that `schema_tree` has written.

    Raises:
        KeyError: a part of it is missing.
        TypeError: a part of it is of another form.
    """
    columns = {}
    for name, item in _mapping(tree["columns"]).items():
        entry = _mapping(item)
        shape, vocabulary = entry.get("shape"), entry.get("vocabulary")
        columns[name] = Column(
            name=name,
            type=cast("ColumnType | None", _one_of(entry.get("type"), get_args(ColumnType))),
            roles=cast("tuple[Role, ...]", _strings(entry["roles"])),
            shape=None if shape is None else _sizes(shape),
            dtype=_word(entry.get("dtype")),
            vocabulary=None if vocabulary is None else _strings(vocabulary),
            missing=_count(entry.get("missing")),
        )
    features = _mapping(tree["features"])
    return Schema(
        columns=columns,
        complete=bool(tree["complete"]),
        features={name: _strings(names) for name, names in features.items()},
        target={name: str(column) for name, column in _mapping(tree["target"]).items()},
        rows=_count(tree.get("rows")),
    )


def _mapping(tree: SchemaTree) -> Mapping[str, SchemaTree]:
    if not isinstance(tree, Mapping):
        raise TypeError(f"a schema holds a mapping here, not {tree!r}")
    return tree


def _strings(tree: SchemaTree) -> tuple[str, ...]:
    if not isinstance(tree, list):
        raise TypeError(f"a schema holds a list here, not {tree!r}")
    return tuple(str(item) for item in tree)


def _word(tree: SchemaTree) -> str | None:
    if tree is not None and not isinstance(tree, str):
        raise TypeError(f"a schema holds a word here, not {tree!r}")
    return tree


def _one_of(tree: SchemaTree, known: Collection[str]) -> str | None:
    word = _word(tree)
    if word is not None and word not in known:
        raise TypeError(f"a schema holds one of {', '.join(known)} here, not {word!r}")
    return word


def _count(tree: SchemaTree) -> int | None:
    if tree is not None and type(tree) is not int:
        raise TypeError(f"a schema holds a number here, not {tree!r}")
    return tree


def _sizes(tree: SchemaTree) -> Shape:
    sizes = tree if isinstance(tree, list) else [str(tree)]
    if not all(size is None or type(size) is int for size in sizes):
        raise TypeError(f"a schema holds a shape here, not {tree!r}")
    return cast("Shape", tuple(sizes))
