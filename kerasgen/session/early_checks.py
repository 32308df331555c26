"""What is checked before the engine starts, besides the config itself.

This room owns the question which facts of the data compiling needs, the look at files that lie
at hand, and at the folder of a run. It must not start an engine or open data.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.foreign.regular_files import is_folder
from kerasgen.frontend.compose.composition import Composition
from kerasgen.frontend.compose.hydra_settings import setting_sink
from kerasgen.ir.data import DataDef
from kerasgen.passes.label_form import LABELLED


class SweepAskedError(Exception):
    """A config asks for a sweep (`hydra.mode: MULTIRUN`) where one config was to be checked."""


def check_settings(composition: Composition) -> None:
    """Checks what a config says of the run itself, without making its folder.

    Raises:
        CompileError: KG105 or KG605, the run's folder cannot be used.
        SweepAskedError: it asks for a sweep.
    """
    settings = composition.run
    if settings is None:
        return
    if settings.sweeps:
        raise SweepAskedError
    if settings.folder is None:
        raise CompileError(settings.refused)
    folder = settings.folder
    nearest = next(
        place for place in (folder, *folder.absolute().parents) if os.path.lexists(place)
    )
    if not is_folder(nearest):
        reason = errno.EEXIST if nearest == folder else errno.ENOTDIR
    elif nearest != folder and not os.access(nearest, os.W_OK | os.X_OK):
        reason = errno.EACCES
    else:
        return
    from kerasgen.record.run_folder import reported  # says it as a run does

    with reported(setting_sink("hydra.run.dir", settings.place), folder):
        raise OSError(reason, os.strerror(reason))


def facts_suffice(data: DataDef) -> bool:
    """Whether the declared facts are all that compiling needs to know of the data."""
    if data.unsettled:
        return False
    shape = data.facts.get("shape")
    by_name = isinstance(shape, Mapping) and all(name in shape for name in data.features)
    shaped = data.absent or isinstance(shape, tuple) or by_name
    classes = data.facts.get("classes")
    classified = [name for name, task in data.task.items() if task in LABELLED]
    return shaped and all(
        isinstance(classes, int) or (isinstance(classes, Mapping) and name in classes)
        for name in classified
    )


def look_at(data: DataDef, sink: Sink, *, needed: bool) -> None:
    """Holds the config against the names of the columns, where a file at hand tells them."""
    from kerasgen.data.early_look import look_at_data  # NumPy takes its time

    look_at_data(data, sink, needed=needed)
