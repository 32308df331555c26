"""What a name means in a model that is being expanded: which tensors of the expanded one.

This room owns the names of tensors: of entries that became several, of entries that were left
out, of the outputs of blocks. It must not know how entries are expanded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasgen.diagnostics import Anchor, describe, did_you_mean
from kerasgen.frontend.expand.scope import Block, Ground, Scope, Spot, evaluated
from kerasgen.frontend.grammar import join


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a name stands for, in names of the expanded model.

    Attributes:
        operand: what the bare name means: a tensor, a number or a list; None if one of several
            outputs must be chosen.
        parts: the outputs by number, where there are several of a block.
        named: the outputs by name, where a block names them.
        layers: the expanded entries whose layers it made.
        use: how the block was used that it came from, to use it again.
    """

    operand: Any = None
    parts: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    use: tuple[Block, Mapping[str, Any], Spot] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One `layers` that is being expanded.

    Attributes:
        prefix: what stands before the expanded names of its entries.
        scope: what is in force.
        local: each name so far to what it stands for.
        surface: name to key path, of all entries of this level.
    """

    prefix: str
    scope: Scope
    local: dict[str, Made]
    surface: Mapping[str, str]


def one_tensor(takes: Any) -> Any:
    """What stands for an entry that is left out: what it would have taken, of several the first."""
    if isinstance(takes, Mapping | list) and takes:
        items = takes.values() if isinstance(takes, Mapping) else takes
        return one_tensor(next(iter(items)))
    return None if isinstance(takes, Mapping | list) else takes


def given_back(
    outputs: Any, local: Mapping[str, Made], path: str, scope: Scope, ground: Ground
) -> Made:
    """What the name of a used block stands for: its outputs."""
    if outputs is None:
        return local[""]
    level = Level(prefix="", scope=scope, local=dict(local), surface={})
    if isinstance(outputs, str):
        return Made(operand=_looked_up(outputs, path, level, ground, strict=True))
    if isinstance(outputs, list | Mapping) and outputs:
        items = outputs.items() if isinstance(outputs, Mapping) else enumerate(outputs)
        found = {
            str(key): _looked_up(item, join(path, key), level, ground, strict=True)
            for key, item in items
        }
        parts = tuple(found.values())
        named = found if isinstance(outputs, Mapping) else {}
        return Made(operand=parts[0] if len(parts) == 1 else None, parts=parts, named=named)
    text = f"`outputs` is {describe(outputs)}, expected a name, a list of names or a mapping"
    ground.report("KG204", text, path, scope)
    return local[""]


def taken(value: Any, path: str, level: Level, ground: Ground) -> Any:
    """What `from` says, in names of the expanded model."""
    key = f"{path}.from"
    value = evaluated(value, Spot(made=key, written=key), level.scope, ground)
    if isinstance(value, Mapping):
        return {
            name: _operand(item, join(key, name), level, ground) for name, item in value.items()
        }
    return _operand(value, key, level, ground)


def _operand(value: Any, key: str, level: Level, ground: Ground) -> Any:
    if isinstance(value, list):
        return [_operand(item, join(key, i), level, ground) for i, item in enumerate(value)]
    return _looked_up(value, key, level, ground, strict=bool(level.prefix))


def _looked_up(value: Any, key: str, level: Level, ground: Ground, *, strict: bool) -> Any:
    """What one name stands for; a model's own unknown names are left to the wiring."""
    if not isinstance(value, str):
        return value
    base, dot, part = value.partition(".")
    known = level.local.get(base)
    if known is None:
        if base in level.surface:
            text = f"`{base}` comes later"
            hint = f"put `{base}` above the entry that takes it"
            ground.report("KG302", text, key, level.scope, hint=hint)
        elif strict:
            text = f"there is no entry or input `{base}`"
            options = [name for name in level.local if name]
            ground.report("KG301", text, key, level.scope, hint=did_you_mean(base, options))
        return value
    if dot:
        return _part(value, known, part, key, level, ground)
    if known.operand is None:
        report_choice("this is", known, key, level.scope, ground, name=base)
    return known.operand


def _part(value: str, known: Made, part: str, key: str, level: Level, ground: Ground) -> Any:
    if not known.parts:
        return f"{known.operand}.{part}" if isinstance(known.operand, str) else value
    if part in known.named:
        return known.named[part]
    if part.isdigit() and int(part) < len(known.parts):
        return known.parts[int(part)]
    options = [*known.named] or [str(i) for i in range(len(known.parts))]
    text = f"`{value.partition('.')[0]}` has no output `{part}`"
    ground.report("KG301", text, key, level.scope, hint=did_you_mean(part, options))
    return value


def report_choice(
    text: str,
    made: Made,
    path: str,
    scope: Scope,
    ground: Ground,
    *,
    name: str = "",
    at: Anchor = "value",
) -> None:
    """Reports that one of several outputs must be chosen (KG306)."""
    options = [*made.named] or [str(index) for index in range(len(made.parts))]
    if not name and made.use is not None:
        name = made.use[2].written.rpartition(".")[2]
    what = f"one of {len(made.parts)} outputs" if made.parts else "more than one tensor"
    hint = None
    if options:
        listed = " or ".join(f"`{name or '…'}.{option}`" for option in options)
        hint = f"write {listed}" + (" under its `from`" if at == "key" else "")
    ground.report("KG306", f"{text} {what}, expected one tensor", path, scope, at=at, hint=hint)


def settle_outputs(
    outputs: Any,
    made: Mapping[str, Made],
    last_entry: str | None,
    spot: Spot,
    scope: Scope,
    ground: Ground,
) -> Any:
    """The outputs of a model in names of the expanded one, None for its last entry.

    A list in which a name stands for another one becomes a mapping, so that the outputs keep the
    names under which losses and metrics know them.
    """
    last = made[""]
    if outputs is None:
        if last_entry is None or last.operand == last_entry:
            return None
        if last.operand is None:
            report_choice("the last entry gives", last, spot.written, scope, ground)
        return last.operand
    level = Level(prefix="", scope=scope, local=dict(made), surface={})
    if isinstance(outputs, str):
        return _looked_up(outputs, spot.written, level, ground, strict=False)
    if isinstance(outputs, list):
        found = list(_each(enumerate(outputs), spot, level, ground))
        if found == outputs or not all(isinstance(item, str) for item in outputs):
            return found
        titles = [item.replace(".", "_") for item in outputs]  # `block.end` cannot be a name
        return dict(zip(titles, found, strict=True)) if len(set(titles)) == len(found) else found
    if isinstance(outputs, Mapping):
        return dict(zip(outputs, _each(outputs.items(), spot, level, ground), strict=True))
    return outputs


def _each(items: Any, spot: Spot, level: Level, ground: Ground) -> Iterator[Any]:
    for key, item in items:
        yield _looked_up(item, spot.step(key).written, level, ground, strict=False)
