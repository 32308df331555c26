"""What is wrong with rows is told where they were written: at a line, or at what was typed."""

import io

import pytest

from kerasgen.diagnostics import SourceLocation
from kerasgen.verbs.answers.row_places import RowPlaces, asking_sink
from kerasgen.verbs.answers.text_tables import csv_pieces, line_of_object, line_of_row


@pytest.mark.parametrize(
    ("text", "form", "lines"),
    [
        ("a,b\n1,2\n3,4\n", {}, [2, 3]),
        ("\n\na,b\n1,2\n\n3,4", {}, [4, 6]),
        ('a;"b\nc"\n1;"x\ny"\n;\n2;z', {}, [3, 6]),
        (
            "made by hand\n# no row\na,b\n1,2\n# none\n3,4\n",
            {"skip_lines": 1, "comment": "#"},
            [4, 6],
        ),
        ("1,2\r\n3\r\n4,5,6\r\n", {"header": False, "names": ("a", "b")}, [1, 2, 3]),
        ("\ufeffa|b\n1|2\n", {"separator": "|"}, [2]),
    ],
    ids=["even", "blank", "cells of lines", "comments", "no names", "separator"],
)
def test_each_row_of_a_table_has_the_line_in_which_it_begins(text, form, lines):
    content = text.encode()
    rows = sum(piece.rows for piece in csv_pieces(io.BytesIO(content), "new.csv", form))
    assert rows == len(lines)
    found = [line_of_row(io.BytesIO(content), "new.csv", form, row + 1) for row in range(rows + 1)]
    assert found == [*lines, None]


def test_each_row_of_json_lines_has_its_line():
    content = b'{"a": 1}\n\nno object\n{"a": 2}'
    assert [line_of_object(io.BytesIO(content), row) for row in (1, 2, 3, 4)] == [1, 3, 4, None]


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [("new.csv", "a\n1\n2\n", 3), ("new.jsonl", '{"a": 1}\n{"a": 2}\n', 2)],
)
def test_a_row_is_placed_at_the_line_of_its_file(name, content, line, tmp_path):
    file = tmp_path / name
    file.write_text(content)
    places = RowPlaces(sink=asking_sink(str(file), str(file)), title=str(file), lines=file)
    assert places.of_row(2) == SourceLocation(file=str(file), line=line)


def test_rows_without_lines_are_placed_where_they_come_from():
    sink = asking_sink("-", "the standard input")
    assert RowPlaces(sink=sink, title="the standard input").of_row(7) == SourceLocation(
        file="the standard input"
    )
    assert RowPlaces(sink=sink).of_row(7) is None


def test_what_names_the_input_is_placed_where_it_was_typed():
    sink = asking_sink("nope.csv", "nope.csv")
    assert sink.locate("data.source.path") == SourceLocation(override="nope.csv")
    assert sink.locate("data.windows.length").file == "nope.csv"
