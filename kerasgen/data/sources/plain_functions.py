"""Sources as their plain functions: how one is called, and what is said of what it raises.

This room owns the way from a source's arguments to the call of its function in `kerasgen.runtime`,
which an ejected script makes too, and from `DataError` to a diagnostic with a place. It must not
know what a function reads.

Decisions:
- Arguments that have their defaults are left out, so that a script says no more than its config.
- A run reads all columns where a source has nothing but its function, so that messages can name
  those that there are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasgen.data.sources.files import find_path, readable
from kerasgen.data.table import Source, Table, argument_key, chosen
from kerasgen.diagnostics import Sink
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.source_call import SourceCall

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def call_with_fields(
    function: Callable[..., Any], source: DataclassInstance, *indexed: str
) -> SourceCall:
    """How a source is read by a function that takes its arguments by their names.

    Args:
        function: the function; it may take fewer arguments than the source has.
        source: the source, whose fields are its arguments.
        indexed: columns whose labels are class indices already.
    """
    taken = inspect.signature(function).parameters
    every = any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())
    arguments = {}
    for field in fields(source):
        value = getattr(source, field.name)
        default = None if field.default is MISSING else field.default
        required = field.default is MISSING
        if (every or field.name in taken) and (required or value != default):
            arguments[field.name] = value
    paths = tuple(name for name in getattr(source, "PATHS", ()) if name in arguments)
    return SourceCall(
        function=function, arguments=arguments, paths=paths, indexed=frozenset(indexed)
    )


def read_plainly(source: Source, wanted: frozenset[str] | None, sink: Sink) -> Table:
    """Reads a source that has nothing but its plain function; see `table.Source`.

    Args:
        source: the source.
        wanted: the columns that will be used, None for all.
        sink: gets every mistake.

    Raises:
        CompileError: KG501, a file cannot be read; KG502, what it holds cannot be used.
    """
    plain = source.plain_call()
    for name in plain.paths:
        find_path(str(plain.arguments[name]), name, sink)
    with telling(sink), readable(_paths(plain), next(iter(plain.paths), "class"), sink):
        columns, given = plain.function(**plain.arguments)
    names = tuple(columns)
    return Table(
        columns={name: columns[name] for name in chosen(names, wanted)}, names=names, given=given
    )


class Told(NamedTuple):
    """How an error is told.

    Attributes:
        code: the code of the diagnostic.
        argument: the argument at which it is told, None for the one that the error is about.
        help: what may help.
    """

    code: str = "KG502"
    argument: str | None = None
    help: str | None = None


@contextmanager
def telling(sink: Sink, forms: Mapping[str, Told] | None = None) -> Iterator[None]:
    """Turns a `DataError` raised inside into a diagnostic.

    Args:
        sink: gets the mistake.
        forms: what an error is about to how it is told, where that is not KG502 at that argument.

    Raises:
        CompileError: something cannot be used.
    """
    try:
        yield
    except DataError as error:
        code, argument, text = (forms or {}).get(error.about, Told())
        raise sink.fail(
            code, str(error), key=argument_key(argument or error.about), help=text
        ) from error


def _paths(plain: SourceCall) -> str:
    return ", ".join(str(plain.arguments[name]) for name in plain.paths)
