"""The interpreters in which Theano and CNTK live: where they are, and whether they serve.

This room owns what an interpreter must have. Making one is the command `engines install`.

Decisions:
- An interpreter is asked for the files of its packages, and nothing of them is imported: a check
  must take no seconds.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kerasgen.diagnostics import Sink
from kerasgen.engines.legacy.blas_link import blas_flags
from kerasgen.engines.legacy.translation.untranslated import NAMES
from kerasgen.engines.legacy.worker_process import Runtime
from kerasgen.foreign.json_data import Bounds, read_json
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.ir.program import BackendDef
from kerasgen.process.cache_folder import cache_folder
from kerasgen.process.data_folder import data_folder

KERAS = "2.3.1"
"""The last Keras of several engines."""

PYTHONS: Mapping[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "theano": ((3, 6), (3, 11)),
    "cntk": ((3, 6), (3, 6)),
}
"""Engine to the oldest and the newest Python that has it."""

_KEPT = ("PATH", "LD_LIBRARY_PATH")
"""What of the environment an interpreter gets that is asked."""

_TIMEOUT = 30.0
"""Seconds after which an interpreter that does not answer is given up."""

_ASKED = """
import ctypes, glob, json, os, sys, sysconfig
found = {}
for folder in sys.path:
    for kind in ("dist-info", "egg-info"):
        for path in glob.glob(os.path.join(folder, "*." + kind)):
            name, _, version = os.path.basename(path)[: -len(kind) - 1].partition("-")
            found.setdefault(name.lower(), version.split("-")[0])
mpi = any(glob.glob(os.path.join(folder, "cntk", "libs", "libmpi.so.12")) for folder in sys.path)
if not mpi and "cntk" in found:
    try:
        mpi = bool(ctypes.CDLL("libmpi.so.12"))
    except OSError:
        pass
headers = os.path.join(sysconfig.get_paths()["include"], "Python.h")
print(json.dumps({"python": sys.version_info[:3], "packages": found, "mpi": mpi,
                  "headers": headers, "has_headers": os.path.exists(headers)}))
"""


class RuntimeFaultError(Exception):
    """An interpreter that does not serve; the message says why.

    Attributes:
        advice: what to do about it.
    """

    def __init__(self, message: str, advice: str | None = None) -> None:
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an interpreter has.

    Attributes:
        python: its version.
        packages: package, in lower case, to its version.
        mpi: whether the MPI library is there that CNTK loads, or its stand-in.
        lacks_headers: the file `Python.h` of it that is not there, None if it is.
    """

    python: tuple[int, ...]
    packages: Mapping[str, str]
    mpi: bool = False
    lacks_headers: str | None = None


def runtimes_folder() -> Path:
    """The folder of the environments that `engines install` makes."""
    return data_folder() / "runtimes"


def interpreter_of(engine: str, given: str | None) -> Path:
    """The interpreter of an engine, whether or not it is there.

    Args:
        engine: `theano` or `cntk`.
        given: the one that the person names who runs it.
    """
    named = given or os.environ.get(variable_of(engine))
    # A relative path is none of a program on the search path.
    return Path(named).expanduser().absolute() if named else installed_python(engine)


def variable_of(engine: str) -> str:
    """The variable of the environment that names an engine's interpreter."""
    return f"KERASGEN_{engine.upper()}"


def installed_python(engine: str) -> Path:
    """The interpreter that `engines install` makes."""
    return runtimes_folder() / engine / "bin" / "python"


def is_finished(engine: str) -> bool:
    """Whether `engines install` has made an engine's environment to its end."""
    return read_marker(engine).get("state") == DONE and installed_python(engine).is_file()


def read_marker(engine: str) -> Mapping[str, object]:
    """What the file says that `engines install` leaves in an environment; empty without one."""
    try:
        found = read_json(runtimes_folder() / engine / MARKER, bounds=_MARKED)
    except ForeignFileError:
        return {}
    return found if isinstance(found, dict) else {}


MARKER = "kerasgen-engine.json"
"""The file by which an environment of `engines install` is known."""

DONE = "done"
"""What it says of one that was made to its end."""

_MARKED = Bounds(size=2**16, levels=4, values=200)


def is_there(engine: str, given: str | None) -> bool:
    """Whether an engine's interpreter is there; one that was not made to its end counts as none."""
    python = interpreter_of(engine, given)
    return is_finished(engine) if python == installed_python(engine) else python.is_file()


def find_runtime(settings: BackendDef, sink: Sink) -> Runtime | None:
    """The interpreter of an engine.

    Args:
        settings: the settings of the backend.
        sink: gets what is missing: KG670.
    """
    engine, said = settings.backend, settings.runtime
    python = interpreter_of(engine, said.python)
    key = "backend.backend" if said.python is None else "backend.runtime.python"
    if not is_there(engine, said.python):
        sink.report(
            "KG670",
            f"the engine `{engine}` runs outside Keras 3, in an interpreter of its own, and there "
            f"is no {python}",
            key=key,
            help=install_help(engine),
        )
        return None
    try:
        check_interpreter(engine, python)
    except RuntimeFaultError as fault:
        message = f"`{python}` cannot run {NAMES[engine]}: {fault}"
        sink.report("KG670", message, key=key, help=fault.advice)
        return None
    return Runtime(engine=engine, python=python, threads=said.threads, flags=theano_flags(python))


def install_help(engine: str) -> str:
    """How an engine comes to a machine."""
    named = f"`{variable_of(engine)}=PATH` or `backend.runtime.python=PATH`"
    return (
        f"`kerasgen engines install {engine}` makes one, or name yours by {named}; engines of "
        f"Keras 3: {_KERAS_3}"
    )


_KERAS_3 = "`tensorflow`, `jax`, `torch`"


def check_interpreter(engine: str, python: Path) -> Asked:
    """Asks an interpreter whether it has what an engine needs.

    Raises:
        RuntimeFaultError: it cannot be run, or lacks something.
    """
    asked = ask_interpreter(python)
    check_answer(engine, asked)
    return asked


def ask_interpreter(python: Path) -> Asked:
    """Asks an interpreter what it has.

    Raises:
        RuntimeFaultError: it cannot be run, or is none.
    """
    try:
        moment = python.stat().st_mtime_ns
    except OSError as error:
        raise RuntimeFaultError(error.strerror or str(error)) from error
    return _asked(str(python), moment)


def check_answer(engine: str, asked: Asked) -> None:
    """Whether an interpreter has what an engine needs.

    Raises:
        RuntimeFaultError: it lacks something.
    """
    oldest, newest = PYTHONS[engine]
    version = ".".join(str(part) for part in asked.python[:2])
    if not oldest <= tuple(asked.python[:2]) <= newest:
        span = span_of(oldest, newest)
        raise RuntimeFaultError(
            f"it is Python {version}, and {NAMES[engine]} has packages for {span}"
        )
    again = f"`kerasgen engines install {engine}` makes an environment with all that it needs"
    if (keras := asked.packages.get("keras")) != KERAS:
        has = f"Keras {keras}" if keras else "no Keras"
        raise RuntimeFaultError(f"it has {has}, not {KERAS}", again)
    if engine not in asked.packages:
        raise RuntimeFaultError(f"it has no package `{engine}`", again)
    if engine == "cntk" and not asked.mpi:
        raise RuntimeFaultError(
            "`libmpi.so.12`, which CNTK loads, is not there",
            "`kerasgen engines install cntk` makes a stand-in; or install Open MPI 1.10",
        )
    if engine == "theano":
        _check_compiler(asked)


def _check_compiler(asked: Asked) -> None:
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        raise RuntimeFaultError(
            "there is no `g++`, with which Theano compiles", "install a C++ compiler, such as `g++`"
        )
    if asked.lacks_headers is not None:
        version = ".".join(str(part) for part in asked.python[:2])
        raise RuntimeFaultError(
            f"there is no `{asked.lacks_headers}`, which Theano compiles with",
            f"install the headers of that Python, such as `python{version}-dev`",
        )


@lru_cache(maxsize=8)
def _asked(python: str, moment: int) -> Asked:
    """Asks an interpreter once, as long as its file is the same."""
    try:
        done = subprocess.run(
            [python, "-s", "-c", _ASKED],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines()[-1:] or [f"it ended with {done.returncode}"]
            raise RuntimeFaultError(lines[0])
        told = json.loads(done.stdout)
        packages = {str(name): str(text) for name, text in told["packages"].items()}
        return Asked(
            python=tuple(int(part) for part in told["python"]),
            packages=packages,
            mpi=bool(told["mpi"]),
            lacks_headers=None if told["has_headers"] else str(told["headers"]),
        )
    except subprocess.TimeoutExpired:
        raise RuntimeFaultError(f"it does not answer within {_TIMEOUT:.0f} seconds") from None
    except OSError as error:
        raise RuntimeFaultError(error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RuntimeFaultError("it is no Python") from error


def span_of(oldest: tuple[int, int], newest: tuple[int, int]) -> str:
    """Two versions of Python as a text."""
    first, last = (".".join(str(part) for part in each) for each in (oldest, newest))
    return f"Python {first} alone" if first == last else f"Python {first} to {last}"


def theano_flags(python: Path) -> tuple[str, ...]:
    """What Theano is told: where it compiles to, and which library multiplies matrices.

    Its own folder's name does not hold the processor, though it compiles for this very one.
    """
    compiled = (
        cache_folder()
        / "theano"
        / _processor()
        / hashlib.sha256(str(python).encode()).hexdigest()[:12]
    )
    return (f"base_compiledir={compiled}", blas_flags(python.parent.parent / "blas"))


def _processor() -> str:
    """A name for the kind of processor."""
    told = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "flags")):
                told += line
                if line.startswith("flags"):
                    break
    except OSError:
        pass
    return hashlib.sha256(told.encode()).hexdigest()[:12]
