"""Rules of lint about the ends of a model: its scores beside their loss and metrics.

It owns what a loss or metric takes scores and labels for. Whether scores are logits where the
last layer shows it is told when the objective is settled.
"""

from __future__ import annotations

from kerasgen.diagnostics import Sink
from kerasgen.ir.program import loss_name, loss_word
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.lint.metrics import metric_of_another_form
from kerasgen.passes.lint.view import (
    LintView,
    Place,
    ScoredOutput,
    advise,
    written_at,
)
from kerasgen.passes.objective import of_logits

_SPARSE = ("sparsecategoricalcrossentropy",)
_CATEGORICAL = (*_SPARSE, "categoricalcrossentropy", "cce")
_BINARY = ("binarycrossentropy", "bce")
_CROSSENTROPIES = (*_CATEGORICAL, *_BINARY)

_UNBOUNDED = (
    "relu", "relu6", "leaky_relu", "prelu", "elu", "selu", "celu", "gelu", "silu", "swish",
    "softplus", "softsign", "squareplus", "mish", "tanh", "hard_tanh", "exponential", "log_softmax",
    "log_sigmoid",
)  # fmt: skip
"""Activations whose values are no probabilities."""

_LIMITED = ("relu", "relu6", "softplus", "exponential", "tanh", "hard_tanh", "softsign")
"""Activations that cut off or squeeze what a logit must be able to reach."""

_THRESHOLDED = (
    "accuracy", "acc", "binaryaccuracy", "precision", "recall", "f1score", "fbetascore",
    "truepositives", "truenegatives", "falsepositives", "falsenegatives", "auc",
    "precisionatrecall", "recallatprecision", "sensitivityatspecificity",
    "specificityatsensitivity", "binarycrossentropy", "bce",
)  # fmt: skip


def softmax_alone(view: LintView, sink: Sink) -> None:
    """KG702: a softmax over one score is 1, whatever the score."""
    for step in view.steps.values():
        single = step.spec is not None and len(step.spec.shape) > 1 and step.spec.shape[-1] == 1
        if single and view.activation(step) == "softmax":
            advise(
                sink,
                "KG702",
                f"`{step.name}` is a softmax over one score, which is always 1",
                written_at(step, "activation"),
                mend="write `activation: sigmoid`, or give it a unit for each class",
                reason="the model predicts 1 for every sample",
            )


def sigmoid_for_one_of_many(view: LintView, sink: Sink) -> None:
    """KG703: a categorical loss takes the scores of one sample for shares of 1."""
    for end in view.outputs:
        if (
            end.word in _CATEGORICAL
            and not end.logits
            and _many(end)
            and end.activation
            in (
                "sigmoid",
                "hard_sigmoid",
            )
        ):
            advise(
                sink,
                "KG703",
                f"`{loss_name(end.loss)}` expects shares of 1, and `{end.output.name}` ends "
                f"with `{end.activation}`",
                _activation_place(end),
                mend="write `activation: softmax`; for labels that do not exclude each "
                "other, `loss: binary_crossentropy` and `data.task: multilabel`",
                reason="Keras divides the scores by their sum, so that they mean no probabilities "
                "when the model predicts",
            )


def softmax_for_each(view: LintView, sink: Sink) -> None:
    """KG704: a binary loss asks each score by itself, and a softmax ties them together."""
    for end in view.outputs:
        if (
            end.word in _BINARY
            and end.activation == "softmax"
            and not end.logits
            and _many(end)
            and end.output.fed != "amounts"
        ):
            advise(
                sink,
                "KG704",
                f"`{loss_name(end.loss)}` asks each class by itself, and `{end.output.name}` "
                "ends with `softmax`",
                _activation_place(end) if end.output.fed == "multi_hot" else end.place,
                mend="write `activation: sigmoid`"
                if end.output.fed == "multi_hot"
                else "write `loss: categorical_crossentropy`; for labels that do not "
                "exclude each other, `activation: sigmoid` and `data.task: multilabel`",
                reason="the classes that are not meant outweigh the one that is",
            )


def activation_no_loss_reads(view: LintView, sink: Sink) -> None:
    """KG705: a cross-entropy takes the logarithm of its scores, or their softmax."""
    for end in view.outputs:
        bad = _LIMITED if end.logits else _UNBOUNDED
        if end.word not in _CROSSENTROPIES or end.activation not in bad:
            continue
        wanted = "logits of any size" if end.logits else "probabilities"
        advise(
            sink,
            "KG705",
            f"`{loss_name(end.loss)}` expects {wanted}, and `{end.output.name}` ends with "
            f"`{end.activation}`",
            _activation_place(end),
            mend="take the activation out"
            if end.logits
            else f"write `activation: {'softmax' if _many(end) else 'sigmoid'}`",
            reason="Keras cuts what is no probability to 0 or 1, where there is no gradient"
            if not end.logits
            else "scores that the activation cuts off can never become likely or unlikely",
        )


def hidden_logits(view: LintView, sink: Sink) -> None:
    """KG701, where reshaping or a nested model stands behind the activation."""
    for end in view.outputs:
        if end.last is None or end.word not in _CROSSENTROPIES:
            continue
        if end.last.path == end.output.path:
            continue  # The last layer itself: told when the objective was settled.
        name = loss_name(end.loss)
        if end.logits and end.activation in ("softmax", "sigmoid"):
            advise(
                sink,
                "KG701",
                f"`{name}` expects logits, and `{end.last.name}` ends with `{end.activation}`",
                end.place,
                mend=f"take `from_logits` or `{end.activation}` out",
            )
        elif not end.logits and end.activation == "linear":
            advise(
                sink,
                "KG701",
                f"`{name}` expects probabilities, and `{end.last.name}` has no activation",
                end.place,
                mend=f"write `{of_logits(end.loss)}`, or give it a softmax or sigmoid",
            )


def one_score_for_classes(view: LintView, sink: Sink) -> None:
    """KG706: with one score there is one class, and the loss is 0."""
    for end in view.outputs:
        if end.word in _CATEGORICAL and end.units == 1:
            advise(
                sink,
                "KG706",
                f"`{loss_name(end.loss)}` expects a score for each class, and "
                f"`{end.output.name}` gives one",
                end.place,
                mend="write `loss: binary_crossentropy`, or a unit for each class",
                reason="the share of the only class is 1: the loss is 0, or the backend refuses "
                "label 1",
            )


def hinge_on_probabilities(view: LintView, sink: Sink) -> None:
    """KG707: a hinge loss wants scores on both sides of 0."""
    for end in view.outputs:
        if end.word in ("hinge", "squaredhinge") and end.activation in ("sigmoid", "softmax"):
            advise(
                sink,
                "KG707",
                f"`{loss_name(end.loss)}` expects scores from -1 to 1, and `{end.output.name}` "
                f"ends with `{end.activation}`",
                _activation_place(end),
                mend="write `activation: tanh`, or `loss: "
                + ("categorical_hinge`" if end.one_hot else "binary_crossentropy`"),
                reason="no score can fall below 0, so that half of the samples are never right",
            )


def smoothing_beyond(view: LintView, sink: Sink) -> None:
    """KG708: smoothing by 1 makes all labels equal, by more turns them around."""
    for end in view.outputs:
        arguments = end.loss.arguments if isinstance(end.loss, ObjectDef) else {}
        smoothing = arguments.get("label_smoothing")
        if isinstance(smoothing, int | float) and not 0 <= smoothing < 1:
            advise(
                sink,
                "KG708",
                f"`label_smoothing` is `{smoothing}`, expected a number from 0 up to, not "
                "including, 1",
                (f"{end.place[0]}.label_smoothing", "value"),
                mend="write `label_smoothing: 0.1`",
                reason="at 1 all labels are equal, above they point at the wrong class",
            )


def metric_of_logits(view: LintView, sink: Sink) -> None:
    """KG709: a threshold of 0.5 is meant for probabilities; a logit is even at 0."""
    for end in view.outputs:
        apart = end.units == 1 or end.output.fed == "multi_hot"
        if not (end.logits and end.activation == "linear" and apart):
            continue
        for metric, place in end.metrics:
            arguments = metric.arguments if isinstance(metric, ObjectDef) else {}
            told = {"threshold", "thresholds", "from_logits"} & set(arguments)
            if loss_word(metric) in _THRESHOLDED and not told:
                word = loss_word(metric)
                write = {
                    "accuracy": "{class: BinaryAccuracy, threshold: 0.0}",
                    "acc": "{class: BinaryAccuracy, threshold: 0.0}",
                    "binaryaccuracy": "{class: BinaryAccuracy, threshold: 0.0}",
                    "precision": "{class: Precision, thresholds: 0.0}",
                    "recall": "{class: Recall, thresholds: 0.0}",
                    "auc": "{class: AUC, from_logits: true}",
                    "binarycrossentropy": "{class: BinaryCrossentropy, from_logits: true}",
                }.get(word)
                advise(
                    sink,
                    "KG709",
                    f"`{loss_name(metric)}` expects probabilities, and `{end.output.name}` "
                    "gives logits",
                    place,
                    mend=f"write `{write}`" if write else "end the model with a sigmoid",
                    reason="it splits at 0.5, and a logit is even at 0",
                )


def accuracy_of_amounts(view: LintView, sink: Sink) -> None:
    """KG710: accuracy counts equal numbers, and amounts are never equal."""
    words = ("accuracy", "acc", "categoricalaccuracy", "sparsecategoricalaccuracy")
    for end in view.outputs:
        task = end.output.task
        # Whoever trains amounts with a cross-entropy means shares of classes by them.
        if end.output.fed != "amounts" or end.word in _CROSSENTROPIES:
            continue
        for metric, place in end.metrics:
            word = loss_word(metric)
            if word in words or (word == "binaryaccuracy" and task == "regression"):
                advise(
                    sink,
                    "KG710",
                    f"`{loss_name(metric)}` counts right classes, and `{end.output.name}` is "
                    f"trained for {task}",
                    place,
                    mend="write `mean_absolute_error`, or another metric of distances",
                    reason="it compares numbers for equality and stays near 0",
                )


def top_of_all(view: LintView, sink: Sink) -> None:
    """KG712: among the best k of k classes is every class."""
    for end in view.outputs:
        for metric, place in end.metrics:
            if "topkcategoricalaccuracy" not in loss_word(metric) or end.units is None:
                continue
            written = metric.arguments.get("k") if isinstance(metric, ObjectDef) else None
            k = written if isinstance(written, int) else 5
            if 1 < end.units <= k:
                advise(
                    sink,
                    "KG712",
                    f"`{loss_name(metric)}` looks at the best {k} of {end.units} scores",
                    place,
                    mend=f"write a `k` below {end.units}",
                    reason="every label is among them: the metric is always 1",
                )


def loss_without_weight(view: LintView, sink: Sink) -> None:
    """KG713: a loss weight of 0 trains nothing, one below 0 the opposite."""
    for name, weight in (view.program.compile.loss_weights or {}).items():
        if weight <= 0:
            advise(
                sink,
                "KG713",
                f"the loss of `{name}` counts `{weight}`, expected a positive weight",
                (f"compile.loss_weights.{name}", "value"),
                mend=f"write a positive number, or leave the output `{name}` out",
                reason="its part of the model is not trained"
                if weight == 0
                else "training makes this loss as large as it can",
            )


def half_precision(view: LintView, sink: Sink) -> None:
    """KG714: probabilities need the precision that a mixed policy takes from the last layer."""
    for end in view.outputs:
        if (
            end.output.spec.dtype in ("float16", "bfloat16")
            and end.word in _CROSSENTROPIES
            and end.last is not None
        ):
            advise(
                sink,
                "KG714",
                f"`{end.output.name}` gives its scores in `{end.output.spec.dtype}`",
                written_at(end.last, "dtype"),
                mend="write `dtype: float32` at the last layer",
                reason="small probabilities become 0, and their logarithm is cut",
            )


OBJECTIVE_RULES = (
    hidden_logits,
    softmax_alone,
    sigmoid_for_one_of_many,
    softmax_for_each,
    activation_no_loss_reads,
    one_score_for_classes,
    hinge_on_probabilities,
    smoothing_beyond,
    metric_of_logits,
    accuracy_of_amounts,
    metric_of_another_form,
    top_of_all,
    loss_without_weight,
    half_precision,
)


def _many(end: ScoredOutput) -> bool:
    return end.units is not None and end.units > 1


def _activation_place(end: ScoredOutput) -> Place:
    return end.place if end.last is None else written_at(end.last, "activation")
