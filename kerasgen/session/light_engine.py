"""The engine of a check: a lighter backend where that gives the very same report.

This room owns the question whether a program's shapes, costs and warnings are the same with every
backend, and how the engine of a check is started with less than a run needs. It must not be used
for anything that computes with a model.

Decisions:
- Shapes come from Keras, which asks its backend, so that a layer may be refused by one backend
  alone (`NASNetMobile` by torch, channels first by tensorflow). Keras cannot be asked for that
  beforehand: `backend_independent_classes` lists those of which it was tried out. All others keep
  the config's own backend.
- What the light engine refuses is said in its words. Such a config is checked again with its own.
- jax computes with 32 bits unless it is asked: other types of elements keep their backend.
- How much memory there is depends on the backend where it sees a graphics card that others do not.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from kerasgen.engines.choice import engine_for
from kerasgen.ir.model import Entry, ModelDef
from kerasgen.ir.program import BackendDef, Program
from kerasgen.ir.values import ObjectDef, Value
from kerasgen.ir.walks import models_in, objects_in
from kerasgen.process.packages import is_installed
from kerasgen.session.backend_independent_classes import ALIKE

LIGHT = "jax"
"""The backend that is imported fastest."""

_HEAVY = ("tensorflow", "torch")
"""Backends that were compared with it."""

_GRAPHICS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dri")
"""Where Linux shows graphics cards that a backend may compute with."""

_PLAIN_TYPES = (None, "float32", "float16", "bfloat16", "int32", "uint8", "int8", "bool")


def engine_for_check(program: Program) -> BackendDef:
    """The backend's settings to check a program with: its own, or those of a lighter one.

    Args:
        program: a program in whose names no mistake was found.
    """
    settings = program.backend
    if settings.backend not in _HEAVY or not is_installed(LIGHT) or not _is_plain(settings):
        return settings
    inputs = all(item.dtype in _PLAIN_TYPES for model in _models(program) for item in model.inputs)
    alike = all(_name(made) in ALIKE for made in _objects(program))
    return replace(settings, backend=LIGHT) if inputs and alike else settings


def engine_at_hand(program: Program) -> BackendDef | None:
    """The settings to check a program with in this process, which may have its engine already.

    Args:
        program: a program in whose names no mistake was found.

    Returns:
        Its own settings or the lighter ones; None if an engine is in force that is neither.
    """
    lighter = engine_for_check(program)
    if engine_for(lighter.backend).in_force(lighter) is None:
        return lighter
    fitting = (s for s in (program.backend, lighter) if engine_for(s.backend).in_force(s))
    return next(fitting, None)


@contextlib.contextmanager
def light_start() -> Iterator[None]:
    """Inside, Keras is imported without what a check never uses.

    scikit-learn, which Keras imports for wrappers of its own (a second), is kept away, and no
    garbage is looked for among modules, which all live to the end.
    """
    kept_away = "sklearn" not in sys.modules
    collected = gc.isenabled()
    if kept_away:
        sys.modules["sklearn"] = None  # type: ignore[assignment]  # Python's own sign for that
    gc.disable()
    try:
        yield
    finally:
        if kept_away:
            sys.modules.pop("sklearn", None)
        gc.freeze()
        if collected:
            gc.enable()


def _name(made: ObjectDef) -> str:
    """A class as `ALIKE` lists it: ops and applications with their module, others without."""
    name = made.cls.removeprefix("keras.")
    return name if name.startswith(("ops.", "applications.")) else name.rpartition(".")[2]


def _is_plain(settings: BackendDef) -> bool:
    return (
        settings.floatx == "float32"
        and settings.image_data_format == "channels_last"
        and settings.dtype_policy in (None, "float32", "mixed_float16", "mixed_bfloat16")
        and settings.device is None
        and (settings.memory != "auto" or not any(Path(place).exists() for place in _GRAPHICS))
    )


def _objects(program: Program) -> Iterator[ObjectDef]:
    """Every object of a program; a loss or metric that is a word counts as one."""
    for model in _models(program):
        yield from _entry_objects(model.entries)
    yield from _entry_objects((*program.data.prepare, *program.data.augment))
    compiled = program.compile
    values: tuple[Value, ...] = (
        program.optimizer,
        compiled.loss,
        compiled.metrics,
        compiled.weighted_metrics,
        dict(program.fit.callbacks),
        tuple(phase.optimizer for phase in program.fit.phases.values()),
    )
    for value in values:
        yield from _objects_or_words(value)


def _entry_objects(entries: tuple[Entry, ...]) -> Iterator[ObjectDef]:
    for entry in entries:
        if isinstance(entry.definition, ObjectDef):
            yield from objects_in(entry.definition)


def _objects_or_words(value: Value) -> Iterator[ObjectDef]:
    if isinstance(value, str):
        yield ObjectDef(cls=value, bare=True)
    elif isinstance(value, ObjectDef):
        yield from objects_in(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _objects_or_words(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _objects_or_words(item)


def _models(program: Program) -> Iterator[ModelDef]:
    """The model and all models inside it."""
    waiting = [program.model]
    while waiting:
        model = waiting.pop()
        yield model
        waiting += [inner for entry in model.entries for inner in _models_of(entry)]


def _models_of(entry: Entry) -> Iterator[ModelDef]:
    if isinstance(entry.definition, ModelDef):
        yield entry.definition
    elif entry.definition is not None:
        yield from models_in(entry.definition)
