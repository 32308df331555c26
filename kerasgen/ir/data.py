"""The data of a program: its source, its columns, how they are prepared and divided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kerasgen.ir.model import Entry
from kerasgen.ir.values import ObjectDef, Value

FACTS = ("classes", "class_names", "shape", "target_shape", "samples")
"""The facts of the data that configs may refer to, as in `${data.classes}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDef:
    """How the rows are divided.

    Attributes:
        test: `given` (the source says), a fraction of the rows, a number of rows, or None.
        validation: the same; fractions and numbers are taken of what is not test.
        stratify: whether each part keeps the shares of the classes.
        shuffle: whether rows are drawn at random; False takes them from the end.
    """

    test: float | int | Literal["given"] | None = field(default=None, metadata={"minimum": 0})
    validation: float | int | Literal["given"] | None = field(default=None, metadata={"minimum": 0})
    stratify: bool = False
    shuffle: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDef:
    """What to train on.

    Attributes:
        source: the data source and its arguments.
        features: input name to the columns that it stacks.
        target: output name to column; the key is empty where one unnamed target was written;
            empty for none (an autoencoder's target is its input).
        task: `classification`, `multilabel`, `regression` or `autoencoding`; by output name where
            they differ.
        prepare: preprocessing entries, in order.
        split: how the rows are divided.
        facts: what is known without opening the data (`classes`, `shape`, …).
        path: key path of the group.
    """

    source: ObjectDef
    features: Mapping[str, tuple[str, ...]]
    target: Mapping[str, str]
    task: Mapping[str, str]
    prepare: tuple[Entry, ...] = ()
    split: SplitDef = field(default_factory=SplitDef)
    facts: Mapping[str, Value] = field(default_factory=dict)
    path: str = "data"

    @property
    def absent(self) -> bool:
        """Whether there is no data at all, and the model stands alone."""
        return not self.source.cls
