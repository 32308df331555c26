"""Steps of `data.prepare` that Keras has no layer for: how one is made, fitted and applied.

This room owns the way from an entry's arguments to a step of `kerasgen.runtime`, and back from what
it has learned. What a step does stands there, in plain NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kerasgen.catalog.entries import ClassEntry, ShapeError, describe_callable
from kerasgen.data.table import Array
from kerasgen.engine import FittedStep, Learned
from kerasgen.ir.values import ObjectDef
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.step_list import STEPS


def step_entries() -> list[ClassEntry]:
    """The steps as catalog entries."""
    return [describe_callable(made, name=name, kind="step") for name, made in STEPS.items()]


def is_own(definition: ObjectDef) -> bool:
    """Whether an entry is a step of ours, rather than one of the engine's layers and ops."""
    return definition.cls in STEPS


def own_learns(definition: ObjectDef) -> bool:
    """Whether a step learns from the rows; it does not where its arguments are refused."""
    try:
        return _learns(_made(definition, {}))
    except ShapeError:
        return False


def target_of(definition: ObjectDef) -> str | None:
    """The column of the target that a step learns from beside what it takes; None for none."""
    of = definition.arguments.get("of") if "of_training" in dir(STEPS[definition.cls]) else None
    return of if isinstance(of, str) else None


def fit_own(
    definition: ObjectDef, columns: Mapping[str, Array], target: Array | None = None
) -> FittedStep:
    """Makes a step and fits it.

    Args:
        definition: the step and its arguments.
        columns: what it takes, training rows alone.
        target: the target that it learns from, of the same rows; None for none.

    Raises:
        ShapeError: it refuses its arguments or the columns.
    """
    step = _made(definition, {})
    if not _learns(step):
        return _fitted(step, {})
    try:
        taken = columns.values() if target is None else (*columns.values(), target)
        step.adapt(*taken)
        made = None if target is None else step.of_training(*taken)
    except (DataError, TypeError, ValueError) as error:
        raise ShapeError(str(error)) from error
    return replace(_fitted(step, step.learned()), of_training=made)


def restore_own(definition: ObjectDef, learned: Learned) -> FittedStep:
    """Makes a step that was fitted before, out of what it has learned.

    Raises:
        ShapeError: it refuses its arguments.
    """
    return _fitted(_made(definition, learned), learned)


def _made(definition: ObjectDef, learned: Learned) -> Any:
    plain = {name: _plain(value) for name, value in definition.arguments.items()}
    plain |= {name: array.tolist() for name, array in learned.items()}
    try:
        return STEPS[definition.cls](**plain)
    except (DataError, TypeError, ValueError) as error:
        raise ShapeError(str(error), refused=True) from error


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _learns(step: Any) -> bool:
    """Whether it learns, and its arguments do not say what it would."""
    if not hasattr(step, "adapt"):
        return False
    return any(getattr(step, name) is None for name in step.LEARNED)


def _fitted(step: Any, learned: Learned) -> FittedStep:
    def apply(columns: Mapping[str, Array]) -> Array:
        try:
            made: Array = step(*columns.values())
        except (DataError, TypeError, ValueError) as error:
            raise ShapeError(str(error)) from error
        return made

    return FittedStep(learned=learned, apply=apply)
