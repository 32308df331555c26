"""Words of columns of numbers are numbers of JSON; others stay as they were written."""

import pytest

from kerasgen.verbs.answers import checked_rows
from kerasgen.verbs.answers.json_cells import json_cells
from kerasgen.verbs.answers.writing import json_text

WORDS = ["1", "-20", "3.50", "007", "", " 4 ", "1e3", "old", "inf", "9007199254740993"]
NUMBERS = [1, -20, 3.5, 7, None, 4, 1000.0, "old", "inf", 9007199254740993]


@pytest.mark.parametrize("polars", [True, False])
def test_words_of_numbers_become_numbers(monkeypatch: pytest.MonkeyPatch, polars: bool) -> None:
    monkeypatch.setattr(checked_rows, "is_installed", lambda name: polars)
    found = json_cells({"age": WORDS}, ("age",), {})
    assert found == {"age": NUMBERS}
    assert [type(cell) for cell in found["age"]] == [type(cell) for cell in NUMBERS]


def test_words_of_other_columns_stay_as_they_were_written() -> None:
    assert json_cells({"code": WORDS, "age": ["1"]}, ("age",), {}) == {"code": WORDS, "age": [1]}


def test_numbers_of_another_form_become_numbers() -> None:
    form = {"decimal": ",", "thousands": ".", "missing_values": ("?",)}
    found = json_cells({"price": ["1.200,50", "3.000", "?"]}, ("price",), form)
    assert found == {"price": [1200.5, 3000, None]}


def test_numbers_that_are_none_in_the_file_stay_so() -> None:
    assert json_text(json_cells({"age": [1, 2.5, None]}, ("age",), {})).splitlines() == [
        '{"age": 1}',
        '{"age": 2.5}',
        '{"age": null}',
    ]
