"""Tables of any kind are read into the same columns, and told what is wrong with them."""

import zipfile

import numpy as np
import pytest

from kerasgen.data.sources.table_file import TableFile
from kerasgen.diagnostics import CompileError, Sink

polars = pytest.importorskip("polars")


def _read(path, **form):
    return TableFile(path=str(path), **form).read(None, Sink())


def _refused(path, **form):
    with pytest.raises(CompileError) as caught:
        _read(path, **form)
    (found,) = caught.value.diagnostics
    return found


TEXT = "name,size,when\nAnna,1.5,2024-01-02\nBen,,2024-03-04\n"


def _columns(table):
    return {name: values.tolist() for name, values in table.columns.items()}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (TEXT, {}),
        (TEXT.replace(",", ";").replace("1.5", "1,5"), {"decimal": ","}),
        (TEXT.replace(",", "\t"), {}),
        (TEXT.replace(",", " , "), {}),
        ("\ufeff" + TEXT.replace("\n", "\r\n") + "\r\n\r\n", {}),
        (TEXT.split("\n", 1)[1], {"header": False, "names": ("name", "size", "when")}),
        (TEXT.replace("Ben,,", "Ben,?,"), {}),
        (TEXT.replace("Ben,,", "Ben,-99,"), {"missing_values": ("-99",)}),
        (TEXT.replace("Anna", '"Anna"'), {}),
    ],
)
def test_text_is_read_however_it_is_written(text, form, tmp_path):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8", newline="")
    table = _read(tmp_path / "t.csv", **form)
    assert table.columns["name"].tolist() == ["Anna", "Ben"]
    assert np.array_equal(table.columns["size"], [1.5, np.nan], equal_nan=True)
    assert table.columns["when"].tolist() == ["2024-01-02", "2024-03-04"]


@pytest.mark.parametrize("ending", ["parquet", "feather", "jsonl"])
def test_other_formats_give_the_same_columns(ending, tmp_path):
    import datetime

    frame = polars.DataFrame(
        {
            "name": ["Anna", None],
            "size": [1.5, None],
            "count": [16_777_217, 3],
            "when": [datetime.date(2024, 1, 2), datetime.date(2024, 3, 4)],
        }
    )
    path = tmp_path / f"t.{ending}"
    write = {"jsonl": "write_ndjson", "feather": "write_ipc"}
    getattr(frame, write.get(ending, f"write_{ending}"))(path)
    columns = _read(path).columns
    assert columns["name"].tolist() == ["Anna", ""]
    assert np.array_equal(columns["size"], [1.5, np.nan], equal_nan=True)
    assert columns["count"].tolist() == [16_777_217, 3]
    assert columns["when"].tolist() == ["2024-01-02", "2024-03-04"]


def test_several_files_are_one_table(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text(f"a,b\n{number},x\n")
    assert _columns(_read(tmp_path / "*.csv")) == {"a": [0, 1, 2], "b": ["x", "x", "x"]}


def test_rows_of_the_test_file_are_the_given_test_part(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n2\n")
    (tmp_path / "b.csv").write_text("a\n3\n")
    table = _read(tmp_path / "a.csv", test_path=str(tmp_path / "b.csv"))
    assert table.given.tolist() == [0, 0, 2]


@pytest.mark.parametrize(
    ("text", "form", "code", "words"),
    [
        ("a,b\n1,2\n3\n", {}, "KG502", "line 3 of"),
        ("a,b\n1,2\n3,4,5\n", {}, "KG502", "has 3 cells, expected 2"),
        ("a,a\n1,2\n", {}, "KG502", "two columns of"),
        (" \n\n", {}, "KG503", "is empty"),
        ("a,b\n1,2\n", {"names": ("x",)}, "KG204", "`names` has 1"),
        ("a\né\n", {"encoding": "ascii"}, "KG502", "line 2 of"),
        ("a\n1\n", {"encoding": "latin-11"}, "KG204", "there is no encoding"),
        ("a\n1\n", {"separator": ";;"}, "KG204", "expected one ASCII character"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(text, form, code, words, tmp_path):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    found = _refused(tmp_path / "t.csv", **form)
    assert found.code == code
    assert words in found.message


def test_latin_text_is_told_with_its_line_and_read_with_its_encoding(tmp_path):
    (tmp_path / "t.csv").write_bytes("a\nx\né\n".encode("latin-1"))
    assert "line 3" in _refused(tmp_path / "t.csv").message
    assert _columns(_read(tmp_path / "t.csv", encoding="latin-1")) == {"a": ["x", "é"]}


def test_files_with_other_columns_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.csv").write_text("a,c\n1,2\n")
    assert "`b` is in one of them alone" in _refused(tmp_path / "*.csv").message


def test_a_damaged_parquet_file_is_told(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 is not enough")
    assert "cannot be read as parquet" in _refused(tmp_path / "t.parquet").message


@pytest.mark.parametrize("path", ["none.csv", "none*.csv"])
def test_a_file_that_is_not_there_is_told(path, tmp_path):
    assert _refused(tmp_path / path).code in ("KG501", "KG502")


def test_lists_of_equally_many_numbers_are_a_column_of_several_values(tmp_path):
    polars.DataFrame({"a": [[1, 2], [3, 4]]}).write_parquet(tmp_path / "t.parquet")
    assert _columns(_read(tmp_path / "t.parquet")) == {"a": [[1, 2], [3, 4]]}


def test_lists_of_words_are_words_with_commas_between_them(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"a": ["x", "y z"]}\n{"a": ["w"]}\n')
    assert _columns(_read(tmp_path / "t.jsonl")) == {"a": ["x,y z", "w"]}


def test_lists_of_unequally_many_numbers_are_numbers_one_after_the_other(tmp_path):
    lists = [[1.0, 2.5], [3.0], None, []]
    polars.DataFrame({"a": lists}).write_parquet(tmp_path / "t.parquet")
    assert _columns(_read(tmp_path / "t.parquet")) == {"a": ["1.0 2.5", "3.0", "", ""]}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[[1]], [[2]]], "neither numbers nor words"),
        ([b"x", b"y"], "neither numbers nor words"),
    ],
)
def test_cells_that_are_no_column_are_told(values, words, tmp_path):
    polars.DataFrame({"a": values}).write_parquet(tmp_path / "t.parquet")
    assert words in _refused(tmp_path / "t.parquet").message


_WORKBOOK = {
    "[Content_Types].xml": """<Types xmlns="http://schemas.openxmlformats.org/package/2006/\
content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.\
relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName=\
"/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.\
main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.\
openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>""",
    "_rels/.rels": """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/\
relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/\
relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/_rels/workbook.xml.rels": """<Relationships xmlns="http://schemas.openxmlformats.org/\
package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/\
officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>""",
    "xl/workbook.xml": """<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/\
main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>\
<sheet name="Birds" sheetId="1" r:id="r1"/></sheets></workbook>""",
    "xl/worksheets/sheet1.xml": """<worksheet xmlns="http://schemas.openxmlformats.org/\
spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c>\
<c r="B1" t="inlineStr"><is><t>size</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is>\
<t>Anna</t></is></c><c r="B2"><v>1.5</v></c></row><row r="3"><c r="A3" t="inlineStr"><is>\
<t>Ben</t></is></c></row></sheetData></worksheet>""",
}
"""The smallest file that Excel opens: a sheet of three rows."""


def test_a_sheet_of_excel_is_read_and_one_that_is_not_there_told(tmp_path):
    pytest.importorskip("fastexcel")
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        for name, text in _WORKBOOK.items():
            archive.writestr(name, text)
    columns = _read(tmp_path / "t.xlsx").columns
    assert columns["name"].tolist() == ["Anna", "Ben"]
    assert np.array_equal(columns["size"], [1.5, np.nan], equal_nan=True)
    found = _refused(tmp_path / "t.xlsx", sheet="Fish")
    assert "cannot be read as excel" in found.message
    assert "its sheets are `Birds`" in found.message
    assert found.location.key == "data.source.sheet"


def test_a_damaged_excel_file_is_told(tmp_path):
    pytest.importorskip("fastexcel")
    (tmp_path / "t.xlsx").write_bytes(b"PK is not enough")
    assert "cannot be read as excel" in _refused(tmp_path / "t.xlsx").message


def test_files_whose_columns_stand_in_another_order_are_read_by_name(tmp_path):
    (tmp_path / "1.csv").write_text("a,b\n1,x\n2,y\n")
    (tmp_path / "2.csv").write_text("b,a\nz,3\n")
    table = _read(tmp_path / "*.csv")
    assert _columns(table) == {"a": [1, 2, 3], "b": ["x", "y", "z"]}


def test_a_book_of_several_sheets_says_which_one_is_read(tmp_path):
    pytest.importorskip("fastexcel")
    two = {
        "xl/workbook.xml": _WORKBOOK["xl/workbook.xml"].replace(
            "</sheets>", '<sheet name="Fish" sheetId="2" r:id="r1"/></sheets>'
        )
    }
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        for name, text in (_WORKBOOK | two).items():
            archive.writestr(name, text)
    path, sink = str(tmp_path / "t.xlsx"), Sink()
    TableFile(path=path).read(None, sink)
    (found,) = sink.diagnostics
    assert "`Birds`, `Fish`, and the first is read" in found.message
    assert "data.source.sheet" in found.help
    said = Sink()
    TableFile(path=path, sheet="Birds").read(None, said)
    assert not said.diagnostics


def test_a_test_file_of_other_columns_is_told_where_it_is_named(tmp_path):
    (tmp_path / "1.csv").write_text("a,b\n1,x\n")
    (tmp_path / "2.csv").write_text("a,c\n1,x\n")
    found = _refused(tmp_path / "1.csv", test_path=str(tmp_path / "2.csv"))
    assert found.location.key == "data.source.test_path"
    assert _refused(tmp_path / "*.csv").location.key == "data.source.path"
