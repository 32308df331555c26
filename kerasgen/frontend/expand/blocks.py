"""The use of a block: which parameters it is given, and what goes into its inputs.

This room owns the mistakes of a use. How the block's entries are laid out stands in
`entries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasgen.diagnostics import describe, did_you_mean
from kerasgen.frontend.expand.scope import Block, Ground, Scope, Spot
from kerasgen.frontend.expand.tensor_names import Made
from kerasgen.frontend.grammar import BLOCK_KEYS, join
from kerasgen.frontend.sections import report_unknown_key
from kerasgen.ir.model import INPUT


def can_be_used(
    block: Block, arguments: Mapping[str, Any], spot: Spot, scope: Scope, ground: Ground
) -> bool:
    """Whether a use comes to an end; reports it if not, and every argument without a parameter."""
    chain = [use.block for use in scope.uses]
    if block.name in chain:
        circle = [*chain[chain.index(block.name) :], block.name]
        ground.report(
            "KG310",
            "the blocks use each other: " + " -> ".join(f"`{name}`" for name in circle),
            spot.step("block").written,
            scope,
        )
        return False
    declared = block.definition.get("parameters") or {}
    for key in arguments:
        if isinstance(declared, Mapping) and key not in declared:
            ground.report(
                "KG202",
                f"the block `{block.name}` has no parameter `{key}`",
                spot.step(key).written,
                scope,
                at="key",
                hint=did_you_mean(key, declared, listed=15),
            )
    for key in block.definition:
        if key not in BLOCK_KEYS:
            report_unknown_key(str(key), BLOCK_KEYS, block.path, ground.sink)
    return True


def feed(
    block: Block, takes: Any, spot: Spot, scope: Scope, ground: Ground
) -> dict[str, Made] | None:
    """What the inputs of a block stand for where it is used, or None if that is not said."""
    declared = block.definition.get("inputs") or [INPUT]
    if isinstance(declared, str):
        declared = [declared]
    if not isinstance(declared, Mapping | list) or not all(isinstance(i, str) for i in declared):
        text = f"`inputs` of a block is {describe(declared)}, expected a list of names"
        ground.report("KG204", text, f"{block.path}.inputs", scope)
        return None
    names = list(declared)
    key = spot.step("from").written
    if isinstance(takes, Mapping):
        for name in takes:
            if name not in names:
                text = f"the block `{block.name}` has no input `{name}`"
                hint = did_you_mean(str(name), names)
                ground.report("KG202", text, join(key, name), scope, at="key", hint=hint)
        missing = [name for name in names if name not in takes]
        if missing:
            text = f"the block `{block.name}` is given no `{missing[0]}`"
            ground.report("KG203", text, key, scope, at="key")
            return None
        return {name: Made(operand=takes[name]) for name in names}
    if len(names) == 1:
        return {names[0]: Made(operand=takes)}
    if isinstance(takes, list) and len(takes) == len(names):
        return {name: Made(operand=item) for name, item in zip(names, takes, strict=True)}
    given = len(takes) if isinstance(takes, list) else 1
    listed = ", ".join(f"{name}: …" for name in names)
    ground.report(
        "KG307",
        f"the block `{block.name}` has {len(names)} inputs and is given {given}",
        key,
        scope,
        hint=f"name its tensors: `from: {{{listed}}}`",
    )
    return None
