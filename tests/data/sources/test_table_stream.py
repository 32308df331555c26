"""A table that is read piece by piece gives what one that is read at once gives."""

import numpy as np
import pytest

from kerasgen.data import large_arrays
from kerasgen.data.sources import files, table_file
from kerasgen.data.sources.table_file import TableFile
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.runtime.tabular import table_files, text_tables

polars = pytest.importorskip("polars")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch, tmp_path):
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(table_file, "LIMIT", 100)
    monkeypatch.setattr(large_arrays, "PIECE", 10)
    for module in (table_files, text_tables):
        monkeypatch.setattr(module, "PIECE_ROWS", 10)


def _same(**arguments):
    whole = TableFile(**arguments).read(None, Sink())
    pieces = TableFile(stream=True, **arguments).read(None, Sink())
    assert pieces.names == whole.names
    assert pieces.space.mapped
    for name, expected in whole.columns.items():
        found = pieces.columns[name]
        assert found.dtype == expected.dtype, name
        assert np.array_equal(found, expected, equal_nan=expected.dtype.kind == "f"), name
    return pieces


def _rows(count=100):
    rng = np.random.default_rng(0)
    return polars.DataFrame(
        {
            "number": rng.normal(size=count).round(3),
            "whole": rng.integers(0, 9, count),
            "large": rng.integers(2**40, 2**41, count),
            "word": rng.choice(["a", "bb", "c d"], count),
            "late": ["1"] * (count - 1) + ["a word after many numbers"],
            "empty": [None] * count,
            "begins_empty": [None] * (count - 5) + ["word"] * 5,
            "gaps": [None] * 30 + [1.5] * (count - 30),
        },
        schema_overrides={"empty": polars.String},
    )


@pytest.mark.parametrize("ending", ["csv", "parquet", "feather", "jsonl"])
def test_every_column_is_the_same(ending, tmp_path):
    path = tmp_path / f"t.{ending}"
    frame = _rows()
    write = {
        "csv": frame.write_csv,
        "parquet": frame.write_parquet,
        "feather": frame.write_ipc,
        "jsonl": frame.write_ndjson,
    }
    write[ending](path)
    read = _same(path=str(path))
    assert isinstance(read.columns["number"], np.memmap)


def test_text_with_blanks_quotes_and_blank_lines_is_the_same(tmp_path):
    lines = ["\ufeffname ; size", '"a;b"; 1,5', "", "c; ?", '"two\nlines"; 3'] + ["d; 4,25"] * 50
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    read = _same(path=str(tmp_path / "t.csv"), separator=";", decimal=",")
    assert len(read.columns["size"]) == 53


def test_several_files_and_test_files_are_the_same(tmp_path):
    for part in ("a1", "a2", "b"):
        _rows(40).write_csv(tmp_path / f"{part}.csv")
    read = _same(path=str(tmp_path / "a*.csv"), test_path=str(tmp_path / "b.csv"))
    assert np.array_equal(np.bincount(read.given), [80, 0, 40])


@pytest.mark.parametrize("line", ["1,2,3", "1"])
def test_a_line_of_another_length_is_told_with_its_number(line, tmp_path):
    text = "\n".join(["a,b", *['"x,y",2'] * 30, line, *["1,2"] * 30])
    (tmp_path / "t.csv").write_text(text)
    messages = set()
    for stream in (True, False):
        with pytest.raises(CompileError) as caught:
            TableFile(path=str(tmp_path / "t.csv"), stream=stream).read(None, Sink())
        messages.add(caught.value.diagnostics[0].message)
    (message,) = messages
    assert "line 32" in message


def test_text_of_another_encoding_is_the_same(tmp_path):
    (tmp_path / "t.csv").write_text("name\n" + "Müller\n" * 50, encoding="latin-1")
    read = _same(path=str(tmp_path / "t.csv"), encoding="latin-1")
    assert set(read.columns["name"].tolist()) == {"Müller"}


def test_a_file_that_memory_does_not_hold_is_read(tmp_path, monkeypatch):
    _rows().write_csv(tmp_path / "t.csv")
    small = type("Memory", (), {"size": 1_000, "owner": "this machine"})
    monkeypatch.setattr(table_file, "device_memory", lambda device: small)
    monkeypatch.setattr(files, "device_memory", lambda device: small)
    assert len(TableFile(path=str(tmp_path / "t.csv")).read(None, Sink()).columns["word"]) == 100
    with pytest.raises(CompileError):
        TableFile(path=str(tmp_path / "t.csv"), stream=False).read(None, Sink())


def test_a_table_is_streamed_by_itself_where_memory_is_small(tmp_path, monkeypatch):
    _rows().write_csv(tmp_path / "t.csv")
    source = TableFile(path=str(tmp_path / "t.csv"))
    assert not source.read(None, Sink()).space.mapped
    small = type("Memory", (), {"size": 10_000})
    monkeypatch.setattr(table_file, "device_memory", lambda device: small)
    assert source.read(None, Sink()).space.mapped
