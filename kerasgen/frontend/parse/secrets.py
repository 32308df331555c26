"""Passwords in a config are refused: what stands in one is recorded, shown and shared.

This room owns which arguments of a source hold a password; what an address with one looks like
stands in `foreign.passwords`. It must not show one: a mistake is told by its key alone, without the
line in which it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.foreign.passwords import MARK, is_address_with_password, without_passwords
from kerasgen.frontend.compose.resolvers import SECRET_KEYS, environment_name
from kerasgen.frontend.grammar import join

_SOURCE = "data.source"


def refuse_passwords(arguments: Mapping[str, object], path: str, sink: Sink) -> None:
    """Reports passwords that are written out, in the arguments of a data source.

    Args:
        arguments: the arguments as they were written.
        path: key path of the source.
        sink: gets the mistakes, which show nothing of a password.
    """
    for name, value in arguments.items():
        key = join(path, name)
        if problem := _problem(name, value):
            _refuse(problem, SourceLocation(key=key), sink)


def refuse_typed_passwords(overrides: Sequence[str], sink: Sink) -> None:
    """Reports passwords that are typed for a sweep, whose jobs are called by what is typed.

    For a data source a mistyped address counts, and its password; for other keys what records mask.
    """
    for text in overrides:
        typed, _, value = text.partition("=")
        key = typed.lstrip("+~")
        path, _, name = key.rpartition(".")
        found = value.strip("'\"") if name in SECRET_KEYS else value
        problem = _problem(name, found) if path == _SOURCE else ""
        if not problem and without_passwords(value) != value:
            problem = f"the address in `{name or key}` holds a password"
        if problem:
            _refuse(problem, SourceLocation(key=key, override=f"{typed}={MARK}"), sink)


def _problem(name: str, value: object) -> str:
    """What is wrong with an argument of a data source; empty for nothing."""
    if name in SECRET_KEYS:
        return "" if value is None or environment_name(value) else f"`{name}` is written out"
    if any(is_address_with_password(text) for text in _texts(value)):
        return f"the address in `{name}` holds a password"
    return ""


def _refuse(problem: str, place: SourceLocation, sink: Sink) -> None:
    sink.report_at(
        "KG520",
        f"{problem}, and a config is recorded and shown",
        location=place,
        help="leave it out, and name the variable of the environment that holds it: "
        "`data.source.password='${oc.env:NAME}'`",
    )


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value if isinstance(value, list | tuple) else ()
    return [item for item in items if isinstance(item, str)]
