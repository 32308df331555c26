"""Overrides on a config that is resolved already: that of a finished run.

This room owns how `key=value` changes such plain data. Options of groups, sweeps and selectors mean
nothing there: no file is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.frontend.compose.config_limits import check_overrides


def overridden(
    config: Mapping[str, Any], overrides: Sequence[str], sections: Sequence[str], sink: Sink
) -> dict[str, Any]:
    """A config with other values.

    Args:
        config: plain data.
        overrides: `key=value`, `+key=value` or `~key`, as for `run.py`.
        sections: the groups that may be changed.
        sink: gets overrides that cannot be read, or change something else.

    Raises:
        CompileError: KG625, there are such; KG902, there are too many, or one is too long.
    """
    check_overrides(overrides)
    changed = dict(config)
    for text in overrides:
        try:
            read = OverridesParser.create().parse_override(text)
        except HydraException:
            _refuse(text, "cannot be read, expected `key=value`", sections, sink)
            continue
        keys = read.key_or_group.split(".")
        if keys[0] not in sections or len(keys) < 2:
            groups = " and ".join(f"`{section}`" for section in sections)
            _refuse(text, f"changes something else than {groups} of the run", sections, sink)
        elif read.is_sweep_override():
            _refuse(text, "is a sweep, and one value is expected", sections, sink)
        else:
            value = None if read.is_delete() else read.value()
            changed = _with(changed, keys, value, gone=read.is_delete())
    sink.stop_on_errors()
    return changed


_EXAMPLES = {"data": "data.source.path=new.csv", "fit": "fit.epochs=30"}


def _refuse(text: str, what: str, sections: Sequence[str], sink: Sink) -> None:
    shown = text if len(text) <= 60 else text[:57] + "..."
    sink.report_at(
        "KG625",
        f"the override {what}",
        SourceLocation(override=shown, column=1, length=len(shown)),
        help=f"write `{_EXAMPLES[sections[0]]}` and the like",
    )


def _with(
    tree: Mapping[str, Any], keys: Sequence[str], value: Any, *, gone: bool
) -> dict[str, Any]:
    key, *rest = keys
    if rest:
        inner = tree.get(key)
        below = inner if isinstance(inner, Mapping) else {}
        return {**tree, key: _with(below, rest, value, gone=gone)}
    if gone:
        return {name: item for name, item in tree.items() if name != key}
    return {**tree, key: value}
