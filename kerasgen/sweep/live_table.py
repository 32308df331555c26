"""The table of a sweep in a terminal: what runs, how far it is, what is best, how long it takes.

This room owns the drawing. What it tells it takes from `sweep.progress` and from the files of the
runs, as somebody at another terminal could. It must not know how jobs run.

Decisions:
- It is drawn when the schedule looks at its jobs, and has no thread of its own.
- Lines about jobs that have begun and ended go by above it, as they would without it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kerasgen.foreign.printable import shown
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.file_names import HISTORY
from kerasgen.record.read import read_history
from kerasgen.sweep.job_source import PlannedJob
from kerasgen.sweep.progress import Standing, SweepLines, duration

_PAUSE = 0.5
"""Seconds between two drawings."""

_MOST = 20
"""Running jobs that are shown."""


class SweepTable(SweepLines):
    """Draws the table below the lines.

    Args:
        total: how many jobs there are, None where they are drawn one by one.
        at_a_time: how many run at a time.
        console: where it is drawn, None for this process's output.
    """

    def __init__(
        self, total: int | None = None, at_a_time: int = 1, console: Console | None = None
    ) -> None:
        super().__init__(total, at_a_time)
        self._live = Live(
            console=console or Console(file=sys.stdout), auto_refresh=False, transient=True
        )
        self._newest: dict[Path, tuple[int, Mapping[str, float]]] = {}

    def __enter__(self) -> SweepTable:
        self._live.start()
        return self

    def close(self) -> None:
        """Takes the table away; the lines stay."""
        self._live.stop()

    def begun(self, job: PlannedJob, console: Path | None) -> None:
        """The table shows the job."""
        if console is None:
            super().begun(job, console)

    def tell_all(self) -> None:
        """The table says it."""

    def look(self, running: Sequence[Standing]) -> float | None:
        """Draws the jobs that run."""
        self._live.update(self._table(running), refresh=True)
        return _PAUSE

    def _table(self, running: Sequence[Standing]) -> Table:
        table = Table.grid(padding=(0, 2))
        for each in running[:_MOST]:
            row = self._row(each.job.folder)
            epoch = "starts"
            if row:
                of = "" if each.epochs is None else f"/{each.epochs}"
                epoch = f"epoch {int(row['epoch'])}{of}"
            cells = (each.job.title, epoch, _figure(row), duration(each.seconds))
            table.add_row(*(Text(shown(cell), no_wrap=True) for cell in cells))
        if len(running) > _MOST:
            table.add_row(Text(f"and {len(running) - _MOST} more"))
        whole = Table.grid()
        whole.add_row(table)
        waiting = ""
        if self.tally.total is not None:
            count = self.tally.total - self.tally.ended - len(running)
            waiting = f"; {count} waiting" if count > 0 else ""
        far = self.tally.text([each.seconds for each in running])
        whole.add_row(Text(shown(f"{far}{waiting}"), style="bold"))
        return whole

    def _row(self, folder: Path) -> Mapping[str, float]:
        """The figures of a run's newest epoch; its file is read when it has changed."""
        try:
            changed = (folder / HISTORY).lstat().st_mtime_ns
            known = self._newest.get(folder)
            if known is None or known[0] != changed:
                rows = read_history(folder)
                known = self._newest[folder] = (changed, rows[-1] if rows else {})
        except (OSError, ForeignFileError):
            return {}
        return known[1]


def _figure(row: Mapping[str, float]) -> str:
    """The figure of an epoch that tells most: one of the validation that is not a loss."""
    names = [name for name in row if name != "epoch"]
    chosen = next(
        (name for name in names if name.startswith("val_") and not name.endswith("loss")),
        next((name for name in names if name == "val_loss"), next(iter(names), None)),
    )
    return "" if chosen is None else f"{chosen} {row[chosen]:.4g}"
