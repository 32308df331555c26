"""The pass that gives losses and metrics the labels in the form that they read.

This room owns which of Keras's losses and metrics read class indices, and what becomes of an output
beside which both kinds stand. Class indices are handed over as one-hot rows where anything needs
those; what reads indices is then replaced by its twin, which computes the same of one-hot rows and
keeps its name in the history. Nothing of it ends up in a saved model but classes of Keras.

Decisions:
- The tables say what cannot be asked: signatures do not tell how labels are read. A test computes
  every loss and metric of Keras on both forms and holds the tables against that.
- A loss or metric of one's own gets the labels as they are.
- Keras 3.15 on PyTorch cannot train on class indices at each place of a picture where the scores
  are probabilities ("grad_input must be contiguous"). The twin computes the same and trains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.names import snake_case
from kerasgen.ir.program import CompileDef, Loss, LossUse, loss_word, uses_of_output
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.augmentation import mixes
from kerasgen.passes.ends import OutputSpec

TWINS: Mapping[str, str] = {
    "sparsecategoricalcrossentropy": "CategoricalCrossentropy",
    "sparsecategoricalaccuracy": "CategoricalAccuracy",
    "sparsetopkcategoricalaccuracy": "TopKCategoricalAccuracy",
}
"""What reads class indices, to what computes the same of one-hot rows."""

INDICES_ALONE = frozenset({"categoricalgeneralizedcrossentropy", "circle", "ctc"})
"""What reads class indices and has no twin."""

EITHER = frozenset({"accuracy", "acc", "crossentropy", "ce"})
"""Words for which Keras chooses among its functions by the shape of the labels."""

BY_ARGUMENT = frozenset({"meaniou", "iou"})
"""Metrics whose argument `sparse_y_true`, true if it is left out, says how they read labels."""

SPARSE_ARGUMENTS = frozenset({"name", "dtype", "from_logits", "reduction", "axis", "k"})
"""Arguments of what reads indices that its twin has as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """Outputs and objective once the labels have their form.

    Attributes:
        outputs: the outputs; `encoded` is set where class indices become one-hot rows.
        objective: loss and metrics, twins in the place of what reads indices there.
        because: output name to the losses and metrics that need one-hot rows.
    """

    outputs: tuple[OutputSpec, ...]
    objective: CompileDef
    because: Mapping[str, tuple[str, ...]]


def encode_labels(
    outputs: Sequence[OutputSpec],
    objective: CompileDef,
    data: DataDef,
    is_own: Callable[[str], bool],
    backend: str,
    sink: Sink,
) -> Encoded:
    """Settles for each output whether its labels are handed over as one-hot rows.

    Args:
        outputs: the outputs beside their targets.
        objective: loss and metrics, settled for every output.
        data: the data group, for the line that encodes a target.
        is_own: whether a loss or metric of this name is one's own.
        backend: the backend that trains.
        sink: gets losses and metrics that cannot stand beside each other: KG510; and a loss that
            the backend cannot train with: KG515.
    """
    alone = len(outputs) == 1
    settled, because = [], {}
    for output in outputs:
        if output.fed not in ("indices", "one_hot"):
            settled.append(output)
            continue
        uses = list(uses_of_output(output.name, objective, alone))
        needing = [use for use in uses if _needs_one_hot(use, is_own)]
        needing += [
            LossUse(entry.path, "loss", entry.definition)
            for entry in data.augment
            if mixes(entry) and isinstance(entry.definition, ObjectDef)
        ]
        bound = [use for use in uses if _bound_to_indices(use, is_own)]
        failing = [use for use in uses if backend == "torch" and _fails_on_torch(use, output)]
        if output.fed == "indices" and needing and bound:
            _report_clash(output, needing[0], bound[0], data, sink)
        elif output.fed == "indices" and needing:
            output = replace(output, encoded=True)
            because[output.name] = tuple(dict.fromkeys(use.name for use in needing))
        elif failing and bound:
            _report_failing(output, failing[0], bound[0], sink)
        elif failing:
            output = replace(output, encoded=True)
            because[output.name] = (failing[0].name,)
        settled.append(output)
    hot = {output.name for output in settled if output.fed == "one_hot"}
    return Encoded(
        outputs=tuple(settled),
        objective=_with_twins(objective, hot, alone),
        because=because,
    )


def check_class_axis(outputs: Sequence[OutputSpec], sink: Sink) -> None:
    """Refuses labels at each place of a picture where the channels come first: KG512.

    Args:
        outputs: the outputs, channels last.
        sink: gets every output whose classes lie where no loss or metric looks for them.
    """
    for output in outputs:
        if output.labels.coding != "amounts" and output.labels.places >= 2:
            sink.report(
                "KG512",
                f"`channels_first` puts the classes of `{output.name}` on axis 1, and Keras's "
                "losses and metrics read them from the last axis",
                key="backend.image_data_format",
                help="write `backend.image_data_format: channels_last`",
            )


def reads_indices(value: Loss) -> bool:
    """Whether a loss or metric of Keras reads class indices, and nothing else."""
    word = loss_word(value)
    arguments = value.arguments if isinstance(value, ObjectDef) else {}
    sparse = word in BY_ARGUMENT and arguments.get("sparse_y_true", True) is not False
    return word in TWINS or word in INDICES_ALONE or sparse


def twin(value: Loss, *, named: bool) -> Loss:
    """What computes of one-hot rows what a loss or metric computes of class indices.

    Args:
        value: the loss or metric.
        named: whether its twin is to be called as it is, as in a history.
    """
    word = loss_word(value)
    if word in BY_ARGUMENT and isinstance(value, ObjectDef):
        return replace(value, arguments={**value.arguments, "sparse_y_true": False})
    if word not in TWINS:
        return value
    if isinstance(value, str):
        value = ObjectDef(cls=value, bare=True)
    written = value.cls.rpartition(".")[2]
    name = {"name": written if written.islower() else snake_case(written)} if named else {}
    arguments = {**name, **value.arguments}
    return ObjectDef(
        cls=TWINS[word], arguments=arguments, path=value.path, bare=value.bare and not arguments
    )


def _needs_one_hot(use: LossUse, is_own: Callable[[str], bool]) -> bool:
    # The class `Accuracy` compares numbers for equality; the word `accuracy` is another thing.
    chosen = isinstance(use.value, str) and use.value.islower() and loss_word(use.value) in EITHER
    return not (chosen or is_own(use.name) or reads_indices(use.value))


def _bound_to_indices(use: LossUse, is_own: Callable[[str], bool]) -> bool:
    """Whether it cannot be given one-hot rows: it has no twin, or one without its arguments."""
    if is_own(use.name) or loss_word(use.value) in INDICES_ALONE:
        return True
    arguments = use.value.arguments if isinstance(use.value, ObjectDef) else {}
    return loss_word(use.value) in TWINS and not SPARSE_ARGUMENTS.issuperset(arguments)


def _fails_on_torch(use: LossUse, output: OutputSpec) -> bool:
    """Whether Keras on PyTorch finds no gradient of a loss at each place of a picture."""
    arguments = use.value.arguments if isinstance(use.value, ObjectDef) else {}
    return (
        use.path.startswith("compile.loss")
        and loss_word(use.value) == "sparsecategoricalcrossentropy"
        and output.fed == "indices"
        and output.labels.places == 2
        and arguments.get("from_logits", False) is not True
    )


def _with_twins(objective: CompileDef, hot: set[str], alone: bool) -> CompileDef:
    def changed(value: Any, name: str | None) -> Any:
        if isinstance(value, Mapping):
            return {key: changed(item, key) for key, item in value.items()}
        if value is None or not (alone or name in hot) or not hot:
            return value
        if isinstance(value, tuple):
            return tuple(twin(item, named=True) for item in value)
        return twin(value, named=False)

    return replace(
        objective,
        loss=changed(objective.loss, None),
        metrics=changed(objective.metrics, None),
        weighted_metrics=changed(objective.weighted_metrics, None),
    )


def _report_clash(
    output: OutputSpec, needing: LossUse, bound: LossUse, data: DataDef, sink: Sink
) -> None:
    """Reports two losses or metrics of which one needs the labels that the other cannot read."""
    column = data.target.get(output.name, data.target.get("", "label"))
    classes = output.classes or output.spec.shape[-1]
    written = isinstance(needing.value, ObjectDef) and needing.value.path
    sink.report(
        "KG510",
        f"`{needing.name}` expects one-hot labels, and `{bound.name}` takes the labels of "
        f"`{output.name}` as they are: class indices",
        key=str(written) if written else needing.path,
        help=f"take one of the two out, or write `{column}: {{class: CategoryEncoding, "
        f"num_tokens: {classes}, output_mode: one_hot, from: {column}}}` under `data.prepare`, "
        f"if `{bound.name}` can read that",
    )


def _report_failing(output: OutputSpec, failing: LossUse, bound: LossUse, sink: Sink) -> None:
    whose = "with these arguments" if bound == failing else f"beside `{bound.name}`"
    sink.report(
        "KG515",
        f"`{failing.name}` {whose} cannot be trained on torch: Keras finds no gradient of "
        f"probabilities at each place of `{output.name}`",
        key=failing.path,
        help="write `from_logits: true` among its arguments and `activation: linear` in the last "
        "layer, or take `backend=jax` or `backend=tensorflow`",
    )
