"""Where a model comes from that is to be decompiled: a file, `keras.applications`, a factory.

This room owns how the serialized form of a model is had, and what the written config says of its
origin. A file is read as data, within limits, and never loaded as a model: nothing in it can run.
A factory of the user's own runs, since the person who starts the command names it.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from kerasgen.bridge.making import shorten
from kerasgen.bridge.memory import unallocated
from kerasgen.diagnostics import Sink, did_you_mean

_LARGEST = 64 * 1024 * 1024
"""Bytes of a model's JSON above which it is taken for something else; NASNetLarge has 2 MB."""

_DEEPEST = 200
"""Objects and lists inside one another, up to which JSON is taken."""

_HDF5 = b"\x89HDF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A model to decompile.

    Attributes:
        model: the Keras model, or its serialized form.
        origin: what it is and where it came from, for people.
        holds: what else is there, such as weights; empty for nothing.
    """

    model: Any
    origin: str
    holds: str = ""


def find_model(target: str, sink: Sink) -> Found:
    """Finds what the command line names.

    Args:
        target: a `.keras` or `.json` file, a name of `keras.applications`, or `module:factory`.
        sink: gets every mistake.

    Raises:
        CompileError: KG608, there is no such model, or it cannot be read.
    """
    path = Path(target)
    if path.suffix.lower() in (".keras", ".json", ".h5", ".hdf5") or path.is_file():
        return _from_file(path, sink)
    module, colon, factory = target.partition(":")
    if colon and module and factory:
        return _from_factory(module, factory, sink)
    return _from_applications(target, sink)


def _from_file(path: Path, sink: Sink) -> Found:
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head == _HDF5:
            raise sink.fail(
                "KG608",
                f"`{path}` is an HDF5 file, expected a `.keras` or `.json` file",
                help="load it with Keras once, and save it as `.keras`",
            )
        if head.startswith(b"PK"):
            with zipfile.ZipFile(path) as archive:
                content = _member(archive, "config.json", path, sink)
                names = archive.namelist()
            holds = "weights in `model.weights.h5`" if "model.weights.h5" in names else ""
        else:
            if path.stat().st_size > _LARGEST:
                raise sink.fail("KG608", f"`{path}` is too large to be the JSON of a model")
            content, holds = path.read_bytes(), ""
    except FileNotFoundError:
        raise sink.fail("KG608", f"there is no file `{path}`") from None
    except (OSError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        raise sink.fail("KG608", f"`{path}` cannot be read: {_reason(error)}") from error
    return Found(model=_parsed(content, path, sink), origin=path.name, holds=holds)


def _member(archive: zipfile.ZipFile, name: str, path: Path, sink: Sink) -> bytes:
    """One file of an archive, read no further than the limit, whatever the archive says of it."""
    if name not in archive.namelist():
        raise sink.fail(
            "KG608",
            f"`{path}` holds no `{name}`, expected a model that Keras 3 saved",
            help="save it with `model.save('name.keras')`",
        )
    with archive.open(name) as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise sink.fail("KG608", f"`{name}` in `{path}` is larger than {_LARGEST >> 20} MiB")
    return content


def _parsed(content: bytes, path: Path, sink: Sink) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
        deep = _depth(found) > _DEEPEST
    except (ValueError, RecursionError) as error:
        raise sink.fail("KG608", f"`{path}` is not JSON: {_reason(error)}") from error
    if deep:
        raise sink.fail("KG608", f"`{path}` is nested deeper than {_DEEPEST} levels")
    # A model of another class is for the decompiler to refuse, by its name.
    if isinstance(found, dict) and ("layers" in found or "class_name" in found):
        return found
    raise sink.fail(
        "KG608",
        f"`{path}` is not the JSON of a Keras model",
        help="write what `model.to_json()` gives",
    )


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(item, Mapping | list):
            items = item.values() if isinstance(item, Mapping) else item
            waiting += [(inner, depth + 1) for inner in items]
    return deepest


def _from_applications(target: str, sink: Sink) -> Found:
    name = target.removeprefix("keras.").removeprefix("applications.")
    factories = {
        key: made
        for key, made in inspect.getmembers(keras.applications, inspect.isfunction)
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
    return Found(model=model, origin=f"keras.applications.{name} of Keras {keras.version()}")


def _from_factory(module: str, factory: str, sink: Sink) -> Found:
    title = f"{module}:{factory}"
    sys.path.insert(0, "")  # As `python -m` does: the user's modules lie where the command runs.
    try:
        made: Any = importlib.import_module(module)
        for part in factory.split("."):
            made = getattr(made, part)
        if not isinstance(made, keras.Model):
            with unallocated():
                made = made()
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
    if not isinstance(made, keras.Model):
        raise sink.fail("KG608", f"`{title}` gives a `{type(made).__name__}`, expected a model")
    return Found(model=made, origin=title)


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).partition("\n")[0].lower()
