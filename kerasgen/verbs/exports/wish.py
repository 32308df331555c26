"""What is asked of an export.

This room owns the words in which it is said, and what holds where nobody says anything. Whether it
can be done stands in `refusals`. The command line reads it before it has imported anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TOLERANCE = 1e-4
"""Largest difference of predictions, relative to the larger of 1 and the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWish:
    """What is to be written.

    Attributes:
        form: the name of the format.
        path: the file or folder.
        backend: the backend that writes it; None for the run's own.
        tolerance: how much predictions may differ.
        force: whether what is there is replaced.
        without_preparation: whether the trained model is written without the steps of the data.
    """

    form: str
    path: Path
    backend: str | None = None
    tolerance: float = TOLERANCE
    force: bool = False
    without_preparation: bool = False
