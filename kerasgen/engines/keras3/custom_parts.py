"""Parts of one's own for Keras: what they are, their arguments, and how Keras finds them again.

This room owns the description of registered classes and functions as catalog entries, beside
Keras's own, and their registration with Keras's serialization, without which a saved model could
not be loaded. It must not load anything: the modules of the parts have been imported before.

Decisions:
- What an argument takes is told by its annotation and its default; its name tells that it holds an
  object (`kernel_initializer`) where these do not speak against it. Documentation is shown, and
  never read for kinds, which Keras's own has rules for and other people's has not.
- A loss or metric that is a function is given to Keras as it is, as a script would do; where the
  config gives it arguments, in the wrapper that Keras itself makes for functions.
- A name is Keras's or a part's, never both: a config must mean the same with and without a package.
"""

from __future__ import annotations

import copy
import inspect
import random
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

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
from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.engines.keras3.argument_kinds import object_kinds
from kerasgen.engines.keras3.docstrings import argument_texts, opening, summary_of
from kerasgen.engines.keras3.environment import no_idle_tensorflow
from kerasgen.engines.keras3.introspection import BASES, bases_of
from kerasgen.frontend.compose.origins import shown_path
from kerasgen.passes.values import titled
from kerasgen.registry import KINDS, CustomPart, registered_parts

_SERIALIZED: frozenset[str] = frozenset(KINDS) - {"callback", "source"}
"""Kinds that stand in a saved model."""

_CONFIGURED: Mapping[str, int] = {"loss": 2, "metric": 2, "source": 0}
"""Kinds whose functions may have arguments in a config, with the number that Keras gives them.

A function of another kind has none: Keras calls and saves it by its name alone.
"""

_PLAIN: Mapping[Any, ValueKind] = {bool: "bool", int: "int", float: "number", str: "str"}

_WRAPPERS: Mapping[str, Any] = {
    "loss": keras.src.losses.losses.LossFunctionWrapper,
    "metric": keras.metrics.MeanMetricWrapper,
}
"""Kind to what Keras itself wraps a function in."""


def kind_of(part: CustomPart) -> Kind | None:
    """What a part is: as it was said, else by the class of Keras's that it extends."""
    if part.kind is not None:
        return part.kind
    if not isinstance(part.target, type):
        return None
    for kind in KINDS:
        base = BASES.get(kind)
        if base is not None and issubclass(part.target, base):
            return kind
    return "source" if part.is_source else None


def registered(kind: Kind, name: str) -> CustomPart | None:
    """The part of a kind and name, None where there is none."""
    return next((p for p in registered_parts() if p.name == name and kind_of(p) == kind), None)


def saved_part(name: str) -> CustomPart | None:
    """The part that a saved model names (`my_package.layers>Gate`), None where it names another."""
    found = keras.saving.get_registered_object(name)
    return (
        None if found is None else next((p for p in registered_parts() if p.target is found), None)
    )


def custom_part_entries(catalog: Catalog, sink: Sink) -> list[ClassEntry]:
    """Every registered part as a catalog entry; Keras learns how to load them.

    Args:
        catalog: Keras's own classes and the data sources.
        sink: gets parts that cannot be used: KG610.
    """
    known: dict[tuple[Kind, str], CustomPart] = {}
    entries = []
    for part in registered_parts():
        kind = kind_of(part)
        if kind is None or not _fits(part, kind):
            _report_kind(part, kind, sink)
            continue
        if (other := known.setdefault((kind, part.name), part)) is not part:
            _report_twice(part, other, kind, sink)
            continue
        if _is_taken(part, kind, catalog, sink):
            continue
        try:
            entries.append(_describe(part, kind))
            if kind in _SERIALIZED:
                _make_loadable(part)
        except Exception as error:  # Metaclasses and descriptors of others raise anything.
            report_part(part, f"`{part.name}` cannot be described: {error}", sink)
    return entries


def function_object(part: CustomPart, kind: str, arguments: Mapping[str, Any]) -> Any:
    """A function as Keras takes it, with the arguments that a config gives it."""
    if not arguments:
        return part.target
    return _WRAPPERS[kind](part.target, name=part.name, **arguments)


def check_saving(made: Any, kind: str, given: Iterable[str]) -> None:
    """Has an object written as data and made again, as saving a model and loading it do.

    A model is saved after its training: too late to find out that it cannot be.

    Args:
        made: the object.
        kind: what it is.
        given: names of the arguments that it was made with.

    Raises:
        Exception: whatever the class raises.
        ValueError: an argument would be lost.
    """
    if kind not in _SERIALIZED:
        return
    plain = type(made).from_config.__module__.startswith("keras.")
    drawn = random.getstate()  # What is made for the trial must not change what is made after it.
    try:
        with no_idle_tensorflow():
            config = made.get_config()
            if lost := [name for name in given if plain and name not in config]:
                raise ValueError(f"its `get_config` leaves out `{lost[0]}`")
            type(made).from_config(copy.deepcopy(config))
    finally:
        random.setstate(drawn)


def own_place(error: BaseException) -> str:
    """The line of a registered part's module from which an error came, ` (layers.py, line 12)`.

    Empty where no such module took part.
    """
    files = {part.file for part in registered_parts()}
    found = ""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in files:
            found = f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return found


def report_part(
    part: CustomPart, message: str, sink: Sink, *, fix: str | None = None, notes: Iterable[str] = ()
) -> None:
    """Reports KG610 at the line where a part was registered."""
    place = SourceLocation(file=shown_path(Path(part.file)), line=part.line)
    sink.report_at("KG610", message, location=place, help=fix, notes=notes)


def _fits(part: CustomPart, kind: Kind) -> bool:
    """Whether a class extends the base of the kind that was given for it."""
    base = BASES.get(kind)
    if kind == "source" or base is None or not isinstance(part.target, type):
        return True
    return issubclass(part.target, base)


def _report_kind(part: CustomPart, kind: Kind | None, sink: Sink) -> None:
    if kind is None:
        report_part(
            part,
            f"`{part.name}` extends no class of Keras, and is not said to be anything",
            sink,
            fix="extend a class of Keras, such as `keras.layers.Layer`, or give a data source a "
            "method `read`",
        )
        return
    base = f"keras.{MODULES[kind]}.{bases_of(kind)[0].__name__}"
    report_part(
        part, f"`{part.name}` is registered as {titled(kind)}, and does not extend `{base}`", sink
    )


def _report_twice(part: CustomPart, other: CustomPart, kind: Kind, sink: Sink) -> None:
    report_part(
        part,
        f"there are two parts `{part.name}` of the kind {kind}",
        sink,
        fix='give one of them another name: `register(name="…")`',
        notes=[
            f"the other one is `{other.module}.{other.attribute}` in "
            f"{shown_path(Path(other.file))}:{other.line}"
        ],
    )


def _is_taken(part: CustomPart, kind: Kind, catalog: Catalog, sink: Sink) -> bool:
    found = catalog.find(part.name, (kind,))
    if found is None and part.name not in catalog.words((kind,)):
        return False
    owner = "one of the data sources" if kind == "source" else f"{titled(kind)} of Keras"
    place = f"`{found.module}.{found.name}`" if found is not None and found.module else owner
    report_part(
        part,
        f"`{part.name}` is already the name of {owner}",
        sink,
        fix='register it under another name: `register(name="…")`',
        notes=[f"the other one is {place}"] if place != owner else (),
    )
    return True


def _make_loadable(part: CustomPart) -> None:
    """Registers a part with Keras's serialization, unless its author has done so."""
    if keras.saving.get_registered_name(part.target) == getattr(part.target, "__name__", ""):
        package = part.module
        keras.saving.register_keras_serializable(package=package, name=part.name)(part.target)


def _describe(part: CustomPart, kind: Kind) -> ClassEntry:
    parameters, open_ended = _arguments(part.target, kind)
    texts = argument_texts(part.target)
    described = {
        key: replace(parameter, description=opening(texts.get(key, "")))
        for key, parameter in parameters.items()
    }
    call: dict[str, Parameter] = {}
    if kind == "layer":
        for name, written in _signature(part.target.call).parameters.items():
            if name == "self" or written.kind is inspect.Parameter.VAR_KEYWORD:
                continue
            plain = describe_parameter(written)
            tensor = plain.required or plain.variadic
            call[name] = replace(plain if tensor else _detailed(written, kind), tensor=tensor)
    return ClassEntry(
        name=part.name,
        kind=kind,
        parameters=described,
        open_ended=open_ended,
        call=call,
        module=part.module,
        summary=summary_of(part.target),
        origin=f"{part.module}:{part.attribute}",
        function=not isinstance(part.target, type),
        adapts=kind == "layer" and hasattr(part.target, "adapt"),
    )


def _signature(made: Any) -> inspect.Signature:
    try:
        return inspect.signature(made, eval_str=True)
    except Exception:  # An annotation that cannot be read is code of others, which raises anything.
        return inspect.signature(made)


def _arguments(made: Any, kind: Kind) -> tuple[dict[str, Parameter], bool]:
    """The arguments of a part, and whether there may be others that nothing names.

    A class that takes `**kwargs` passes them up: it has its bases' arguments too. Whether it
    gives a base what that requires cannot be seen, so that none of those is required.
    """
    if not isinstance(made, type):
        if kind not in _CONFIGURED:
            return {}, False
        written = list(_signature(made).parameters.values())[_CONFIGURED[kind] :]
        own = [p for p in written if p.kind is not inspect.Parameter.VAR_KEYWORD]
        return {p.name: _detailed(p, kind) for p in own}, len(own) < len(written)
    found: dict[str, Parameter] = {}
    outermost = True
    for cls in made.__mro__:
        constructor = vars(cls).get("__init__")
        if constructor is None or cls is object:
            continue
        passes_on = False
        for parameter in list(_signature(constructor).parameters.values())[1:]:
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                passes_on = True
            elif outermost or parameter.kind is not inspect.Parameter.VAR_POSITIONAL:
                detailed = _detailed(parameter, kind)
                required = detailed.required and outermost
                found.setdefault(parameter.name, replace(detailed, required=required))
        outermost = False
        if not passes_on:
            return found, False
        if any(cls in bases_of(known) for known in BASES):
            return found, False
    return found, not outermost


def _detailed(written: inspect.Parameter, kind: Kind) -> Parameter:
    """An argument with what its annotation, its default and its name say of its values."""
    parameter = describe_parameter(written)
    hint = written.annotation
    if hint is not inspect.Parameter.empty and not isinstance(hint, str):
        parameter = _annotated(parameter, hint)
        if parameter.kinds or parameter.choices or parameter.value in ("bool", "int", "number"):
            return parameter
    default = written.default
    if isinstance(default, bool) or parameter.choices:
        return parameter
    if isinstance(default, float):
        return replace(parameter, value="number")
    kinds = object_kinds(parameter.name, kind)
    if kinds and (default is None or isinstance(default, str) or kinds[0] in _ENDINGS):
        return replace(parameter, kinds=kinds, value="any", nullable=True)
    return parameter


_ENDINGS = ("initializer", "regularizer", "constraint", "activation")
"""Kinds that a name such as `kernel_initializer` tells even without a default."""


def _annotated(parameter: Parameter, hint: Any) -> Parameter:
    """What an annotation says: one plain kind, or objects of Keras; else nothing is certain."""
    options = _options(hint)
    nullable = type(None) in options or (not parameter.required and parameter.default is None)
    told = [option for option in options if option is not type(None)]
    kinds = tuple(dict.fromkeys(kind for option in told for kind in _kinds_of(option)))
    if kinds:
        return replace(parameter, kinds=cast("tuple[Kind, ...]", kinds), nullable=nullable)
    if parameter.choices or not told:
        return replace(parameter, nullable=nullable)
    values = {_PLAIN.get(option, "any") for option in told}
    if values == {"int", "number"}:
        values = {"number"}
    value: ValueKind = values.pop() if len(values) == 1 else "any"
    return replace(parameter, value=value, nullable=nullable or value == "any")


def _options(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return () if typing.get_origin(hint) is Literal else (hint,)


def _kinds_of(hint: Any) -> list[str]:
    if not isinstance(hint, type):
        return []
    return [kind for kind, base in BASES.items() if issubclass(hint, base)]
