"""Which function of `runtime` divides the rows, as a split asks for it.

This room owns that choice, which a run and a script share. It must not see rows.
"""

from __future__ import annotations

from kerasgen.ir.data import SplitDef


def ways_to_divide(split: SplitDef, *, stratified: bool) -> tuple[str, str | None]:
    """The names of the functions that draw a part and deal rows out to folds.

    Args:
        split: how the rows are divided.
        stratified: whether the labels are known whose shares are kept.

    Returns:
        Both; None for the second where folds are stretches of time.
    """
    if split.time is not None:
        return "newest_rows", None
    if split.group is not None:
        return "draw_groups", "deal_groups"
    if stratified:
        return "draw_stratified", "deal_stratified"
    return ("draw_rows", "deal_rows") if split.shuffle else ("last_rows", "deal_in_order")
