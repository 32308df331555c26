"""Rows of cells as lines of text in aligned columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def aligned(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """Rows of equal length as lines, each column as wide as its widest cell.

    Args:
        rows: the rows.
        right: the columns whose cells stand at the right, counted from 0.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [">" if index in right else "<" for index in range(len(widths))]
    return [
        "  ".join(
            f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
