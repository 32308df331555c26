"""The progress of a training in a notebook: an output that is replaced in place.

This room owns its form as HTML and as text. What it says stands in `state`.

Decisions:
- It asks IPython alone, which a kernel has: no widgets, so that nothing needs to be installed, and
  a notebook that is kept shows the last state to whoever opens it.
"""

from __future__ import annotations

import sys
import time
from html import escape
from typing import Any, Protocol, cast

from kerasgen.run.listeners.progress.state import Progress

INTERVAL = 0.25
"""Seconds between two states: each is a message to the browser."""


class _Handle(Protocol):
    """An output of a notebook, as IPython gives it."""

    def update(self, content: dict[str, str], *, raw: bool) -> None:
        """Puts something else in its place."""


class NotebookBar:
    """Shows a training's progress as the output of a cell.

    Args:
        progress: what is shown.
    """

    def __init__(self, progress: Progress) -> None:
        from IPython.display import display

        self._progress = progress
        self._next = time.monotonic() + INTERVAL
        shown = display(self._content(), raw=True, display_id=True)
        self._handle = cast("_Handle", shown)

    def show(self) -> None:
        """Shows what has changed, unless that was done a moment ago."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + INTERVAL
            self._handle.update(self._content(), raw=True)

    def end(self) -> None:
        """Leaves the last state."""
        self._progress.ended = True
        self._handle.update(self._content(), raw=True)

    def _content(self) -> dict[str, str]:
        known = self._progress
        words = [*([known.place] if known.place else []), *known.times]
        rows = known.figures
        text = [", ".join([known.title, *words])]
        text += [f"{part}: {', '.join(figures)}" for part, figures in rows.items()]
        html = [
            f'<div>{known.title} <progress max="{known.epochs}" value="{known.part:.4f}">'
            f"</progress> {escape(', '.join(words))}</div>"
        ]
        html += [f"<div>{part}: {escape(', '.join(values))}</div>" for part, values in rows.items()]
        return {"text/plain": "\n".join(text), "text/html": "".join(html)}


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython: Any = sys.modules.get("IPython")
    if ipython is None or "ipykernel" not in sys.modules:
        return False
    shell = ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None
