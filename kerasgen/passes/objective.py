"""The pass that settles the objective: loss and metrics of every output.

It owns what is inferred where the config says nothing, and the mistakes between output, target
and loss that can be seen beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import CompileDef, Loss, loss_name, loss_word
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.ends import OutputSpec

_SPARSE = "sparse_categorical_crossentropy"
_CROSSENTROPIES = {
    "binarycrossentropy",
    "categoricalcrossentropy",
    "sparsecategoricalcrossentropy",
    "bce",
    "cce",
}


def settle_objective(
    compiled: CompileDef, outputs: Sequence[OutputSpec], graph: ModelGraph, sink: Sink
) -> CompileDef:
    """Fills in loss and metrics by output, and checks what was written against the outputs.

    Args:
        compiled: the compile group as written.
        outputs: the model's outputs beside their targets.
        graph: the model, for the activations of its last layers.
        sink: gets every mistake.

    Returns:
        The group with loss and metrics given for every output; with one output they are not
        keyed by its name.
    """
    names = [output.name for output in outputs]
    check_output_names(compiled, names, sink)
    if not any(output.task for output in outputs):
        return compiled  # A model without data has no targets to infer anything from.
    losses: dict[str, Loss] = _by_output(compiled.loss, names)
    metrics: dict[str, tuple[Loss, ...]] = _by_output(compiled.metrics, names)
    settled_losses: dict[str, Loss] = {}
    settled_metrics: dict[str, tuple[Loss, ...]] = {}
    for output in outputs:
        activation = last_activation(output, graph)
        written = losses.get(output.name)
        if written is None and isinstance(compiled.loss, Mapping):
            sink.report(
                "KG203",
                f"the output `{output.name}` has no loss",
                key="compile.loss",
                at="key",
                help=f"write `compile.loss.{output.name}`, or leave `compile.loss` out",
            )
        loss = written or _infer_loss(output, activation, grown=_is_grown(output, graph))
        _check_loss(loss, output, activation, _loss_key(compiled, output), sink)
        settled_losses[output.name] = loss
        settled_metrics[output.name] = (
            metrics[output.name]
            if output.name in metrics
            else (() if compiled.metrics is not None else _infer_metrics(output, graph))
        )
    if len(outputs) == 1:
        name = names[0]
        return replace(compiled, loss=settled_losses[name], metrics=settled_metrics[name])
    return replace(compiled, loss=settled_losses, metrics=settled_metrics)


def check_output_names(compiled: CompileDef, names: Sequence[str], sink: Sink) -> None:
    """Checks the outputs that the compile group names; no shapes are needed.

    Args:
        compiled: the compile group as written.
        names: the names of the model's outputs.
        sink: gets every mistake.
    """
    for key in ("loss", "metrics", "weighted_metrics", "loss_weights"):
        _check_names(getattr(compiled, key), names, f"compile.{key}", sink)


def last_activation(output: OutputSpec, graph: ModelGraph) -> str | None:
    """The activation that an output ends with: its name, `linear` for none, None if not known."""
    layers = {call.name: call.layer for call in graph.calls}
    definition = (
        graph.layers[layers[output.tensor.name]].definition
        if output.tensor.name in layers
        else None
    )
    if not isinstance(definition, ObjectDef):
        return None
    if definition.cls in ("Softmax", "ops.softmax"):
        return "softmax"
    if definition.cls == "ops.sigmoid":
        return "sigmoid"
    activation = definition.arguments.get("activation")
    if isinstance(activation, str):
        return activation
    if activation is None and definition.cls in (
        "Dense",
        "EinsumDense",
        "Conv1D",
        "Conv2D",
        "Conv3D",
    ):
        return "linear"
    return None


def _check_names(value: object, names: Sequence[str], path: str, sink: Sink) -> None:
    if not isinstance(value, Mapping):
        if value and len(names) > 1 and path in ("compile.metrics", "compile.weighted_metrics"):
            sink.report(
                "KG204",
                f"`{path}` is one list, and the model has {len(names)} outputs",
                key=path,
                help=f"name them: `{{{names[0]}: [...], ...}}`",
            )
        return
    for name in value:
        if name not in names:
            sink.report(
                "KG107",
                f"the model has no output `{name}`",
                key=f"{path}.{name}",
                at="key",
                help=did_you_mean(name, names),
            )


def _by_output(value: object, names: Sequence[str]) -> dict[str, Any]:
    if value is None:
        return {}
    return dict(value) if isinstance(value, Mapping) else dict.fromkeys(names, value)


def _loss_key(compiled: CompileDef, output: OutputSpec) -> str:
    by_name = isinstance(compiled.loss, Mapping)
    return f"compile.loss.{output.name}" if by_name else "compile.loss"


def _is_grown(output: OutputSpec, graph: ModelGraph) -> bool:
    """Whether an output is the exponential of what the model computes: it learns logarithms."""
    call = next((call for call in graph.calls if call.name == output.tensor.name), None)
    made = None if call is None else graph.layers[call.layer].definition
    return isinstance(made, ObjectDef) and made.cls == "ops.expm1"


def _infer_loss(output: OutputSpec, activation: str | None, *, grown: bool) -> Loss:
    coding = output.labels.coding
    if coding == "amounts":
        logarithmic = grown and output.task == "regression"
        return "mean_squared_logarithmic_error" if logarithmic else "mean_squared_error"
    name, cls = {
        "binary": ("binary_crossentropy", "BinaryCrossentropy"),
        "multi_hot": ("binary_crossentropy", "BinaryCrossentropy"),
        "one_hot": ("categorical_crossentropy", "CategoricalCrossentropy"),
        "indices": (_SPARSE, "SparseCategoricalCrossentropy"),
    }[coding]
    logits = activation == "linear"
    return ObjectDef(cls=cls, arguments={"from_logits": True}) if logits else name


def _infer_metrics(output: OutputSpec, graph: ModelGraph) -> tuple[Loss, ...]:
    coding = output.labels.coding
    if coding in ("binary", "multi_hot") and last_activation(output, graph) == "linear":
        return (ObjectDef(cls="BinaryAccuracy", arguments={"threshold": 0.0}),)
    if output.task == "forecasting":
        return ("mean_absolute_error", ObjectDef(cls="RootMeanSquaredError"))
    if coding == "amounts":
        return ("mean_absolute_error",) if output.task == "regression" else ()
    return ("binary_accuracy",) if coding == "multi_hot" else ("accuracy",)


def _check_loss(
    loss: Loss, output: OutputSpec, activation: str | None, key: str, sink: Sink
) -> None:
    """Holds a loss that was written against the labels of its output and its last activation."""
    name, word = loss_name(loss), loss_word(loss)
    coding = output.labels.coding
    known = output.target is not None
    if word == "sparsecategoricalcrossentropy" and coding in ("one_hot", "multi_hot"):
        sink.report(
            "KG403",
            f"`{name}` takes class indices, and the target of `{output.name}` is one-hot"
            if coding == "one_hot"
            else f"`{name}` takes class indices, and the target of `{output.name}` holds "
            f"{output.labels.words}",
            key=key,
            help="use `categorical_crossentropy`"
            if coding == "one_hot"
            else "use `binary_crossentropy`",
        )
    if word in ("categoricalcrossentropy", "cce") and known and coding == "multi_hot":
        sink.report(
            "KG403",
            f"`{name}` takes one label of many for right, and the target of `{output.name}` "
            f"holds {output.labels.words}",
            key=key,
            help="use `binary_crossentropy`",
        )
    if word in _CROSSENTROPIES:
        _check_logits(loss, name, output, activation, key, sink)


def _check_logits(
    loss: Loss, name: str, output: OutputSpec, activation: str | None, key: str, sink: Sink
) -> None:
    """Warns where a loss and the last activation disagree about logits."""
    logits = isinstance(loss, ObjectDef) and loss.arguments.get("from_logits") is True
    if logits and activation in ("softmax", "sigmoid"):
        sink.warn(
            "KG701",
            f"`{name}` expects logits, and `{output.name}` ends with `{activation}`",
            key=key,
            help=f"take `from_logits` or `{activation}` out",
        )
    if not logits and activation == "linear":
        sink.warn(
            "KG701",
            f"`{name}` expects probabilities, and `{output.name}` ends without an activation",
            key=key,
            help=f"write `{of_logits(loss)}`, or give the last layer a softmax or sigmoid",
        )


def of_logits(loss: Loss) -> str:
    """What to write so that a cross-entropy takes logits: an argument, or the object of a word."""
    if isinstance(loss, ObjectDef) and not loss.bare:
        return "from_logits: true"
    word = loss_name(loss)
    word = {"bce": "binary_crossentropy"}.get(word.lower(), word)
    cls = "".join(part[:1].upper() + part[1:] for part in word.split("_"))
    return f"{{class: {cls}, from_logits: true}}"
