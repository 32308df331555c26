"""How the numbers of a column of text are written: they are told as they stand in the file.

This room owns which columns of text may be read as numbers without a change in what is told of
them, and how such a number becomes the word that stood there. What is told it does not know.

Decisions:
- A column is read as numbers where its first ones are all written in one way: as briefly as tells
  them apart, whole ones with a point (`1.0`) or without (`1`), or with equally many decimals.
  Others stay words: who writes `007` or `+3` may mean it.
- Of several files all must show a column so, or it is read as words in all of them.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any

from kerasgen.runtime.tabular.number_columns import FIRST_CELLS, FIRST_ROWS, NoNumbersError
from kerasgen.runtime.tabular.text_tables import TextTable, text_rows

SHORTEST = -1
"""Instead of how many decimals there are: as many as tell a number from all others."""


class WrittenNumbers:
    """The columns of some files of text that are read as numbers.

    Attributes:
        decimals: column to how many decimals are written.
    """

    def __init__(self) -> None:
        self.decimals: dict[str, int] = {}
        self._looked = False

    def settle(self, text: TextTable) -> None:
        """Leaves those columns of a file to be read as numbers that may be.

        Args:
            text: the file, with the columns of which the first cells are numbers.

        Raises:
            NoNumbersError: an earlier file has columns of numbers that this one has not.
        """
        numbers, titles = text["numbers"], text["titles"]
        most = min(FIRST_ROWS, max(1, FIRST_CELLS // len(titles)))
        rows = [row for _, _, row in islice(text_rows(text), most)] if numbers else []
        found = {}
        for name, mark in numbers.items():
            place = titles.index(name)
            way = decimals_of({row[place] for row in rows} - {"", mark})
            if way is not None:
                found[name] = way
        if not self._looked:
            self.decimals, self._looked = found, True
        if lacking := self.decimals.keys() - found:
            raise NoNumbersError(lacking)
        text["numbers"] = {name: numbers[name] for name in self.decimals}


def decimals_of(cells: Collection[str]) -> int | None:
    """How many decimals numbers are written with; None where no one way gives them all."""
    longest = max((len(cell.partition(".")[2]) for cell in cells), default=0)
    for way in (SHORTEST, 0, longest):
        if all(_is_written(cell, way) for cell in cells):
            return way
    return None


def _is_written(cell: str, decimals: int) -> bool:
    number = float(cell)
    plain = cell if number else cell.removeprefix("-")
    return word_of(number, decimals) == plain


def word_of(number: float, decimals: int) -> str:
    """A number as it is written, with more decimals where it has more; -0 is 0."""
    number += 0.0
    if decimals != SHORTEST:
        word = f"{number:.{decimals}f}"
        if float(word) == number:
            return word
    return repr(number)


def check_finite(piece: Any, numbers: Collection[str]) -> None:
    """Checks that no number of a frame has no end, or is none.

    Raises:
        NoNumbersError: one may be written in several ways, and is told as it is.
    """
    import polars

    if numbers:
        finite = piece.select(polars.col(*numbers).is_finite().all())
        odd = [series.name for series in finite if not series.item()]
        if odd:
            raise NoNumbersError(odd)
