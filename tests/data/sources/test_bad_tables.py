"""Tables with rows that cannot be read, and files that are none: told with a place, or skipped."""

import errno
import gzip
import json
import os
import tempfile
import threading

import numpy as np
import pytest

from kerasgen.data.opened import open_data
from kerasgen.data.sources.table_file import TableFile
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.runtime import plain_text
from kerasgen.runtime.tabular import table_files, text_tables

polars = pytest.importorskip("polars")


def _read(path, **form):
    return TableFile(path=str(path), **form).read(None, Sink())


def _refused(path, **form):
    with pytest.raises(CompileError) as caught:
        _read(path, **form)
    (found,) = caught.value.diagnostics
    assert found.location is not None
    return found


def _file(tmp_path, content, name="t.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


@pytest.mark.parametrize(
    ("text", "line", "cells"),
    [
        ("a,b\n1,2\n3\n5,6\n", 3, 1),
        ("a,b\n1,2\n3,4,5\n5,6\n", 3, 3),
        ("a,b\n\n1,2\n\n3,\n4\n", 6, 1),
        ('a,b\n"1\n0",2\n"3,4"\n', 4, 1),
    ],
)
def test_a_row_of_another_length_is_told_with_its_line(text, line, cells, tmp_path):
    path = _file(tmp_path, text)
    words = f"line {line} of `{path}` has {cells} cell{'s' * (cells > 1)}, expected 2"
    assert words in _refused(path).message


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["5,\n", "5,"])
def test_cells_that_miss_at_the_end_of_a_line_need_no_second_look(
    ends, last, tmp_path, monkeypatch
):
    monkeypatch.setattr(text_tables, "wrong_line", lambda table: pytest.fail("it was looked at"))
    path = _file(tmp_path, ("a,b\n1,2\n3,\n" + last).replace("\n", ends))
    assert np.array_equal(_read(path).columns["b"], [2, np.nan, np.nan], equal_nan=True)


def test_bad_rows_are_skipped_and_counted_with_reasons(tmp_path):
    text = b"a,b\n1,x\n2\n3,\xe9\n4,y,z\n5,v\ninf,w\n\n7,u\n"
    path = _file(tmp_path, text)
    assert "line 4" in _refused(path).message  # what is no text comes before all else
    table = _read(path, bad="skip")
    assert table.columns["a"].tolist() == [1, 5, 7]
    assert table.columns["b"].tolist() == ["x", "v", "u"]
    assert table.notes == {
        "skipped": 4,
        "skipped_rows": [
            f"line 3 of `{path}`: 1 cell, expected 2",
            f"line 4 of `{path}`: text in another encoding",
            f"line 5 of `{path}`: 3 cells, expected 2",
            f"line 7 of `{path}`: `a` is infinite",
        ],
    }
    assert [table.place(row) for row in range(3)] == [
        f"line {line} of `{path}`" for line in (2, 6, 9)
    ]


def test_rows_with_a_word_in_a_column_of_numbers_are_skipped(define, tmp_path, monkeypatch):
    monkeypatch.setattr(text_tables, "PIECE_ROWS", 2)
    path = _file(tmp_path, "a;b;y\n1,5;1;u\nold;2;v\n2,5\n?;3;u\n4,5;many;v\n5,5;5;v\n")
    opened = open_data(
        define(
            f"{{source: {{class: Table, path: {path}, bad: skip, decimal: ','}}, features: all, "
            "target: y, task: auto, prepare: auto, columns: {a: number, b: number}}"
        ),
        Sink(),
    )
    assert np.array_equal(opened.columns["a"], [1.5, np.nan, 5.5], equal_nan=True)
    assert opened.columns["b"].tolist() == [1, 3, 5]
    assert opened.description["skipped"] == 3
    assert opened.description["skipped_rows"] == [
        f"line 4 of `{path}`: 1 cell, expected 3",
        f'line 3 of `{path}`: `a` is "old", and no number',
        f'line 6 of `{path}`: `b` is "many", and no number',
    ]
    table = TableFile(path=str(path), bad="skip", decimal=",", numbers=("a", "b")).read(
        None, Sink()
    )
    assert table.place(2) == f"line 7 of `{path}`"


def test_a_table_without_bad_rows_is_the_same_with_skip(tmp_path):
    path = _file(tmp_path, 'a,b\n1,"x, y"\n2,\n')
    table = _read(path, bad="skip")
    assert table.notes == {}
    assert table.columns["b"].tolist() == _read(path).columns["b"].tolist() == ["x, y", ""]


def test_rows_of_the_parts_stay_theirs_where_some_are_skipped(tmp_path):
    first = _file(tmp_path, "a\n1\ninf\n2\n", "a.csv")
    second = _file(tmp_path, "a\n3\n-inf\n", "b.csv")
    table = _read(first, test_path=str(second), bad="skip")
    assert table.columns["a"].tolist() == [1, 2, 3]
    assert table.given.tolist() == [0, 0, 2]
    assert table.place(2) == f"line 2 of `{second}`"


def test_no_more_than_a_few_reasons_are_kept(tmp_path):
    path = _file(tmp_path, "a,b\n" + "1\n" * 500 + "1,2\n")
    notes = _read(path, bad="skip").notes
    assert notes["skipped"] == 500
    assert len(notes["skipped_rows"]) == 5


def test_lines_of_json_that_are_no_objects_are_told_or_skipped(tmp_path):
    path = _file(tmp_path, '{"a": 1}\n[2]\n{"a": 3\n{"a": 4}\n', "t.jsonl")
    assert f"line 2 of `{path}` is no object" in _refused(path).message
    table = _read(path, bad="skip")
    assert table.columns["a"].tolist() == [1, 4]
    assert table.notes["skipped"] == 2
    assert table.place(1) == f"line 4 of `{path}`"


@pytest.mark.parametrize(
    ("content", "form", "code", "words"),
    [
        (b"", {}, "KG503", "is empty"),
        (b"\xef\xbb\xbf", {}, "KG503", "is empty"),
        ("a,b\n1,2\n".encode("utf-16"), {}, "KG502", "is UTF-16 text"),
        (b"a,b\n1,2\n\0,3\n", {}, "KG502", "line 3"),
        (b"a\n" + b"x" * 3000, {}, "KG502", "line 2"),
        (b"a\n1\n" + b"\0" * 3000, {}, "KG502", "line 3"),
        (b"a,b\n1,2\n", {"names": ("x", "x")}, "KG502", "two columns of"),
        (b'a,b\n1,"2\n3,4\n', {}, "KG502", "t.csv"),
        (b"a\n1\n", {"skip_lines": -1}, "KG204", "expected 0 or more"),
        (b"a\n1\n", {"skip_lines": 9}, "KG503", "is empty"),
        (b"a\n1\n", {"thousands": "''"}, "KG204", "expected one ASCII character"),
        (b"a\n1\n", {"query": "SELECT 1"}, "KG204", "is no database"),
    ],
)
def test_files_that_are_no_tables_are_told(content, form, code, words, tmp_path, monkeypatch):
    monkeypatch.setattr(plain_text, "LONGEST_LINE", 1000)
    monkeypatch.setattr(plain_text, "TEXT_BLOCK", 700)
    found = _refused(_file(tmp_path, content), **form)
    assert found.code == code
    assert words in found.message


@pytest.mark.parametrize("bad", ["error", "skip"])
def test_a_line_of_json_without_end_is_told_before_it_is_read(bad, tmp_path, monkeypatch):
    monkeypatch.setattr(plain_text, "LONGEST_LINE", 1000)
    monkeypatch.setattr(plain_text, "TEXT_BLOCK", 700)
    lines = b'{"a": 1}\n{"a": 2}\n' + b"\0" * 3000
    found = _refused(_file(tmp_path, lines, "t.jsonl"), bad=bad)
    assert found.code == "KG502"
    assert "line 3" in found.message
    assert "has more than 1,000 bytes" in found.message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "cp1252"])
def test_text_of_another_encoding_is_read_where_it_is_named(encoding, tmp_path):
    path = _file(tmp_path, "ä;b\r\n1;é\r\n".encode(encoding))
    columns = _read(path, encoding=encoding).columns
    assert {name: values.tolist() for name, values in columns.items()} == {"ä": [1], "b": ["é"]}


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_ends_of_lines_and_marks_of_order_make_no_difference(ends, mark, tmp_path):
    path = _file(tmp_path, mark + ends.join(["a,b", "1,x", "2,y", ""]))
    columns = _read(path).columns
    assert {n: v.tolist() for n, v in columns.items()} == {"a": [1, 2], "b": ["x", "y"]}


def test_comments_and_lines_at_the_top_do_not_count(tmp_path):
    path = _file(tmp_path, "from 2024\nby hand,,,\n#c\na,b\n#1,2\n3,4\n5,\n")
    table = _read(path, skip_lines=2, comment="#")
    assert table.columns["a"].tolist() == [3, 5]
    assert table.place(0) == f"row 1 of `{path}`"


@pytest.mark.parametrize(
    ("cells", "form", "numbers"),
    [
        (["1.234,5", "-2"], {"decimal": ",", "thousands": "."}, [1234.5, -2]),
        (["1,234", "12,345,678.5"], {"thousands": ","}, [1234, 12345678.5]),
        (["$1,200", "3 $"], {"thousands": ",", "symbols": "$"}, [1200, 3]),
        (["12%", "7.5 %"], {"symbols": "%"}, [12, 7.5]),
        (["1 234", "5"], {"thousands": " "}, [1234, 5]),
        (["-99", "5"], {"missing_values": {"a": ("-99",)}}, [np.nan, 5]),
    ],
)
def test_numbers_are_read_however_they_are_written(cells, form, numbers, tmp_path):
    path = _file(tmp_path, "a;b\n" + "".join(f"{cell};-99\n" for cell in cells))
    columns = _read(path, **form).columns
    assert np.array_equal(columns["a"], np.asarray(numbers, "float32"), equal_nan=True)
    assert columns["b"].tolist() == [-99] * len(cells)


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["1,2", "3"], {"thousands": ","}),
        (["1.5", "2,5"], {"decimal": ","}),
        (["$x", "3"], {"symbols": "$"}),
    ],
)
def test_what_is_no_number_in_the_form_that_is_said_stays_a_word(cells, form, tmp_path):
    path = _file(tmp_path, "a;b\n" + "".join(f"{cell};1\n" for cell in cells))
    assert _read(path, **form).columns["a"].tolist() == cells


def test_dates_of_another_form_become_iso_dates(tmp_path):
    path = _file(tmp_path, "a,b\n31.12.2024,x\n,y\n01.02.2023,z\n")
    columns = _read(path, dates="%d.%m.%Y").columns
    assert columns["a"].tolist() == ["2024-12-31", "", "2023-02-01"]
    assert columns["b"].tolist() == ["x", "y", "z"]


def test_a_column_is_words_where_a_late_piece_or_a_later_file_holds_one(tmp_path, monkeypatch):
    monkeypatch.setattr(text_tables, "PIECE_ROWS", 2)
    _file(tmp_path, "a,b\n" + "1.50,2\n" * 9, "1.csv")
    _file(tmp_path, "a,b\nx,3.5\n", "2.csv")
    columns = _read(tmp_path / "*.csv").columns
    assert columns["a"].tolist() == ["1.50"] * 9 + ["x"]
    assert columns["b"].tolist() == [2.0] * 9 + [3.5]


def test_whole_numbers_beyond_single_precision_stay_whole_over_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(text_tables, "PIECE_ROWS", 2)
    path = _file(tmp_path, "a,b\n1,1\n2,2\n3,3\n16777217,16777217\n5,0.5\n")
    columns = _read(path).columns
    assert columns["a"].tolist() == [1, 2, 3, 16777217, 5]
    assert columns["a"].dtype == "int64"
    assert columns["b"].dtype == "float32"


def test_one_word_that_would_make_a_column_too_wide_is_refused(tmp_path):
    path = _file(tmp_path, "a\n" + "x\n" * 3000 + "y" * 100_000 + "\n")
    found = _refused(path)
    assert found.code == "KG614"
    assert "100,000 characters in `a`" in found.message


def test_a_small_file_that_becomes_very_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(table_files, "FREE_WIDTH", 1000)
    polars.DataFrame({"a": [7] * 2_000_000}).write_parquet(tmp_path / "t.parquet")
    found = _refused(tmp_path / "t.parquet")
    assert found.code == "KG614"
    assert "2,000,000 rows" in found.message


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path, monkeypatch):
    path = _file(tmp_path, "a\n1\n2\n")
    read = text_tables.scan_text

    def changed(table):
        os.utime(path, ns=(1, 1))
        return read(table)

    monkeypatch.setattr(text_tables, "scan_text", changed)
    found = _refused(path)
    assert found.code == "KG517"
    assert "was changed while it was read" in found.message


@pytest.mark.parametrize("change", ["truncate", "remove"])
def test_a_file_that_is_cut_off_or_taken_away_meanwhile_is_told(change, tmp_path, monkeypatch):
    monkeypatch.setattr(text_tables, "PIECE_ROWS", 10)
    path = _file(tmp_path, "a,b\n" + "1,2\n" * 100)
    read = text_tables.scan_text

    def changed(table):
        if change == "truncate":
            os.truncate(path, 11)
        else:
            path.unlink()
        return read(table)

    monkeypatch.setattr(text_tables, "scan_text", changed)
    assert _refused(path).code == "KG517"


def test_a_folder_and_a_pipe_are_told(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    assert _refused(tmp_path / "folder.csv").code == "KG502"
    done = []
    asking = threading.Thread(target=lambda: done.append(_refused(tmp_path / "pipe.csv")))
    asking.daemon = True
    asking.start()
    asking.join(5)
    assert [found.code for found in done] == ["KG612"]


@pytest.mark.parametrize(
    "content",
    [
        [{"a": 1, "b": {"c": 2, "d": {"e": "x"}}}, {"a": 3, "b": {"c": None, "d": {"e": "y"}}}],
        {"rows": [{"a": 1, "b": {"c": 2, "d": {"e": "x"}}}, {"a": 3, "b": {"d": {"e": "y"}}}]},
    ],
)
def test_objects_in_json_become_columns_of_their_own(content, tmp_path):
    columns = _read(_file(tmp_path, json.dumps(content), "t.json")).columns
    assert columns["a"].tolist() == [1, 3]
    assert np.array_equal(columns["b.c"], [2, np.nan], equal_nan=True)
    assert columns["b.d.e"].tolist() == ["x", "y"]


def test_json_of_columns_is_a_table(tmp_path):
    columns = _read(_file(tmp_path, '{"a": [1, 2], "b": ["x", "y"]}', "t.json")).columns
    assert {n: v.tolist() for n, v in columns.items()} == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[1, 2]", "entry 1"),
        ('{"a": [1], "b": [1, 2]}', "columns of equal length"),
        ('{"a": 1', "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ("[]", "holds no objects"),
        ('[{"a.b": 1, "a": {"b": 2}}]', "two columns are called `a.b`"),
    ],
)
def test_json_that_is_no_table_is_told(content, words, tmp_path):
    found = _refused(_file(tmp_path, content, "t.json"))
    assert words in found.message


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("a,b\n1,ä\n".encode("latin-1"), {"encoding": "latin-1"}),
        (b"a,b\n1,2\n3\n", {"bad": "skip"}),
    ],
)
def test_a_full_folder_of_temporary_files_is_told_by_its_name(tmp_path, monkeypatch, content, form):
    path, folder = _file(tmp_path, content), tmp_path / "full"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    opened = type(path).open

    def full(path, mode="r", *words, **options):
        if "w" in mode:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, mode, *words, **options)

    monkeypatch.setattr(type(path), "open", full)
    found = _refused(path, **form)
    assert found.code == "KG605"
    assert f"`{folder}` has no room" in found.message
    assert "TMPDIR" in found.help


def test_a_header_in_another_encoding_is_told_with_the_encoding_to_write(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("näme,b\n1,2\n".encode("latin-1"))
    with pytest.raises(CompileError) as caught:
        TableFile(path=str(path)).read(None, Sink())
    (found,) = caught.value.diagnostics
    assert (found.code, "line 1 of" in found.message) == ("KG502", True)
    assert "encoding=latin-1" in found.help
    assert TableFile(path=str(path), encoding="latin-1").read(None, Sink()).names == ("näme", "b")


def test_a_line_with_a_zero_byte_is_left_out_as_the_help_says(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,2\n3,\0\n5,6\n")
    with pytest.raises(CompileError) as caught:
        TableFile(path=str(path)).read(None, Sink())
    assert "`bad: skip`" in caught.value.diagnostics[0].help
    table = TableFile(path=str(path), bad="skip").read(None, Sink())
    assert table.columns["a"].tolist() == [1, 5]
    assert table.notes["skipped"] == 1


def test_a_packed_file_of_text_is_told_as_such(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    with pytest.raises(CompileError) as caught:
        TableFile(path=str(path)).read(None, Sink())
    (found,) = caught.value.diagnostics
    assert "packed with gzip" in found.message
    assert "gunzip" in found.help


def test_utf_16_is_named_where_a_file_is_that(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("a,b\n1,2\n".encode("utf-16"))
    with pytest.raises(CompileError) as caught:
        TableFile(path=str(path)).read(None, Sink())
    assert "data.source.encoding=utf-16" in caught.value.diagnostics[0].help
    table = TableFile(path=str(path), encoding="utf-16").read(None, Sink())
    assert table.columns["b"].tolist() == [2]


def test_a_file_whose_name_is_no_text_is_told(tmp_path):
    name = str(tmp_path / "\udcff\udcfe.csv")
    with pytest.raises(CompileError) as caught:
        TableFile(path=name).read(None, Sink())
    (found,) = caught.value.diagnostics
    assert "no UTF-8 text" in found.message
    assert found.message.isprintable()
