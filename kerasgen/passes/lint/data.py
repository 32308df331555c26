"""Rules of lint about what a model is fed with: columns and weights of classes.

It owns what the data group and `fit.class_weight` say; the rows themselves are looked at when they
are prepared.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import Entry
from kerasgen.ir.values import ObjectDef
from kerasgen.ir.walks import references_in
from kerasgen.passes.class_weights import weighing_key
from kerasgen.passes.columns import column_steps
from kerasgen.passes.lint.flat_graph import WEIGHTED
from kerasgen.passes.lint.view import LintView, Place, advise

_LEARNED = ("classification", "multilabel", "regression")


def weights_for_several(view: LintView, sink: Sink) -> None:
    """KG751: an error, since Keras refuses it, though only after the data was prepared."""
    key = weighing_key(view.program)
    if key is not None and len(view.outputs) > 1:
        sink.report(
            "KG751",
            f"{_named(key)} is given, and the model has {len(view.outputs)} outputs",
            key=key,
            help="weigh whole outputs with `compile.loss_weights`, or train one output",
            notes=["Keras takes class weights for one output alone"],
        )


def _named(key: str) -> str:
    return f"`{key.rpartition('.')[2]}`"


def weights_of_places(view: LintView, sink: Sink) -> None:
    """KG513: an error, since Keras weighs rows, and takes their labels for what they are not."""
    key = weighing_key(view.program)
    if key is None or len(view.outputs) != 1:
        return
    output = view.outputs[0].output
    form = output.labels
    if form.coding == "amounts" or (not form.places and form.coding != "multi_hot"):
        return
    several = form.coding == "multi_hot"
    losses = {"multi_hot": "BinaryFocalCrossentropy", "binary": "BinaryFocalCrossentropy"}
    sink.report(
        "KG513",
        f"{_named(key)} weighs rows by their class, and a row of `{output.name}` has "
        + ("several labels" if several else "a label for each place"),
        key=key,
        help=f"take `{key}` out; a loss that weighs classes itself is "
        + (
            f"`{{class: {losses[form.coding]}, apply_class_balancing: true}}`"
            if form.coding in losses
            else "`{class: CategoricalFocalCrossentropy, alpha: [...]}`"
        ),
        notes=["Keras would take the place of the largest number of a row for its class"],
    )


def weights_without_classes(view: LintView, sink: Sink) -> None:
    """KG752: amounts are rounded, and weighed as if that were classes."""
    key = weighing_key(view.program)
    if key is not None and len(view.outputs) == 1:
        task = view.outputs[0].output.task
        if view.outputs[0].output.labels.coding == "amounts":
            advise(
                sink,
                "KG752",
                f"{_named(key)} is given, and `{view.outputs[0].output.name}` is trained for "
                f"{task}",
                (key, "value"),
                mend=f"take `{key}` out",
                reason="Keras rounds each target and takes that for a class",
            )


def weights_of_no_class(view: LintView, sink: Sink) -> None:
    """KG753: weights for classes that are not there, and weights that turn training around."""
    weights = view.program.fit.class_weight
    if not isinstance(weights, Mapping) or len(view.outputs) != 1:
        return
    output = view.outputs[0].output
    for index, weight in weights.items():
        place: Place = (f"{weighing_key(view.program)}.{index}", "value")
        if isinstance(index, int) and output.classes is not None and index >= output.classes:
            advise(
                sink,
                "KG753",
                f"class {index} has a weight, and the target has the classes 0 to "
                f"{output.classes - 1}",
                (place[0], "key"),
                mend="count the classes from 0, in the order of `data.facts.class_names`",
                reason="Keras ignores it, and a class without a weight counts 1",
            )
        elif weight <= 0:
            advise(
                sink,
                "KG753",
                f"class `{index}` counts `{weight}`, expected a positive weight",
                place,
                mend="write a positive number",
                reason="the class is not learned" if weight == 0 else "mistakes are rewarded",
            )


def target_among_features(view: LintView, sink: Sink) -> None:
    """KG760: a model that is given the answer."""
    data = view.program.data
    for output, target in data.target.items():
        if data.task.get(output) not in _LEARNED:
            continue
        told = {target, *_made_of(target, data)}
        for name, columns in data.features.items():
            for column in columns:
                if column in told:
                    only = len(data.features) == 1
                    how = "is" if column == target else "is made of"
                    advise(
                        sink,
                        "KG760",
                        f"the feature `{column}` {how} the target `{target}`",
                        _features_place(name, only=only),
                        mend=f"take `{column}` out of `data.features`",
                        reason="the model learns to copy it, and knows nothing when it predicts",
                    )


def ids_as_amounts(view: LintView, sink: Sink) -> None:
    """KG766: the numbers of words and categories are names, and layers with weights add them."""
    data = view.program.data
    for name, columns in data.features.items():
        readers = view.readers(name)
        if not readers or not all(WEIGHTED.fullmatch(reader.cls) for reader in readers):
            continue
        for entry in column_steps(data):
            if entry.name in columns and _gives_ids(entry):
                advise(
                    sink,
                    "KG766",
                    f"`{entry.name}` gives ids, and `{readers[0].name}` ({readers[0].cls}) "
                    "multiplies them",
                    (entry.path, "key"),
                    mend=f"write `output_mode: one_hot` (for text `multi_hot`) at `{entry.name}`, "
                    "or begin the model with an `Embedding`",
                    reason="id 40 is not twice id 20: their order means nothing",
                )


DATA_RULES = (
    weights_for_several,
    weights_of_places,
    weights_without_classes,
    weights_of_no_class,
    target_among_features,
    ids_as_amounts,
)


def _made_of(target: str, data: DataDef) -> set[str]:
    """The columns that steps make of a target alone, the target's own encoding left out."""
    columns: set[str] = set()
    for entry in column_steps(data):
        taken = {reference.written for reference in references_in(entry.takes)}
        if entry.name != target and taken and taken <= {target, *columns}:
            columns.add(entry.name)
    return columns


def _gives_ids(entry: Entry) -> bool:
    definition = entry.definition
    if (
        not isinstance(definition, ObjectDef)
        or definition.arguments.get("output_mode", "int") != "int"
    ):
        return False
    cls = definition.cls.rpartition(".")[2]
    # A vocabulary that is written out may be in an order that means something.
    learned = cls in ("StringLookup", "IntegerLookup") and "vocabulary" not in definition.arguments
    return learned or cls in ("TextVectorization", "Hashing")


def _features_place(name: str, *, only: bool) -> Place:
    return ("data.features" if only else f"data.features.{name}"), "value"
