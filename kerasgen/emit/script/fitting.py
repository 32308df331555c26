"""Step 5 of a script: how the model is fitted, in one go or phase by phase.

This room owns the call of `fit` in a script, what it is fed with, and its callbacks, with the calls
that `engines.keras3.training` makes.
"""

from __future__ import annotations

from dataclasses import replace

from kerasgen.catalog.entries import Catalog
from kerasgen.emit.script.code import (
    Bracketed,
    Code,
    Item,
    call,
    function,
    listed,
    literal,
    statement,
    string,
)
from kerasgen.emit.script.objects import object_code, secret_code
from kerasgen.emit.script.training import TrainingContext, phase_titles
from kerasgen.frontend.compose.resolvers import SECRET_KEYS
from kerasgen.ir.program import FitDef, Program
from kerasgen.ir.training import Augmentation
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.callback_files import paths_of

_SEED = "arguments.seed"


def train_function(context: TrainingContext) -> str:
    """Writes `train(model, parts, arguments)`."""
    fit = context.program.fit
    lines = _sample_lines(context)[0]
    if fit.phases:
        return _train_phases(context, lines)
    lines += statement("feed = ", _feed(context, "arguments.batch_size"))
    lines.append("    # What ran before, such as preprocessing, must not change what is drawn.")
    lines.append(f"    keras.utils.set_random_seed({_SEED})")
    named: dict[str, Code] = {
        "batch_size": "arguments.batch_size",
        "epochs": "arguments.epochs",
    }
    begin = call("keras.callbacks.LambdaCallback", named={"on_epoch_begin": "feed.begin"})
    lines += statement("callbacks = ", listed([begin, *_callbacks(context)]))
    named["callbacks"] = "callbacks"
    if "validation" in context.program.data.split.parts:
        named["validation_data"] = 'parts["validation"]'
    named |= _fit_arguments(fit)
    model_fit = call("model.fit", "feed", named=named)
    if _averages(context.program):
        lines += statement("history = ", replace(model_fit, tail=").history"))
        lines += [
            "    own_memory(model)",
            "    return history",
        ]
    else:
        lines += statement("return ", replace(model_fit, tail=").history"))
    head = "train(model, parts, arguments)"
    return function(head, "Fits the model; gives the figures of every epoch.", lines)


def _train_phases(context: TrainingContext, lines: list[str]) -> str:
    """Writes a `train` that goes through phases; the lines make what its feeds are made of."""
    program = context.program
    lines.append("    # What ran before, such as preprocessing, must not change what is drawn.")
    lines.append(f"    keras.utils.set_random_seed({_SEED})")
    lines += statement("callbacks = ", listed(_callbacks(context)))
    rows = [
        Bracketed(
            "(",
            (
                Item(title),
                Item(repr(one.phase.program.fit.epochs)),
                Item(repr(one.phase.program.fit.batch_size)),
                Item("None" if one.layers is None else literal(list(one.layers))),
            ),
            ")",
        )
        for title, one in zip(phase_titles(context), context.phases, strict=True)
    ]
    lines += statement("phases = ", listed(rows))
    named: dict[str, Code] = {
        "batch_size": "size",
        "epochs": "done + epochs",
        "initial_epoch": "done",
        "callbacks": "[begin, *callbacks]",
    }
    if "validation" in program.data.split.parts:
        named["validation_data"] = 'parts["validation"]'
    named |= _fit_arguments(program.fit)
    lines += [
        "    flags = layer_flags(model)",
        "    history, done = {}, 0",
        "    for compile_phase, epochs, size, names in phases:",
        "        set_flags(flags) if names is None else train_only(model, names)",
        "        compile_phase(model)",
        *statement("feed = ", _feed(context, "size", "(done, 0)"), depth=2),
        "        begin = keras.callbacks.LambdaCallback(on_epoch_begin=feed.begin)",
        *statement("fitted = ", call("model.fit", "feed", named=named), depth=2),
        "        own_memory(model)",
        "        done += len(fitted.epoch)",
        "        for name, values in fitted.history.items():",
        "            history.setdefault(name, []).extend(values)",
        "        for callback in callbacks:",
        "            if isinstance(callback, keras.callbacks.CSVLogger):",
        "                callback.append = True  # It would begin its file anew.",
        "    return history",
    ]
    text = "Fits the model, phase after phase; gives the figures of every epoch."
    return function("train(model, parts, arguments)", text, lines)


def _sample_lines(context: TrainingContext) -> tuple[list[str], str, dict[str, Code]]:
    """The lines that make what a feed is made of, its name there, and further arguments."""
    fit, augmentation = context.program.fit, context.augmentation
    samples, lines = 'parts["training"]', []
    weights = context.program.data.weights
    if weights is not None and weights.sampling is not None:
        balanced = call("balance_classes", samples, string(weights.sampling), _SEED)
        lines += statement("samples = ", balanced)
        samples = "samples"
    mixes = augmentation is not None and augmentation.mixes
    if fit.class_weight:
        lines.append(f"    inputs, targets = {samples}")
        lines += statement("weights = ", call("weights_of_rows", "targets", _weights(fit)))
        samples = "(inputs, targets, weights)"
    if mixes:
        lines += statement("samples = ", call("with_soft_labels", samples))
        samples = "samples"
    named: dict[str, Code] = {}
    if augmentation is not None:
        lines += _augment_lines(augmentation, context)
        named["augment"] = "augment"
    if fit.steps_per_epoch is not None:
        named["steps"] = str(fit.steps_per_epoch)
    return lines, samples, named


def _feed(context: TrainingContext, size: str, start: str | None = None) -> Code:
    """The call that makes `feed`, which gives Keras the batches of each epoch."""
    _, samples, named = _sample_lines(context)
    shuffled: list[Code] = [_SEED] if context.program.fit.shuffle else []
    begin: dict[str, Code] = {} if start is None else {"start": start}
    return call("Feed", samples, size, *shuffled, named={**named, **begin})


def _augment_lines(augmentation: Augmentation, context: TrainingContext) -> list[str]:
    """The lines that make `augment`; its layers compute in full precision, on the CPU."""
    made = []
    for layer, index in augmentation.layers:
        code = object_code(layer, ("layer",), context.catalog)
        made.append(Bracketed("(", (Item(code), Item(str(index))), ")"))
    mixed = context.program.backend.dtype_policy is not None  # of the model alone
    lines = []
    if mixed:
        lines.append("    policy = keras.config.dtype_policy()")
        lines.append("    keras.config.set_dtype_policy(keras.config.floatx())")
    lines.append('    with keras.device("cpu"):')
    lines += statement("drawn = ", listed(made), depth=2)
    if mixed:
        lines.append("    keras.config.set_dtype_policy(policy)")
    masks: dict[str, Code] = {"masks": "True"} if augmentation.masks else {}
    asked = call("Augment", "drawn", _SEED, named=masks)
    return [*lines, *statement("augment = ", asked)]


def _fit_arguments(fit: FitDef) -> dict[str, Code]:
    named: dict[str, Code] = {}
    for name, default in (("steps_per_epoch", None), ("validation_steps", None)):
        if getattr(fit, name) != default:
            named[name] = str(getattr(fit, name))
    if fit.validation_freq != 1:
        named["validation_freq"] = str(fit.validation_freq)
    named["verbose"] = literal(2 if fit.verbose == "auto" else fit.verbose)
    return named


def _weights(fit: FitDef) -> Code:
    """The weights of the classes by their indices."""
    if fit.class_weight == "balanced":
        return call("balanced_weights", "targets")
    return literal(fit.class_weight)


def _averages(program: Program) -> bool:
    """Whether an optimizer keeps averages of the weights, which become the weights at the end."""
    made = [program.optimizer]
    for optimizer in made:
        made += [v for v in optimizer.arguments.values() if isinstance(v, ObjectDef)]
    return any(optimizer.arguments.get("use_ema") is True for optimizer in made)


def _callbacks(context: TrainingContext) -> list[Code]:
    made = [
        object_code(
            callback, ("callback",), context.catalog, replaced=_replaced(callback, context.catalog)
        )
        for callback in context.program.fit.callbacks.values()
    ]
    if context.program.tracking.tensorboard is not None:
        folder = call("str", 'arguments.out / "tensorboard"')
        made.append(call("keras.callbacks.TensorBoard", named={"log_dir": folder}))
    return made


def _replaced(callback: ObjectDef, catalog: Catalog) -> dict[str, Code]:
    """What a script finds out when it runs: its out folder, values of the environment."""
    paths = {
        name: call("str", f"arguments.out / {string(path)}")
        for name, path in paths_of(callback, catalog).items()
    }
    secrets = {
        name: secret_code(value)
        for name, value in callback.arguments.items()
        if name in SECRET_KEYS
    }
    return paths | secrets
