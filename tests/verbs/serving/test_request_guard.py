"""Who may ask, how much may come in, and how long it may take: whatever the application does."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from kerasgen.verbs.serving.guard import (
    Guard,
    Message,
    Receive,
    RefusedRequestError,
    Scope,
    Send,
    refusal,
)
from kerasgen.verbs.serving.limits import ServingLimits
from kerasgen.verbs.serving.measures import Measures

TOKEN = "a token of words"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that reads a body, and says how long it was."""
    count, more = 0, True
    try:
        while more:
            message = await receive()
            count += len(message.get("body", b""))
            more = message.get("more_body", False)
        status, body = 200, str(count).encode()
    except RefusedRequestError as error:
        status, body = error.status, refusal(error)[0]
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})


class Client:
    """A request, and the answer to it."""

    def __init__(
        self,
        parts: Sequence[bytes] = (b"",),
        *,
        pause: float = 0,
        path: str = "/predict",
        **more: str,
    ) -> None:
        headers = {"host": "localhost:8000", **{n.replace("_", "-"): v for n, v in more.items()}}
        self.scope: Scope = {
            "type": "http",
            "path": path,
            "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
        }
        self.parts, self.pause = list(parts), pause
        self.sent: list[Message] = []
        self.stuck = False

    async def receive(self) -> Message:
        await asyncio.sleep(self.pause)
        part = self.parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self.parts)}

    async def send(self, message: Message) -> None:
        if self.stuck:
            await asyncio.sleep(60)
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> Any:
        return json.loads(b"".join(m["body"] for m in self.sent[1:]))


def guarded(
    client: Client, *, token: str | None = None, measures: Measures | None = None, **limits: Any
) -> Client:
    async def work() -> None:
        paths = frozenset({"/predict", "/health"})
        known = measures or Measures()
        guard = Guard(echo, ServingLimits(**limits), known, token, paths)
        await guard(client.scope, client.receive, client.send)
        assert guard._held == 0

    asyncio.run(work())
    return client


def test_a_sound_request_goes_through() -> None:
    client = guarded(Client([b"abc", b"de"]))
    assert (client.status, client.body) == (200, 5)


@pytest.mark.parametrize("declared", ["11", "99999999999999999999999999"])
def test_a_request_that_says_it_is_too_long_is_refused(declared: str) -> None:
    client = guarded(Client(content_length=declared), max_bytes=10)
    assert (client.status, client.body) == (413, {"detail": "the request is longer than 10 bytes"})


def test_a_request_that_lies_about_its_length_is_refused_while_it_comes() -> None:
    client = Client([b"x" * 6, b"x" * 6, b"x" * 6, b""], content_length="3")
    assert guarded(client, max_bytes=10).status == 413
    assert client.parts == []  # It was read to its end, so that the client hears the answer.


def test_not_all_of_a_body_without_end_is_read() -> None:
    client = Client([b"x" * 6] * 100)
    assert guarded(client, max_bytes=10).status == 413
    assert len(client.parts) > 80


def test_a_body_that_comes_too_slowly_is_refused() -> None:
    client = guarded(Client([b"x"] * 100, pause=0.02), body_timeout=0.1)
    assert (client.status, client.body) == (408, {"detail": "the request came in too slowly"})


def test_an_answer_that_is_not_taken_is_given_up() -> None:
    client = Client()
    client.stuck = True
    with pytest.raises(ConnectionAbortedError):
        guarded(client, body_timeout=0.05)


def test_all_bodies_together_are_bounded() -> None:
    async def work() -> list[int]:
        guard = Guard(echo, ServingLimits(max_bytes=10), Measures(), None, frozenset())
        clients = [Client([b"x" * 10, b""], pause=0.01) for _ in range(12)]
        await asyncio.gather(*(guard(c.scope, c.receive, c.send) for c in clients))
        again = Client([b"x" * 10, b""])
        await guard(again.scope, again.receive, again.send)
        assert again.status == 200
        return [client.status for client in clients]

    statuses = asyncio.run(work())
    assert statuses.count(200) == 8
    assert statuses.count(503) == 4


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1:8000", "[::1]", "[::1]:8000"]
)
def test_a_server_without_a_token_answers_to_its_own_names(host: str) -> None:
    assert guarded(Client(host=host)).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[::2]:80"])
def test_a_server_without_a_token_answers_to_no_other_name(host: str) -> None:
    assert guarded(Client(host=host)).status == 421


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer  {TOKEN}"])
def test_who_knows_the_token_may_ask_under_any_name(given: str) -> None:
    client = Client(host="models.example", authorization=given)
    assert guarded(client, token=TOKEN).status == 200


@pytest.mark.parametrize("given", ["", TOKEN, "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}"])
def test_who_does_not_know_the_token_is_refused(given: str) -> None:
    client = guarded(Client(authorization=given), token=TOKEN)
    assert client.status == 401
    assert (b"www-authenticate", b"Bearer") in client.sent[0]["headers"]
    assert TOKEN not in str(client.sent)


def test_health_needs_no_token() -> None:
    assert guarded(Client(path="/health"), token=TOKEN).status == 200


def test_requests_are_counted_by_the_paths_that_are_known() -> None:
    measures = Measures()
    for path in ("/predict", "/health", "/a", "/b"):
        guarded(Client(path=path), measures=measures)
    guarded(Client(host="evil.example"), measures=measures)
    text = measures.text({})
    assert 'requests_total{path="other",status="200"} 2' in text
    assert 'requests_total{path="/predict",status="421"} 1' in text
