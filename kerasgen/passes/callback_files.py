"""The placing of callbacks: the files that they write go below the folder of the run.

This pass owns which arguments of a callback are paths of files, and what stands in their place when
the folder is known. Which paths a config may write is checked in `reach`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath

from kerasgen.catalog.entries import Catalog, ClassEntry, Parameter
from kerasgen.ir.values import ObjectDef

_PATH_NAME = re.compile(r"(.*_)?(path|filepath|filename|file|dir|directory|folder)\Z")
_PATH_TEXT = re.compile(r"\b(path|filename|directory|folder)\b", re.I)
_ADDRESS = "://"

RECORDED = frozenset(
    {
        "record.json", "config.yaml", "overrides.yaml", "keras.json", "diagnostics.json",
        "data.json", "history.csv", "metrics.json", "summary.txt", "predictions.npz",
        "traceback.txt", "source_map.json", "console.log", "prepare", "folds", "wandb",
        "checkpoints", "tags.json", ".asked.json", ".answered.json", ".at_work",
    }
)  # fmt: skip
"""What a run records itself in, and no callback may write over; the room of the record lies above
this one. A checkpoint may be called as the model that is saved in the end."""


def callback_entry(callback: ObjectDef, catalog: Catalog) -> ClassEntry | None:
    """What the catalog knows of a callback's class, None for nothing."""
    return catalog.find(callback.cls, ("callback",))


def opens_connection(entry: ClassEntry) -> bool:
    """Whether a callback opens a connection: an argument has an address as its default."""
    return any(
        isinstance(parameter.default, str) and _ADDRESS in parameter.default
        for parameter in entry.parameters.values()
    )


def path_arguments(entry: ClassEntry) -> Mapping[str, Parameter]:
    """The arguments of a callback that are paths of files, by their names and descriptions."""
    if opens_connection(entry):
        return {}  # The paths of an address.
    return {
        name: parameter
        for name, parameter in entry.parameters.items()
        if parameter.value in ("any", "str")
        and not isinstance(parameter.default, bool | int | float)
        and (
            _PATH_NAME.match(name)
            or (parameter.required and _PATH_TEXT.search(parameter.description))
        )
    }


def placed(callback: ObjectDef, catalog: Catalog, folder: PurePath) -> ObjectDef:
    """A callback with its paths below a folder, those that it has by default too.

    Args:
        callback: the callback; absolute paths in it stay.
        catalog: what is known of its class.
        folder: the folder of the run.
    """
    return replace(
        callback,
        arguments={
            **callback.arguments,
            **{name: str(folder / path) for name, path in paths_of(callback, catalog).items()},
        },
    )


def paths_of(callback: ObjectDef, catalog: Catalog) -> dict[str, str]:
    """Argument name to path, for each path that a callback is given or has by default."""
    entry = callback_entry(callback, catalog)
    if entry is None:
        return {}
    found = {
        name: callback.arguments.get(name, parameter.default)
        for name, parameter in path_arguments(entry).items()
    }
    return {name: path for name, path in found.items() if isinstance(path, str) and path}
