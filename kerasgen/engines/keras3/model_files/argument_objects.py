"""Objects that are arguments: initializers, regularizers, constraints, activations, policies.

This room owns their way from the forms of Keras 1 and 2 to the serialized form of Keras 3. Which
classes and arguments there are is asked of the catalog; the object is made once, of plain data,
so that it describes itself as Keras 3 does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasgen.catalog.entries import MODULES, Catalog, Kind
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.engines.keras3.model_files.model_file import plain_form
from kerasgen.engines.keras3.model_files.old_names import (
    CONSTRAINT_ARGUMENTS,
    CONSTRAINTS,
    INITIALIZERS,
    PENALTIES,
    SCALED,
)
from kerasgen.engines.keras3.model_files.refusals import UntranslatableError
from kerasgen.engines.keras3.objects import public_object

_DISTRIBUTIONS: Mapping[str, str] = {"normal": "truncated_normal"}
"""What Keras 2 called `normal` it cut off, as Keras 3 does under the longer name."""


def policy_name(value: object) -> str | None:
    """The name of a policy of dtypes; None for the usual one."""
    if isinstance(value, Mapping):
        config = value.get("config")
        value = config.get("name") if isinstance(config, Mapping) else None
    if not isinstance(value, str) or value in ("infer", "_infer"):
        return None
    return value


def modern_object(value: object, kinds: Sequence[Kind], catalog: Catalog) -> object:
    """An argument in the form of Keras 3.

    Args:
        value: what the file has: a word, a mapping, None.
        kinds: the kinds of object that the argument takes; of initializers, regularizers,
            constraints and activations the first counts.
        catalog: where names are found.

    Raises:
        UntranslatableError: Keras 3 has no such object.
    """
    if value is None or not kinds:
        return value
    if kinds[0] == "dtype_policy":
        return policy_name(value)
    if kinds[0] == "activation":
        return _activation(value, catalog)
    if kinds[0] not in ("initializer", "regularizer", "constraint"):
        return value
    if isinstance(value, str):
        return _word(value, kinds[0], catalog)
    if not isinstance(value, Mapping):
        raise UntranslatableError(f"has {value!r:.60} where an object is expected")
    return _object(value, kinds[0], catalog)


def _activation(value: object, catalog: Catalog) -> object:
    if isinstance(value, Mapping) and value.get("class_name") == "function":
        value = value.get("config")
    if isinstance(value, Mapping):
        return value  # A layer, which who reads layers translates.
    if isinstance(value, str) and value in catalog.words(("activation",)):
        return value
    raise UntranslatableError(
        f"has the activation `{value!s:.60}`, which is none of Keras's own", code="KG609"
    )


def _word(word: str, kind: Kind, catalog: Catalog) -> object:
    known = {"initializer": INITIALIZERS, "constraint": CONSTRAINTS}.get(kind, {})
    word = known.get(word, word)
    if word in catalog.words((kind,)):
        return word
    raise UntranslatableError(f"has the {kind} `{word:.60}`, which is none of Keras 3")


def _object(value: Mapping[str, Any], kind: Kind, catalog: Catalog) -> object:
    if "class_name" in value:
        cls, config = value["class_name"], value.get("config")
    else:  # Keras 1 had name and arguments side by side.
        cls = value.get("name")
        config = {key: item for key, item in value.items() if key != "name"}
    if not isinstance(cls, str) or not isinstance(config, Mapping):
        if set(value) <= {"l1", "l2"} and value and kind == "regularizer":
            cls, config = "L1L2", value
        else:
            raise UntranslatableError(f"has a {kind} without a class")
    if not config and cls in catalog.words((kind,)) and cls.islower():
        return cls
    cls = _modern_class(cls, kind, catalog)
    arguments = {key: plain_form(item) for key, item in config.items()}
    if kind == "initializer":
        cls, arguments = _initializer(cls, arguments)
    elif kind == "regularizer":
        arguments = {key: _short(item) for key, item in arguments.items() if key != "name"}
        if cls == "L1L2" and not arguments.get("l1"):
            cls, arguments = "L2", {"l2": arguments.get("l2", 0.0)}
        if set(arguments) <= {"l1", "l2"} and not any(arguments.values()):
            return None  # Keras 1 wrote one that does nothing.
    else:
        arguments = {CONSTRAINT_ARGUMENTS.get(key, key): item for key, item in arguments.items()}
    return _made(cls, arguments, kind, catalog)


def _modern_class(cls: str, kind: Kind, catalog: Catalog) -> str:
    """The name of a class in Keras 3, which has no versions of one (`ZerosV2`)."""
    names = (cls, PENALTIES.get(cls, cls), cls.removesuffix("V2").removesuffix("V1"))
    for name in (*names, cls.lower()):
        if catalog.find(name, (kind,)) is not None and name not in catalog.entries:
            return name
    raise UntranslatableError(
        f"has the {kind} `{cls:.60}`, which is none of Keras 3",
        hint="a class of one's own must be registered in a module that `--trust` names"
        if ">" in cls
        else None,
    )


def _initializer(cls: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    arguments.pop("dtype", None)
    if cls != "VarianceScaling":
        return cls, arguments
    scale, mode = arguments.get("scale", 1.0), arguments.get("mode", "fan_in")
    distribution = arguments.get("distribution", "normal")
    word = "normal" if distribution == "truncated_normal" else distribution
    key = (scale, mode, word)
    if all(isinstance(item, str | float | int) for item in key) and key in SCALED:
        return SCALED[key], {"seed": arguments.get("seed")}
    if isinstance(distribution, str):
        arguments["distribution"] = _DISTRIBUTIONS.get(distribution, distribution)
    return cls, arguments


def _short(value: object) -> object:
    """A number that was once of 32 bits as it was written: 0.009999999776482582 is 0.01."""
    if not isinstance(value, float) or float(np.float32(value)) != value:
        return value
    return float(str(np.float32(value)))


def _made(cls: str, arguments: Mapping[str, Any], kind: Kind, catalog: Catalog) -> object:
    """The serialized form of an object, as it gives it itself."""
    entry = catalog.find(cls, (kind,))
    assert entry is not None
    known = {key: item for key, item in arguments.items() if key in entry.parameters}
    lost = [key for key, item in arguments.items() if key not in known and item]
    if lost:
        raise UntranslatableError(
            f"has the {kind} `{cls}` with `{lost[0]}`, which it does not take"
        )
    try:
        built = public_object(cls, (kind,), catalog)(**known)
        described = keras.saving.serialize_keras_object(built)
    except Exception as error:  # Keras's constructors raise anything for a value of another kind.
        raise UntranslatableError(
            f"has the {kind} `{cls}` with arguments that it refuses: {shorten(error)}"
        ) from error
    return described | {"module": f"keras.{MODULES[kind]}"}
