"""Benchmark: `kerasgen serve`, beside a route of FastAPI that asks `model.predict` each time.

Both serve the same model file, that of the shipped digits, in a process each; a third process asks
them in turns, over 1 and over 32 connections, one row a request. The figure is the time that 1,000
requests take.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from measuring import (
    ONE_THREAD,
    ROOT,
    SCRIPTS,
    Options,
    Report,
    Row,
    in_turns,
    pair_row,
    python,
    run_process,
)

NAME = "serving"

SECONDS, FEW_SECONDS = 5.0, 2.0
GOAL = 1 / 3
PATIENCE = 120.0
"""Seconds in which a server must answer."""


def measure(options: Options) -> Report:
    """Asks both servers with each backend."""
    report = Report()
    body = options.folder / "row.json"
    image = np.random.default_rng(0).integers(0, 16, (8, 8, 1)).tolist()
    body.write_text(json.dumps({"image": image}))
    for backend in options.backends:
        run = _trained(options.folder, backend)
        rows, remark = _asked(run, backend, body, options)
        report.rows.extend(rows)
        report.remarks.append(remark)
    return report


def _asked(run: Path, backend: str, body: Path, options: Options) -> tuple[list[Row], str]:
    environment = {**ONE_THREAD, "KERAS_BACKEND": backend}
    ports = {"kerasgen": _free_port(), "reference": _free_port()}
    ours = [*python("-m", "kerasgen"), "serve", str(run), "--port", str(ports["kerasgen"])]
    model = str(run / "model.keras")
    classes = ",".join(map(str, range(10)))
    plain = [str(SCRIPTS / "plain_server.py"), model, "image", classes, str(ports["reference"])]
    seconds = FEW_SECONDS if options.quick else SECONDS
    rows, told = [], []
    with (
        _serving(ours, ports["kerasgen"], environment),
        _serving(python(*plain), ports["reference"], environment),
    ):
        for connections in (1, 32):
            jobs = {
                name: lambda _, port=port, n=connections: _load(port, body, n, seconds)
                for name, port in ports.items()
            }
            found = in_turns(jobs, options.rounds)
            taken = {
                name: [1000 / each["a second"] for each in each_round]
                for name, each_round in found.items()
            }
            told += [_told(connections, name, each) for name, each in found.items()]
            rows.append(
                pair_row(
                    taken["kerasgen"],
                    taken["reference"],
                    benchmark=NAME,
                    case=f"{backend}, {connections} connections",
                    figure="s for 1,000 requests",
                    goal=GOAL if connections > 1 else None,
                )
            )
    return rows, f"{backend}: " + "; ".join(told)


def _told(connections: int, name: str, found: list[dict[str, float]]) -> str:
    rate = np.median([each["a second"] for each in found])
    slow = np.median([each["99 %"] for each in found])
    return f"{connections} connections, {name}: {rate:.0f} a second, 99 % within {slow:.0f} ms"


def _load(port: int, body: Path, connections: int, seconds: float) -> dict[str, float]:
    command = python(
        str(SCRIPTS / "request_load.py"), str(port), str(body), str(connections), str(seconds)
    )
    found: dict[str, float] = json.loads(run_process(command).output)
    if found["refused"]:
        raise RuntimeError(f"{found['refused']} requests were refused")
    return found


def _trained(folder: Path, backend: str) -> Path:
    run = folder / f"served_{backend}"
    overrides = [f"backend={backend}", "fit.epochs=1", "tracking.plots=false"]
    command = [*python("-m", "kerasgen"), "run", *overrides, f"hydra.run.dir={run}"]
    run_process(command, environment=ONE_THREAD)
    return run


@contextmanager
def _serving(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    """A server, until the end of the block; gives its process."""
    variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **environment}
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{' '.join(command)} does not answer")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    """Whether a server is ready; one that knows no `/ready` is as soon as it listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as client:
            client.sendall(b"GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            return client.recv(12)[9:12] in (b"200", b"404")
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
