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
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kerasgen.diagnostics import Sink
from kerasgen.engines.legacy.translation.untranslated import NAMES
from kerasgen.engines.legacy.worker_process import Runtime
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

_TIMEOUT = 30.0
"""Seconds after which an interpreter that does not answer is given up."""

_ASKED = """
import glob, json, os, sys
found = {}
for folder in sys.path:
    for kind in ("dist-info", "egg-info"):
        for path in glob.glob(os.path.join(folder, "*." + kind)):
            name, _, version = os.path.basename(path)[: -len(kind) - 1].partition("-")
            found.setdefault(name.lower(), version.split("-")[0])
print(json.dumps({"python": sys.version_info[:3], "packages": found}))
"""


class RuntimeFaultError(Exception):
    """An interpreter that does not serve; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an interpreter has.

    Attributes:
        python: its version.
        packages: package, in lower case, to its version.
    """

    python: tuple[int, ...]
    packages: Mapping[str, str]


def runtimes_folder() -> Path:
    """The folder of the environments that `engines install` makes."""
    return data_folder() / "runtimes"


def interpreter_of(engine: str, given: str | None) -> Path:
    """The interpreter of an engine, whether or not it is there.

    Args:
        engine: `theano` or `cntk`.
        given: the one that the person names who runs it.
    """
    named = given or os.environ.get(f"KERASGEN_{engine.upper()}")
    return Path(named).expanduser() if named else runtimes_folder() / engine / "bin" / "python"


def find_runtime(settings: BackendDef, sink: Sink) -> Runtime | None:
    """The interpreter of an engine.

    Args:
        settings: the settings of the backend.
        sink: gets what is missing: KG670.
    """
    engine, said = settings.backend, settings.runtime
    python = interpreter_of(engine, said.python)
    key = "backend.backend" if said.python is None else "backend.runtime.python"
    if not python.is_file():
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
        sink.report("KG670", f"`{python}` cannot run {NAMES[engine]}: {fault}", key=key)
        return None
    return Runtime(engine=engine, python=python, threads=said.threads, flags=theano_flags(python))


def install_help(engine: str) -> str:
    """How an engine comes to a machine."""
    more = " --python /path/to/python3.6" if engine == "cntk" else ""
    named = f"`backend.runtime.python=…`, or choose one of Keras 3: {_KERAS_3}"
    return f"`kerasgen engines install {engine}{more}`, or name one: {named}"


_KERAS_3 = "`tensorflow`, `jax`, `torch`"


def check_interpreter(engine: str, python: Path) -> Asked:
    """Asks an interpreter whether it has what an engine needs.

    Raises:
        RuntimeFaultError: it cannot be run, or lacks something.
    """
    asked = _asked(str(python), python.stat().st_mtime_ns)
    oldest, newest = PYTHONS[engine]
    version = ".".join(str(part) for part in asked.python[:2])
    if not oldest <= tuple(asked.python[:2]) <= newest:
        span = _span(oldest, newest)
        raise RuntimeFaultError(
            f"it is Python {version}, and {NAMES[engine]} has packages for {span}"
        )
    if (keras := asked.packages.get("keras")) != KERAS:
        raise RuntimeFaultError(f"it has {f'Keras {keras}' if keras else 'no Keras'}, not {KERAS}")
    if engine not in asked.packages:
        raise RuntimeFaultError(f"it has no package `{engine}`")
    return asked


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
            env={"PATH": os.environ.get("PATH", "")},
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines()[-1:] or [f"it ended with {done.returncode}"]
            raise RuntimeFaultError(lines[0])
        told = json.loads(done.stdout)
        packages = {str(name): str(text) for name, text in told["packages"].items()}
        return Asked(python=tuple(int(part) for part in told["python"]), packages=packages)
    except subprocess.TimeoutExpired:
        raise RuntimeFaultError(f"it does not answer within {_TIMEOUT:.0f} seconds") from None
    except OSError as error:
        raise RuntimeFaultError(error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RuntimeFaultError("it is no Python") from error


def _span(oldest: tuple[int, int], newest: tuple[int, int]) -> str:
    first, last = (".".join(str(part) for part in each) for each in (oldest, newest))
    return f"Python {first} alone" if first == last else f"Python {first} to {last}"


def theano_flags(python: Path) -> tuple[str, ...]:
    """What Theano is told: where it compiles to, and which library multiplies matrices.

    Its own folder's name does not hold the processor, though it compiles for this very one.
    """
    blas = python.parent.parent / "blas"
    linked = f"blas.ldflags=-L{blas} -lopenblas" if blas.is_dir() else "blas.ldflags="
    compiled = (
        cache_folder()
        / "theano"
        / _processor()
        / hashlib.sha256(str(python).encode()).hexdigest()[:12]
    )
    return (f"base_compiledir={compiled}", linked)


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
