"""Whole numbers are read exactly, however large, since they may be names of something."""

import json
import sqlite3

import numpy as np
import pytest

from kerasgen.data.columns.row_chunks import chunks_of_table
from kerasgen.data.columns.tally import TableTally
from kerasgen.data.sources.table_file import TableFile
from kerasgen.diagnostics import Sink
from kerasgen.runtime.columns import as_targets
from kerasgen.runtime.tables import read_csv
from kerasgen.runtime.tabular.exact_numbers import may_be_large
from kerasgen.runtime.tabular.table_files import read_table

polars = pytest.importorskip("polars")

ROWS = 60
COLUMNS = {
    "signed": [2**60 + k // 2 for k in range(ROWS)],
    "negative": [-(2**62) - k for k in range(ROWS)],
    "lacking": [None if k % 9 == 0 else 2**60 + k for k in range(ROWS)],
    "some": [None if k % 9 == 0 else 100_000_001 + k for k in range(ROWS)],
    "fraction": [k / 8 for k in range(ROWS)],
}
WIDE = {
    "unsigned": [2**63 + k for k in range(ROWS)],
    "huge": [2**70 + k for k in range(ROWS)],
}
TYPES = {
    "signed": "int64",
    "negative": "int64",
    "lacking": "<U19",
    "some": "float64",
    "fraction": "float32",
    "unsigned": "uint64",
    "huge": "<U22",
}


def _write(path, columns):
    rows = list(zip(*columns.values(), strict=True))
    if path.suffix == ".csv":
        lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
        path.write_text("\n".join([",".join(columns), *lines]) + "\n")
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(dict(zip(columns, r, strict=True))) for r in rows))
    elif path.suffix == ".json":
        path.write_text(json.dumps(columns))
    elif path.suffix == ".parquet":
        wide = {"unsigned": polars.UInt64, "huge": polars.Decimal(38, 0)}
        series = [polars.Series(n, c, dtype=wide.get(n)) for n, c in columns.items()]
        polars.DataFrame(series).write_parquet(path)
    else:
        with sqlite3.connect(path) as base:
            base.execute(f"CREATE TABLE rows ({', '.join(columns)})")
            marks = ", ".join("?" * len(columns))
            base.executemany(f"INSERT INTO rows VALUES ({marks})", rows)


def _same(found, written):
    """Whether an array holds what was written, number for number."""
    cells = [None if cell in ("", None) or cell != cell else cell for cell in found.tolist()]
    exact = [cell if isinstance(cell, float | None) else int(cell) for cell in cells]
    return exact == written


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet", "sqlite"])
def test_whole_numbers_are_what_was_written(tmp_path, ending):
    path = tmp_path / f"rows.{ending}"
    columns = COLUMNS | (WIDE if ending != "sqlite" else {})
    _write(path, columns)
    read, _ = read_table(str(path))
    streamed = TableFile(path=str(path), stream=True).read(None, Sink()).columns
    for name, written in columns.items():
        assert str(read[name].dtype) == TYPES[name], name
        assert _same(read[name], written), name
        assert read[name].dtype == streamed[name].dtype
        assert read[name].tolist() == streamed[name].tolist() or name == "some"


def test_a_table_of_text_in_python_alone_is_as_exact(tmp_path):
    path = tmp_path / "rows.csv"
    columns = {n: c for n, c in {**COLUMNS, **WIDE}.items() if None not in c}
    _write(path, columns)
    read, _ = read_csv(str(path))
    for name, written in columns.items():
        assert str(read[name].dtype) == TYPES[name]
        assert _same(read[name], written), name


@pytest.mark.parametrize(
    ("first", "then", "kind"),
    [
        ([1, 2], [2**60 + 1, 2**60 + 3], "<U19"),
        ([2**60 + 1, None], [5, 6], "<U19"),
        ([2**60 + 1, 2**60 + 3], [None, None], "<U19"),
        ([2**60 + 1, -5], [2**63 + 1, 2], "<U19"),
        ([1, None], [100_000_001, 3], "float64"),
        ([100_000_001, 3], [None, 4], "float64"),
        ([2**60 + 1, 7], [2**60 + 2, 8], "int64"),
    ],
)
def test_what_is_large_only_further_down_is_exact_from_the_top(
    tmp_path, monkeypatch, first, then, kind
):
    for module in ("text_tables", "table_files", "nested_tables"):
        monkeypatch.setattr(f"kerasgen.runtime.tabular.{module}.PIECE_ROWS", 2)
    path = tmp_path / "rows.csv"
    _write(path, {"id": [*first, *then], "x": [1, 2, 3, 4]})
    read, _ = read_table(str(path))
    streamed = TableFile(path=str(path), stream=True).read(None, Sink()).columns
    for column in (read["id"], streamed["id"]):
        assert _same(column, [*first, *then])
    assert np.dtype(kind).kind == read["id"].dtype.kind == streamed["id"].dtype.kind


def test_fractions_and_numbers_without_an_end_stay_numbers(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c\n1e300,1e20,100000000000000000000\n0.5,2e20,200000000000000000000\n")
    read, _ = read_table(str(path))
    assert {name: str(column.dtype) for name, column in read.items()} == {
        "a": "float32",
        "b": "float32",
        "c": "<U21",
    }


def test_large_numbers_are_counted_as_different(tmp_path):
    path = tmp_path / "rows.parquet"
    _write(path, COLUMNS | WIDE)
    tally = TableTally([*COLUMNS, *WIDE])
    for chunk in chunks_of_table(TableFile(path=str(path)).read(None, Sink())):
        tally.add(chunk)
    found = {name: column.distinct for name, column in tally.figures().columns.items()}
    assert (found["signed"], found["unsigned"]) == (ROWS // 2, ROWS)


def test_a_target_of_large_whole_numbers_does_not_run_over():
    assert as_targets(np.array([3_000_000_000, 1])).tolist() == [3_000_000_000.0, 1.0]
    assert as_targets(np.array([7, 1])).dtype == "int32"
    assert as_targets(np.zeros(0, "int64")).dtype == "int32"


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([1.0] * 200 + [2.5], False),
        ([1.0] * 200 + [2.0**53], True),
        ([None] * 200 + [-(2.0**60)], True),
        ([float("nan"), float("inf"), 1.0], True),
        ([0.5, 2.0**60], False),
        ([None, None], False),
        ([], False),
    ],
)
def test_only_whole_numbers_may_be_too_large_and_the_first_ones_tell_fractions(
    numbers, expected
) -> None:
    assert may_be_large(polars.Series(numbers, dtype=polars.Float64)) is expected
