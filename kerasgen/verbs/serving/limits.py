"""How much a server takes on: of one request, of one client, and of all of them together.

This room owns the numbers and what they mean. Who counts them stands in `guard`, `connections`
and `computing`.
"""

from __future__ import annotations

from dataclasses import dataclass

SMALL_BODY = 64 * 2**10
"""Bytes of a request that stay in memory while it comes in; what is longer goes to a file."""

BODIES = 8
"""As many bodies of the largest size may be held for all requests together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingLimits:
    """What a server takes on.

    Attributes:
        max_bytes: bytes of a request (413).
        max_rows: rows of a request (413).
        timeout: seconds in which a request has its answer (504).
        body_timeout: seconds in which a request comes in whole (408), and its answer is taken.
        max_queue: requests that wait for the model (503).
        max_connections: clients that are connected (503).
        max_batch: rows that the model is asked for at once.
        max_wait: seconds for which the first request of a batch waits for others; None for a
            moment, and that alone while several come at once.
    """

    max_bytes: int = 16 * 2**20
    max_rows: int = 10_000
    timeout: float = 30.0
    body_timeout: float = 10.0
    max_queue: int = 256
    max_connections: int = 512
    max_batch: int = 64
    max_wait: float | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of rows that the model is asked for: powers of two up to the largest."""
        found = [1]
        while found[-1] < self.max_batch:
            found.append(min(2 * found[-1], self.max_batch))
        return tuple(found)
