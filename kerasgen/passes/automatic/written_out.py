"""The pass that writes `prepare: auto` out: the steps of all columns, and what goes in where.

It owns which columns become one model input, and how written steps stand among those of
`column_steps`. It gives what a person would have written under `data.features` and
`data.prepare`, as plain data that is parsed like any other. It must not see rows: what the training
rows say of a column comes in.

Decisions:
- Numbers, truth values and one-hot categories are stacked into one input, `INPUT` where it is the
  only one; whatever is an index goes in alone, under the name of its column. Where `features` names
  its inputs, these are kept.
- A column that a written step makes under its own name is prepared by hand: it goes in as the step
  leaves it. So does a new one that no step takes, where `features` are `all`.
- A written step of the name of one that is written out stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasgen.ir.data import ColumnDef, DataDef
from kerasgen.ir.model import INPUT, Entry
from kerasgen.ir.schema import ALL
from kerasgen.ir.values import ObjectDef, Tree
from kerasgen.passes.automatic.column_steps import (
    MOST_TOKENS,
    ColumnWork,
    End,
    TrainingColumn,
    treat,
)
from kerasgen.passes.columns import column_steps, taken_columns

STACKED = "numbers"
"""The input of the stacked columns, where there are others."""


KNOWN = "known"
"""The input of the stacked columns that are known ahead."""


@dataclass(slots=True, kw_only=True)
class WrittenOut:
    """What `prepare: auto` stands for.

    Attributes:
        features: model input to its columns.
        prepare: name to step, in order.
        inputs: model input to what it is, for the model: its `kind`, and the number of its words
            as `words`.
        sources: name of a step to the column for whose sake it is there.
        left_out: column that goes in nowhere, to the reason.
        apart: column that shares an input with others but cannot be stacked, to that input.
    """

    features: dict[str, list[str]] = field(default_factory=dict)
    prepare: dict[str, Tree] = field(default_factory=dict)
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    apart: dict[str, str] = field(default_factory=dict)


def write_out(
    columns: Mapping[str, TrainingColumn],
    said: Mapping[str, ColumnDef],
    features: Mapping[str, tuple[str, ...]] | None = None,
    by_hand: Mapping[str, End | None] | None = None,
    targets: Mapping[str, int | None] | None = None,
    ahead: Collection[str] = (),
) -> WrittenOut:
    """Writes the steps of all feature columns out.

    Args:
        columns: feature columns of the source, in order.
        said: column to what the config says of it.
        features: model input to its columns; None, or a single `INPUT`, where inputs are to be
            found. Columns that are made by hand may stand in it.
        by_hand: column that a written step makes for the model, to what goes in alone; None where
            it is stacked with others.
        targets: target that a word may be encoded by, to its number of classes; None for a number.
        ahead: columns that are known ahead, which are stacked apart from others.
    """
    hand = by_hand or {}
    named = features if features is not None and set(features) != {INPUT} else None
    shared = {c for names in (named or {}).values() if len(names) > 1 for c in names}
    work = ColumnWork(taken=set(columns), shared=shared, targets=targets or {})
    for name, column in columns.items():
        if name not in hand:
            treat(name, column, said.get(name, ColumnDef()), work)
    for name, end in hand.items():
        _enter(name, end, work)
    found = WrittenOut(prepare=work.prepare, sources=work.sources, left_out=work.left_out)
    if named is not None:
        _fill_named(named, work, found)
    else:
        _fill_inputs(work, ahead, found)
    return found


def written_by_hand(data: DataDef, columns: Collection[str]) -> dict[str, End | None]:
    """The columns that written steps make for the model, as `write_out` takes them.

    Args:
        data: the data group.
        columns: the feature columns of the source.
    """
    steps = [entry for entry in column_steps(data) if entry.name not in data.target.values()]
    taken = {name for entry in steps for name in taken_columns(entry) if name != entry.name}
    listed = {name for names in data.features.values() for name in names}
    return {
        entry.name: _end_of(entry)
        for entry in steps
        if entry.name in columns
        or entry.name in listed
        or (ALL in listed and entry.name not in taken)
    }


def _end_of(entry: Entry) -> End | None:
    """What of a written step goes in alone: indices whose number of words is known."""
    kind, words = words_of_step(entry)
    return End(column=entry.name, kind=kind, words=words) if words and kind != "places" else None


def words_of_step(entry: Entry) -> tuple[str, int | None]:
    """What a step makes of words, and how many different ones there may be, None for unknown.

    Args:
        entry: an entry of `data.prepare`.

    Returns:
        `index`, `tokens` (several indices), or `places` (one for each word); and the number of
        words with those that stand for unknown and missing ones, as `Embedding` wants it.
    """
    made = entry.definition
    if not isinstance(made, ObjectDef):
        return "index", None
    arguments = made.arguments
    vocabulary = arguments.get("vocabulary")
    known = len(vocabulary) if isinstance(vocabulary, tuple) else None
    words: Any = None
    kind = "index"
    if made.cls == "Tokens":
        kind, words = "tokens", arguments.get("tokens", MOST_TOKENS)
    elif made.cls == "TextVectorization" and arguments.get("output_mode", "int") == "int":
        kind = "tokens"
        words = arguments.get("max_tokens") or (known and known + 2)
    elif made.cls == "Categories":
        kind = "places" if arguments.get("output") == "one_hot" else "index"
        words = known and known + 1
    elif made.cls == "MultiHot":
        kind, words = "places", known
    elif made.cls in ("StringLookup", "IntegerLookup") and "output_mode" not in arguments:
        words = known and known + 2  # an unknown word, and perhaps a mask
    elif made.cls == "Hashing":
        words = arguments.get("num_bins")
    return kind, words if isinstance(words, int) else None


def _enter(name: str, end: End | None, work: ColumnWork) -> None:
    """Enters a column that a written step makes, perhaps in the place of an automatic step."""
    column = work.sources.get(name, name)
    pieces = work.pieces.setdefault(column, [])
    former = work.alone.get(column)
    if name in work.prepare and name not in pieces and (former is None or former.column != name):
        return  # another step takes it
    if end is not None:
        work.alone[column] = end
        work.pieces[column] = [piece for piece in pieces if piece != name]
    else:
        if former is not None and former.column == name:
            del work.alone[column]
        if name not in pieces:
            pieces.append(name)


def _fill_inputs(work: ColumnWork, ahead: Collection[str], found: WrittenOut) -> None:
    """Stacks what can be, and gives each of the others an input of its own."""
    stacked: dict[str, list[str]] = {STACKED: [], KNOWN: []}
    for name, pieces in work.pieces.items():
        stacked[KNOWN if name in ahead else STACKED] += pieces
    if not work.alone and not stacked[KNOWN]:
        stacked = {INPUT: stacked[STACKED]}
    for title, columns in stacked.items():
        if columns:
            title = title if title not in work.alone else work.free(title)
            found.features[title] = columns
            found.inputs[title] = {"kind": "numbers"}
    for name, end in work.alone.items():
        title = name if re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) else work.free(name)
        found.features[title] = [end.column]
        found.inputs[title] = _facts(end)


def _fill_named(
    features: Mapping[str, tuple[str, ...]], work: ColumnWork, found: WrittenOut
) -> None:
    """Gives each input that has a name its columns as they are made."""
    for title, names in features.items():
        ends = {name: work.alone[name] for name in names if name in work.alone}
        if len(names) > 1:
            found.apart |= dict.fromkeys(ends, title)
        pieces = [piece for name in names for piece in work.pieces.get(name, [])]
        pieces += [end.column for end in ends.values()]
        if pieces:
            found.features[title] = pieces
            alone = next(iter(ends.values()), None)
            found.inputs[title] = {"kind": "numbers"} if alone is None else _facts(alone)


def _facts(end: End) -> dict[str, Any]:
    words = {} if end.words is None else {"words": end.words}
    return {"kind": end.kind, **words}
