"""The recipe of one array alone: a model that paints its own input through a few numbers.

This room owns when there is such a recipe, and its layers: they hang on the shape of the array.

Decisions:
- One number or one word a row is nothing to squeeze.
- Bytes are divided, other numbers standardized: what is learned is of the size of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from kerasgen.diagnostics import Sink, as_yaml
from kerasgen.ir.column_figures import ColumnFigures
from kerasgen.verbs.recipes.draft import SCALED, Draft

_TWO = "for another target put both arrays into one file: `numpy.savez('data.npz', x=x, y=y)`"

_STANDARDIZED = (
    "prepare:",
    "  standardize: Normalization     # mean 0 and deviation 1; learned of the training part",
)

_WIDEST, _CODE = 128, 32
"""Units of the widest hidden layer, and numbers that a row becomes, at most."""


def draft_of_one_array(
    column: ColumnFigures, source: Sequence[str], rows: int, sink: Sink, *, given: bool
) -> Draft:
    """The recipe of one array.

    Args:
        column: what it is.
        source: the lines of the source.
        rows: how many rows it has.
        sink: gets an array of which nothing can be learned.
        given: whether the data says what is for testing.

    Raises:
        CompileError: KG526, a row is a single value, or words.
    """
    name, shape = column.name, tuple(size or 1 for size in column.shape or ())
    sizes = prod(shape)
    if column.type in ("text", "category") or sizes < 2:
        raise sink.fail(
            "KG526",
            f"there is one array, `{name}`, of one value a row, and no other to learn from it",
            help=_TWO,
        )
    bytes_ = column.type == "image" and column.high is not None and column.high > 1
    lines = [
        f"# {rows:,} rows of one array, as `kerasgen init` found them: its own target.",
        *source,
        f"features: {as_yaml(name)}",
        "task: autoencoding",
        *(SCALED if bytes_ else _STANDARDIZED),
        f"split: {{test: {'given' if given else '0.2'}, validation: 0.1}}",
        "facts:             # what `check` knows without opening the data; a run verifies it",
        f"  shape: {list(shape)}",
    ]
    return Draft(
        lines=tuple(lines),
        model="autoencoder",
        layers=_layers(shape),
        rows=rows,
        guessed=(
            f"`{name}` stands alone, and is learned from itself through "
            f"{_code(sizes)} number{'s' if _code(sizes) > 1 else ''}; {_TWO}",
        ),
    )


def _code(sizes: int) -> int:
    return max(1, min(_CODE, sizes // 4))


def _layers(shape: Sequence[int]) -> tuple[str, ...]:
    sizes = prod(shape)
    wide = max(2, min(_WIDEST, sizes // 2))
    flat = ["  flatten: Flatten"] if len(shape) > 1 else []
    back = [f"  back: {{class: Reshape, target_shape: {list(shape)}}}"] if len(shape) > 1 else []
    return (
        f"# Squeezes rows of {list(shape)} through {_code(sizes)} and paints them again.",
        "layers:",
        *flat,
        f"  down: {{class: Dense, units: {wide}, activation: relu}}",
        f"  code: {{class: Dense, units: {_code(sizes)}}}",
        f"  up: {{class: Dense, units: {wide}, activation: relu}}",
        f"  values: {{class: Dense, units: {sizes}}}",
        *back,
    )
