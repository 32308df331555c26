"""The recipe of a table whose target names masks: a class for each pixel of an image.

This room owns what goes into such a model, and the size that its images are brought to.

Decisions:
- One column of images goes in, the first: the shipped model takes nothing else.
- The model halves height and width four times, so both are made divisible by 16.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kerasgen.diagnostics import Sink, as_yaml
from kerasgen.ir.column_figures import ColumnFigures
from kerasgen.verbs.recipes.draft import split_line

_STEP = 16
_LARGEST = 128


def with_sizes(
    columns: Mapping[str, ColumnFigures], target: str, sink: Sink
) -> dict[str, ColumnFigures]:
    """The columns of a table, images and masks among them with one size.

    Args:
        columns: name to figures.
        target: the column of masks.
        sink: gets that there are no images.

    Raises:
        CompileError: KG526, no other column holds images.
    """
    images = _images(columns, target)
    if not images:
        raise sink.fail(
            "KG526",
            f"the target `{target}` holds images, and no other column holds some to learn it from",
            help="name another column with `--target COLUMN`",
        )
    height, width = (
        min(_LARGEST, max(_STEP, round(number / _STEP) * _STEP))
        for number in map(int, str(columns[images[0]].form["size"]).strip("[]").split(","))
    )
    form = {"size": f"[{height}, {width}]"}
    return {
        name: replace(column, form=form) if name in (images[0], target) else column
        for name, column in columns.items()
    }


def mask_lines(
    columns: Mapping[str, ColumnFigures], target: str, shown: str, *, given: bool
) -> list[str]:
    """What the group `data` says of features, target, task and parts.

    Args:
        columns: name to figures.
        target: the column of masks.
        shown: the line of the target.
        given: whether the data says what is for testing.
    """
    first = _images(columns, target)[0]
    return [
        f"features: {as_yaml(first)}",
        shown,
        "task: segmentation      # a class for each pixel",
        "prepare: auto",
        split_line(given=given, stratify="false"),
    ]


def _images(columns: Mapping[str, ColumnFigures], target: str) -> list[str]:
    return [name for name, column in columns.items() if "size" in column.form and name != target]
