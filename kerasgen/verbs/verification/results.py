"""What two runs came to, beside one another: bit for bit, and how far apart.

This room owns which files hold the results of a run, and how they are compared. Why they differ it
does not know.

Decisions:
- Results are the weights in the model file, those of its optimizer and its random generators
  among them, the history but for its seconds, the metrics, and the predictions.
- A difference is relative to the larger of 1 and the value, as everywhere in a record.
- A run may be a stranger's: its files are read as data, one array at a time.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasgen.foreign.archives import member_file, open_archive
from kerasgen.foreign.hdf5 import checked_hdf5
from kerasgen.foreign.numpy_data import read_npz
from kerasgen.foreign.regular_files import ForeignFileError, is_there
from kerasgen.record.file_names import HISTORY, METRICS, MODEL, PREDICTIONS
from kerasgen.record.files import number
from kerasgen.record.read import prediction_names, read_facts, read_history
from kerasgen.runtime.training import largest_difference
from kerasgen.runtime.values import Array

if TYPE_CHECKING:
    import h5py

_WEIGHTS = "model.weights.h5"
"""The member of a model file that holds its weights."""

Opened = tuple[list[str], Callable[[str], Array]]
"""Names of arrays, and what reads one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPart:
    """One part of the results of two runs.

    Attributes:
        name: `weights`, `history`, `metrics` or `predictions`.
        arrays: how many arrays, columns or figures were compared.
        identical: whether they are the same bits.
        largest: the largest difference; infinity where something is of another form, or missing.
        where: the array with that difference, empty for none.
        fault: why they could not be compared, None where they were.
    """

    name: str
    arrays: int = 0
    identical: bool = False
    largest: float = 0.0
    where: str = ""
    fault: str | None = None


def compare_results(first: Path, second: Path) -> list[ComparedPart]:
    """Compares what two runs came to; what neither has left is left out.

    Args:
        first: the folder of one run.
        second: the folder of the other.
    """
    forms = {
        "weights": (MODEL, _weights),
        "history": (HISTORY, _history),
        "metrics": (METRICS, _metrics),
        "predictions": (PREDICTIONS, _predictions),
    }
    return [
        _compared(name, open_part, (first, second))
        for name, (file, open_part) in forms.items()
        if is_there(first / file) or is_there(second / file)
    ]


def _compared(
    name: str,
    open_part: Callable[[Path], contextlib.AbstractContextManager[Opened]],
    folders: tuple[Path, Path],
) -> ComparedPart:
    with contextlib.ExitStack() as stack:
        opened = []
        for folder in folders:
            try:
                opened.append(stack.enter_context(open_part(folder)))
            except ForeignFileError as error:
                told = f"what `{folder.name}` has left {error.reason}"
                return ComparedPart(name=name, largest=math.inf, fault=told)
        (names, read), (others, read_other) = opened
        worst, where, identical = 0.0, "", True
        for each in dict.fromkeys([*names, *others]):
            if each not in names or each not in others:
                one, same = math.inf, False
            else:
                try:
                    one, same = _difference(read(each), read_other(each))
                except ForeignFileError as error:
                    return ComparedPart(name=name, largest=math.inf, fault=error.reason)
            identical = identical and same
            if one > worst or (not same and not where):
                worst, where = max(one, worst), each
    count = len(set(names) | set(others))
    return ComparedPart(name=name, arrays=count, identical=identical, largest=worst, where=where)


def _difference(first: Array, second: Array) -> tuple[float, bool]:
    """How far two arrays are apart, and whether they are the same bits."""
    if first.dtype != second.dtype or first.shape != second.shape:
        return math.inf, False
    if first.tobytes() == second.tobytes():
        return 0.0, True
    if first.dtype.kind not in "biuf":
        return math.inf, False
    return largest_difference(first, second), False


@contextmanager
def _weights(folder: Path) -> Iterator[Opened]:
    with (
        open_archive(folder / MODEL, within=folder) as archive,
        checked_hdf5(member_file(archive, _WEIGHTS)) as file,
    ):
        import h5py

        names: list[str] = []

        def note(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                names.append(name)

        file.visititems(note)
        yield names, lambda name: np.asarray(file[name][()])


@contextmanager
def _history(folder: Path) -> Iterator[Opened]:
    rows = read_history(folder, {})
    names = [name for name in dict.fromkeys(n for row in rows for n in row) if name != "seconds"]
    yield names, lambda name: np.asarray([row.get(name, math.nan) for row in rows], "float64")


@contextmanager
def _metrics(folder: Path) -> Iterator[Opened]:
    figures = dict(_figures(read_facts(folder, METRICS, {}), ""))
    yield list(figures), lambda name: np.asarray(figures[name], "float64")


@contextmanager
def _predictions(folder: Path) -> Iterator[Opened]:
    path = folder / PREDICTIONS
    yield prediction_names(folder, {}), lambda name: read_npz(path, [name], within=folder)[name]


def _figures(tree: Any, key: str) -> Iterator[tuple[str, float]]:
    """The numbers in plain data, by key path."""
    for name, value in tree.items() if isinstance(tree, Mapping) else ():
        below = f"{key}.{name}" if key else str(name)
        found = number(value)
        if found is not None:
            yield below, found
        else:
            yield from _figures(value, below)
