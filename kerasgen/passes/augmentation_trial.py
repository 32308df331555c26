"""The pass that lets an engine try the layers of `data.augment` on samples, before any training.

This room owns what is asked of the engine, and what is said of its answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kerasgen.catalog.entries import ShapeError
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.passes.augmentation import changed_input, mixes, turns_masks
from kerasgen.passes.ends import OutputSpec, fed_target
from kerasgen.passes.prepared_shapes import report_refusal

Trial = Callable[[ObjectDef, TensorSpec, TensorSpec | None, bool], str | None]
"""Tries a layer on samples, and on targets where it changes labels or masks: why it is no
augmentation, None if it is one. Raises `ShapeError` if it refuses its arguments or samples."""


def try_augmentation(
    data: DataDef,
    inputs: Mapping[str, TensorSpec],
    outputs: Sequence[OutputSpec],
    trial: Trial,
    sink: Sink,
) -> None:
    """Tries each layer on samples as the model takes them.

    Args:
        data: the data group, in which `check_augmentation` found no mistake.
        inputs: the specs of the model's inputs.
        outputs: the outputs beside their targets.
        trial: asks the engine.
        sink: gets every layer that is no augmentation: KG536; that refuses its arguments, or the
            samples; and labels that cannot be mixed: KG537.
    """
    target = fed_target(outputs[0]) if len(outputs) == 1 else None
    masks = target is not None and turns_masks(outputs)
    for entry in data.augment:
        made = entry.definition
        assert isinstance(made, ObjectDef)
        spec = inputs[changed_input(entry) or next(iter(inputs))]
        if mixes(entry) and (target is None or len(target.shape) != 2 or not data.target):
            sink.report(
                "KG537",
                f"`{made.cls}` mixes labels, expected a row of numbers as the target",
                key=entry.path,
                at="key",
                help="take it out, or write a layer that leaves targets as they are",
            )
            continue
        given = target if mixes(entry) or masks else None
        try:
            reason = trial(made, spec, given, masks)
        except ShapeError as error:
            report_refusal(made, entry.path, error, spec.shape[1:], sink)
            continue
        if reason is not None:
            sink.report(
                "KG536",
                f"`{made.cls}` is no augmentation: {reason}",
                key=entry.path if made.bare else f"{entry.path}.class",
                at="value",
            )
