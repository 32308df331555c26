"""The pass that folds repeated pieces of a model into blocks: IR to a shorter IR.

It owns what a fold leaves behind: blocks with their parameters, the entries that use them, runs of
equal entries as one with `repeat`. Which pieces repeat is found in `search`, what things are
called in `names`; what a block means is fixed by the expansion that takes it apart again.
Names change: the expanded model has the same entries in the same order, called after the block's
use. Taking the piece that saves most is not always best in the end, so that several tastes are
tried, and the shortest outcome is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kerasgen.ir.canonical import without_places
from kerasgen.ir.model import INPUT, Entry, ModelDef, TensorRef
from kerasgen.ir.values import ObjectDef, Value
from kerasgen.ir.walks import output_refs, references_in
from kerasgen.passes.fold.names import (
    block_name,
    common_prefix,
    inner_names,
    run_name,
    unused_name,
)
from kerasgen.passes.fold.search import (
    LINE,
    BlockUse,
    Default,
    Repetition,
    arguments_of,
    best_repetition,
    entry_size,
    parameters_of,
)

_TASTES = (0.0, 0.4, 0.8, 1.2)
"""How much a short piece is preferred to a long one that saves as much."""

_MOST_COPIES = 40
"""Copies that are reckoned with where a parameter says how many there are."""

_BLOCK_INPUTS = ("a", "b", "c")
"""Names of the inputs of a block that has several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDef:
    """A block: a piece of a model with parameters.

    Attributes:
        name: its name.
        parameters: parameter name to default.
        inputs: names of its inputs; the single one is called `input`.
        entries: its entries, in order; the last one gives what comes out.
    """

    name: str
    parameters: Mapping[str, Value]
    inputs: tuple[str, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedModel:
    """A model with the blocks that it uses.

    Attributes:
        model: the model; some of its entries are made of a `BlockUse`.
        blocks: name to block, each before those that use it.
    """

    model: ModelDef
    blocks: Mapping[str, BlockDef]


def fold(model: ModelDef, default: Default) -> FoldedModel:
    """Folds the repeated pieces of a model.

    Args:
        model: the model.
        default: what an argument is that an entry does not write.

    Returns:
        The folded model; without blocks, and with the entries as they were, where nothing repeats.
    """
    plain = FoldedModel(model=model, blocks={})
    outcomes = [plain, *(_folded(model, default, taste) for taste in _TASTES)]
    return min(outcomes, key=_total)


def _folded(model: ModelDef, default: Default, taste: float) -> FoldedModel:
    blocks: dict[str, BlockDef] = {}

    def known(cls: str, argument: str) -> object:
        block = blocks.get(cls)
        return default(cls, argument) if block is None else block.parameters[argument]

    # The names of what a model gives back are its outside, and stay.
    outputs = output_refs(model.outputs) or (TensorRef(name=model.entries[-1].name),)
    entries = _merge_runs(_explicit(model), outputs)
    while (found := best_repetition(entries, outputs, known, taste)) is not None:
        block, entries = _replace(entries, found, set(blocks), known)
        blocks[block.name] = block
        entries = _merge_runs(entries, outputs)
    for block in list(blocks.values()):
        inner = _apart(block.entries, set(block.inputs), blocks)
        blocks[block.name] = replace(block, entries=tuple(inner))
    names = [item.name for item in model.inputs]
    apart = _apart(_implicit(entries, names), set(names), blocks)
    return FoldedModel(model=replace(model, entries=tuple(apart)), blocks=blocks)


def _total(folded: FoldedModel) -> int:
    """About what a folded model counts in a text."""
    count = sum(map(entry_size, folded.model.entries)) + (LINE if folded.blocks else 0)
    for block in folded.blocks.values():
        count += sum(map(entry_size, block.entries)) + 2 * (LINE + 8)
        lines = [LINE + len(key) + len(str(value)) for key, value in block.parameters.items()]
        count += sum(lines) + (LINE if lines else 0)
    return count


def _explicit(model: ModelDef) -> list[Entry]:
    """The entries with what they take by default written out, and without key paths.

    Where something was written makes no difference to what repeats.
    """
    above = model.inputs[0].name if model.inputs else INPUT
    entries = []
    for entry in model.entries:
        takes = TensorRef(name=above) if entry.takes is None else without_places(entry.takes)
        definition = without_places(entry.definition)
        entries.append(replace(entry, definition=definition, takes=takes, path=""))
        above = entry.name
    return entries


def _implicit(entries: Sequence[Entry], inputs: Sequence[str]) -> tuple[Entry, ...]:
    """The entries without what they take by default."""
    above = "" if len(inputs) > 1 else (inputs or [INPUT])[0]
    found = []
    for entry in entries:
        found.append(replace(entry, takes=None) if entry.takes == TensorRef(name=above) else entry)
        above = entry.name
    return tuple(found)


def _replace(
    entries: Sequence[Entry], found: Repetition, blocks: set[str], default: Default
) -> tuple[BlockDef, list[Entry]]:
    """Puts a block in the place of every instance of a repetition."""
    length = found.length
    instances = [list(entries[start : start + length]) for start in found.starts]
    prefixes = [common_prefix(instance) for instance in instances]
    uses_only = all(isinstance(entry.definition, BlockUse) for entry in instances[0])
    title = unused_name("stage" if uses_only else block_name(prefixes, instances), blocks)
    inputs = (INPUT,) if found.inputs == 1 else _BLOCK_INPUTS[: found.inputs]
    names = inner_names(instances, prefixes, inputs)
    values, parameters, uses = parameters_of(instances, names, default)
    block = BlockDef(
        name=title,
        parameters=parameters,
        inputs=inputs,
        entries=_implicit(_inner_entries(instances[0], names, inputs, values), inputs),
    )
    renamed: dict[str, str] = {}
    taken = {entry.name for entry in entries}
    for instance, prefix in zip(instances, prefixes, strict=True):
        wanted = prefix.rstrip("_-") if prefix else f"{title}_1"
        taken -= {entry.name for entry in instance}
        renamed[instance[-1].name] = name = unused_name(wanted, taken)
        taken.add(name)
    rest: list[Entry] = []
    at = dict(zip(found.starts, range(len(instances)), strict=True))
    position = 0
    while position < len(entries):
        if position not in at:
            entry = entries[position]
            rest.append(replace(entry, takes=_renamed(entry.takes, renamed)))
            position += 1
            continue
        number = at[position]
        outer = _outer_references(instances[number])
        operands = [_renamed(reference, renamed) for reference in outer]
        takes: Any = operands[0] if len(inputs) == 1 else dict(zip(inputs, operands, strict=True))
        use = BlockUse(cls=title, arguments=uses[number])
        rest.append(Entry(name=renamed[instances[number][-1].name], definition=use, takes=takes))
        position += length
    return block, rest


def _inner_entries(
    instance: Sequence[Entry],
    names: Sequence[str],
    inputs: Sequence[str],
    values: Sequence[Mapping[str, Value]],
) -> list[Entry]:
    """The entries of a block, made of its first instance."""
    outer = {ref: TensorRef(name=inputs[i]) for i, ref in enumerate(_outer_references(instance))}
    own = {entry.name: name for entry, name in zip(instance, names, strict=True)}

    def moved(operand: object) -> Any:
        if isinstance(operand, TensorRef):
            found = outer.get(operand)
            return found or replace(operand, name=own[operand.name])
        if isinstance(operand, Mapping):
            return {key: moved(item) for key, item in operand.items()}
        return tuple(map(moved, operand)) if isinstance(operand, tuple) else operand

    inner = []
    for entry, name, arguments in zip(instance, names, values, strict=True):
        definition = entry.definition
        if isinstance(definition, ObjectDef):
            definition = replace(definition, arguments=arguments, bare=False)
        inner.append(replace(entry, name=name, definition=definition, takes=moved(entry.takes)))
    return inner


def _outer_references(instance: Sequence[Entry]) -> list[TensorRef]:
    """The tensors from outside that an instance takes, each once, in order."""
    own = {entry.name for entry in instance}
    found = [ref for entry in instance for ref in references_in(entry.takes)]
    return list(dict.fromkeys(ref for ref in found if ref.name not in own))


def _merge_runs(entries: Sequence[Entry], outputs: Sequence[TensorRef]) -> list[Entry]:
    """Makes one entry with `repeat` of equal entries that follow each other."""
    users = Counter(ref.name for entry in entries for ref in set(references_in(entry.takes)))
    users.update(reference.name for reference in outputs)
    shared = {entry.reuses for entry in entries}
    merged: list[Entry] = []
    renamed: dict[str, str] = {}
    taken = {entry.name for entry in entries}
    position = 0
    while position < len(entries):
        first = entries[position]
        end = position + 1
        while end < len(entries) and _continues(entries[end - 1], entries[end], users, shared):
            end += 1
        run = entries[position:end]
        takes = _renamed(first.takes, renamed)
        if len(run) == 1 or any(reference.name == run[-1].name for reference in outputs):
            merged += [replace(e, takes=_renamed(e.takes, renamed)) for e in run]
        else:
            assert isinstance(first.definition, ObjectDef)
            arguments = {**first.definition.arguments, "repeat": len(run)}
            taken -= {entry.name for entry in run}
            name = unused_name(run_name([entry.name for entry in run]), taken)
            taken.add(name)
            renamed[run[-1].name] = name
            definition = replace(first.definition, arguments=arguments, bare=False)
            merged.append(replace(first, name=name, definition=definition, takes=takes))
        position = end
    return merged


def _continues(
    before: Entry, entry: Entry, users: Mapping[str, int], shared: set[str | None]
) -> bool:
    """Whether an entry is one more copy of the one before it."""
    return (
        isinstance(entry.definition, ObjectDef)
        and isinstance(before.definition, ObjectDef)
        and type(entry.definition) is type(before.definition)
        and entry.definition.cls == before.definition.cls
        and entry.definition.arguments == before.definition.arguments
        and "repeat" not in entry.definition.arguments
        and entry.takes == TensorRef(name=before.name)
        and not isinstance(before.takes, Mapping)
        and users[before.name] == 1
        and not {entry.name, before.name} & shared
        and entry.call_arguments == before.call_arguments
    )


def _apart(
    entries: Sequence[Entry], taken: set[str], blocks: Mapping[str, BlockDef]
) -> list[Entry]:
    """Renames what folding has made where its expansion would give a name twice.

    The copies of a run `conv` are `conv_0`, `conv_1`, …, and a neighbor may be called so already.
    """
    folded = [isinstance(e.definition, BlockUse) or "repeat" in arguments_of(e) for e in entries]
    # Names that came with the model go first: they stay.
    order = sorted(range(len(entries)), key=lambda i: folded[i])
    known = set(taken)
    renamed: dict[str, str] = {}
    for i in order:
        entry, number = entries[i], 1
        while not known.isdisjoint(names := set(_expanded_names(entry, blocks))):
            number += 1
            stem = entries[i].name
            entry = replace(entry, name=f"{stem}s" if number == 2 else f"{stem}s_{number}")
        known |= names | {entry.name}
        if entry.name != entries[i].name:
            renamed[entries[i].name] = entry.name
    return [
        replace(e, name=renamed.get(e.name, e.name), takes=_renamed(e.takes, renamed))
        for e in entries
    ]


def _expanded_names(entry: Entry, blocks: Mapping[str, BlockDef]) -> Iterator[str]:
    """The names that an entry has after expansion."""
    copies = arguments_of(entry).get("repeat")
    names = [entry.name]
    if copies is not None:
        count = copies if isinstance(copies, int) else _MOST_COPIES
        names = [f"{entry.name}_{i}" for i in range(count)]
    if not isinstance(entry.definition, BlockUse):
        yield from names
        return
    inner = [n for e in blocks[entry.definition.cls].entries for n in _expanded_names(e, blocks)]
    yield from (f"{name}_{end}" for name in names for end in inner)


def _renamed(takes: object, names: Mapping[str, str]) -> Any:
    if isinstance(takes, TensorRef):
        return replace(takes, name=names.get(takes.name, takes.name))
    if isinstance(takes, Mapping):
        return {key: _renamed(item, names) for key, item in takes.items()}
    return tuple(_renamed(item, names) for item in takes) if isinstance(takes, tuple) else takes
