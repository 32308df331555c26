"""What stands before every request: who may ask, how much may come in, and how long it may take.

This room owns the limits that hold whatever is asked, as a layer of ASGI around the application. It
must not know what is asked.

Decisions:
- Bytes are counted while a body comes in: its declared length may lie, or be missing.
- A server without a token answers under the names of its own machine alone. A page of a stranger
  in a browser of this machine could otherwise reach it under a name of the stranger's.
- The bodies of all requests together are bounded, from their first byte to the end of their answer.
- A client that takes its answer too slowly loses it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

from kerasgen.verbs.serving.limits import BODIES, ServingLimits
from kerasgen.verbs.serving.measures import Measures

Scope: TypeAlias = "MutableMapping[str, Any]"
Message: TypeAlias = "MutableMapping[str, Any]"
Receive: TypeAlias = "Callable[[], Awaitable[Message]]"
Send: TypeAlias = "Callable[[Message], Awaitable[None]]"
Application: TypeAlias = "Callable[[Scope, Receive, Send], Awaitable[None]]"

OPEN = ("/", "/health", "/ready")
"""Paths that need no token: they tell nothing of the run."""

OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""Names under which a server answers that asks for no token."""

DRAINED = 4
"""As many bodies of the largest size are read and forgotten of one that is too long."""

RETRY = {"retry-after": "1"}
"""What is said to a client that should come again."""


class RefusedRequestError(Exception):
    """A request that is not answered, with the status that says so.

    Attributes:
        status: the status.
        detail: why, in words.
        headers: further headers.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


class Guard:
    """The layer around an application.

    Args:
        app: the application.
        limits: what a request may be.
        measures: counts requests.
        token: what a client must know; None where clients are on this machine.
        paths: the paths that are counted by their own name.
    """

    def __init__(
        self,
        app: Application,
        limits: ServingLimits,
        measures: Measures,
        token: str | None,
        paths: frozenset[str],
    ) -> None:
        self._app, self._limits, self._measures = app, limits, measures
        self._token = None if token is None else token.encode()
        self._paths = paths
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers it."""
        if scope["type"] != "http":
            return
        passage = _Passage(self, scope, receive, send)
        try:
            await passage.go()
        finally:
            self._held -= passage.held
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._measures.request(path, passage.status, time.monotonic() - passage.begun)

    async def through(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request to the application."""
        await self._app(scope, receive, send)

    @property
    def limits(self) -> ServingLimits:
        """What a request may be."""
        return self._limits

    def check(self, scope: Scope) -> None:
        """Refuses a request before its body is read.

        Raises:
            RefusedRequestError: it may not ask, or says that it is too long.
        """
        headers = dict(scope["headers"])
        if self._token is None:
            host = headers.get(b"host", b"").decode("latin-1").lower()
            name = host if host.endswith("]") else host.rpartition(":")[0] or host
            if name not in OWN_NAMES:
                raise RefusedRequestError(421, "the server answers on its own machine alone")
        elif scope["path"] not in OPEN:
            given = headers.get(b"authorization", b"")
            kind, _, word = given.partition(b" ")
            right = hmac.compare_digest(word.strip(), self._token)
            if kind.lower() != b"bearer" or not right:
                told = "the request has no right token: `Authorization: Bearer TOKEN`"
                raise RefusedRequestError(401, told, {"www-authenticate": "Bearer"})
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > self._limits.max_bytes:
            raise self.too_long()

    def too_long(self) -> RefusedRequestError:
        """What is said of a request that is too long."""
        most = f"{self._limits.max_bytes:,}"
        return RefusedRequestError(413, f"the request is longer than {most} bytes")

    def hold(self, count: int) -> None:
        """Counts bytes that a request holds from now on.

        Raises:
            RefusedRequestError: all requests together hold too much.
        """
        if self._held + count > BODIES * self._limits.max_bytes:
            raise RefusedRequestError(503, "too much is being sent at once", RETRY)
        self._held += count


class _Passage:
    """One request on its way."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self._guard, self._scope, self._receive, self._send = guard, scope, receive, send
        self.begun = time.monotonic()
        self.status = 499  # what is counted where the client has gone
        self.held = 0
        self._whole = False

    async def go(self) -> None:
        try:
            self._guard.check(self._scope)
        except RefusedRequestError as error:
            await self._drain()
            await self.refuse(error)
        else:
            await self._guard.through(self._scope, self.receive, self.send)

    async def receive(self) -> Message:
        """The next part of the body.

        Raises:
            RefusedRequestError: it comes too slowly, or is too long.
        """
        if self._whole:
            return await self._receive()  # It comes when the client has gone.
        message = await self._part()
        count = len(message.get("body", b""))
        if self.held + count > self._guard.limits.max_bytes:
            await self._drain()
            raise self._guard.too_long()
        self._guard.hold(count)
        self.held += count
        return message

    async def send(self, message: Message) -> None:
        """Sends a part of the answer.

        Raises:
            ConnectionAbortedError: the client does not take it.
        """
        if message["type"] == "http.response.start":
            self.status = message["status"]
        try:
            async with asyncio.timeout(self._guard.limits.body_timeout):
                await self._send(message)
        except TimeoutError:
            raise ConnectionAbortedError("the client does not take its answer") from None

    async def refuse(self, error: RefusedRequestError) -> None:
        """Answers a request that does not get through."""
        body, headers = refusal(error)
        written = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": error.status, "headers": written})
        await self.send({"type": "http.response.body", "body": body})

    async def _part(self) -> Message:
        left = self.begun + self._guard.limits.body_timeout - time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0)):
                message = await self._receive()
        except TimeoutError:
            raise RefusedRequestError(408, "the request came in too slowly") from None
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def _drain(self) -> None:
        """Reads what is left of a body, a while: who still sends does not hear an answer."""
        count = 0
        try:
            while not self._whole and count < DRAINED * self._guard.limits.max_bytes:
                count += len((await self._part()).get("body", b""))
        except RefusedRequestError:
            return


def refusal(error: RefusedRequestError) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the answer to a request that is not answered."""
    body = json.dumps({"detail": error.detail}).encode()
    return body, {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",  # What is left of the body is not read.
        **error.headers,
    }
