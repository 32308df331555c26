"""Requests wait in a queue, and are taken together where they may be; tables take turns."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from kerasgen.verbs.answers.pieces import Piece
from kerasgen.verbs.serving import computing
from kerasgen.verbs.serving.asked.rows import Asked, Wanted
from kerasgen.verbs.serving.computing import Computing, QueueFullError, Ticket
from kerasgen.verbs.serving.joined_answers import Answered, Failed, Outcome
from kerasgen.verbs.serving.limits import ServingLimits
from kerasgen.verbs.serving.measures import Measures


def asked(rows: int = 1, key: object = "a") -> Asked:
    piece = Piece(cells={"x": [0] * rows}, first=1, rows=rows)
    return Asked(piece=piece, wanted=Wanted(), key=key)  # type: ignore[arg-type]


class Worker:
    """A thread that computes, and what it was asked."""

    def __init__(self, **limits: Any) -> None:
        self.batches: list[list[int]] = []
        self.told: list[Outcome | None] = []
        self.held = threading.Event()
        self.work = Computing(self._answer, ServingLimits(**limits), Measures())

    def _answer(self, some: Sequence[Asked]) -> list[Outcome]:
        self.batches.append([one.piece.rows for one in some])
        return [Answered(lines=["1"] * one.piece.rows) for one in some]

    def ticket(self, seconds: float = 60, **what: Any) -> Ticket:
        return Ticket(tell=self.told.append, deadline=time.monotonic() + seconds, **what)

    def done(self) -> None:
        self.work.start(lambda: None)
        self.work.stop()


@pytest.fixture
def worker() -> Callable[..., Worker]:
    return Worker


def test_requests_of_one_key_are_taken_together(worker: Callable[..., Worker]) -> None:
    one = worker(max_batch=8)
    for key in ("a", "b", "a", "b"):
        one.work.submit(one.ticket(asked=asked(2, key)))
    one.done()
    assert one.batches == [[2, 2], [2, 2]]
    assert len(one.told) == 4


def test_a_batch_has_no_more_rows_than_it_may(worker: Callable[..., Worker]) -> None:
    one = worker(max_batch=4)
    for rows in (3, 2, 1, 9, 1):
        one.work.submit(one.ticket(asked=asked(rows)))
    one.done()
    assert one.batches == [[3, 1], [2, 1], [9]]


def test_a_request_without_a_key_is_computed_alone(worker: Callable[..., Worker]) -> None:
    one = worker()
    for key in ("a", None, None, "a"):
        one.work.submit(one.ticket(asked=asked(1, key)))
    one.done()
    assert one.batches == [[1, 1], [1], [1]]


def test_a_request_that_comes_alone_is_computed_after_a_moment(
    worker: Callable[..., Worker],
) -> None:
    one = worker(max_wait=0.01)
    one.work.start(lambda: None)
    one.work.submit(one.ticket(asked=asked()))
    until = time.monotonic() + 10
    while not one.told and time.monotonic() < until:
        time.sleep(0.001)
    assert one.batches == [[1]]
    one.work.stop()


def test_requests_wait_for_each_other_only_while_several_come_at_once(
    worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    one = worker()
    changed = one.work._changed
    monkeypatch.setattr(changed, "wait", lambda left=None: waited.append(left or 0.0))
    one.work._waiting.append(one.ticket(asked=asked()))
    assert one.work._next_batch() is not None
    assert waited == []
    one.work._waiting.extend(one.ticket(asked=asked()) for _ in range(2))
    one.work._next_batch()
    assert max(waited, default=0.0) <= computing._MOMENT
    waited.clear()
    one.work._waiting.append(one.ticket(asked=asked()))
    one.work._next_batch()
    assert 0.0 < max(waited) <= computing._MOMENT


def test_one_too_many_is_refused(worker: Callable[..., Worker]) -> None:
    one = worker(max_queue=2)
    one.work.submit(one.ticket(asked=asked()))
    one.work.submit(one.ticket(steps=iter(())))
    with pytest.raises(QueueFullError):
        one.work.submit(one.ticket(asked=asked()))
    one.done()


def test_what_nobody_waits_for_is_not_computed(worker: Callable[..., Worker]) -> None:
    one = worker()
    late, gone = one.ticket(-1, asked=asked(2)), one.ticket(asked=asked(3))
    gone.dropped = True
    for ticket in (late, one.ticket(asked=asked()), gone, one.ticket(asked=asked())):
        one.work.submit(ticket)
    one.done()
    assert one.batches == [[1, 1]]


def test_a_table_takes_turns_with_rows(worker: Callable[..., Worker]) -> None:
    one = worker()
    seen: list[str] = []

    def steps() -> Iterator[None]:
        for number in range(3):
            seen.append(f"step {number}")
            if number == 0:
                one.work.submit(one.ticket(asked=asked()))
            yield

    one.work.submit(one.ticket(steps=steps()))
    one.work._answer = lambda some: (seen.append("rows"), [Answered(lines=["1"])])[1]  # type: ignore[assignment,func-returns-value,return-value]
    one.done()
    assert seen == ["step 0", "rows", "step 1", "step 2"]
    assert one.told[-1] is None


def test_what_fails_is_told_and_the_others_go_on(worker: Callable[..., Worker]) -> None:
    one = worker()
    error = ValueError("a bug")

    def broken(some: Sequence[Asked]) -> list[Outcome]:
        raise error

    def steps() -> Iterator[None]:
        yield
        raise error

    one.work._answer = broken
    one.work.submit(one.ticket(asked=asked()))
    one.work.submit(one.ticket(steps=steps()))
    one.work.submit(one.ticket(asked=asked()))
    one.done()
    assert one.told == [Failed(error=error)] * 3


def test_the_sizes_of_batches_are_powers_of_two() -> None:
    assert ServingLimits(max_batch=64).sizes == (1, 2, 4, 8, 16, 32, 64)
    assert ServingLimits(max_batch=1).sizes == (1,)
    assert ServingLimits(max_batch=20).sizes == (1, 2, 4, 8, 16, 20)
