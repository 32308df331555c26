"""Which engine serves: the only place that knows engines by name.

This room owns the table of backends, each with its engine. An engine is imported when it is chosen;
choosing imports no Keras.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.diagnostics import Sink
from kerasgen.engines.keras3.environment import PACKAGES
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.ir.program import BackendDef
from kerasgen.process.packages import is_installed

if TYPE_CHECKING:
    from kerasgen.engine import Engine
    from kerasgen.engine.exporter import Exporter, ExportFormat
    from kerasgen.engine.runtimes import CheckStep, EngineFound, InstallPlan
    from kerasgen.importer import Importer


def engine_for(backend: str) -> Engine:
    """The engine of a backend, as `backend.backend` names it; it is not started yet."""
    return _ENGINES[backend]()


def settings_to_look(settings: BackendDef) -> BackendDef:
    """The settings of the engine by which a trained model is looked at, and not trained.

    Args:
        settings: those of the engine that has trained it; one outside Keras 3 need not be there.
    """
    if settings.backend not in OUTSIDE:
        return settings
    from kerasgen.engines.legacy.legacy_engine import hosted

    return hosted(settings)


def installed_backends() -> list[str]:
    """The backends whose package is installed, the one that is imported fastest first."""
    return [name for name, package in PACKAGES.items() if is_installed(package)]


def available_engines() -> list[str]:
    """The backends that can train here: those of Keras 3, then the engines that run outside it."""
    from kerasgen.engines.legacy.runtimes import is_there

    outside = [name for name in OUTSIDE if is_there(name, None)]
    return [*installed_backends(), *outside]


def found_engines() -> list[EngineFound]:
    """Every engine, in the order in which they are told, and what is known of it at once."""
    from kerasgen.engines.keras3.installed_backends import found_backend
    from kerasgen.engines.legacy.found_runtime import found_runtime

    ours = [found_backend(name) for name in ("tensorflow", "jax", "torch")]
    return [*ours, *(found_runtime(name) for name in OUTSIDE)]


def checked_engine(name: str, python: str | None) -> Iterator[CheckStep]:
    """Checks an engine outside Keras 3 for real, step by step; a step that fails is the last.

    Args:
        name: one of `OUTSIDE`.
        python: its interpreter, None for the one that is found.
    """
    from kerasgen.engines.legacy.runtimes import interpreter_of
    from kerasgen.engines.legacy.self_test import check_engine

    return check_engine(name, interpreter_of(name, python))


def made_interpreter(name: str) -> Path | None:
    """The interpreter of the environment that was made for an engine; None if there is none."""
    from kerasgen.engines.legacy.runtimes import installed_python, is_finished

    return installed_python(name) if is_finished(name) else None


def plan_install(name: str, python: Path | None) -> InstallPlan:
    """What the making of an environment for an engine outside Keras 3 will do.

    Args:
        name: one of `OUTSIDE`.
        python: the interpreter of which it is made, None to look for one.

    Raises:
        InstallError: there is no Python that serves.
    """
    from kerasgen.engines.legacy import installation

    return installation.plan_install(name, python)


def install_engine(
    plan: InstallPlan, say: Callable[[str], None], *, replace: bool
) -> Iterator[CheckStep]:
    """Makes the environment of an engine; the steps of its check come at the end.

    Args:
        plan: what is done.
        say: takes lines about what goes on.
        replace: whether one that is there is made anew.

    Raises:
        InstallError: it cannot be made.
    """
    from kerasgen.engines.legacy import installation

    return installation.install(plan, say, replace=replace)


def importer() -> Importer:
    """Reads models as configs; an engine must have been started."""
    from kerasgen.engines.keras3.importer import Keras3Importer

    return Keras3Importer()


def exporter() -> Exporter:
    """Writes models for other runtimes; an engine must have been started."""
    from kerasgen.engines.keras3.exports.exporter import Keras3Exporter

    return Keras3Exporter()


def export_formats() -> Mapping[str, ExportFormat]:
    """The formats in which models are written, by name; no engine need be started."""
    from kerasgen.engines.keras3.exports.formats import FORMATS

    return FORMATS


def load_keras_dataset(name: str, *, download: bool) -> Any:
    """A data set of `keras.datasets`; an engine is started for it where none was.

    Args:
        name: its module, such as `mnist`.
        download: whether it may be downloaded.

    Returns:
        `(x_train, y_train), (x_test, y_test)` as NumPy arrays.

    Raises:
        NotAvailableError: it is not cached, and was not or could not be downloaded.
    """
    backends = installed_backends()
    if "keras" not in sys.modules and backends:
        # Keras is imported in silence then, and by settings that are not the user's own.
        engine_for(backends[0]).start(BackendDef(backend=backends[0]), Sink())
    from kerasgen.engines.keras3.datasets import load_keras_dataset

    return load_keras_dataset(name, download=download)


def explain(error: BaseException) -> str:
    """What an exception of an engine says, in one line without its dumps."""
    return shorten(error)


def describing_files() -> list[Path]:
    """The files here that say what a catalog holds of Keras."""
    room = Path(__file__).resolve().parent / "keras3"
    return [room / "introspection.py", room / "added_arguments.py"]


def _keras3() -> Engine:
    from kerasgen.engines.keras3.engine import Keras3Engine

    return Keras3Engine()


def _legacy(name: str) -> Engine:
    from kerasgen.engines.legacy.legacy_engine import LegacyEngine

    return LegacyEngine(name)


OUTSIDE = ("theano", "cntk")
"""The engines that run outside Keras 3."""

_ENGINES: Mapping[str, Callable[[], Engine]] = {
    **dict.fromkeys(PACKAGES, _keras3),
    **{name: partial(_legacy, name) for name in OUTSIDE},
}
"""Backend to what makes its engine."""
