"""Expansion of entries: copies, left-out entries, blocks, and who takes whose output.

This room owns the order of entries and the names of tensors: what a name means where it is
written, and which name it has in the expanded model. It must not know classes or arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kerasgen.diagnostics import describe, did_you_mean
from kerasgen.frontend.expand.blocks import can_be_used, feed
from kerasgen.frontend.expand.order import Layout, Node, in_order
from kerasgen.frontend.expand.scope import (
    Block,
    Ground,
    Scope,
    Spot,
    condition,
    copies,
    evaluated,
    parameter_notes,
    with_blocks,
    with_parameters,
)
from kerasgen.frontend.expand.tensor_names import (
    Level,
    Made,
    given_back,
    one_tensor,
    report_choice,
    taken,
)
from kerasgen.frontend.expand.written import Use
from kerasgen.frontend.grammar import PLACING_KEYS, USE_KEYS, is_model, join, named_entries

_MOST_ENTRIES = 5_000
"""Entries of an expanded model; the largest of `keras.applications` has a fifth of them."""
_MOST_COPIES_LOOKED_AT = 50_000
"""Copies of entries, left-out ones included: blocks that come to nothing also take time."""


def expand_entries(
    layers: Mapping[str, Any] | list[Any],
    path: str,
    layout: Layout,
    scope: Scope,
    ground: Ground,
    *,
    inputs: Sequence[str] = (),
    fed: Mapping[str, Made] | None = None,
    prefix: str = "",
) -> dict[str, Made]:
    """Expands the entries of a model or block.

    Args:
        layers: `layers` as plain data.
        path: its key path as written.
        layout: gets the expanded entries.
        scope: what is in force.
        ground: where mistakes go.
        inputs: names of the model's inputs.
        fed: for a block, what its inputs stand for.
        prefix: what stands before the names of a block's entries.

    Returns:
        Each name of this level to what it stands for; the last entry's stands under "".
    """
    local = dict(fed) if fed is not None else {name: Made(operand=name) for name in inputs}
    pairs = in_order(named_entries(layers, path), scope, ground)
    level = Level(
        prefix=prefix, scope=scope, local=local, surface={name: where for name, _, where in pairs}
    )
    above = next(iter(local.values())) if len(local) == 1 else Made()
    for name, value, where in pairs:
        if _is_full(layout, ground):
            break
        above = _expand_entry(name, value, where, above, level, layout, ground)
        local[name] = above
        if fed is None and _is_full(layout, ground):
            _report_full(value, where, layout, scope, ground)
    return {**local, "": above}


def _report_full(value: Any, where: str, layout: Layout, scope: Scope, ground: Ground) -> None:
    """Reports, once, the entry of a model with which it became too large."""
    if ground.has_told("KG902"):
        return
    repeats = isinstance(value, Mapping) and "repeat" in value
    ground.report(
        "KG902",
        f"the expanded model has more than {_MOST_ENTRIES:,} entries"
        if len(layout.nodes) > _MOST_ENTRIES
        else f"expansion looked at more than {_MOST_COPIES_LOOKED_AT:,} copies of entries",
        join(where, "repeat") if repeats else where,
        scope,
        at="value" if repeats else "key",
        hint="repeat fewer copies",
        notes=parameter_notes(value["repeat"], scope, ground) if repeats else (),
    )


def _is_full(layout: Layout, ground: Ground) -> bool:
    return len(layout.nodes) > _MOST_ENTRIES or ground.looked_at > _MOST_COPIES_LOOKED_AT


def _expand_entry(
    name: str, value: Any, path: str, above: Made, level: Level, layout: Layout, ground: Ground
) -> Made:
    full = f"{level.prefix}{name}"
    if not isinstance(value, Mapping):
        return _plain_entry(full, value, path, above, level, layout, ground)
    spot = Spot(made=join(layout.base, full), written=path)
    scopes = [(full, level.scope)]
    if "repeat" in value:
        count = copies(value["repeat"], spot.step("repeat"), level.scope, ground)
        scopes = [(f"{full}_{i}", level.scope.counted(i, path)) for i in range(count)]
    takes, by_default = above.operand, True
    if value.get("from") is not None:
        takes, by_default = taken(value["from"], path, level, ground), False
    elif above.operand is None and scopes and (layout.nodes or level.prefix):
        report_choice(f"`{name}` takes", above, path, level.scope, ground, at="key")
    made = Made(operand=one_tensor(takes))
    layers: tuple[str, ...] = ()
    uses = 0
    for index, (copy, scope) in enumerate(scopes):
        if _is_full(layout, ground):
            break
        ground.look()
        if index:
            again = _fed_again(takes, made)
            if again is None:
                text = f"the next copy of `{name}` takes"
                report_choice(text, made, path, scope, ground, at="key")
                break
            takes, by_default = again
        at = Spot(made=join(layout.base, copy), written=path)
        if "if" in value and not condition(value["if"], at.step("if"), scope, ground):
            made = Made(operand=one_tensor(takes)) if index == 0 else made
            continue
        step = level if scope is level.scope else replace(level, scope=scope)
        made = _make(copy, value, at, takes, by_default, step, layout, ground)
        layers += made.layers
        if copy != full and (own := f"{name}_{index}") not in level.surface:
            level.local[own] = made
        uses += made.use is not None
    # Several copies of a block share no one use that `is` could repeat.
    return replace(made, layers=layers, use=made.use if uses == 1 else None)


def _plain_entry(
    full: str, value: Any, path: str, above: Made, level: Level, layout: Layout, ground: Ground
) -> Made:
    """An entry that is a bare name, or something that the parser refuses."""
    spot = Spot(made=join(layout.base, full), written=path)
    if isinstance(value, str) and _is_block(value, level.scope):
        _report_no_class(value, path, level.scope, ground)
        return Made(operand=above.operand)
    body = layout.expand(value, spot, level.scope, ground)
    if above.operand is None and (layout.nodes or level.prefix):
        report_choice(f"`{full}` takes", above, path, level.scope, ground, at="key")
    node = Node(name=full, body=body, takes=above.operand, by_default=True)
    layout.add(node, path, level.scope, ground)
    return Made(operand=full, layers=(full,))


def _is_block(name: Any, scope: Scope) -> bool:
    """Whether a class is called by the name of a block; classes of Keras begin with a capital."""
    return isinstance(name, str) and name in scope.blocks and not name[:1].isupper()


def _report_no_class(name: str, path: str, scope: Scope, ground: Ground) -> None:
    hint = f"write `{{block: {name}}}`"
    ground.report("KG307", f"`{name}` is a block, expected a class", path, scope, hint=hint)


def _fed_again(takes: Any, made: Made) -> tuple[Any, bool] | None:
    """What the next copy takes, and whether that is the entry above it.

    Outputs that a block names as its inputs go into these; otherwise its one output goes into
    the first. What else it takes stays. None if it is not said which output goes on.
    """
    if made.use is not None and made.named:
        inputs = list(made.use[0].definition.get("inputs") or ())
        if isinstance(takes, list) and len(takes) == len(inputs):
            takes = dict(zip(inputs, takes, strict=True))
        going_on = {name: part for name, part in made.named.items() if name in inputs}
        if isinstance(takes, Mapping) and going_on:
            return {**takes, **going_on}, False
    if made.operand is None:
        return None
    if isinstance(takes, Mapping) and len(takes) > 1:
        return {**takes, next(iter(takes)): made.operand}, False
    return made.operand, True


def _make(
    name: str,
    value: Mapping[str, Any],
    spot: Spot,
    takes: Any,
    by_default: bool,
    level: Level,
    layout: Layout,
    ground: Ground,
) -> Made:
    scope = level.scope
    if "block" in value:
        return _use_block(name, value, spot, takes, by_default, level, layout, ground)
    if "is" in value:
        reused = evaluated(value["is"], spot.step("is"), scope, ground)
        known = level.local.get(reused) if isinstance(reused, str) else None
        if known is not None and known.use is not None:
            for key in value:
                if key not in PLACING_KEYS:
                    text = f"`{name}` uses `{reused}` again and cannot have `{key}`"
                    hint = "the parameters of a shared block stand in the entry that makes it"
                    where = spot.step(key).written
                    ground.report("KG307", text, where, scope, at="key", hint=hint)
            return _use_again(name, known, spot, takes, by_default, level, layout, ground)
        body: Any = {"is": _layer_of(reused, known, spot, level, ground)}
        rest = {key: item for key, item in value.items() if key not in PLACING_KEYS}
        body |= layout.expand(rest, spot, scope, ground)
    else:
        if _is_block(value.get("class"), scope):
            _report_no_class(value["class"], f"{spot.written}.class", scope, ground)
        rest = {key: item for key, item in value.items() if key not in PLACING_KEYS}
        body = layout.expand(rest, spot, scope, ground)
        if not is_model(value) and isinstance(body.get("class"), Mapping):
            body = {**body.pop("class"), **body}  # `class: $layer` with an object as parameter.
        known = None
    node = Node(name=name, body=body, takes=takes, by_default=by_default)
    layout.add(node, spot.written, scope, ground)
    return Made(operand=name, layers=known.layers if known is not None else (name,))


def _layer_of(reused: Any, known: Made | None, spot: Spot, level: Level, ground: Ground) -> Any:
    """The expanded entry whose layer is called again; what is not known is left to the wiring."""
    if known is None:
        return reused if reused in level.surface or not level.prefix else f"{level.prefix}{reused}"
    if len(known.layers) == 1:
        return known.layers[0]
    count = len(known.layers)
    what = f"stands for {count} layers" if count else "makes no layer"
    ground.report("KG307", f"`{reused}` {what}, expected one", spot.step("is").written, level.scope)
    return reused


def _use_block(
    name: str,
    value: Mapping[str, Any],
    spot: Spot,
    takes: Any,
    by_default: bool,
    level: Level,
    layout: Layout,
    ground: Ground,
) -> Made:
    scope = level.scope
    wanted = evaluated(value["block"], spot.step("block"), scope, ground)
    block = scope.blocks.get(wanted) if isinstance(wanted, str) else None
    if block is None:
        failed = wanted is None and isinstance(value["block"], str) and ground.sink.errors
        if not isinstance(wanted, str) and not failed:
            text = f"`block` is {describe(wanted)}, expected the name of a block"
            ground.report("KG204", text, spot.step("block").written, scope)
        elif isinstance(wanted, str):
            ground.report(
                "KG201",
                f"there is no block `{wanted}`",
                spot.step("block").written,
                scope,
                hint=did_you_mean(wanted, scope.blocks)
                if scope.blocks
                else "define it under the model's `blocks`",
            )
        return Made(operand=one_tensor(takes))
    arguments = {}
    for key, item in value.items():
        if key in ("is", "with", "class"):
            ground.report(
                "KG307",
                f"`{name}` uses a block and cannot have `{key}`",
                spot.step(key).written,
                scope,
                at="key",
            )
        elif key not in USE_KEYS:
            arguments[str(key)] = layout.expand(item, spot.step(key), scope, ground)
    return _expand_use(name, block, arguments, spot, takes, by_default, level, layout, ground)


def _expand_use(
    name: str,
    block: Block,
    arguments: Mapping[str, Any],
    spot: Spot,
    takes: Any,
    by_default: bool,
    level: Level,
    layout: Layout,
    ground: Ground,
) -> Made:
    scope = level.scope
    if not can_be_used(block, arguments, spot, scope, ground):
        return Made(operand=one_tensor(takes))
    ground.used.add(block.path)
    use = Use(name=name, block=block.name, path=spot.written)
    inside = replace(block.scope, uses=(*scope.uses, use))
    inside = with_parameters(
        block.definition.get("parameters"),
        f"{block.path}.parameters",
        inside,
        ground,
        arguments=arguments,
        used=spot,
        name=block.name,
    )
    inside = with_blocks(block.definition, block.path, inside, ground)
    fed = feed(block, takes, spot, scope, ground)
    layers = block.definition.get("layers")
    if fed is None or not isinstance(layers, Mapping | list) or not layers:
        if fed is not None:
            text = f"the block `{block.name}` has no layers"
            ground.report("KG203", text, f"{block.path}.layers", inside, at="key")
        return Made(operand=one_tensor(takes))
    first = len(layout.nodes)
    local = expand_entries(
        layers, f"{block.path}.layers", layout, inside, ground, fed=fed, prefix=f"{name}_"
    )
    if not by_default:
        for node in layout.nodes[first : first + 1]:
            node.by_default = False
    outputs = evaluated(
        block.definition.get("outputs"),
        Spot(made=f"{block.path}.outputs", written=f"{block.path}.outputs"),
        inside,
        ground,
    )
    made = given_back(outputs, local, f"{block.path}.outputs", inside, ground)
    if len(made.parts) > 1:
        layout.spare += [part.partition(".")[0] for part in made.parts if isinstance(part, str)]
    return replace(
        made,
        layers=tuple(node.name for node in layout.nodes[first:]),
        use=(block, arguments, spot),
    )


def _use_again(
    name: str,
    known: Made,
    spot: Spot,
    takes: Any,
    by_default: bool,
    level: Level,
    layout: Layout,
    ground: Ground,
) -> Made:
    """A block used again with the layers that it made before: shared weights."""
    assert known.use is not None
    block, arguments, _ = known.use
    first = len(layout.nodes)
    made = _expand_use(name, block, arguments, spot, takes, by_default, level, layout, ground)
    bodies = {node.name: node.body for node in layout.nodes[:first]}
    for node, shared in zip(layout.nodes[first:], known.layers, strict=False):
        cls = node.body if isinstance(node.body, str) else (node.body or {}).get("class")
        if isinstance(cls, str) and cls.startswith("ops."):
            continue  # An op has no weights; it is called anew.
        before = bodies.get(shared)
        target = before["is"] if isinstance(before, Mapping) and "is" in before else shared
        kept = {"with": node.body["with"]} if "with" in (node.body or ()) else {}
        node.body = {"is": target, **kept}
    return made
