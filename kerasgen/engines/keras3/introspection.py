"""Introspection: what the installed Keras offers, as catalog data.

This room owns the questions put to Keras: which public names there are, what arguments they
take, which strings stand for objects. It must not restate Keras. Two tables hold what Keras
cannot be asked, since its constructors carry no annotations: which argument names hold objects,
and the words with which its documentation says what kind of value an argument takes.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import keras

from kerasgen.catalog.entries import (
    MODULES,
    Catalog,
    ClassEntry,
    Kind,
    Parameter,
    ValueKind,
    describe_parameter,
)
from kerasgen.engines.keras3.added_arguments import added_arguments
from kerasgen.engines.keras3.argument_kinds import object_kinds
from kerasgen.engines.keras3.callback_values import callback_value
from kerasgen.engines.keras3.docstrings import argument_texts, opening, summary_of

BASES: Mapping[Kind, type | tuple[type, ...]] = {
    "layer": keras.layers.Layer,
    "optimizer": keras.optimizers.Optimizer,
    "schedule": keras.optimizers.schedules.LearningRateSchedule,
    "loss": keras.losses.Loss,
    "metric": keras.metrics.Metric,
    "initializer": keras.initializers.Initializer,
    "regularizer": keras.regularizers.Regularizer,
    "constraint": keras.constraints.Constraint,
    "callback": keras.callbacks.Callback,
    "dtype_policy": keras.dtype_policies.DTypePolicy,
    "quantizer": (keras.quantizers.Quantizer, keras.quantizers.QuantizationConfig),
    "seed_generator": keras.random.SeedGenerator,
    "optimizer_map": keras.optimizers.OptimizerMap,
}
"""Kinds whose members are classes, with the class that all of them extend."""

_OWN_MEMBERS: frozenset[Kind] = frozenset({"dtype_policy", "seed_generator", "optimizer_map"})
"""Kinds whose base is a member: other bases take no part in a model."""

_FUNCTIONS: tuple[Kind, ...] = ("op", "application", "activation")
"""Kinds whose members are functions."""


_HELD_AS: Mapping[str, ValueKind] = {
    "default_optimizer": "object",
    "optimizer_map": "object",
    "default_policy": "object",
    "policy_map": "mapping",
    "quantization_config": "object",
    "schedule": "object",
    "fn": "object",
    "function": "object",
}
"""Argument name to how it holds its objects where Keras looks up no word for them."""

_OP_FUNCTIONS = frozenset(
    {"f", "fun", "function", "body_fun", "cond", "body", "true_fn", "false_fn", "branches"}
    | {"pyfunc"}
)
"""Arguments of ops that hold a function, or a list of them: other ops."""

_PLAIN_IN_CALL = frozenset({("get_item", "key")})
"""Op and argument that its Operation takes in the call though it is no tensor."""


_DOCUMENTED: tuple[tuple[re.Pattern[str], ValueKind], ...] = (
    (re.compile(r"(an? )?(positive |strictly positive )?(integer|int)\b", re.I), "int"),
    (re.compile(r"(an? )?(positive |non-negative )?(float|number)\b", re.I), "number"),
    (re.compile(r"(an? )?(boolean|bool)\b", re.I), "bool"),
    (re.compile(r"(an? )?string\b", re.I), "str"),
)
"""How Keras's documentation begins the description of an argument that takes one kind of value."""

_DOCUMENTED_TEXT = re.compile(r"String\b")
"""How the documentation of an op begins the description of an argument that is no tensor."""

_SYMBOLIC_CALL = re.compile(r"\b(\w+)\((?:[^()]|\([^()]*\))*\)\s*\.symbolic_call\(")
"""How a function of `keras.ops` makes a node of its Operation."""

_ALTERNATIVES = re.compile(r"\b(or|list|tuple|none|callable|instance|tensor|dict)\b|\|", re.I)
"""Words in the first sentence of a description that say that other kinds are taken too."""


_HANDS_ON = re.compile(r"\*\*kwargs: [^\n]*\bpass on to `\w+`")
"""How Keras's documentation says that further arguments go to a function that was given."""


def keras_catalog() -> Catalog:
    """Every public class and function that a config may name, described when it is asked for."""
    kinds: tuple[Kind, ...] = (*BASES, *_FUNCTIONS)
    return Catalog(
        version=keras.version(),
        entries={kind: _Entries(kind) for kind in kinds},
        vocabularies={kind: frozenset(_words(kind)) for kind in kinds},
    )


class _Entries(Mapping[str, ClassEntry]):
    """The entries of one kind; names are listed at once, an entry is made at its first look-up."""

    def __init__(self, kind: Kind) -> None:
        self._kind: Kind = kind
        self._public = dict(_public(kind))
        self._made: dict[str, ClassEntry] = {}

    def __getitem__(self, name: str) -> ClassEntry:
        if name not in self._made:
            self._made[name] = _describe(self._public[name], name, self._kind)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._public)

    def __len__(self) -> int:
        return len(self._public)


def _public(kind: Kind) -> Iterator[tuple[str, Any]]:
    module: Any = keras
    for part in MODULES[kind].split("."):
        module = getattr(module, part)
    base = BASES.get(kind)
    for name, member in inspect.getmembers(module):
        if name.startswith("_"):
            continue
        if base is None:
            if inspect.isfunction(member) and name not in ("get", "serialize", "deserialize"):
                yield name, member
        elif (
            inspect.isclass(member)
            and issubclass(member, base)
            # Bases take no part in a model, but a dtype policy is made from its base.
            and (kind in _OWN_MEMBERS or member not in bases_of(kind))
        ):
            yield name, member
    if kind == "op":
        yield from _inner_ops()
    if kind == "layer":
        yield from _application_layers()


def bases_of(kind: Kind) -> tuple[type, ...]:
    """The classes that the members of a kind extend."""
    base = BASES[kind]
    return base if isinstance(base, tuple) else (base,)


def _inner_ops() -> Iterator[tuple[str, Any]]:
    """The ops that stand in a module of `keras.ops` alone: `image.resize`."""
    for inner, module in inspect.getmembers(keras.ops, inspect.ismodule):
        for name, member in inspect.getmembers(module, inspect.isfunction):
            if not name.startswith("_") and not hasattr(keras.ops, name):
                yield f"{inner}.{name}", member


def _application_layers() -> Iterator[tuple[str, Any]]:
    """The layers that only the models of `keras.applications` have: `convnext.LayerScale`."""
    room = keras.src.applications
    for inner, module in inspect.getmembers(room, inspect.ismodule):
        for name, member in inspect.getmembers(module, inspect.isclass):
            own = member.__module__ == module.__name__
            if own and issubclass(member, keras.layers.Layer):
                yield f"applications.{inner}.{name}", member


_WORDED: frozenset[Kind] = frozenset(
    {"optimizer", "loss", "metric", "initializer", "regularizer", "constraint", "activation"}
)
"""Kinds for which Keras keeps a registry of words."""


def _words(kind: Kind) -> Iterator[str]:
    """The strings that Keras resolves to an object of a kind, from its own registries."""
    if kind == "dtype_policy":
        yield from sorted(keras.src.backend.common.dtypes.ALLOWED_DTYPES)
        yield from ("mixed_float16", "mixed_bfloat16")
        return
    if kind == "metric":
        yield from ("acc", "crossentropy", "ce")  # resolved by `compile`, not by a registry
    if kind not in _WORDED:
        return
    registry: Mapping[str, Any] = getattr(keras.src, MODULES[kind]).ALL_OBJECTS_DICT
    bases = bases_of(kind) if kind in BASES else ()
    for word, member in registry.items():
        if member not in bases:
            yield word


def _describe(member: Any, name: str, kind: Kind) -> ClassEntry:
    if kind == "op":
        return _describe_op(member, name)
    if kind == "activation":
        # The function itself is the value; its arguments are given by the layer that calls it.
        module = "keras.activations"
        return ClassEntry(
            name=name, kind=kind, parameters={}, module=module, summary=summary_of(member)
        )
    parameters, open_ended = _constructor(member)
    added = added_arguments(name, kind)
    parameters |= added
    open_ended = open_ended or _HANDS_ON.search(member.__doc__ or "") is not None
    described = argument_texts(member)
    return ClassEntry(
        name=name,
        kind=kind,
        parameters={
            key: replace(
                _valued(parameter, described.get(key, ""), kind),
                description=opening(described.get(key, "")),
            )
            for key, parameter in parameters.items()
        }
        | added,
        open_ended=open_ended,
        call=_call_of(member, kind),
        module=member.__module__ if "." in name else f"keras.{MODULES[kind]}",
        summary=summary_of(member),
        adapts=kind == "layer" and hasattr(member, "adapt"),
    )


def _constructor(member: Any) -> tuple[dict[str, Parameter], bool]:
    """The arguments of a constructor or function, inherited ones included while `**kwargs` go up.

    Returns:
        Name to argument, and whether `**kwargs` remain that no class names. Keras's bases accept
        a few deprecated names in theirs; these are left out.
    """
    if not inspect.isclass(member):
        signature = inspect.signature(member)
        named = {p.name: describe_parameter(p) for p in _named(signature)}
        return named, _takes_keywords(signature)
    found: dict[str, Parameter] = {}
    for cls in member.__mro__:
        constructor = vars(cls).get("__init__")
        if constructor is None or cls is object:
            continue
        signature = inspect.signature(constructor)
        for parameter in _named(signature):
            described = describe_parameter(parameter)
            # What a base requires, the class that extends it fills in (`rank`, `cell`); the
            # `*args` of a base, which TensorFlow's optimizers have alone, are none of its own.
            if cls is member or not (described.required or described.variadic):
                found.setdefault(parameter.name, described)
        if not _takes_keywords(signature):
            return found, False
        if any(cls in bases_of(kind) for kind in BASES):
            break
    return found, False


def _named(signature: inspect.Signature) -> Iterator[inspect.Parameter]:
    for parameter in signature.parameters.values():
        if parameter.name != "self" and parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            yield parameter


def _takes_keywords(signature: inspect.Signature) -> bool:
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values())


def _valued(parameter: Parameter, description: str, kind: Kind) -> Parameter:
    detailed = _detailed(parameter, description, kind)
    return callback_value(detailed, description) if kind == "callback" else detailed


def _detailed(parameter: Parameter, description: str, kind: Kind) -> Parameter:
    """An argument with what its name and its documentation say about its values."""
    kinds = object_kinds(parameter.name, kind)
    if kinds:
        held = _HELD_AS.get(parameter.name, parameter.value)
        inside = kind == "optimizer_map" and parameter.name == "optimizer_map"
        return replace(parameter, kinds=kinds, value="mapping" if inside else held)
    if parameter.value == "bool":
        # A flag may have further words of its own, such as `"auto"`, which only its text tells.
        open_flag = re.search(r"[\"'`]auto|\bstring\b|\bor\b (?:a )?(?:str|int)", description)
        return replace(parameter, value="any") if open_flag else parameter
    first = re.split(r"(?<=[a-z\)])\.(\s|$)", description, maxsplit=1)[0]
    for pattern, value in _DOCUMENTED:
        if pattern.match(first) and not _ALTERNATIVES.search(first):
            agrees = parameter.default is None or _agrees(parameter.default, value)
            optional = not parameter.required and parameter.default is None
            nullable = optional or re.search(r"\bnone\b", description, re.I) is not None
            if agrees:
                return replace(parameter, value=value, nullable=nullable)
    if isinstance(parameter.default, float):
        return replace(parameter, value="number")
    return parameter


def _agrees(default: Any, value: ValueKind) -> bool:
    if value == "int":
        return isinstance(default, int)
    if value == "number":
        return isinstance(default, int | float)
    return isinstance(default, bool if value == "bool" else str)


def _call_of(member: Any, kind: Kind) -> dict[str, Parameter]:
    """The arguments of a call; what a factory makes is called as any model is, on one tensor."""
    if kind == "application":
        taken = Parameter(name="inputs", required=True, tensor=True)
        return {"inputs": taken, "training": Parameter(name="training", value="bool")}
    return _call_parameters(member) if kind == "layer" else {}


def _call_parameters(cls: Any) -> dict[str, Parameter]:
    signature = inspect.signature(cls.call)
    found = {}
    for parameter in _named(signature):
        described = describe_parameter(parameter)
        found[parameter.name] = replace(described, tensor=described.required or described.variadic)
    return found


def _describe_op(function: Callable[..., Any], name: str) -> ClassEntry:
    """An op; its tensors are the arguments of its Operation's `call`, the rest is plain."""
    operation = _operation(function)
    tensors: set[str] = set()
    if operation is not None:
        tensors = set(inspect.signature(operation.call).parameters) - {"self"}
        if tensors.isdisjoint(inspect.signature(function).parameters):
            tensors = set(list(inspect.signature(function).parameters)[:1])  # Named otherwise.
    call, plain = {}, {}
    described_arguments = argument_texts(function)
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        text = opening(described_arguments.get(parameter.name, ""))
        described = replace(describe_parameter(parameter), description=text)
        if (name, parameter.name) in _PLAIN_IN_CALL:
            plain[parameter.name] = described
            continue
        if parameter.name in _OP_FUNCTIONS:
            plain[parameter.name] = replace(described, kinds=("op",), value="object")
            continue
        takes = parameter.name in tensors if operation else described.required
        takes = takes and not _DOCUMENTED_TEXT.match(described_arguments.get(parameter.name, ""))
        if takes or described.variadic:
            call[parameter.name] = replace(described, tensor=True, value="any", nullable=True)
        else:
            plain[parameter.name] = described
    return ClassEntry(
        name=name,
        kind="op",
        parameters=plain,
        open_ended=any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters),
        call=call,
        module=_op_module(function),
        summary=summary_of(function),
    )


def _op_module(function: Callable[..., Any]) -> str:
    """The public module of an op, the inner one (`keras.ops.nn`) where there is one."""
    for inner, module in inspect.getmembers(keras.ops, inspect.ismodule):
        if getattr(module, function.__name__, None) is function:
            return f"keras.ops.{inner}"
    return "keras.ops"


@cache
def _operation(function: Callable[..., Any]) -> Any:
    """The Operation class behind a function of `keras.ops`, which stands beside it; or None."""
    beside = vars(sys.modules[function.__module__])
    wanted = function.__name__.replace("_", "").lower()
    for name, member in beside.items():
        is_class = inspect.isclass(member) and issubclass(member, keras.Operation)
        if is_class and name.replace("_", "").lower() == wanted:
            return member
    # A few have a name of their own, which stands in the function alone: `BatchNorm(…)`.
    called = _SYMBOLIC_CALL.search(inspect.getsource(function))
    return beside.get(called.group(1)) if called else None
