"""The calls of a serialized functional model: their histories, their order, their names.

This room owns the nodes as Keras writes them down, and the names that entries get. It must not
know what a layer is; what is made of a call stands in `model`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasgen.engines.keras3.decompile.calls import tensors_in
from kerasgen.ir.model import NAME, TensorRef

_LONGEST_NAME = 200
"""Characters of a name; YAML takes a key of about a thousand."""

Key = tuple[str, int]
"""A call: the name of the layer, and which of its calls."""


@dataclass(slots=True)
class CallGraph:
    """The nodes of one functional model, with the names that they get."""

    layers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    nodes: dict[Key, Mapping[str, Any]] = field(default_factory=dict)
    names: dict[Key, str] = field(default_factory=dict)

    def reference(self, history: Sequence[Any]) -> TensorRef:
        """The tensor of a `keras_history`, always with its index."""
        layer, node, index = history
        return TensorRef(name=self.names[(layer, node)], index=index)


def is_history(value: object) -> bool:
    """Whether something is a `keras_history`: the layer, which of its calls, which tensor."""
    return isinstance(value, list | tuple) and len(value) == 3 and isinstance(value[0], str)


def histories_of(written: Any) -> list[Sequence[Any]]:
    """The histories in a structure of inputs or outputs, in order."""
    if is_history(written):
        return [written]
    items = written.values() if isinstance(written, Mapping) else written
    return [history for item in items for history in histories_of(item)]


def counted_from_zero(written: Any, graph: CallGraph) -> object:
    """A structure of outputs whose calls are counted as inside the nodes.

    There Keras counts the calls of a functional model from 0, as those of any layer; among the
    outputs of a model, and nowhere else, from 1.
    """
    if is_history(written):
        layer, node, index = written
        return [layer, node - ("input_layers" in graph.layers[layer]["config"]), index]
    if isinstance(written, Mapping):
        return {key: counted_from_zero(item, graph) for key, item in written.items()}
    return [counted_from_zero(item, graph) for item in written]


def in_order(outputs: Sequence[Sequence[Any]], graph: CallGraph) -> Iterator[Key]:
    """The calls as a person would write them: each branch in one piece, what is taken first."""
    done: set[Key] = set(graph.names)
    waiting: list[tuple[Key, bool]] = [((h[0], h[1]), False) for h in reversed(outputs)]
    while waiting:
        key, ready = waiting.pop()
        if key in done:
            continue
        if ready:
            done.add(key)
            yield key
            continue
        waiting.append((key, True))
        node = graph.nodes[key]
        taken = [tensor["config"]["keras_history"] for tensor in tensors_in(node)]
        waiting += [((h[0], h[1]), False) for h in reversed(taken)]


def usable_name(name: str) -> str:
    """A name as an entry may have it: what else stands in it becomes `_`, its end is cut."""
    name = name[:_LONGEST_NAME]
    if NAME.match(name):
        return name
    usable = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return usable if NAME.match(usable) else f"_{usable}"
