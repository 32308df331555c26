"""Figures of columns, counted over rows that come some at a time, in bounded memory.

This room owns what is counted and how exactly. Where the rows come from stands in `row_chunks`.

Decisions:
- Different values are counted exactly up to `EXACT`, and beyond that by the smallest of their
  marks (bottom-k), which is right to about two in a hundred.
- The most frequent values are counted among those that are frequent within a chunk, so that a
  column of millions of words costs no more than one of a few.
- Means and deviations are exact; quantiles, and whether a column gives another away, are those of
  `SAMPLE` rows that are drawn at random, the same ones every time.
- Whether no value stands twice, and which rows repeat, is told by marks of 64 bits for each row,
  which takes 8 bytes a row while there is still none that repeats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kerasgen.data.columns.marks import different, repeated
from kerasgen.data.columns.types import (
    LOOK,
    Inferred,
    are_truths,
    is_date,
    type_of_numbers,
    type_of_words,
)
from kerasgen.data.table import Array
from kerasgen.ir.column_figures import QUANTILES, ColumnFigures, Stray, TableFigures
from kerasgen.ir.schema import ColumnType
from kerasgen.ir.values import Shape

EXACT = 10_000
"""Different values up to which they are counted exactly."""

SAMPLE = 20_000
"""Rows that are kept for quantiles and for comparing columns."""

SHOWN = 20
"""Most frequent values that are given."""

_COUNTED = 1_000
"""Values whose rows are counted, of a chunk and after it."""

_RARE = 0.002
"""Share of rows below which even the most frequent of many values is not worth counting."""

_MOST_ROWS = 50_000_000
"""Rows beyond which it is not told which repeat."""

_VALUES = 1_000_000
"""Numbers that are added up at a time."""

_PRIME = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some rows of a column.

    Attributes:
        marks: a number of 64 bits for each row, equal for equal values.
        absent: which rows have no value.
        numbers: the values where they are numbers, NaN where none is; None for words.
        words: the values as words, empty where none is; a sample's are asked for.
        counted: gives the most frequent values with their rows, the most frequent first, and how
            many different values there are.
        dtype: NumPy's name of the type of numbers.
        shape: the shape of one row.
        stray: cells that are no numbers, while others are.
        lists: what the cells are, where they are lists.
    """

    marks: Array
    absent: Array
    numbers: Array | None
    words: Callable[[Array | slice], list[str]]
    counted: Callable[[], tuple[list[tuple[str, int]], int]]
    dtype: str = "f8"
    shape: Shape = ()
    stray: Stray | None = None
    lists: ColumnType | None = None


@dataclass(slots=True, kw_only=True)
class ColumnTally:
    """What was counted of a column so far."""

    name: str
    rows: int = 0
    missing: int = 0
    smallest: Array = field(default_factory=lambda: np.empty(0, dtype="uint64"))
    frequent: Counter[str] = field(default_factory=Counter)
    counting: bool = True
    different: int | None = None
    first: list[str] = field(default_factory=list)
    dates: bool = True
    truths: bool = True
    numbers: bool = False
    words: bool = False
    dtype: str = "f8"
    shape: Shape = ()
    whole: bool = True
    low: float = np.inf
    high: float = -np.inf
    total: float = 0.0
    squares: float = 0.0
    count: int = 0
    infinite: int = 0
    stray: Stray | None = None
    lists: ColumnType | None = None
    seen: list[Array] | None = field(default_factory=list)
    signature: int = 0

    def add(self, chunk: Chunk) -> None:
        """Counts some rows."""
        known = chunk.marks[~chunk.absent] if chunk.absent.any() else chunk.marks
        before = self.rows
        self.rows += len(chunk.marks)
        self.missing += len(chunk.marks) - len(known)
        self.shape, self.dtype, self.lists = chunk.shape, chunk.dtype, chunk.lists
        places = np.arange(before, self.rows, dtype="uint64") * np.uint64(2) + np.uint64(1)
        self.signature = (self.signature + int(np.dot(chunk.marks, places))) % 2**64
        self._keep_marks(known)
        if not len(known):
            return
        if self.counting:
            self._count(*chunk.counted(), rows=len(known), alone=not before)
        else:
            self.different = None
        if chunk.stray is not None:
            self._keep_stray(chunk.stray, before)
        if chunk.numbers is None:
            self.words = True
        else:
            self._add_numbers(chunk.numbers)
        if chunk.numbers is None or chunk.stray is not None:
            self._look(chunk)

    def _keep_marks(self, known: Array) -> None:
        """The smallest marks, which tell how many different ones there are; all of unique ones."""
        near = known
        if len(self.smallest) >= EXACT and self.seen is None:
            near = known[known < self.smallest[-1]]
        found = different(near)
        if self.seen is not None and (len(found) < len(known) or self.rows > _MOST_ROWS):
            self.seen = None
        if self.seen is not None and len(known):
            self.seen.append(known)
        if len(self.smallest) >= EXACT:
            found = found[: np.searchsorted(found, self.smallest[-1])]
        if len(found):
            self.smallest = different(np.concatenate([self.smallest, found]))[:EXACT]

    def _count(
        self, counted: list[tuple[str, int]], different: int, *, rows: int, alone: bool
    ) -> None:
        """Counts values, unless they are many and none of them is frequent."""
        self.different = different if alone else None
        self.frequent.update(dict(counted[:_COUNTED]))
        if different > _COUNTED and counted[0][1] < rows * _RARE:
            self.counting = False
        if len(self.frequent) > 2 * _COUNTED:
            self.frequent = Counter(dict(self.frequent.most_common(_COUNTED)))

    def _keep_stray(self, found: Stray, before: int) -> None:
        first = self.stray
        self.stray = Stray(
            cells=found.cells + (first.cells if first else 0),
            row=first.row if first else before + found.row,
            cell=first.cell if first else found.cell,
        )

    def _add_numbers(self, values: Array) -> None:
        self.numbers = True
        step = max(1, _VALUES * len(values) // max(1, values.size))
        for start in range(0, len(values), step):  # images are many numbers a row
            piece = values[start : start + step]
            finite = np.isfinite(piece)
            known = piece if finite.all() else piece[finite]
            known = known.ravel().astype("float64", copy=False)
            if len(known):
                self._add_known(known)
            if known.size < piece.size:
                self.infinite += int(np.isinf(piece).sum())

    def _add_known(self, known: Array) -> None:
        self.count += known.size
        self.low = min(self.low, float(known.min()))
        self.high = max(self.high, float(known.max()))
        with np.errstate(over="ignore"):
            self.total += float(known.sum())
            self.squares += float((known**2).sum())
        self.whole = self.whole and bool((known == np.rint(known)).all())

    def _look(self, chunk: Chunk) -> None:
        """Looks at the form of words."""
        if self.dates or self.truths or len(self.first) < LOOK:
            words = [word for word in chunk.words(slice(None)) if word]
            self.truths = self.truths and are_truths({*words, *self.first[:100]})
            self.dates = self.dates and all(map(is_date, dict.fromkeys(words)))
            self.first += words[: LOOK - len(self.first)]

    @property
    def distinct(self) -> tuple[int, bool]:
        """How many different values there are, and whether that is exact."""
        if self.different is not None:
            return self.different, True
        if self.is_unique:
            return self.rows - self.missing, True
        if len(self.smallest) < EXACT:
            return len(self.smallest), True
        return round((EXACT - 1) / (float(self.smallest[-1]) / 2.0**64)), False

    @property
    def is_unique(self) -> bool:
        """Whether no value stands twice."""
        if self.seen and len(self.seen) > 1:
            marks = np.concatenate(self.seen)
            self.seen = None if len(repeated(marks)) else [marks]
        return bool(self.seen)

    def inferred(self) -> Inferred:
        """What the values are, and why."""
        if self.lists is not None:
            what = "words" if self.lists == "labels" else "numbers"
            return Inferred(self.lists, f"all cells are lists of {what}")
        if self.numbers and self.stray is None and not self.words:
            return type_of_numbers(np.empty((0, *self.shape), dtype=self.dtype))
        found = type_of_words(np.array(self.first, "U"), dates=self.dates, truths=self.truths)
        if self.numbers and self.stray is not None:
            what = "cell is" if self.stray.cells == 1 else "cells are"
            return Inferred(found.type, f"{self.stray.cells:,} {what} no number")
        return found

    def figures(self, sample: Array | None) -> ColumnFigures:
        """The figures.

        Args:
            sample: numbers of rows that were drawn at random, None for words.
        """
        inferred, (distinct, exact) = self.inferred(), self.distinct
        counted = self.frequent.most_common()
        shown = counted[:SHOWN] if self.counting or self.different is not None else []
        common = [(word, rows) for word, rows in shown if rows > 1 or len(counted) < 5]
        numbers = self.numbers and self.count > 0
        mean = self.total / self.count if numbers else 0.0
        spread = max(0.0, self.squares / self.count - mean**2) ** 0.5 if numbers else 0.0
        known = sample[np.isfinite(sample)] if sample is not None else None
        most = numbers and (self.stray is None or self.stray.cells < 0.1 * self.rows)
        return ColumnFigures(
            name=self.name,
            type=inferred.type,
            why=inferred.why,
            rows=self.rows,
            missing=self.missing,
            distinct=distinct if not self.shape else None,
            exact=exact,
            unique=self.is_unique and not self.shape,
            frequent=() if self.shape else tuple(common),
            examples=tuple(dict.fromkeys([*(word for word, _ in counted)] or self.first))[:3],
            low=self.low if numbers else None,
            high=self.high if numbers else None,
            mean=mean if numbers else None,
            deviation=spread if numbers else None,
            quantiles=tuple(np.quantile(known, QUANTILES).tolist())
            if known is not None and known.size and not self.shape
            else (),
            whole=numbers and self.whole,
            shape=self.shape,
            stray=self.stray if most else None,
        )


class TableTally:
    """What was counted of a table so far; its rows come in order."""

    def __init__(self, names: Sequence[str]) -> None:
        self.columns = {name: ColumnTally(name=name) for name in names}
        self.rows = 0
        self._row_marks: list[Array] = []
        self._random = np.random.default_rng(0)
        self._keys = np.empty(0)
        self._sample: dict[str, list[Array]] = {name: [] for name in names}

    def add(self, chunks: Mapping[str, Chunk]) -> None:
        """Counts some rows."""
        count = len(next(iter(chunks.values())).marks)
        whole = np.zeros(count, dtype="uint64")
        for name, chunk in chunks.items():
            self.columns[name].add(chunk)
            whole ^= whole >> np.uint64(29)
            whole *= _PRIME
            whole += chunk.marks
        if self.rows + count <= _MOST_ROWS:
            self._row_marks.append(whole)
        self.rows += count
        self._draw(chunks, count)

    def _draw(self, chunks: Mapping[str, Chunk], count: int) -> None:
        """Draws rows: those with the smallest of random keys, among all rows so far."""
        keys = np.concatenate([self._keys, self._random.random(count)])
        kept = np.arange(len(keys))
        if len(keys) > SAMPLE:
            kept = np.sort(np.argpartition(keys, SAMPLE)[:SAMPLE])
        old = kept[kept < len(self._keys)]
        new = kept[kept >= len(self._keys)] - len(self._keys)
        for name, chunk in chunks.items():
            values = self._sample[name][0][old] if self._sample[name] else None
            drawn = _drawn(chunk, new)
            if values is not None and values.dtype.kind != drawn.dtype.kind:
                values, drawn = values.astype("U"), drawn.astype("U")
            whole = drawn if values is None else np.concatenate([values, drawn])
            self._sample[name] = [whole]
        self._keys = keys[kept]

    @property
    def sample(self) -> dict[str, Array]:
        """Column to the values of the drawn rows: numbers, or words."""
        return {name: arrays[0] for name, arrays in self._sample.items() if arrays}

    def figures(self) -> TableFigures:
        """The figures of all columns."""
        sample = self.sample
        columns = {
            name: tally.figures(sample[name] if _is_number(sample.get(name)) else None)
            for name, tally in self.columns.items()
        }
        repeated, first = self._repeated()
        return TableFigures(
            rows=self.rows,
            columns=columns,
            repeated=repeated,
            first_repeated=first,
            sampled=min(self.rows, SAMPLE),
        )

    def twins(self) -> dict[str, str]:
        """Column to an earlier one with the same values."""
        found: dict[str, str] = {}
        first: dict[tuple[int, int], str] = {}
        for name, tally in self.columns.items():
            key = (tally.signature, tally.missing)
            if tally.missing < tally.rows and first.setdefault(key, name) != name:
                found[name] = first[key]
        return found

    def known_rows(self, known: Array, asked: Array) -> int:
        """How many rows of a part equal one of another part in all columns.

        Args:
            known: which rows are of the one part.
            asked: which rows are of the other.
        """
        if self.rows > _MOST_ROWS or not self._row_marks:
            return 0
        marks = np.concatenate(self._row_marks)
        return int(np.isin(marks[asked], marks[known]).sum())

    def _repeated(self) -> tuple[int | None, int | None]:
        if self.rows > _MOST_ROWS or not self._row_marks:
            return None, None
        marks = np.concatenate(self._row_marks)
        self._row_marks = [marks]
        again = repeated(marks)
        if not len(again):
            return 0, None
        earlier: set[int] = set()
        candidates = np.flatnonzero(np.isin(marks, again))
        for row in candidates:
            mark = int(marks[row])
            if mark in earlier:
                break
            earlier.add(mark)
        return len(again), int(row)


def _is_number(values: Array | None) -> bool:
    return values is not None and values.dtype.kind in "iufb" and values.ndim == 1


def _drawn(chunk: Chunk, rows: Array) -> Array:
    """The values of some rows of a chunk."""
    if chunk.shape:
        return np.zeros(len(rows))
    if chunk.numbers is not None and chunk.stray is None:
        return np.asarray(chunk.numbers[rows], dtype="float64")
    return np.array(chunk.words(rows), dtype="U")
