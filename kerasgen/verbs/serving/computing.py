"""The one thread that computes: requests wait for it in a queue, and are taken in batches.

This room owns the queue, and which requests are taken together. It must not know what is computed,
nor HTTP.

Decisions:
- One thread alone works with the engine: no backend is faster with two, and few are safe.
- The first request of a batch waits for others a little, unless enough are there: those that came
  while the batch before was computed are taken at once. A client that asks alone, one request
  after the other, would wait for nobody: where nothing else is said, it does not.
- A table is answered some rows at a time, in turns with batches: who asks for one row does not wait
  for who asks for a million.
- A request whose time is over, or whose client has given up, is not computed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from kerasgen.verbs.serving.asked.rows import Asked
from kerasgen.verbs.serving.joined_answers import Failed, Outcome, outcome_of
from kerasgen.verbs.serving.limits import ServingLimits
from kerasgen.verbs.serving.measures import Measures

_MOMENT = 0.002
"""Seconds for which a request waits for others, while several come at once."""


class QueueFullError(Exception):
    """As many requests wait as may."""


@dataclass(eq=False, slots=True, kw_only=True)
class Ticket:
    """A request that waits.

    Attributes:
        asked: its rows; None for a table.
        steps: a table, answered a step at a time; None for rows.
        tell: takes what became of it, in this thread.
        deadline: when nobody waits for it any more, by `time.monotonic`.
        dropped: whether its client has given up.
        came: when it came.
    """

    asked: Asked | None = None
    steps: Iterator[None] | None = None
    tell: Callable[[Outcome | None], None]
    deadline: float
    dropped: bool = False
    came: float = field(default_factory=time.monotonic)

    @property
    def rows(self) -> int:
        """Its rows; of a table they are not known."""
        return 0 if self.asked is None else self.asked.piece.rows

    @property
    def over(self) -> bool:
        """Whether nobody waits for it."""
        return self.dropped or time.monotonic() > self.deadline


Answer: TypeAlias = "Callable[[Sequence[Asked]], Sequence[Outcome]]"
"""Computes requests of one key."""


class Computing:
    """The thread, and the queue before it.

    Args:
        answer: computes requests of one key.
        limits: how many may wait, and how many rows are taken at once.
        measures: counts batches.
    """

    def __init__(self, answer: Answer, limits: ServingLimits, measures: Measures) -> None:
        self._answer, self._limits, self._measures = answer, limits, measures
        self._waiting: deque[Ticket] = deque()
        self._tables: deque[Ticket] = deque()
        self._changed = threading.Condition()
        self._ended = self._several = False
        self._thread = threading.Thread(target=self._work, name="computing", daemon=True)

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting) + len(self._tables)

    def start(self, first: Callable[[], None]) -> None:
        """Starts the thread.

        Args:
            first: what is done in it before anything is computed.
        """
        self._first = first
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread once nothing waits."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def submit(self, ticket: Ticket) -> None:
        """Lets a request wait for its turn.

        Raises:
            QueueFullError: too many wait.
        """
        with self._changed:
            if self.waiting >= self._limits.max_queue or self._ended:
                raise QueueFullError(f"{self.waiting} requests wait")
            (self._waiting if ticket.steps is None else self._tables).append(ticket)
            self._changed.notify()

    def _work(self) -> None:
        self._first()
        while True:
            batch = self._next_batch()
            if batch is None:
                return
            if batch:
                self._compute(batch)
            if self._tables:
                self._step(self._tables.popleft())

    def _next_batch(self) -> list[Ticket] | None:
        """The requests that are computed next; None at the end, none of them if a table waits."""
        with self._changed:
            while not self.waiting:
                if self._ended:
                    return None
                self._changed.wait()
            self._drop_late()
            if not self._waiting:
                return []
            if not self._tables:
                self._gather()
            return self._taken()

    def _drop_late(self) -> None:
        while self._waiting and self._waiting[0].over:
            self._waiting.popleft()

    def _gather(self) -> None:
        """Waits until there are enough rows, or the first request has waited long enough."""
        patience = self._limits.max_wait
        if patience is None:
            patience = _MOMENT if self._several or len(self._waiting) > 1 else 0.0
        until = self._waiting[0].came + patience
        while sum(ticket.rows for ticket in self._waiting) < self._limits.max_batch:
            left = until - time.monotonic()
            if left <= 0 or self._ended:
                return
            self._changed.wait(left)

    def _taken(self) -> list[Ticket]:
        """The first request, and others that may be computed with it."""
        first = self._waiting.popleft()
        taken, rows, left = [first], first.rows, deque[Ticket]()
        key = None if first.asked is None else first.asked.key
        while self._waiting and key is not None and rows < self._limits.max_batch:
            ticket = self._waiting.popleft()
            if ticket.over:
                continue
            fits = rows + ticket.rows <= self._limits.max_batch
            if ticket.asked is not None and ticket.asked.key == key and fits:
                taken.append(ticket)
                rows += ticket.rows
            else:
                left.append(ticket)
        self._waiting.extendleft(reversed(left))
        self._several = len(taken) > 1
        return taken

    def _compute(self, batch: Sequence[Ticket]) -> None:
        asked = [ticket.asked for ticket in batch if ticket.asked is not None]
        begun = time.monotonic()
        try:
            outcomes = self._answer(asked)
        except Exception as error:  # The thread must not end while others wait.
            outcomes = [Failed(error=error)] * len(asked)
        self._measures.batch(sum(one.piece.rows for one in asked), time.monotonic() - begun)
        for ticket, outcome in zip(batch, outcomes, strict=True):
            ticket.tell(outcome)

    def _step(self, ticket: Ticket) -> None:
        """Answers for some rows of a table; what ends it is told."""
        assert ticket.steps is not None
        if ticket.over:
            return
        try:
            next(ticket.steps)
        except StopIteration:
            ticket.tell(None)
        except Exception as error:  # as above
            ticket.tell(outcome_of(error))
        else:
            self._tables.append(ticket)
