"""Step 1 of a script: `load_data`, which calls the plain function that the source is read with.

This room owns the call, the options for the paths of the data, and which columns hold class
indices. It must not know one source from another: what a source does, its function says.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kerasgen.catalog.entries import ClassEntry
from kerasgen.emit.script.code import (
    Code,
    Item,
    arguments,
    call,
    function,
    listed,
    literal,
    statement,
    string,
)
from kerasgen.emit.script.objects import secret_code
from kerasgen.frontend.compose.resolvers import SECRET_KEYS
from kerasgen.ir.data import DataDef
from kerasgen.passes.columns import (
    column_steps,
    image_columns,
    infer_schema,
    named_classes,
    sound_columns,
)
from kerasgen.passes.ends import OutputSpec
from kerasgen.runtime.source_call import SourceCall

AS_THEY_ARE = "as_they_are"
"""The task of a target that a script takes as the source has it: one-hot, or several labels."""


_TABLES = ("Table", "Csv")
"""Sources whose cells may be paths; other columns of such a type hold what is in the files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContext:
    """What the loading of a source depends on.

    Attributes:
        data: the data group.
        source: the source's plain function and its arguments.
        classes: output name to number of classes, None where that is not known.
        given: whether the split asks for parts that the source gives.
        own: the catalog's entry of a source of one's own, which is imported; None for others.
    """

    data: DataDef
    source: SourceCall
    classes: Mapping[str, int | None]
    given: bool
    own: ClassEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathOption:
    """An option of a script that names a file or folder.

    Attributes:
        option: its name on the command line, without dashes.
        parameter: the parameter of `load_data` that takes it.
        default: the path of the config, None for one that must be given.
    """

    option: str
    parameter: str
    default: str | None


def path_options(source: SourceCall) -> tuple[PathOption, ...]:
    """The options for the files and folders that a source reads; `path` is called `data`."""
    given = {name: source.arguments.get(name) for name in source.paths}
    return tuple(
        PathOption(
            option=name.replace("path", "data").replace("_", "-"),
            parameter=name,
            default=None if path == "???" else path,
        )
        for name, path in given.items()
        if isinstance(path, str)
    )


def load_function(context: SourceContext) -> str:
    """Writes `load_data`: the columns, and each row's part where that is asked for."""
    parameters = [path.parameter for path in path_options(context.source)]
    if context.own is not None:
        lines = _own_lines(context, context.own)
    else:
        kept = "given" if context.given else "_"
        lines = statement(f"columns, {kept} = ", _read_call(context, parameters))
    lines += _cell_lines(context)
    lines += _label_lines(context)
    lines.append("    return columns, given" if context.given else "    return columns")
    text = "Reads the columns that are used; labels become class indices."
    return function(f"load_data({', '.join(parameters)})", text, lines)


def _read_call(context: SourceContext, parameters: Sequence[str]) -> Code:
    """The call of the plain function, the first argument by position as a person writes it."""
    source = context.source
    known = list(inspect.signature(source.function).parameters)
    codes = {
        name: name if name in parameters else _value(name, value)
        for name, value in source.arguments.items()
    }
    used = infer_schema(context.data).read
    if "wanted" in known and used is not None:
        codes["wanted"] = _names(used)
    items = [Item(code, f"{name}=") for name, code in codes.items()]
    if items and next(iter(codes)) == known[0]:
        items[0] = replace(items[0], prefix="")
    return arguments(source.function.__name__, items)


def _own_lines(context: SourceContext, entry: ClassEntry) -> list[str]:
    """Calls the function of one's own that gives the columns."""
    codes = {name: _value(name, value) for name, value in context.source.arguments.items()}
    lines = statement("given = ", call(entry.origin.rpartition(":")[2], named=codes))
    used = infer_schema(context.data).read
    taken = call("take_columns", "given", *([] if used is None else [_names(used)]))
    return [*lines, *statement("columns = ", taken)]


def _value(name: str, value: Any) -> Code:
    return secret_code(value) if name in SECRET_KEYS else literal(value)


def _names(columns: Sequence[str]) -> Code:
    return listed(string(name) for name in columns)


def _cell_lines(context: SourceContext) -> list[str]:
    """The lines that do with cells what `data.columns` says: strip words, leave rows out."""
    schema = infer_schema(context.data)
    read = schema.read
    said = {n: c for n, c in context.data.columns.items() if read is None or n in read}
    lines: list[str] = []
    for name, column in said.items():
        if column.strip is not None:
            place = f"columns[{string(name)}]"
            lines += statement(f"{place} = ", call("strip_words", place, string(column.strip)))
    dropping = [name for name, column in said.items() if column.missing == "drop"]
    if dropping:
        lines += statement("kept = ", call("full_rows", "columns", _names(dropping)))
        code = "{name: column[kept] for name, column in columns.items()}"
        lines.append(f"    columns = {code}")
        if context.given:
            lines.append("    given = None if given is None else given[kept]")
    return [*lines, *_file_lines(context, set(said))]


def _file_lines(context: SourceContext, read: set[str]) -> list[str]:
    """The lines that put images and sounds in the place of their paths, which tables have."""
    lines: list[str] = []
    if context.data.source.cls not in _TABLES:
        return lines
    bad = string(str(context.source.arguments.get("bad", "error")))
    for reader, every in (
        ("read_image_cells", image_columns(context.data)),
        ("read_sound_cells", sound_columns(context.data)),
    ):
        cells = {name: said for name, said in every.items() if name in read}
        if not cells:
            continue
        read_call = call(reader, "path", "columns", literal(cells), bad)
        kept = "kept" if context.given else "_"
        lines += statement(f"columns, {kept} = ", read_call)
        if context.given:
            lines.append("    given = None if given is None else given[kept]")
    return lines


def _label_lines(context: SourceContext) -> list[str]:
    """The lines that make class indices of labels of whatever kind."""
    lines = []
    for column, output in infer_schema(context.data).class_indices.items():
        if column in context.source.indexed:
            continue
        place = f"columns[{string(column)}]"
        names = named_classes(context.data, column)
        if names is not None:
            lines += statement(f"{place} = ", call("ordered_labels", place, literal([*names])))
            continue
        classes = context.classes.get(output)
        labels = call("index_labels", place, *([] if classes is None else [str(classes)]))
        lines += statement(f"{place}, _ = ", labels)
    for column in dict.fromkeys(context.data.target.values()):
        said = context.data.columns.get(column)
        if said is not None and said.type == "labels":
            place = f"columns[{string(column)}]"
            apart = [] if said.separator is None else [string(said.separator)]
            if said.vocabulary is not None:
                apart.append(f"names={literal([*said.vocabulary])}")
            lines += statement(f"{place}, _ = ", call("label_places", place, *apart))
    return lines


def as_they_are(data: DataDef, outputs: Sequence[OutputSpec]) -> DataDef:
    """The data with targets that are taken as the source has them marked as no class indices."""
    alone = len(outputs) == 1
    made = {entry.name for entry in column_steps(data)}
    whole = {
        name
        for output in outputs
        for name, column in data.target.items()
        if (alone or name == output.name)
        and output.labels.coding in ("one_hot", "multi_hot")
        and column not in made
    }
    task = {name: AS_THEY_ARE if name in whole else task for name, task in data.task.items()}
    return replace(data, task=task)
