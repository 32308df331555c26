"""Overrides on a config that is resolved already: that of a finished run.

This room owns how `key=value` changes such plain data. Options of groups, sweeps and selectors mean
nothing there: no file is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.frontend.compose.config_limits import check_overrides


def overridden(
    config: Mapping[str, Any],
    overrides: Sequence[str],
    sections: Sequence[str] | None,
    sink: Sink,
) -> dict[str, Any]:
    """A config with other values.

    Args:
        config: plain data.
        overrides: `key=value`, `+key=value` or `~key`, as for `run.py`.
        sections: the groups that may be changed, None for whatever there is.
        sink: gets overrides that cannot be read, or change something else.

    Raises:
        CompileError: KG625, or KG631 where all groups may be changed: there are such; KG902, there
            are too many, or one is too long.
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
        if sections is None and _is_of_a_group(read.key_or_group, config):
            told = f"chooses an option of the group `{read.key_or_group}`: no file is read"
            _refuse(text, told, sections, sink)
        elif sections is not None and (keys[0] not in sections or len(keys) < 2):
            groups = " and ".join(f"`{section}`" for section in sections)
            _refuse(text, f"changes something else than {groups} of the run", sections, sink)
        elif read.is_sweep_override():
            _refuse(text, "is a sweep, and one value is expected", sections, sink)
        else:
            value = None if read.is_delete() else read.value()
            changed = _with(changed, keys, value, gone=read.is_delete())
    sink.stop_on_errors()
    return changed


def read_overrides_of(overrides: Sequence[str]) -> list[Override]:
    """The overrides as Hydra reads them; `overridden` has taken them already."""
    parser = OverridesParser.create()
    return [parser.parse_override(text) for text in overrides]


def _is_of_a_group(key: str, config: Mapping[str, Any]) -> bool:
    """Whether a key stands for a whole group, whose options are files."""
    return "/" in key or "@" in key or isinstance(config.get(key), Mapping)


_EXAMPLES = {"data": "data.source.path=new.csv", "fit": "fit.epochs=30"}


def _refuse(text: str, what: str, sections: Sequence[str] | None, sink: Sink) -> None:
    shown = text if len(text) <= 60 else text[:57] + "..."
    sink.report_at(
        "KG631" if sections is None else "KG625",
        f"the override {what}",
        SourceLocation(override=shown, column=1, length=len(shown)),
        help=f"write `{_EXAMPLES[sections[0]] if sections else 'fit.epochs=30'}` and the like",
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
