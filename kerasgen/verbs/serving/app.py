"""The application: which paths there are, and how a request finds its answer.

This room owns what each content type is read as, and who waits for whom. How answers are computed
stands in `computing` and `joined_answers`, what clients read in `replies`.

Decisions:
- No page loads anything from elsewhere: those of FastAPI take their scripts from the network, so
  that the server has a small one of its own.
- A request for answers that has no parameters goes by FastAPI's layers to the same function: they
  take a third of its time, and find nothing to do.
- Long bodies are parsed, and files decoded, in two threads beside the one that hears requests.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any, TypeVar

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response

from kerasgen import __version__
from kerasgen.diagnostics import Sink
from kerasgen.verbs.answers.row_places import RowPlaces
from kerasgen.verbs.serving.asked.files import asked_by_files, shown_name
from kerasgen.verbs.serving.asked.rows import Asked, TooManyRowsError, Wanted, asked_by_json
from kerasgen.verbs.serving.asked.table import ENDINGS, Form, is_table, table_steps
from kerasgen.verbs.serving.bodies import replayed, whole_body
from kerasgen.verbs.serving.computing import Computing, QueueFullError, Ticket
from kerasgen.verbs.serving.description import predict_description
from kerasgen.verbs.serving.guard import (
    RETRY,
    Application,
    Guard,
    Receive,
    RefusedRequestError,
    Scope,
    Send,
)
from kerasgen.verbs.serving.joined_answers import Answered, Outcome
from kerasgen.verbs.serving.limits import SMALL_BODY, ServingLimits
from kerasgen.verbs.serving.measures import TYPE, Measures
from kerasgen.verbs.serving.replies import (
    outcome_problem,
    problem_reply,
    rows_reply,
    table_reply,
)
from kerasgen.verbs.trained_run import Bad, TrainedRun

T = TypeVar("T")

_JSON = ("application/json", "text/json")

_PAGE = Path(__file__).with_name("page.html")

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
)
"""What the page may load: nothing from elsewhere."""


@dataclass(slots=True, kw_only=True)
class Service:
    """What the paths of the application share.

    Attributes:
        run: the run.
        computing: the thread that computes.
        limits: what a request may be.
        measures: the figures.
        ready: whether the model was asked for every number of rows once.
        connections: how many clients are connected.
        threads: parse and decode.
    """

    run: TrainedRun
    computing: Computing
    limits: ServingLimits
    measures: Measures
    ready: bool = False
    connections: Callable[[], int] = lambda: 0
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2))

    async def predict(
        self,
        request: Request,
        top: Annotated[int, Query(ge=1, le=10_000)] = 1,
        scores: bool = False,
        bad: Bad = "error",
    ) -> Response:
        """Answers for the rows of a request."""
        wanted = Wanted(top=top, scores=scores, bad=bad)
        try:
            self._check(wanted)
            async with whole_body(request.receive) as body:
                if body is None:
                    return Response(status_code=400)  # The client has gone.
                return await self._answered(request, body, wanted)
        except Exception as error:
            return problem_reply(error)

    async def health(self) -> Response:
        """Whether the server lives."""
        return JSONResponse({"status": "ok"})

    async def is_ready(self) -> Response:
        """Whether the model can be asked."""
        if self.ready:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "not ready yet"}, 503, headers=RETRY)

    async def metrics(self) -> Response:
        """What the server has done, as Prometheus reads it."""
        text = self.measures.text(
            {
                "queue_requests": ("Requests that wait for the model.", self.computing.waiting),
                "connections": ("Clients that are connected.", self.connections()),
                "ready": ("Whether the model can be asked.", int(self.ready)),
            }
        )
        return Response(text, media_type=TYPE)

    async def page(self) -> Response:
        """A page on which rows can be tried."""
        headers = {"content-security-policy": _POLICY}
        return HTMLResponse(_PAGE.read_text(encoding="utf-8"), headers=headers)

    def _check(self, wanted: Wanted) -> None:
        if not self.ready:
            raise RefusedRequestError(503, "the model is not ready yet", RETRY)
        self.run.check_asked(
            top=wanted.top,
            scores=wanted.scores,
            bad=None if wanted.bad == "error" else wanted.bad,
            places=RowPlaces(sink=Sink()),
        )

    async def _answered(self, request: Request, body: IO[bytes], wanted: Wanted) -> Response:
        kind = request.headers.get("content-type", _JSON[0]).partition(";")[0].strip().lower()
        form = _form(request.headers.get("accept", ""))
        if kind in _JSON:
            return await self._by_json(body.read(), wanted, form)
        if kind in ENDINGS:
            return await self._by_table(body, ENDINGS[kind], wanted, form)
        if kind == "multipart/form-data":
            return await self._by_files(Request(request.scope, replayed(body)), wanted, form)
        known = ", ".join((_JSON[0], "multipart/form-data", *list(ENDINGS)[:3]))
        raise RefusedRequestError(415, f"`{kind[:60]}` is not read, expected one of {known}, …")

    async def _by_json(self, content: bytes, wanted: Wanted, form: Form) -> Response:
        most = self.limits.max_rows
        if len(content) <= SMALL_BODY:
            asked = asked_by_json(self.run, content, wanted, most)
        else:
            asked = await self._aside(lambda: asked_by_json(self.run, content, wanted, most))
        return await self._by_rows(asked, form)

    async def _by_rows(self, asked: Asked, form: Form) -> Response:
        outcome = await self._outcome(lambda tell: self._ticket(tell, asked=asked))
        if isinstance(outcome, Answered):
            return rows_reply(outcome.lines, form, single=asked.single)
        assert outcome is not None
        return outcome_problem(outcome)

    async def _by_files(self, request: Request, wanted: Wanted, form: Form) -> Response:
        most = self.limits.max_rows
        async with request.form(max_files=most + 1, max_fields=16) as parts:
            found = [part for _, part in parts.multi_items() if hasattr(part, "filename")]
            if not found:
                raise RefusedRequestError(400, "the request holds no file")
            if len(found) > most:
                raise TooManyRowsError(f"the request has more than {most:,} files")
            name = shown_name(found[0].filename, 1)
            if len(found) == 1 and is_table(name):
                return await self._by_table(found[0].file, Path(name).suffix, wanted, form)
            files = [(shown_name(f.filename, n), f.file.read()) for n, f in enumerate(found, 1)]
        if len(files) == 1 and name.lower().endswith(".json"):
            return await self._by_json(files[0][1], wanted, form)
        asked = await self._aside(lambda: asked_by_files(self.run, files, wanted))
        return await self._by_rows(asked, form)

    async def _by_table(
        self, content: IO[bytes], ending: str, wanted: Wanted, form: Form
    ) -> Response:
        folder = Path(tempfile.mkdtemp(prefix="kerasgen-"))
        out = tempfile.SpooledTemporaryFile(max_size=2**20)  # noqa: SIM115 - closed when it is sent
        try:
            file = folder / f"table{ending}"
            with file.open("wb") as kept:
                await self._aside(lambda: shutil.copyfileobj(content, kept))
            steps = table_steps(self.run, file, wanted, form, out, self.limits.max_rows)
            outcome = await self._outcome(lambda tell: self._ticket(tell, steps=steps))
            if outcome is None:
                return table_reply(out, form)
            assert not isinstance(outcome, Answered)
            return outcome_problem(outcome, str(folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _ticket(self, tell: Callable[[Outcome | None], None], **what: Any) -> Ticket:
        return Ticket(tell=tell, deadline=time.monotonic() + self.limits.timeout, **what)

    async def _outcome(
        self, make: Callable[[Callable[[Outcome | None], None]], Ticket]
    ) -> Outcome | None:
        """Waits until a request is computed.

        Raises:
            RefusedRequestError: too many wait, or it takes too long.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome | None] = loop.create_future()

        def settle(outcome: Outcome | None) -> None:
            if not future.done():
                future.set_result(outcome)

        def tell(outcome: Outcome | None) -> None:
            loop.call_soon_threadsafe(settle, outcome)

        ticket = make(tell)
        try:
            self.computing.submit(ticket)
            async with asyncio.timeout(self.limits.timeout):
                return await future
        except QueueFullError as error:
            raise RefusedRequestError(503, "too many requests wait", RETRY) from error
        except TimeoutError:
            seconds = f"{self.limits.timeout:g}"
            raise RefusedRequestError(504, f"there was no answer in {seconds} s") from None
        finally:
            ticket.dropped = True

    async def _aside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)


def make_app(service: Service, token: str | None) -> Any:
    """The application of a run.

    Args:
        service: what its paths share.
        token: what a client must know; None where clients are on this machine.
    """
    app = FastAPI(
        title=f"kerasgen: {service.run.folder.name}",
        version=__version__,
        docs_url=None,
        redoc_url=None,
    )
    post, get = {"methods": ["POST"]}, {"methods": ["GET"]}
    described = predict_description(service.run)
    app.add_api_route("/predict", service.predict, openapi_extra=described, **post)
    app.add_api_route("/health", service.health, **get)
    app.add_api_route("/ready", service.is_ready, **get)
    app.add_api_route("/metrics", service.metrics, **get)
    app.add_api_route("/", service.page, include_in_schema=False, **get)
    app.add_exception_handler(RequestValidationError, _wrong_parameter)
    paths = frozenset({"/", "/predict", "/health", "/ready", "/metrics", "/openapi.json"})
    front = _shortened(app, service)
    return Guard(front, service.limits, service.measures, token, paths)


def _shortened(app: Application, service: Service) -> Application:
    """The application, with a short way to answers for requests that have no parameters."""

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["path"] == "/predict" and scope["method"] == "POST"
        if not asks or scope["query_string"]:
            await app(scope, receive, send)
            return
        scope["app"] = app  # The reader of forms looks for it.
        response = await service.predict(Request(scope, receive))
        await response(scope, receive, send)

    return front


async def _wrong_parameter(request: Request, error: Any) -> Response:
    del request
    first = error.errors()[0]
    name = first["loc"][-1]
    return JSONResponse({"detail": f"the parameter `{name}`: {first['msg'].lower()}"}, 422)


def _form(accepted: str) -> Form:
    """How an answer is written, by what a client accepts; JSON unless it asks for another form."""
    if "application/x-ndjson" in accepted or "application/jsonl" in accepted:
        return "lines"
    return "csv" if "text/csv" in accepted else "json"
