"""What a pass may ask about Keras: names, arguments, vocabularies, output shapes.

This room owns the shape of that knowledge, never its content: the content is asked of the
installed Keras by its engine, or read from a data source's own signature. Plain frozen data, so
that it can be cached and checked without Keras.
"""

from __future__ import annotations

import inspect
import typing
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, cast

from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.values import ObjectDef, TensorSpec

Kind: TypeAlias = Literal[
    "layer",
    "op",
    "application",
    "optimizer",
    "schedule",
    "loss",
    "metric",
    "initializer",
    "regularizer",
    "constraint",
    "callback",
    "activation",
    "dtype_policy",
    "quantizer",
    "seed_generator",
    "optimizer_map",
    "source",
    "step",
]
"""What an object is. An op is a `keras.ops` function, an application a model factory; a quantizer
is one or a configuration of quantization."""

ValueKind: TypeAlias = Literal[
    "bool", "int", "number", "str", "object", "list", "mapping", "bool_or_str", "layers", "any"
]
"""What an argument holds, as far as its default and its documentation tell; `any` for unknown.

`object` and `mapping` are for arguments with kinds of object: the object itself, for which Keras
takes no word, or a mapping to such objects. `layers` says which layers of a model are trained.
"""

FOREIGN_PACKAGES: Mapping[str, str] = {
    "torch": "PyTorch",
    "torchvision": "PyTorch",
    "lightning": "PyTorch",
    "pytorch_lightning": "PyTorch",
    "sklearn": "scikit-learn",
    "jax": "JAX",
    "flax": "Flax",
    "optax": "Optax",
    "transformers": "Transformers",
    "tensorflow": "TensorFlow",
    "tensorflow_addons": "TensorFlow Addons",
}
"""Packages whose classes Keras cannot take, and what people call them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One argument of a constructor or function.

    Attributes:
        name: its name.
        required: whether it has no default.
        default: its default where that is a plain value, else None.
        value: the kind of value that it holds; `any` unless that is certain.
        nullable: whether None is allowed.
        kinds: the kinds of object that it takes (`("initializer",)`), empty for none or unknown.
        tensor: whether a symbolic tensor goes in (arguments of ops and calls).
        variadic: whether it is `*args`.
        description: what its documentation says about it, in a sentence or two; empty for none.
        choices: the only strings that it takes, empty where any may do.
    """

    name: str
    required: bool = False
    default: Any = None
    value: ValueKind = "any"
    nullable: bool = True
    kinds: tuple[Kind, ...] = ()
    tensor: bool = False
    variadic: bool = False
    description: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassEntry:
    """One public class or function.

    Attributes:
        name: its public name without the module (`Dense`, `add`, `ResNet50`).
        kind: what it is.
        parameters: argument name to argument, in order, inherited base arguments included where
            the constructor takes `**kwargs`.
        open_ended: whether further arguments may exist that the signature does not name.
        call: arguments of the layer's `call`, or of the op itself, without `self`, `training`
            and `mask`; empty for what is not called in a graph.
        module: public module (`keras.layers`).
        summary: first line of its documentation.
        origin: where Python imports it from, if it is not Keras's own: `my_package.layers:Gate`.
        function: whether it is a function of one's own, which Keras takes as it is.
        adapts: whether it is a layer that learns from data before training (`adapt`).
    """

    name: str
    kind: Kind
    parameters: Mapping[str, Parameter]
    open_ended: bool = False
    call: Mapping[str, Parameter] = field(default_factory=dict)
    module: str = ""
    summary: str = ""
    origin: str = ""
    function: bool = False
    adapts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Every class that a config may name.

    Attributes:
        version: version of Keras that it was asked of.
        entries: kind, then name, to entry.
        vocabularies: kind to the strings that Keras takes in place of an object of that kind
            (`relu`, `mse`, `glorot_uniform`, …).
    """

    version: str
    entries: Mapping[Kind, Mapping[str, ClassEntry]]
    vocabularies: Mapping[Kind, frozenset[str]] = field(default_factory=dict)

    def find(self, name: str, kinds: Sequence[Kind]) -> ClassEntry | None:
        """The entry called `name` in the first of `kinds` that has it.

        A dotted name (`losses.Huber`, `ops.add`, `applications.ResNet50`) is looked for in that
        module only; ops and applications are found by their dotted name alone.
        """
        for kind in kinds:
            last = _without_module(name, MODULES[kind])
            if last == name and kind in DOTTED:
                continue
            known = self.entries.get(kind, {})
            if (entry := known.get(last)) is not None:
                return entry
            # `ops.nn.relu` is another name of `ops.relu`, and `ops.nn.add` is none.
            inner, _, last = last.rpartition(".")
            entry = known.get(last) if inner else None
            if entry is not None and entry.module == f"keras.{MODULES[kind]}.{inner}":
                return entry
        return None

    def names(self, kinds: Sequence[Kind]) -> list[str]:
        """The names that a config may write for the given kinds, as they must be written."""
        found = []
        for kind in kinds:
            prefix = f"{MODULES[kind]}." if kind in DOTTED else ""
            found += [prefix + name for name in self.entries.get(kind, {})]
        return found

    def words(self, kinds: Sequence[Kind]) -> list[str]:
        """The strings that Keras takes in place of an object of the given kinds, sorted."""
        return sorted({word for kind in kinds for word in self.vocabularies.get(kind, ())})

    def extended(self, entries: Iterable[ClassEntry]) -> Catalog:
        """The catalog with further entries, such as the data sources."""
        merged = dict(self.entries)
        for entry in entries:
            # Not a copy: the entries of Keras's own kinds are described when they are asked for.
            known = cast("MutableMapping[str, ClassEntry]", merged.get(entry.kind, {}))
            merged[entry.kind] = ChainMap({entry.name: entry}, known)
        return Catalog(version=self.version, entries=merged, vocabularies=self.vocabularies)


MODULES: Mapping[Kind, str] = {
    "layer": "layers",
    "op": "ops",
    "application": "applications",
    "optimizer": "optimizers",
    "schedule": "optimizers.schedules",
    "loss": "losses",
    "metric": "metrics",
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "callback": "callbacks",
    "activation": "activations",
    "dtype_policy": "dtype_policies",
    "quantizer": "quantizers",
    "seed_generator": "random",
    "optimizer_map": "optimizers",
    "source": "sources",
    "step": "steps",
}
"""Kind to the public module that holds it, without `keras.`."""

DOTTED: frozenset[Kind] = frozenset({"op", "application"})
"""Kinds whose names are always written with the module, since they would clash with layers."""


def _without_module(name: str, module: str) -> str:
    """A public name below its module: `ops.image.resize` in `ops` is `image.resize`."""
    return name.removeprefix(f"keras.{module}.").removeprefix(f"{module}.")


class ShapeError(Exception):
    """A call that cannot be made, as Keras said it.

    Attributes:
        argument: the constructor argument at fault, where that is known.
        definition: the object whose constructor refused, which may stand inside another one.
        refused: whether the constructor refused its arguments, rather than the call its tensors.
        unusable: whether it makes nothing that can stand in a model, whatever it is given.
    """

    def __init__(
        self,
        message: str,
        *,
        argument: str | None = None,
        definition: ObjectDef | None = None,
        refused: bool = False,
        unusable: bool = False,
    ) -> None:
        self.argument = argument
        self.definition = definition
        self.refused = refused
        self.unusable = unusable
        super().__init__(message)


class UnmatchedError(ShapeError):
    """Patterns that mean no layer of what a factory has made.

    Attributes:
        patterns: where each stands below its object (`trainable.0`), and the pattern.
        known: the classes and names that the layers have.
    """

    def __init__(
        self, patterns: Mapping[str, str], known: Sequence[str], *, definition: ObjectDef
    ) -> None:
        self.patterns = patterns
        self.known = known
        super().__init__("patterns that mean no layer", definition=definition, refused=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCost:
    """What one layer costs.

    Attributes:
        parameters: number of weights.
        trainable: number of weights that training changes.
        weight_shapes: shapes of the weights, in Keras's order.
        parameter_bytes: bytes that the weights take.
        learnable: number of weights that training could change, were the layer not frozen.
    """

    parameters: int
    trainable: int
    weight_shapes: tuple[tuple[int, ...], ...]
    parameter_bytes: int
    learnable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPart:
    """A layer inside of what a factory has made.

    Attributes:
        name: its name, behind those of the models around it, with dots.
        cls: its class.
        cost: what it costs.
    """

    name: str
    cls: str
    cost: LayerCost


class ShapeOracle(Protocol):
    """Answers what comes out of a call of a model or preparation, without computing anything."""

    def enter(self, name: str, spec: TensorSpec) -> None:
        """Declares an input of the model under the given tensor name."""

    def call(self, call: Call, layer: LayerDef) -> tuple[TensorSpec, ...]:
        """Makes the call and names its outputs; the layer is made at its first call.

        Raises:
            ShapeError: the constructor refused its arguments or the call its tensors.
        """

    def chain(self, graph: ModelGraph) -> Sequence[tuple[TensorSpec, ...]] | None:
        """Makes all calls of a Sequential graph at once, in order, or None if it cannot.

        Raises:
            ShapeError: some layer does not fit; nothing is kept.
        """

    def make(self, layer: LayerDef) -> None:
        """Makes a layer without calling it.

        Raises:
            ShapeError: the constructor refused its arguments.
        """

    def has(self, layer: str) -> bool:
        """Whether a layer was made."""

    def parts(self, layer: str) -> Sequence[LayerPart]:
        """The layers inside of what a factory has made; none for a plain layer."""
        return ()

    def child(self) -> ShapeOracle:
        """An oracle for the inside of a nested model."""

    def adopt(self, layer: str, graph: ModelGraph, inside: ShapeOracle) -> None:
        """Takes a nested model that a child has made as the layer of that name."""

    def inside(self, layer: str) -> ShapeOracle | None:
        """The oracle that made a nested model, None for a plain layer."""

    def cost(self, layer: str) -> LayerCost:
        """What a layer costs that was called before."""


def describe_callable(
    target: Callable[..., Any], *, name: str, kind: Kind, module: str = ""
) -> ClassEntry:
    """An entry for a Python class or function, from its signature alone.

    Args:
        target: the class or function.
        name: name under which a config finds it.
        kind: what it is.
        module: public module, for documentation.

    Returns:
        The entry. Kinds of values follow from the defaults: a boolean default means a boolean.
    """
    parameters = {}
    open_ended = False
    try:
        signature = inspect.signature(target, eval_str=True)
    except Exception:  # An annotation that cannot be read is code of others, which raises anything.
        signature = inspect.signature(target)
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            open_ended = True
        elif parameter.name != "self":
            parameters[parameter.name] = describe_parameter(parameter)
    return ClassEntry(
        name=name,
        kind=kind,
        parameters=parameters,
        open_ended=open_ended,
        module=module,
        summary=(inspect.getdoc(target) or "").split("\n", 1)[0],
    )


def describe_parameter(parameter: inspect.Parameter) -> Parameter:
    """One argument of a signature as catalog data; a default that is not plain becomes None."""
    required = parameter.default is inspect.Parameter.empty
    variadic = parameter.kind is inspect.Parameter.VAR_POSITIONAL
    default = parameter.default if isinstance(parameter.default, bool | int | float | str) else None
    value: ValueKind = "bool" if isinstance(default, bool) else "any"
    return Parameter(
        name=parameter.name,
        required=required and not variadic,
        default=default,
        value=value,
        nullable=not isinstance(default, bool),
        variadic=variadic,
        choices=_choices(parameter.annotation),
    )


def _choices(annotation: Any) -> tuple[str, ...]:
    """The strings that an annotation names one by one: `Literal["error", "drop"] | None`."""
    options = typing.get_args(annotation) if typing.get_origin(annotation) is not Literal else ()
    literals = [part for part in options or (annotation,) if part is not type(None)]
    if any(typing.get_origin(part) is not Literal for part in literals):
        return ()
    found = [choice for part in literals for choice in typing.get_args(part)]
    return tuple(found) if all(isinstance(choice, str) for choice in found) else ()
