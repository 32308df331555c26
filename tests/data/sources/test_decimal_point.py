"""A decimal comma is told by the first lines, where nothing speaks against it."""

import os
import tracemalloc

import numpy as np
import pytest

from kerasgen.data.sources.decimal_point import likely_decimal, told_decimal
from kerasgen.data.sources.table_file import TableFile
from kerasgen.diagnostics import Sink


@pytest.mark.parametrize(
    ("lines", "form", "point"),
    [
        (["a;b", "1,5;x", "2;y"], {}, ","),
        (["a\tb", "-0,25\tx"], {}, ","),
        (["a;b", "1,5;2.5"], {}, "."),
        (["a;b", "1,500;x"], {}, "."),
        (["a;b", "1,500;x", "12,5;y"], {}, ","),
        (["a;b", "0,125;x"], {}, ","),
        (["a,b", '"1,5",x'], {}, "."),
        (["a|b", '"1,5"|x'], {}, ","),
        (["a b;c", "1;x"], {}, "."),
        (["1,5;2,5"], {"separator": ","}, "."),
        (["a;b", "1,5;x"], {"thousands": ","}, "."),
        ([], {}, "."),
    ],
)
def test_the_first_lines_tell_the_decimal_point(lines, form, point):
    assert likely_decimal(lines, form) == point


def test_a_table_of_a_spreadsheet_with_commas_is_numbers(tmp_path):
    pytest.importorskip("polars")
    (tmp_path / "t.csv").write_text("size;name\n1,5;a\n2;b\n")
    source = TableFile(path=str(tmp_path / "t.csv"))
    assert np.array_equal(source.read(None, Sink()).columns["size"], [1.5, 2])
    assert source.plain_call().arguments["decimal"] == ","
    told = TableFile(path=str(tmp_path / "t.csv"), decimal=".")
    assert told.read(None, Sink()).columns["size"].tolist() == ["1,5", "2"]


def test_a_line_without_end_is_not_read_as_a_whole(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;b\n1,5;x\n")
    os.truncate(path, 2**28)
    tracemalloc.start()
    try:
        assert told_decimal([str(path)], {}) == ","
        assert tracemalloc.get_traced_memory()[1] < 2**27
    finally:
        tracemalloc.stop()
