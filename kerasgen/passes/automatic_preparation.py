"""The pass that writes `prepare: auto` out: the steps of each column, as its type wants it.

It owns which steps a column of a type gets, and which columns become one model input. It gives what
a person would have written under `data.features` and `data.prepare`, as plain data that is parsed
like any other. It must not see rows: what the training rows say of a column comes in.

Decisions:
- Numbers, truth values and one-hot categories are stacked into one input, `INPUT` where it is the
  only one; whatever is an index goes in alone, under the name of its column.
- A category has a place for each word up to `MOST_PLACES` words, and is an index for an embedding
  beyond that.
- A number that is missing in the training part is filled with the mean, and a second column says
  where. One that is missing nowhere there must not be missing later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasgen.ir.data import ColumnDef
from kerasgen.ir.model import INPUT
from kerasgen.ir.schema import ColumnType
from kerasgen.ir.values import Tree
from kerasgen.passes.step_shapes import USUAL_PARTS

MOST_PLACES = 32
"""Words of a category up to which each has a place of its own."""

MOST_TOKENS = 20_000
"""Words of the vocabulary of a text."""

MOST_WORDS = 200
"""Words that are kept of a text."""

STACKED = "numbers"
"""The input of the stacked columns, where there are others."""

_FILLS = ("mean", "median", "mode")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingColumn:
    """What the training rows say of a column.

    Attributes:
        type: what its values are.
        missing: whether a value is missing.
        words: its words, the most frequent first; empty for numbers.
        low: the smallest number, None for words.
        high: the largest number, None for words.
    """

    type: ColumnType
    missing: bool = False
    words: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(slots=True, kw_only=True)
class WrittenOut:
    """What `prepare: auto` stands for.

    Attributes:
        features: model input to its columns.
        prepare: name to step, in order.
        inputs: model input to what it is, for the model: its `kind`, and the number of its words
            as `words`.
        sources: name of a step to the column for whose sake it is there.
    """

    features: dict[str, list[str]] = field(default_factory=dict)
    prepare: dict[str, Tree] = field(default_factory=dict)
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)


def write_out(columns: Mapping[str, TrainingColumn], said: Mapping[str, ColumnDef]) -> WrittenOut:
    """Writes the steps of all feature columns out.

    Args:
        columns: feature columns, in order.
        said: column to what the config says of it.
    """
    work = _Work(taken=set(columns))
    for name, column in columns.items():
        work.column = name
        treat = _TREATMENTS.get(column.type)
        if treat is not None:
            treat(name, column, said.get(name, ColumnDef()), work)
    found = WrittenOut(prepare=work.prepare, sources=work.sources)
    alone = dict(work.alone)
    if work.stacked:
        title = STACKED if alone else INPUT
        found.features[title] = work.stacked
        found.inputs[title] = {"kind": "numbers"}
    for name, end in alone.items():
        title = name if re.fullmatch(r"[A-Za-z]\w*", name) else work.free(name)
        found.features[title] = [end.column]
        words = {} if end.words is None else {"words": end.words}
        found.inputs[title] = {"kind": end.kind, **words}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What goes into a model alone.

    Attributes:
        column: the column.
        kind: `index`, `tokens`, `image` or `sequence`.
        words: number of its words, None for none.
    """

    column: str
    kind: str
    words: int | None = None


@dataclass(slots=True, kw_only=True)
class _Work:
    """What was written out so far.

    Attributes:
        taken: names of columns.
        prepare: name to step.
        column: the column whose steps are written.
        sources: name of a step to its column.
        stacked: columns of the stacked input.
        alone: model input to what goes in there.
    """

    taken: set[str]
    prepare: dict[str, Tree] = field(default_factory=dict)
    column: str = ""
    sources: dict[str, str] = field(default_factory=dict)
    stacked: list[str] = field(default_factory=list)
    alone: dict[str, End] = field(default_factory=dict)

    def free(self, name: str) -> str:
        """A name that an entry may have, with a number where it is taken."""
        plain = re.sub(r"\W+", "_", name).strip("_") or "column"
        plain = f"column_{plain}" if plain[0].isdigit() else plain
        title, number = plain, 1
        while title in self.taken:
            number += 1
            title = f"{plain}_{number}"
        self.taken.add(title)
        return title

    def step(self, name: str, made: str, takes: str, **arguments: Tree) -> str:
        """Adds a step; gives the name of the column that it makes."""
        title = self.free(name)
        self.prepare[title] = {"class": made, **arguments, "from": takes}
        self.sources[title] = self.column
        return title


def _number(name: str, column: TrainingColumn, said: ColumnDef, work: _Work) -> None:
    current, missing = name, said.missing
    if missing in _FILLS or missing == "indicator" or (missing is None and column.missing):
        strategy = missing if missing in _FILLS else "mean"
        indicator = missing in (None, "indicator")
        current = work.step(f"{name}_filled", "Impute", name, strategy=strategy)
        if indicator:
            work.stacked.append(work.step(f"{name}_missing", "IsMissing", name))
    elif isinstance(missing, int | float):
        current = work.step(f"{name}_filled", "Impute", name, fill=float(missing))
    if said.scale == "log":
        current = work.step(f"{name}_log", "LogScale", current)
    if said.scale == "minmax":
        low, high = column.low or 0.0, column.high or 0.0
        width = (high - low) or 1.0
        current = work.step(
            f"{name}_scaled", "Rescaling", current, scale=1.0 / width, offset=-low / width
        )
    elif said.scale != "none":
        current = work.step(f"{name}_scaled", "Normalization", current)
    work.stacked.append(current)


def _category(name: str, column: TrainingColumn, said: ColumnDef, work: _Work) -> None:
    words = list(said.vocabulary or column.words)
    encode = said.encode or ("one_hot" if len(words) <= MOST_PLACES else "embedding")
    arguments: dict[str, Tree] = {"vocabulary": [*words]}
    if said.unknown == "error":
        arguments["unknown"] = "error"
    if encode == "one_hot":
        places = work.step(f"{name}_places", "Categories", name, **arguments, output="one_hot")
        work.stacked.append(places)
    else:
        index = work.step(f"{name}_index", "Categories", name, **arguments)
        work.alone[name] = End(column=index, kind="index", words=len(words) + 1)


def _ordinal(name: str, column: TrainingColumn, said: ColumnDef, work: _Work) -> None:
    del column
    order: list[Tree] = [*(said.order or ())]
    work.stacked.append(work.step(f"{name}_rank", "Ordinal", name, order=order))


def _date(name: str, column: TrainingColumn, said: ColumnDef, work: _Work) -> None:
    parts: list[Tree] = [*(said.parts or USUAL_PARTS)]
    made = work.step(f"{name}_parts", "DateParts", name, parts=parts)
    if column.missing:
        made = work.step(f"{name}_filled", "Impute", made)
    work.stacked.append(work.step(f"{name}_scaled", "Normalization", made))


def _text(name: str, column: TrainingColumn, said: ColumnDef, work: _Work) -> None:
    del column
    tokens, length = said.tokens or MOST_TOKENS, said.length or MOST_WORDS
    made = work.step(f"{name}_tokens", "Tokens", name, tokens=tokens, length=length)
    work.alone[name] = End(column=made, kind="tokens", words=tokens)


def _image(name: str, column: TrainingColumn, said: ColumnDef, work: _Work) -> None:
    del said
    bytes_ = (column.high or 0.0) > 1.0
    made = work.step(f"{name}_scaled", "Rescaling", name, scale=1 / 255) if bytes_ else name
    work.alone[name] = End(column=made, kind="image")


def _sequence(name: str, column: TrainingColumn, said: ColumnDef, work: _Work) -> None:
    del column, said
    work.alone[name] = End(column=name, kind="sequence")


_TREATMENTS: Mapping[ColumnType, Callable[[str, TrainingColumn, ColumnDef, _Work], None]] = {
    "number": _number,
    "boolean": _category,
    "category": _category,
    "ordinal": _ordinal,
    "date": _date,
    "text": _text,
    "image": _image,
    "sequence": _sequence,
}
"""Type to what writes the steps of such a column."""
