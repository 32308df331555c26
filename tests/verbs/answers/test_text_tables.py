"""Text is cut into rows some at a time, and rows of another length are found."""

import io

import pytest

from kerasgen.runtime.errors import DataError
from kerasgen.verbs.answers import text_tables
from kerasgen.verbs.answers.text_tables import csv_pieces, json_pieces

pytest.importorskip("polars")


def _rows(text, **form):
    columns, problems = {}, {}
    before = 0
    for piece in csv_pieces(io.BytesIO(text.encode()), "new.csv", form):
        for name, cells in piece.cells.items():
            columns.setdefault(name, []).extend(cells)
        problems |= {before + row: problem for row, problem in piece.problems.items()}
        before += piece.rows
    return columns, problems


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("a,b\n1,2\n3,4\n", {}),
        ("a,b\n1,2\n\n3,4", {}),
        ('a,b\n1,2\n3,"4,5"\n', {}),
        (
            "a,b\n1,2\n3\n4,5,6\n",
            {1: "it has 1 cells, expected 2", 2: "it has 3 cells, expected 2"},
        ),
        ("a,b\n1,2\n\n3,4,\n", {1: "it has 3 cells, expected 2"}),
    ],
    ids=["even", "blank line", "quoted separator", "short and long", "blank and long"],
)
def test_rows_of_another_length_have_a_problem(text, problems):
    columns, found = _rows(text)
    assert columns["a"][:2] == ["1", "3"]
    assert found == problems


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1, x\n,\n2 ,y\n", ","),
        ("a,b\n1,x\n,\n\n2,y\n", ","),
        ('a,b\n"\n1","x\n"\n2,y\n', ","),
        ("a,b\n1,\u00a0x\n2,y\u2003\n", ","),
        ("a,b\n\x0b1,x\f\n\t2,y\n", ","),
        ("a\tb\n1\tx\n\t\n2\ty\n", "\t"),
        ("a\tb\n1\t x\n \t\n2\ty\n", "\t"),
        ('a\tb\n"\t1"\tx\n2\t"y\t"\n', "\t"),
        ("a b\n1 x\n \n2 y\n", " "),
        ("a,b\r\n1,x\r\n,\r\n2,y\r\n", ","),
    ],
)
def test_cells_have_no_blanks_around_them_and_rows_of_nothing_are_passed_over(text, separator):
    assert _rows(text, separator=separator)[0] == {"a": ["1", "2"], "b": ["x", "y"]}


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_blocks_of_any_size_give_the_same_rows(size, monkeypatch):
    monkeypatch.setattr(text_tables, "BLOCK", size)
    text = '\ufeffa;b\r\n1;"x\r\ny"\r\n2;"é"\r\n\r\n3;z'
    assert _rows(text)[0] == {"a": ["1", "2", "3"], "b": ["x\ny", "é", "z"]}


def test_comments_and_lines_before_the_table_are_passed_over():
    text = "made by hand\na,b\n# no row\n1,2\n"
    assert _rows(text, skip_lines=1, comment="#")[0] == {"a": ["1"], "b": ["2"]}


def test_targets_may_be_left_out_of_rows_without_names():
    form = {"header": False, "names": ("a", "b", "kind")}
    (piece,) = csv_pieces(io.BytesIO(b"1,2\n"), "new.csv", form, ["kind"])
    assert {name: list(cells) for name, cells in piece.cells.items()} == {"a": ["1"], "b": ["2"]}


def test_a_line_that_never_ends_is_refused(monkeypatch):
    monkeypatch.setattr(text_tables, "BLOCK", 10)
    monkeypatch.setattr(text_tables, "LONGEST", 100)
    with pytest.raises(DataError, match=r"line 2 of `new.csv` is longer"):
        list(csv_pieces(io.BytesIO(b"a,b\n" + b"x" * 1000), "new.csv", {}))


@pytest.mark.parametrize(
    ("content", "form", "told"),
    [
        (b"", {}, "`new.csv` is empty"),
        (b"a,b\n1,\xff\n", {}, "line 2 of `new.csv` is not utf-8 text"),
        (b"a,b\r\n1,2\r\n\xff", {}, "line 3 of `new.csv` is not utf-8 text"),
        (b"a,b\n", {"encoding": "nonsense"}, "there is no encoding `nonsense`"),
        (b"a,a\n1,2\n", {}, "two columns of `new.csv` are called `a`"),
    ],
)
def test_text_that_is_no_table_is_refused(content, form, told):
    with pytest.raises(DataError, match=told):
        list(csv_pieces(io.BytesIO(content), "new.csv", form))


@pytest.mark.parametrize("block", [1, 2, 3, 5, 8, 1000])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
def test_the_line_of_a_wrong_byte_is_told_in_whatever_block_it_lies(block, ends, monkeypatch):
    monkeypatch.setattr(text_tables, "BLOCK", block)
    content = ends.join([b"a,b", "1,é".encode(), b"2,x", b"3,\xe9y", b"4,z"])
    with pytest.raises(DataError, match=r"line 4 of `new.csv` is not utf-8 text"):
        list(csv_pieces(io.BytesIO(content), "new.csv", {}))


def test_json_that_is_too_deep_is_a_row_with_a_problem():
    content = b'{"a": 1}\n' + b"[" * 100_000 + b'\n{"a": {"b": 2}}\n'
    (piece,) = json_pieces(io.BytesIO(content), "new.jsonl")
    assert piece.cells == {"a": [1, None, '{"b": 2}']}
    assert piece.problems == {1: "it is no object of JSON"}
