"""The search for repetitions: pieces of a model that are the same but for some arguments.

It owns what makes two pieces the same, which of them can stand as a block, what a fold of them
saves, and which arguments become parameters. A piece is a stretch of
entries of which only the last is taken by others, so that it can have one output.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasgen.ir.model import Constant, Entry, ModelDef, TensorRef
from kerasgen.ir.values import ObjectDef, Value
from kerasgen.ir.walks import references_in
from kerasgen.passes.fold.names import common_prefix

Default = Callable[[str, str], Any]
"""Class and argument to the argument's default as a config would write it; an object that is no
value of a config where that is not known."""

_LONGEST = 80
"""Entries of a piece up to which repetitions are looked for."""

_MOST_INPUTS = 3
"""Tensors from outside that a piece may take."""

_MOST_PARAMETERS = 8
"""Parameters of a block, beyond which it is no easier to read than what it stands for."""

LINE = 40
"""What a line counts beside its characters: the reader's eye stops at each."""

WIDTH = 100
"""Characters of a line, beyond which an entry is written in block style."""

_SEVERAL_INPUTS = 0.6
"""What a saving is worth for each input more: such a block is a piece of one, not a whole."""

_NAMED = 1.4
"""What a saving is worth where names have a beginning in common: their author saw a piece too."""


class Expression(str):
    """Text of the config language that stands for a value: `$filters`, `$filters * 4`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockUse(ObjectDef):
    """An entry that uses a block: `cls` names it, the arguments are its parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """A piece that occurs several times.

    Attributes:
        starts: positions of its first entries, without overlap.
        length: number of its entries.
        inputs: number of tensors that it takes from outside.
    """

    starts: tuple[int, ...]
    length: int
    inputs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """An entry as the search sees it.

    Attributes:
        kind: what must be equal in every instance; None for what can stand in no block.
        taken: positions of what it takes (inputs below 0), with the index of the output.
        size: what the entry counts in a text.
        last: position of the last entry that takes it.
        chosen: whether one of its outputs is taken by index.
    """

    kind: str | None
    taken: tuple[tuple[int, int | None], ...]
    size: int
    last: int
    chosen: bool


def best_repetition(
    entries: Sequence[Entry], outputs: Sequence[TensorRef], default: Default, taste: float = 0.0
) -> Repetition | None:
    """The repetition that makes the text shortest, or None if none makes it shorter.

    Args:
        entries: the entries, with what they take written out.
        outputs: what the model gives back.
        default: what an argument is that an entry does not write.
        taste: how much a short piece is preferred to a long one that saves as much, from 0.
    """
    forms = _forms(entries, outputs, default)
    sizes = [form.size for form in forms]
    best, saved = None, 0.0
    bounded = [(_bound(c, sizes) / c.length**taste, c) for c in _candidates(forms)]
    bounded.sort(key=lambda pair: -pair[0])
    for bound, candidate in bounded:
        if bound <= saved:
            break
        gain = _saving(candidate, entries, sizes, default) / candidate.length**taste
        if gain > saved:
            best, saved = candidate, gain
    return best


def parameters_of(
    instances: Sequence[Sequence[Entry]], names: Sequence[str], default: Default
) -> tuple[list[dict[str, Value]], dict[str, Value], list[dict[str, Value]]]:
    """Divides the arguments of a repetition into what is fixed and what is a parameter.

    Args:
        instances: the entries of each instance.
        names: names of the block's entries, for parameters that would be called the same.
        default: what an argument is that an entry does not write.

    Returns:
        The arguments of the block's entries, its parameters with their defaults, and the
        arguments of each use.
    """
    written: list[dict[str, Value]] = [dict(arguments_of(entry)) for entry in instances[0]]
    vectors: dict[str, list[Value]] = {}
    for offset, key, vector in _varying(instances, default):
        written[offset][key] = _parameter(key, vector, vectors, names[offset])
    parameters = {name: _commonest(vector) for name, vector in vectors.items()}
    uses: list[dict[str, Value]] = [
        {
            name: vector[number]
            for name, vector in vectors.items()
            if not _equal(vector[number], parameters[name])
        }
        for number in range(len(instances))
    ]
    return written, parameters, uses


def _forms(entries: Sequence[Entry], outputs: Sequence[TensorRef], default: Default) -> list[_Form]:
    order: dict[str, int] = {entry.name: i for i, entry in enumerate(entries)}
    last = [-1] * len(entries)
    chosen = [False] * len(entries)
    shared = {entry.reuses for entry in entries}
    taken: list[tuple[tuple[int, int | None], ...]] = []
    outside: dict[str, int] = {}
    for position, entry in enumerate(entries):
        found = []
        for ref in references_in(entry.takes):
            at = order.get(ref.name)
            if at is None:
                at = outside.setdefault(ref.name, -1 - len(outside))
            else:
                last[at] = position
                chosen[at] = chosen[at] or ref.index is not None
            found.append((at, ref.index))
        taken.append(tuple(found))
    for ref in outputs:
        if ref.name in order:
            # As if one more entry took it; and its name is the model's output.
            last[order[ref.name]] = len(entries)
    return [
        _Form(
            kind=None
            if entry.reuses is not None or entry.name in shared or last[i] == len(entries)
            else _kind(entry, default),
            taken=taken[i],
            size=entry_size(entry),
            last=last[i],
            chosen=chosen[i],
        )
        for i, entry in enumerate(entries)
    ]


def _kind(entry: Entry, default: Default) -> str:
    """All of an entry that must be equal in every instance, as one text."""
    wiring = f"{_wiring(entry.takes)} {sorted(entry.call_arguments.items())!r}"
    definition = entry.definition
    if isinstance(definition, ModelDef):
        return f"{_without_name(definition)!r} {wiring}"
    assert definition is not None
    # An argument whose default is not known must stand in every instance.
    fixed = [key for key in definition.arguments if not _is_known(default, definition, key)]
    return f"{type(definition).__name__} {definition.cls} {sorted(fixed)} {wiring}"


def _without_name(model: ModelDef) -> tuple[Any, ...]:
    return (model.kind, model.inputs, model.entries, model.outputs, model.arguments)


def _is_known(default: Default, definition: ObjectDef, key: str) -> bool:
    found = _absent(definition, key, default)
    return found is None or isinstance(found, bool | int | float | str | tuple)


def _wiring(takes: object) -> str:
    if isinstance(takes, TensorRef):
        return "@"
    if isinstance(takes, Constant):
        return repr(takes.value)
    if isinstance(takes, Mapping):
        return str({key: _wiring(item) for key, item in takes.items()})
    return f"[{', '.join(map(_wiring, takes))}]" if isinstance(takes, tuple) else ""


def _candidates(forms: Sequence[_Form]) -> Iterator[Repetition]:
    """Every piece that occurs at least twice, with as many instances as do not overlap."""
    groups: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    marks: dict[tuple[Any, ...], int] = {}  # Numbers for what was seen, since hashes may collide.
    for start in range(len(forms)):
        mark, furthest = 0, -1
        outer: dict[tuple[int, int | None], int] = {}
        for end in range(start, min(len(forms), start + _LONGEST)):
            form = forms[end]
            if form.kind is None:
                break
            places = tuple(
                (at - start, index)
                if at >= start
                else (-1 - outer.setdefault((at, index), len(outer)), None)
                for at, index in form.taken
            )
            if len(outer) > _MOST_INPUTS:
                break
            mark = marks.setdefault((mark, form.kind, places), len(marks) + 1)
            if end > start and furthest <= end and not form.chosen:
                groups[(end - start + 1, mark)].append((start, len(outer)))
            furthest = max(furthest, form.last)
    for (length, _), found in groups.items():
        starts: list[int] = []
        for start, _ in found:
            if not starts or start >= starts[-1] + length:
                starts.append(start)
        if len(starts) > 1:
            yield Repetition(starts=tuple(starts), length=length, inputs=found[0][1])


def _bound(candidate: Repetition, sizes: Sequence[int]) -> int:
    """What a repetition saves at the most."""
    start = candidate.starts[0]
    piece = sum(sizes[start : start + candidate.length])
    return int((len(candidate.starts) - 1) * piece * _NAMED)


def _saving(
    candidate: Repetition, entries: Sequence[Entry], sizes: Sequence[int], default: Default
) -> int:
    """What a repetition saves, in weighted characters, a line for `LINE` more; 0 for nothing."""
    length = candidate.length
    instances = [entries[start : start + length] for start in candidate.starts]
    varying = list(_varying(instances, default))
    vectors: dict[str, list[Value]] = {}
    for offset, key, vector in varying:
        _parameter(key, vector, vectors, str(offset))
        if len(vectors) > _MOST_PARAMETERS:
            return 0
    count = len(instances)
    if count * length < length + count + 4 + len(vectors) + (1 if vectors else 0):
        return 0  # It would take more lines, whatever their length.
    before = sum(sum(sizes[start : start + length]) for start in candidate.starts)
    first = candidate.starts[0]
    after = sum(sizes[first : first + length]) + 2 * length + 2 * LINE + 30
    for name, vector in vectors.items():
        usual = _commonest(vector)
        after += len(name) + len(str(usual)) + 6 + LINE
        after += sum(
            len(name) + len(str(value)) + 4 for value in vector if not _equal(value, usual)
        )
    after += count * (LINE + 30)
    weight = _SEVERAL_INPUTS ** (candidate.inputs - 1)
    prefixes = [common_prefix(instance) for instance in instances]
    if all(prefixes) and len(set(prefixes)) == len(prefixes):
        weight *= _NAMED
    return int((before - after) * weight)


def _varying(
    instances: Sequence[Sequence[Entry]], default: Default
) -> Iterator[tuple[int, str, list[Value]]]:
    """The arguments that differ: offset in the piece, argument, its value in every instance."""
    for offset, entries in enumerate(zip(*instances, strict=True)):
        definition = entries[0].definition
        if not isinstance(definition, ObjectDef):
            continue
        every = [arguments_of(entry) for entry in entries]
        for key in dict.fromkeys(key for arguments in every for key in arguments):
            vector = [
                arguments[key] if key in arguments else _absent(definition, key, default)
                for arguments in every
            ]
            if any(not _equal(value, vector[0]) for value in vector):
                yield offset, key, vector


def _absent(definition: ObjectDef, key: str, default: Default) -> Value:
    found: Value = 1 if key == "repeat" else default(definition.cls, key)
    return found


def arguments_of(entry: Entry) -> Mapping[str, Value]:
    """The arguments of what an entry makes; none where it makes no object."""
    return entry.definition.arguments if isinstance(entry.definition, ObjectDef) else {}


def _parameter(
    key: str, vector: list[Value], vectors: dict[str, list[Value]], place: str
) -> Expression:
    """The expression for values that differ; a new parameter is added where none gives them."""
    for name, known in vectors.items():
        if not (name.endswith(key) or key.endswith(name)):
            continue  # Equal by chance, perhaps: a reader would wonder.
        if all(map(_equal, known, vector)):
            return Expression(f"${name}")
        if (factor := _factor(known, vector)) is not None:
            return Expression(f"${name} * {factor}")
        if (factor := _factor(vector, known)) is not None:
            return Expression(f"${name} // {factor}")
    name = key if key not in vectors else f"{place}_{key}".replace("-", "_")
    if key == "repeat":
        name = "copies" if "copies" not in vectors else f"{place}_copies".replace("-", "_")
    vectors[name] = vector
    return Expression(f"${name}")


def _factor(known: Sequence[Value], vector: Sequence[Value]) -> int | None:
    """The whole number by which one list of numbers is a multiple of another."""
    if not all(type(value) is int and value > 0 for value in (*known, *vector)):
        return None
    pairs = list(zip(known, vector, strict=True))
    a, b = pairs[0]
    assert isinstance(a, int)
    assert isinstance(b, int)
    factor = b // a
    good = factor > 1 and all(isinstance(x, int) and x * factor == y for x, y in pairs)
    return factor if good else None


def _commonest(vector: Sequence[Value]) -> Value:
    """The value that stands most often; the first of several."""
    return max(vector, key=lambda value: sum(_equal(value, other) for other in vector))


def _equal(one: Value, other: Value) -> bool:
    """Equality that tells 1 from 1.0 and from True, as Keras's configs do."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and one == other


def entry_size(entry: Entry) -> int:
    """About what an entry counts in a text: its characters, and `LINE` for each of its lines."""
    definition = entry.definition
    size = len(entry.name) + 6 + sum(len(r.name) + 4 for r in references_in(entry.takes))
    if isinstance(definition, ObjectDef):
        size += len(definition.cls) + 9
        size += sum(len(key) + 4 + _length(value) for key, value in definition.arguments.items())
        # What does not fit on one line has a line for each argument.
        return size + LINE * (1 if size <= WIDTH else 2 + len(definition.arguments))
    if definition is not None:
        size += sum(entry_size(inner) for inner in definition.entries)
    return size + LINE


def _length(value: Value) -> int:
    if isinstance(value, ObjectDef):
        inner = sum(len(key) + 4 + _length(item) for key, item in value.arguments.items())
        return 9 + len(value.cls) + inner
    return len(str(value))
