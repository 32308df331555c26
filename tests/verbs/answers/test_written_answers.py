"""Answers as text: their numbers, with the digits that tell them."""

import json

import numpy as np
import pytest

from kerasgen.verbs.answers import writing
from kerasgen.verbs.answers.answer_columns import Answer, answer_columns, named_apart, placed

CHANCE = np.asarray([[0.1, 0.9], [0.7, 0.3]])


def _columns(floats: str = "float32") -> dict[str, np.ndarray]:
    names = ("no", "yes")
    answer = Answer(output="", predicted=CHANCE, scores=CHANCE, class_names=names, floats=floats)
    return answer_columns([answer], scores=True)


@pytest.mark.parametrize("polars", [True, False])
def test_probabilities_have_no_more_digits_than_the_model_computes_with(
    monkeypatch: pytest.MonkeyPatch, polars: bool
) -> None:
    monkeypatch.setattr(writing, "is_installed", lambda name: polars)

    text = writing.csv_text(_columns())

    assert text.splitlines()[1:] == ["yes,0.9,0.1,0.9", "no,0.7,0.7,0.3"]


def test_json_lines_hold_the_shortest_digits_of_a_number_of_32_bits() -> None:
    lines = writing.json_text(_columns() | {"predicted_price": np.float32([1.1, np.nan])})

    first, second = map(json.loads, lines.splitlines())
    assert (first["probability"], first["predicted_price"]) == (0.9, 1.1)
    assert second["predicted_price"] is None


def test_rows_without_an_answer_leave_the_digits_of_the_others() -> None:
    text = writing.csv_text(placed(_columns(), 3, np.asarray([0, 2]), {1: "no date"}))

    assert text.splitlines()[1:] == ["yes,0.9,0.1,0.9,", ",,,,no date", "no,0.7,0.7,0.3,"]


def test_a_model_of_64_bits_tells_all_of_them() -> None:
    assert _columns("float64")["probability"].dtype == np.float64


def test_several_numbers_are_called_as_the_columns_of_their_target() -> None:
    values = np.asarray([[1.0, 2.0]])
    for output, targets, names in (
        ("", ("low", "high"), ["predicted_low", "predicted_high"]),
        ("b", ("low", "high"), ["predicted_b_low", "predicted_b_high"]),
        ("", (), ["predicted_0", "predicted_1"]),
    ):
        answer = Answer(output=output, predicted=values, targets=targets)
        assert list(answer_columns([answer])) == names


@pytest.mark.parametrize("polars", [True, False])
def test_what_has_more_axes_is_one_value_of_a_row(
    monkeypatch: pytest.MonkeyPatch, polars: bool
) -> None:
    monkeypatch.setattr(writing, "is_installed", lambda name: polars)
    images = np.float32([[[1.1, np.nan], [2, 3]], [[4, 5], [6, 7]]])
    columns = answer_columns([Answer(output="", predicted=images)])
    assert list(columns) == ["predicted"]
    first, second = map(json.loads, writing.json_text(columns).splitlines())
    assert first["predicted"] == [[1.1, None], [2.0, 3.0]]
    assert second["predicted"] == [[4.0, 5.0], [6.0, 7.0]]
    left = placed(columns, 3, np.asarray([0, 2]), {1: "no image"})
    _, empty, third = map(json.loads, writing.json_text(left).splitlines())
    assert (empty["predicted"], empty["problem"]) == (None, "no image")
    assert third["predicted"] == second["predicted"]


def test_an_answer_gets_other_names_where_the_run_has_such_columns() -> None:
    columns = _columns()
    assert named_apart(columns, ("age", "sold")) == columns
    assert list(named_apart(columns, ("predicted", "answer_probability"))) == [
        f"answer_answer_{name}" for name in columns
    ]
