"""Passwords in a config are refused: what stands in one is recorded, shown and shared.

This room owns which arguments of a source hold a password; what an address with one looks like
stands in `foreign.passwords`. It must not show one: a mistake is told by its key alone, without the
line in which it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.foreign.passwords import is_address_with_password
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
        if name in SECRET_KEYS:
            if value is not None and environment_name(value) is None:
                _refuse(f"`{name}` is written out", key, sink)
        elif any(is_address_with_password(text) for text in _texts(value)):
            _refuse(f"the address in `{name}` holds a password", key, sink)


def refuse_typed_passwords(overrides: Sequence[str], sink: Sink) -> None:
    """Reports passwords that are typed on the command line for a data source, swept ones too."""
    for text in overrides:
        key, _, value = text.lstrip("+~").partition("=")
        path, _, name = key.rpartition(".")
        if path == _SOURCE:
            found = value.strip("'\"") if name in SECRET_KEYS else value
            refuse_passwords({name: found}, path, sink)


def _refuse(problem: str, key: str, sink: Sink) -> None:
    sink.report_at(
        "KG520",
        f"{problem}, and a config is recorded and shown",
        location=SourceLocation(key=key),
        help="leave it out, and name the variable of the environment that holds it: "
        "`data.source.password='${oc.env:NAME}'`",
    )


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value if isinstance(value, list | tuple) else ()
    return [item for item in items if isinstance(item, str)]
