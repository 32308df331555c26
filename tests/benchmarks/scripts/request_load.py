"""Asks a server over some connections for some seconds, one request after the other on each.

python request_load.py PORT BODY.json CONNECTIONS SECONDS

It prints, as JSON, how many requests were answered with 200 and how many were not, how many a
second that is, and the milliseconds that half of them, and 99 of 100, took at the most.
"""

import asyncio
import json
import sys
import time
from pathlib import Path


async def ask(
    port: int, request: bytes, until: float, found: list[float], other: list[int]
) -> None:
    """Asks on one connection until the time is over; one that the server drops is opened again."""
    while time.perf_counter() < until:
        try:
            await ask_on_one(port, request, until, found, other)
        except (asyncio.IncompleteReadError, ConnectionError):
            other.append(0)


async def ask_on_one(
    port: int, request: bytes, until: float, found: list[float], other: list[int]
) -> None:
    """Asks on one connection until the time is over, or the server drops it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        begun = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        if head.split(b" ", 2)[1] == b"200":
            found.append(time.perf_counter() - begun)
        else:
            other.append(int(head.split(b" ", 2)[1]))
    writer.close()


async def load(port: int, body: bytes, connections: int, seconds: float) -> dict[str, object]:
    """Asks on all connections."""
    request = (
        f"POST /predict HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode() + body
    found: list[float] = []
    other: list[int] = []
    begun = time.perf_counter()
    until = begun + seconds
    await asyncio.gather(*(ask(port, request, until, found, other) for _ in range(connections)))
    took = time.perf_counter() - begun
    found.sort()
    return {
        "answered": len(found),
        "refused": len(other),
        "a second": len(found) / took,
        "half": 1000 * found[len(found) // 2],
        "99 %": 1000 * found[int(len(found) * 0.99)],
    }


if __name__ == "__main__":
    port, body, connections, seconds = sys.argv[1:]
    content = Path(body).read_bytes()
    print(json.dumps(asyncio.run(load(int(port), content, int(connections), float(seconds)))))
