"""Words that are numbers or dates are told with the line that reads them, and it reads them."""

import re

import numpy as np
import pytest

from kerasgen.data.columns.hidden_forms import hidden_form, tell_hidden_forms
from kerasgen.data.columns.row_chunks import chunks_of_table
from kerasgen.data.columns.tally import ColumnTally, TableTally
from kerasgen.data.columns.types import infer_type
from kerasgen.data.opened import open_data
from kerasgen.data.sources.table_file import TableFile
from kerasgen.diagnostics import Sink

pytest.importorskip("polars")


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["1,5", "2,25", "3"], {"decimal": ","}),
        (["1.234,5", "2,5"], {"decimal": ",", "thousands": "."}),
        (["1,234", "12,345,678"], {"thousands": ","}),
        (["1,234.5", "12.5"], {"thousands": ","}),
        (["1 234", "12 345"], {"thousands": " "}),
        (["$5", "12.50 $"], {"symbols": "$"}),
        (["€1.200,50", "3,5 €"], {"decimal": ",", "thousands": ".", "symbols": "€"}),
        (["12%", "5%"], {"symbols": "%"}),
        (["31.12.2024", "01.02.2023"], {"dates": "%d.%m.%Y"}),
        (["12/31/2024", "01/02/2023"], {"dates": "%m/%d/%Y"}),
        (["31-12-24", "01-02-23"], {"dates": "%d-%m-%y"}),
        (["2024/12/31", "2023/01/02"], {"dates": "%Y/%m/%d"}),
        (["31.12.2024 10:30", "01.02.2023 9:05"], {"dates": "%d.%m.%Y %H:%M"}),
        (["5 Jan 2024", "12 Feb 2023"], {"dates": "%d %b %Y"}),
        (["January 5, 2024", "August 12, 2023"], {"dates": "%B %d, %Y"}),
    ],
)
def test_what_is_told_reads_the_column(words, settings, tmp_path):
    found = hidden_form(np.asarray(words))
    assert found is not None
    told = dict(re.findall(r"data\.source\.(\w+)=[\"'](.+?)[\"']", found.help))
    assert told == settings
    (tmp_path / "t.tsv").write_text("a\tb\n" + "".join(f"{word}\t1\n" for word in words))
    values = TableFile(path=str(tmp_path / "t.tsv"), **told).read(None, Sink()).columns["a"]
    assert infer_type(values) == ("date" if "dates" in told else "number")


def test_dates_of_which_nobody_knows_the_order_are_told_with_both() -> None:
    found = hidden_form(np.asarray(["01/02/2024", "03/04/2024"]))
    assert found is not None
    assert "%d/%m/%Y" in found.help
    assert "%m/%d/%Y" in found.help


def test_a_few_words_among_many_numbers_are_told() -> None:
    found = hidden_form(np.asarray([*map(str, range(50)), "unknown"]))
    assert found is not None
    assert '"unknown"' in found.what
    assert "missing_values" in found.help


def test_several_numbers_in_a_cell_are_told_to_be_a_sequence() -> None:
    found = hidden_form(np.asarray(["1.0 2.5 3.0", "4.0 5.0 6.0 7.0", "1e-3 2.0 3.5"]))
    assert found is not None
    assert "`sequence`" in found.help


@pytest.mark.parametrize(
    "words",
    [
        ["red", "blue"],
        ["A-12", "B-13"],
        ["1", "2", "many"],
        ["2024-01-02", "2023-02-03"],
        ["1.2.3", "1.2.4"],
        ["13.13.2024", "01.14.2024"],
        ["", ""],
        ["x"],
    ],
)
def test_words_are_words(words) -> None:
    assert hidden_form(np.asarray(words)) is None


def test_a_column_of_which_something_is_said_is_not_looked_at(define, tmp_path):
    (tmp_path / "t.csv").write_text("a;b\n1,5;1,5\n2,5;2,5\n")
    definition = define(
        f"{{source: {{class: Table, path: {tmp_path / 't.csv'}}}, features: all, target: b, "
        "task: auto, prepare: auto, columns: {a: category}}"
    )
    sink = Sink()
    table = TableFile(path=str(tmp_path / "t.csv"), decimal=".").read(None, sink)
    tell_hidden_forms(definition, table, sink)
    (warning,) = sink.diagnostics
    assert (warning.code, warning.location.key) == ("KG516", "data.columns.b")


@pytest.mark.parametrize("sign", [";", "|", ","])
def test_cells_of_several_words_are_told_as_labels(sign: str) -> None:
    found = hidden_form(np.asarray([sign.join(t) for t in ("ac", "a", "bc", "abc", "", "b")]))
    assert found is not None
    assert found.what == f'several words in a cell, as "a{sign}b{sign}c"'
    assert f'{{type: labels, separator: "{sign}"}}' in found.help


@pytest.mark.parametrize(
    "words",
    [
        ["Rome, Italy", "Milan, Italy", "Oslo, Norway", "Bergen, Norway"],
        ["Smith, John", "Weber, Anna, Dr", "Berg, Ole"],
        ["red", "blue", "green"],
        ["a,", "b", ",a"],
    ],
)
def test_words_with_signs_between_them_are_not_always_labels(words: list[str]) -> None:
    assert hidden_form(np.asarray(words)) is None


def _tallies(source: TableFile) -> dict[str, ColumnTally]:
    (chunk,) = chunks_of_table(source.read(None, Sink()))
    tally = TableTally(list(chunk))
    tally.add(chunk)
    return tally.columns


def test_lists_of_words_are_labels_and_uneven_lists_of_numbers_a_sequence(tmp_path, define) -> None:
    import polars

    frame = polars.DataFrame(
        {
            "x": [1.5, 2.5, 3.0, 4.0] * 5,
            "tags": [["a", "c"], ["a"], [], ["b", "c"]] * 5,
            "pulse": [[1, 2, 3], [4], [5, 6], [7, 8]] * 5,
            "even": [[1, 2], [3, 4], [5, 6], [7, 8]] * 5,
            "y": ["no", "yes"] * 10,
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ipc(tmp_path / "t.arrow")
    frame.write_ndjson(tmp_path / "t.jsonl")
    (tmp_path / "t.json").write_text(frame.write_json())
    for ending in ("parquet", "arrow", "jsonl", "json"):
        source = TableFile(path=str(tmp_path / f"t.{ending}"))
        assert source.read(None, Sink()).lists == {"tags": "labels", "pulse": "sequence"}
        figures = {name: tally.inferred().type for name, tally in _tallies(source).items()}
        assert [figures[name] for name in ("tags", "pulse", "even")] == [
            *("labels", "sequence", "number")
        ]
    text = f"source: {{class: Table, path: {tmp_path}/t.parquet}}\nfeatures: all\ntask: auto\n"
    sink = Sink()
    opened = open_data(define(text + "target: tags\nprepare: auto\n"), sink)
    assert opened.definition.task == {"": "multilabel"}
    assert opened.facts["class_names"] == ["a", "b", "c"]
    assert opened.written["columns"]["pulse"] == "sequence"
    assert opened.written["columns"]["tags"] == "labels"
    assert not [found for found in sink.diagnostics if found.code == "KG516"]
