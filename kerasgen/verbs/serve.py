"""Serving a run over HTTP: what `kerasgen serve` does.

This room owns where a server listens and who may ask it, how it starts, and how it ends. What it
answers stands in `serving`.

Decisions:
- It listens on this machine alone, unless somebody names another address and a token.
- A token comes from a file or a variable of the shell: what stands on a command line everybody on
  the machine can read. It is written nowhere.
- A signal ends it: it listens no more, answers what has come in, and ends as every command does.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.foreign.regular_files import ForeignFileError, read_bytes
from kerasgen.process import interruption
from kerasgen.process.entry import reason_of
from kerasgen.process.packages import is_installed
from kerasgen.registry import NOBODY, Trust
from kerasgen.verbs.load import load_run
from kerasgen.verbs.serving.computing import Computing
from kerasgen.verbs.serving.joined_answers import answer_all
from kerasgen.verbs.serving.limits import ServingLimits
from kerasgen.verbs.serving.measures import Measures
from kerasgen.verbs.serving.warming import warm
from kerasgen.verbs.trained_run import TrainedRun

if TYPE_CHECKING:
    from kerasgen.verbs.serving.app import Service

VARIABLE = "KERASGEN_TOKEN"
"""The variable of the shell that may hold the token."""

SHORTEST_TOKEN = 16
"""Characters that a token has at the least."""

PACKAGES = ("fastapi", "uvicorn", "httptools", "python_multipart")
"""What a server needs."""

_POLL = 0.05
"""Seconds between two looks whether the process was asked to end."""

_BACKLOG = 1024
"""Clients that the system lets wait to be connected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens, and who may ask it.

    Attributes:
        host: the name or number of this machine.
        port: the port, 0 for a free one.
        token_file: a file with the token, None for the variable of the shell.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token_file: Path | None = None


def serve_run(
    folder: Path,
    address: Address,
    limits: ServingLimits,
    say: Callable[[str], object],
    trust: Trust = NOBODY,
) -> None:
    """Serves a run until the process is asked to end.

    Args:
        folder: the folder of the run.
        address: where the server listens.
        limits: what it takes on.
        say: takes the line that tells its address, once it can answer.
        trust: modules whose parts the run may hold.

    Raises:
        CompileError: KG603, a package is missing; KG650, the address cannot be used; KG606 or
            another code, the run cannot be read.
        Stopped: at the end.
    """
    _check_packages()
    token = _token(address, os.environ)
    with _socket(address) as listening:
        run = load_run(folder, trust)
        run = replace(run, model=run.model.served(limits.sizes))
        with interruption.held(), asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(run, listening, limits, token, say))


async def _serve(
    run: TrainedRun,
    listening: socket.socket,
    limits: ServingLimits,
    token: str | None,
    say: Callable[[str], object],
) -> None:
    import uvicorn

    from kerasgen.verbs.serving.app import Service, make_app
    from kerasgen.verbs.serving.connections import BoundedProtocol

    measures = Measures()
    computing = Computing(lambda asked: answer_all(run, asked, limits.sizes), limits, measures)
    service = Service(run=run, computing=computing, limits=limits, measures=measures)
    config = uvicorn.Config(
        make_app(service, token),
        http=partial(BoundedProtocol, limits),
        ws="none",
        lifespan="off",
        log_level="critical",  # The server tells itself what went wrong, and to whom.
        access_log=False,
        backlog=_BACKLOG,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(limits.timeout + limits.body_timeout) + 1,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # They are heard by `interruption`.
    service.connections = lambda: len(server.server_state.connections)
    loop = asyncio.get_running_loop()

    def get_ready() -> None:
        warm(run, limits.sizes)
        loop.call_soon_threadsafe(_tell_ready, service, listening, say)

    computing.start(get_ready)
    ending = asyncio.create_task(_end_when_asked(server))
    try:
        await server.serve(sockets=[listening])
    finally:
        ending.cancel()
        await asyncio.to_thread(computing.stop)
        service.threads.shutdown()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the loop: uvloop's, where it is installed; it has none for Windows."""
    if not is_installed("uvloop"):
        return None
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _tell_ready(service: Service, listening: socket.socket, say: Callable[[str], object]) -> None:
    service.ready = True
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    say(f"serves {service.run.folder} at http://{shown}:{port}")


async def _end_when_asked(server: Any) -> None:
    while not interruption.requested():
        await asyncio.sleep(_POLL)
    server.should_exit = True


def _check_packages() -> None:
    missing = [name for name in PACKAGES if not is_installed(name)]
    if missing:
        told = f"serving needs the package `{missing[0].replace('_', '-')}`"
        raise Sink().fail("KG603", told, help="pip install 'kerasgen[serve]'")


def _token(address: Address, variables: Mapping[str, str]) -> str | None:
    """The token that clients must know, None where they are on this machine and none is given.

    Raises:
        CompileError: KG650, there is none and must be one, or it cannot be used.
    """
    sink, place = Sink(), SourceLocation(override=f"--host {address.host}")
    token, source = variables.get(VARIABLE), f"the variable `{VARIABLE}`"
    if address.token_file is not None:
        source = f"`{address.token_file}`"
        place = SourceLocation(override=f"--token-file {address.token_file}")
        try:
            content = read_bytes(address.token_file, most=4096)
        except ForeignFileError as error:
            raise sink.fail_at("KG650", f"{source} {error.reason}", place) from error
        token = content.decode("ascii", "replace").strip()
    if token is None:
        if _is_own(address.host):
            return None
        raise sink.fail_at(
            "KG650",
            f"`{address.host}` can be reached from other machines, and there is no token",
            place,
            help=f"write one into a file and add `--token-file FILE`, or set `{VARIABLE}`; or "
            "leave `--host` out, and let a proxy on this machine ask who comes",
        )
    plain = token.isascii() and token.isprintable() and " " not in token
    if len(token) < SHORTEST_TOKEN or not plain:
        wanted = f"{SHORTEST_TOKEN} or more printable characters of ASCII without blanks"
        raise sink.fail_at("KG650", f"{source} holds no token: expected {wanted}", place)
    return token


def _is_own(host: str) -> bool:
    """Whether a host is this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _socket(address: Address) -> socket.socket:
    """A socket that listens there.

    Raises:
        CompileError: KG650, it cannot.
    """
    place = SourceLocation(override=f"--host {address.host} --port {address.port}")
    try:
        if not 0 <= address.port < 2**16:
            raise OSError(0, "a port is a number from 0 to 65535")
        family, kind, protocol, _, found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
        # Its protocol is named: without, asyncio lets small answers wait for 40 ms.
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(found)
        except OSError:
            listening.close()
            raise
        return listening
    except OSError as error:
        told = f"`{address.host}` cannot be listened on at port {address.port}"
        raise Sink().fail_at(
            "KG650",
            f"{told}: {reason_of(error)}",
            place,
            help="`--port 0` takes a free one",
        ) from error
