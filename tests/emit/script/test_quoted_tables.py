"""A script reads the rows that its run reads: the functions for tables, quoted and called."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.data.sources.table_file import TableFile
from kerasgen.diagnostics import Sink
from kerasgen.emit.script.imports import import_lines
from kerasgen.emit.script.quote import Quotations

polars = pytest.importorskip("polars")


def quoted(name: str) -> Callable[..., Any]:
    """A function as a script has it."""
    found = Quotations().reached_from(name)
    imports = {one.name: one for quotation in found for one in quotation.imports.values()}
    lines = import_lines(list(imports.values()), late=False)
    constants = [one.text for one in found if one.constant]
    code = "\n\n".join([*lines, *constants, *(one.text for one in found if not one.constant)])
    assert "kerasgen" not in code
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(code, "script", "exec"), names)
    made: Callable[..., Any] = names[name]
    return made


def _text(folder: Path) -> dict[str, Any]:
    path = folder / "t.csv"
    text = "#\na;b;c\n1,5;x;31.12.2024\n2;y\ninf;z;01.01.2024\nold;v;\n1.000,5;w;02.03.2024\n"
    path.write_text(text, encoding="latin-1")
    return {
        **{"path": str(path), "encoding": "latin-1", "comment": "#", "decimal": ","},
        **{"thousands": ".", "dates": "%d.%m.%Y", "bad": "skip", "numbers": ("a",)},
        "missing_values": {"b": ("y",)},
    }


def _test_part(folder: Path) -> dict[str, Any]:
    (folder / "a.csv").write_text("a,b\n1,x\n2,\n")
    (folder / "b.csv").write_text("a,b\n3,z\n")
    return {"path": str(folder / "a.csv"), "test_path": str(folder / "b.csv")}


def _json(folder: Path) -> dict[str, Any]:
    rows = [{"a": {"b": number, "c": str(number)}, "d": [number, 1]} for number in range(3)]
    (folder / "t.json").write_text(json.dumps(rows))
    return {"path": str(folder / "t.json")}


def _json_lines(folder: Path) -> dict[str, Any]:
    (folder / "t.jsonl").write_text('{"a": 1, "b": "x"}\nno\n{"a": 2}\n')
    return {"path": str(folder / "t.jsonl"), "bad": "skip"}


def _parquet(folder: Path) -> dict[str, Any]:
    polars.DataFrame({"a": [1, 2], "b": [[1.5], [2.5]], "c": ["x", None]}).write_parquet(
        folder / "t.parquet"
    )
    return {"path": str(folder / "t.parquet")}


def _database(folder: Path) -> dict[str, Any]:
    connection = sqlite3.connect(folder / "t.sqlite")
    connection.execute("CREATE TABLE t AS SELECT 1.5 AS a, 'x' AS b UNION SELECT 2, NULL")
    connection.commit()
    connection.close()
    return {"path": str(folder / "t.sqlite"), "query": "SELECT * FROM t ORDER BY a"}


@pytest.mark.parametrize("write", [_text, _test_part, _json, _json_lines, _parquet, _database])
def test_a_script_reads_the_rows_that_its_run_reads(
    write: Callable[[Path], dict[str, Any]], tmp_path: Path
) -> None:
    source = TableFile(**write(tmp_path))
    table = source.read(None, Sink())
    call = source.plain_call()
    columns, given = quoted(call.function.__name__)(**call.arguments)
    assert list(columns) == list(table.columns)
    for name, values in table.columns.items():
        assert columns[name].dtype == values.dtype
        assert np.array_equal(columns[name], values, equal_nan=values.dtype.kind == "f")
    assert (given is None) == (table.given is None)
    assert given is None or np.array_equal(given, table.given)


def test_a_script_stops_with_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n")
    with pytest.raises(ValueError, match=r"line 3 of .* has 1 cell, expected 2"):
        quoted("read_text_table")(str(tmp_path / "t.csv"))


def test_a_script_of_a_table_of_text_knows_nothing_of_other_formats() -> None:
    names = {found.name for found in Quotations().reached_from("read_text_table")}
    assert "text_pieces" in names
    assert not names & {"sqlite_pieces", "json_pieces", "pieces_of_packed"}
