"""A stand-in for the MPI library that CNTK wants to load and, on one machine, never calls.

This room owns which symbols CNTK's libraries leave open, and the library that closes them. It is
made with the system's `nm` and `cc`.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

LIBRARIES = ("libmpi.so.12", "libmpi_cxx.so.1")
"""The files that CNTK's libraries name."""

_BEGINNINGS = ("MPI_", "ompi_", "_ZN3MPI")
_DATA = ("ompi_mpi_",)


class StubError(Exception):
    """The library cannot be made; the message says what is missing."""


def make_stub(libraries: Path) -> None:
    """Makes the libraries beside CNTK's own, where its loader looks for them.

    Args:
        libraries: the folder `cntk/libs` of the environment.

    Raises:
        StubError: a tool is missing, or fails.
    """
    names = sorted({name for file in libraries.glob("*.so*") for name in _wanted(file)})
    if not names:
        raise StubError(f"no library in {libraries} asks for MPI")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "stub.c"
        source.write_text(_source(names), encoding="ascii")
        for library in LIBRARIES:
            made = Path(folder) / library
            soname = f"-Wl,-soname,{library}"
            _run(["cc", "-shared", "-fPIC", "-w", soname, "-o", str(made), str(source)])
            (libraries / library).write_bytes(made.read_bytes())


def _source(names: Sequence[str]) -> str:
    """The library in C: functions that say 0, and room where data is expected."""
    data = [name for name in names if name.startswith(_DATA)]
    lines = [f"char {name}[1024];" for name in data]
    lines += [f"int {name}() {{ return 0; }}" for name in names if name not in data]
    return "\n".join(lines) + "\n"


def _wanted(file: Path) -> list[str]:
    """The symbols of MPI that a library leaves open."""
    told = _run(["nm", "-D", "--undefined-only", str(file)])
    names = [line.split()[-1].partition("@")[0] for line in told.splitlines() if line.split()]
    return [name for name in names if name.startswith(_BEGINNINGS)]


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        missing = f"there is no `{command[0]}`, which makes CNTK's stand-in for MPI"
        raise StubError(missing) from error
    if done.returncode:
        raise StubError(f"`{command[0]}` failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout
