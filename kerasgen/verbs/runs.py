"""The listing of recorded runs: as a table for people, as plain data for machines.

This room owns which runs are listed and how a line of the table is made. How runs are read and
chosen stands in `record.runs` and `run_selection`.

Decisions:
- A table too wide for the terminal loses columns, the least telling first; a wrapped line would
  be harder to read than a shorter one.
- Names and folders come from files that anybody may have written; characters that could steer a
  terminal are escaped.
"""

from __future__ import annotations

import csv
import io
import math
import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import shown
from kerasgen.record.files import plain
from kerasgen.record.runs import PARTS, RunEntry, read_runs
from kerasgen.session.run_selection import (
    choose_runs,
    metric,
    metric_names,
    named_values,
    parse_filters,
    sort_runs,
)

MOST_METRICS = 3
"""Metrics that a table shows of themselves."""

MOST_NAME = 32
"""Width at which a name is cut."""

LEAST_RUN = 12
"""Width below which the folder of a run is not cut."""

_GAP = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of the table: the higher its rank, the earlier it is left out."""

    head: str
    cells: tuple[str, ...]
    rank: int
    right: bool = False

    @property
    def width(self) -> int:
        return max(_width(text) for text in (self.head, *self.cells))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The runs that are listed.

    Attributes:
        runs: the runs, in their order.
        columns: name of a column that was asked for to what stands in it, run by run.
    """

    runs: Sequence[RunEntry]
    columns: Mapping[str, Sequence[Sequence[object]]]


def list_runs(
    root: Path,
    *,
    filters: Sequence[str] = (),
    sort: str | None = None,
    limit: int | None = None,
    columns: Sequence[str] = (),
    sink: Sink,
) -> Listing:
    """The recorded runs below a folder that fulfill some conditions.

    Args:
        root: the folder of all runs.
        filters: conditions as in `backend=jax` or `test_accuracy>0.9`, all to be fulfilled.
        sort: name to sort by, after a minus for the largest first; None for the newest first.
        limit: most runs to list, at least 0; None for all.
        columns: names of the columns that are wanted, none for the usual ones.
        sink: gets a warning for each run that cannot be read (KG606), and wrong filters and
            orders (KG107, KG607).

    Raises:
        CompileError: a filter or the order cannot be used.
    """
    conditions = parse_filters(filters, sink)
    everything = read_runs(root, sink)
    runs = choose_runs(everything, conditions, sink)
    if sort is not None:
        runs = sort_runs(runs, sort, sink, among=everything)
    runs = runs if limit is None else runs[:limit]
    values = named_values(runs, columns, sink, among=everything)
    return Listing(runs=runs, columns=dict(zip(columns, values, strict=True)))


def render_runs(
    entries: Sequence[RunEntry],
    *,
    metrics: Sequence[str] = (),
    named: Mapping[str, Sequence[Sequence[object]]] | None = None,
    width: int | None = None,
) -> str:
    """A table of runs, one a line.

    Args:
        entries: the runs, in this order.
        metrics: metrics to show before those that the table chooses.
        named: the columns that are shown, the run before them; None for the usual ones.
        width: most columns of text, None for those of the terminal; not bounded without one.

    Returns:
        The text, without a newline at the end.
    """
    if not entries:
        return "no runs"
    width = _terminal_width() if width is None else width
    columns = _named_columns(entries, named) if named else _columns(entries, metrics)
    while width is not None and _total(columns) > width and len(columns) > 2:
        columns.remove(max(columns, key=lambda column: column.rank))
    if width is not None and _total(columns) > width:
        room = max(columns[0].width - (_total(columns) - width), LEAST_RUN)
        cut = tuple(_cut_start(cell, room) for cell in columns[0].cells)
        columns[0] = _Column(head=columns[0].head, cells=cut, rank=0)
    padded = []
    for column in columns:
        room = column.width
        padded.append([_padded(text, room, column.right) for text in (column.head, *column.cells)])
    return "\n".join(_GAP.join(line).rstrip() for line in zip(*padded, strict=True))


def runs_csv(listing: Listing, sink: Sink) -> str:
    """The runs as CSV, one a line: the columns that were asked for, or the usual ones.

    Args:
        listing: the runs.
        sink: gets configs that cannot be read.

    Returns:
        The text, with a newline at the end; figures as exact as the record has them.
    """
    columns = table_columns(listing, sink)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([shown(name) for name in columns])
    for cells in zip(*columns.values(), strict=True):
        writer.writerow([" ".join(shown(str(plain(value))) for value in cell) for cell in cells])
    return text.getvalue()


def table_columns(listing: Listing, sink: Sink) -> Mapping[str, Sequence[Sequence[object]]]:
    """The columns that were asked for, or the usual ones and all metrics.

    Args:
        listing: the runs.
        sink: gets configs that cannot be read.
    """
    if listing.columns:
        return listing.columns
    runs = listing.runs
    names = [*_USUAL, *metric_names(runs)]
    # No run need have an option of data, and none of their configs is read for it.
    asked = [name for name in names if name != "data"]
    found = dict(zip(asked, named_values(runs, asked, sink, among=runs), strict=True))
    found["data"] = [[option] if (option := _data(run)) else [] for run in runs]
    return {name: found[name] for name in names}


def runs_json(entries: Sequence[RunEntry]) -> list[dict[str, object]]:
    """The runs as plain data for machines: their records, with `id`, `folder`, status and tags."""
    return [
        {"id": run.id, "folder": str(run.folder)}
        | plain(run.fields)
        | {"status": run.status, "tags": list(run.tags)}
        for run in entries
    ]


_USUAL = ("run", "status", "name", "tags", "data", "backend", "started", "seconds", "epochs")
"""The columns of a CSV before those of the metrics."""


def _named_columns(
    entries: Sequence[RunEntry], named: Mapping[str, Sequence[Sequence[object]]]
) -> list[_Column]:
    """The columns that were asked for; the last ones are left out first."""
    columns = [_Column(head="run", cells=tuple(shown(run.id) for run in entries), rank=0)]
    for rank, (name, values) in enumerate(named.items(), 1):
        if name in ("run", "id"):
            continue
        cells = tuple(" ".join(map(_value_text, cell)) or "-" for cell in values)
        numbers = all(isinstance(value, int | float) for cell in values for value in cell)
        columns.append(_Column(head=shown(name), cells=cells, rank=rank, right=numbers))
    return columns


def _value_text(value: object) -> str:
    if isinstance(value, float):
        return _figure(value)
    return _cut_end(shown(str(value)), MOST_NAME)


def _columns(entries: Sequence[RunEntry], metrics: Sequence[str]) -> list[_Column]:
    def column(head: str, rank: int, cells: Sequence[str], right: bool = False) -> _Column:
        return _Column(head=head, cells=tuple(cells), rank=rank, right=right)

    columns = [
        column("run", 0, [shown(run.id) for run in entries]),
        column("status", 1, [shown(run.status) for run in entries]),
        column("name", 4, [_cut_end(shown(run.name), MOST_NAME) for run in entries]),
        column("tags", 5, [shown(" ".join(run.tags)) for run in entries]),
        column("data", 6, [shown(_data(run)) for run in entries]),
        column("backend", 7, [shown(run.backend or "-") for run in entries]),
        column("started", 8, [_started(run) for run in entries]),
        column("seconds", 9, [_seconds(run) for run in entries], right=True),
        column("epochs", 10, [_epochs(run) for run in entries], right=True),
    ]
    ranks = [2, 3, *range(11, 11 + len(metrics) + MOST_METRICS)]
    for rank, name in zip(ranks, _shown_metrics(entries, metrics), strict=False):
        cells = [_figure(metric(run, name)) for run in entries]
        columns.append(column(shown(name), rank, cells, right=True))
    return [column for column in columns if column.rank < 2 or any(column.cells)]


def _shown_metrics(entries: Sequence[RunEntry], metrics: Sequence[str]) -> list[str]:
    """The metrics of the first part that any run has been measured on, loss first."""
    part = next((part for part in PARTS if any(run.metrics.get(part) for run in entries)), "")
    main = [name for name in metric_names(entries) if part and name.startswith(f"{part}_")]
    return list(dict.fromkeys([*metrics, *main[:MOST_METRICS]]))


def _data(run: RunEntry) -> str:
    """The option of the group `data`, empty where the record tells none."""
    choices = run.fields.get("choices")
    option = choices.get("data") if isinstance(choices, Mapping) else None
    return option if isinstance(option, str) else ""


def _started(run: RunEntry) -> str:
    return run.started.strftime("%Y-%m-%d %H:%M:%S") if run.started else "-"


def _seconds(run: RunEntry) -> str:
    return "-" if run.seconds is None else f"{run.seconds:.1f}"


def _epochs(run: RunEntry) -> str:
    """The finished epochs, behind the one whose weights were kept where that is not the last."""
    if run.epochs is None:
        return "-"
    weights = run.fields.get("weights")
    if not isinstance(weights, Mapping) or weights.get("set_by") is None:
        return str(run.epochs)
    kept = weights.get("epoch")
    return f"{kept if type(kept) is int else '-'}/{run.epochs}"


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return "NaN" if math.isnan(value) else f"{value:.4g}"


def _total(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + len(_GAP) * (len(columns) - 1)


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _width(text: str) -> int:
    """Columns that a text takes on a terminal: two for East Asian signs, none for accents."""
    if text.isascii():
        return len(text)
    marks = sum(unicodedata.category(sign) in ("Mn", "Me") for sign in text)
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - marks


def _cut_end(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    while _width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _cut_start(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    while _width(text) > width - 1:
        text = text[1:]
    return "…" + text


def _terminal_width() -> int | None:
    """The width of the terminal that reads standard output, None where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
