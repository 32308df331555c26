"""What a server has done, as Prometheus reads it.

This room owns the names of the figures, and their text. It must not know what is counted.

Decisions:
- Paths that the server does not have are counted under one name: a stranger must not make the page
  grow.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds of the seconds that requests and batches take."""

ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096)
"""Bounds of the rows of a batch."""

TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The content type of the text."""


@dataclass(slots=True)
class Histogram:
    """How many values lie below each of some bounds.

    Attributes:
        bounds: the bounds, in rising order.
        counts: values in each interval, those above the last bound at the end.
        total: the sum of all values.
    """

    bounds: Sequence[float]
    counts: list[int] = field(init=False)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """Counts a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def lines(self, name: str) -> list[str]:
        """Its lines under a name."""
        found, before = [], 0
        for bound, count in zip((*self.bounds, "+Inf"), self.counts, strict=True):
            before += count
            found.append(f'{name}_bucket{{le="{bound}"}} {before}')
        return [*found, f"{name}_sum {self.total:.6f}", f"{name}_count {before}"]


class Measures:
    """The figures of a server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._rows = 0
        self._seconds = Histogram(SECONDS)
        self._batches = Histogram(ROWS)
        self._computing = Histogram(SECONDS)

    def request(self, path: str, status: int, seconds: float) -> None:
        """Counts a request.

        Args:
            path: the path, `other` for one that the server does not have.
            status: the status of its answer.
            seconds: from its head to the end of its answer.
        """
        with self._lock:
            self._requests[path, status] += 1
            if path == "/predict":
                self._seconds.add(seconds)

    def batch(self, rows: int, seconds: float) -> None:
        """Counts rows that were computed at once."""
        with self._lock:
            self._rows += rows
            self._batches.add(rows)
            self._computing.add(seconds)

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """All figures.

        Args:
            gauges: name to what it says, and its value now.
        """
        with self._lock:
            requests = sorted(self._requests.items())
            found = _head("requests_total", "counter", "Requests by path and status.")
            found += [
                f'kerasgen_requests_total{{path="{path}",status="{status}"}} {count}'
                for (path, status), count in requests
            ]
            found += _head("rows_total", "counter", "Rows that were computed.")
            found.append(f"kerasgen_rows_total {self._rows}")
            for name, told, values in (
                ("request_seconds", "Seconds of a request for answers.", self._seconds),
                ("batch_rows", "Rows that were computed at once.", self._batches),
                ("batch_seconds", "Seconds in which they were.", self._computing),
            ):
                found += _head(name, "histogram", told)
                found += values.lines(f"kerasgen_{name}")
        for name, (told, value) in gauges.items():
            found += _head(name, "gauge", told)
            found.append(f"kerasgen_{name} {value:g}")
        return "\n".join(found) + "\n"


def _head(name: str, kind: str, told: str) -> list[str]:
    return [f"# HELP kerasgen_{name} {told}", f"# TYPE kerasgen_{name} {kind}"]
