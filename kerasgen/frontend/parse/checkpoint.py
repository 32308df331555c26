"""Parsing `fit.checkpoint`: how often the state of a training is kept."""

from __future__ import annotations

import re

from kerasgen.diagnostics import Sink, describe, did_you_mean
from kerasgen.frontend.sections import read_record
from kerasgen.ir.program import CheckpointDef
from kerasgen.ir.values import Tree

_UNITS = ("epoch", "epochs", "step", "steps", "minute", "minutes")


def parse_checkpoint(value: Tree, path: str, sink: Sink) -> CheckpointDef | None:
    """Parses a mapping, or `1 epoch` and the like for its key `every`; null is never."""
    if value is None:
        return None
    if value is False:
        sink.report(
            "KG204",
            f"`{path}` is false, expected null",
            key=path,
            help="write `null`: no state is kept",
        )
        return None
    if isinstance(value, str):
        value = {"every": value}
    return read_record(CheckpointDef, value, path, sink, converters={"every": _every})


def _every(value: Tree, path: str, sink: Sink) -> str:
    """A number and what is counted."""
    found = re.fullmatch(
        r"\s*([1-9]\d{0,8})\s+([a-z]+)\s*", value if isinstance(value, str) else ""
    )
    if found is not None and found[2] in _UNITS:
        return f"{found[1]} {found[2]}"
    near = did_you_mean(found[2], _UNITS) if found is not None else None
    sink.report(
        "KG204",
        f"`every` is {describe(value)}, expected a number of epochs, steps or minutes",
        key=path,
        help=near or "write `1 epoch`, `500 steps` or `10 minutes`",
    )
    return ""
