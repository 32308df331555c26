"""Where a model comes from that is to be decompiled: a file, `keras.applications`, a factory.

This room owns how the serialized form of a model is had, and what the written config says of its
origin. A file is read as data by `legacy`, and never loaded as a model: nothing in it can run.
A factory of the user's own runs, since the person who starts the command names it.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.engines.keras3.decompile.model import Topology
from kerasgen.engines.keras3.deferred_weights import unallocated
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.engines.keras3.introspection import keras_catalog
from kerasgen.engines.keras3.model_files.containers import open_model_file
from kerasgen.engines.keras3.model_files.model_file import ModelFile
from kerasgen.engines.keras3.model_files.modernize import modernize
from kerasgen.engines.keras3.model_files.topology_form import require_form
from kerasgen.foreign.printable import shown
from kerasgen.foreign.regular_files import is_folder, is_regular, is_there

_SUFFIXES = (".keras", ".json", ".yaml", ".yml", ".h5", ".hdf5", ".pb")
"""Endings of names that can be nothing but a file's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModel:
    """A model to decompile.

    Attributes:
        model: the Keras model, or its serialized form.
        origin: what it is and where it came from, for people.
        holds: what else is there, such as weights; empty for nothing.
        file: the model file that it was read from, None for another origin.
    """

    model: Topology
    origin: str
    holds: str = ""
    file: ModelFile | None = None


def find_model(
    target: str, sink: Sink, catalog: Catalog | None = None, engine: str | None = None
) -> FoundModel:
    """Finds what the command line names.

    Args:
        target: a model file of any Keras, a name of `keras.applications`, or `module:factory`.
        sink: gets every mistake.
        catalog: where the names stand that a config may write; None asks Keras.
        engine: the backend that wrote a file which names none; None for what the file tells.

    Raises:
        CompileError: KG608, there is no such model, or it cannot be read; KG609, KG615 and KG616,
            a part of an older model has no form in Keras 3.
    """
    if Path(target).suffix.lower() in _SUFFIXES or is_regular(target) or is_folder(target):
        file = open_model_file(Path(target), sink)
        if engine is not None:
            file = replace(file, backend=engine)
        return _from_file(file, catalog or keras_catalog(), sink)
    if is_there(target):
        raise sink.fail("KG612", f"`{target}` is a pipe or a device, expected a file")
    module, colon, factory = target.partition(":")
    if colon and module and factory:
        return _from_factory(module, factory, sink)
    return _from_applications(target, sink)


def _from_file(file: ModelFile, catalog: Catalog, sink: Sink) -> FoundModel:
    require_form(file, sink)
    name = shown(file.path.name)
    return FoundModel(
        model=modernize(file, catalog, sink).topology,
        origin=name if file.generation == 3 else f"{name} of {file.writer}",
        holds=_held(file),
        file=file,
    )


def _held(file: ModelFile) -> str:
    """What a file has beside the topology, for people; empty for nothing."""
    if file.weights is None:
        return ""
    return "weights" + (f" in `{file.weights.member}`" if file.form == "keras-zip" else "")


def _from_applications(target: str, sink: Sink) -> FoundModel:
    name = target.removeprefix("keras.").removeprefix("applications.")
    factories = {
        key: factory
        for key, factory in inspect.getmembers(keras.applications, inspect.isfunction)
        if not key.startswith("_")
    }
    if name not in factories:
        raise sink.fail(
            "KG608",
            f"`{target}` is no file, no name of `keras.applications` and no `module:factory`",
            help=did_you_mean(name, factories),
        )
    with unallocated():
        model = factories[name](weights=None)
    return FoundModel(model=model, origin=f"keras.applications.{name} of Keras {keras.version()}")


def _from_factory(module: str, factory: str, sink: Sink) -> FoundModel:
    title = f"{module}:{factory}"
    sys.path.insert(0, "")  # As `python -m` does: the user's modules lie where the command runs.
    try:
        found: Any = importlib.import_module(module)
        for part in factory.split("."):
            found = getattr(found, part)
        if not isinstance(found, keras.Model):
            with unallocated():
                found = found()
    except Exception as error:
        # Not a list of types: it is the user's code.
        told = f"{type(error).__name__}: {shorten(error)}"
        help_text = None
        if module.endswith(".py") or "/" in module:
            named = module.removesuffix(".py").removeprefix("./").replace("/", ".")
            help_text = f"name the module in place of its file: `{named}:{factory}`"
        raise sink.fail("KG608", f"`{title}` gives no model: {told}", help=help_text) from error
    finally:
        sys.path.remove("")
    if not isinstance(found, keras.Model):
        raise sink.fail("KG608", f"`{title}` gives a `{type(found).__name__}`, expected a model")
    return FoundModel(model=found, origin=title)
