"""What helps against classes that no training row has depends on why there are such."""

import pytest

from kerasgen.ir.data import SplitDef
from kerasgen.passes.lint.unseen_classes import help_for_unseen


@pytest.mark.parametrize(
    ("split", "rows", "mend", "reason"),
    [
        (SplitDef(test=0.2, shuffle=False), [4, 4], "stratify: true", "taken from one end"),
        (SplitDef(test=0.2), [9, 2], "stratify: true", "drawn at random"),
        (SplitDef(test=0.2), [9, 1], "single row", "in one part alone"),
        (SplitDef(test=0.2), [1, 1, 1], "another target", "every label is different"),
        (SplitDef(test="given"), [9, 2], "training part", "the source gives"),
    ],
)
def test_the_help_fits_to_the_way_the_rows_are_divided(split, rows, mend, reason):
    found = help_for_unseen(split, "test", rows, places=False)
    assert mend in found[0]
    assert reason in found[1]


def test_places_with_labels_of_their_own_are_never_stratified():
    found = help_for_unseen(SplitDef(test=0.2), "test", [1, 1], places=True)
    assert "stratify" not in found[0]
