"""The progress of a training in a terminal: one bar for the whole training, drawn in place.

This room owns the drawing. What it says stands in `state`.

Decisions:
- Rich draws in place, and lets what others print meanwhile scroll above the bar. It starts no
  thread for that: what is shown changes where the training reports, and when it ends.
- The cursor stays visible: a process that is killed could not bring it back.
- A line is never wider than the terminal: first the batch is left out, then the bar, and figures
  that do not fit.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.text import Text

from kerasgen.run.listeners.progress.lines import LABEL
from kerasgen.run.listeners.progress.state import Progress

INTERVAL = 0.1
"""Seconds between two drawings."""

_BAR = range(10, 41)
"""Columns that the bar may have."""

_GAP = "  "


class TerminalBar:
    """Draws a training's progress on stdout until it ends.

    Args:
        progress: what is drawn.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._next = 0.0
        # What `isatty` and the terminal's kind say is known to who chose this form.
        console = Console(
            file=sys.stdout,
            force_terminal=True,
            force_jupyter=False,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=False,
        )
        self._live = Live(
            get_renderable=lambda: self,
            console=console,
            auto_refresh=False,
            redirect_stderr=sys.stderr.isatty(),
            vertical_overflow="crop",
        )
        self._live.start()
        console.show_cursor(True)
        self.show()

    def show(self) -> None:
        """Draws what has changed, unless that was done a moment ago.

        Raises:
            OSError: stdout cannot take it.
        """
        if time.monotonic() >= self._next:
            self._live.refresh()
            self._next = time.monotonic() + INTERVAL

    def end(self) -> None:
        """Leaves the last state, and the cursor on a line of its own."""
        self._progress.ended = True
        # The streams are given back also where stdout takes nothing more.
        with contextlib.suppress(OSError):
            self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Draws the lines, for a width and a set of characters."""
        width, parts = options.max_width, self._progress.figures
        label = max(LABEL, len(self._progress.title))
        bar = self._bar(f"{self._progress.title:<{label}}", width, ascii_only=options.ascii_only)
        yield Text.assemble(*bar, end="\n")
        for part, figures in parts.items():
            yield Text(_fitting(f"{part:<{label}}", figures, width), no_wrap=True, overflow="crop")

    def _bar(self, title: str, width: int, *, ascii_only: bool) -> list[tuple[str, str]]:
        """The pieces of the first line, each with its style."""
        known = self._progress
        after = _GAP.join([*([known.place] if known.place else []), *known.times])
        room = width - len(title) - len(after) - 2 * len(_GAP)
        if room < _BAR[0]:
            after = _GAP.join(known.times)
            room = width - len(title) - len(after) - 2 * len(_GAP)
        if room < _BAR[0]:
            return [(f"{title}{_GAP}{after}"[:width], "")]
        full, empty = ("#", "-") if ascii_only else ("━", "─")
        size = min(room, _BAR[-1])
        done = round(size * known.part / known.epochs)
        return [
            (f"{title}{_GAP}", ""),
            (full * done, "green"),
            (empty * (size - done), "dim"),
            (f"{_GAP}{after}", ""),
        ]


def _fitting(start: str, figures: list[str], width: int) -> str:
    """A line with as many figures as have room in it, whole ones alone."""
    line = start
    for figure in figures:
        if len(line) + len(_GAP) + len(figure) > width:
            break
        line += _GAP + figure
    return line
