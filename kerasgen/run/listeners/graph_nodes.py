"""A model as the nodes of a graph, as a tracker draws it.

This room owns the names of nodes, and that a model inside a model is drawn with its own nodes below
its name. It must not know any tracker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.walks import output_refs, references_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One call of a layer, or an input.

    Attributes:
        name: its name, with those of the models that it is in before it (`encoder/dense`).
        cls: its class.
        inputs: the nodes whose outputs it takes.
        arguments: the plain arguments of the layer, as text.
    """

    name: str
    cls: str
    inputs: tuple[str, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)


def graph_nodes(graph: ModelGraph) -> Iterator[Node]:
    """The nodes of a model, each behind those that it takes from."""
    yield from _nodes(graph, "", {})


def _nodes(graph: ModelGraph, scope: str, fed: Mapping[str, tuple[str, ...]]) -> Iterator[Node]:
    """The nodes of a model below a name; `fed` says what goes into its inputs."""
    ends: dict[str, tuple[str, ...]] = {}
    for item in graph.inputs:
        yield Node(name=scope + item.name, cls="InputLayer", inputs=fed.get(item.name, ()))
        ends[item.name] = (scope + item.name,)
    for call in graph.calls:
        operands = (*call.operands, *call.keyword_operands.values())
        taken = [ends.get(ref.name, ()) for ref in references_in(operands)]
        inputs = tuple(dict.fromkeys(name for names in taken for name in names))
        definition = graph.layers[call.layer].definition
        if isinstance(definition, ModelGraph):
            inside, below = [item.name for item in definition.inputs], f"{scope}{call.name}/"
            feeds = dict(zip(inside, taken, strict=False))
            yield from _nodes(definition, below, feeds)
            ends[call.name] = tuple(_ends(definition, below))
            continue
        plain = {
            name: str(value)
            for name, value in definition.arguments.items()
            if isinstance(value, bool | int | float | str)
        }
        yield Node(name=scope + call.name, cls=definition.cls, inputs=inputs, arguments=plain)
        ends[call.name] = (scope + call.name,)


def _ends(graph: ModelGraph, scope: str) -> Iterator[str]:
    """The nodes from which the outputs of a model come."""
    models = {
        call.name: definition
        for call in graph.calls
        if isinstance(definition := graph.layers[call.layer].definition, ModelGraph)
    }
    for ref in output_refs(graph.outputs):
        if ref.name in models:
            yield from _ends(models[ref.name], f"{scope}{ref.name}/")
        else:
            yield scope + ref.name
