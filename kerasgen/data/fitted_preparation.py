"""What the steps of `data.prepare` have learned: a value that can be kept and read again.

This room owns the record and its files: which step has learned what as JSON, the arrays beside
it in NumPy's archive, and the columns that they were fitted on, as JSON. None is code: words are
kept as text, and reading unpickles nothing.

Decisions:
- A step that learns nothing has an entry too, so that the file lists the steps.
- Steps are called as their calls in the graph of the preparation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.data.table import Array
from kerasgen.engine import Learned
from kerasgen.foreign.json_data import read_json
from kerasgen.foreign.numpy_data import read_npz
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.ir.schema import Schema, schema_of, schema_tree

VERSION = 1
"""Of the form of the files."""

STEPS = "steps.json"
"""The file that lists the steps, and for each argument the name of its array."""

COLUMNS = "columns.json"
"""The file that says what the columns of the source are."""

ARRAYS = "learned.npz"
"""The file that holds the arrays."""


class UnreadPreparationError(Exception):
    """A file of a kept preparation that is not read.

    Attributes:
        file: the file.
        fault: what is wrong with it.
    """

    def __init__(self, file: Path, fault: ForeignFileError) -> None:
        super().__init__(f"`{file.name}` {fault}")
        self.file = file
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedPreparation:
    """The steps of a preparation, fitted.

    Attributes:
        learned: call to what its step has learned, by argument; empty for one that learns nothing.
    """

    learned: Mapping[str, Learned]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FittedPreparation):
            return NotImplemented
        return self.learned.keys() == other.learned.keys() and all(
            _same(learned, other.learned[step]) for step, learned in self.learned.items()
        )


def write_fitted(fitted: FittedPreparation, folder: Path) -> None:
    """Writes what was learned into two files of a folder, which must be there.

    Raises:
        OSError: a file cannot be written.
        ValueError: a step of one's own has learned something else than numbers and words.
    """
    arrays: dict[str, Array] = {}
    steps: dict[str, dict[str, str]] = {}
    for step, learned in fitted.learned.items():
        steps[step] = {}
        for argument, array in learned.items():
            if array.dtype.hasobject:
                raise ValueError(f"`{step}` has learned objects of Python, which are not kept")
            title = f"array_{len(arrays)}"
            arrays[title], steps[step][argument] = array, title
    text = json.dumps({"version": VERSION, "steps": steps}, indent=2)
    (folder / STEPS).write_text(text + "\n", encoding="utf-8")
    with (folder / ARRAYS).open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # One argument of it is a flag.


def read_fitted(folder: Path) -> FittedPreparation:
    """Reads what `write_fitted` has written.

    Raises:
        UnreadPreparationError: a file cannot be read, holds too much, or is not of this form.
    """
    with _reading(folder / STEPS) as file:
        steps = _tree_of(file).get("steps")
        if not isinstance(steps, dict) or not all(
            isinstance(step, dict) and all(isinstance(title, str) for title in step.values())
            for step in steps.values()
        ):
            raise ForeignFileError("lists no steps with their arrays")
    with _reading(folder / ARRAYS) as file:
        titles = [title for step in steps.values() for title in step.values()]
        arrays = read_npz(file, titles, within=folder)
    learned = {
        name: {argument: arrays[title] for argument, title in step.items()}
        for name, step in steps.items()
    }
    return FittedPreparation(learned=learned)


def write_columns(schema: Schema, folder: Path) -> None:
    """Writes what the columns are into a file of a folder, which must be there.

    Raises:
        OSError: it cannot be written.
    """
    text = json.dumps({"version": VERSION, **schema_tree(schema)}, indent=2)
    (folder / COLUMNS).write_text(text + "\n", encoding="utf-8")


def read_columns(folder: Path) -> Schema:
    """Reads what `write_columns` has written.

    Raises:
        UnreadPreparationError: it cannot be read, holds too much, or is not of this form.
    """
    with _reading(folder / COLUMNS) as file:
        tree = _tree_of(file)
        try:
            return schema_of(tree)
        except (KeyError, TypeError) as error:
            raise ForeignFileError(f"tells no columns: {str(error)[:200]}") from error


@contextmanager
def _reading(file: Path) -> Iterator[Path]:
    try:
        yield file
    except ForeignFileError as fault:
        raise UnreadPreparationError(file, fault) from fault


def _tree_of(file: Path) -> dict[str, Any]:
    tree = read_json(file, within=file.parent)
    if not isinstance(tree, dict) or tree.get("version") != VERSION:
        raise ForeignFileError(f"is not of version {VERSION}")
    return tree


def _same(one: Learned, other: Learned) -> bool:
    return one.keys() == other.keys() and all(
        array.dtype == other[name].dtype and np.array_equal(array, other[name])
        for name, array in one.items()
    )
