"""Connections of clients: how many there are, and how long one may say nothing.

This room owns the protocol of the server below HTTP. It must not know requests.

Decisions:
- The server of uvicorn gives a client as long as it wants for the head of a request, and counts
  none that has not sent one: a thousand of these would be all that it serves.
- Its parser in C takes a third of the time of that in Python, and bounds nothing: bytes of which
  neither a head nor a part of a body came are counted here.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kerasgen.verbs.serving.limits import ServingLimits

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)
"""What a client reads that is one too many."""

_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)
"""What a client reads whose head is too long."""

_MOST_FRAMING = 64 * 2**10
"""Bytes of a head, or of what stands behind a body."""


class BoundedProtocol(HttpToolsProtocol):  # type: ignore[misc]  # no types of uvicorn are read
    """A connection that may be refused, and must send the heads of its requests in time.

    Args:
        limits: how many there may be, and how long a head may take.
        uvicorn: what a connection of uvicorn takes.
    """

    def __init__(self, limits: ServingLimits, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._limits = limits
        self._refused = False
        self._timer: asyncio.TimerHandle | None = None
        self._framing = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Lets a client in, or sends it away."""
        if len(self.connections) >= self._limits.max_connections:
            self._refused = True
            transport.write(_FULL)
            transport.close()
            return
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Takes what a client sends."""
        if self._refused:
            return
        self._framing += len(data)
        super().data_received(data)
        if self._framing > _MOST_FRAMING:
            self._refuse_long()
        else:
            self._watch()

    def on_headers_complete(self) -> None:
        """Hears that the head of a request is there."""
        self._framing = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Takes a part of a body."""
        self._framing = 0
        super().on_body(body)

    def eof_received(self) -> None:
        """Hears that a client sends no more."""
        if not self._refused:
            super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets a client."""
        if self in self.connections:
            self._forget()
            super().connection_lost(exc)

    def _refuse_long(self) -> None:
        self._refused = True
        self._forget()
        if self._waits():
            self.transport.write(_TOO_LONG)
        self.transport.close()

    def _waits(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def _watch(self) -> None:
        if not self._waits():
            self._forget()
        elif self._timer is None:
            self._timer = self.loop.call_later(self._limits.body_timeout, self._expire)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        if self._waits():
            self.transport.abort()
