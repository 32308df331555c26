"""Answers as text: their numbers, with the digits that tell them."""

import json

import numpy as np
import pytest

from kerasgen.verbs.answers import writing
from kerasgen.verbs.answers.answer_columns import Answer, answer_columns
from kerasgen.verbs.answers.pieces import Piece
from kerasgen.verbs.trained_run import AnsweredRows, placed

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
    piece = Piece(cells={"a": [1, 2, 3]}, first=1, rows=3)
    answered = AnsweredRows(rows=np.asarray([0, 2]), answers=(), problems={1: "no date"})

    text = writing.csv_text(placed(_columns(), piece, answered))

    assert text.splitlines()[1:] == ["yes,0.9,0.1,0.9,", ",,,,no date", "no,0.7,0.7,0.3,"]


def test_a_model_of_64_bits_tells_all_of_them() -> None:
    assert _columns("float64")["probability"].dtype == np.float64
