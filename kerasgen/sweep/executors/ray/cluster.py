"""A Ray cluster for a sweep: one of its own on this machine, or one that is there by its address.

This room owns the beginning and the end of the connection, what the cluster has, and how many jobs
fit into it at a time. It must not know what a job does.

Decisions:
- A cluster of the sweep's own has neither dashboard nor telemetry, lies in a folder of its own,
  and ends with the sweep: by a call, or because the system ends its processes with their parent.
- Whether anybody listens at an address is asked before Ray is: Ray itself waits for a long time,
  and its answer ends the process in some cases.
- Ray sets handlers of SIGTERM, in Python and below. Ours stay.
- Whoever talks to a cluster needs its token. One of our own has a new one, which no file keeps: it
  listens to the network, and runs what it is told.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_worker_niceness": "0",
}
"""What is set where the user has not: no telemetry, no tips, no packing of working folders.

Workers run as eagerly as any other process: they are what the sweep is for.
"""

_FOLDER = "kgray-"
"""How the folder of a cluster of our own begins; the id of its sweep follows."""

_STORE = 128 * 2**20
"""Bytes of the object store of a cluster of our own; jobs on this machine need next to none."""

_HEARD = 2**16
"""Bytes that are read of what Ray has written to stderr."""

_LONGEST = 24
"""Letters of a folder below which Ray can still make sockets, whose paths are short."""


class ClusterError(Exception):
    """A cluster cannot be had, or is not enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResources:
    """What one job takes of a cluster.

    Attributes:
        cpus: cores.
        gpus: graphics cards, also a part of one.
        memory: bytes, None for no claim.
        custom: resources of the cluster's own.
    """

    cpus: float = 1
    gpus: float = 0
    memory: int | None = None
    custom: Mapping[str, float] = field(default_factory=dict)

    def amounts(self) -> dict[str, float]:
        """The amounts by the names that Ray has for them."""
        said = {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory or 0, **self.custom}
        return {name: amount for name, amount in said.items() if amount > 0}


@dataclass(slots=True, kw_only=True)
class Cluster:
    """A connection to a cluster.

    Attributes:
        ray: the module.
        folder: the folder of a cluster of our own, None for one of others.
    """

    ray: ModuleType
    folder: Path | None = None

    def nodes(self) -> list[Mapping[str, float]]:
        """The resources of each node that is alive."""
        return [dict(node["Resources"]) for node in self.ray.nodes() if node["Alive"]]

    def close(self) -> None:
        """Ends the connection, and a cluster of our own."""
        with contextlib.suppress(Exception):  # Whatever it is, the sweep is over.
            self.ray.shutdown()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def jobs_at_a_time(nodes: Sequence[Mapping[str, float]], wanted: JobResources) -> int:
    """How many jobs the nodes of a cluster have room for.

    Raises:
        ClusterError: not even one.
    """
    amounts = wanted.amounts()
    found = 0
    for node in nodes:
        room = [int((node.get(name, 0) + 1e-9) / amount) for name, amount in amounts.items()]
        found += min(room, default=int(node.get("CPU", 1)) or 1)
    if found == 0:
        asked = _shown(amounts)
        most = "; ".join(_told(node) for node in nodes[:4]) or "no node is alive"
        raise ClusterError(f"no node has what a job takes ({asked}): {most}")
    return found


def _told(node: Mapping[str, float]) -> str:
    shown = {name: amount for name, amount in sorted(node.items()) if not name.startswith("node:")}
    shown.pop("object_store_memory", None)
    return f"a node has {_shown(shown)}"


def _shown(amounts: Mapping[str, float]) -> str:
    units = {"memory": (2**30, " GiB")}
    return ", ".join(
        f"{name} {amount / units.get(name, (1, ''))[0]:.4g}{units.get(name, (1, ''))[1]}"
        for name, amount in amounts.items()
    )


def open_cluster(address: str | None, cores: int, wait: float) -> Cluster:
    """Starts a cluster on this machine, or connects to one.

    Args:
        address: where the cluster is, None for one of our own.
        cores: cores of a cluster of our own.
        wait: seconds after which one that is to be there is given up.

    Raises:
        ImportError: Ray is not installed.
        ClusterError: it cannot be started, or nobody answers.
    """
    for name, text in _SETTINGS.items():
        os.environ.setdefault(name, text)
    _set_token(own=address is None)
    with _own_handlers():
        import ray

        with contextlib.suppress(AttributeError):
            # Else a node that dies has its whole log on stdout; the sweep says which jobs it had.
            ray._private.worker._worker_logs_enabled = False
        quiet: dict[str, Any] = {
            "log_to_driver": False,
            "logging_level": logging.ERROR,
            "namespace": f"kerasgen-{os.getpid()}",
        }
        if address is None:
            folder = _own_folder()
            cluster = Cluster(ray=ray, folder=folder)
            try:
                ray.init(
                    num_cpus=cores,
                    include_dashboard=False,
                    object_store_memory=_STORE,
                    _temp_dir=str(folder),
                    **quiet,
                )
            except Exception as error:
                cluster.close()
                raise ClusterError(f"no Ray can be started here: {_first_line(error)}") from error
            except BaseException:
                cluster.close()
                raise
            return cluster
        if address != "auto":
            _require_listener(address, wait)
        _connect(ray, address, quiet, wait)
        return Cluster(ray=ray)


def _connect(ray: ModuleType, address: str, settings: Mapping[str, Any], wait: float) -> None:
    """Connects in a thread, since nothing else ends Ray's own waiting."""
    failed: list[BaseException] = []
    said: list[str] = []
    done = threading.Event()

    def connect() -> None:
        try:
            ray.init(address=address, **settings)
        except BaseException as error:  # told by the thread that waits
            failed.append(error)
        done.set()

    with _heard(said):
        threading.Thread(target=connect, daemon=True).start()
        answered = done.wait(wait)
    if (failed or not answered) and "AuthToken" in said[0]:
        raise ClusterError(f"the Ray cluster at `{address}` wants a token, and not the one here")
    if not answered:
        raise ClusterError(f"no Ray cluster has answered at `{address}` within {wait:g} s")
    if failed:
        raise ClusterError(f"no Ray cluster is at `{address}`: {_first_line(failed[0])}")


@contextlib.contextmanager
def _heard(said: list[str]) -> Iterator[None]:
    """Keeps what a library writes to stderr past Python; a list gets it at the end."""
    with tempfile.TemporaryFile() as file:
        known = os.dup(2)
        try:
            os.dup2(file.fileno(), 2)
            yield
        finally:
            os.dup2(known, 2)
            os.close(known)
            file.seek(0)
            said.append(file.read(_HEARD).decode(errors="replace"))


def _set_token(*, own: bool) -> None:
    """Says by which token Ray is talked to, unless the user has."""
    if "RAY_AUTH_MODE" in os.environ:
        return
    if own:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    elif {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys() or _has_token_file():
        os.environ["RAY_AUTH_MODE"] = "token"


def _has_token_file() -> bool:
    try:
        return (Path.home() / ".ray" / "auth_token").is_file()
    except (OSError, RuntimeError):
        return False


def _require_listener(address: str, wait: float) -> None:
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ClusterError(f"`{address}` is no address, expected `HOST:PORT`, `auto` or null")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=wait).close()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ClusterError(f"nobody answers at `{address}`: {reason}") from error


def _own_folder() -> Path:
    """A new folder for a cluster of our own; those of sweeps that were killed are removed."""
    temporary = Path(tempfile.gettempdir())
    if len(str(temporary)) > _LONGEST:
        temporary = Path("/tmp")
    for left in temporary.glob(f"{_FOLDER}[0-9]*-*"):
        pid = left.name.removeprefix(_FOLDER).partition("-")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)  # That of another user stays.
    return Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=temporary))


@contextlib.contextmanager
def _own_handlers() -> Iterator[None]:
    """Leaves handlers of signals as they are.

    They are set anew in any case: Ray sets one past Python, which still believes in its own.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    known = [signal.getsignal(number) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, known, strict=True):
            if handler is not None:
                signal.signal(number, handler)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
