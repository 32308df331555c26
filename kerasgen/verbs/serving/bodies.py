"""Bodies of requests: read as they come, in memory while they are short, then in a file.

This room owns how a body is kept until it is whole. What may come in is counted in `guard`.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Any

from kerasgen.verbs.serving.guard import Receive
from kerasgen.verbs.serving.limits import SMALL_BODY

_PART = 64 * 2**10


@asynccontextmanager
async def whole_body(receive: Receive) -> AsyncIterator[IO[bytes] | None]:
    """The body of a request as a file that is read from its begin.

    Gives None where the client has gone.

    Args:
        receive: gives the parts.
    """
    with tempfile.SpooledTemporaryFile(max_size=SMALL_BODY, prefix="kerasgen-") as kept:
        while True:
            message = await receive()
            if message["type"] != "http.request":
                yield None
                return
            kept.write(message.get("body", b""))
            if not message.get("more_body", False):
                break
        kept.seek(0)
        yield kept


def replayed(kept: IO[bytes]) -> Receive:
    """What gives the parts of a body that is whole once more."""

    async def receive() -> dict[str, Any]:
        part = kept.read(_PART)
        return {"type": "http.request", "body": part, "more_body": len(part) == _PART}

    return receive
