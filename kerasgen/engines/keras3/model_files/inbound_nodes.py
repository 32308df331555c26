"""The calls of a functional model of an older Keras in the form of Keras 3.

This room owns how one call's tensors, constants and arguments are written, and which number a call
has. What is called is translated elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasgen.catalog.entries import Catalog
from kerasgen.engines.keras3.model_files.functional_calls import History, call_offsets, is_history
from kerasgen.engines.keras3.model_files.refusals import UntranslatableError

_STATEFUL = ("sequences", "initial_state")
"""What a recurrent layer takes, in order."""


class Calls:
    """Turns the calls of one functional model into those of Keras 3."""

    def __init__(self, layers: Sequence[Any], taken: Sequence[History], catalog: Catalog) -> None:
        self._offsets = call_offsets(layers, taken)
        self._catalog = catalog
        self._names = {layer["name"] for layer in layers}

    def number(self, history: Sequence[Any]) -> int:
        """Which call of its layer a tensor comes from, counted from 0."""
        return int(history[1]) - self._offsets.get(history[0], 0)

    def structure(self, value: Any) -> object:
        """A value of a call with its tensors in the form of Keras 3."""
        if is_history(value) and value[0] in self._names:
            return tensor(value[0], self.number(value), value[2])
        if isinstance(value, Mapping):
            return {key: self.structure(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.structure(item) for item in value]
        return value

    def node(self, node: object, cls: str) -> dict[str, Any]:
        """One call of a layer that is no operation.

        Args:
            node: the call, as the file has it.
            cls: the layer's class in Keras 3.

        Returns:
            An entry of `inbound_nodes` in the form of Keras 3.

        Raises:
            UntranslatableError: the call has an argument that the class does not take.
        """
        named: dict[str, Any] = {}
        for item in _leaves(node):
            named |= item[3] if len(item) > 3 else {}
        first = self.structure(node)
        if isinstance(first, list) and len(first) == 1:
            first = first[0]
        entry = self._catalog.find(cls, ("layer",))
        known = {"training", "mask"} | (set(entry.call) if entry is not None else set())
        kept: dict[str, Any] = {}
        for key, value in named.items():
            if value is None or (key not in known and not value):
                continue
            if key not in known:
                raise UntranslatableError(f"is called with `{key}`, which `{cls}` does not take")
            kept[key] = self.structure(value)
        recurrent = entry is not None and tuple(entry.call)[:2] == _STATEFUL
        if recurrent and isinstance(first, list) and len(first) > 1:
            kept["initial_state"] = first[1:] if len(first) > 2 else first[1]
            first = first[0]
        return {"args": [first], "kwargs": kept}


def tensor(name: str, node: int, index: int) -> dict[str, Any]:
    """A tensor in the form of Keras 3; its shape is not known."""
    config = {"shape": None, "dtype": None, "keras_history": [name, node, index]}
    return {"class_name": "__keras_tensor__", "config": config}


def _leaves(node: Any) -> Iterator[Sequence[Any]]:
    if is_history(node):
        yield node
    elif isinstance(node, Mapping | list):
        for item in node.values() if isinstance(node, Mapping) else node:
            yield from _leaves(item)
