"""The order of a root config's defaults list: whether it says where the file's own keys come.

This room owns the warning of a list that leaves that to Hydra, which says so in words of its own
and without a place.
"""

from __future__ import annotations

from pathlib import Path

from hydra.plugins.config_source import ConfigResult

from kerasgen.diagnostics import Severity, Sink
from kerasgen.frontend.compose.refused_lines import place_of_defaults


def warn_of_order(result: ConfigResult, file: Path, sink: Sink) -> None:
    """Warns of a defaults list without `_self_` above keys of the file's own.

    Args:
        result: the root config.
        file: its file.
        sink: gets the warning: KG119.
    """
    defaults = result.defaults_list or ()
    chosen = any(not default.is_override() for default in defaults)
    if not chosen or not result.config or any(default.is_self() for default in defaults):
        return
    sink.report_at(
        "KG119",
        "the defaults list has no `_self_`: the file's own keys come last, over all options",
        location=place_of_defaults([file]),
        help="write `- _self_` where its own keys are to come, above `experiment` for one",
        severity=Severity.WARNING,
    )
