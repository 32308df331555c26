"""The pass that holds the model against the data, at its outputs.

It owns what each output must look like for its target. What comes in stands in `input_specs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.ir.data import DataDef
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import TensorRef
from kerasgen.ir.values import ObjectDef, Shape, TensorSpec
from kerasgen.ir.walks import output_refs
from kerasgen.passes.input_specs import check_input_names, fact_notes
from kerasgen.passes.label_form import LABELLED, Coding, LabelForm, label_form
from kerasgen.passes.shapes import Specs, compatible, shown_shape


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """One output of a model beside what it is trained on.

    Attributes:
        name: the output's name, as `compile` knows it.
        tensor: the tensor that comes out.
        spec: its shape and type.
        task: as in `DataDef`; empty without data.
        target: the target's shape and type, None where it is not known.
        classes: number of classes, None where that is not known or does not apply.
        path: key path of the entry that makes it.
        encoded: whether its class indices are handed to losses and metrics as one-hot rows.
    """

    name: str
    tensor: TensorRef
    spec: TensorSpec
    task: str
    target: TensorSpec | None
    classes: int | None
    path: str
    encoded: bool = False

    @property
    def labels(self) -> LabelForm:
        """What its target is."""
        return label_form(
            self.task, self.spec.shape, None if self.target is None else self.target.shape
        )

    @property
    def fed(self) -> Coding:
        """The form in which losses and metrics get its target."""
        return "one_hot" if self.encoded else self.labels.coding


def describe_outputs(
    graph: ModelGraph,
    specs: Specs,
    data: DataDef,
    inputs: Mapping[str, TensorSpec],
    targets: Mapping[str, Shape | None],
    sink: Sink,
) -> tuple[OutputSpec, ...]:
    """Puts each output of the model beside its target, and reports those that do not fit.

    Args:
        graph: the model.
        specs: the specs of its tensors.
        data: the data.
        inputs: the specs of its inputs, the target of an autoencoder.
        targets: output name to the shape of its target's rows after `data.prepare`.
        sink: gets every mistake.

    Returns:
        The outputs in order; empty if they cannot be matched with targets.
    """
    named = output_names(graph)
    columns = dict(data.target) or {"": ""}
    if not _check_targets(named, columns, data, sink):
        return ()
    paths = {call.name: call.path for call in graph.calls}
    described = []
    for name, reference in named.items():
        key = name if name in columns else ""
        task = data.task.get(key, "")
        output = OutputSpec(
            name=name,
            tensor=reference,
            spec=specs[reference.name][reference.index or 0],
            task=task,
            target=_target_spec(name, key, data, inputs, targets),
            classes=_classes(key or name, data) if task in LABELLED else None,
            path=paths.get(reference.name, graph.path),
        )
        _check_output(output, data, _scores_argument(reference, graph), sink)
        described.append(output)
    return tuple(described)


def check_end_names(graph: ModelGraph, data: DataDef, sink: Sink) -> None:
    """Holds the names of a model's inputs and outputs against the data's; no shapes are needed.

    Args:
        graph: the model.
        data: the data.
        sink: gets every mistake, in the words of `infer_inputs` and `describe_outputs`.
    """
    check_input_names(graph.inputs, data, sink)
    _check_targets(output_names(graph), dict(data.target) or {"": ""}, data, sink)


def fed_target(output: OutputSpec) -> TensorSpec | None:
    """An output's target as training passes it: in the rank of the output where that ends in 1.

    `F1Score` and others take no labels of shape `(batch,)` beside scores of `(batch, 1)`.
    """
    target, shape = output.target, output.spec.shape
    if output.encoded:
        return output.spec
    if target is not None and shape[-1] == 1 and len(target.shape) == len(shape) - 1:
        return replace(target, shape=(*target.shape, 1))
    return target


def output_names(graph: ModelGraph) -> dict[str, TensorRef]:
    """The names by which `compile` knows the outputs of a model, in order."""
    if isinstance(graph.outputs, Mapping):
        return dict(graph.outputs)
    makers = {call.name: call.layer for call in graph.calls}
    return {makers.get(ref.name, ref.name): ref for ref in output_refs(graph.outputs)}


def _check_targets(
    named: Mapping[str, TensorRef], targets: Mapping[str, str], data: DataDef, sink: Sink
) -> bool:
    """Whether each output has its target and each target its output."""
    if data.absent:
        return True
    if len(named) == 1 and "" in targets:
        return True
    for name in targets:
        if name not in named:
            given = ", ".join(f"`{output}`" for output in named)
            sink.report(
                "KG403",
                f"the target `{name or next(iter(data.target.values()), '')}` has no output "
                f"of that name: the model gives {given}",
                key=f"data.target.{name}" if name else "data.target",
                help=did_you_mean(name, named),
            )
    for name, reference in named.items():
        if name not in targets:
            sink.report(
                "KG403",
                f"the output `{name}` has no target",
                key=reference.path,
                help=f"name its column: `data.target.{name}`",
            )
    return all(name in targets for name in named) and len(targets) == len(named)


def _target_spec(
    name: str,
    key: str,
    data: DataDef,
    inputs: Mapping[str, TensorSpec],
    targets: Mapping[str, Shape | None],
) -> TensorSpec | None:
    """What the output `name` is trained on, None where that is not known.

    `key` is its name among the data's targets, empty where the only target has none.
    """
    if data.absent:
        return None
    if data.task.get(key, "") == "autoencoding":
        return next(iter(inputs.values())) if len(inputs) == 1 else inputs.get(name)
    shape = targets.get(key, ())
    return None if shape is None else TensorSpec(shape=(None, *shape))


def _classes(name: str, data: DataDef) -> int | None:
    """Number of classes that the facts tell for an output."""
    classes = data.facts.get("classes")
    if isinstance(classes, Mapping):
        classes = classes.get(name)
    return classes if isinstance(classes, int) else None


def _scores_argument(reference: TensorRef, graph: ModelGraph) -> str:
    """The argument of an output's layer that says how many scores it gives."""
    layers = {call.name: call.layer for call in graph.calls}
    definition = (
        graph.layers[layers[reference.name]].definition if reference.name in layers else None
    )
    written = definition.arguments if isinstance(definition, ObjectDef) else {}
    return next((name for name in ("units", "filters") if name in written), "units")


def _check_output(output: OutputSpec, data: DataDef, argument: str, sink: Sink) -> None:
    shape = output.spec.shape
    if output.task == "autoencoding":
        if output.target is not None and not compatible(shape, output.target.shape):
            sink.report(
                "KG403",
                f"the output `{output.name}` has shape {shown_shape(shape)}, and an autoencoder "
                f"must give back its input's {shown_shape(output.target.shape)}",
                key=output.path,
                at="key",
            )
        return
    if output.task in ("regression", "forecasting"):
        fed = fed_target(output)
        if fed is not None and len(fed.shape) == len(shape) and not compatible(shape, fed.shape):
            sink.report(
                "KG403",
                f"the output `{output.name}` has shape {shown_shape(shape)}, and its target "
                f"{shown_shape(fed.shape)}",
                key=output.path,
                at="key",
            )
        return
    if output.labels.coding != "amounts":
        _check_labelled(output, data, argument, sink)


def _check_labelled(output: OutputSpec, data: DataDef, argument: str, sink: Sink) -> None:
    """Holds the scores of an output against its labels: their places, and their classes."""
    shape, form = output.spec.shape, output.labels
    if output.classes is not None and not _fits_classes(shape[-1], output):
        wanted = f"{output.classes}" + (" (or 1 with a sigmoid)" if output.classes == 2 else "")
        several = output.task == "multilabel"
        flags = form.coding == "one_hot" and form.fits
        sink.report(
            "KG403",
            f"the output `{output.name}` gives {shape[-1]} scores, and the target has "
            f"{output.classes} {'labels' if several else 'classes'}: expected "
            f"{output.classes if several else wanted}",
            key=f"{output.path}.{argument}",
            help="if each row has several labels, a 0 or 1 for each, write `data.task: multilabel`"
            if flags
            else f"write `{argument}: ${{data.classes}}`",
            notes=fact_notes("classes", output.name, data, sink),
        )
    elif form.places and (output.target is None or len(output.target.shape) == 1):
        sink.report(
            "KG403",
            f"the output `{output.name}` has shape {shown_shape(shape)}, and the target is one "
            f"label a sample",
            key=output.path,
            at="key",
            help="flatten or pool before the last layer; where the target has a label at each "
            f"place, write `data.facts.target_shape: {list(shape[1:-1])}`",
        )
    elif not form.fits:
        assert output.target is not None
        sink.report(
            "KG403",
            f"the output `{output.name}` has shape {shown_shape(shape)}, and its target "
            f"{shown_shape(output.target.shape)}",
            key=output.path,
            at="key",
            help=_fitting(output),
        )


def _fitting(output: OutputSpec) -> str:
    """What an output must look like for a target of several numbers a row."""
    assert output.target is not None
    target = output.target.shape[1:]
    places = list(target[:-1] if target[-1:] == (1,) else target)
    classes = "classes" if output.classes is None else str(output.classes)
    if output.task == "multilabel":
        return f"labels of this shape want an output of shape {list(target)}"
    shape = ", ".join(str(size) for size in (*places, classes))
    one = ", ".join(str(size) for size in (*places, 1))
    return f"class indices of this shape want scores of shape [{shape}], or [{one}] with a sigmoid"


def _fits_classes(scores: int | None, output: OutputSpec) -> bool:
    if scores == 1 and output.task == "classification":
        return output.classes == 2
    return scores is None or scores == output.classes
