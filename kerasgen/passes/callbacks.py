"""What is told of a callback that would fail once it acts in training.

This pass owns the words; which argument is at fault was found out by letting the callback act.
"""

from __future__ import annotations

import string
from collections.abc import Sequence

from kerasgen.catalog.entries import ShapeError
from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.ir.values import ObjectDef

_COUNTERS = ("epoch", "batch")
"""What Keras fills into a path besides the figures."""


def report_failing_callback(
    name: str, callback: ObjectDef, error: ShapeError, figures: Sequence[str], sink: Sink
) -> None:
    """Reports a callback that raises when it acts.

    Args:
        name: its name in the config.
        callback: the callback as written.
        error: what it raises, with the argument at fault.
        figures: the names that an epoch gives.
        sink: gets KG740 for a name that no epoch gives, KG206 for all else.
    """
    argument = error.argument
    value = callback.arguments.get(argument) if argument is not None else None
    place = f"{callback.path}.{argument}" if argument is not None else callback.path
    if argument == "monitor" and isinstance(value, str) and value not in figures:
        sink.report(
            "KG740",
            f"`{name}` monitors `{value}`, and an epoch gives {_shown(figures)}",
            key=place,
            help=did_you_mean(value, figures) or "monitor one of these",
            notes=["Keras ends the training with an error after the first epoch"],
        )
        return
    early = type(callback.arguments.get("save_freq")) is int
    given = [figure for figure in figures if not (early and figure.startswith("val_"))]
    for field in _fields(value):
        if field not in (*_COUNTERS, *given):
            sink.report(
                "KG740",
                f"`{argument}` asks for `{{{field}}}`, and {'a batch' if early else 'an epoch'} "
                f"gives {_shown(given)}",
                key=place,
                help=did_you_mean(field, [*_COUNTERS, *given]) or "write one of these, or `epoch`",
                notes=["Keras ends the training with an error when it fills in the name"],
            )
            return
    sink.report(
        "KG206",
        f"`{callback.cls}` fails in training with these arguments: {error}",
        key=place,
        at="value" if argument is not None else "key",
    )


def _shown(figures: Sequence[str]) -> str:
    return ", ".join(f"`{figure}`" for figure in figures)


def _fields(value: object) -> list[str]:
    """The names in the braces of a text; none where its braces are no such names."""
    if not isinstance(value, str):
        return []
    try:
        return [field for _, field, _, _ in string.Formatter().parse(value) if field is not None]
    except ValueError:
        return []
