"""Numbers of a column as an array: exact where they are whole, as they may be names.

They are float32 where that changes no whole number, else int64, or float64 where one
is missing. Beyond 2**53, where double precision no longer tells whole numbers apart,
they are int64 or uint64, and words where neither holds them all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array

MOST_WIDENING = 100
"""How many times its size a column of words may become in memory."""

FREE_WIDTH = 2**30
"""Bytes that any column of words may take in memory."""

ALL_MISSING = np.dtype("float16")
"""Type of a piece without any value, of which nobody knows whether it is numbers."""

FEW = 100
"""Numbers that tell of most columns whether they are whole."""

EXACT = 2**53
"""Whole numbers below it are told apart by double precision."""


class ColumnKind:
    """What the pieces of a column are together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = self.width = self.size = 0
        self.shape: tuple[int, ...] | None = None
        self.words = self.known = self.large = self.lacking = False
        self.whole = True
        self.beyond: set[str] = set()

    def look_at(self, piece: Array) -> None:
        """Takes a piece into account.

        Raises:
            DataError: it does not fit to those before, or makes them too large.
        """
        if not len(piece):
            return
        if self.shape not in (None, piece.shape[1:]):
            raise DataError(f"`{self.name}` holds lists of different lengths")
        self.shape = piece.shape[1:]
        self.rows += len(piece)
        self.size += piece.nbytes
        self.words = piece.dtype.kind == "U"
        if self.words:
            self.width = max(self.width, piece.dtype.itemsize)
            check_width(self.name, self.width, self.rows, self.size)
            return
        self.known = self.known or piece.dtype != ALL_MISSING
        self.beyond.add(piece.dtype.str if holds_beyond(piece) else "")
        self.large = self.large or piece.dtype.kind in "iu" or piece.dtype == "float64"
        if self.whole:
            self.whole, lacking = wholeness(piece)
            self.lacking = self.lacking or lacking

    def kind(self) -> str:
        """The type of all: `U` for words, also where no value is known."""
        if self.words or not self.known:
            return "U"
        if not (self.large and self.whole):
            return "float32"
        if self.lacking:
            return "float64"
        return "uint64" if "<u8" in self.beyond else "int64"

    def needs_words(self) -> bool:
        """Whether there are whole numbers that no one type of numbers tells apart."""
        if self.words or not self.whole or not self.beyond - {""}:
            return False
        return self.lacking or len(self.beyond) > 1


class ColumnPieces:
    """The pieces of a column, held in memory."""

    def __init__(self, name: str) -> None:
        self.kind = ColumnKind(name)
        self.pieces: list[Array] = []

    def append(self, piece: Array) -> None:
        """Adds rows."""
        self.kind.look_at(piece)
        self.pieces.append(piece)

    def array(self) -> Array:
        """All rows."""
        kind, pieces = self.kind.kind(), self.pieces
        self.pieces = []
        if kind == "U" and not self.kind.words:
            return np.full(self.kind.rows, "", dtype="str")
        parts = [piece for piece in pieces if len(piece)]
        return np.concatenate([part.astype(kind, copy=False) for part in parts])

    def needs_words(self) -> bool:
        """Whether the rows must be read as words."""
        return self.kind.needs_words()


def check_width(name: str, width: int, rows: int, size: int) -> None:
    """Checks that no word of a column makes all the others too wide.

    Args:
        name: the column.
        width: bytes of its longest word.
        rows: how many words there are.
        size: bytes that they would take by themselves.

    Raises:
        DataError: one does.
    """
    if width * rows > FREE_WIDTH + MOST_WIDENING * size:
        longest = f"a word of {width // 4:,} characters in `{name}`"
        raise DataError(f"{longest} makes all others as wide", about="wide")


def may_be_large(numbers: Any) -> bool:
    """Whether numbers of Polars may be whole ones that double precision confuses."""
    few = numbers.head(FEW).to_numpy()
    if (np.isfinite(few) & (few != np.rint(few))).any():  # of most fractions enough
        return False
    largest, smallest = numbers.max(), numbers.min()
    return largest is not None and max(largest, -smallest) >= EXACT


def holds_beyond(piece: Array) -> bool:
    """Whether a piece holds whole numbers that double precision does not tell apart."""
    if piece.dtype.kind not in "iu":
        return False
    return bool(piece.max() >= EXACT) or bool(piece.min() <= -EXACT)


def wholeness(piece: Array) -> tuple[bool, bool]:
    """Whether all known numbers are whole, and exact; and whether one is missing."""
    if piece.dtype.kind in "iu":
        return True, False
    if piece.dtype == ALL_MISSING:
        return True, True
    few = piece[:FEW]
    if ((few != np.rint(few)) & (few == few)).any():  # of most fractions enough
        return False, False
    missing = np.isnan(piece)
    lacking = bool(missing.any())
    known = piece[~missing] if lacking else piece
    if not np.isfinite(known).all() or (known != np.rint(known)).any():
        return False, lacking
    return bool(np.abs(known).max(initial=0) < EXACT), lacking


def whole_piece(wholes: Any, numbers: Any) -> Array | None:
    """Whole numbers without a change; None if no type of numbers holds them.

    Args:
        wholes: whole numbers, or their digits, with a sign or without.
        numbers: the same in double precision.
    """
    import polars

    if not may_be_large(numbers):
        return narrow_numbers(numbers)
    if wholes.dtype == polars.String:
        wholes = wholes.str.strip_prefix("+")
    for kind in (polars.Int64, polars.UInt64):
        exact = wholes.cast(kind, strict=False)
        if exact.null_count() == 0:
            return np.asarray(exact.to_numpy())
    narrow = numbers.cast(polars.Float32).cast(polars.Float64)
    whole = wholes.cast(polars.Int128, strict=False)
    same = narrow.cast(polars.Int128, strict=False).eq_missing(whole)
    return narrow_numbers(numbers) if same.all() and whole.is_not_null().all() else None


def narrow_numbers(numbers: Any) -> Array:
    """Numbers in the narrowest type that changes no whole one."""
    lacking = numbers.null_count() > 0
    exact = (numbers.fill_null(float("nan")) if lacking else numbers).to_numpy()
    with np.errstate(over="ignore"):
        narrow = np.asarray(exact.astype("float32"))
    if np.array_equal(narrow, exact, equal_nan=True):
        return narrow
    whole, missing = wholeness(exact)
    if not whole:
        return narrow
    return np.asarray(exact if missing else exact.astype("int64"))
