"""Which columns a script holds: what its `load_data` reads, and which of them are labels.

This room owns what every kind of data source shares in a script. It must not know how any of them
is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kerasgen.catalog.entries import ClassEntry
from kerasgen.emit.script.code import (
    Code,
    call,
    mapped,
    statement,
    string,
)
from kerasgen.ir.data import DataDef
from kerasgen.ir.schema import ALL
from kerasgen.ir.values import ObjectDef
from kerasgen.ir.walks import references_in
from kerasgen.passes.columns import column_name, column_steps
from kerasgen.passes.ends import OutputSpec

MATRIX = "features"
"""The column of a table that goes into the model as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContext:
    """What a source's text depends on besides its arguments.

    Attributes:
        data: the data group.
        names: the columns of a source whose columns are known, empty for others.
        classes: output name to number of classes, None where that is not known.
        given: whether the split asks for parts that the source gives.
        own: the catalog's entry of the source, which tells one's own from the shipped ones.
    """

    data: DataDef
    names: tuple[str, ...]
    classes: Mapping[str, int | None]
    given: bool
    own: ClassEntry | None = None


def label_columns(data: DataDef) -> dict[str, str]:
    """The columns that hold class indices once they are loaded, to an output that they serve.

    A target that comes one-hot, or with several labels a row, is none: a script is told by a task
    of its own (`as_they_are`).
    """
    labels: dict[str, str] = {}
    for output, column in data.target.items():
        steps = [entry for entry in column_steps(data) if entry.name == column]
        if data.task.get(output) == "classification" and all(
            isinstance(entry.definition, ObjectDef)
            and entry.definition.cls == "CategoryEncoding"
            and column in [column_name(reference) for reference in references_in(entry.takes)]
            for entry in steps
        ):
            labels.setdefault(column, output)
    return labels


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
    task = {name: "as_they_are" if name in whole else task for name, task in data.task.items()}
    return replace(data, task=task)


def used_columns(data: DataDef) -> list[str] | None:
    """The columns that a source must read, None for all."""
    used = [*(c for names in data.features.values() for c in names), *data.target.values()]
    if ALL in used:
        return None
    made = {entry.name for entry in column_steps(data)}
    taken = [column_name(r) for entry in column_steps(data) for r in references_in(entry.takes)]
    found = dict.fromkeys([*(name for name in used if name not in made), *taken])
    earlier = made - {name for name in taken if _is_source_column(name, data)}
    return [name for name in found if name not in earlier]


def _is_source_column(name: str, data: DataDef) -> bool:
    """Whether a column that a step makes is also the source's: a step that takes itself."""
    for entry in column_steps(data):
        takes = [column_name(reference) for reference in references_in(entry.takes)]
        if name in takes:
            return True
        if entry.name == name:
            return False
    return True


def finished_lines(context: SourceContext, columns: Mapping[str, Code], given: str) -> list[str]:
    """The last lines of `load_data`, for columns that are written as one dictionary."""
    code: Code = mapped(columns)
    if not context.given:
        return statement("return ", code)
    return [
        *statement("columns = ", code),
        *statement("given = ", given),
        "    return columns, given",
    ]


def label_lines(context: SourceContext, *, besides: str | None = None) -> list[str]:
    """The lines that make class indices of labels of whatever kind, one column left out."""
    lines = []
    for column, output in label_columns(context.data).items():
        if column == besides:
            continue
        place = f"columns[{string(column)}]"
        classes = context.classes.get(output)
        labels = call("index_labels", place, *([] if classes is None else [str(classes)]))
        lines += statement(f"{place} = ", labels)
    return lines


def closing_lines(columns: Code, later: Sequence[str]) -> list[str]:
    """The last lines of `load_data`: the columns, and what is done to them in place."""
    if not later:
        return statement("return ", columns)
    return [*statement("columns = ", columns), *later, "    return columns"]
