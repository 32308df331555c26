"""A draft of a first recipe: what its files will say, before they have their names.

This room owns the words that recipes of all data have in common.
"""

from __future__ import annotations

from dataclasses import dataclass

SPLIT = "split: {{test: {test}, validation: 0.1, stratify: {stratify}}}{comment}"

SCALED = (
    "prepare:",
    "  scale: {class: Rescaling, scale: 0.00392156862745098}     # bytes to 0 to 1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a first recipe says.

    Attributes:
        lines: the file of the group `data`.
        model: the shipped model that the recipe copies.
        rows: the number of rows.
        guessed: what was guessed, as sentences.
        layers: the lines of a model that is none of the shipped ones, empty for a copy.
    """

    lines: tuple[str, ...]
    model: str
    rows: int
    guessed: tuple[str, ...]
    layers: tuple[str, ...] = ()


def split_line(*, given: bool, stratify: str) -> str:
    """The line of the group `data` that says which rows are for training."""
    return SPLIT.format(
        test="given" if given else "0.2",
        stratify=stratify,
        comment="     # the data says what is for testing" if given else "",
    )
