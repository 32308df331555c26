"""The pass that finds the layers which a phase trains.

This room owns what the patterns of `fit.trainable` mean in a model whose layers are made, and how
many weights training changes then. How a layer is frozen is the engine's business.

Decisions:
- Patterns are those of selectors: a class if some layer has exactly this one, else a glob on names;
  inside a model a layer has its own name and a dotted one. What is said of a model is said of all
  layers in it, and so it is of a factory's.
- A pattern has the last word: it trains a layer that says of itself that it is frozen.
- Without patterns each layer is trained or not as it says itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from kerasgen.catalog.entries import ShapeOracle
from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import Phase, Program
from kerasgen.ir.trained_layers import bare, is_factory
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.lint.view import advise

_WILDCARDS = "*?["


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedPhase:
    """What a phase trains.

    Attributes:
        phase: the phase.
        layers: the names of the layers that are trained, `outer.inner` inside a model; None where
            each is as it says itself.
        weights: number of weights that it changes.
    """

    phase: Phase
    layers: tuple[str, ...] | None
    weights: int


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer that is no model, with what means it.

    Attributes:
        name: its name, dotted inside a model.
        row: the layer of the graph that it is, or that holds it, `outer/inner` inside a model.
        words: name and class of itself and of each model around it.
        learnable: number of weights that training could change.
        trainable: number of those that it changes as they say themselves.
    """

    name: str
    row: str
    words: tuple[tuple[str, str], ...]
    learnable: int
    trainable: int


def find_trained(
    program: Program, graph: ModelGraph, oracle: ShapeOracle, sink: Sink
) -> tuple[tuple[TrainedPhase, ...], Mapping[str, int] | None]:
    """Finds what each phase trains.

    Args:
        program: the program.
        graph: its model.
        oracle: the oracle that made the layers.
        sink: gets patterns that mean nothing: KG110.

    Returns:
        The phases, and the number of weights that some phase changes by the layer of the graph,
        `outer/inner` inside a model; None where every layer is as it says itself.
    """
    layers = list(_layers(graph, oracle))
    phases = []
    changed: dict[str, int] = {}
    seen: set[tuple[str, ...]] = set()
    for phase in program.phases:
        patterns = phase.program.fit.trainable
        names = None
        if patterns is not None:
            quiet = Sink() if patterns in seen else sink  # One fault is told once.
            seen.add(patterns)
            found = _meant(patterns, layers, phase.key("trainable"), quiet)
            names = tuple(layer.name for layer in layers if layer.name in found)
        counts = [
            (one.trainable if names is None else one.learnable if one.name in names else 0, one.row)
            for one in layers
        ]
        phases.append(TrainedPhase(phase=phase, layers=names, weights=sum(n for n, _ in counts)))
        rows: dict[str, int] = {}
        for count, row in counts:
            rows[row] = rows.get(row, 0) + count
        changed |= {row: max(count, changed.get(row, 0)) for row, count in rows.items()}
    plain = all(phase.layers is None for phase in phases)
    return tuple(phases), None if plain else changed


def warn_of_idle_phases(phases: Sequence[TrainedPhase], sink: Sink) -> None:
    """KG727: a phase in which all weights are frozen changes nothing."""
    for one in phases:
        if one.layers is not None and not one.weights:
            name = "training" if one.phase.name is None else f"the phase `{one.phase.name}`"
            advise(
                sink,
                "KG727",
                f"{name} changes none of the weights",
                (one.phase.key("trainable"), "value"),
                mend="name layers that have weights, or leave `trainable` out",
                reason="the loss is the same in every epoch",
            )


def _layers(
    graph: ModelGraph,
    oracle: ShapeOracle,
    around: tuple[tuple[str, str], ...] = (),
    *,
    frozen: bool = False,
) -> Iterator[_Layer]:
    """The layers of a model, those inside of others too."""
    frozen = frozen or graph.arguments.get("trainable") is False
    before = around[-1][0] + "." if around else ""
    for name in dict.fromkeys(call.layer for call in graph.calls):
        definition, inside = graph.layers[name].definition, oracle.inside(name)
        full = before + name
        row = full.replace(".", "/")
        if isinstance(definition, ModelGraph):
            words = (*around, (full, definition.kind))
            if inside is not None:
                yield from _layers(definition, inside, words, frozen=frozen)
            continue
        assert isinstance(definition, ObjectDef)
        words = (*around, (full, _class(definition.cls)))
        parts = oracle.parts(name) if is_factory(definition.cls) else ()
        for part in parts:
            trainable = 0 if frozen else part.cost.trainable
            inner = (*words, (f"{full}.{part.name}", part.cls))
            yield _Layer(f"{full}.{part.name}", row, inner, part.cost.learnable, trainable)
        if not parts:
            cost = oracle.cost(name)
            yield _Layer(full, row, words, cost.learnable, 0 if frozen else cost.trainable)


def _class(cls: str) -> str:
    return bare(cls).removeprefix("applications.")


def _meant(
    patterns: Sequence[str], layers: Sequence[_Layer], path: str, sink: Sink
) -> frozenset[str]:
    """The names of the layers that some patterns mean."""
    found: set[str] = set()
    classes = {cls for layer in layers for _, cls in layer.words}
    for number, pattern in enumerate(patterns):
        meant = {layer.name for layer in layers if _means(_class(pattern), layer, classes)}
        found |= meant
        if not meant:
            names = list(dict.fromkeys(name for layer in layers for name, _ in layer.words))
            sink.report(
                "KG110",
                f"no layer has the class or the name `{pattern}`",
                key=f"{path}.{number}",
                help=did_you_mean(pattern.strip(_WILDCARDS), [*sorted(classes), *names], listed=12),
            )
    return frozenset(found)


def _means(pattern: str, layer: _Layer, classes: set[str]) -> bool:
    """Whether a pattern means a layer, or a model around it."""
    if pattern in classes:
        return any(cls == pattern for _, cls in layer.words)
    names = [name if "." in pattern else name.rpartition(".")[2] for name, _ in layer.words]
    return any(fnmatchcase(name, pattern) for name in names)
