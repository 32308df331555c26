"""Comparing two histories of training, bit by bit."""

from __future__ import annotations

import csv
from pathlib import Path
from statistics import median


def read_history(path: Path) -> dict[str, list[float]]:
    """The columns of a history.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def compare_histories(kerasgen: Path, by_hand: Path) -> str:
    """Whether two histories agree in every bit of the figures that both have."""
    ours, theirs = read_history(kerasgen), read_history(by_hand)
    shared = sorted(ours.keys() & theirs.keys() - {"epoch", "seconds"})
    differing = [name for name in shared if ours[name] != theirs[name]]
    epochs = len(ours["epoch"])
    if not differing and epochs == len(theirs["epoch"]):
        return f"histories equal in every bit ({', '.join(shared)}; {epochs} epochs)"
    largest = max(
        abs(a - b) for name in shared for a, b in zip(ours[name], theirs[name], strict=False)
    )
    return f"histories differ in {', '.join(differing)}, by {largest:.3g} at most"


def epoch_seconds(path: Path) -> float:
    """The median of the seconds of an epoch."""
    return median(read_history(path)["seconds"])
