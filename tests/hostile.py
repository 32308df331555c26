"""Hostile files, each tried in a process of its own with canaries around it.

An entry says which files a stranger sends and what is typed. What must not happen leaves a trace: a
program that runs makes a file, whoever writes outside the run folder changes a folder that is held
against its state before, whoever connects is counted by a server, and a value of the environment is
looked for in every byte that is left and printed.
"""

import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECRET = "canary-5f3c9e1b7a"
"""The value of the environment variable `CANARY`, which must never be seen."""

COLUMNS = ("executed", "written", "connected", "leaked", "hung", "traceback")
"""What is counted of an entry; all of it must be nothing."""

_SECONDS = 90
"""After so many seconds, on a machine with other work, a process hangs."""

_MEMORY = 12 * 1024**3
"""Bytes of addresses; JAX reserves some that it never uses."""


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """One entry.

    In files and commands `@OUTSIDE@` is a folder that must stay as it is, `@TOUCH@` a path whose
    file says that something was run, and `@PORT@` the port of a server.

    Attributes:
        files: name below the working directory to content.
        commands: the arguments of `kerasgen`, one process each.
        code: the exit code that each command must have.
        prepare: makes what cannot be written as a file: given the working directory.
        environment: further variables.
    """

    files: Mapping[str, str | bytes] = field(default_factory=dict)
    commands: tuple[tuple[str, ...], ...]
    code: int = 2
    prepare: Callable[[Path], None] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Verdict:
    """What an entry brought about: counts by column, exit codes, and what was printed."""

    counts: dict[str, int]
    codes: list[int]
    output: str


class Server:
    """A server on the loopback interface that counts who connects."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.count = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            connection.close()

    def close(self) -> None:
        self.socket.close()


def run_entry(entry: Hostile, folder: Path) -> Verdict:
    """Runs the commands of an entry below an empty folder."""
    work, outside, touched = folder / "work", folder / "outside", folder / "touched"
    home, bait = folder / "home", folder / "bait"
    for made in (work, outside, home, bait):
        made.mkdir()
    (outside / "precious.txt").write_text("precious")
    for program in ("git", "evil"):
        (bait / program).write_text(f"#!/bin/sh\ntouch {touched}\n")
        (bait / program).chmod(0o755)
    server = Server()
    names = {"@OUTSIDE@": outside, "@TOUCH@": touched, "@PORT@": server.port, "@BAIT@": bait}

    def filled(text: str) -> str:
        for name, value in names.items():
            text = text.replace(name, str(value))
        return text

    for name, content in entry.files.items():
        file = work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else filled(content).encode())
    if entry.prepare is not None:
        entry.prepare(work)
    before = _state(outside, home, folder), _state_of_work(work)
    environment = {
        **os.environ,
        "HOME": str(home),
        "CANARY": SECRET,
        "PYTHONPATH": str(ROOT),
        "MPLCONFIGDIR": str(home / "cache"),  # whoever imports Matplotlib makes it
        "KERASGEN_CACHE": os.environ.get("KERASGEN_CACHE", str(home / "cache")),
        **{name: filled(value) for name, value in entry.environment.items()},
    }
    environment.pop("KERAS_BACKEND", None)
    verdict = Verdict(counts=dict.fromkeys(COLUMNS, 0), codes=[], output="")
    for command in entry.commands:
        _run([filled(word) for word in command], work, environment, verdict)
    after = _state(outside, home, folder), _state_of_work(work)
    server.close()
    verdict.counts["executed"] = int(touched.exists())
    verdict.counts["written"] = int(before != after)
    verdict.counts["connected"] = server.count
    left = [p for p in work.rglob("*") if p.is_file() and not p.is_symlink()]
    seen = SECRET in verdict.output or any(SECRET.encode() in p.read_bytes() for p in left)
    verdict.counts["leaked"] = int(seen or any(SECRET in p.name for p in work.rglob("*")))
    return verdict


def _run(command: list[str], work: Path, environment: Mapping[str, str], verdict: Verdict) -> None:
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "kerasgen", *command],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            preexec_fn=_limit,
        )
    except subprocess.TimeoutExpired:
        verdict.counts["hung"] += 1
        return
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    verdict.output += text
    verdict.codes.append(done.returncode)
    verdict.counts["traceback"] += int("Traceback (most recent call last)" in text)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _state(*folders: Path) -> list[tuple[str, bytes]]:
    """What there is around the working directory, with the content of files."""
    outside, home, around = folders
    found = [
        (str(path), path.read_bytes() if path.is_file() else b"")
        for folder in (outside, home)
        for path in sorted(folder.rglob("*"))
        if ".keras" not in path.parts and "cache" not in path.parts and ".cache" not in path.parts
    ]
    return found + [(p.name, b"") for p in sorted(around.iterdir()) if p.name != "touched"]


def _state_of_work(work: Path) -> list[str]:
    """The files of the working directory that no run may add to: all but `outputs`."""
    paths = sorted(str(path.relative_to(work)) for path in work.rglob("*"))
    return [path for path in paths if path.partition("/")[0] != "outputs"]
