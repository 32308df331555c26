"""Recorded runs from Python: one of them, and a table of them.

This room owns what `kerasgen.runs` gives. Which runs are chosen, in which order, and what a name of
a column stands for, says `runs`, as it does for the command line.

Decisions:
- A table is plain rows. pandas is not needed, and not imported but where it is asked for.
- A notebook shows it as HTML in which every text is escaped: records may be a stranger's.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import shown
from kerasgen.record.file_names import HISTORY, RECORD
from kerasgen.record.files import number
from kerasgen.record.read import read_history, read_known_record, required
from kerasgen.registry import trusted
from kerasgen.verbs.runs import list_runs, table_columns

if TYPE_CHECKING:
    from kerasgen.verbs.trained_run import TrainedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A recorded run.

    Attributes:
        folder: its folder.
    """

    folder: Path

    @property
    def record(self) -> Mapping[str, Any]:
        """What its record says.

        Raises:
            CompileError: KG606 or a code of its own, it cannot be read.
        """
        with required(self.folder / RECORD):
            return read_known_record(self.folder)

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """Part of the data to metric to figure, of the saved weights."""
        found = self.record.get("metrics")
        parts = found.items() if isinstance(found, Mapping) else ()
        return {
            part: {n: read for n, value in figures.items() if (read := number(value)) is not None}
            for part, figures in parts
            if isinstance(figures, Mapping)
        }

    @property
    def history(self) -> list[dict[str, float]]:
        """The figures of each epoch.

        Raises:
            CompileError: KG606 or a code of its own, they cannot be read.
        """
        with required(self.folder / HISTORY):
            return read_history(self.folder)

    def load(self, *, trust: Sequence[str] = (), fold: int | None = None) -> TrainedRun:
        """Opens it, to ask its model: `predict`, `evaluate`, `columns`, `classes`.

        Args:
            trust: names of modules whose parts its model may hold.
            fold: which of its folds is opened, from 1; None for a single run.

        Raises:
            CompileError: it has no model, or cannot be read.
        """
        from kerasgen.verbs.load import load_run

        return load_run(self.folder, trusted(trust, str(Path.cwd())), fold=fold)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTable:
    """Recorded runs as a table: rows, columns, and the runs themselves.

    Attributes:
        columns: the names of the columns, `run` first.
        rows: a row a run, by column; None where a run has nothing there.
        folders: the folder of each run.
    """

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...]
    folders: tuple[Path, ...]

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Run]:
        """The runs, in the order of the rows."""
        return (Run(folder=folder) for folder in self.folders)

    def __getitem__(self, place: int) -> Run:
        """The run of a row."""
        return Run(folder=self.folders[place])

    def to_pandas(self) -> Any:
        """The table as a data frame of pandas, with the run as its index.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas

        return pandas.DataFrame(list(self.rows), columns=list(self.columns)).set_index("run")

    def _repr_html_(self) -> str:
        """The table as a notebook shows it."""
        head = "".join(f"<th>{_escaped(name)}</th>" for name in self.columns)
        body = "".join(
            f"<tr>{''.join(f'<td>{_cell(row[name])}</td>' for name in self.columns)}</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def runs(
    *filters: str,
    outputs: Path | str = "outputs",
    sort: str | None = None,
    limit: int | None = None,
    columns: Sequence[str] = (),
) -> RunTable:
    """The recorded runs, the newest first.

        kerasgen.runs("backend=jax", "test_accuracy>0.9", sort="-test_accuracy", limit=5)

    Args:
        filters: conditions as in `kerasgen runs`, all to be fulfilled.
        outputs: the folder of all runs.
        sort: name to sort by, after a minus for the largest first.
        limit: most runs to list, None for all.
        columns: fields, metrics and keys of the config; none for the usual ones and all metrics.

    Returns:
        The table; `runs()[0]` is a run.

    Raises:
        CompileError: a filter, the order or a column cannot be used, or there is no such folder.
    """
    sink = Sink()
    listing = list_runs(
        Path(outputs), filters=filters, sort=sort, limit=limit, columns=columns, sink=sink
    )
    sink.stop_on_errors()
    named = {name: cells for name, cells in table_columns(listing, sink).items() if name != "run"}
    names = ("run", *named)
    rows = tuple(
        {"run": run.id, **{name: _value(cells[place]) for name, cells in named.items()}}
        for place, run in enumerate(listing.runs)
    )
    return RunTable(columns=names, rows=rows, folders=tuple(run.folder for run in listing.runs))


def _value(cell: Sequence[object]) -> object:
    """What a name stands for in a run: nothing, one value, or several."""
    if not cell:
        return None
    return cell[0] if len(cell) == 1 else list(cell)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return _escaped(f"{value:.6g}" if isinstance(value, float) else str(value))


def _escaped(text: str) -> str:
    return html.escape(shown(text))
