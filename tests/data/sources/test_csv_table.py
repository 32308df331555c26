"""Tables in text files."""

import numpy as np
import pytest

from kerasgen.data.sources.csv_table import MOST_LINE, Csv
from kerasgen.diagnostics import CompileError


@pytest.fixture
def csv_file(tmp_path):
    def write(text, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def _refusals(source, sink, wanted=None):
    with pytest.raises(CompileError):
        source.read(wanted, sink)
    return sink.errors


def test_a_column_is_numbers_if_every_cell_is_one(csv_file, sink):
    table = Csv(path=csv_file("a,b\n1,x\n2.5,3\n")).read(None, sink)
    assert table.columns["a"].tolist() == [1.0, 2.5]
    assert table.columns["a"].dtype == np.float32
    assert table.columns["b"].tolist() == ["x", "3"]


def test_whole_numbers_that_float32_would_change_stay_whole(csv_file, sink):
    table = Csv(path=csv_file("id\n16777217\n16777219\n")).read(None, sink)
    assert table.columns["id"].tolist() == [16777217, 16777219]


def test_a_file_without_header_has_numbered_columns(csv_file, sink):
    table = Csv(path=csv_file("1,2\n3,4\n"), header=False).read(None, sink)
    assert table.names == ("c0", "c1")
    assert table.columns["c0"].tolist() == [1.0, 3.0]


def test_given_names_replace_the_header(csv_file, sink):
    table = Csv(path=csv_file("a,a\n1,2\n"), columns=("p", "q")).read(None, sink)
    assert table.names == ("p", "q")
    assert table.columns["q"].tolist() == [2.0]


def test_the_number_of_given_names_must_fit(csv_file, sink):
    (found,) = _refusals(Csv(path=csv_file("1,2\n"), header=False, columns=("p",)), sink)
    assert (found.code, found.location.key) == ("KG204", "data.source.columns")


def test_blanks_quotes_empty_lines_and_a_byte_order_mark_are_no_part_of_the_cells(csv_file, sink):
    text = '\ufeffa, b\n1, "x, y"\n\n   \n2, z \n'
    table = Csv(path=csv_file(text)).read(None, sink)
    assert table.names == ("a", "b")
    assert table.columns["b"].tolist() == ["x, y", "z"]


def test_a_missing_value_is_located_by_column_and_line(csv_file, sink):
    (found,) = _refusals(Csv(path=csv_file("a,b\n1,2\n,3\n?,4\n")), sink)
    assert found.code == "KG506"
    assert found.message == (
        "the column `a` has no value in line 3 and 1 further lines of `table.csv`"
    )
    assert found.help == "leave such rows out with `data.source.missing=drop`"


def test_rows_with_missing_values_can_be_left_out(csv_file, sink):
    source = Csv(path=csv_file("a,b\n1,2\nNA,3\n5,6\n"), missing="drop")
    table = source.read(None, sink)
    assert table.columns["b"].tolist() == [2.0, 6.0]
    assert table.notes == {"rows_dropped": 1}
    assert table.place(1) == "line 4 of `table.csv`"


def test_a_missing_value_in_a_column_that_is_not_used_does_not_count(csv_file, sink):
    table = Csv(path=csv_file("a,b\n1,\n2,3\n")).read(frozenset({"a"}), sink)
    assert table.columns["a"].tolist() == [1.0, 2.0]


def test_the_words_for_a_missing_value_can_be_chosen(csv_file, sink):
    source = Csv(path=csv_file("a\n-999\n?\n"), missing="drop", missing_values=("-999",))
    assert source.read(None, sink).columns["a"].tolist() == ["?"]


def test_a_second_file_is_the_given_test_part(csv_file, sink):
    source = Csv(path=csv_file("a\n1\n2\n"), test_path=csv_file("a\n3\n", "test.csv"))
    table = source.read(None, sink)
    assert table.columns["a"].tolist() == [1.0, 2.0, 3.0]
    assert table.given.tolist() == [0, 0, 2]
    assert table.place(2) == "line 2 of `test.csv`"


def test_a_second_file_with_other_columns_is_refused(csv_file, sink):
    source = Csv(path=csv_file("a\n1\n"), test_path=csv_file("b\n3\n", "test.csv"))
    (found,) = _refusals(source, sink)
    assert (found.code, found.location.key) == ("KG502", "data.source.test_path")


def test_a_line_with_another_number_of_cells_is_located(csv_file, sink):
    path = csv_file("a,b\n1,2\n1,2,3\n")
    (found,) = _refusals(Csv(path=path), sink)
    assert found.message == f"line 3 of `{path}` has 3 cells, expected 2"


def test_a_first_line_of_numbers_is_suspected_to_be_no_header(csv_file, sink):
    Csv(path=csv_file("1,2\n3,4\n")).read(None, sink)
    (found,) = sink.diagnostics
    assert (found.severity, found.location.key) == ("warning", "data.source.header")


def test_two_columns_of_one_name_are_refused(csv_file, sink):
    (found,) = _refusals(Csv(path=csv_file("a,a\n1,2\n")), sink)
    assert found.code == "KG502"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "KG503"), (b"a,b\n\xff\xfe,1\n", "KG502"), (b'a\n"x\n', "KG502")],
)
def test_a_file_that_is_no_table_is_refused(content, code, csv_file, sink):
    (found,) = _refusals(Csv(path=csv_file(content)), sink)
    assert (found.code, found.location.key) == (code, "data.source.path")


def test_quotes_can_be_part_of_the_text(csv_file, sink):
    source = Csv(path=csv_file('ham\t"Hi" he said\n'), header=False, delimiter="\t", quote=None)
    assert source.read(None, sink).columns["c1"].tolist() == ['"Hi" he said']


def test_a_delimiter_is_one_character(csv_file, sink):
    (found,) = _refusals(Csv(path=csv_file("a\n1\n"), delimiter="||"), sink)
    assert (found.code, found.location.key) == ("KG204", "data.source.delimiter")


def test_a_line_without_end_is_not_read_to_its_end(csv_file, sink):
    path = csv_file("a,b\n")
    with open(path, "r+b") as file:
        file.truncate(MOST_LINE + 100)
    (found,) = _refusals(Csv(path=path), sink)
    assert found.code == "KG502"
    assert "a line has more than 16,777,216 characters" in found.message


def test_one_long_cell_does_not_make_a_column_of_gigabytes(csv_file, sink):
    path = csv_file("a,b\n" + "x" * 100_000 + ",1\n" + "y,0\n" * 20_000)
    (found,) = _refusals(Csv(path=path), sink)
    assert found.code == "KG614"
    assert found.message.startswith("the column `a`, as wide as its longest cell in each row,")


def test_columns_are_counted_in_one_go(csv_file, sink):
    names = ",".join(f"c{number}" for number in range(100_000))
    table = Csv(path=csv_file(f"{names}\n")).read(frozenset({"c7"}), sink)
    assert (len(table.names), list(table.columns)) == (100_000, ["c7"])
