"""Steps 4 to 8 of a script, its options and its `main`.

This room owns how a model is compiled, measured and saved in a script, with the calls that
`engines.keras3.training` makes, and what can be chosen on its command line. How it is fitted stands
in `fitting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kerasgen.catalog.entries import Catalog, Kind
from kerasgen.emit.script.code import (
    Code,
    Item,
    Names,
    call,
    function,
    listed,
    literal,
    mapped,
    statement,
    string,
)
from kerasgen.emit.script.objects import found_entry, object_code, word_code
from kerasgen.emit.script.sources import PathOption
from kerasgen.ir.program import CompileDef, Phase, Program
from kerasgen.ir.training import Augmentation
from kerasgen.passes.callback_files import paths_of
from kerasgen.passes.freezing import TrainedPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingContext:
    """What the training functions depend on.

    Attributes:
        program: the program as written.
        objective: loss and metrics, settled for every output.
        catalog: where class names are found.
        augmentation: what becomes of each batch of the training part, or None.
        paths: the files of the data.
        deep: number of calls of a model so deep that Python's limit must be raised, else 0.
        phases: what is trained, one after the other.
        inner: the models inside the model, `outer.inner` for one in another.
        phase: the phase that the program is, None for the whole.
    """

    program: Program
    objective: CompileDef
    catalog: Catalog
    augmentation: Augmentation | None
    paths: tuple[PathOption, ...]
    deep: int
    phases: tuple[TrainedPhase, ...]
    inner: tuple[str, ...] = ()
    phase: Phase | None = None

    @property
    def learning_rate(self) -> float | None:
        """The learning rate where it is a number and the only one, else None."""
        if self.phase is not None or self.program.fit.phases:
            return None
        optimizer = self.program.optimizer
        entry = found_entry(optimizer, ("optimizer",), self.catalog)
        known = entry.parameters.get("learning_rate") if entry is not None else None
        if known is None:
            return None
        value = optimizer.arguments.get("learning_rate", known.default)
        return float(value) if type(value) in (int, float) else None

    @property
    def writes(self) -> bool:
        """Whether the script writes below its out folder."""
        tracking = self.program.tracking
        placed = any(
            paths_of(callback, self.catalog) for callback in self.program.fit.callbacks.values()
        )
        return tracking.model or tracking.tensorboard is not None or placed


def options_function(context: TrainingContext) -> str:
    """Writes `parse_arguments()`."""
    program, fit = context.program, context.program.fit
    lines = statement(
        "parser = ", call("argparse.ArgumentParser", named={"description": "__doc__"})
    )

    def option(name: str, help_text: str, **named: Code) -> None:
        asked = call("parser.add_argument", string(f"--{name}"), named=named)
        asked = replace(asked, items=(*asked.items, Item(string(help_text), "help=")))
        lines.extend(statement("", asked))

    for path in context.paths:
        if path.default is None:
            option(path.option, "file or folder of the data", required="True")
        else:
            option(path.option, "file or folder of the data", default=string(path.default))
    if not fit.phases:
        option("epochs", "passes over the training part", type="int", default=str(fit.epochs))
    option("batch-size", "samples in one step", type="int", default=str(fit.batch_size))
    if context.learning_rate is not None:
        rate = repr(context.learning_rate)
        option("learning-rate", "learning rate of the optimizer", type="float", default=rate)
    option("seed", "seed of every random generator", type="int", default=str(program.seed))
    backends = literal(["jax", "tensorflow", "torch"])
    option("backend", "engine of Keras", choices=backends, default=string(program.backend.backend))
    if context.writes:
        option("out", "folder for what is saved", type="Path", default='Path("trained")')
    option("history", "file for the history, as JSON", type="Path")
    lines.append("    return parser.parse_args()")
    return function("parse_arguments()", "Reads the command line.", lines)


def set_up_function(context: TrainingContext) -> str:
    """Writes `set_up()`: what keras.json would say, whatever the user's own says."""
    settings = context.program.backend
    lines = [
        f"    keras.config.set_floatx({string(settings.floatx)})",
        f"    keras.config.set_epsilon({float(settings.epsilon)!r})",
        f"    keras.config.set_image_data_format({string(settings.image_data_format)})",
    ]
    if settings.floatx != "float32":
        lines.append(f"    keras.config.set_dtype_policy({string(settings.floatx)})")
    if settings.deterministic:
        lines += _deterministic()
    if context.deep:
        limit = 1000 + 4 * context.deep
        lines += [
            "    # Keras walks the graph of a deep model by recursion.",
            f"    sys.setrecursionlimit(max(sys.getrecursionlimit(), {limit}))",
        ]
    return function("set_up()", "Puts the settings of Keras in force.", lines)


def compile_functions(context: TrainingContext) -> list[str]:
    """Writes `compile_model(model)`, with the learning rate where that is a number.

    Of a training in phases each has such a function of its own.
    """
    if not context.program.fit.phases:
        return [_compile_function(context, "compile_model")]
    return [
        _compile_function(replace(context, program=phase.program, phase=phase), title)
        for phase, title in zip(context.program.phases, phase_titles(context), strict=True)
    ]


def phase_titles(context: TrainingContext) -> list[str]:
    """The names of the functions that compile the model for a phase."""
    names = Names(taken=set())
    return [names.give(f"compile_{name.replace('-', '_')}") for name in context.program.fit.phases]


def _compile_function(context: TrainingContext, title: str) -> str:
    catalog, objective = context.catalog, context.objective
    rate = context.learning_rate
    optimizer = object_code(
        context.program.optimizer,
        ("optimizer",),
        catalog,
        replaced=None if rate is None else {"learning_rate": "learning_rate"},
    )
    named: dict[str, Code] = {
        "optimizer": "optimizer",
        "loss": _objective(objective.loss, "loss", catalog),
    }
    if objective.metrics:
        named["metrics"] = _objective(objective.metrics, "metric", catalog)
    if objective.weighted_metrics:
        named["weighted_metrics"] = _objective(objective.weighted_metrics, "metric", catalog)
    if objective.loss_weights:
        named["loss_weights"] = literal(objective.loss_weights)
    if objective.jit_compile != "auto":
        named["jit_compile"] = repr(objective.jit_compile)
    if objective.steps_per_execution != 1:
        named["steps_per_execution"] = str(objective.steps_per_execution)
    lines = statement("optimizer = ", optimizer)
    lines += statement("", call("model.compile", named=named))
    parameters = "model" if rate is None else "model, learning_rate"
    return function(f"{title}({parameters})", "Sets optimizer, loss and metrics.", lines)


def save_function() -> str:
    """Writes `save_and_reload(model, part, batch_size, path)`."""
    lines = [
        "    model.save(path)",
        "    reloaded = keras.models.load_model(path)",
        "    before = predict(model, part, batch_size)",
        "    after = predict(reloaded, part, batch_size)",
        "    pairs = zip(keras.tree.flatten(before), keras.tree.flatten(after), strict=True)",
        "    difference = max(largest_difference(*pair) for pair in pairs)",
        "    if difference > 1e-5:",
        '        raise ValueError(f"the reloaded model differs by {difference:.3g}")',
        "    return difference",
    ]
    text = "Saves the model, loads the file, and compares what both predict."
    return function("save_and_reload(model, part, batch_size, path)", text, lines)


def main_function(context: TrainingContext) -> str:
    """Writes `main()`: the steps in their order."""
    program = context.program
    given = program.data.split.takes_given
    paths = ", ".join(f"arguments.{path.option.replace('-', '_')}" for path in context.paths)
    lines = ["    arguments = parse_arguments()", "    set_up()"]
    if context.writes:
        lines.append("    arguments.out.mkdir(parents=True, exist_ok=True)")
    if given:
        lines.append(f"    columns, given = load_data({paths})")
        lines.append("    parts = preprocess(columns, given, arguments.seed)")
    else:
        lines.append(f"    parts = preprocess(load_data({paths}), arguments.seed)")
    rate = "" if context.learning_rate is None else ", arguments.learning_rate"
    steps = [
        *_building(context),
        "    model.summary()",
        *_freezing(context),
        *([] if program.fit.phases else [f"    compile_model(model{rate})"]),
        "    history = train(model, parts, arguments)",
        *_after_training(context),
    ]
    device = program.backend.device
    if device is not None:
        if program.backend.backend == "torch" and device.lower() == "cpu:0":
            device = "cpu"  # PyTorch takes the two for different devices.
        lines.append(f"    with keras.device({string(device)}):")
        steps = [f"    {line}" for line in steps]
    lines += steps
    return function("main()", "Trains the model, from its data to its file.", lines)


def _building(context: TrainingContext) -> list[str]:
    """The lines that make the model with its first weights."""
    building = "model = build_model(arguments.seed)"
    if context.program.backend.initial_weights != "portable":
        return [f"    {building}"]
    inner = [literal(list(context.inner))] if context.inner else []
    drawing = call("draw_portable_weights", "model", "arguments.seed", "noted", *inner)
    return [
        "    with noted_initializers() as noted:",
        f"        {building}",
        *statement("", drawing),
    ]


def _freezing(context: TrainingContext) -> list[str]:
    """The line that freezes layers before a training without phases."""
    (first, *_), several = context.phases, bool(context.program.fit.phases)
    if several or first.layers is None:
        return []
    return statement("", call("train_only", "model", literal(list(first.layers))))


def _after_training(context: TrainingContext) -> list[str]:
    program = context.program
    lines = [
        "    if arguments.history is not None:",
        "        figures = {",
        '            name: np.asarray(values, dtype="float64").tolist()',
        "            for name, values in history.items()",
        "        }",
        '        arguments.history.write_text(json.dumps(figures, indent=2), encoding="utf-8")',
    ]
    part = "training"
    lines += [
        "    for name, samples in parts.items():",
        '        print(f"{name}:", evaluate(model, samples, arguments.batch_size))',
    ]
    if "test" in program.data.split.parts:
        part = "test"
        lines += [
            '    predicted = predict(model, parts["test"], arguments.batch_size)',
            "    shapes = [values.shape for values in keras.tree.flatten(predicted)]",
            '    print("predictions:", *shapes)',
        ]
    if program.tracking.model:
        saved = call(
            "save_and_reload",
            "model",
            f'parts["{part}"]',
            "arguments.batch_size",
            "path",
        )
        lines += [
            '    path = arguments.out / "model.keras"',
            *statement("difference = ", saved),
            '    print(f"{path}, reloaded: largest difference {difference:.3g}")',
        ]
    return lines


def _deterministic() -> list[str]:
    return [
        '    if keras.config.backend() == "tensorflow":',
        "        import tensorflow",
        "",
        "        tensorflow.config.experimental.enable_op_determinism()",
        '    elif keras.config.backend() == "torch":',
        "        import torch",
        "",
        "        torch.use_deterministic_algorithms(True)",
    ]


def _objective(value: Any, kind: Kind, catalog: Catalog) -> Code:
    if isinstance(value, Mapping):
        return mapped({key: _objective(item, kind, catalog) for key, item in value.items()})
    if isinstance(value, tuple):
        return listed(_objective(item, kind, catalog) for item in value)
    return word_code(value, kind, catalog)
