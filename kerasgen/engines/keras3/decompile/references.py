"""The last step of decompiling: which references need an index, and which need not be written.

This room owns what a `ModelDef` may leave out. How many tensors a layer gives is in no serialized
form; the shapes tell, and with them it is known that the model can be compiled again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.engines.keras3.build import KerasOracle
from kerasgen.ir.model import INPUT, ModelDef, TensorRef
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.ir.walks import output_refs, references_in
from kerasgen.passes.shapes import infer_shapes
from kerasgen.passes.wire import wire


def settle_references(model: ModelDef, catalog: Catalog, sink: Sink) -> tuple[ModelDef, Any]:
    """Takes the index away where a layer gives one tensor, which only its shapes tell.

    Returns:
        The model, and the Keras model of it, without memory; None where no shape is known.
    """
    written = settled_chain(_without_indices(model, {}, ""))
    known = all(item.shape is not None for item in model.inputs) and model.inputs
    graph = wire(written if is_chain(written) else model, catalog, sink)
    if not known or graph is None:
        return written, None
    oracle = KerasOracle(catalog)
    inputs = {
        item.name: TensorSpec(
            shape=(item.batch_size, *(item.shape or ())), dtype=item.dtype or keras.config.floatx()
        )
        for item in model.inputs
    }
    specs = infer_shapes(graph, inputs, oracle, sink)
    if sink.errors:
        return written, None
    counts = {name: len(outputs) for name, outputs in specs.items()}
    return settled_chain(_without_indices(model, counts, "")), oracle.assemble(graph)


def _without_indices(model: ModelDef, counts: Mapping[str, int], above: str) -> ModelDef:
    """A model without the indices that say nothing.

    Args:
        model: the model, every reference with an index.
        counts: tensor name to how many tensors there are; where one is not known, those that
            are taken tell.
        above: the names of the models around it, each with a `/`.
    """
    taken = [ref for entry in model.entries for ref in references_in(entry.takes)]
    several = {ref.name for ref in (*taken, *output_refs(model.outputs)) if ref.index}
    # A model says itself how many it gives, be it only the first that is taken.
    several |= {
        entry.name
        for entry in model.entries
        if isinstance(entry.definition, ModelDef) and len(output_refs(entry.definition.outputs)) > 1
    }
    several |= {entry.name for entry in model.entries if entry.reuses in several}

    def settled(operand: object) -> Any:
        if isinstance(operand, TensorRef):
            one = counts.get(f"{above}{operand.name}", 2 if operand.name in several else 1) == 1
            return replace(operand, index=None) if one else operand
        if isinstance(operand, Mapping):
            return {key: settled(item) for key, item in operand.items()}
        return tuple(map(settled, operand)) if isinstance(operand, tuple) else operand

    entries = []
    for entry in model.entries:
        definition = entry.definition
        if isinstance(definition, ModelDef):
            inner = _without_indices(definition, counts, f"{above}{entry.name}/")
            definition = settled_chain(inner)
        entries.append(replace(entry, definition=definition, takes=settled(entry.takes)))
    return replace(model, entries=tuple(entries), outputs=settled(model.outputs))


def is_chain(model: ModelDef) -> bool:
    """Whether a model would be a Sequential one if it did not say otherwise."""
    return (
        len(model.inputs) < 2
        and model.outputs is None
        and not any(
            entry.takes is not None
            or entry.reuses is not None
            or entry.call_arguments
            or (isinstance(entry.definition, ObjectDef) and entry.definition.cls.startswith("ops."))
            for entry in model.entries
        )
    )


def settled_chain(model: ModelDef) -> ModelDef:
    """A model in which what is taken by default is not written."""
    above = model.inputs[0].name if model.inputs else INPUT
    if len(model.inputs) > 1:
        above = ""
    entries = []
    for entry in model.entries:
        default = TensorRef(name=above)
        entries.append(replace(entry, takes=None) if entry.takes == default else entry)
        above = entry.name
    last = TensorRef(name=model.entries[-1].name) if model.entries else None
    found = replace(
        model,
        entries=tuple(entries),
        outputs=None if model.outputs == last else model.outputs,
    )
    kind = found.kind if is_chain(found) else None
    return replace(found, kind=kind)
