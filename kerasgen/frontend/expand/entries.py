"""Expansion of entries: copies (`repeat`), left-out entries (`if`), blocks, and who takes what.

This room owns what becomes of one written entry. What a name means stands in `tensor_names`, where
an entry stands that says `after`, in `after`. It must not know classes or arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from kerasgen.diagnostics import describe, did_you_mean
from kerasgen.frontend.entry_names import NamedEntry, named_entries
from kerasgen.frontend.expand.after import ordered_by_after
from kerasgen.frontend.expand.block_uses import BlockUse
from kerasgen.frontend.expand.blocks import bind_inputs, can_be_used
from kerasgen.frontend.expand.expanded_entries import EntryList, ExpandedEntry
from kerasgen.frontend.expand.scope import (
    Block,
    BlockCall,
    PathPair,
    Scope,
    condition,
    evaluated,
    parameter_notes,
    repeat_count,
    with_blocks,
    with_parameters,
)
from kerasgen.frontend.expand.tensor_names import (
    Binding,
    Namespace,
    bind_outputs,
    one_tensor,
    report_choice,
    taken,
)
from kerasgen.frontend.grammar import LAYER_KEYS, PLACING_KEYS, USE_KEYS, is_model, join
from kerasgen.ir.values import Tree

_MOST_ENTRIES = 5_000
"""Entries of an expanded model; the largest of `keras.applications` has a fifth of them."""
_MOST_COPIES_LOOKED_AT = 50_000
"""Copies of entries, left-out ones included: blocks that come to nothing also take time."""


class _Intake(NamedTuple):
    """What an entry takes.

    Attributes:
        operand: tensors in names of the expanded model.
        by_default: whether it is the entry above, and the entry does not say so.
    """

    operand: Tree
    by_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """One copy of an entry that is being expanded.

    Attributes:
        name: its name in the expanded model.
        value: the entry as written.
        paths: where it stands.
        intake: what it takes.
        names: the names that it may use.
    """

    name: str
    value: Mapping[str, Tree]
    paths: PathPair
    intake: _Intake
    names: Namespace

    @property
    def scope(self) -> Scope:
        """What is in force in it."""
        return self.names.scope


def expand_entries(
    layers: Mapping[str, Tree] | list[Tree],
    path: str,
    entries: EntryList,
    scope: Scope,
    *,
    known: Mapping[str, Binding],
    prefix: str = "",
) -> dict[str, Binding]:
    """Expands the entries of a model or block.

    Args:
        layers: `layers` as plain data.
        path: its key path as written.
        entries: gets the expanded entries.
        scope: what is in force.
        known: what the inputs of the model or block stand for.
        prefix: what stands before the names of a block's entries; empty for a model's.

    Returns:
        Each name of this level to what it stands for; the last entry's stands under "".
    """
    ordered = ordered_by_after(named_entries(layers, path), scope)
    declared = {entry.name: entry.path for entry in ordered}
    names = Namespace(scope=scope, known=dict(known), declared=declared, prefix=prefix)
    above = next(iter(known.values())) if len(known) == 1 else Binding()
    for entry in ordered:
        if _is_full(entries, scope):
            break
        above = _expand_entry(entry, above, names, entries)
        names.known[entry.name] = above
        if not prefix and _is_full(entries, scope):
            _report_full(entry, entries, scope)
    return {**names.known, "": above}


def _report_full(entry: NamedEntry, entries: EntryList, scope: Scope) -> None:
    """Reports, once, the entry of a model with which it became too large."""
    if scope.state.has_told("KG902"):
        return
    message = f"expansion looked at more than {_MOST_COPIES_LOOKED_AT:,} copies of entries"
    if len(entries.items) > _MOST_ENTRIES:
        message = f"the expanded model has more than {_MOST_ENTRIES:,} entries"
    hint = "repeat fewer copies"
    if isinstance(entry.value, Mapping) and "repeat" in entry.value:
        notes = parameter_notes(entry.value["repeat"], scope)
        scope.report("KG902", message, join(entry.path, "repeat"), hint=hint, notes=notes)
    else:
        scope.report("KG902", message, entry.path, at="key", hint=hint)


def _is_full(entries: EntryList, scope: Scope) -> bool:
    return len(entries.items) > _MOST_ENTRIES or scope.state.copies_seen > _MOST_COPIES_LOOKED_AT


def _expand_entry(
    entry: NamedEntry, above: Binding, names: Namespace, entries: EntryList
) -> Binding:
    value, scope, full = entry.value, names.scope, f"{names.prefix}{entry.name}"
    if not isinstance(value, Mapping):
        return _plain_entry(entry, above, names, entries)
    paths = PathPair(entry.path, join(entries.base, full))
    scopes = [(full, scope)]
    if "repeat" in value:
        count = repeat_count(value["repeat"], paths.step("repeat"), scope)
        scopes = [(f"{full}_{i}", scope.counted(i, entry.path)) for i in range(count)]
    intake = _Intake(above.operand, by_default=True)
    if value.get("from") is not None:
        intake = _Intake(taken(value["from"], entry.path, names), by_default=False)
    elif above.operand is None and scopes and (entries.items or names.prefix):
        report_choice(f"`{entry.name}` takes", above, entry.path, scope, at="key")
    first = _Copy(name=full, value=value, paths=paths, intake=intake, names=names)
    return _expand_copies(entry, first, scopes, entries)


def _expand_copies(
    entry: NamedEntry, first: _Copy, scopes: Sequence[tuple[str, Scope]], entries: EntryList
) -> Binding:
    """Expands the copies of an entry, each with its name and scope; one takes the other's output.

    What each copy takes is that of `first`, but for the output of the copy before it.
    """
    names, intake = first.names, first.intake
    binding = Binding(operand=one_tensor(intake.operand))
    layers: tuple[str, ...] = ()
    uses = 0
    for index, (name, scope) in enumerate(scopes):
        if _is_full(entries, scope):
            break
        scope.state.copies_seen += 1
        if index:
            again = _fed_again(intake.operand, binding)
            if again is None:
                text = f"the next copy of `{entry.name}` takes"
                report_choice(text, binding, entry.path, scope, at="key")
                break
            intake = again
        paths = PathPair(entry.path, join(entries.base, name))
        if "if" in first.value and not condition(first.value["if"], paths.step("if"), scope):
            binding = Binding(operand=one_tensor(intake.operand)) if index == 0 else binding
            continue
        inside = names if scope is names.scope else replace(names, scope=scope)
        copy = replace(first, name=name, paths=paths, intake=intake, names=inside)
        binding = _expand_copy(copy, entries)
        layers += binding.layers
        if name != first.name and (own := f"{entry.name}_{index}") not in names.declared:
            names.known[own] = binding
        uses += binding.call is not None
    # Several copies of a block share no one use that `is` could repeat.
    return replace(binding, layers=layers, call=binding.call if uses == 1 else None)


def _plain_entry(
    entry: NamedEntry, above: Binding, names: Namespace, entries: EntryList
) -> Binding:
    """An entry that is a bare name, or something that the parser refuses."""
    full, scope = f"{names.prefix}{entry.name}", names.scope
    if isinstance(entry.value, str) and _is_block(entry.value, scope):
        _report_no_class(entry.value, entry.path, scope)
        return Binding(operand=above.operand)
    body = entries.expand(entry.value, PathPair(entry.path, join(entries.base, full)), scope)
    if above.operand is None and (entries.items or names.prefix):
        report_choice(f"`{full}` takes", above, entry.path, scope, at="key")
    expanded = ExpandedEntry(name=full, body=body, takes=above.operand, by_default=True)
    entries.add(expanded, entry.path, scope)
    return Binding(operand=full, layers=(full,))


def _is_block(name: Tree, scope: Scope) -> bool:
    """Whether a class is called by the name of a block; classes of Keras begin with a capital."""
    return isinstance(name, str) and name in scope.blocks and not name[:1].isupper()


def _report_no_class(name: Tree, path: str, scope: Scope) -> None:
    hint = f"write `{{block: {name}}}`"
    scope.report("KG307", f"`{name}` is a block, expected a class", path, hint=hint)


def _fed_again(takes: Tree, binding: Binding) -> _Intake | None:
    """What the next copy takes.

    Outputs that a block names as its inputs go into these; otherwise its one output goes into
    the first. What else it takes stays. None if it is not said which output goes on.
    """
    if binding.call is not None and binding.named:
        declared = binding.call.block.definition.get("inputs") or ()
        inputs = [str(name) for name in declared] if isinstance(declared, Mapping | list) else []
        if isinstance(takes, list) and len(takes) == len(inputs):
            takes = dict(zip(inputs, takes, strict=True))
        going_on = {name: tensor for name, tensor in binding.named.items() if name in inputs}
        if isinstance(takes, Mapping) and going_on:
            return _Intake({**takes, **going_on}, by_default=False)
    if binding.operand is None:
        return None
    if isinstance(takes, Mapping) and len(takes) > 1:
        return _Intake({**takes, next(iter(takes)): binding.operand}, by_default=False)
    return _Intake(binding.operand, by_default=True)


def _expand_copy(copy: _Copy, entries: EntryList) -> Binding:
    """Expands one copy of an entry: a layer, a layer called again, or the use of a block."""
    value, scope = copy.value, copy.scope
    if "block" in value:
        return _use_block(copy, entries)
    if "is" in value:
        return _call_again(copy, entries)
    if _is_block(value.get("class"), scope):
        _report_no_class(value["class"], f"{copy.paths.written}.class", scope)
    body = _arguments(copy, entries)
    if not is_model(value) and isinstance(body.get("class"), Mapping):
        # `class: $layer` with an object as parameter.
        cls = body.pop("class")
        body = {**cls, **body} if isinstance(cls, Mapping) else body
    _add(copy, body, entries)
    return Binding(operand=copy.name, layers=(copy.name,))


def _arguments(copy: _Copy, entries: EntryList) -> dict[str, Tree]:
    """What an entry says beside its place: class, arguments, `with`."""
    rest = {key: item for key, item in copy.value.items() if key not in PLACING_KEYS}
    found = entries.expand(rest, copy.paths, copy.scope)
    assert isinstance(found, Mapping), "a mapping was given"
    return dict(found)


def _add(copy: _Copy, body: Tree, entries: EntryList) -> None:
    takes, by_default = copy.intake
    expanded = ExpandedEntry(name=copy.name, body=body, takes=takes, by_default=by_default)
    entries.add(expanded, copy.paths.written, copy.scope)


def _call_again(copy: _Copy, entries: EntryList) -> Binding:
    """A layer or block that is used again."""
    reused = evaluated(copy.value["is"], copy.paths.step("is"), copy.scope)
    known = copy.names.known.get(reused) if isinstance(reused, str) else None
    if known is None or known.call is None:
        body = {"is": _layer_of(reused, known, copy), **_arguments(copy, entries)}
        _add(copy, body, entries)
        return Binding(
            operand=copy.name, layers=known.layers if known is not None else (copy.name,)
        )
    for key in copy.value:
        if key not in PLACING_KEYS:
            text = f"`{copy.name}` uses `{reused}` again and cannot have `{key}`"
            hint = "the parameters of a shared block stand in the entry that makes it"
            copy.scope.report("KG307", text, copy.paths.step(key).written, at="key", hint=hint)
    return _use_again(copy, known.call, known.layers, entries)


def _layer_of(reused: Tree, known: Binding | None, copy: _Copy) -> Tree:
    """The expanded entry whose layer is called again; what is not known is left to the wiring."""
    names = copy.names
    if known is None:
        declared = isinstance(reused, str) and reused in names.declared
        return reused if declared or not names.prefix else f"{names.prefix}{reused}"
    if len(known.layers) == 1:
        return known.layers[0]
    count = len(known.layers)
    what = f"stands for {count} layers" if count else "makes no layer"
    text = f"`{reused}` {what}, expected one"
    copy.scope.report("KG307", text, copy.paths.step("is").written)
    return reused


def _use_block(copy: _Copy, entries: EntryList) -> Binding:
    scope = copy.scope
    block = _block_of(copy)
    if block is None:
        return Binding(operand=one_tensor(copy.intake.operand))
    arguments = {}
    for key, item in copy.value.items():
        if key in LAYER_KEYS:
            text = f"`{copy.name}` uses a block and cannot have `{key}`"
            scope.report("KG307", text, copy.paths.step(key).written, at="key")
        elif key not in USE_KEYS:
            arguments[str(key)] = entries.expand(item, copy.paths.step(key), scope)
    return _expand_use(copy, BlockCall(block, arguments, copy.paths), entries)


def _block_of(copy: _Copy) -> Block | None:
    """The block that an entry uses; reports it if there is none."""
    scope, written, paths = copy.scope, copy.value["block"], copy.paths.step("block")
    wanted = evaluated(written, paths, scope)
    if isinstance(wanted, str):
        if wanted not in scope.blocks:
            hint = did_you_mean(wanted, scope.blocks) if scope.blocks else None
            if not scope.blocks:
                hint = "define it under the model's `blocks`"
            scope.report("KG201", f"there is no block `{wanted}`", paths.written, hint=hint)
        return scope.blocks.get(wanted)
    if not (wanted is None and isinstance(written, str) and scope.state.sink.errors):
        text = f"`block` is {describe(wanted)}, expected the name of a block"
        scope.report("KG204", text, paths.written)
    return None


def _expand_use(copy: _Copy, call: BlockCall, entries: EntryList) -> Binding:
    """The entries of a block with the parameters and inputs that a use gives to it."""
    scope, block, takes = copy.scope, call.block, copy.intake.operand
    if not can_be_used(call, scope):
        return Binding(operand=one_tensor(takes))
    scope.state.used.add(block.path)
    use = BlockUse(name=copy.name, block=block.name, path=call.paths.written)
    inside = replace(block.scope, uses=(*scope.uses, use))
    declared = block.definition.get("parameters")
    inside = with_parameters(declared, f"{block.path}.parameters", inside, call)
    inside = with_blocks(block.definition, block.path, inside)
    known = bind_inputs(call, takes, scope)
    layers = block.definition.get("layers")
    if known is None or not isinstance(layers, Mapping | list) or not layers:
        if known is not None:
            text = f"the block `{block.name}` has no layers"
            inside.report("KG203", text, f"{block.path}.layers", at="key")
        return Binding(operand=one_tensor(takes))
    first, path = len(entries.items), f"{block.path}.layers"
    local = expand_entries(layers, path, entries, inside, known=known, prefix=f"{copy.name}_")
    if not copy.intake.by_default:
        for entry in entries.items[first : first + 1]:
            entry.by_default = False
    path = f"{block.path}.outputs"
    outputs = evaluated(block.definition.get("outputs"), PathPair(path, path), inside)
    binding = bind_outputs(outputs, local, path, inside)
    if len(binding.outputs) > 1:
        entries.spare += [
            tensor.partition(".")[0] for tensor in binding.outputs if isinstance(tensor, str)
        ]
    added = tuple(entry.name for entry in entries.items[first:])
    return replace(binding, layers=added, call=call)


def _use_again(copy: _Copy, call: BlockCall, layers: Sequence[str], entries: EntryList) -> Binding:
    """A block used again with the layers that it made before: shared weights."""
    first = len(entries.items)
    binding = _expand_use(copy, call._replace(paths=copy.paths), entries)
    bodies = {entry.name: entry.body for entry in entries.items[:first]}
    for entry, shared in zip(entries.items[first:], layers, strict=False):
        body = entry.body if isinstance(entry.body, Mapping) else {}
        cls = entry.body if isinstance(entry.body, str) else body.get("class")
        if isinstance(cls, str) and cls.startswith("ops."):
            continue  # An op has no weights; it is called anew.
        before = bodies.get(shared)
        target = before["is"] if isinstance(before, Mapping) and "is" in before else shared
        kept = {"with": body["with"]} if "with" in body else {}
        entry.body = {"is": target, **kept}
    return binding
