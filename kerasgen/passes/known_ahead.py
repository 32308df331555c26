"""The pass that says which inputs of a forecast are known ahead, and how many rows each looks at.

It owns which columns these are: those that `data.windows.known` names, and what steps make of them
alone. It must not see rows.

Decisions:
- An input that stacks nothing but such columns has the rows of a window and those of its horizon,
  one behind the other. All others have the rows of the window.
- An input of both kinds has no number of rows, and is refused. So is a target: what is forecast is
  not known.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.passes.columns import feature_key, sources_of_made

KEY = "data.windows.known"
"""Where the columns are named."""


def ahead_columns(data: DataDef) -> frozenset[str]:
    """The columns that are known ahead: those that are named, and what is made of them alone."""
    known = frozenset(() if data.windows is None else data.windows.known)
    if not known:
        return known
    made = {name for name, sources in sources_of_made(data).items() if sources <= known}
    replaced = {name for name, sources in sources_of_made(data).items() if not sources <= known}
    return (known | made) - replaced


def window_rows(
    data: DataDef, features: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, int]:
    """Model input to the rows that a sample of it has; empty where each row is a sample.

    Args:
        data: the data group.
        features: model input to its columns; None for those of the group.
    """
    windows = data.windows
    if windows is None:
        return {}
    ahead = ahead_columns(data)
    return {
        name: windows.length + (windows.horizon if ahead.issuperset(columns) else 0)
        for name, columns in (features or data.features).items()
    }


def check_known_ahead(data: DataDef, sink: Sink) -> None:
    """Reports columns that are said to be known ahead and cannot be: KG541.

    Args:
        data: the data group, with `features: all` written out.
        sink: gets every mistake.
    """
    if data.windows is None or not data.windows.known:
        return
    ahead, sources = ahead_columns(data), sources_of_made(data)
    used = {name for columns in data.features.values() for name in columns}
    fed = {source for name in used for source in sources.get(name, {name})}
    targets = {source for name in data.target.values() for source in sources.get(name, {name})}
    for name in data.windows.known:
        if name in targets:
            sink.report("KG541", f"`{name}` is forecast: it is not known ahead", key=KEY)
        elif name not in fed:
            parts = f"'data.columns.{name}={{type: date, parts: [month]}}'"
            sink.report(
                "KG541",
                f"`{name}` is known ahead, and goes into no input",
                key=KEY,
                help=f"parts of a time go in: `{parts}`"
                if name == data.time
                else "name it under `data.features`, or take it out",
            )
    for title, columns in data.features.items():
        inside = [name for name in columns if name in ahead]
        if inside and len(inside) < len(columns):
            other = next(name for name in columns if name not in ahead)
            sink.report(
                "KG541",
                f"the input `{title}` stacks `{inside[0]}`, which is known ahead, with `{other}`, "
                "which is not",
                key=feature_key(data, title),
                help="give what is known ahead an input of its own: "
                "`data.features: {past: […], known: […]}`",
            )
