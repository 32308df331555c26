"""Keras 3's own HDF5 files: their layers have no modules, which the serialized form must name.

This room owns putting them in. Keras wrote these files in the way of Keras 2 around layers in the
form of Keras 3; an operation and a layer of one name (`Multiply`) differ in that a layer says
whether it is trainable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasgen.catalog.entries import Catalog
from kerasgen.engines.keras3.decompile.ops import op_classes
from kerasgen.engines.keras3.model_files.functional_calls import MODELS


def with_modules(topology: Mapping[str, Any], catalog: Catalog) -> Mapping[str, Any]:
    """A topology of Keras 3 in which each layer of Keras's own has its module.

    Args:
        topology: class and config of the model; it stays as it is where nothing is missing.
        catalog: where classes are found.
    """
    if "config" not in topology or not _lacks_modules(topology):
        return topology
    found: Mapping[str, Any] = _named(topology, catalog)
    return found


def _lacks_modules(topology: Mapping[str, Any]) -> bool:
    layers = topology["config"].get("layers") if isinstance(topology["config"], Mapping) else ()
    return any("module" not in layer for layer in layers or ())


def _named(value: object, catalog: Catalog) -> Any:
    if isinstance(value, list):
        return [_named(item, catalog) for item in value]
    if not isinstance(value, Mapping):
        return value
    named = {key: _named(item, catalog) for key, item in value.items()}
    cls, config = value.get("class_name"), value.get("config")
    if "module" in value or not isinstance(cls, str) or not isinstance(config, Mapping):
        return named
    module = _module(cls, config, catalog)
    return named if module is None else named | {"module": module, "written": value}


def _module(cls: str, config: Mapping[str, Any], catalog: Catalog) -> str | None:
    if cls in MODELS:
        return "keras"
    operation = op_classes(catalog).get(cls)
    if operation is not None and "trainable" not in config:
        return operation
    return "keras.layers" if cls in catalog.entries.get("layer", {}) else None
