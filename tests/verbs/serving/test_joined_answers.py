"""Requests that are computed together get the answers that they get alone."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.verbs.load import load_run
from kerasgen.verbs.serving.asked.rows import Asked, TooManyRowsError, Wanted, asked_by_json
from kerasgen.verbs.serving.joined_answers import (
    Answered,
    Failed,
    Outcome,
    Refused,
    answer_all,
    answer_alone,
)
from kerasgen.verbs.trained_run import TrainedRun

pytest.importorskip("polars")

SIZES = (1, 2, 4, 8)


@pytest.fixture(scope="module")
def run(table_run: Path) -> TrainedRun:
    found = load_run(table_run)
    return replace(found, model=found.model.served(SIZES))


def asked(run: TrainedRun, rows: Any, **wanted: Any) -> Asked:
    return asked_by_json(run, json.dumps(rows).encode(), Wanted(**wanted), 100)


def row(age: Any, city: Any = "Rome") -> dict[str, Any]:
    return {"age": age, "city": city}


def told(outcome: Outcome) -> list[dict[str, Any]]:
    assert isinstance(outcome, Answered)
    return [json.loads(line) for line in outcome.lines]


def assert_same(found: Outcome, alone: Outcome) -> None:
    """The same answers; chances may differ by what a batch of another size is computed with."""
    for one, other in zip(told(found), told(alone), strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            same = pytest.approx(other[name], abs=1e-6) if isinstance(value, float) else other[name]
            assert value == same


MANY = [[row(31)], [row("44", "Oslo"), row("", "Rome")], [row(None)], [row(50.5), row(22, "Bern")]]


@pytest.mark.parametrize("wanted", [{}, {"top": 2, "scores": True}], ids=str)
def test_rows_get_the_answers_that_they_get_alone(run: TrainedRun, wanted: dict[str, Any]) -> None:
    for some in (MANY[:1] + MANY[3:], MANY[1:3]):
        requests = [asked(run, rows, **wanted) for rows in some]
        assert len({request.key for request in requests}) == 1
        for request, outcome in zip(requests, answer_all(run, requests, SIZES), strict=True):
            assert_same(outcome, answer_alone(run, request))


def test_rows_get_the_answers_of_python(run: TrainedRun) -> None:
    rows = [row(31), row(44, "Oslo"), row(25)]
    (outcome,) = answer_all(run, [asked(run, rows)], SIZES)
    answers = run.predict(rows)
    assert [line["predicted"] for line in told(outcome)] == answers["predicted"].tolist()
    chances = [line["probability"] for line in told(outcome)]
    np.testing.assert_allclose(chances, answers["probability"], atol=1e-6)


def test_numbers_and_words_are_not_computed_together(run: TrainedRun) -> None:
    assert asked(run, row(31)).key != asked(run, row("31")).key
    assert asked(run, row(31)).key == asked(run, row(44)).key
    assert asked(run, row(31)).key != asked(run, row(31), top=2).key
    assert asked(run, [row(31), row("44")]).key is None
    assert asked(run, row([1])).key is None


def test_a_bad_row_refuses_its_own_request_alone(run: TrainedRun) -> None:
    some = [asked(run, row("31")), asked(run, [row("40"), row("old")]), asked(run, row("44"))]
    good, bad, other = answer_all(run, some, SIZES)
    assert_same(good, answer_alone(run, some[0]))
    assert_same(other, answer_alone(run, some[2]))
    assert isinstance(bad, Refused)
    assert bad.diagnostics[0].message == (
        'row 2 has no answer: the column `age` holds "old", expected a number'
    )
    assert "`bad=skip`" in str(bad.diagnostics[0].help)


@pytest.mark.parametrize(
    ("bad", "answers"), [("skip", [None]), ("column", [None, 'the column `age` holds "old"'])]
)
def test_bad_rows_are_left_out_or_told(run: TrainedRun, bad: str, answers: Sequence[Any]) -> None:
    (outcome,) = answer_all(run, [asked(run, [row("40"), row("old")], bad=bad)], SIZES)
    found = [line.get("problem") for line in told(outcome)]
    assert [text and text.partition(",")[0] for text in found] == list(answers)


def test_what_fails_in_a_batch_is_computed_alone(
    run: TrainedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = TrainedRun.answered

    def broken(self: TrainedRun, piece: Any, form: Any) -> Any:
        if 13 in piece.cells["age"]:
            raise MemoryError("too much")
        return answered(self, piece, form)

    monkeypatch.setattr(TrainedRun, "answered", broken)
    good, bad = answer_all(run, [asked(run, row(31)), asked(run, row(13))], SIZES)
    assert isinstance(good, Answered)
    assert isinstance(bad, Failed)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"17", "the request is `17`, expected a row or a list of rows"),
        (b"null", "the request is `null`, expected a row or a list of rows"),
        (b"[]", "there are no rows to answer for"),
        (b"[1, 2]", "a row is `int`, expected a mapping"),
        (b'[{"age": 1}, 3]', "a row is `int`, expected a mapping"),
        (b'{"age": 1}', "the rows have no column `city`"),
        (b"{}", "the rows have no column `age`"),
    ],
    ids=repr,
)
def test_what_is_no_row_is_told(run: TrainedRun, body: bytes, message: str) -> None:
    with pytest.raises(CompileError) as caught:
        asked_by_json(run, body, Wanted(), 100)
    assert caught.value.diagnostics[0].message == message


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"a": 1, "a": 2}', b"[" * 5000, b"[" * 30 + b"]" * 30, b"nan1"],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_json_is_told(run: TrainedRun, body: bytes) -> None:
    with pytest.raises(ForeignFileError):
        asked_by_json(run, body, Wanted(), 100)


def test_too_many_rows_are_refused(run: TrainedRun) -> None:
    with pytest.raises(TooManyRowsError, match="has 101 rows, expected at most 100"):
        asked(run, [row(31)] * 101)


def test_odd_cells_refuse_a_row_and_raise_nothing(run: TrainedRun) -> None:
    for cell in ([1, 2], {"a": 1}, "1e999", 1e308 * 10, True, "\u0000", "x" * 1000, 10**300):
        for request in (asked(run, row(cell)), asked(run, row(31, cell))):
            (outcome,) = answer_all(run, [request], SIZES)
            assert not isinstance(outcome, Failed), cell
