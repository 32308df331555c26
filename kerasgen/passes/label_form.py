"""What a target is beside its output: class indices, one-hot rows, several labels, or amounts.

This room owns that decision. It is taken once for each output, from the task and the two shapes,
and everything that reads targets goes by it: losses and metrics, lint, class weights, plots, the
checks of the opened data, and scripts. It must not know losses.

Decisions:
- The classes of an output lie on its last axis; the axes before it are its places: none where a
  row has one label, one for the steps of a sequence, two for the pixels of a picture.
- A classification's target with as many axes as the output is one-hot, unless its last axis is 1:
  then, and with one axis less, it holds class indices. One score is a binary classification.
- `multilabel` has a 0 or 1 for each score, any number of them 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kerasgen.ir.values import Shape

LABELLED = ("classification", "multilabel")
"""Tasks whose targets are labels."""

Coding = Literal["indices", "one_hot", "multi_hot", "binary", "amounts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelForm:
    """How the target of an output is to be read.

    Attributes:
        coding: `indices` of classes, `one_hot` rows, `multi_hot` rows of any number of ones,
            `binary` 0 or 1 beside one score, or `amounts`, which are no labels.
        places: axes between the rows and the classes.
        fits: whether the target's axes fit the output's; True where they are not known.
    """

    coding: Coding
    places: int
    fits: bool = True

    @property
    def one_of_many(self) -> bool:
        """Whether exactly one of several classes is right."""
        return self.coding in ("indices", "one_hot")

    @property
    def words(self) -> str:
        """What a row holds, as in `the target holds …`."""
        what = {
            "indices": "class indices",
            "one_hot": "one-hot labels",
            "multi_hot": "several labels",
            "binary": "labels of two classes",
            "amounts": "amounts",
        }[self.coding]
        place = {0: "", 1: " for each step"}.get(self.places, " for each place")
        return what if self.coding == "amounts" else what + place


def label_form(task: str, output: Shape, target: Shape | None) -> LabelForm:
    """Decides what a target is.

    Args:
        task: the output's task.
        output: the output's shape, batch axis included.
        target: the target's shape, batch axis included; None where it is not known.
    """
    places, scores = max(len(output) - 2, 0), output[-1] if len(output) > 1 else 1
    if task not in LABELLED:
        return LabelForm(coding="amounts", places=places)
    known = output if target is None else target
    whole = len(known) == len(output)
    fits = (whole or len(known) == len(output) - 1) and all(
        one is None or other is None or one == other
        for one, other in zip(known[1 : places + 1], output[1:-1], strict=False)
    )
    coding: Coding
    if scores == 1:
        coding = "binary"
        fits = fits and (not whole or known[-1] in (1, None))
    elif task == "multilabel":
        coding = "multi_hot"
        fits = fits and whole and known[-1] in (scores, None)
    elif target is not None and whole and known[-1] != 1:
        coding = "one_hot"
        fits = fits and (known[-1] is None or scores is None or known[-1] == scores)
    else:
        coding = "indices"
    return LabelForm(coding=coding, places=places, fits=fits)
