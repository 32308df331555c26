"""The graph of a model laid flat: nested models dissolved, each call with what it takes.

It owns the flattening, and which classes pass values on, disturb them, or have weights. By name,
since Keras has no word for these that could be asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import TensorRef
from kerasgen.ir.values import ObjectDef, TensorSpec, Value
from kerasgen.ir.walks import output_refs, references_in
from kerasgen.passes.shapes import Specs

PASSING = re.compile(
    r"Reshape|Flatten|Permute|RepeatVector|Identity|ActivityRegularization|(Cropping|ZeroPadding)\dD"
    r"|ops\.(reshape|squeeze|expand_dims|transpose|ravel|moveaxis|copy)"
)
"""Classes that hand values on as they are."""

RANGE_KEEPING = re.compile(
    r"Resizing|CenterCrop|UpSampling\dD|(Global)?(Average|Max|Adaptive\w+)Pooling\dD"
    r"|Random(Crop|Flip|Rotation|Translation|Zoom|Shear|Perspective|ElasticTransform|Grayscale)"
    r"|ops\.(flip|roll|pad|tile|repeat|cast|stop_gradient|max_pool|average_pool)"
    r"|ops\.image\.(resize|crop_images|pad_images|affine_transform|rgb_to_grayscale)"
)
"""Classes that move, pick or average values, so that they stay in the range that they had."""

NOISE = re.compile(r"(Alpha|Gaussian|Spatial)?Dropout(\dD)?|GaussianNoise")
"""Classes that disturb values in training and hand them on otherwise."""

WEIGHTED = re.compile(
    r"Dense|EinsumDense|(Depthwise|Separable)?Conv\dD(Transpose)?|LSTM|GRU|SimpleRNN|ConvLSTM\dD"
)
"""Classes that multiply what comes in with trained weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call in the flat graph.

    Attributes:
        name: its name, with the models around it: `tower/conv`.
        cls: the class without its module; ops keep it (`ops.add`).
        definition: the layer or op.
        path: key path of the entry that defined it.
        sources: names of the steps and inputs whose tensors come in.
        arguments: plain arguments of the call.
        spec: shape and type of its first output, channels last; None where not known.
    """

    name: str
    cls: str
    definition: ObjectDef
    path: str
    sources: tuple[str, ...]
    arguments: Mapping[str, Value]
    spec: TensorSpec | None


def passes_on(step: Step) -> bool:
    """Whether a step hands its values on as they are, but for noise."""
    linear = step.cls == "Activation" and step.definition.arguments.get("activation") == "linear"
    return linear or bool(PASSING.fullmatch(step.cls) or NOISE.fullmatch(step.cls))


def keeps_range(step: Step) -> bool:
    """Whether what a step gives lies where what it takes lay."""
    return passes_on(step) or bool(RANGE_KEEPING.fullmatch(step.cls))


@dataclass(slots=True)
class FlatGraph:
    """The flat graph.

    Attributes:
        specs: the specs of all tensors, by their names in the nested models.
        steps: name to step, in the order of the calls.
        takers: name of a step or input to the steps that take its tensors.
    """

    specs: Specs
    steps: dict[str, Step] = field(default_factory=dict)
    takers: dict[str, list[Step]] = field(default_factory=dict)


def lay_flat(
    graph: ModelGraph, prefix: str, spec_prefix: str, names: Mapping[str, str], flat: FlatGraph
) -> dict[tuple[str, int], str]:
    """Lays one model flat; gives each of its tensors the step or input that makes it.

    Args:
        graph: the model.
        prefix: what stands before the names of its steps.
        spec_prefix: what stands before its tensors' names in the specs.
        names: the model's inputs by the steps and inputs that feed them.
        flat: gets the steps.
    """
    givers: dict[tuple[str, int], str] = {(name, 0): source for name, source in names.items()}

    def source(reference: TensorRef) -> str:
        known = givers.get((reference.name, reference.index or 0))
        return prefix + reference.name if known is None else known

    for call in graph.calls:
        references = [*references_in(call.operands), *references_in(call.keyword_operands)]
        sources = tuple(source(reference) for reference in references)
        layer = graph.layers[call.layer]
        name = prefix + call.name
        if isinstance(layer.definition, ModelGraph):
            given = {
                item.name: fed for item, fed in zip(layer.definition.inputs, sources, strict=False)
            }
            inside = f"{spec_prefix}{call.layer}/"
            inner = lay_flat(layer.definition, f"{name}/", inside, given, flat)
            for index, reference in enumerate(output_refs(layer.definition.outputs)):
                found = inner.get((reference.name, reference.index or 0))
                givers[call.name, index] = found or f"{name}/{reference.name}"
            continue
        specs = flat.specs.get(spec_prefix + call.name, ())
        dotted = layer.definition.cls.startswith(("ops.", "applications."))
        step = Step(
            name=name,
            cls=layer.definition.cls if dotted else layer.definition.cls.rpartition(".")[2],
            definition=layer.definition,
            path=layer.path,
            sources=sources,
            arguments=call.arguments,
            spec=specs[0] if specs else None,
        )
        flat.steps[name] = step
        givers |= {(call.name, index): name for index in range(max(1, len(specs)))}
        for origin in dict.fromkeys(sources):
            flat.takers.setdefault(origin, []).append(step)
    return givers
