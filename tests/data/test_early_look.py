"""Columns and files that are told of before anything is opened."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from kerasgen.data.early_look import look_at_data
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.frontend.parse.data import parse_data


def looked(text: str, *, needed: bool = True) -> list[Diagnostic]:
    sink = Sink()
    data = parse_data(yaml.safe_load(text), sink)
    assert data is not None
    try:
        look_at_data(data, sink, needed=needed)
    except CompileError as error:
        return list(error.diagnostics)
    return sink.diagnostics


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text("first,second\n1,not read\n", encoding="utf-8")
    np.savez(tmp_path / "a.npz", x_train=np.zeros(3), x_test=np.zeros(2), y=np.zeros(5))
    return tmp_path


CSV = "{source: {class: Csv, path: '%s/t.csv'}, features: %s, target: %s, task: regression}"
ARRAYS = "{source: {class: Arrays, path: '%s/a.npz'}, features: %s, target: y, task: regression}"


def test_columns_that_are_there_are_passed(files: Path) -> None:
    assert looked(CSV % (files, "first", "second")) == []
    assert looked(CSV % (files, "all", "second")) == []
    assert looked(ARRAYS % (files, "x")) == []


@pytest.mark.parametrize(
    ("text", "features", "target", "key"),
    [(CSV, "frist", "second", "data.features"), (CSV, "first", "secnd", "data.target")],
)
def test_a_column_that_is_not_in_the_header_is_told(
    files: Path, text: str, features: str, target: str, key: str
) -> None:
    (found,) = looked(text % (files, features, target))
    assert (found.code, found.location and found.location.key) == ("KG504", key)
    assert str(found.help).startswith("did you mean `")


def test_an_array_that_is_not_in_the_archive_is_told(files: Path) -> None:
    (found,) = looked(ARRAYS % (files, "z"))
    assert found.code == "KG504"


def test_a_file_that_is_not_there_is_a_mistake_of_a_run_alone(files: Path) -> None:
    text = CSV % (files / "no", "first", "second")
    (found,) = looked(text)
    assert (found.code, found.location and found.location.key) == ("KG501", "data.source.path")
    assert looked(text, needed=False) == []


def test_rows_are_not_read(files: Path) -> None:
    (files / "t.csv").write_text("first,second\n1\n1,2,3\n", encoding="utf-8")
    assert looked(CSV % (files, "first", "second")) == []


TABLE = "{source: {class: Table, path: '%s'}, features: all, target: second, task: regression}"


@pytest.mark.parametrize(
    "path", ["%s/t*.csv", "%s/t.csv", "postgresql://host/base", "sqlite:///%s/t.csv"]
)
def test_patterns_and_databases_are_no_files_that_are_not_there(path: str, files: Path) -> None:
    assert looked(TABLE % (path.replace("%s", str(files)))) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [("%s/u*.csv", "KG502"), ("%s/u.csv", "KG501"), ("sqlite:///%s/u.sqlite", "KG501")],
)
def test_tables_that_are_not_there_are_told(path: str, code: str, files: Path) -> None:
    (found,) = looked(TABLE % (path.replace("%s", str(files))))
    assert (found.code, found.location and found.location.key) == (code, "data.source.path")


WRONG = [
    ("Table", "path: t.csv, separator: ab", "separator"),
    ("Table", "path: t.csv, skip_lines: -1", "skip_lines"),
    ("Table", "path: t.csv, most_rows: 0", "most_rows"),
    ("Table", "path: t.csv, encoding: nope", "encoding"),
    ("Table", "path: t.csv, sheet: Birds", "sheet"),
    ("Table", "path: t.csv, query: select 1", "query"),
    ("Table", "path: t.csv, dates: soon", "dates"),
    ("Table", "path: t.csv, decimal: ',', thousands: ','", "thousands"),
    ("Csv", "path: t.csv, delimiter: ab", "delimiter"),
    ("Csv", "path: t.csv, quote: ''", "quote"),
    ("ImageFolder", "path: pics, size: [3]", "size"),
    ("HuggingFace", "path: set, size: [0, 3]", "size"),
    ("Tfds", "path: set, size: [1, 2, 3]", "size"),
    ("Sounds", "path: tones, rate: 0", "rate"),
    ("Texts", "path: notes, encoding: nope", "encoding"),
    ("Texts", "path: notes, characters: 0", "characters"),
    ("Arrays", "path: a.npz, x: x.npy", "x"),
    ("Arrays", "path: a.npz, group: g", "group"),
]


@pytest.mark.parametrize(("cls", "arguments", "wrong"), WRONG)
def test_arguments_that_no_file_could_go_with_are_told_at_their_keys(
    cls: str, arguments: str, wrong: str
) -> None:
    text = f"{{source: {{class: {cls}, {arguments}}}, features: a, target: b, task: regression}}"
    (found,) = [d for d in looked(text, needed=False) if d.code != "KG504"]
    assert (found.code, found.location and found.location.key) == ("KG204", f"data.source.{wrong}")


def test_arguments_that_a_file_may_go_with_are_passed() -> None:
    for arguments in (
        *("path: t.xlsx, sheet: Birds", "path: t.sqlite, query: select 1"),
        *("path: t.csv, dates: '%d.%m.%Y', thousands: '.', decimal: ','", "path: '???'"),
    ):
        text = (
            f"{{source: {{class: Table, {arguments}}}, features: a, target: b, task: regression}}"
        )
        assert looked(text, needed=False) == []
