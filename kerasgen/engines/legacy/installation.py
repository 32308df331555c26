"""Making the environment of an engine: a virtual environment with pinned packages.

This room owns which packages an engine needs on which Python, and the order of the making. A run
never comes here; it is what somebody asks for by `kerasgen engines install`.

Decisions:
- An environment cannot be moved, so that it is made where it stays. Its marker says that it is
  begun, and at the very end, after a training, that it is done; one that is only begun counts as
  none, and the next installation replaces it.
- A folder without a marker is somebody else's, and left alone.
- Packages come by pip, in whose settings somebody without a network names a folder of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from kerasgen.engine.runtimes import CheckStep, InstallError, InstallPlan
from kerasgen.engines.legacy.blas_link import link_blas
from kerasgen.engines.legacy.interpreters import Version, find_python, version_of
from kerasgen.engines.legacy.mpi_stub import StubError, make_stub
from kerasgen.engines.legacy.runtimes import (
    DONE,
    KERAS,
    MARKER,
    PYTHONS,
    is_finished,
    read_marker,
    runtimes_folder,
    span_of,
)
from kerasgen.engines.legacy.self_test import check_engine
from kerasgen.engines.legacy.translation.untranslated import NAMES

Say = Callable[[str], None]
"""What a line for the person is handed to."""

_NUMERIC: Mapping[Version, tuple[str, str, str]] = {
    (3, 6): ("1.19.5", "1.5.4", "2.10.0"),
    (3, 7): ("1.19.5", "1.5.4", "2.10.0"),
    (3, 8): ("1.19.5", "1.5.4", "2.10.0"),
    (3, 9): ("1.19.5", "1.5.4", "3.1.0"),
    (3, 10): ("1.23.5", "1.11.4", "3.10.0"),
    (3, 11): ("1.23.5", "1.11.4", "3.10.0"),
}
"""Python to the versions of NumPy, SciPy and h5py with which the engines were tried there."""

_ENGINES = {"theano": "theano==1.0.5", "cntk": "cntk==2.7"}

_PIP = "pip==21.3.1"
"""The last pip for Python 3.6; CNTK imports it."""

_NOT_KEPT = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
"""What of the environment would lead the new Python astray."""

_LINES = 4
"""Lines of a failed command that are told again."""

_NETWORK = ("connection", "resolve", "no matching distribution", "retries", "proxy", "timed out")
"""Words by which a failure of pip is one of the network."""


def plan_install(engine: str, given: Path | None) -> InstallPlan:
    """What an installation will do; nothing is made.

    Args:
        engine: `theano` or `cntk`.
        given: the interpreter that the person names, None to look for one.

    Raises:
        InstallError: there is no Python that serves.
    """
    python, version = _python_for(engine, given)
    folder = runtimes_folder() / engine
    own = str(folder / "bin" / "python")
    pip = (own, "-m", "pip", "install")
    packages = [f"keras=={KERAS}", _ENGINES[engine]]
    names = ("numpy", "scipy", "h5py")
    packages += [f"{name}=={number}" for name, number in zip(names, _NUMERIC[version], strict=True)]
    commands: list[tuple[str, ...]] = [(str(python), "-m", "venv", str(folder))]
    after = "links the library that multiplies matrices, and trains a model of one layer"
    if engine == "cntk":
        commands.append((*pip, _PIP))
        after = "makes the stand-in for MPI with `nm` and `cc`, and trains a model of one layer"
    commands.append((*pip, *packages))
    return InstallPlan(
        engine=engine, python=python, folder=folder, commands=tuple(commands), own=after
    )


def install(plan: InstallPlan, say: Say, *, replace: bool = False) -> Iterator[CheckStep]:
    """Makes the environment of an engine; the steps of its check come at the end.

    Args:
        plan: what is done.
        say: takes lines about what goes on.
        replace: whether one that is there is made anew.

    Raises:
        InstallError: it cannot be made; what was begun counts as none.
    """
    with _alone(plan.engine):
        if is_finished(plan.engine) and not replace:
            raise InstallError(f"{NAMES[plan.engine]} is there already: {plan.folder}")
        try:
            _clear(plan.engine, plan.folder)
            _mark(plan, "begun")
            for command in plan.commands:
                say(f"$ {shlex.join(command)}")
                _run(command, say)
            _finish(plan)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise InstallError(f"{where}{error.strerror or error}") from error
        for step in check_engine(plan.engine, plan.folder / "bin" / "python"):
            yield step
            if step.failed:
                return
        _mark(plan, DONE)


def _python_for(engine: str, given: Path | None) -> tuple[Path, Version]:
    oldest, newest = PYTHONS[engine]
    span = span_of(oldest, newest)
    if given is None:
        found = find_python(oldest, newest)
        if found is None:
            raise InstallError(
                f"{NAMES[engine]} has packages for {span}, and none was found by pyenv, conda, uv "
                "or on the search path",
                _how_to_get(newest) + f", or name one: `kerasgen engines install {engine} --python "
                "PATH`",
            )
        given = found
    given = _program(given)
    version = version_of(given)
    if version is None:
        raise InstallError(f"`{given}` is no Python that can be run")
    if not oldest <= version <= newest:
        dotted = ".".join(str(part) for part in version)
        raise InstallError(
            f"`{given}` is Python {dotted}, and {NAMES[engine]} has packages for {span}",
            _how_to_get(newest),
        )
    return given, version


def _program(given: Path) -> Path:
    """The file of a program that is typed: a path, or a name on the search path."""
    found = shutil.which(given) if given.parent == Path() else None
    return Path(found) if found else given.expanduser().absolute()


def _how_to_get(version: Version) -> str:
    dotted = ".".join(str(part) for part in version)
    return f"make one: `pyenv install {dotted}` or `conda create -n py{dotted} python={dotted}`"


def _clear(engine: str, folder: Path) -> None:
    """Takes away what an earlier installation has made or left.

    Raises:
        InstallError: the folder is none of an installation.
    """
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not read_marker(engine):
        if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
            return
        raise InstallError(f"`{folder}` was not made by `engines install`", "move it away")
    shutil.rmtree(folder)


def _mark(plan: InstallPlan, state: str) -> None:
    said = {"engine": plan.engine, "python": str(plan.python), "state": state}
    plan.folder.mkdir(parents=True, exist_ok=True)
    beside = plan.folder / f"{MARKER}.new"
    beside.write_text(json.dumps(said) + "\n", encoding="utf-8")
    beside.replace(plan.folder / MARKER)


def _finish(plan: InstallPlan) -> None:
    """What no command does: CNTK's stand-in for MPI, Theano's link to a BLAS."""
    packages = next(plan.folder.glob("lib/python3.*/site-packages"))
    if plan.engine == "theano":
        link_blas(packages, plan.folder / "blas")
        return
    try:
        make_stub(packages / "cntk" / "libs")
    except StubError as error:
        help_text = "install the compiler and `binutils` of your system"
        raise InstallError(str(error), help_text) from error


def _run(command: Sequence[str], say: Say) -> None:
    """Runs a command, each of whose lines is told.

    Raises:
        InstallError: it fails.
    """
    environment = {name: text for name, text in os.environ.items() if name not in _NOT_KEPT}
    environment |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    last: deque[str] = deque(maxlen=_LINES)
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    )
    assert process.stdout is not None
    try:
        with process.stdout:
            for line in process.stdout:
                if text := line.strip():
                    last.append(text)
                    say(f"  {text}")
        code = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if code:
        raise InstallError(f"`{shlex.join(command)}` failed: {'; '.join(last)}", _help_for(last))


def _help_for(lines: Sequence[str]) -> str | None:
    text = " ".join(lines).lower()
    if "ensurepip" in text:
        return "that Python cannot make environments: install its package `venv`, or name another"
    if any(word in text for word in _NETWORK):
        return (
            "without a network, `pip download` the packages where there is one, and name their "
            "folder: `PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER kerasgen engines install …`"
        )
    return None


@contextlib.contextmanager
def _alone(engine: str) -> Iterator[None]:
    """Inside, nobody else installs the engine.

    Raises:
        InstallError: somebody does, or the folder cannot be made.
    """
    folder = runtimes_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / f"{engine}.lock").open("a")
    except OSError as error:
        raise InstallError(f"{folder}: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InstallError(f"{NAMES[engine]} is being installed by another process") from None
        yield
