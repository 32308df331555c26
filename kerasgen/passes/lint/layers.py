"""Rules of lint about the model: how its layers stand to each other and to its inputs.

It owns what a chain of layers can certainly not learn, or certainly does not do as it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kerasgen.diagnostics import Sink
from kerasgen.ir.values import ObjectDef, Value
from kerasgen.passes.columns import column_steps, input_steps
from kerasgen.passes.lint.flat_graph import NOISE, WEIGHTED, Step, keeps_range
from kerasgen.passes.lint.view import LintView, advise, written_at

_SQUEEZING = ("softmax", "sigmoid", "hard_sigmoid", "tanh", "hard_tanh")
_RECTIFIED = ("relu", "relu6")
_LEAKING = ("leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "swish")

_WITHOUT_MASK = re.compile(
    r"(Separable|Depthwise)?Conv1D|(Global)?MaxPooling1D|AveragePooling1D|Flatten|Reshape|Permute"
    r"|UpSampling1D|ZeroPadding1D|Cropping1D"
)
"""Layers of sequences that drop a mask (`supports_masking` is False); a test asks Keras."""

_WITH_MASK = re.compile(
    r"(Alpha|Gaussian|Spatial)?Dropout(1D)?|GaussianNoise|Dense|Activation|ReLU|LeakyReLU|ELU|PReLU"
    r"|LayerNormalization|BatchNormalization|Identity|Add|Concatenate"
)
"""Layers that hand a mask on."""

_OWN_SCALING = re.compile(r"applications\.EfficientNetB\d")
"""Factories that scale their input and have no `include_preprocessing` to say so."""

_SAMPLE_AXIS_OPS = re.compile(
    r"ops\.(softmax|log_softmax|mean|sum|max|min|std|var|prod|cumsum|sort|argmax|normalize)"
)


def end_disturbed(view: LintView, sink: Sink) -> None:
    """KG720: noise or a normalization of the batch right before the loss."""
    for end in view.outputs:
        disturbing = list(end.noise)
        if end.last is not None and end.last.cls == "BatchNormalization":
            disturbing.append(end.last)
        if end.last is not None and end.last.cls in ("Softmax", "Activation"):
            below = [view.steps.get(name) for name in end.last.sources]
            disturbing += [step for step in below if step and NOISE.fullmatch(step.cls)]
        for step in disturbing:
            what = "normalizes" if step.cls == "BatchNormalization" else "disturbs"
            advise(
                sink,
                "KG720",
                f"`{step.name}` ({step.cls}) {what} what the loss compares with the targets",
                (step.path, "key"),
                mend=f"put it before the last layer with weights, or take it out: `'~{step.path}'`",
                reason="the loss is taken of scores that the model would not give, and dropped "
                "scores count as wrong ones",
            )


def activation_twice(view: LintView, sink: Sink) -> None:
    """KG721: an activation with no weights between it and the one before it."""
    for step in view.steps.values():
        # Another class that has an `activation` computes something before it, with weights.
        other = step.cls != "Activation" and "activation" in step.definition.arguments
        if other or WEIGHTED.fullmatch(step.cls) or NOISE.fullmatch(step.cls):
            continue
        second = view.activation(step)
        source = view.source(step)
        before = view.steps.get(source) if source is not None else None
        if second in (None, "linear") or before is None or "RNN" in before.cls:
            continue
        first = view.activation(before)
        explicit = "activation" in before.definition.arguments or not WEIGHTED.fullmatch(before.cls)
        undone = first in _RECTIFIED and second in (*_SQUEEZING, *_LEAKING)
        if explicit and (first in _SQUEEZING or undone):
            advise(
                sink,
                "KG721",
                f"`{step.name}` applies `{second}` to what `{before.name}` gives through `{first}`",
                written_at(step, "activation"),
                mend=f"take one of the two out, as with `'~{step.path}'`",
                reason="the second one sees only what the first lets through: scores that cannot "
                "become small, or large",
            )


def softmax_inside(view: LintView, sink: Sink) -> None:
    """KG722: a softmax between layers with weights lets hardly anything through."""
    for step in view.steps.values():
        written = step.definition.arguments.get("activation") == "softmax"
        readers = view.readers(step.name)
        plain = re.fullmatch(r"Dense|Conv\dD", step.cls)
        if written and plain and readers and all(WEIGHTED.fullmatch(r.cls) for r in readers):
            advise(
                sink,
                "KG722",
                f"`{step.name}` ends with `softmax`, and `{readers[0].name}` learns from it",
                written_at(step, "activation"),
                mend="write `activation: relu`; a softmax belongs to the last layer",
                reason="its outputs share a sum of 1, so that hardly any signal or gradient passes",
            )


def linear_chain(view: LintView, sink: Sink) -> None:
    """KG723: two dense layers with nothing between them are one, unless the first is narrow."""
    for step in view.steps.values():
        takers = view.takers.get(step.name, ())
        if step.cls != "Dense" or len(takers) != 1 or takers[0].cls != "Dense":
            continue
        second = takers[0]
        incoming = view.spec(step.sources[0]) if len(step.sources) == 1 else None
        sizes = [spec.shape[-1] for spec in (incoming, step.spec, second.spec) if spec is not None]
        if len(sizes) != 3 or None in sizes or view.activation(step) != "linear":
            continue
        enters, inside, leaves = (size or 0 for size in sizes)
        if inside >= min(enters, leaves):
            advise(
                sink,
                "KG723",
                f"`{step.name}` has no activation, and `{second.name}` follows directly",
                (step.path, "key"),
                mend=f"write `activation: relu` at `{step.name}`",
                reason="two linear layers are one linear layer: the model is no deeper for it",
            )


def dense_on_pixels(view: LintView, sink: Sink) -> None:
    """KG724: Dense works on the last axis alone, which for an image are its color channels."""
    for step in view.steps.values():
        source = view.source(step)
        spec = view.inputs.get(source) if source is not None else None
        if step.cls != "Dense" or spec is None or step.spec is None:
            continue
        image = len(spec.shape) == 4 and spec.shape[-1] in (1, 3) and len(step.spec.shape) == 4
        if image:
            advise(
                sink,
                "KG724",
                f"`{step.name}` (Dense) takes the image `{source}` with shape "
                f"{list(spec.shape[1:])}, and works on its last axis alone",
                (step.path, "key"),
                mend=f"put `flatten: Flatten` above `{step.name}`",
                reason=f"it sees one pixel at a time, {spec.shape[-1]} number"
                f"{'s' if spec.shape[-1] != 1 else ''} wide",
            )


def dead_kernel(view: LintView, sink: Sink) -> None:
    """KG725: a relu of zeros has no gradient."""
    for step in view.steps.values():
        if not re.fullmatch(r"Dense|Conv\dD", step.cls):
            continue
        kernel = step.definition.arguments.get("kernel_initializer")
        bias = step.definition.arguments.get("bias_initializer", "zeros")
        readers = view.takers.get(step.name, ())
        activation = view.activation(step)
        if activation == "linear" and len(readers) == 1:
            activation = view.activation(readers[0])
        if _is_zero(kernel) and _is_zero(bias) and activation in _RECTIFIED:
            advise(
                sink,
                "KG725",
                f"`{step.name}` begins with a kernel of zeros before `{activation}`",
                written_at(step, "kernel_initializer"),
                mend="write `kernel_initializer: he_normal`, or leave it out",
                reason=f"all its outputs are 0, where `{activation}` has no gradient: it never "
                "changes",
            )


def drops_everything(view: LintView, sink: Sink) -> None:
    """KG726: a rate is the share that is dropped, not the share that is kept."""
    for step in view.steps.values():
        names = ("rate",) if NOISE.fullmatch(step.cls) else ("dropout", "recurrent_dropout")
        for name in names:
            rate = step.definition.arguments.get(name)
            if isinstance(rate, int | float) and not isinstance(rate, bool) and rate >= 0.9:
                advise(
                    sink,
                    "KG726",
                    f"`{step.name}` drops `{rate}` of its inputs",
                    written_at(step, name),
                    mend=f"write `{name}: {max(round(1 - rate, 3), 0.0)}` if that share was "
                    "to be kept",
                    reason="Keras's `rate` is the share that is set to 0",
                )


def nothing_to_train(view: LintView, sink: Sink) -> None:
    """KG727: with all weights frozen, training changes nothing."""
    cost = view.cost
    chosen = all(phase.program.fit.trainable is not None for phase in view.program.phases)
    if cost.parameters and not cost.trainable and not chosen:  # Else the patterns are told of.
        model = view.program.model
        whole = model.arguments.get("trainable") is False
        frozen = [
            s for s in view.steps.values() if s.definition.arguments.get("trainable") is False
        ]
        layer = None if whole or not frozen else written_at(frozen[0], "trainable")
        advise(
            sink,
            "KG727",
            f"none of the {cost.parameters:,} weights is trained",
            layer or (f"{model.path}.trainable", "value"),
            mend=f"write `trainable: true`{'' if whole else ' at the layers that are to learn'}",
            reason="the loss is the same in every epoch",
        )


def mask_lost(view: LintView, sink: Sink) -> None:
    """KG728: a layer that knows no mask passes the padding on as data."""
    for step in view.steps.values():
        if step.cls == "Masking" or (
            step.cls == "Embedding" and step.definition.arguments.get("mask_zero") is True
        ):
            for reader in _mask_readers(view, step.name):
                advise(
                    sink,
                    "KG728",
                    f"`{reader.name}` ({reader.cls}) drops the mask of `{step.name}`",
                    (reader.path, "key"),
                    mend=(
                        f"take `mask_zero` out of `{step.name}`, or "
                        if step.cls == "Embedding"
                        else f"take `{step.name}` out, or "
                    )
                    + "use layers that know masks (`LSTM`, `GlobalAveragePooling1D`)",
                    reason="the padding counts as data from there on",
                )


def _mask_readers(view: LintView, name: str) -> Iterator[Step]:
    for taker in view.takers.get(name, ()):
        if _WITHOUT_MASK.fullmatch(taker.cls):
            yield taker
        elif _WITH_MASK.fullmatch(taker.cls):
            yield from _mask_readers(view, taker.name)


def axis_of_samples(view: LintView, sink: Sink) -> None:
    """KG729: along axis 0 the samples of a batch are mixed."""
    layers = ("Softmax", "BatchNormalization", "LayerNormalization", "UnitNormalization")
    for step in view.steps.values():
        axis = step.definition.arguments.get("axis")
        axes = axis if isinstance(axis, tuple) else (axis,)
        known = step.cls in layers or _SAMPLE_AXIS_OPS.fullmatch(step.cls)
        if known and any(item == 0 and type(item) is int for item in axes):
            advise(
                sink,
                "KG729",
                f"`{step.name}` works along axis 0, the samples of a batch",
                written_at(step, "axis"),
                mend="write `axis: -1`; axes count from the batch, which is 0",
                reason="a sample's result depends on which others are in its batch",
            )


def norm_axis(view: LintView, sink: Sink) -> None:
    """KG730: a config is channels last, whatever the model takes."""
    for step in view.steps.values():
        axis = step.definition.arguments.get("axis")
        rank = len(step.spec.shape) if step.spec is not None else 0
        if step.cls == "BatchNormalization" and rank >= 4 and axis in (1, 1 - rank):
            advise(
                sink,
                "KG730",
                f"`{step.name}` normalizes along axis {axis}, the rows of an image",
                written_at(step, "axis"),
                mend="leave `axis` out: shapes are channels last, also for "
                "`backend.image_data_format: channels_first`",
                reason="each row has a mean and a variance of its own, and the channels share them",
            )


def image_turned(view: LintView, sink: Sink) -> None:
    """KG731: a convolution that takes the width of an image for its channels."""
    for name, spec in view.inputs.items():
        if len(spec.shape) != 4:
            continue
        _, first, height, width = spec.shape
        turned = first in (1, 3) and height == width and height is not None and height >= 8
        for reader in view.readers(name) if turned else ():
            if re.fullmatch(r"(Separable|Depthwise)?Conv2D|(Max|Average)Pooling2D", reader.cls):
                advise(
                    sink,
                    "KG731",
                    f"`{reader.name}` ({reader.cls}) takes `{name}` with shape "
                    f"{list(spec.shape[1:])} for {first} rows of {width} channels",
                    (reader.path, "key"),
                    mend="turn the images under `data.prepare`: "
                    "`turn: {class: Permute, dims: [2, 3, 1]}`",
                    reason="shapes are channels last: it slides over color and height",
                )


def scaled_twice(view: LintView, sink: Sink) -> None:
    """KG732: what was scaled down under `data.prepare` is scaled down again in the model."""
    data = view.program.data
    for name, columns in data.features.items():
        prepared = [
            entry
            for entry in (*input_steps(data), *column_steps(data))
            if isinstance(entry.definition, ObjectDef)
            and (entry.takes is None or entry.name in columns)
            and _shrinks(entry.definition)
        ]
        for reader in view.readers(name, keeps_range) if prepared else ():
            chosen = view.argument(reader.definition, "include_preprocessing")
            own = bool(_OWN_SCALING.fullmatch(reader.cls)) if chosen is None else chosen is True
            if own or (reader.cls == "Rescaling" and _shrinks(reader.definition)):
                advise(
                    sink,
                    "KG732",
                    f"`{reader.name}` scales `{name}`, which `{prepared[0].name}` under "
                    "`data.prepare` has scaled already",
                    (reader.path, "key"),
                    mend=f"take one of the two out, as with `'~{prepared[0].path}'`",
                    reason="the model sees values near 0 and hardly any contrast",
                )


def foreign_momentum(view: LintView, sink: Sink) -> None:
    """KG733: Keras's momentum is the share of the past that stays, PyTorch's what is new."""
    for step in view.steps.values():
        momentum = step.definition.arguments.get("momentum")
        if step.cls != "BatchNormalization" or not isinstance(momentum, int | float):
            continue
        if momentum <= 0.1:
            advise(
                sink,
                "KG733",
                f"`{step.name}` keeps `{momentum}` of its averages at each step",
                written_at(step, "momentum"),
                mend=f"write `momentum: {round(1 - momentum, 4)}`",
                reason="predictions depend on the last batches of the training alone",
            )


def batch_of_one(view: LintView, sink: Sink) -> None:
    """KG734: the mean of one sample is the sample."""
    for step in view.steps.values():
        flat = step.spec is not None and len(step.spec.shape) == 2
        if step.cls == "BatchNormalization" and flat and view.program.fit.batch_size == 1:
            advise(
                sink,
                "KG734",
                f"`{step.name}` normalizes over batches of one sample",
                ("fit.batch_size", "value"),
                mend="write a larger `fit.batch_size`, or use `LayerNormalization`",
                reason="each value minus its own mean is 0: nothing of the sample goes on",
            )


MODEL_RULES = (
    end_disturbed,
    activation_twice,
    softmax_inside,
    linear_chain,
    dense_on_pixels,
    dead_kernel,
    drops_everything,
    nothing_to_train,
    mask_lost,
    axis_of_samples,
    norm_axis,
    image_turned,
    scaled_twice,
    foreign_momentum,
    batch_of_one,
)


def _is_zero(initializer: Value) -> bool:
    if isinstance(initializer, ObjectDef):
        name = initializer.cls.rpartition(".")[2]
        return name == "Zeros" or (
            name == "Constant" and initializer.arguments.get("value", 0) in (0, 0.0)
        )
    return initializer in ("zeros", "zero", "Zeros")


def _shrinks(definition: ObjectDef) -> bool:
    scale = definition.arguments.get("scale")
    scales: Sequence[Value] = scale if isinstance(scale, tuple) else (scale,)
    return definition.cls.rpartition(".")[2] == "Rescaling" and all(
        isinstance(item, int | float) and abs(item) < 0.1 for item in scales
    )
