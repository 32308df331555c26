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

from kerasgen.catalog import (
    MODULES,
    Catalog,
    ClassEntry,
    Kind,
    Parameter,
    ValueKind,
    describe_parameter,
)

_BASES: Mapping[Kind, type] = {
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
}
"""Kinds whose members are classes, with the class that all of them extend."""

_FUNCTIONS: tuple[Kind, ...] = ("op", "application", "activation")
"""Kinds whose members are functions."""

_OBJECT_ARGUMENTS: Mapping[str, tuple[Kind, ...]] = {
    "activation": ("activation", "layer"),
    "recurrent_activation": ("activation", "layer"),
    "learning_rate": ("schedule",),
    "inner_optimizer": ("optimizer",),
    "optimizer": ("optimizer",),
    "layer": ("layer",),
    "backward_layer": ("layer",),
    "cell": ("layer",),
    "cells": ("layer",),
    "layers": ("layer",),
}
"""Argument name to the kinds of object that it holds; signatures and defaults do not say."""

_OBJECT_ENDINGS: tuple[tuple[str, Kind], ...] = (
    ("initializer", "initializer"),
    ("regularizer", "regularizer"),
    ("constraint", "constraint"),
)
"""Ending of an argument's name to the kind of object that it holds."""

_DOCUMENTED: tuple[tuple[re.Pattern[str], ValueKind], ...] = (
    (re.compile(r"(an? )?(positive |strictly positive )?(integer|int)\b", re.I), "int"),
    (re.compile(r"(an? )?(positive |non-negative )?(float|number)\b", re.I), "number"),
    (re.compile(r"(an? )?(boolean|bool)\b", re.I), "bool"),
    (re.compile(r"(an? )?string\b", re.I), "str"),
)
"""How Keras's documentation begins the description of an argument that takes one kind of value."""

_ALTERNATIVES = re.compile(r"\b(or|list|tuple|none|callable|instance|tensor|dict)\b|\|", re.I)
"""Words in the first sentence of a description that say that other kinds are taken too."""


def keras_catalog() -> Catalog:
    """Every public class and function that a config may name, described when it is asked for."""
    kinds: tuple[Kind, ...] = (*_BASES, *_FUNCTIONS)
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
    base = _BASES.get(kind)
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
            and (member is not base or kind == "dtype_policy")
        ):
            yield name, member


def _words(kind: Kind) -> Iterator[str]:
    """The strings that Keras resolves to an object of a kind, from its own registries."""
    if kind == "dtype_policy":
        yield from sorted(keras.src.backend.common.dtypes.ALLOWED_DTYPES)
        yield from ("mixed_float16", "mixed_bfloat16")
        return
    if kind == "metric":
        yield from ("acc", "crossentropy", "ce")  # resolved by `compile`, not by a registry
    if kind in ("schedule", "callback", "layer", "op", "application"):
        return
    registry: Mapping[str, Any] = getattr(keras.src, MODULES[kind]).ALL_OBJECTS_DICT
    base = _BASES.get(kind)
    for word, member in registry.items():
        if member is not base:
            yield word


def _describe(member: Any, name: str, kind: Kind) -> ClassEntry:
    if kind == "op":
        return _describe_op(member, name)
    if kind == "activation":
        # The function itself is the value; its arguments are given by the layer that calls it.
        module = "keras.activations"
        return ClassEntry(
            name=name, kind=kind, parameters={}, module=module, summary=_summary(member)
        )
    parameters, open_ended = _constructor(member)
    described = _described_arguments(member)
    return ClassEntry(
        name=name,
        kind=kind,
        parameters={
            key: _detailed(parameter, described.get(key, ""), kind)
            for key, parameter in parameters.items()
        },
        open_ended=open_ended,
        call=_call_parameters(member) if kind == "layer" else {},
        module=f"keras.{MODULES[kind]}",
        summary=_summary(member),
    )


def _summary(member: Any) -> str:
    return (inspect.getdoc(member) or "").split("\n", 1)[0]


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
            # What a base requires, the class that extends it fills in (`rank`, `cell`).
            if cls is member or not described.required:
                found.setdefault(parameter.name, described)
        if not _takes_keywords(signature):
            return found, False
        if cls in _BASES.values():
            break
    return found, False


def _named(signature: inspect.Signature) -> Iterator[inspect.Parameter]:
    for parameter in signature.parameters.values():
        if parameter.name != "self" and parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            yield parameter


def _takes_keywords(signature: inspect.Signature) -> bool:
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values())


def _detailed(parameter: Parameter, description: str, kind: Kind) -> Parameter:
    """An argument with what its name and its documentation say about its values."""
    kinds = _object_kinds(parameter.name, kind)
    if kinds:
        return replace(parameter, kinds=kinds)
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


def _object_kinds(name: str, kind: Kind) -> tuple[Kind, ...]:
    if name == "dtype":
        return ("dtype_policy",) if kind == "layer" else ()
    if name in _OBJECT_ARGUMENTS:
        return _OBJECT_ARGUMENTS[name]
    for ending, made in _OBJECT_ENDINGS:
        if name.endswith(ending):
            return (made,)
    return ()


def _agrees(default: Any, value: ValueKind) -> bool:
    if value == "int":
        return isinstance(default, int)
    if value == "number":
        return isinstance(default, int | float)
    return isinstance(default, bool if value == "bool" else str)


def _described_arguments(member: Any) -> dict[str, str]:
    """Argument name to its description, from the `Args:` section of a class or its bases."""
    found: dict[str, str] = {}
    for cls in member.__mro__ if inspect.isclass(member) else (member,):
        for name, text in _argument_section(vars(cls).get("__doc__") or "").items():
            found.setdefault(name, text)
    return found


def _argument_section(text: str) -> dict[str, str]:
    lines = inspect.cleandoc(text).splitlines()
    if "Args:" not in lines:
        return {}
    found: dict[str, str] = {}
    name = ""
    for line in lines[lines.index("Args:") + 1 :]:
        if line and not line.startswith(" "):
            break
        if head := re.match(r"    `?(\w+)`?:\s*(.*)", line):
            name = head.group(1)
            found[name] = head.group(2)
        elif name and line.startswith("     "):
            found[name] += " " + line.strip()
    return found


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
    call, plain = {}, {}
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        described = describe_parameter(parameter)
        takes = parameter.name in tensors if operation else described.required
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
        module="keras.ops",
        summary=_summary(function),
    )


@cache
def _operation(function: Callable[..., Any]) -> Any:
    """The Operation class behind a function of `keras.ops`, which stands beside it; or None."""
    wanted = function.__name__.replace("_", "").lower()
    for name, member in vars(sys.modules[function.__module__]).items():
        is_class = inspect.isclass(member) and issubclass(member, keras.Operation)
        if is_class and name.replace("_", "").lower() == wanted:
            return member
    return None
