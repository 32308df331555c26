"""Parsing of what a forecast says beside other data: time, series, windows, and lists of targets.

This room owns the syntax of these keys, and what they need of each other. It must not open data.

Decisions:
- `windows` make a forecast: `task: auto` is one beside them.
- A list of targets is one target with a number for each: a column that a step stacks, which is
  called `targets`, and behind it what the output is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kerasgen.diagnostics import Sink, describe
from kerasgen.frontend.grammar import join
from kerasgen.frontend.parse.columns import parse_words
from kerasgen.frontend.sections import read_record
from kerasgen.ir.data import AUTO, SplitDef, WindowsDef
from kerasgen.ir.model import Entry, TensorRef
from kerasgen.ir.values import ObjectDef, Tree

FORECASTING = "forecasting"
"""The task of a forecast."""

_NUMBERS = (FORECASTING, "regression", "multilabel", AUTO)
"""Tasks whose target may be a list of columns, a number a row each; `auto` is one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedTargets:
    """Targets of which some are lists of columns.

    Attributes:
        target: output to the column that it is trained on.
        steps: what joins the columns of the lists.
        joined: the columns that these make, to those that they join.
    """

    target: Mapping[str, str]
    steps: tuple[Entry, ...] = ()
    joined: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesKeys:
    """What says how rows are series; as in `DataDef`."""

    time: str = ""
    series: str = ""
    windows: WindowsDef | None = None


def parse_series(section: Mapping[str, Tree], sink: Sink) -> SeriesKeys:
    """Parses `time`, `series` and `windows` of the data group."""
    names = {key: _column(section.get(key), f"data.{key}", sink) for key in ("time", "series")}
    written = section.get("windows")
    windows = None
    if written is not None:
        if isinstance(written, Mapping) and "length" not in written:
            sink.report(
                "KG203",
                "`windows` has no `length`",
                key="data.windows",
                at="key",
                help="write how many rows go in, and how many are forecast: "
                "`windows: {length: 24, horizon: 12}`",
            )
        else:
            windows = read_record(
                WindowsDef, written, "data.windows", sink, converters={"known": _known}
            )
    return SeriesKeys(**names, windows=windows)


def settled_tasks(task: Mapping[str, str], keys: SeriesKeys) -> dict[str, str]:
    """The tasks by output, where windows say what is left open."""
    forecast = keys.windows is not None
    return {name: FORECASTING if forecast and one == AUTO else one for name, one in task.items()}


def check_forecast(task: Mapping[str, str], keys: SeriesKeys, split: SplitDef, sink: Sink) -> None:
    """Holds the task against the keys that make a forecast, and the other way round."""
    tasks = set(task.values())
    if keys.windows is None:
        if FORECASTING in tasks:
            sink.report(
                "KG203",
                "forecasting needs `windows`",
                key="data.task",
                help="write how many rows go in, and how many are forecast: "
                "`windows: {length: 24, horizon: 12}`",
            )
        elif keys.series:
            sink.report(
                "KG204",
                "`series` is given, and there are no `windows`",
                key="data.series",
                help="series are for a forecast: write `windows`, or take `series` out",
            )
        return
    if not tasks <= {FORECASTING}:
        other = next(one for one in task.values() if one != FORECASTING)
        sink.report(
            "KG204",
            f"the task is `{other}`, and `windows` make a forecast",
            key="data.task",
            help="write `task: forecasting`, or take `windows` out",
        )
    elif not keys.time:
        sink.report(
            "KG203",
            "forecasting needs `time`, the column that orders the rows",
            key="data.time",
            at="key",
            help="write `time: month`, or whatever the column is called",
        )
    else:
        _check_split(split, sink)


def _check_split(split: SplitDef, sink: Sink) -> None:
    """Reports what a split says that takes the newest rows of each series."""
    written = {"stratify": split.stratify is True, "fold": split.fold, **split.columns}
    for name, said in written.items():
        if said:
            sink.report(
                "KG204",
                f"`{name}` is given, and a forecast takes the newest rows of each series",
                key=f"data.split.{name}",
                help=f"take `{name}` out",
            )


def join_targets(
    targets: Mapping[str, tuple[str, ...]], task: Mapping[str, str], sink: Sink
) -> JoinedTargets:
    """Makes one column of each list of targets; reports lists where no numbers are learned.

    Args:
        targets: output to its columns.
        task: output to its task.
        sink: gets every mistake.
    """
    target: dict[str, str] = {}
    joined: dict[str, tuple[str, ...]] = {}
    steps: list[Entry] = []
    for output, columns in targets.items():
        if len(columns) == 1:
            target[output] = columns[0]
            continue
        key = join("data.target", output) if output else "data.target"
        if task.get(output) not in _NUMBERS:
            sink.report(
                "KG204",
                f"`{key}` is a list, expected one column or a mapping",
                key=key,
                help="name the output of each: `target: {digit: label, odd: odd}`; a list is for "
                f"numbers (`task: regression`, `{FORECASTING}`) and for labels (`multilabel`)",
            )
            continue
        name = f"targets_{output}" if output else "targets"
        stack = ObjectDef(cls="ops.stack", arguments={"axis": -1}, path=key)
        takes = tuple(TensorRef(name=column, path=key) for column in columns)
        steps.append(Entry(name=name, definition=stack, takes=takes, path=key))
        target[output], joined[name] = name, columns
    return JoinedTargets(target=target, steps=tuple(steps), joined=joined)


def _known(value: Tree, path: str, sink: Sink) -> tuple[str, ...]:
    return () if value == [] else parse_words(value, path, sink) or ()


def _column(value: Tree, path: str, sink: Sink) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not value:
        sink.report(
            "KG204", f"`{path}` is {describe(value)}, expected the name of a column", key=path
        )
        return ""
    return value
