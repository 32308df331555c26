"""The data of a program: its source, its columns, how they are prepared and divided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kerasgen.ir.model import Entry
from kerasgen.ir.schema import ColumnType
from kerasgen.ir.values import ObjectDef, Value

FACTS = (
    "classes",
    "class_names",
    "shape",
    "target_shape",
    "column_shape",
    "samples",
    "inputs",
    "vocabulary",
)
"""The facts of the data that configs may refer to, as in `${data.classes}`."""

AUTO = "auto"
"""What a key says that is settled by the data itself, once it is opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDef:
    """What a config says that a column is, and how `prepare: auto` treats it.

    Attributes:
        type: what its values are; `ignore` for a column that is not read; None for what the data
            tells.
        missing: what becomes of rows without a value: `error`, `drop` (the row), `mean`, `median`,
            `mode`, `indicator` (the mean, and a column that says so), or a number that is put in
            their place; None for `indicator` where the training part misses values.
        strip: characters that do not count at the ends of words.
        scale: how numbers are scaled: `standard` (mean 0, variance 1), `minmax` (0 to 1), `log`
            (logarithm of 1 + x, then standard), `none`.
        encode: how words and categories go into the model: `one_hot`, `embedding` or `index`; None
            for what their number suggests; `target` for the mean of the target where they stand.
        vocabulary: the words that there are, None for those of the training part.
        unknown: what becomes of other words: a category of their `own`, or an `error`.
        rare: words in fewer rows than that are unknown.
        order: the words of an ordinal column, lowest first.
        parts: what is taken of a date.
        tokens: most words of a text's vocabulary.
        length: words that are kept of a text, numbers of a sequence, or values of a sound: longer
            ones are cut and shorter ones filled with silence.
        size: height and width of an image, None if all images have the same.
        color_mode: `rgb` (left out), `rgba` or `grayscale`.
        rate: values a second of a sound, to which other files are converted; None if all have the
            same.
        channels: channels of a sound; 1 (left out) mixes all of them into one.
        folder: the folder from which the paths of images and sounds start, None for that of the
            table.
        separator: what stands between the labels of a cell.
        path: key path of the entry.
    """

    type: ColumnType | Literal["ignore"] | None = None
    missing: str | float | int | None = None
    strip: str | None = None
    scale: Literal["standard", "minmax", "log", "none"] | None = None
    encode: Literal["one_hot", "embedding", "index", "target"] | None = None
    vocabulary: tuple[str, ...] | None = None
    unknown: Literal["own", "error"] | None = None
    rare: int | None = field(default=None, metadata={"minimum": 0})
    order: tuple[str, ...] | None = None
    parts: tuple[str, ...] | None = None
    tokens: int | None = field(default=None, metadata={"minimum": 3})
    length: int | None = field(default=None, metadata={"minimum": 1})
    size: tuple[int, ...] | None = None
    color_mode: Literal["rgb", "rgba", "grayscale"] | None = None
    rate: int | None = field(default=None, metadata={"minimum": 1})
    channels: int | None = field(default=None, metadata={"minimum": 1})
    folder: str | None = None
    separator: str | None = None
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDef:
    """How the rows are divided.

    Attributes:
        test: `given` (the source says), a fraction of the rows, a number of rows, or None.
        validation: the same; fractions and numbers are taken of what is not test.
        stratify: whether each part keeps the shares of the classes; `auto` where it can.
        shuffle: whether rows are drawn at random; False takes them from the end.
        group: the column whose equal values stay in one part, None for none.
        by: the column that says which part a row is in, None for none; parts are `given` by it.
        time: the column by which the newest rows are taken, None for none.
        fold: which fold is the test part, as `2/5` for the second of five; None for none.
    """

    test: float | int | Literal["given"] | None = field(default=None, metadata={"minimum": 0})
    validation: float | int | Literal["given"] | None = field(default=None, metadata={"minimum": 0})
    stratify: bool | Literal["auto"] = False
    shuffle: bool = True
    group: str | None = None
    by: str | None = None
    time: str | None = None
    fold: str | None = None

    @property
    def fold_numbers(self) -> tuple[int, int] | None:
        """The number of the fold, from 1, and how many there are."""
        if self.fold is None:
            return None
        number, _, folds = self.fold.partition("/")
        return int(number), int(folds)

    @property
    def columns(self) -> dict[str, str]:
        """Key of the split to the column that it names."""
        named = {"group": self.group, "by": self.by, "time": self.time}
        return {key: column for key, column in named.items() if column is not None}

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts that there are."""
        tests = bool(self.test) or self.fold is not None
        validation = ("validation",) if self.validation else ()
        return ("training", *validation, *(("test",) if tests else ()))

    @property
    def takes_given(self) -> bool:
        """Whether the source says which part some rows are in."""
        return self.by is None and "given" in (self.test, self.validation)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsDef:
    """How the rows of series become the windows of a forecast.

    Attributes:
        length: rows that go into the model.
        horizon: rows that follow them, which are forecast.
        stride: rows from one window to the next; the newest window of each part is always there.
        season: rows after which a series repeats itself, for the seasonal baseline; None for what
            the times tell (12 for months, 7 for days).
        known: columns whose values are known ahead, as those of a calendar are: what is made of
            them goes in for the horizon too.
    """

    length: int = field(metadata={"minimum": 1})
    horizon: int = field(default=1, metadata={"minimum": 1})
    stride: int = field(default=1, metadata={"minimum": 1})
    season: int | None = field(default=None, metadata={"minimum": 1})
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsDef:
    """How much the rows count in training; one of its fields says it.

    Attributes:
        column: the column that holds the weight of each row.
        classes: class name or index to weight.
        balance: `balanced` for weights by which each class counts the same; `oversample` for rows
            of smaller classes that are repeated until each has as many as the largest;
            `undersample` for rows that are left out until each has as few as the smallest.
    """

    column: str | None = None
    classes: Mapping[int | str, float] | None = None
    balance: Literal["balanced", "oversample", "undersample"] | None = None

    @property
    def sampling(self) -> Literal["oversample", "undersample"] | None:
        """How rows are repeated or left out; None where they are not."""
        return None if self.balance == "balanced" else self.balance


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDef:
    """What to train on.

    Attributes:
        source: the data source and its arguments.
        features: input name to the columns that it stacks.
        target: output name to column; the key is empty where one unnamed target was written;
            empty for none (an autoencoder's target is its input).
        task: `classification`, `multilabel`, `regression`, `autoencoding` or `forecasting`; by
            output name where they differ; `auto` for what the target tells.
        joined: column that stands for a list of targets, to these.
        prepare: preprocessing entries, in order.
        automatic: whether each column is prepared as its type wants it, before these.
        columns: column to what the config says of it.
        split: how the rows are divided.
        augment: layers that make other samples of those of the training part, in order.
        time: the column that orders the rows; empty for none.
        series: the column that tells several series apart; empty for one series.
        windows: how the rows become windows, None where each row is a sample.
        weights: how much the rows count in training, None where they count the same.
        facts: what is known without opening the data (`classes`, `shape`, …).
        path: key path of the group.
    """

    source: ObjectDef
    features: Mapping[str, tuple[str, ...]]
    target: Mapping[str, str]
    task: Mapping[str, str]
    prepare: tuple[Entry, ...] = ()
    automatic: bool = False
    columns: Mapping[str, ColumnDef] = field(default_factory=dict)
    split: SplitDef = field(default_factory=SplitDef)
    augment: tuple[Entry, ...] = ()
    time: str = ""
    series: str = ""
    windows: WindowsDef | None = None
    weights: WeightsDef | None = None
    joined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: Mapping[str, Value] = field(default_factory=dict)
    path: str = "data"

    @property
    def absent(self) -> bool:
        """Whether there is no data at all, and the model stands alone."""
        return not self.source.cls

    @property
    def unsettled(self) -> bool:
        """Whether something is left to be told by the data itself."""
        if self.automatic or AUTO in self.task.values() or self.split.stratify == AUTO:
            return True
        return any(_has_open_width(entry.definition) for entry in self.prepare)


def _has_open_width(step: object) -> bool:
    """Whether a step gives a place to each word, and its training rows say which there are."""
    return (
        isinstance(step, ObjectDef)
        and (step.arguments.get("output") == "one_hot" or step.cls == "MultiHot")
        and step.arguments.get("vocabulary") is None
    )
