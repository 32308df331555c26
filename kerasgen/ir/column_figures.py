"""What the rows of a table say of its columns, as figures.

This room owns the values: what is counted of a column, and what is suspicious in it. It must not
know how any of it is counted, which stands in `data.columns`, nor what is said of it.

Decisions:
- Rows are counted from 0 here; a message counts them from 1.
- A figure that was not counted exactly says so: `distinct` with `exact`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasgen.ir.schema import ColumnType
from kerasgen.ir.values import Shape

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The shares of rows below which the `quantiles` of a column lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Cells that are of another form than the others of their column.

    Attributes:
        cells: how many they are.
        row: the first row that holds one.
        cell: what stands there.
    """

    cells: int
    row: int
    cell: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFigures:
    """What the rows say of a column.

    Attributes:
        name: its name.
        type: what its values are.
        why: what says so.
        rows: number of rows.
        missing: rows without a value.
        distinct: different values, missing ones left out; None where nobody counted.
        exact: whether `distinct` is exact; otherwise it is right to about two in a hundred.
        unique: whether no value stands twice.
        frequent: the most frequent values with their rows, the most frequent first.
        examples: the first different values.
        low: the smallest number, None for words.
        high: the largest number.
        mean: their mean.
        deviation: their standard deviation.
        quantiles: numbers below which the `QUANTILES` of the rows lie.
        whole: whether all numbers are whole ones.
        shape: the shape of one row, `()` for a single number or word.
        stray: words in a column whose other cells are numbers.
        hidden: what its words are that are numbers or dates of another form, None for words.
        form: what the first of the files that it names says of itself, by key of `data.columns`.
    """

    name: str
    type: ColumnType
    why: str
    rows: int
    missing: int
    distinct: int | None = None
    exact: bool = True
    unique: bool = False
    frequent: tuple[tuple[str, int], ...] = ()
    examples: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    deviation: float | None = None
    quantiles: tuple[float, ...] = ()
    whole: bool = False
    shape: Shape = ()
    stray: Stray | None = None
    hidden: str | None = None
    form: Mapping[str, int | str] = field(default_factory=dict)

    @property
    def known(self) -> int:
        """Rows that have a value."""
        return self.rows - self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSigns:
    """What is suspicious in a column.

    Attributes:
        type: what its values are.
        constant: the one value that all rows have, None for several.
        mostly_missing: the share of rows without a value, None where most have one.
        identifier: why it is taken for an identifier, None for what is none.
        same_as: an earlier column with the same values.
        alike: words of it that are one word but for their capitals.
        gives_away: target to how well the column alone tells it, from 0 to 1, where that is nearly
            1.
    """

    type: ColumnType
    constant: str | None = None
    mostly_missing: float | None = None
    identifier: str | None = None
    same_as: str | None = None
    alike: tuple[str, ...] = ()
    gives_away: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFigures:
    """What the rows of a table say.

    Attributes:
        rows: number of rows.
        columns: name to figures, in the order of the table.
        repeated: rows that an earlier row equals in all columns; None where nobody compared.
        first_repeated: the first of these rows.
        shared: part to its rows that are rows of the training part too, where the source gives
            parts.
        sampled: rows of which giving away and quantiles were told.
    """

    rows: int
    columns: Mapping[str, ColumnFigures]
    repeated: int | None = None
    first_repeated: int | None = None
    shared: Mapping[str, int] = field(default_factory=dict)
    sampled: int = 0
