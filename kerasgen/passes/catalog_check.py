"""The pass that checks every object of a program against the catalog.

It owns names and arguments: unknown classes and arguments, missing ones, values of the wrong
kind, words that are in no vocabulary. One fault gives one report: an unknown argument silences
the missing one that it was meant for. How entries are wired and what shapes come out is checked
later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kerasgen.catalog.entries import Catalog, ClassEntry, Kind, Parameter
from kerasgen.diagnostics import Sink, Suggestion, closest, did_you_mean
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import INPUT, Entry, ModelDef, Operand
from kerasgen.ir.program import Loss, Program
from kerasgen.ir.values import ObjectDef, Value
from kerasgen.passes.bounds import check_bounds
from kerasgen.passes.former_arguments import former_argument
from kerasgen.passes.former_names import called, former_word
from kerasgen.passes.reach import check_reach, check_source_reach
from kerasgen.passes.restated_arguments import Written
from kerasgen.passes.unknown_names import (
    ANY_OBJECT,
    missing_arguments,
    report_missing_argument,
    report_unknown_argument,
    report_unknown_class,
)
from kerasgen.passes.values import check_kind, titled, unquoted
from kerasgen.passes.wire import ENTRY_KINDS, STEP_KINDS
from kerasgen.registry import NOBODY, Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is asked about names, who is told, and what is known to nobody.

    Attributes:
        catalog: the classes that a config may name.
        sink: gets what is wrong with values.
        names: gets what is wrong with names, be it the same sink or another.
        unknown: names that the catalog does not have, as far as they were met: each may be that
            of a part of one's own.
    """

    catalog: Catalog
    sink: Sink
    names: Sink
    unknown: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """How much was reported so far."""
        apart = 0 if self.names is self.sink else len(self.names.diagnostics)
        return len(self.sink.diagnostics) + apart


def check(
    program: Program,
    catalog: Catalog,
    sink: Sink,
    trust: Trust = NOBODY,
    *,
    names: Sink | None = None,
) -> tuple[str, ...]:
    """Checks every object of a program.

    Args:
        program: the program as written.
        catalog: the classes that it may name, data sources included.
        sink: gets every mistake.
        trust: what the command line allows.
        names: gets mistakes in names, and reaches too far, in the place of the sink: what holds
            whatever values a program may have.

    Returns:
        The names that the catalog does not have.
    """
    asked = Inquiry(catalog=catalog, sink=sink, names=names or sink)
    if not program.data.absent:
        _check_source(program.data, NOBODY, asked)
    for entry in program.data.prepare:
        _check_entry(entry, asked, STEP_KINDS)
    for entry in program.data.augment:
        _check_entry(entry, asked)
    _check_model(program.model, asked)
    _check_batch_sizes(program, sink)
    known = asked.faults
    _check_object(program.optimizer, ("optimizer",), asked)
    for phase in program.fit.phases.values():
        if phase.optimizer is not None and asked.faults == known:  # Else it is told again.
            _check_object(phase.optimizer, ("optimizer",), asked)
    _check_objective(program, asked)
    for callback in program.fit.callbacks.values():
        _check_object(callback, ("callback",), asked)
        _check_average(callback, program.phases[0].program.optimizer, sink)
    check_reach(program, catalog, asked.names, trust)
    return tuple(asked.unknown)


def check_source(
    data: DataDef, catalog: Catalog, sink: Sink, trust: Trust = NOBODY
) -> tuple[str, ...]:
    """Checks the data source alone, for a run that must open the data before all else.

    Returns:
        The names that the catalog does not have.
    """
    asked = Inquiry(catalog=catalog, sink=sink, names=sink)
    _check_source(data, trust, asked)
    return tuple(asked.unknown)


def _check_source(data: DataDef, trust: Trust, asked: Inquiry) -> None:
    _check_object(data.source, ("source",), asked)
    check_source_reach(data, asked.names, trust)


def _check_average(callback: ObjectDef, optimizer: ObjectDef, sink: Sink) -> None:
    """Reports a callback that swaps weights for averages which the optimizer does not keep."""
    swaps = callback.cls.rpartition(".")[2] == "SwapEMAWeights"
    if swaps and optimizer.arguments.get("use_ema") is not True:
        sink.report(
            "KG206",
            f"`{callback.cls}` takes averages of the weights, and `{optimizer.cls}` keeps none",
            key=f"{callback.path}.class" if not callback.bare else callback.path,
            at="value",
            help="write `optimizer.use_ema=true`, or `use_ema: true` under `optimizer`",
        )


def _check_batch_sizes(program: Program, sink: Sink) -> None:
    """An input that fixes its batch takes the batches of training and no others."""
    sizes = {phase.key("batch_size"): phase.program.fit.batch_size for phase in program.phases}
    for item in program.model.inputs:
        for key, size in sizes.items() if item.batch_size is not None else ():
            if size == item.batch_size:
                continue
            sink.report(
                "KG402",
                f"the input `{item.name}` takes batches of {item.batch_size}, and `{key}` "
                f"is {size}",
                key=f"{item.path}.batch_size",
                help="write the same size: `batch_size: ${fit.batch_size}`",
            )


def _check_model(model: ModelDef, asked: Inquiry) -> None:
    types = asked.catalog.words(("dtype_policy",))
    for item in model.inputs:
        if item.dtype is not None and types and item.dtype not in types:
            asked.names.report(
                "KG205",
                f"`{item.dtype}` is no type of elements",
                key=f"{item.path}.dtype",
                help=did_you_mean(item.dtype, types),
            )
    makers = {
        entry.name: entry.definition for entry in model.entries if entry.definition is not None
    }
    for entry in model.entries:
        _check_entry(entry, asked)
        shared = makers.get(entry.reuses) if entry.reuses is not None else None
        if isinstance(shared, ModelDef):
            _check_model_call(entry, shared, asked.names)
        elif shared is not None:
            found = asked.catalog.find(shared.cls, ENTRY_KINDS)
            if found is not None:
                _check_call(entry, found, asked)


def _check_entry(entry: Entry, asked: Inquiry, kinds: Sequence[Kind] = ENTRY_KINDS) -> None:
    if isinstance(entry.definition, ModelDef):
        _check_model(entry.definition, asked)
        _check_model_call(entry, entry.definition, asked.names)
    elif entry.definition is not None and entry.definition.cls in ("Input", "InputLayer"):
        asked.sink.report(
            "KG307",
            f"`{entry.name}` is an input, expected a layer",
            key=f"{entry.definition.path}.class",
            help="inputs stand under the model's `inputs`, or come from the data",
        )
    elif entry.definition is not None:
        found = _check_object(entry.definition, kinds, asked, entry=entry)
        if found is not None:
            _check_call(entry, found, asked)


def _check_objective(program: Program, asked: Inquiry) -> None:
    compiled = program.compile
    losses = compiled.loss if isinstance(compiled.loss, Mapping) else {"": compiled.loss}
    for name, loss in losses.items():
        _check_loss(loss, "loss", _below("compile.loss", name), asked)
    for group in ("metrics", "weighted_metrics"):
        value = getattr(compiled, group)
        by_output = value if isinstance(value, Mapping) else {"": value or ()}
        for name, metrics in by_output.items():
            for index, metric in enumerate(metrics):
                base = _below(f"compile.{group}", name)
                _check_loss(metric, "metric", _below(base, index), asked)


def _check_loss(value: Loss | None, kind: Kind, path: str, asked: Inquiry) -> None:
    if isinstance(value, ObjectDef):
        _check_object(value, (kind,), asked)
    elif value is not None:
        _check_word(value, kind, (kind,), path, asked)


def _below(path: str, name: str | int) -> str:
    return path if name == "" else f"{path}.{name}"


def _check_object(
    definition: ObjectDef,
    kinds: Sequence[Kind],
    asked: Inquiry,
    *,
    entry: Entry | None = None,
) -> ClassEntry | None:
    """Checks an object and all objects in its arguments; None if its class is not known."""
    found = asked.catalog.find(definition.cls, kinds)
    if found is None:
        if not (definition.bare and definition.cls in asked.catalog.words(kinds)):
            report_unknown_class(definition, kinds, asked.catalog, asked.names)
            asked.unknown.append(definition.cls)
        for name, value in definition.arguments.items():
            _check_value(value, None, f"{definition.path}.{name}", asked)
        return None
    missing = missing_arguments(definition, found)
    meant: set[str | None] = set()
    for name, value in definition.arguments.items():
        path = f"{definition.path}.{name}"
        parameter = found.parameters.get(name)
        if entry is not None and name == "name":
            _refuse_name(entry, path, asked.sink)
        elif parameter is None and not found.open_ended:
            beside = asked.names.beside(definition.path, definition.arguments, name)
            former = former_argument(
                Written(definition=definition, found=found, name=name, beside=beside)
            )
            meant |= {closest(name, missing)} if former is None else {*former.means}
            report_unknown_argument(definition, found, name, former, asked.names)
        faults = asked.faults
        _check_value(value, parameter, path, asked)
        if asked.faults == faults:
            check_bounds(value, name, found.kind, path, asked.sink)
    for name in missing:
        if name not in meant:
            report_missing_argument(definition, name, asked.names)
    return found


def _refuse_name(entry: Entry, path: str, sink: Sink) -> None:
    sink.report(
        "KG307",
        f"`{entry.name}` has a `name` of its own",
        key=path,
        at="key",
        help="an entry's key is the name of its layer: rename the key",
    )


def _check_model_call(entry: Entry, model: ModelDef, sink: Sink) -> None:
    """Checks the names under `from: {…}` and `with` where a nested model is called."""
    inputs = [item.name for item in model.inputs] or [INPUT]
    named: Mapping[str, Operand] = entry.takes if isinstance(entry.takes, Mapping) else {}
    for part, names, options in (
        ("from", named, inputs),
        ("with", entry.call_arguments, ("training", "mask")),
    ):
        for name in names:
            if name not in options:
                what = "input" if part == "from" else "call argument"
                sink.report(
                    "KG202",
                    f"the model `{entry.reuses or entry.name}` has no {what} `{name}`",
                    key=f"{entry.path}.{part}.{name}",
                    at="key",
                    help=did_you_mean(name, options),
                )
    if named and all(name in inputs for name in named):
        for name in inputs:
            if name not in named:
                sink.report(
                    "KG203",
                    f"the model `{entry.reuses or entry.name}` is given no `{name}`",
                    key=f"{entry.path}.from",
                    help=f"name its tensor: `from: {{{name}: …}}`",
                )


def _check_call(entry: Entry, found: ClassEntry, asked: Inquiry) -> None:
    """Checks the names under `from: {…}` and `with`, and that an op gets all its tensors."""
    named: Mapping[str, Operand] = entry.takes if isinstance(entry.takes, Mapping) else {}
    options = [name for name, parameter in found.call.items() if not parameter.variadic]
    for part, names in (("from", named), ("with", entry.call_arguments)):
        for name in names:
            if name not in found.call and not found.open_ended:
                asked.names.report(
                    "KG202",
                    f"the call of `{found.name}` has no argument `{name}`",
                    key=f"{entry.path}.{part}.{name}",
                    at="key",
                    help=did_you_mean(name, options, listed=12),
                )
    for name, value in entry.call_arguments.items():
        _check_value(value, found.call.get(name), f"{entry.path}.with.{name}", asked)
    needed = [name for name, p in found.call.items() if p.required]
    given = set(named) | set(entry.call_arguments)
    if not named:
        count = len(entry.takes) if isinstance(entry.takes, tuple) and len(needed) > 1 else 1
        given |= set([name for name in found.call if name not in given][:count])
    unknown = [name for name in named if name not in found.call]
    for name in needed:
        # A tensor under a wrong name was meant for one of the names that are missing.
        if name not in given and not unknown:
            asked.names.report(
                "KG203",
                f"the call of `{found.name}` has no `{name}`",
                key=f"{entry.path}.from",
                at="value",
                help=f"name its tensors: `from: {{{', '.join(f'{key}: …' for key in needed)}}}`",
            )


def _check_value(
    value: Value,
    parameter: Parameter | None,
    path: str,
    asked: Inquiry,
) -> None:
    kinds: tuple[Kind, ...] = parameter.kinds if parameter is not None else ()
    if isinstance(value, ObjectDef):
        found = _check_object(value, kinds or ANY_OBJECT, asked)
        if found is not None and found.kind == "op" and value.arguments:
            asked.names.report(
                "KG202",
                f"`{value.cls}` is taken as a function, which has no arguments of its own",
                key=value.path,
                help="leave them out, or make the op an entry",
            )
    elif isinstance(value, ModelDef) and (not kinds or "layer" in kinds):
        _check_model(value, asked)
    elif isinstance(value, str) and kinds and parameter is not None:
        _check_word(value, parameter.name, kinds, path, asked)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            inner = parameter if isinstance(item, ObjectDef) else None
            _check_value(item, inner, f"{path}.{index}", asked)
    elif isinstance(value, Mapping):
        inner = parameter if parameter is not None and parameter.value == "mapping" else None
        for key, item in value.items():
            _check_value(item, inner, f"{path}.{key}", asked)
    if parameter is not None:
        check_kind(value, parameter, path, asked.sink)


def _check_word(word: str, name: str, kinds: Sequence[Kind], path: str, asked: Inquiry) -> None:
    """Checks the text that the argument `name` holds in place of an object of some kinds."""
    found = asked.catalog.find(word, kinds)
    if found is not None and found.kind != "activation":
        _check_object(ObjectDef(cls=word, path=path, bare=True), kinds, asked)
        return
    options = [*asked.catalog.words(kinds), *asked.catalog.names(kinds)]
    if word in options or (kinds == ("dtype_policy",) and "_from_" in word):
        return
    if kinds == ("schedule",):
        asked.sink.report(
            "KG204",
            f'`{name}` is the string "{word}", expected a number or a schedule',
            key=path,
            help=unquoted(word, name) or did_you_mean(word, options),
        )
        return
    asked.unknown.append(word)
    asked.names.report(
        "KG205",
        f"`{word}` is not {titled(kinds[0])} of Keras",
        key=path,
        help=former_word(word, kinds[0])
        or called(word, kinds, asked.catalog)
        or _without_module(word, options)
        or did_you_mean(word, options),
    )


def _without_module(word: str, options: Sequence[str]) -> str | None:
    last = word.rpartition(".")[2]
    if last == word or last not in options:
        return None
    return Suggestion(f"write `{last}`, without a module", last)
