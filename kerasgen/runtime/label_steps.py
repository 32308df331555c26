"""Several labels in a cell become a place for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from kerasgen.runtime.category_steps import as_words, distinct_words, frequent_words
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


class MultiHot:
    """Gives a place for each label of a vocabulary: 1 where a row has it, else 0.

    The labels of a cell stand apart by `separator`. Without a vocabulary it learns
    one: the labels of the rows, the most frequent first. Labels in fewer rows than
    `rare` and others that it does not know have no place.
    """

    LEARNED = ("vocabulary",)

    def __init__(
        self,
        vocabulary: Sequence[str] | None = None,
        separator: str = ",",
        rare: int = 0,
    ) -> None:
        if not separator:
            raise DataError("`separator` is empty", about="separator")
        self.vocabulary = (
            None if vocabulary is None else distinct_words(vocabulary, "vocabulary")
        )
        self.separator = separator
        self.rare = rare

    def adapt(self, cells: Array) -> None:
        """Learns the vocabulary."""
        counts: Counter[str] = Counter()
        for cell in as_words(cells).tolist():
            counts.update(set(split_labels(cell, self.separator)))
        self.vocabulary = frequent_words(counts, self.rare)

    def __call__(self, cells: Array) -> Array:
        """Gives a row of zeros and ones for each cell."""
        places = {label: place for place, label in enumerate(self.vocabulary or [])}
        found = np.zeros((len(cells), len(places)), dtype="float32")
        for row, cell in enumerate(as_words(cells).tolist()):
            for label in split_labels(cell, self.separator):
                if label in places:
                    found[row, places[label]] = 1
        return found

    def learned(self) -> dict[str, Array]:
        """What it has learned, by argument."""
        return {"vocabulary": np.asarray(self.vocabulary or [], dtype="str")}


def split_labels(cell: str, separator: str) -> list[str]:
    """The labels of a cell, without blanks around them."""
    return [label for part in cell.split(separator) if (label := part.strip())]


def label_places(
    cells: Array, separator: str = ",", names: Sequence[str] | None = None
) -> tuple[Array, list[str]]:
    """Labels of a target as zeros and ones, and their names; such rows stay."""
    if cells.dtype.kind != "U":
        return cells, [str(index) for index in range(cells.shape[-1])]
    found = {n for cell in cells.tolist() for n in split_labels(cell, separator)}
    known = sorted(found) if names is None else [*names]
    return MultiHot(known, separator)(cells).astype("int32"), known
