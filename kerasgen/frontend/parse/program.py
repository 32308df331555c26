"""Parsing of a whole experiment: a resolved config becomes a `Program`.

This room owns the top-level groups and their keys. Objects and models are parsed next door; what
classes exist and whether the parts fit together is asked later.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Literal, TypeVar

from kerasgen.diagnostics import Sink, as_yaml, describe
from kerasgen.frontend.compose.shortened_keys import whole_key
from kerasgen.frontend.entry_names import named_entries
from kerasgen.frontend.expand.expressions import unescaped
from kerasgen.frontend.grammar import GROUPS, SECTIONS, join
from kerasgen.frontend.parse.backend import parse_backend
from kerasgen.frontend.parse.checkpoint import parse_checkpoint
from kerasgen.frontend.parse.data import parse_data
from kerasgen.frontend.parse.lint import parse_lint
from kerasgen.frontend.parse.model import parse_model, parse_object
from kerasgen.frontend.parse.phases import parse_patterns, parse_phases
from kerasgen.frontend.parse.tracking import parse_tracking
from kerasgen.frontend.parse.weights import parse_class_weight, with_weights_of_data
from kerasgen.frontend.sections import (
    check_value,
    former_of,
    read_record,
    report_no_group,
    report_unknown_key,
)
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import InputDef, ModelDef, TensorRef
from kerasgen.ir.program import BackendDef, CompileDef, FitDef, Loss, Program
from kerasgen.ir.values import ObjectDef, Tree

Section = TypeVar("Section")

MAXIMUM_SEED = 2**32 - 1
"""NumPy's generator takes no larger one."""

_NAMING_CODE = ("trust", "trusted", "_target_", "modules", "imports", "plugins")
"""Keys by which a config might try to have code run."""


def check_sections(config: Mapping[str, Tree], sink: Sink) -> None:
    """Checks which sections a resolved config has, before one of them is read.

    Args:
        config: plain data, as `composition.resolve` gives it.
        sink: gets every mistake.

    Raises:
        CompileError: a section is missing or unknown.
    """
    for key in config:
        if key not in (*SECTIONS, "experiment"):
            _report_key(str(key), config, sink)
    _report_recipe(config.get("experiment"), sink)
    for key in GROUPS:
        if key not in config:
            report_no_group(key, sink)
    sink.stop_on_errors()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FirstGroups:
    """The groups that are read alone where the data must be opened before all else is known.

    Attributes:
        backend: the engine's settings.
        data: what to train on.
    """

    backend: BackendDef
    data: DataDef


def parse_program(
    config: Mapping[str, Tree],
    sink: Sink,
    *,
    name: str | None = None,
    first: FirstGroups | None = None,
) -> Program:
    """Parses a config that has all its sections, as `check_sections` sees to it.

    Args:
        config: plain data, its model expanded and its selectors applied, as `select_config` gives
            it; the model is None where that is refused already.
        sink: gets every mistake, and knows where the selected config was written.
        name: name of the experiment where the config gives none.
        first: the groups that were read already, None for none.

    Returns:
        The program.

    Raises:
        CompileError: something in it has the wrong form.
    """
    refused = config["model"] is None and bool(sink.errors)
    seed = _parse_seed(config.get("seed", 0), sink)
    check_value(config.get("name"), str | None, "name", sink)
    title = str(config.get("name") or name or "model")
    optimizer = parse_object(config["optimizer"], "optimizer", sink)
    backend = parse_backend(config["backend"], sink) if first is None else first.backend
    data = parse_data(config["data"], sink) if first is None else first.data
    model = None
    if not refused:
        section = unescaped(config["model"])
        model = parse_model(section, "model", sink, name=_keras_name(title))
    compiled = _parse_compile(config["compile"], model, sink)
    fit = _parse_fit(config["fit"], None if optimizer is None else config["optimizer"], sink)
    tracking = parse_tracking(config["tracking"], sink)
    lint = parse_lint(config.get("lint"), "lint", sink)
    sink.stop_on_errors()
    fit = with_weights_of_data(_read(fit), _read(data), sink)
    sink.stop_on_errors()
    model, data = _joined(_read(model), _read(data), sink)
    return Program(
        name=title,
        seed=seed,
        backend=_read(backend),
        data=data,
        model=model,
        optimizer=_read(optimizer),
        compile=_read(compiled),
        fit=fit,
        tracking=_read(tracking),
        lint=lint,
    )


def _read(section: Section | None) -> Section:
    """A section that was read: one that was refused was reported, and has ended the stage."""
    if section is None:
        raise AssertionError("a section was refused without a diagnostic")
    return section


def _parse_seed(value: Tree, sink: Sink) -> int:
    if not check_value(value, int, "seed", sink) or not isinstance(value, int):
        return 0
    if not 0 <= value <= MAXIMUM_SEED:
        sink.report(
            "KG204", f"`seed` is `{value}`, expected a number from 0 to {MAXIMUM_SEED}", key="seed"
        )
    return value


def _parse_compile(section: Tree, model: ModelDef | None, sink: Sink) -> CompileDef | None:
    outputs = () if model is None else _output_names(model)
    return read_record(
        CompileDef,
        section,
        "compile",
        sink,
        converters={
            "loss": partial(_loss, outputs=outputs),
            "metrics": _metrics,
            "weighted_metrics": _metrics,
            "jit_compile": _jit,
        },
    )


def _parse_fit(section: Tree, optimizer: Tree, sink: Sink) -> FitDef | None:
    return read_record(
        FitDef,
        section,
        "fit",
        sink,
        converters={
            "callbacks": _callbacks,
            "class_weight": parse_class_weight,
            "verbose": _verbose,
            "checkpoint": parse_checkpoint,
            "trainable": parse_patterns,
            "phases": partial(parse_phases, optimizer=optimizer),
        },
    )


def _joined(model: ModelDef, data: DataDef, sink: Sink) -> tuple[ModelDef, DataDef]:
    """Model and data, each with what it takes from the other.

    Raises:
        CompileError: KG620, a model without data declares too little.
    """
    if data.absent:
        data = _fed_by(model, data, sink)
    return _with_inputs(model, data), data


def _report_recipe(recipe: Tree, sink: Sink) -> None:
    """Reports what a recipe has set below its own group, where nothing reads it."""
    if isinstance(recipe, Mapping) and recipe:
        first = next(iter(recipe))
        sink.report(
            "KG107",
            f"the recipe sets `experiment.{first}`: `experiment` has no keys",
            key=f"experiment.{first}",
            help="let its file begin with `# @package _global_`, so that it sets the whole config",
        )


def _report_key(key: str, config: Mapping[str, Tree], sink: Sink) -> None:
    if key in _NAMING_CODE:
        sink.report(
            "KG107",
            f"the config has no key `{key}`: a config names no code that is to be run",
            key=key,
            at="key",
            help="modules are named on the command line: `--trust MODULE`",
        )
        return
    meant = whole_key(key, config)
    if meant is not None and former_of(key, "", config, sink) is None:
        # Not a `Suggestion`: a file has no key with dots that could be written in its place.
        sink.report("KG107", f"the config has no key `{key}`", key=key, at="key", help=str(meant))
        return
    report_unknown_key(key, SECTIONS, "", sink, config)


def _fed_by(model: ModelDef, data: DataDef, sink: Sink) -> DataDef:
    """The data of a model that stands alone: a column for each input that it declares.

    Raises:
        CompileError: KG620, it declares none, or leaves a shape out.
    """
    for item in model.inputs:
        if item.shape is None:
            sink.report(
                "KG620", f"without data the input `{item.name}` needs a shape", key=item.path
            )
    if not model.inputs:
        sink.report(
            "KG620",
            "without data the model needs inputs of its own",
            key="model",
            at="key",
            help="write them in the model, or add them: "
            "`'+model.inputs={input: {shape: [28, 28, 1]}}'`",
        )
    sink.stop_on_errors()
    return dataclasses.replace(data, features={item.name: (item.name,) for item in model.inputs})


def _with_inputs(model: ModelDef, data: DataDef) -> ModelDef:
    """A model that declares no inputs takes the data's; declared ones keep what they say."""
    if model.inputs:
        return model
    inputs = tuple(InputDef(name=name, path=join(data.path, "features")) for name in data.features)
    return dataclasses.replace(model, inputs=inputs)


def _output_names(model: ModelDef) -> tuple[str, ...]:
    """The outputs of a model by name, as far as they are written."""
    if isinstance(model.outputs, TensorRef):
        return (model.outputs.name,)
    if isinstance(model.outputs, tuple):
        return tuple(item.name for item in model.outputs if isinstance(item, TensorRef))
    if isinstance(model.outputs, Mapping):
        return tuple(model.outputs)
    return tuple(entry.name for entry in model.entries[-1:])


def _loss(
    value: Tree, path: str, sink: Sink, *, outputs: tuple[str, ...]
) -> Loss | Mapping[str, Loss] | None:
    if isinstance(value, Mapping) and "class" not in value:
        found = {str(key): _one_loss(v, join(path, key), sink) for key, v in value.items()}
        return {key: loss for key, loss in found.items() if loss is not None}
    if isinstance(value, list):
        sink.report(
            "KG204",
            f"`{path}` is a list, expected one loss or a mapping",
            key=path,
            help=_named_losses(value, outputs),
        )
        return None
    return None if value is None else _one_loss(value, path, sink)


def _named_losses(value: list[Tree], outputs: tuple[str, ...]) -> str:
    """How a list of losses is written, as Keras takes it: one for each output, in order."""
    if len(value) == 1:
        return f"write `loss: {as_yaml(value[0])}`"
    if outputs and len(outputs) == len(value):
        named = as_yaml(dict(zip(outputs, value, strict=True)))
        return f"name the output of each: write `loss: {named}`"
    return f"name the outputs: `loss: {{{', '.join(f'{name}: …' for name in outputs)}}}`"


def _one_loss(value: Tree, path: str, sink: Sink) -> Loss | None:
    return value if isinstance(value, str) else parse_object(value, path, sink)


def _metrics(
    value: Tree, path: str, sink: Sink
) -> Mapping[str, tuple[Loss, ...]] | tuple[Loss, ...] | None:
    if isinstance(value, Mapping) and "class" not in value:
        return {str(key): _metric_list(item, join(path, key), sink) for key, item in value.items()}
    return None if value is None else _metric_list(value, path, sink)


def _metric_list(value: Tree, path: str, sink: Sink) -> tuple[Loss, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        found = _one_loss(value, path, sink)
        return () if found is None else (found,)
    parsed = [_one_loss(item, join(path, index), sink) for index, item in enumerate(value)]
    return tuple(item for item in parsed if item is not None)


def _jit(value: Tree, path: str, sink: Sink) -> Tree:
    if not isinstance(value, bool) and value != "auto":
        sink.report(
            "KG204", f"`jit_compile` is {describe(value)}, expected true, false or `auto`", key=path
        )
    return value


def _callbacks(value: Tree, path: str, sink: Sink) -> dict[str, ObjectDef]:
    if value is None:
        return {}
    if isinstance(value, list):
        # As for a list of layers, the names are those that Keras would give.
        named = {
            name: parse_object(item, at, sink) for name, item, at in named_entries(value, path)
        }
        return {name: callback for name, callback in named.items() if callback is not None}
    if not isinstance(value, Mapping):
        sink.report(
            "KG204",
            f"`callbacks` is {describe(value)}, expected a mapping of names",
            key=path,
            help="write `callbacks: {stop: {class: EarlyStopping}}`",
        )
        return {}
    if "class" in value:
        sink.report(
            "KG204",
            "`callbacks` is one object, expected a mapping of names",
            key=path,
            help="give the callback a name: `callbacks: {stop: {class: …}}`",
        )
        return {}
    found = {str(k): parse_object(item, join(path, k), sink) for k, item in value.items()}
    return {key: callback for key, callback in found.items() if callback is not None}


def _verbose(value: Tree, path: str, sink: Sink) -> int | Literal["auto"]:
    """Reads how much a run says; true and false are the 1 and 0 of Keras."""
    if isinstance(value, bool):
        return int(value)
    fits = check_value(value, Literal["auto"] | int, path, sink)
    return value if fits and isinstance(value, int) else "auto"


def _keras_name(title: str) -> str:
    """A model name that every backend takes: letters and digits of ASCII, `_`."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in title).strip("_") or "model"
