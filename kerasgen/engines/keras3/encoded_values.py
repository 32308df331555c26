"""Values of Python as JSON and arrays, and back: what a checkpoint can keep without pickle.

This room owns which values have such a form: numbers, words, arrays and tensors, and lists, tuples
and mappings of these. It must not know what they are for.

Decisions:
- What JSON lacks stands as a mapping with one key that begins with `#`; a mapping of the value's
  own is a list of pairs, so that no key can be taken for it.
- A number of a kind that `.npy` does not name (bfloat16, float8) is kept as the bits that it has.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableMapping
from typing import Any, TypeAlias

import keras
import numpy as np

from kerasgen.ir.training import Array

Form: TypeAlias = Any
"""A value as JSON has it; what JSON lacks stands under a key that begins with `#`."""

_NAMED_KINDS = "biufc"
"""Kinds of numbers that a file of arrays has names for."""


class NoFormError(TypeError):
    """A value that has no form as JSON and arrays."""


def encoded(value: object, arrays: MutableMapping[str, Array]) -> Form:
    """The form of a value.

    Args:
        value: a number, word, array or tensor, or a list, tuple or mapping of such.
        arrays: gets the arrays in it, under names that are free.

    Raises:
        NoFormError: it is something else.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"#float": str(value)}
    if isinstance(value, bytes):
        return {"#bytes": value.hex()}
    if type(value) in (list, tuple):
        items = [encoded(item, arrays) for item in value]  # type: ignore[attr-defined]
        return items if isinstance(value, list) else {"#tuple": items}
    if type(value) is dict:
        return {"#map": [[encoded(k, arrays), encoded(v, arrays)] for k, v in value.items()]}
    return _encoded_array(value, arrays)


def decoded(form: Form, arrays: Mapping[str, Array]) -> Any:
    """The value of a form.

    Args:
        form: what `encoded` gave.
        arrays: the arrays in it.

    Raises:
        ValueError: it is no such form.
        KeyError: an array is not there.
    """
    if isinstance(form, list):
        return [decoded(item, arrays) for item in form]
    if not isinstance(form, Mapping):
        return form
    (tag, held), *more = form.items()
    match tag:
        case _ if more:
            raise ValueError("a form with more than one key")
        case "#float":
            return float(held)
        case "#bytes":
            return bytes.fromhex(held)
        case "#tuple":
            return tuple(decoded(item, arrays) for item in held)
        case "#map":
            return {decoded(key, arrays): decoded(item, arrays) for key, item in held}
        case "#array":
            name, kind = held
            found = np.array(arrays[name])
            return found if kind is None else found.view(np.dtype(kind))
        case "#number":
            return decoded({"#array": held}, arrays)[()]
    raise ValueError(f"a form with the key `{str(tag)[:40]}`")


def _encoded_array(value: object, arrays: MutableMapping[str, Array]) -> Form:
    if isinstance(value, np.ndarray | np.generic):
        found = np.asarray(value)
    elif keras.ops.is_tensor(value) or isinstance(value, keras.Variable):
        found = np.asarray(keras.ops.convert_to_numpy(value))
    else:
        raise NoFormError(f"a `{type(value).__name__}` cannot be kept in a checkpoint")
    if found.dtype.hasobject or found.dtype.kind in "mM":
        raise NoFormError(f"an array of `{found.dtype}` cannot be kept in a checkpoint")
    kind = None
    if found.dtype.kind not in _NAMED_KINDS + "SU":
        kind = found.dtype.name
        found = found.view(f"u{found.dtype.itemsize}")
    name = str(len(arrays))
    arrays[name] = found
    return {"#number" if isinstance(value, np.generic) else "#array": [name, kind]}
