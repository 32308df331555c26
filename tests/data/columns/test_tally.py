"""Figures of columns: the same whether rows come at once or some at a time, and as others count."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.data.columns import row_chunks
from kerasgen.data.columns.row_chunks import chunks_of_table, streamed
from kerasgen.data.columns.tally import EXACT, TableTally
from kerasgen.data.sources.table_file import TableFile
from kerasgen.data.table import Table
from kerasgen.ir.column_figures import QUANTILES, TableFigures
from kerasgen.runtime.tabular import table_files, text_tables
from kerasgen.runtime.tabular.table_files import read_table

polars = pytest.importorskip("polars")


def at_once(columns: dict[str, Any]) -> TableFigures:
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    tally = TableTally(list(arrays))
    for chunk in chunks_of_table(Table(columns=arrays, names=tuple(arrays))):
        tally.add(chunk)
    return tally.figures()


def in_chunks(path: Path, monkeypatch: pytest.MonkeyPatch, rows: int = 700) -> TableFigures:
    monkeypatch.setattr(row_chunks, "LARGE", 0)
    for module in (table_files, text_tables):
        monkeypatch.setattr(module, "PIECE_ROWS", rows)
    chunks = streamed(TableFile(path=str(path)))
    assert chunks is not None
    tally = None
    for chunk in chunks:
        tally = tally or TableTally(list(chunk))
        tally.add(chunk)
    assert tally is not None
    return tally.figures()


@pytest.fixture(scope="module")
def frame() -> Any:
    random = np.random.default_rng(1)
    rows = 5000
    amounts = np.round(random.normal(3, 2, rows), 3).tolist()
    cities = random.choice(["Rome", "Oslo", "Bern"], rows, p=[0.6, 0.3, 0.1]).tolist()
    return polars.DataFrame(
        {
            "amount": [None if i % 11 == 0 else amount for i, amount in enumerate(amounts)],
            "count": random.integers(0, 40, rows),
            "city": [None if i % 7 == 0 else city for i, city in enumerate(cities)],
            "key": [f"k{i}" for i in random.permutation(rows)],
            "joined": [f"20{i % 20 + 10}-0{i % 9 + 1}-11" for i in range(rows)],
            "member": random.choice(["yes", "no"], rows).tolist(),
        }
    )


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_stream_says_what_the_whole_table_says(
    frame: Any, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"table{ending}"
    if ending == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    columns, _ = read_table(str(path))
    whole, parts = at_once(columns), in_chunks(path, monkeypatch)
    assert (parts.rows, parts.repeated) == (whole.rows, whole.repeated) == (5000, 0)
    for name, expected in whole.columns.items():
        found = parts.columns[name]
        for field in ("type", "why", "missing", "distinct", "exact", "unique", "whole"):
            assert getattr(found, field) == getattr(expected, field), (name, field)
        for field in ("low", "high", "mean", "deviation", "quantiles"):
            wanted = np.asarray(getattr(expected, field), dtype=float)
            got = np.asarray(getattr(found, field), dtype=float)
            np.testing.assert_allclose(got, wanted, rtol=1e-5, err_msg=f"{field} of {name}")
    assert dict(parts.columns["city"].frequent) == dict(whole.columns["city"].frequent)


def test_figures_are_those_that_others_count(frame: Any, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    frame.write_csv(path)
    columns, _ = read_table(str(path))
    found = at_once(columns).columns
    amount = frame["amount"]
    assert found["amount"].missing == amount.null_count()
    assert found["amount"].distinct == amount.drop_nulls().n_unique()
    assert found["amount"].mean == pytest.approx(amount.mean())
    assert found["amount"].deviation == pytest.approx(amount.std(ddof=0), rel=1e-5)
    known = amount.drop_nulls().to_numpy()
    assert found["amount"].quantiles == pytest.approx(np.quantile(known, QUANTILES), rel=1e-5)
    cities = frame["city"].drop_nulls().value_counts()
    assert dict(found["city"].frequent) == dict(cities.rows())
    assert [found[name].type for name in frame.columns] == [
        *("number", "number", "category", "category", "date", "boolean"),
    ]


def test_many_different_values_are_counted_to_two_in_a_hundred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(2)
    values = random.integers(0, 60_000, 150_000)
    path = tmp_path / "many.csv"
    polars.DataFrame({"a": values}).write_csv(path)
    found = in_chunks(path, monkeypatch, 20_000).columns["a"]
    true = len(np.unique(values))
    assert true > EXACT
    assert not found.exact
    assert found.distinct == pytest.approx(true, rel=0.02)


def test_a_word_among_numbers_is_told_with_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "stray.csv"
    cells = [str(i) for i in range(3000)]
    cells[2100], cells[2200], cells[5] = "n.k.", "x", ""
    path.write_text("a,b\n" + "".join(f"{cell},1\n" for cell in cells))
    found = in_chunks(path, monkeypatch).columns["a"]
    assert found.stray is not None
    assert (found.stray.cells, found.stray.row, found.stray.cell) == (2, 2100, "n.k.")
    assert found.type == "category"
    assert found.why == "2 cells are no number"


def test_rows_that_stand_there_again_are_counted() -> None:
    found = at_once({"a": [1.0, 2.0, 1.0, 1.0, 3.0], "b": ["x", "x", "x", "y", "x"]})
    assert (found.repeated, found.first_repeated) == (1, 2)
