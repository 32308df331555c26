"""The pass that settles `data.augment`: which layer changes which input, and what of the targets.

This room owns what can be told from names; what an engine is asked about a layer stands in
`augmentation_trial`. It must not know how batches are made.

Decisions:
- Which layers change labels cannot be asked; the runtime names those of Keras.
- A layer changes the only input of a model, or the one that `from` names.
- Masks, labels at each place of a picture, change with their pictures. All other targets stay as
  they are, also an autoencoder's, which is the input before it is augmented.
"""

from __future__ import annotations

from collections.abc import Sequence

from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.ir.data import DataDef
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import Entry, TensorRef
from kerasgen.ir.training import Augmentation
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.ends import OutputSpec, output_names
from kerasgen.runtime.mixers import MIXERS


def check_augmentation(data: DataDef, graph: ModelGraph, sink: Sink) -> None:
    """Checks what `data.augment` says of inputs and outputs.

    Args:
        data: the data group.
        graph: the model as it is wired.
        sink: gets every mistake.
    """
    names = [item.name for item in graph.inputs]
    for entry in data.augment:
        made = entry.definition
        if not isinstance(made, ObjectDef) or made.cls.startswith(("ops.", "applications.")):
            sink.report(
                "KG536",
                f"`{entry.name}` is no augmentation, expected a layer that draws at random",
                key=entry.path,
                at="key",
            )
        elif entry.takes is not None and changed_input(entry) not in names:
            said = changed_input(entry) or "what is no name"
            sink.report(
                "KG537",
                f"`{entry.name}` changes `{said}`, and the model has no such input",
                key=f"{entry.path}.from",
                help=did_you_mean(said, names) or f"there are {', '.join(map(_quoted, names))}",
            )
        elif entry.takes is None and len(names) > 1:
            sink.report(
                "KG537",
                f"`{entry.name}` does not say which of {len(names)} inputs it changes",
                key=entry.path,
                at="key",
                help=f"write `from: {names[0]}`, or another of {', '.join(map(_quoted, names))}",
            )
        elif mixes(entry) and (len(names) > 1 or len(list(output_names(graph))) > 1):
            sink.report(
                "KG537",
                f"`{made.cls}` mixes samples with their labels, expected a model with a single "
                "input and a single output",
                key=entry.path,
                at="key",
                help="take it out, or write a layer that leaves labels as they are",
            )


def mixes(entry: Entry) -> bool:
    """Whether a layer of `data.augment` changes labels."""
    made = entry.definition
    return isinstance(made, ObjectDef) and made.cls.rpartition(".")[2] in MIXERS


def augmentation_of(
    data: DataDef, graph: ModelGraph, outputs: Sequence[OutputSpec]
) -> Augmentation | None:
    """What becomes of each batch of the training part; None for nothing.

    Args:
        data: the data group, in which `check_augmentation` found no mistake.
        graph: the model as it is wired.
        outputs: the outputs beside their targets.
    """
    if not data.augment:
        return None
    names = [item.name for item in graph.inputs]
    layers = tuple(
        (
            entry.definition,
            names.index(changed_input(entry) or names[0]) if len(names) > 1 else None,
        )
        for entry in data.augment
        if isinstance(entry.definition, ObjectDef)
    )
    return Augmentation(
        layers=layers,
        masks=turns_masks(outputs),
        mixes=any(mixes(entry) for entry in data.augment),
    )


def turns_masks(outputs: Sequence[OutputSpec]) -> bool:
    """Whether the target is a mask, whose classes change places with the pixels of its picture."""
    labels = outputs[0].labels
    return len(outputs) == 1 and labels.places == 2 and labels.coding != "amounts"


def changed_input(entry: Entry) -> str | None:
    """The name of the input that a layer changes; None where it says none, or no name."""
    takes = entry.takes
    while isinstance(takes, tuple) and len(takes) == 1:
        (takes,) = takes
    return takes.name if isinstance(takes, TensorRef) and takes.index is None else None


def _quoted(name: str) -> str:
    return f"`{name}`"
