"""The data sources that a config may name.

This room owns their list and how a source is made of its config entry. What a source does stands
in its own module. Registered sources of one's own stand in the list as well; they are checked as
Keras's classes are, by the catalog, before they are made.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from kerasgen.catalog.entries import ClassEntry, describe_callable
from kerasgen.data.sources.arrays import Arrays
from kerasgen.data.sources.bundled import KerasDataset, ScikitLearn
from kerasgen.data.sources.csv_table import Csv
from kerasgen.data.sources.hugging_face import HuggingFace
from kerasgen.data.sources.images import ImageFolder
from kerasgen.data.sources.own import OwnSource
from kerasgen.data.sources.sounds import Sounds
from kerasgen.data.sources.table_file import TableFile
from kerasgen.data.sources.texts import Texts
from kerasgen.data.sources.tfds import Tfds
from kerasgen.data.table import Source
from kerasgen.diagnostics import Sink, closest, describe, did_you_mean
from kerasgen.frontend.sections import check_value
from kerasgen.ir.data import DataDef
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.unknown_names import (
    missing_arguments,
    report_missing_argument,
    report_unknown_argument,
)
from kerasgen.registry import registered_parts

SOURCES: Mapping[str, type[Source]] = {
    "ScikitLearn": ScikitLearn,
    "Arrays": Arrays,
    "KerasDataset": KerasDataset,
    "ImageFolder": ImageFolder,
    "Texts": Texts,
    "Sounds": Sounds,
    "HuggingFace": HuggingFace,
    "Tfds": Tfds,
    "Csv": Csv,
    "Table": TableFile,
}
"""Name in a config to source class."""


def source_entries(sources: Mapping[str, Callable[..., Source]] = SOURCES) -> list[ClassEntry]:
    """The sources as catalog entries, for `Catalog.extended`."""
    return [describe_callable(made, name=name, kind="source") for name, made in sources.items()]


def known_sources() -> dict[str, Callable[..., Source]]:
    """The shipped sources and the registered ones; no part may have the name of a shipped one."""
    return {**{part.name: part.target for part in registered_parts() if part.is_source}, **SOURCES}


def source_of(data: DataDef, sources: Mapping[str, Callable[..., Source]], sink: Sink) -> Source:
    """Makes the source of a data group, which is told what is said of its columns.

    Args:
        data: the data group.
        sources: the sources that there are.
        sink: gets every mistake.

    Raises:
        CompileError: as for `make_source`.
    """
    source = make_source(data.source, sources, sink)
    return source.told(data.columns) if isinstance(source, TableFile) else source


def make_source(
    definition: ObjectDef, sources: Mapping[str, Callable[..., Source]], sink: Sink
) -> Source:
    """Makes the source of its config entry.

    Args:
        definition: class and arguments.
        sources: the sources that there are.
        sink: gets every mistake.

    Raises:
        CompileError: the class is not known, or an argument is unknown, missing or of the wrong
            kind.
    """
    made = sources.get(definition.cls)
    if made is None:
        raise sink.fail(
            "KG201",
            f"there is no source `{definition.cls}`",
            key=f"{definition.path}.class",
            help=did_you_mean(definition.cls, sources, listed=20),
        )
    own = next((part for part in registered_parts() if part.target is made), None)
    if own is not None:
        return OwnSource(part=own, arguments=definition.arguments, path=definition.path)
    _check_names(definition, made, sink)
    parameters = inspect.signature(made, eval_str=True).parameters
    for name, value in definition.arguments.items():
        if name in parameters and parameters[name].annotation is not inspect.Parameter.empty:
            hint = parameters[name].annotation
            _check_argument(value, hint, f"{definition.path}.{name}", sink)
    sink.stop_on_errors()
    return made(**definition.arguments)


def _check_names(definition: ObjectDef, made: Callable[..., Source], sink: Sink) -> None:
    found = describe_callable(made, name=definition.cls, kind="source")
    unknown = [name for name in definition.arguments if name not in found.parameters]
    for name in unknown:
        report_unknown_argument(definition, found, name, None, sink)
    missing = missing_arguments(definition, found)
    meant = {closest(name, missing) for name in unknown}
    for name in missing:
        if name not in meant:
            report_missing_argument(definition, name, sink)


def _check_argument(value: Any, hint: Any, path: str, sink: Sink) -> None:
    """Checks a value against its annotation; lists are checked item by item."""
    options = typing.get_args(hint) if typing.get_origin(hint) is not tuple else (hint,)
    lists = [option for option in options if typing.get_origin(option) is tuple]
    if not lists:
        check_value(value, hint, path, sink)
        return
    if (value is None and type(None) in options) or (type(value) is str and str in options):
        return
    item = typing.get_args(lists[0])[0]
    shown = describe(value)
    if isinstance(value, tuple):
        wrong = [part for part in value if type(part) is not item]
        if not wrong:
            return
        shown = f"a list with {describe(wrong[0])}"
    words = {str: "strings", int: "integers"}
    sink.report(
        "KG204",
        f"`{path.rpartition('.')[2]}` is {shown}, expected a list of {words[item]}",
        key=path,
    )
