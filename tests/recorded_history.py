"""The history of a run, as tests read it."""

import csv
from pathlib import Path


def read_history(folder: Path) -> list[dict[str, float]]:
    """The figures of each epoch; `epoch` is an int, and an empty cell is left out."""
    with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {name: int(cell) if name == "epoch" else float(cell) for name, cell in row.items() if cell}
        for row in rows
    ]
