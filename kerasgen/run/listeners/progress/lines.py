"""The progress of a training in a file or a pipe: a line an epoch.

This room owns the form of the line. What it says stands in `state`.
"""

from __future__ import annotations

from kerasgen.run.listeners.progress.state import Progress

LABEL = 10
"""Columns of what stands in front of a line: the name of a step, or the epoch."""

WIDTH = 86
"""Columns of a step's line, between its name and its seconds."""


def epoch_line(progress: Progress, seconds: float) -> str:
    """The line of an epoch that is finished: its figures, what it took, and what is left.

    Nothing of it is cut: a file has no width.
    """
    parts = progress.figures
    training = ", ".join(parts.get("training", ()))
    validation = ", ".join(parts.get("validation", ()))
    text = f"{training}; validation: {validation}" if validation else training
    title = f"epoch {progress.done:>{len(str(progress.epochs))}}/{progress.epochs}"
    left = f"  {progress.left}" if progress.left else ""
    width = WIDTH - max(0, len(title) - LABEL)
    return f"{title:<{LABEL}}  {text:<{width}}  {seconds:7.2f} s{left}"
