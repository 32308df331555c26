"""Classes that no training row has: why that is, and what helps.

This room owns these words alone. Whether there are such classes is told from the arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

from kerasgen.ir.data import SplitDef

_ENDS = "the rows are sorted by class, and the part is taken from one end"
_DRAWN = "the rows are drawn at random, and none of the few of such a class is for training"


def help_for_unseen(
    split: SplitDef, part: str, rows: Sequence[int], *, places: bool
) -> tuple[str, str]:
    """What helps, and why it is so.

    Args:
        split: how the rows are divided.
        part: the part that has the classes.
        rows: how many rows each class has in all parts.
        places: whether each place of a row has a label of its own.
    """
    if getattr(split, part, None) == "given":
        return "take rows of each class into the training part", "the source gives the parts"
    reason = _DRAWN if split.shuffle else _ENDS
    if places:
        return "leave `data.split.shuffle` true", reason
    if max(rows) < 2:
        return (
            "name another target, or one that groups these labels",
            "every label is different: there is nothing in common to learn",
        )
    if min(rows) < 2:
        return (
            "leave out the classes of a single row, or make one class of them",
            "a class of one row is in one part alone, however the rows are divided",
        )
    return "write `data.split.stratify: true`, and leave `data.split.shuffle` true", reason
